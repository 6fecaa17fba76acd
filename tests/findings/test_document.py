"""The document: its sentences follow rules, its figures add up, and what is hidden is nowhere in it."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charts import shown, to_tenths
from findings.answers import NotesBudget, evidence_link
from findings.document import ReportDocument, ReportOptions, build_document
from findings.plan import apportion, choose_paths
from findings.verdict import Judgement, Standing, default_decision, explanation, finding, level_words
from findings.words import UserText, count_word, day, days_from_to, joined, note_text, shorten, user_text
from tests.reports import bodies

ALL = ReportOptions(names=True, notes=True, evidence=True)
NOTHING = ReportOptions(names=False, notes=False, evidence=False)


def built(body: dict[str, Any], options: ReportOptions = ALL) -> ReportDocument:
    return build_document(body, bodies.checklist(), options, sha256=bodies.SHA256)


def everything(document: ReportDocument) -> str:
    return repr(asdict(document))


STANDING = Standing(
    stage="the pilot",
    index=68.8,
    low=64.5,
    high=73.2,
    level="high",
    confidence="firm",
    due=67,
    answered=67,
    plan_steps=2,
    plan_index=44.2,
)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"unmet": 2},
            "Not ready for the pilot: two must-haves are not met, and two actions bring the risk from high to moderate",
        ),
        (
            {"unmet": 1, "unknown_musts": 1},
            "Not ready for the pilot: two must-haves are not met or not known, "
            "and two actions bring the risk from high to moderate",
        ),
        (
            {"unknown_musts": 1, "plan_steps": 1},
            "Not ready for the pilot: one must-have is not known, and one action brings the risk from high to moderate",
        ),
        ({"unmet": 3, "plan_steps": 0}, "Not ready for the pilot: three must-haves are not met"),
        (
            {"index": 91.0, "level": "critical", "plan_steps": 13},
            "Not ready for the pilot: the risk is critical, and 13 actions bring the risk from critical to moderate",
        ),
        (
            {"index": 40.0, "level": "moderate", "plan_index": 22.0},
            "Ready for the pilot with open points: the risk is moderate on these answers, "
            "and two actions bring the risk from moderate to low",
        ),
        (
            {"index": 10.0, "level": "low", "plan_steps": 0},
            "Ready for the pilot on these answers: the risk is low and every must-have is met",
        ),
        (
            {"index": 10.0, "level": "low", "plan_steps": 0, "open_musts": 1},
            "Low risk so far: one must-have still to be answered before the pilot",
        ),
        (
            {"confidence": "open", "answered": 24, "low": 31.0, "high": 93.06},
            "Too early to judge the pilot: 24 of 67 questions answered, and the risk can be anything from 31.0 to 93.1",
        ),
        ({"answered": 0, "confidence": "open"}, "Nothing is answered yet: the risk for the pilot is open"),
        (
            {"index": None, "low": None, "high": None, "level": None, "confidence": None},
            "No result: no question applies to this project for the pilot",
        ),
    ],
)
def test_finding(changes: dict[str, Any], sentence: str) -> None:
    assert finding(replace(STANDING, **changes)) == sentence


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"unmet": 1}, "waits until actions 1 to 2 are done, and name an owner and a date for each"),
        ({"plan_steps": 1}, "waits until action 1 of the plan is done, and name an owner and a date for it"),
        ({"unmet": 1, "plan_steps": 0}, "waits until every must-have is met"),
        ({"index": 40.0, "level": "moderate"}, "starts now or after the plan's actions"),
        ({"index": 9.0, "level": "low", "plan_steps": 0}, "Confirm the start of the pilot"),
        ({"confidence": "open"}, "Start with “Owner in production” and “Way to object”."),
        ({"index": None}, "no question applies"),
    ],
)
def test_default_decision(changes: dict[str, Any], words: str) -> None:
    assert words in default_decision(replace(STANDING, **changes), ["Owner in production", "Way to object"])


@pytest.mark.parametrize(
    ("level", "judgement", "low", "high", "words"),
    [
        ("high", "final", 60.0, 70.0, "High risk"),
        ("high", "final", 60.0, 80.0, "High risk, may be critical"),
        ("high", "preliminary", 60.0, 80.0, "High risk, may be critical, preliminary"),
        ("moderate", "final", 20.0, 40.0, "Moderate risk, may be low"),
        ("high", "early", 60.0, 70.0, "No level yet"),
        (None, "final", None, None, "No level yet"),
    ],
)
def test_level_words(
    level: str | None, judgement: Judgement, low: float | None, high: float | None, words: str
) -> None:
    assert level_words(level, judgement, low, high) == words


def test_explanation() -> None:
    sentences = explanation(STANDING, [("Owner in production", 220), ("Way to object", 205)], ("22 Jun 2026", 80.0))
    assert sentences == (
        "“Owner in production” and “Way to object” together make up 42.5 of the 68.8 points.",
        "Both ends of the range are high, so the level is firm.",
        "Since 22 Jun 2026 the risk has fallen by 11.2 points, from 80.0.",
    )
    assert explanation(STANDING, [], ("22 Jun 2026", 64.0))[-1] == "On 22 Jun 2026 the risk was 64.0: no clear change."
    assert explanation(STANDING, [], ("22 Jun 2026", 63.8))[-1].startswith(
        "Since 22 Jun 2026 the risk has risen by 5.0"
    )


@given(st.lists(st.floats(min_value=0, max_value=30), max_size=70))
def test_points_add_up_to_the_shown_total(values: list[float]) -> None:
    parts = {f"q{place:02}": value for place, value in enumerate(values)}
    total = sum(values)
    tenths = apportion(parts, total)
    assert sum(tenths.values()) == (to_tenths(total) if parts else 0)
    assert all(part >= 0 for part in tenths.values())
    if total:
        assert all(abs(tenths[part] - value * 10) <= 1.0000001 for part, value in parts.items())


def test_points_survive_a_total_that_does_not_fit() -> None:
    assert sum(apportion({"a": 10.0, "b": 0.0}, 3.0).values()) == 30
    assert sum(apportion({"a": 0.0, "b": 0.0}, 3.0).values()) == 30
    assert apportion({}, 3.0) == {}


@pytest.mark.parametrize("seed", range(60))
def test_random_bodies(seed: int) -> None:
    body = bodies.random_body(seed)
    document = built(body)
    result = body["result"]
    counts = document.counts
    assert counts.due == counts.graded + counts.unknown + counts.unanswered + counts.not_applicable
    assert counts.due == len(bodies.checklist().questions_due(body["stage"], body["facts"]))
    assert counts.must_haves_failed <= counts.must_haves
    assert [page.place for page in document.dimensions] == [1, 2, 3, 4, 5, 6]
    assert sum(len(page.rows) for page in document.dimensions) == counts.due
    if result["index"] is None or document.is_early:
        assert document.points is None
        return
    points = document.points
    assert points is not None
    shares = [float(row.points) for row in points.rows] + [float(points.others_points)]
    assert f"{sum(shares):.1f}" == points.total == shown(result["index"])
    for plan in (document.plan, document.plan_low):
        if plan is not None:
            assert all(step.after == later.before for step, later in zip(plan.steps, plan.steps[1:], strict=False))
            assert plan.values[-1] <= plan.target


def test_a_typical_pilot() -> None:
    document = built(bodies.typical_pilot())
    assert document.finding.startswith("Not ready for the pilot: two must-haves are not met or not known")
    assert document.head.title == "Claims sorting: failure risk report, 22 Nov 2026"
    assert document.head.taken_at == "22 Nov 2026, 10:42 UTC"
    assert document.head.answered_by == "One person, 12 Nov 2026"
    assert document.head.footer.endswith("snapshot 7f3a-19c2-84de, sha256 3f7a9c0e5d1b")
    assert ("Snapshot sha256", bodies.SHA256) in document.appendix.identity
    assert document.previous_day == "22 Jun 2026"
    assert document.as_if_not_known
    assert document.decision.startswith("Decide whether the pilot waits until actions 1 to")
    assert [len(document.appendix.articles), len(document.appendix.further)] == [5, 7]
    assert document.appendix.articles[1].author == "Author not stated"
    assert document.views is None
    customer = document.dimensions[3]
    assert [row.lines for row in customer.rows if row.number == "4.12"] == [("Don't know",)]
    assert customer.gaps[0].short == "Way to object"
    data = document.dimensions[1]
    assert [row.lines for row in data.rows if row.number == "2.4"] == [
        ("Not applicable.", "All data belongs to the team that uses it.")
    ]


def test_a_written_decision_goes_first() -> None:
    assert built(bodies.typical_pilot(decision="Start in March.\nName the team.")).decision.lines == (
        "Start in March.",
        "Name the team.",
    )


def test_an_early_idea_names_no_level() -> None:
    document = built(bodies.early_idea())
    assert document.is_early
    assert document.reading is not None
    assert (document.reading.number, document.reading.level_words) == ("–", "No level yet")
    assert document.head.before_stage == "at the idea stage"
    assert document.dimensions[4].missing == "Not yet due. Its first questions come before the prototype."
    assert document.dimensions[1].reading is not None
    assert document.dimensions[1].reading.level_words.startswith("Open, ")
    assert document.explanation == ("The range reaches from moderate to critical, so no level is given.",)


def test_nothing_answered_and_everything_excluded() -> None:
    empty = built(bodies.nothing_answered())
    assert empty.head.answered_by == "Nobody yet"
    assert empty.plan is None
    assert empty.answer_first
    excluded = built(bodies.all_excluded())
    assert excluded.reading is None
    assert excluded.finding == "No result: no question applies to this project for the pilot"
    assert all("not applicable" in page.missing for page in excluded.dimensions)


def test_all_best_needs_no_action() -> None:
    document = built(bodies.all_best())
    assert document.plan_missing == ("No action is needed for a lower level", "The risk is low already.")
    assert document.decision == "Confirm the start of the pilot, and set the day of the next review."


def test_roles_are_compared() -> None:
    document = built(bodies.three_roles())
    assert document.views is not None
    assert {view.role for view in document.views.roles} == {"Product", "Data science", "Platform"}
    assert document.views.differences[0].word in {"gap", "split"}
    first = document.dimensions[0].rows[0]
    assert (first.mark, len(first.lines)) == ("agreed after discussion", 1)
    several = document.dimensions[0].rows[1]
    assert sorted(line.split(":")[0] for line in several.lines) == ["Data science", "Platform", "Product"]


def test_hidden_things_are_nowhere() -> None:
    body = bodies.three_roles(
        owner="Hidden owner",
        note="Hidden snapshot note",
        note_of=lambda question: f"Hidden note {question.id}",
        evidence_of=lambda question: (f"Hidden title {question.id}", "https://hidden.example.org/x"),
    )
    body["snapshot"]["taken_by"] = "Hidden taker"
    for answer in body["answers"]:
        answer["answered_by"] = f"Hidden person {answer['role']}"
    body["agreed"][0] |= {"reason": "Hidden reason", "evidence_title": "Hidden agreed title"}
    shown_words = everything(built(body))
    for word in (
        "owner",
        "snapshot note",
        "note problem.statement",
        "title",
        "taker",
        "person",
        "reason",
        "agreed title",
    ):
        assert f"Hidden {word}" in shown_words
    assert "hidden.example.org" in shown_words
    hidden_words = everything(built(body, NOTHING))
    assert "Hidden" not in hidden_words
    assert "hidden.example.org" not in hidden_words


@pytest.mark.parametrize(
    ("options", "gone", "kept"),
    [
        (ReportOptions(names=False, notes=True, evidence=True), "Team member one", "A note"),
        (ReportOptions(names=True, notes=False, evidence=True), "A note", "Wiki page"),
        (ReportOptions(names=True, notes=True, evidence=False), "Wiki page", "Team member one"),
    ],
)
def test_each_option_alone(options: ReportOptions, gone: str, kept: str) -> None:
    words = everything(built(bodies.typical_pilot(note_of=lambda question: "A note"), options))
    assert gone not in words
    assert kept in words


def test_counts_stay_when_evidence_is_hidden() -> None:
    body = bodies.typical_pilot()
    assert built(body, NOTHING).counts == built(body).counts


@pytest.mark.parametrize(
    ("target", "paths", "chosen"),
    [
        (50.0, {"50": {"target": 50}, "25": {"target": 25}}, (50, 25)),
        (50.0, {"50": None, "25": {"target": 25}}, (None, 25)),
        (50.0, {"50": {"target": 50}, "25": None}, (50, None)),
        (25.0, {"50": {"target": 50}, "25": {"target": 25}}, (25, None)),
        (25.0, {"50": None, "25": {"target": 25}}, (25, None)),
        (None, {"50": None, "25": None}, (None, None)),
        (50.0, {"50": None, "25": None}, (None, None)),
    ],
)
def test_which_paths_are_printed(
    target: float | None, paths: dict[str, Any], chosen: tuple[int | None, int | None]
) -> None:
    assert tuple(path and path["target"] for path in choose_paths(paths, target)) == chosen


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//example.org/x",
        "https://name@example.org/",
        "https://[::1",
        "https://example.org/\nx",
        "ftp://example.org/",
        "https:///x",
        "https://example.org/" + "x" * 2000,
    ],
)
def test_only_plain_web_addresses_become_links(url: str) -> None:
    assert evidence_link("Title", url).address is None


def test_a_web_address_becomes_a_link_with_its_host() -> None:
    link = evidence_link("", "https://wiki.example.org/page")
    assert (link.address, link.title, link.host) == (
        "https://wiki.example.org/page",
        "https://wiki.example.org/page",
        "wiki.example.org",
    )


def test_unseen_controls_are_shown() -> None:
    assert user_text("a\u202eb\u200bc\x00d\ufeff") == "a[U+202E]b[U+200B]c[U+0000]d[U+FEFF]"
    assert user_text("half \ud800 pair").encode()
    assert user_text("👩\u200d👩\u200d👧 می\u200cخواهم") == "👩\u200d👩\u200d👧 می\u200cخواهم"
    assert user_text("a\nb\tc") == "a b c"


def test_directions() -> None:
    assert [UserText(text).dir for text in ("abc", "123 שלום", "سلام abc", "", "12")] == [
        "ltr",
        "rtl",
        "rtl",
        "ltr",
        "ltr",
    ]


def test_notes_are_bounded() -> None:
    lines = note_text("\n".join(f"line {place}" for place in range(900))).split("\n")
    assert len(lines) == 40
    assert note_text("x" * 5000).replace("\u200b", "").endswith("… (shortened, 5,000 characters in all)")
    budget = NotesBudget(100)
    assert [budget.take(UserText("x" * 60)), budget.take(UserText("x" * 60)), budget.omitted] == [True, False, 1]
    assert not NotesBudget(100).take(UserText("😀" * 10))


def test_long_words_get_places_to_break() -> None:
    softened = note_text("N" * 4000)
    assert softened.replace("\u200b", "") == "N" * 4000
    assert max(map(len, softened.split("\u200b"))) <= 24
    family = "👩\u200d👩\u200d👧🏽"
    assert all(not piece.startswith(("\u200d", "🏽")) for piece in note_text(family * 100).split("\u200b"))


@given(st.text(max_size=500))
def test_any_text_is_kept_or_shown(text: str) -> None:
    for cleaned in (user_text(text), note_text(text)):
        assert "\u202e" not in cleaned
        assert "\x00" not in cleaned
        assert cleaned.encode() == str(cleaned).encode("utf-8", "strict")


def test_small_words() -> None:
    assert [count_word(n) for n in (0, 1, 12, 13)] == ["no", "one", "twelve", "13"]
    assert [joined(list(text)) for text in ("", "a", "ab", "abc")] == ["", "a", "a and b", "a, b and c"]
    assert day("2026-11-22T23:30:00-05:00") == "23 Nov 2026"
    assert day("2027-01-20") == "20 Jan 2027"
    assert day(None) == day("soon") == ""
    assert days_from_to(["2026-11-21T09:00:00+00:00", "2026-11-12T09:00:00+00:00"]) == "12 Nov 2026 to 21 Nov 2026"
    assert shorten("数据数据", 5) == "数据…"


def test_notes_over_the_budget_are_counted() -> None:
    document = built(bodies.three_roles(note_of=lambda question: "A sentence of a note. " * 180))
    printed = sum(len(row.notes) for page in document.dimensions for row in page.rows)
    assert document.notes_omitted > 0
    assert printed + document.notes_omitted == 67 * 3 + 1


def test_same_body_gives_the_same_document() -> None:
    body = bodies.three_roles()
    turned = dict(reversed(body.items()))
    assert built(turned) == built(body)
