"""Saving one answer, and reading all of them."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from accounts.access import user_of
from accounts.roles import Permission
from assessments.errors import AnswerConflict, AnswerRefused, AssessmentClosed
from assessments.evaluation import Evaluation, evaluate_assessment
from assessments.forms import choice_value, read_answer, read_mutation_id, read_revision
from assessments.models import Answer, AnswerChange, Assessment, Proposal, ProposalStatus, State
from assessments.preview import preview_dimension
from assessments.services import SavedAnswer, submit_answer
from assessments.views.common import answer_words, latest_assessment, page_context
from assessments.views.questionnaire import NEWER_RUN
from checklists.schema import Question
from projects.access import project_for

CHANGES_A_PAGE = 50
# The proposal that a change of an answer accepted.
ACCEPTED = Proposal.objects.filter(
    assessment=OuterRef("assessment"),
    question=OuterRef("question"),
    revision=OuterRef("revision"),
    status=ProposalStatus.ACCEPTED,
)


@require_POST
def save(request: HttpRequest, slug: str, question: str) -> HttpResponse:
    """One answer from the page's script. The status says what happened, the body what to show.

    200 saved, 409 changed by somebody else, 422 not a possible answer, 423 closed, 403 not allowed, 404 no project.
    """
    project = project_for(request.user, slug, Permission.ANSWER)
    assessment = latest_assessment(project)
    if assessment is None:
        return JsonResponse({"error": "This project has no checklist yet."}, status=404)
    if request.POST.get("assessment", str(assessment.pk)) != str(assessment.pk):
        return JsonResponse({"error": NEWER_RUN}, status=423)
    try:
        saved = submit_answer(
            assessment=assessment,
            question=question,
            given=read_answer(request.POST),
            base_revision=read_revision(request.POST.get("revision", "")),
            mutation_id=read_mutation_id(request.POST.get("mutation", "")),
            by=user_of(request),
            at=timezone.now(),
        )
    except AnswerConflict as conflict:
        item = assessment.checklist.question_by_id[question]
        return JsonResponse(conflict_body(item, conflict.current), status=409)
    except AssessmentClosed as error:
        return JsonResponse({"error": str(error)}, status=423)
    except AnswerRefused as error:
        return JsonResponse({"error": str(error)}, status=422)
    return JsonResponse(saved_body(saved, question))


def saved_body(saved: SavedAnswer, question: str) -> dict[str, Any]:
    """What the page needs after a save: revision, state, counts and the preview of the dimension."""
    evaluation = saved.evaluation
    dimension = evaluation.checklist.question_by_id[question].dimension
    counts = {key: [count.answered, count.due] for key, count in evaluation.progress.dimensions.items()}
    return {
        "revision": saved.answer.revision,
        "state": saved.answer.state,
        "level": saved.answer.level,
        "saved_at": f"{timezone.now():%H:%M}",
        "counts": counts,
        "total": [evaluation.progress.total.answered, evaluation.progress.total.due],
        "preview": render_to_string("assessments/_preview.html", {"preview": preview_dimension(evaluation, dimension)}),
    }


def conflict_body(question: Question, current: Answer | None) -> dict[str, Any]:
    """Both sides of a conflict: what is stored now, in full, for the page to show beside what was chosen there."""
    if current is None:
        return {
            "error": "This answer was cleared in the meantime.",
            "revision": 0,
            "theirs": {"choice": ""},
            "words": State.BLANK.label,
            "by": "",
            "at": "",
        }
    return {
        "error": "Somebody else changed this answer in the meantime.",
        "revision": current.revision,
        "words": answer_words(question, current.state, current.level),
        "by": current.answered_by.name if current.answered_by else "A former member",
        "at": f"{current.answered_at:%H:%M} UTC",
        "theirs": {
            "choice": choice_value(current.state, current.level),
            "reason": current.reason,
            "note": current.note,
            "evidence_title": current.evidence_title,
            "evidence_url": current.evidence_url,
        },
    }


@require_safe
def check(request: HttpRequest, slug: str) -> HttpResponse:
    """All answers on one page, with what is still open on top."""
    project = project_for(request.user, slug, Permission.VIEW_PROJECT)
    assessment = latest_assessment(project)
    context = page_context(project, "overview", assessment)
    if assessment is not None:
        evaluation = evaluate_assessment(assessment)
        context |= {"evaluation": evaluation, "groups": answer_groups(evaluation), "progress": evaluation.progress}
    return render(request, "assessments/check.html", context)


def answer_groups(evaluation: Evaluation) -> list[tuple[Any, list[dict[str, Any]]]]:
    """Per dimension its due questions with the answer in words, the open ones first."""
    groups = []
    for dimension in evaluation.checklist.dimensions:
        rows = [
            answer_line(question, evaluation.by_question.get(question.id))
            for question in evaluation.due
            if question.dimension == dimension.id
        ]
        groups.append((dimension, sorted(rows, key=lambda row: row["state"] != State.BLANK)))
    return groups


def answer_line(question: Question, row: Answer | None) -> dict[str, Any]:
    state = row.state if row else State.BLANK.value
    return {
        "question": question,
        "anchor": question.id.replace(".", "-"),
        "state": state,
        "words": answer_words(question, state, row.level if row else None),
        "row": row,
    }


@require_safe
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """Every change of every answer of a run, newest first, or those of one question. Runs are counted from 1."""
    project = project_for(request.user, slug, Permission.VIEW_PROJECT)
    assessment = latest_assessment(project)
    context = page_context(project, "history", assessment)
    if assessment is not None:
        runs = list(Assessment.objects.filter(project=project).order_by("id"))
        wanted, run = request.GET.get("question", ""), request.GET.get("run", "")
        place = (
            int(run) if run.isascii() and run.isdecimal() and len(run) < 6 and 1 <= int(run) <= len(runs) else len(runs)
        )
        rows = AnswerChange.objects.filter(assessment=runs[place - 1]).select_related("by").order_by("-id")
        rows = rows.annotate(proposed_by=Subquery(ACCEPTED.values("source")[:1]))
        query = {"run": str(place)} if place != len(runs) else {}
        if wanted in assessment.checklist.question_by_id:
            rows = rows.filter(question=wanted)
            context["only"] = assessment.checklist.question_by_id[wanted]
            query["question"] = wanted
        page = Paginator(rows, CHANGES_A_PAGE).get_page(request.GET.get("page"))
        context |= {
            "page": page,
            "query": urlencode(query),
            "runs": runs,
            "place": place,
            "lines": [change_line(assessment.checklist.question_by_id, row) for row in page.object_list],
        }
    return render(request, "assessments/history.html", context)


NAMES = {"note": "note", "reason": "reason", "evidence_title": "evidence title", "evidence_url": "evidence link"}


def change_line(questions: Any, row: AnswerChange) -> dict[str, Any]:
    question = questions[row.question]
    before = row.before or {"state": State.BLANK.value, "level": None}
    words_before = answer_words(question, before["state"], before["level"])
    words_after = answer_words(question, row.after["state"], row.after["level"])
    texts = [
        (name, before.get(key, ""), row.after.get(key, ""))
        for key, name in NAMES.items()
        if before.get(key, "") != row.after.get(key, "")
    ]
    return {
        "row": row,
        "question": question,
        "before": words_before,
        "after": words_after,
        "is_choice_changed": words_before != words_after,
        "texts": texts,
    }
