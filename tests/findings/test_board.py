"""The board's document: every word of it, from a frozen body alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from findings.board import BoardDocument, build_board, legend, rows_words
from findings.board_rows import Row, change_words
from tests.reports.board_body import SHA256, body_with_text, make_board_body


def board(body: dict[str, Any] | None = None, *, names: bool = True) -> BoardDocument:
    return build_board(body or make_board_body(), names=names, sha256=SHA256)


def row(**changes: Any) -> Row:
    body = make_board_body(1)
    body["rows"][0] |= {"index": 68.8, "low": 64.5, "high": 73.2, "level": 3, "answered": 50, "due": 55} | changes
    return board(body).rows[0]


def test_head() -> None:
    head = board().head
    assert head.title == "Halden Group: portfolio risk, 25 Nov 2026"
    assert head.moment == "As of 25 Nov 2026, 10:42 UTC"
    assert head.footer == f"Preflight, checklist ml_readiness 1.0, snapshot 7f3a-19c2-84de, sha256 {SHA256[:12]}"


def test_a_day_in_the_past() -> None:
    document = board(make_board_body(as_of="2026-09-30"))
    assert document.head.title == "Halden Group: portfolio risk, 30 Sep 2026"
    assert document.head.moment == "As of 30 Sep 2026"
    identity = dict(document.identity)
    assert identity["Shows"].startswith("As of 30 Sep 2026: the end of that day.")
    assert identity["Taken"] == "25 Nov 2026, 10:42 UTC by Ana Ruiz"


def test_what_pins_it_down() -> None:
    assert board().identity == (
        ("Board", "Board meeting in November"),
        ("Selection", "All projects"),
        ("Shows", "As of 25 Nov 2026, 10:42 UTC: the moment it was taken. Nothing that came later is in it."),
        ("Taken", "25 Nov 2026, 10:42 UTC by Ana Ruiz"),
        ("Snapshot", "7f3a-19c2-84de"),
        ("SHA-256", SHA256),
        ("Checklist", "ml_readiness 1.0"),
    )


def test_hidden_names_are_nowhere_in_the_document() -> None:
    body = body_with_text("Somebody in particular")
    for part in ("organisation", "snapshot", "finding"):
        body[part] = make_board_body()[part]
    body["scope"] = "All projects"
    for line in body["rows"]:
        line |= {"name": "A project", "unit": "A unit"}
    body |= {"changes": [], "units": []}
    body["snapshot"]["taken_by"] = "Somebody in particular"
    assert "Somebody in particular" in repr(board(body))
    assert "Somebody" not in repr(board(body, names=False))
    assert dict(board(body, names=False).identity)["Taken"] == "25 Nov 2026, 10:42 UTC"


def test_counts_run_from_critical_to_no_level() -> None:
    body = make_board_body()
    body["figures"]["levels"] = {"low": 4, "none": 5, "critical": 1, "moderate": 3, "high": 2}
    assert board(body).counts == (1, 2, 3, 4, 5)


def test_figures() -> None:
    body = make_board_body()
    body["figures"] |= {"median": 58.34, "median_before": 61.05, "stale": 6, "outcomes": 7, "assessed": 39}
    median, stale, record = board(body).figures
    assert (median.value, median.note) == ("58.3", "of 100, lower is better; 61.0 on 30 Sep 2026")
    assert (stale.value, stale.note) == ("6", "of 40 projects")
    assert (record.value, record.note) == (
        "7 of 39", "assessed projects have an outcome: too few to show a probability.",
    )  # fmt: skip


@pytest.mark.parametrize(("median", "before"), [(None, None), (None, 61.0), (58.3, None)])
def test_a_median_without_its_other_half(median: float | None, before: float | None) -> None:
    body = make_board_body()
    body["figures"] |= {"median": median, "median_before": before}
    figure = board(body).figures[0]
    assert figure.value == ("58.3" if median else "–")
    assert figure.note == "of 100, lower is better"


@pytest.mark.parametrize(
    ("changes", "text", "words", "level"),
    [
        ({}, "68", "High", 3),
        ({"index": 49.94, "level": 2}, "49", "Moderate", 2),
        ({"answered": 43}, "68", "High, preliminary", 3),
        ({"answered": 44}, "68", "High", 3),
        ({"level": 0, "answered": 24}, "–", "Too early, 24 of 55", 0),
        ({"level": 0, "answered": 55}, "–", "Too early, 55 of 55", 0),
        ({"level": 0, "answered": 0}, "–", "Not answered", 0),
        ({"level": 0, "answered": 0, "due": 0}, "–", "No question applies", 0),
        ({"index": None, "level": 3}, "–", "Too early, 50 of 55", 0),
    ],
)
def test_the_risk_of_a_project(changes: dict[str, Any], text: str, words: str, level: int) -> None:
    risk = row(**changes).risk
    assert (risk.text, risk.words, risk.number) == (text, words, level)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "68 High, 64 to 73"),
        ({"answered": 40}, "68 High, 64 to 73, preliminary"),
        ({"level": 0, "answered": 24}, "Too early, 64 to 73"),
        ({"level": 0, "answered": 0}, "Not answered"),
        ({"level": 0, "answered": 0, "due": 0}, "No question applies"),
    ],
)
def test_risk_and_range_in_one_line(changes: dict[str, Any], words: str) -> None:
    assert row(**changes).risk_line == words


def test_the_range_is_told_as_soon_as_something_is_answered() -> None:
    assert row().range_words == "64 to 73"
    assert row(level=0, answered=3, low=11.9, high=97.2).range_words == "11 to 97"
    assert row(level=0, answered=0, low=0.0, high=100.0).range_words == "–"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ({"risk": 77.2, "level": 4, "answered": 9, "due": 9}, ("77", "Critical", 4)),
        ({"risk": 12.0, "level": 0, "answered": 2, "due": 9}, ("early", "too early", 0)),
        ({"risk": None, "level": 0, "answered": 0, "due": 9}, ("–", "not answered", 0)),
        ({"risk": None, "level": 0, "answered": 0, "due": 0}, ("n/a", "no question applies", 0)),
        ({"risk": None, "level": 1, "answered": 9, "due": 9}, ("early", "too early", 0)),
    ],
)
def test_the_risk_in_a_dimension(cell: dict[str, Any], expected: tuple[str, str, int]) -> None:
    found = row(cells=[{"low": 0.0, "high": 100.0} | cell]).cells[0]
    assert (found.text, found.words, found.number) == expected


@pytest.mark.parametrize(
    ("difference", "words", "is_clear"),
    [
        (None, "–", False),
        (0.0, "0.0", False),
        (0.04, "0.0", False),
        (-0.04, "0.0", False),
        (3.14, "+3.1", False),
        (4.96, "+5.0", True),
        (-11.2, "−11.2", True),
    ],
)
def test_a_change(difference: float | None, words: str, is_clear: bool) -> None:
    assert change_words(difference) == words
    found = row(change=difference)
    assert (found.change, found.is_clear) == (words, is_clear)


def test_the_difference_is_that_of_the_two_numbers_beside_it() -> None:
    body = make_board_body(changes=[{"name": "A", "before": 10.04, "now": 20.06}])
    (change,) = board(body).changes
    assert (change.words, change.difference, change.is_worse) == ("10.0 to 20.1", "+10.1", True)


def test_where_a_project_belongs() -> None:
    assert row(stage="Pilot", unit="Retail").where == "Pilot, Retail"
    assert row(stage="Pilot", unit="").where == "Pilot"
    assert row(stage="Pilot", unit="Retail", owner="Ana Ruiz").where_line == "Pilot, Retail, Ana Ruiz"
    assert row(stage="Pilot", unit="Retail", owner="").where_line == "Pilot, Retail"
    body = make_board_body(1)
    body["units"] = body["units"][:1]
    assert board(body).rows[0].where == "Idea", "one unit alone says nothing"
    assert not board(body).has_units


def test_units() -> None:
    body = make_board_body()
    body["units"] = [
        {"name": "", "projects": 3, "median": None, "worst": 100.0, "critical": 0, "high": 0},
        {"name": "Retail", "projects": 9, "median": 61.26, "worst": 87.9, "critical": 2, "high": 4},
    ]
    nameless, retail = board(body).units
    assert (nameless.name, nameless.median, nameless.worst) == ("No unit", "–", "up to 100")
    assert (retail.median, retail.worst) == ("61.3", "up to 87")
    assert board(body).units_title == "Units"
    body["units"] *= 4
    assert len(board(body).units) == 6
    assert board(body).units_title == "The first 6 units by median risk"


def test_a_day_of_review_is_short() -> None:
    assert row(reviewed_on="2026-11-06").reviewed == "6 Nov 26"
    assert row(reviewed_on=None).reviewed == "–"


def test_only_so_much_fits_on_the_page() -> None:
    body = make_board_body()
    body |= {key: body[key] * 4 for key in ("drivers", "changes", "quarters")}
    document = board(body)
    assert (len(document.drivers), len(document.changes), len(document.quarters)) == (5, 5, 6)
    assert document.quarters[-1].label == "Q4 26"


@pytest.mark.parametrize(
    ("listed", "left_out", "words"),
    [
        (0, 0, "No project is in this selection."),
        (1, 0, "1 project, in the order of the dashboard."),
        (40, 0, "40 projects, in the order of the dashboard."),
        (300, 1, "300 of 301 projects, in the order of the dashboard. The other one is not on these pages; "
                 "the CSV file of the dashboard has all of them."),
        (300, 1112, "300 of 1,412 projects, in the order of the dashboard. The other 1,112 are not on these pages; "
                    "the CSV file of the dashboard has all of them."),
    ],
)  # fmt: skip
def test_how_many_are_in_the_table(listed: int, left_out: int, words: str) -> None:
    assert rows_words(listed, left_out) == words


def test_the_legend_says_the_limits() -> None:
    assert [(level.word, words) for level, words in legend()] == [
        ("Low", "below 25"), ("Moderate", "25 to 49"), ("High", "50 to 74"), ("Critical", "75 and up"),
    ]  # fmt: skip


@given(st.text(max_size=400))
def test_any_text_is_bounded_and_on_one_line(text: str) -> None:
    document = board(body_with_text(text, rows=1))
    head, line = document.head, document.rows[0]
    for found in (head.organisation, head.label, head.scope, document.title, document.text, line.name, line.where):
        assert "\n" not in found
    assert len(line.name) <= 45
    assert len(document.title) <= 300
    assert len(head.scope_short) <= 91


def test_a_body_without_a_part_is_refused() -> None:
    body = make_board_body()
    del body["units"]
    with pytest.raises(KeyError):
        board(body)
