"""A project's first page: where it stands and the one thing to do next."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.roles import Permission
from assessments.evaluation import Evaluation, evaluate_assessment
from assessments.models import AnswerChange, Assessment, Snapshot
from assessments.progress import Count
from assessments.proposals import open_proposals
from assessments.views.common import latest_assessment, page_context
from charts.bars import range_bar
from checklists.schema import Dimension, Question
from findings.verdict import judge
from projects.access import project_for
from projects.models import Outcome, Project


@dataclass(frozen=True, slots=True)
class Task:
    """One dimension in the task list. `minutes` is an estimate at half a minute a question, at least 1."""

    dimension: Dimension
    count: Count
    must_haves_open: int

    @property
    def minutes(self) -> int:
        return max(1, (self.count.open + 1) // 2)


@dataclass(frozen=True, slots=True)
class NextStep:
    words: str
    button: str
    address: str


@require_safe
def overview(request: HttpRequest, slug: str) -> HttpResponse:
    project = project_for(request.user, slug, Permission.VIEW_PROJECT)
    assessment = latest_assessment(project)
    if assessment is None:
        return render(request, "assessments/overview.html", page_context(project, "overview", None))
    evaluation = evaluate_assessment(assessment)
    result = evaluation.result
    snapshot = (
        Snapshot.objects.filter(project=project).defer("body").select_related("taken_by").order_by("-number").first()
    )
    last_change = AnswerChange.objects.filter(assessment=assessment).select_related("by").order_by("-id").first()
    total = evaluation.progress.total
    is_early = judge(total.answered, total.due, result.confidence) == "early"
    context = page_context(
        project,
        "overview",
        assessment,
        evaluation=evaluation,
        result=result,
        tasks=list_tasks(evaluation),
        snapshot=snapshot,
        last_change=last_change,
        is_early=is_early,
        waiting=waiting_of(assessment, evaluation),
        outcome=Outcome.objects.filter(project=project).first(),
        bar=range_bar(None if is_early else result.index, result.low, result.high, name="Failure risk")
        if result.index is not None and result.low is not None and result.high is not None
        else None,
    )
    context["next_step"] = find_next_step(project, assessment, evaluation, snapshot, context)
    return render(request, "assessments/overview.html", context)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Proposals that wait for a decision, and the first question that has one."""

    count: int
    first: Question


def waiting_of(assessment: Assessment, evaluation: Evaluation) -> Waiting | None:
    found = open_proposals(assessment, evaluation.due)
    return Waiting(len(found), evaluation.checklist.question_by_id[found[0].question]) if found else None


def list_tasks(evaluation: Evaluation) -> list[Task]:
    answered = {key for key, row in evaluation.by_question.items() if row.is_answered}
    return [
        Task(
            dimension,
            evaluation.progress.dimensions[dimension.id],
            sum(q.must_have and q.id not in answered for q in evaluation.due if q.dimension == dimension.id),
        )
        for dimension in evaluation.checklist.dimensions
    ]


def find_next_step(
    project: Project, assessment: Assessment, evaluation: Evaluation, snapshot: Snapshot | None, may: dict[str, object]
) -> NextStep | None:
    """Exactly one step, by rule: answer what is open, then freeze it, then make the report. None for readers."""
    total = evaluation.progress.total
    if may["can_answer"] and total.open:
        words = (
            "Start the checklist."
            if not total.answered
            else f"Finish the checklist: {total.open} of {total.due} questions are open."
        )
        return NextStep(
            words, "Start" if not total.answered else "Continue", reverse("assessments:resume", args=[project.slug])
        )
    if may["can_snapshot"] and assessment.is_open and total.answered:
        newest = evaluation.by_question and max(row.answered_at for row in evaluation.by_question.values())
        if snapshot is None or (newest and snapshot.taken_at < newest):
            return NextStep(
                "Every due question has an answer. Freeze the result so that it can be reported and shared.",
                "Take a snapshot",
                reverse("assessments:snapshots", args=[project.slug]),
            )
    if snapshot is not None and may["can_report"]:
        address = reverse("assessments:snapshot", args=[project.slug, snapshot.public_id])
        return NextStep(
            f"The newest result is frozen as “{snapshot.label}”. Make the report or share it.", "Open it", address
        )
    return None
