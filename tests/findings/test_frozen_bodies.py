"""What the stored bodies carry for the findings, and that page and findings count as the stored rows do."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import User
from assessments.evaluation import evaluate_assessment
from assessments.models import Answer, Assessment, Snapshot, State
from assessments.presentation import present
from assessments.services import GivenAnswer, record_agreed_answer, start_assessment
from assessments.snapshots import canonical_json, live_body, recompute
from findings.answers import gather, has_evidence
from projects.models import Project
from tests.make import AT, answer_all, make_answer, make_snapshot
from tests.reports import bodies
from tests.site.cases import signed_in, text


def test_evidence_is_what_the_model_says() -> None:
    for note, title, url in itertools.product(("", "A note"), ("", "Minutes"), ("", "https://x.example/")):
        row = Answer(state=State.GRADED, level=1, note=note, evidence_title=title, evidence_url=url)
        assert has_evidence({"note": note, "evidence_title": title, "evidence_url": url}) == row.has_evidence


def test_evidence_of_what_does_not_count_is_not_counted() -> None:
    """Only chosen answers narrow the range with evidence, and an agreed answer replaces the single ones."""
    body = bodies.three_roles(note_of=lambda question: "A note", evidence_of=lambda question: ("", ""))
    given = gather(body, bodies.checklist())
    assert not given["problem.statement"].has_evidence
    body["agreed"][0]["evidence_title"] = "Minutes"
    assert gather(body, bodies.checklist())["problem.statement"].has_evidence
    question = next(key for key, item in given.items() if item.agreed is None)
    assert given[question].has_evidence
    for answer in body["answers"]:
        if answer["question"] == question:
            answer |= {"state": "unknown", "level": None}
    assert not gather(body, bodies.checklist())[question].has_evidence


def answer_some(assessment: Assessment, by: User) -> None:
    """Every kind of answer, and every fifth question left blank."""
    kinds = (
        GivenAnswer(State.GRADED, 1),
        GivenAnswer(State.GRADED, 2, "", "noted"),
        GivenAnswer(State.UNKNOWN),
        GivenAnswer(State.NOT_APPLICABLE, None, "Not here."),
    )
    for place, question in enumerate(assessment.questions_due()):
        if place % 5 != 4:
            make_answer(assessment, by, question.id, kinds[place % 4])
        elif place % 10 == 9:
            make_answer(assessment, by, question.id, GivenAnswer(State.BLANK, None, "", "a note alone"))


@pytest.mark.parametrize("closes", [False, True])
def test_progress_is_frozen_as_it_was_shown(assessment: Assessment, owner: User, closes: bool) -> None:
    answer_some(assessment, owner)
    record_agreed_answer(
        assessment=assessment, question=assessment.questions_due()[4].id, level=2, reason="", by=owner, at=AT
    )
    shown = evaluate_assessment(assessment).progress
    snapshot = make_snapshot(assessment, owner, closes=closes)
    body = json.loads(snapshot.body)
    assert body["progress"] == {
        "answered": shown.total.answered,
        "due": shown.total.due,
        "dimensions": {key: [count.answered, count.due] for key, count in shown.dimensions.items()},
    }
    assert 0 < shown.total.answered < shown.total.due
    assert body["track_record"] == {"outcomes": 0, "assessed": 0}
    assert recompute(snapshot) == snapshot.body
    counts = present(body, assessment.checklist).document.counts
    assert (counts.answered, counts.due, counts.unanswered) == (shown.total.answered, shown.total.due, shown.total.open)
    assert counts.graded + counts.unknown + counts.not_applicable == counts.answered


def test_the_track_record_is_carried(assessment: Assessment) -> None:
    body = live_body(assessment, None, at=AT, track_record=(3, 12))
    assert body["track_record"] == {"outcomes": 3, "assessed": 12}
    assert json.loads(canonical_json(body)) == body


def test_the_one_before_says_whether_it_was_too_early(assessment: Assessment, owner: User) -> None:
    first = make_snapshot(assessment, owner, label="Empty")
    answer_all(assessment, owner, level=1)
    second = json.loads(make_snapshot(assessment, owner, label="Full", at=AT + timedelta(days=30)).body)
    assert second["previous"]["judgement"] == "early"
    assert {one["judgement"] for one in second["previous"]["dimensions"].values()} == {"early"}
    assert second["previous"]["index"] == first.index
    third = json.loads(make_snapshot(assessment, owner, label="Again", at=AT + timedelta(days=60)).body)
    assert third["previous"]["judgement"] == "final"


def test_a_closed_run_shows_its_closing_snapshot(project: Project, assessment: Assessment, owner: User) -> None:
    """And compares with the snapshot before it, not with itself."""
    answer_all(assessment, owner, level=1)
    make_snapshot(assessment, owner, label="May review")
    make_answer(assessment, owner, "problem.statement", 3, base=1)
    closing = make_snapshot(assessment, owner, label="Gate", closes=True, at=AT + timedelta(days=30))
    address = reverse("assessments:results", args=[project.slug])
    response = signed_in(owner).get(address)
    words = " ".join(text(response).split())
    assert "This run was closed on 13 Apr 2026, its result is frozen as snapshot" in words
    assert reverse("assessments:snapshot", args=[project.slug, closing.public_id]) in words
    assert "The answers as they stand now" not in words
    assert "<bdi>May review, 14 Mar 2026</bdi>" in words
    assert "<bdi>Gate, 13 Apr 2026</bdi>" not in words
    assert (
        response.context["page"].document
        == present(json.loads(closing.body), assessment.checklist, sha256=closing.sha256).document
    )

    start_assessment(project=project, by=owner, title="Next gate", at=AT + timedelta(days=60))
    words = " ".join(text(signed_in(owner).get(address)).split())
    assert "The answers as they stand now" in words
    assert "<bdi>Gate, 13 Apr 2026</bdi>" in words


def test_only_the_first_snapshot_has_none_before(project: Project, assessment: Assessment, owner: User) -> None:
    answer_all(assessment, owner, level=1)
    make_snapshot(assessment, owner, closes=True)
    response = signed_in(owner).get(reverse("assessments:results", args=[project.slug]))
    assert response.context["page"].previous_words == ""
    assert Snapshot.objects.count() == 1
