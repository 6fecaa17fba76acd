"""The sentence over the dashboard: which rule wins, and that it says no more than the counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from assessments.services import CHECKLIST
from checklists.loader import load
from portfolio.finding import find
from portfolio.summary import Driver, Named, Summary

CHECK = load(*CHECKLIST)
EMPTY = Summary(
    day=date(2026, 11, 25), since=date(2026, 9, 30), made_at=datetime(2026, 11, 25, tzinfo=UTC), total=0,
    levels=(0, 0, 0, 0, 0), levels_before=(0, 0, 0, 0, 0), median=None, median_before=None, stale=0, open_points=0,
    outcomes=0, assessed=0, drivers=(), worst=(), crossed=(), crossed_count=0, changes=(), quarters=(),
    units=(), tags=(), owners=(),
)  # fmt: skip


def summary(*levels: int, before: tuple[int, ...] = (0, 0, 0, 0, 0), **more: object) -> Summary:
    return replace(EMPTY, levels=levels, levels_before=before, total=sum(levels), **more)  # type: ignore[arg-type]


BAD = "projects are at high or critical risk"


@pytest.mark.parametrize(
    ("levels", "before", "title"),
    [
        ((0, 0, 0, 0, 0), (0,) * 5, "No projects yet"),
        ((0, 0, 0, 0, 1), (0,) * 5, "One project has too few answers for a level"),
        ((0, 0, 0, 0, 14), (0,) * 5, "14 projects have too few answers for a level"),
        ((6, 21, 11, 2, 0), (4, 20, 10, 2, 0), f"27 of 40 {BAD}, three more than in September"),
        ((6, 21, 11, 2, 3), (10, 20, 10, 2, 0), f"27 of 43 {BAD}, three fewer than in September"),
        ((0, 1, 3, 0, 0), (1, 0, 3, 0, 0), "1 of 4 projects is at high or critical risk, as many as in September"),
        ((0, 1, 0, 0, 0), (0,) * 5, "1 of 1 project is at high or critical risk"),
        ((2, 1, 0, 0, 0), (0,) * 5, "All 3 projects are at high or critical risk"),
        ((0, 0, 11, 29, 0), (0,) * 5, "No project is at high or critical risk, 11 of 40 are moderate"),
        (
            (0, 0, 1, 3, 0),
            (0, 2, 2, 0, 0),
            "No project is at high or critical risk, 1 of 4 is moderate; in September 2 were high or critical",
        ),
        ((0, 0, 0, 4, 0), (0, 4, 0, 0, 0), "All 4 projects are at low risk; in September 4 were high or critical"),
        ((0, 0, 0, 1, 0), (0,) * 5, "The one project is at low risk on its answers"),
        ((3, 0, 0, 0, 37), (0,) * 5, "3 of 40 projects are at high or critical risk"),
        ((0, 0, 0, 3, 37), (0,) * 5, "3 of 40 projects have a level, and it is low"),
        ((0, 0, 2, 1, 37), (0,) * 5, "No project is known to be at high or critical risk, 2 of 40 are moderate"),
        ((0, 1200, 34, 0, 0), (0,) * 5, "1,200 of 1,234 projects are at high or critical risk"),
    ],
)  # fmt: skip
def test_title(levels: tuple[int, ...], before: tuple[int, ...], title: str) -> None:
    assert find(summary(*levels, before=before), CHECK).title == title


def test_another_year_is_named() -> None:
    found = find(summary(1, 0, 1, 0, 0, before=(0, 0, 1, 0, 0), since=date(2025, 12, 31)), CHECK)
    assert found.title.endswith("one more than in December 2025")


def test_what_adds_most_names_two_dimensions_only_if_they_are_close() -> None:
    close = (Driver("customer.contact", 4.0, 3), Driver("team.skills", 3.5, 2), Driver("data.access", 1.0, 1))
    found = find(summary(1, 0, 0, 0, 0, drivers=close), CHECK)
    assert found.text == "Open points in Customer and Team add most to the risk."
    far = (Driver("customer.contact", 4.0, 3), Driver("team.skills", 1.0, 2))
    assert find(summary(1, 0, 0, 0, 0, drivers=far), CHECK).text == "Open points in Customer add most to the risk."
    assert find(summary(0, 0, 1, 0, 0, drivers=far), CHECK).text == ""


def test_who_became_worse_comes_before_who_is_worst_and_nobody_is_named_twice() -> None:
    a, b = Named("a", "Alpha", 60.0, 80.0), Named("b", "Beta", 80.0, 80.0)
    found = find(summary(2, 0, 0, 0, 1, worst=(a, b), crossed=(a,), crossed_count=1, stale=4), CHECK)
    assert found.text == (
        "Alpha has become worse since September. Beta needs a decision first. "
        "One project has too few answers for a level."
    )


def test_three_names_do_not_pass_for_all() -> None:
    names = tuple(Named(str(n), f"Project {n}", 60.0, 80.0) for n in range(3))
    found = find(summary(0, 300, 0, 0, 0, crossed=names, crossed_count=300), CHECK)
    assert found.text == "Project 0, Project 1, Project 2 and 297 more have become worse since September."


def test_at_most_three_sentences_with_those_without_a_level_and_names_are_cut() -> None:
    names = tuple(Named(str(n), "N" * 120, 60.0, 80.0) for n in range(3))
    drivers = (Driver("customer.contact", 4.0, 3),)
    found = find(summary(3, 0, 0, 0, 2, worst=names, crossed=names, crossed_count=3, stale=9, drivers=drivers), CHECK)
    assert found.text.count(". ") == 2
    assert found.text.endswith("Two projects have too few answers for a level.")
    assert "N" * 61 not in found.text


def test_a_filter_without_hits_is_not_an_empty_organisation() -> None:
    assert find(EMPTY, CHECK, is_narrowed=True).title == "No project matches"


@pytest.mark.parametrize("unknown", range(1, 5))
def test_unknown_is_never_said_to_be_low(unknown: int) -> None:
    found = find(summary(0, 0, 0, 2, unknown), CHECK)
    assert "All" not in found.title
    assert f"of {2 + unknown} projects" in found.title
    assert "too few answers" in found.text
