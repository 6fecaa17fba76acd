"""One run after the other: starting, closing, and what the next one takes over."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from accounts.models import AuditEvent, User
from accounts.texts import TextRefused
from assessments.errors import AssessmentClosed
from assessments.evaluation import evaluate_assessment
from assessments.models import Answer, Assessment, Respondent, State
from assessments.services import GivenAnswer, given_of, start_assessment
from assessments.snapshots import live_body, take_snapshot
from projects.models import Project
from tests.access.dump import changed_tables, dump_tables
from tests.make import AT, answer_all, figures_of, make_answer, make_snapshot


def answers(assessment: Assessment) -> dict[str, GivenAnswer]:
    return {row.question: given_of(row) for row in Answer.objects.filter(respondent__assessment=assessment)}


def test_a_new_run_is_empty(assessment: Assessment, project: Project) -> None:
    assert assessment.is_open
    assert Respondent.objects.get(assessment=assessment).is_sheet
    fresh = figures_of(project)
    assert (fresh.answered, fresh.due) == (0, len(assessment.questions_due()))
    assert (fresh.low, fresh.high) == (0, 100)
    assert AuditEvent.objects.filter(verb="assessment.started", thing=project.slug).exists()


def test_only_one_is_open(assessment: Assessment, project: Project, owner: User) -> None:
    before = dump_tables()
    with pytest.raises(AssessmentClosed, match="open checklist"):
        start_assessment(project=project, by=owner, title="Another", at=AT)
    assert changed_tables(before, dump_tables()) == []


def test_the_database_holds_it_too(assessment: Assessment, project: Project) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Assessment.objects.create(project=project, title="Another", is_latest=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Assessment.objects.create(project=project, title="Another", is_latest=False)


def test_the_next_run_starts_with_the_answers(assessment: Assessment, project: Project, owner: User) -> None:
    make_answer(assessment, owner, "problem.statement", GivenAnswer(State.GRADED, 2, "", "a note", "x", "https://x.y/"))
    make_answer(assessment, owner, "data.access", GivenAnswer(State.NOT_APPLICABLE, None, "Because."))
    make_answer(assessment, owner, "problem.objective", 1)
    make_answer(assessment, owner, "problem.objective", 3, base=1)
    make_snapshot(assessment, owner, closes=True)
    following = start_assessment(project=project, by=owner, title="Next", copy_from=assessment, at=AT)
    assert answers(following) == answers(assessment)
    assert set(Answer.objects.filter(respondent__assessment=following).values_list("revision", flat=True)) == {1}
    fresh = Assessment.objects.select_related("project").get(pk=following.pk)
    assert figures_of(project).answered == 3
    assert figures_of(project).index == evaluate_assessment(fresh).result.index
    assert [run.is_latest for run in project.assessments.order_by("id")] == [False, True]
    # The copy is a start and not a link: changing one leaves the other.
    make_answer(following, owner, "problem.statement", 0, base=1)
    assert answers(assessment)["problem.statement"].level == 2


def test_a_title_is_needed(assessment: Assessment, project: Project, owner: User) -> None:
    make_snapshot(assessment, owner, closes=True)
    before = dump_tables()
    for title in ("", "  ", "x" * 121, "a\nb", "a\x00b"):
        with pytest.raises(TextRefused, match="Title"):
            start_assessment(project=project, by=owner, title=title, at=AT)
    assert changed_tables(before, dump_tables()) == []


def test_closing_counts_open_questions_as_not_known(assessment: Assessment, project: Project, owner: User) -> None:
    make_answer(assessment, owner, "problem.statement", 3)
    open_index = figures_of(project).index
    snapshot = make_snapshot(assessment, owner, closes=True)
    fresh = Assessment.objects.select_related("project").get(pk=assessment.pk)
    assert (fresh.is_open, fresh.closed_at) == (False, AT)
    closed = figures_of(project)
    assert closed.index == snapshot.index
    assert open_index is not None
    assert closed.index is not None
    assert closed.index > open_index
    evaluation = evaluate_assessment(fresh)
    assert len(evaluation.result.unknown) == closed.due - 1
    assert evaluation.result.unanswered == ()
    with pytest.raises(AssessmentClosed):
        take_snapshot(assessment=assessment, label="Again", by=owner, at=AT)


def test_a_closed_run_keeps_its_stage_and_facts(assessment: Assessment, project: Project, owner: User) -> None:
    """The project goes on to its next stage; what was judged at the last one is not judged anew."""
    answer_all(assessment, owner)
    snapshot = make_snapshot(assessment, owner, closes=True)
    Project.objects.filter(pk=project.pk).update(stage="idea", facts=["personal_data", "real_time"])
    fresh = Assessment.objects.select_related("project").get(pk=assessment.pk)
    evaluation = evaluate_assessment(fresh)
    kept = figures_of(project)
    assert len(evaluation.due) == kept.due
    assert (evaluation.result.index, evaluation.result.low) == (snapshot.index, snapshot.low) == (kept.index, kept.low)
    body = live_body(fresh, None, at=AT)
    assert (body["stage"], body["facts"]) == ("pilot", [])
    start_assessment(project=fresh.project, by=owner, title="Next", copy_from=fresh, at=AT)
    assert figures_of(project).due < kept.due
