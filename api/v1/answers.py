"""Answers, one at a time. Each has a revision, and who writes says which one they saw."""

from __future__ import annotations

import re
import uuid
from dataclasses import asdict, dataclass
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
from api.operations import IF_MATCH, PORTION, Endpoint, etag_of, list_of, operation, read_body
from api.pages import portion_of
from api.problems import Problem, refused
from api.shapes import FiguresShape, PersonShape, figures, person
from api.v1.assessments import LATEST, find_assessment
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
    """What an answer says."""

    state = serializers.ChoiceField(State.choices, help_text=STATE_WORDS)
    level = serializers.IntegerField(
        allow_null=True, help_text="With graded: the place of the chosen sentence, from 0 (worst)."
    )
    reason = serializers.CharField(help_text="Why it does not apply. Printed in the report.")
    note = serializers.CharField(help_text="Text beside the answer, empty for none.")
    evidence_title = serializers.CharField(help_text="What the link to the evidence is called, empty for none.")
    evidence_url = serializers.CharField(help_text="Link to the evidence, empty for none.")


class AnswerShape(GivenShape):
    """The answer to one question as it stands."""

    assessment = serializers.IntegerField(help_text="The run that it belongs to.")
    question = serializers.CharField(help_text="The id of the question in the checklist.")
    revision = serializers.IntegerField(help_text="Rises by one with every change. 0 where nothing was answered yet.")
    answered_by = PersonShape(
        allow_null=True, help_text="Who gave this answer. Null for nobody yet, or where that is not known."
    )
    answered_at = serializers.DateTimeField(
        allow_null=True, help_text="When this answer was given, in UTC. Null where nothing was answered yet."
    )


class SavedAnswerShape(AnswerShape):
    """An answer after it was saved, and what it made of the figures."""

    figures = FiguresShape(help_text="Of the whole project, with this answer.")


class GivenBody(Body):
    state = Choice([(state.value, state.label) for state in STATES], help_text=STATE_WORDS)
    level = Whole(
        allow_null=True, default=None, min_value=0, max_value=MOST_CHOICES,
        help_text="With graded: the place of the chosen sentence, from 0 (worst).",
    )  # fmt: skip
    reason = Text(say="Reason", limit=REASON_LIMIT, required=False, lines=True, help_text="Needed for not_applicable.")
    note = Text(
        say="Note",
        limit=NOTE_LIMIT,
        required=False,
        lines=True,
        help_text="Text beside the answer. With graded it counts as evidence.",
    )
    evidence_title = Text(
        say="Evidence title",
        limit=EVIDENCE_TITLE_LIMIT,
        required=False,
        help_text="What the link is called. Goes with `evidence_url` alone.",
    )
    evidence_url = Text(
        say="Evidence link", limit=EVIDENCE_URL_LIMIT, required=False, help_text="Starts with http:// or https://."
    )


class AnswerBody(GivenBody):
    revision = Whole(
        allow_null=True, default=None, min_value=0, max_value=REVISION_LIMIT,
        help_text="The revision that you saw, 0 for none. If-Match with the ETag of the answer says the same. It "
        "counts within its run, so it goes with the number of the run in the address and not with `latest`.",
    )  # fmt: skip


class ChangeShape(serializers.Serializer[Any]):
    question = serializers.CharField(help_text="The id of the question in the checklist.")
    revision = serializers.IntegerField(help_text="The revision that the change made, from 1.")
    before = GivenShape(allow_null=True, help_text="What the answer said before. Null for the first answer.")
    after = GivenShape()
    by = PersonShape()
    through = serializers.CharField(help_text="The name of the token that a program used, empty for a page.")
    at = serializers.DateTimeField(help_text="When it was changed, in UTC.")


def given_from(values: dict[str, Any]) -> GivenAnswer:
    return GivenAnswer(**{name: values[name] for name in GivenAnswer.__dataclass_fields__})


def answer_shape(assessment: Assessment, question: str, row: Answer | None) -> dict[str, Any]:
    shape = {
        "assessment": assessment.pk,
        "question": question,
        **asdict(given_of(row)),
        "revision": row.revision if row else 0,
        "answered_by": person(row.answered_by) if row else None,
        "answered_at": row.answered_at if row else None,
    }
    return dict(AnswerShape(shape).data)


def with_figures(shape: dict[str, Any], evaluation: Evaluation) -> dict[str, Any]:
    columns = columns_of(
        evaluation.checklist, evaluation.answers, evaluation.result, progress_part(evaluation.progress)
    )
    return {**shape, "figures": dict(FiguresShape(figures(columns)).data)}


def etag_of_answer(shape: dict[str, Any]) -> str:
    """Names run and revision, for If-Match, and everything that is shown, for If-None-Match."""
    return f'"{shape["assessment"]}-{shape["revision"]}-{etag_of(shape)[1:13]}"'


@dataclass(frozen=True, slots=True)
class Base:
    """What an answer is based on: a revision of a run. `is_header` says whether it came as If-Match."""

    run: int
    revision: int
    is_header: bool


def read_base(request: Request, values: dict[str, Any], assessment: Assessment, run: str) -> Base:
    """The revision that the answer is based on. Raises Problem without one, or for one that could be of another run."""
    header, revision = request.headers.get("If-Match", "").strip(), values["revision"]
    if header:
        found = _ETAG.fullmatch(header)
        if found is None or int(found[2]) > REVISION_LIMIT:
            sentence = "If-Match: the ETag of one answer, as it was given."
            raise Problem(400, "bad_request", sentence, (("If-Match", sentence),))
        if revision is not None and revision != int(found[2]):
            raise refused("revision", "revision: it differs from If-Match.")
        return Base(int(found[1]), int(found[2]), is_header=True)
    if revision is None:
        sentence = "revision: send the revision that you saw, or If-Match."
        raise Problem(428, "bad_request", sentence, (("revision", sentence),))
    if run == LATEST:
        sentence = f"revision: it counts within a run. Put the number of the run, {assessment.pk}, in the address."
        raise refused("revision", sentence)
    return Base(assessment.pk, revision, is_header=False)


_ETAG = re.compile(r'"([0-9]{1,18})-([0-9]{1,10})-[0-9a-f]{12}"', re.ASCII)


def sheet_rows(assessment: Assessment, **more: Any) -> list[Answer]:
    rows = Answer.objects.filter(respondent__assessment=assessment, respondent__is_sheet=True, **more)
    return list(rows.select_related("answered_by"))


class Answers(Endpoint):
    @operation("list_answers", "All answers of a run", needs=Permission.VIEW_PROJECT, returns=list_of(AnswerShape))
    def get(self, request: Request, slug: str, run: str) -> Response:
        """Every question that is due, in the order of the checklist, also those without an answer."""
        assessment = find_assessment(project_of(request, slug, Permission.VIEW_PROJECT), run)
        held = {row.question: row for row in sheet_rows(assessment)}
        due = assessment.questions_due()
        items = [answer_shape(assessment, question.id, held.get(question.id)) for question in due]
        return Response({"items": items, "next": None})


class OneAnswer(Endpoint):
    @operation("read_answer", "One answer", needs=Permission.VIEW_PROJECT, returns=AnswerShape)
    def get(self, request: Request, slug: str, run: str, question: str) -> Response:
        assessment = find_assessment(project_of(request, slug, Permission.VIEW_PROJECT), run)
        if question not in {item.id for item in assessment.questions_due()}:
            raise Http404
        row = next(iter(sheet_rows(assessment, question=question)), None)
        shape = answer_shape(assessment, question, row)
        return Response(shape, headers={"ETag": etag_of_answer(shape)})

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
        base = read_base(request, values, assessment, run)
        given = given_from(values)
        try:
            if base.run != assessment.pk:
                raise AnswerConflict(next(iter(sheet_rows(assessment, question=question)), None))
            saved = submit_answer(
                assessment=assessment,
                question=question,
                given=given,
                base_revision=base.revision,
                mutation_id=uuid.uuid4(),
                by=acting_of(request).user,
                at=timezone.now(),
            )
        except AnswerConflict as conflict:
            stored = answer_shape(assessment, question, conflict.current)
            raise stale(stored, given, str(conflict), status=412 if base.is_header else 409) from conflict
        shape = answer_shape(assessment, question, saved.answer if saved.answer.revision else None)
        return Response(with_figures(shape, saved.evaluation), headers={"ETag": etag_of_answer(shape)})


def stale(stored: dict[str, Any], given: GivenAnswer, sentence: str, *, status: int) -> Problem:
    return Problem(
        status,
        "stale",
        sentence,
        (("revision", f"revision: the answer is at revision {stored['revision']}."),),
        more={"stored": stored, "sent": asdict(given)},
        headers={"ETag": etag_of_answer(stored)},
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
