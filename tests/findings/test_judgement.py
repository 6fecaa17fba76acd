"""What may be said of a result: while it is too early nothing but the range, on page, share page and in the report."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from django.template.loader import render_to_string

from assessments.presentation import ResultPage, present
from checklists.schema import Question
from findings.document import ReportDocument, ReportOptions, build_document
from findings.verdict import (
    Judgement,
    Standing,
    confidence_of,
    confidence_words,
    early_words,
    finding,
    judge,
    target_for,
    title_words,
    track_record_words,
)
from tests.reports import bodies
from tests.reports.printing import html_of

ALL = ReportOptions(names=True, notes=True, evidence=True)
STANDING = Standing("the pilot", 46.0, 40.0, 60.0, "moderate", "provisional", due=55, answered=40)


def built(body: dict[str, Any]) -> ReportDocument:
    return build_document(body, bodies.checklist(), ALL, sha256=bodies.SHA256)


def shared_page(body: dict[str, Any], options: ReportOptions = ALL) -> str:
    """The result as a reader without an account sees it, which is the page of the members without its links."""
    page = present(body, bodies.checklist(), options, bodies.SHA256)
    return render_to_string("assessments/_result.html", {"page": page, "links": False})


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("&#x27;", "'").split())


def bad_share(share: float, **changes: Any) -> dict[str, Any]:
    """A pilot with that share of its questions answered, all with the worst choice, so that the range stays narrow."""
    due = bodies.checklist().questions_due("pilot", bodies.FACTS)
    wanted = {question.id for question in due[: round(len(due) * share)]}
    people = (bodies.Person("Team member one", None, lambda q: 0 if q.id in wanted else None),)
    return bodies.make_body(bodies.Sample(**({"people": people, "closed": False} | changes)))


def mostly_unknown(question: Question) -> int | str:
    return 2 if sum(map(ord, question.id)) % 4 == 0 else "unknown"


# ---- rules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answered", "due", "confidence", "judgement"),
    [
        (0, 55, "firm", "early"),
        (32, 55, "firm", "early"),
        (33, 55, "firm", "preliminary"),
        (43, 55, "provisional", "preliminary"),
        (44, 55, "provisional", "final"),
        (55, 55, "firm", "final"),
        (55, 55, "open", "early"),
        (50, 55, "open", "early"),
        (0, 0, None, "final"),
    ],
)
def test_judge(answered: int, due: int, confidence: str | None, judgement: Judgement) -> None:
    assert judge(answered, due, confidence) == judgement


def test_confidence_is_the_one_of_the_engine() -> None:
    cases = ((0.0, 24.94), (0.0, 25.0), (0.0, 50.0), (49.96, 74.9), (50.0, 74.94), (20.0, 99.0))
    assert [confidence_of(*case) for case in cases] == ["firm", "provisional", "open", "firm", "firm", "open"]
    for body in map(bodies.random_body, range(20)):
        if body["result"]["index"] is not None:
            assert confidence_of(body["result"]["low"], body["result"]["high"]) == body["result"]["confidence"]


@pytest.mark.parametrize(
    ("stage", "index", "target"),
    [
        ("idea", 80.0, 50),
        ("prototype", 60.0, 50),
        ("pilot", 50.0, 50),
        ("pilot", 49.95, 50),
        ("pilot", 49.9, 25),
        ("pilot", 25.0, 25),
        ("pilot", 24.9, None),
        ("pilot", None, 50),
        ("production", 80.0, 25),
        ("production", 40.0, 25),
        ("production", 20.0, None),
        ("production", None, 25),
    ],
)
def test_target_for(stage: str, index: float | None, target: float | None) -> None:
    assert target_for(stage, index) == target


def test_words() -> None:
    early = replace(STANDING, answered=24)
    assert early_words(early) == "Too early to judge: 24 of 55 answered"
    assert (title_words(early), confidence_words(early)) == (
        "",
        "none yet: fewer than six in ten questions are answered",
    )
    unknown = replace(STANDING, answered=55, unknown=41, confidence="open")
    assert early_words(unknown) == "Too early to judge: 55 of 55 answered, 41 of them don't know"
    assert confidence_words(unknown) == "open: the range spans three levels or more"
    assert early_words(STANDING) == ""
    assert title_words(STANDING) == "failure risk 46.0, moderate, preliminary"
    assert finding(STANDING) == (
        "Ready for the pilot with open points (preliminary, 40 of 55 answered): the risk is moderate on these answers"
    )
    final = replace(STANDING, answered=55, confidence="firm")
    assert title_words(final) == "failure risk 46.0, moderate"
    assert confidence_words(final) == "firm: both ends of the range lie in one level"
    assert title_words(replace(STANDING, index=None)) == early_words(replace(early, index=None)) == ""


# ---- too early -------------------------------------------------------------------------------------------------------

EARLY = {
    "few answers, narrow range": lambda: bad_share(0.5),
    "nothing answered": bodies.nothing_answered,
    "all answered, wide range": lambda: bodies.make_body(
        bodies.Sample((bodies.Person("Team member one", None, mostly_unknown),))
    ),
    "few answers, closed": lambda: bad_share(0.4, closed=True),
    "an early idea": bodies.early_idea,
}


@pytest.mark.parametrize("name", EARLY)
def test_too_early_shows_the_range_alone(name: str) -> None:
    body = EARLY[name]()
    document, index = built(body), f"{body['result']['index']:.1f}"
    assert (document.judgement, document.is_early) == ("early", True)
    assert document.reading is not None
    assert (document.reading.point, document.reading.level, document.reading.readiness) == (None, None, "–")
    assert (document.plan, document.plan_low, document.points, document.as_if_not_known) == (None, None, None, "")
    assert all(not page.helps for page in document.dimensions)
    page, report = text(shared_page(body)), text(html_of(body))
    for words in (page, report):
        assert document.early_words in words
        assert f"{document.reading.low:.1f} to {document.reading.high:.1f}" in words
        assert "Answer these next" in words
        assert not re.search(rf"(?<![\d.]){re.escape(index)}(?!\d)", words.replace(document.reading.range_words, ""))
        assert "Readiness (100" not in words
        assert "of 100 (100 less the risk)" not in words
        assert "points come from" not in words
        assert "Cheapest way" not in words
        assert "so the level is firm" not in words


def test_a_narrow_range_alone_is_no_verdict() -> None:
    body = bad_share(0.5)
    assert body["result"]["confidence"] in {"firm", "provisional"}
    assert built(body).is_early


def test_preliminary_is_said_everywhere() -> None:
    body = bad_share(0.7)
    document = built(body)
    assert document.judgement == "preliminary"
    assert "preliminary" in document.finding
    assert "preliminary" in document.title_words
    for words in (text(shared_page(body)), text(html_of(body))):
        assert document.finding in words
        assert f"{body['result']['index']:.1f}" in words
        assert document.reading is not None
        assert document.reading.level_words in words
        assert document.reading.level_words.endswith(", preliminary")


def test_final_never_says_it() -> None:
    body = bodies.typical_pilot()
    assert built(body).judgement == "final"
    assert "preliminary (" not in built(body).finding
    assert "preliminary" not in text(shared_page(body))


def test_each_dimension_is_judged_alone() -> None:
    """The first dimensions are answered, the last ones are not."""
    document = built(bad_share(0.7))
    readings = [page.reading for page in document.dimensions if page.reading is not None]
    assert readings[0].judgement == "final"
    assert readings[0].level is not None
    last = readings[-1]
    assert (last.judgement, last.point, last.level) == ("early", None, None)
    assert last.level_words == f"Open, {last.whole_range}"
    assert f"{last.level_words}</td>" in shared_page(bad_share(0.7))


def test_an_early_result_before_is_no_comparison() -> None:
    previous = bodies.typical_pilot()["previous"] | {"judgement": "early"}
    document = built(bodies.typical_pilot(previous=previous))
    assert document.reading is not None
    assert document.reading.previous is None
    assert not any("Since 22 Jun" in sentence for sentence in document.explanation)
    assert "Review in June" not in shared_page(bodies.typical_pilot(previous=previous))
    assert "Review in June" in shared_page(bodies.typical_pilot())


# ---- progress --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("closed", [False, True])
def test_progress_is_counted_once(closed: bool) -> None:
    body = bad_share(0.7, closed=closed)
    progress = body["progress"]
    assert progress["answered"] == sum(answered for answered, _ in progress["dimensions"].values()) == 47
    assert progress["due"] == 67
    counts = built(body).counts
    assert (counts.answered, counts.due, counts.unanswered, counts.unknown, counts.graded) == (47, 67, 20, 0, 47)
    for words in (text(shared_page(body)), text(html_of(body))):
        assert "47 of 67, among them 0 don't know" in words
        assert "preliminary, 47 of 67 answered" in words
        assert ("20 not answered (counts as don't know)" in words) == closed
        assert ("Not answered, counts as don't know" in words) == closed
        assert "Not answered" in words


@pytest.mark.parametrize("seed", range(20))
def test_words_of_the_answers_agree_with_progress(seed: int) -> None:
    body = bodies.random_body(seed)
    document = built(body)
    counts = document.counts
    assert counts.graded + counts.unknown + counts.not_applicable == counts.answered
    rows = [row for page in document.dimensions for row in page.rows]
    assert sum(row.lines[0].startswith("Not answered") for row in rows) == counts.unanswered
    for page in document.dimensions:
        answered, due = body["progress"]["dimensions"][bodies.checklist().dimensions[page.place - 1].id]
        assert page.summary.startswith(f"{answered} of {due} questions answered")


def test_must_haves_without_an_answer_are_named_once() -> None:
    """Once closed they count as not known, and no longer as still to be answered."""
    open_, closed = built(bad_share(0.7)), built(bad_share(0.7, closed=True))
    assert closed.counts.must_haves_failed > open_.counts.must_haves_failed
    assert "not met or not known" in closed.finding


# ---- one target ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "choose", "target"),
    [
        ("pilot", bodies.mostly_good, 50),
        ("production", bodies.mostly_good, 25),
        ("pilot", lambda q: 0, 50),
        ("pilot", lambda q: max(len(q.choices) - 2, 0), 25),
        ("pilot", lambda q: len(q.choices) - 1, None),
    ],
)
def test_page_and_report_aim_at_the_same_number(stage: str, choose: bodies.Choose, target: int | None) -> None:
    people = (bodies.Person("Team member one", None, choose),)
    body = bodies.make_body(bodies.Sample(people, stage=stage, evidence_of=bodies.evidence_for_most))
    document = built(body)
    assert document.target == target
    page, report = shared_page(body), html_of(body)
    named = {int(found) for found in re.findall(r"[Tt]arget below (\d+)", page)}
    named |= {int(found) for found in re.findall(r"[Tt]arget below (\d+)", report)}
    assert named == ({target} if target else set())
    if target:
        assert document.plan is not None
        assert document.plan.target == target
        assert f"Cheapest way below {target}" in page
        assert f"brings the risk below {target}" in text(report)
        assert (document.plan_low is not None) == (target == 50)
    else:
        assert document.plan_missing[0] == "No action is needed for a lower level"


# ---- track record ----------------------------------------------------------------------------------------------------


def test_track_record() -> None:
    nothing = "No outcome of a finished project is recorded yet, so no probability is shown."
    some = "3 of 12 assessed projects have an outcome: too few to show a probability."
    assert track_record_words(0, 12) == nothing
    assert track_record_words(3, 12) == some
    assert track_record_words(9, 12).endswith("too few to show a probability.")
    assert track_record_words(10, 12).endswith("no probability is drawn from them here.")
    assert (
        track_record_words(3, 12, is_headed=True) == "assessed projects have an outcome: too few to show a probability."
    )
    assert track_record_words(1, 1) == "1 of 1 assessed project has an outcome: too few to show a probability."
    for body, words in ((bodies.typical_pilot(), nothing), (bodies.typical_pilot(track_record=(3, 12)), some)):
        assert words in text(shared_page(body))
        assert text(html_of(body)).count(words) == 2
        assert built(body).appendix.limits[-1] == words
    page = present(bodies.typical_pilot(track_record=(3, 12)), bodies.checklist())
    assert page.track_record == some


# ---- what the page holds ---------------------------------------------------------------------------------------------


def test_the_page_holds_nothing_that_the_options_hide() -> None:
    body = bodies.three_roles(note="Hidden note", note_of=lambda q: "Hidden answer note", owner="Hidden owner")
    body["snapshot"]["taken_by"] = "Hidden taker"
    for answer in body["answers"]:
        answer["answered_by"] = "Hidden person"
    nothing = ReportOptions(names=False, notes=False, evidence=False)
    page = present(body, bodies.checklist(), nothing)
    assert "body" not in ResultPage.__dataclass_fields__
    assert "Hidden" not in repr(page)
    assert "Hidden" in repr(present(body, bodies.checklist()))
    assert page.note == ""
    assert (page.organisation, page.project_name) == ("Sample organisation", "Claims sorting")
    assert (page.checklist_id, page.checklist_version) == ("ml_readiness", "1.0")


def test_only_a_written_decision_is_one_of_the_snapshot() -> None:
    assert present(bodies.typical_pilot(), bodies.checklist()).decision == ""
    assert present(bodies.typical_pilot(decision="Go on?"), bodies.checklist()).decision == "Go on?"


def test_evidence_is_in_the_table_on_every_width() -> None:
    page = shared_page(bodies.typical_pilot())
    answers = page[page.index('id="answers"') :]
    assert "Wiki page" in answers
    assert 'class="hide' not in answers
