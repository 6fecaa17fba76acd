"""Answers, one at a time. Each has a revision, and who writes says which one they saw."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Permission
from api.access import acting_of, project_of
from api.fields import Body, Choice, Text, Whole
from api.operations import IF_MATCH, PORTION, Endpoint, list_of, operation, read_body
from api.pages import portion_of
from api.problems import Problem, refused
from api.shapes import FiguresShape, PersonShape, figures, person
from api.v1.assessments import find_assessment
from assessments.errors import AnswerConflict
from assessments.evaluation import Evaluation
from assessments.figures import columns_of
from assessments.forms import REVISION_LIMIT
from assessments.models import (
    EVIDENCE_TITLE_LIMIT,
    EVIDENCE_URL_LIMIT,
    NOTE_LIMIT,
    REASON_LIMIT,
    Answer,
    AnswerChange,
    Assessment,
    State,
)
from assessments.progress import progress_part
from assessments.services import GivenAnswer, given_of, submit_answer

STATES = (State.BLANK, State.GRADED, State.UNKNOWN, State.NOT_APPLICABLE)
STATE_WORDS = "graded: a level. unknown: don't know. not_applicable: needs a reason. blank: not answered."
MOST_CHOICES = 9


class GivenShape(serializers.Serializer[Any]):
    state = serializers.ChoiceField(State.choices, help_text=STATE_WORDS)
    level = serializers.IntegerField(
        allow_null=True, help_text="With graded: the place of the chosen sentence, from 0 (worst)."
    )
    reason = serializers.CharField(help_text="Why it does not apply. Printed in the report.")
    note = serializers.CharField()
    evidence_title = serializers.CharField()
    evidence_url = serializers.CharField()


class AnswerShape(GivenShape):
    question = serializers.CharField()
    revision = serializers.IntegerField(help_text="Rises by one with every change. 0 where nothing was answered yet.")
    answered_by = PersonShape(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)


class SavedAnswerShape(AnswerShape):
    figures = FiguresShape(help_text="Of the whole project, with this answer.")


class GivenBody(Body):
    state = Choice([(state.value, state.label) for state in STATES], help_text=STATE_WORDS)
    level = Whole(
        allow_null=True, default=None, min_value=0, max_value=MOST_CHOICES,
        help_text="With graded: the place of the chosen sentence, from 0 (worst).",
    )  # fmt: skip
    reason = Text(say="Reason", limit=REASON_LIMIT, required=False, lines=True, help_text="Needed for not_applicable.")
    note = Text(say="Note", limit=NOTE_LIMIT, required=False, lines=True)
    evidence_title = Text(say="Evidence title", limit=EVIDENCE_TITLE_LIMIT, required=False)
    evidence_url = Text(
        say="Evidence link", limit=EVIDENCE_URL_LIMIT, required=False, help_text="Starts with http:// or https://."
    )


class AnswerBody(GivenBody):
    revision = Whole(
        allow_null=True, default=None, min_value=0, max_value=REVISION_LIMIT,
        help_text="The revision that you saw, 0 for none. If-Match with the ETag of the answer says the same.",
    )  # fmt: skip


class ChangeShape(serializers.Serializer[Any]):
    question = serializers.CharField()
    revision = serializers.IntegerField()
    before = GivenShape(allow_null=True)
    after = GivenShape()
    by = PersonShape()
    through = serializers.CharField(help_text="The name of the token that a program used, empty for a page.")
    at = serializers.DateTimeField()


def given_from(values: dict[str, Any]) -> GivenAnswer:
    return GivenAnswer(**{name: values[name] for name in GivenAnswer.__dataclass_fields__})


def answer_shape(question: str, row: Answer | None) -> dict[str, Any]:
    shape = {
        "question": question,
        **asdict(given_of(row)),
        "revision": row.revision if row else 0,
        "answered_by": person(row.answered_by) if row else None,
        "answered_at": row.answered_at if row else None,
    }
    return dict(AnswerShape(shape).data)


def saved_shape(question: str, row: Answer, evaluation: Evaluation) -> dict[str, Any]:
    columns = columns_of(
        evaluation.checklist, evaluation.answers, evaluation.result, progress_part(evaluation.progress)
    )
    stored = answer_shape(question, row if row.revision else None)
    return {**stored, "figures": dict(FiguresShape(figures(columns)).data)}


def etag_of_revision(revision: int) -> str:
    return f'"r{revision}"'


def read_base(request: Request, values: dict[str, Any]) -> tuple[int, bool]:
    """The revision that the answer is based on, and whether it came as If-Match. Raises Problem without one."""
    header, revision = request.headers.get("If-Match", "").strip(), values["revision"]
    if not header:
        if revision is None:
            raise Problem(428, "bad_request", "revision: send the revision that you saw, or If-Match.")
        return revision, False
    digits = header[2:-1] if header.startswith('"r') and header.endswith('"') else ""
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 10 or int(digits) > REVISION_LIMIT:
        sentence = 'If-Match: the ETag of one answer, such as "r3".'
        raise Problem(400, "bad_request", sentence, (("If-Match", sentence),))
    if revision is not None and revision != int(digits):
        raise refused("revision", "revision: it differs from If-Match.")
    return int(digits), True


def sheet_rows(assessment: Assessment, **more: Any) -> list[Answer]:
    rows = Answer.objects.filter(respondent__assessment=assessment, respondent__is_sheet=True, **more)
    return list(rows.select_related("answered_by"))


class Answers(Endpoint):
    @operation("list_answers", "All answers of a run", needs=Permission.VIEW_PROJECT, returns=list_of(AnswerShape))
    def get(self, request: Request, slug: str, run: str) -> Response:
        """Every question that is due, in the order of the checklist, also those without an answer."""
        assessment = find_assessment(project_of(request, slug, Permission.VIEW_PROJECT), run)
        held = {row.question: row for row in sheet_rows(assessment)}
        items = [answer_shape(question.id, held.get(question.id)) for question in assessment.questions_due()]
        return Response({"items": items, "next": None})


class OneAnswer(Endpoint):
    @operation("read_answer", "One answer", needs=Permission.VIEW_PROJECT, returns=AnswerShape)
    def get(self, request: Request, slug: str, run: str, question: str) -> Response:
        assessment = find_assessment(project_of(request, slug, Permission.VIEW_PROJECT), run)
        if question not in {item.id for item in assessment.questions_due()}:
            raise Http404
        row = next(iter(sheet_rows(assessment, question=question)), None)
        shape = answer_shape(question, row)
        return Response(shape, headers={"ETag": etag_of_revision(shape["revision"])})

    @operation(
        "save_answer", "Save one answer", needs=Permission.ANSWER, takes=AnswerBody, returns=SavedAnswerShape,
        query=(IF_MATCH,), also=(409, 412, 428),
    )  # fmt: skip
    def put(self, request: Request, slug: str, run: str, question: str) -> Response:
        """The whole answer is replaced. If it is not in the revision that you saw, nothing is stored, and the problem
        has what is `stored` and what was `sent`. Sending what is stored already changes nothing and is fine.
        """
        project = project_of(request, slug, Permission.ANSWER)
        assessment = find_assessment(project, run)
        if question not in assessment.checklist.question_by_id:
            raise Http404
        values = read_body(request, AnswerBody)
        base, is_header = read_base(request, values)
        given = given_from(values)
        try:
            saved = submit_answer(
                assessment=assessment,
                question=question,
                given=given,
                base_revision=base,
                mutation_id=uuid.uuid4(),
                by=acting_of(request).user,
                at=timezone.now(),
            )
        except AnswerConflict as conflict:
            raise stale(question, given, conflict, status=412 if is_header else 409) from conflict
        shape = saved_shape(question, saved.answer, saved.evaluation)
        return Response(shape, headers={"ETag": etag_of_revision(saved.answer.revision)})


def stale(question: str, given: GivenAnswer, conflict: AnswerConflict, *, status: int) -> Problem:
    stored = answer_shape(question, conflict.current) if conflict.current else None
    revision = conflict.current.revision if conflict.current else 0
    return Problem(
        status,
        "stale",
        str(conflict),
        (("revision", f"revision: the answer is at revision {revision}."),),
        more={"stored": stored, "sent": asdict(given)},
        headers={"ETag": etag_of_revision(revision)},
    )


class Changes(Endpoint):
    @operation(
        "list_changes", "Changes of answers", needs=Permission.VIEW_PROJECT, returns=list_of(ChangeShape),
        query=(*PORTION, OpenApiParameter("question", str, description="Those of one question.")),
    )  # fmt: skip
    def get(self, request: Request, slug: str, run: str) -> Response:
        """Everything that ever happened to the answers of a run, newest first. None of it can be changed."""
        assessment = find_assessment(project_of(request, slug, Permission.VIEW_PROJECT), run)
        rows = AnswerChange.objects.filter(assessment=assessment).select_related("by").order_by("-id")
        question = request.query_params.get("question")
        if question is not None:
            if question not in assessment.checklist.question_by_id:
                raise refused("question", "question: the checklist has none with this id.")
            rows = rows.filter(question=question)
        portion = portion_of(request, rows, change_shape)
        return Response({"items": portion.items, "next": portion.next})


def change_shape(row: AnswerChange) -> dict[str, Any]:
    shape = {
        "question": row.question,
        "revision": row.revision,
        "before": row.before,
        "after": row.after,
        "by": person(row.by),
        "through": row.through or "",
        "at": row.at,
    }
    return dict(ChangeShape(shape).data)
