"""Answers that a program offers. They count for nothing until a person accepts them on the page of the question."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Permission
from api.access import acting_of, can_see, project_of
from api.fields import Choice, Text
from api.operations import PORTION, Endpoint, list_of, operation, read_body
from api.pages import portion_of
from api.problems import Problem, refused
from api.shapes import PersonShape, person
from api.v1.answers import STATE_WORDS, GivenBody, GivenShape, given_from
from api.v1.assessments import find_assessment
from assessments.errors import ProposalClosed
from assessments.models import PROPOSABLE, QUESTION_ID_LIMIT, Proposal, ProposalStatus
from assessments.proposals import propose_answer, withdraw_proposal
from projects.models import Project


class ProposalShape(GivenShape):
    """An answer that was offered, and what became of it."""

    id = serializers.IntegerField(help_text="The number of the proposal, as it stands in addresses.")
    assessment = serializers.IntegerField(help_text="The run that it belongs to.")
    question = serializers.CharField(help_text="The id of the question in the checklist.")
    source = serializers.CharField(help_text="The name of the token or person, as the questionnaire shows it.")  # type: ignore[assignment]
    proposed_at = serializers.DateTimeField(help_text="When it was offered, in UTC.")
    status = serializers.ChoiceField(ProposalStatus.choices, help_text="What became of it.")
    decided_by = PersonShape(
        allow_null=True,
        help_text="Who accepted, dismissed, replaced or withdrew it. Null while it is open or where that is not known.",
    )
    decided_at = serializers.DateTimeField(allow_null=True, help_text="When that was, in UTC. Null while it is open.")


class ProposalBody(GivenBody):
    question = Text(say="Question", limit=QUESTION_ID_LIMIT, help_text="Its id in the checklist.")
    state = Choice([(state.value, state.label) for state in PROPOSABLE], help_text=STATE_WORDS)


def proposal_shape(row: Proposal) -> dict[str, Any]:
    plain = (
        "id", "question", "state", "level", "reason", "note", "evidence_title", "evidence_url", "source",
        "proposed_at", "status", "decided_at",
    )  # fmt: skip
    shape = {
        **{name: getattr(row, name) for name in plain},
        "assessment": row.assessment_id,
        "decided_by": person(row.decided_by),
    }
    return dict(ProposalShape(shape).data)


def proposals_of(project: Project) -> QuerySet[Proposal]:
    return Proposal.objects.filter(assessment__project=project).select_related("decided_by")


def find_own(request: Request, project: Project, number: int) -> Proposal:
    """The proposal, if whoever acts made it or may read the project. Raises Http404."""
    acting = acting_of(request)
    row = proposals_of(project).filter(pk=number).first()
    if row is None or not (is_own(request, row) or can_see(acting, project, Permission.VIEW_PROJECT)):
        raise Http404
    return row


def is_own(request: Request, row: Proposal) -> bool:
    acting = acting_of(request)
    return (
        row.token_id == acting.token.pk
        if acting.token
        else row.token_id is None and row.proposed_by_id == acting.user.pk
    )


class Proposals(Endpoint):
    @operation(
        "list_proposals", "Proposals of a run", needs=Permission.VIEW_PROJECT, returns=list_of(ProposalShape),
        query=(*PORTION, OpenApiParameter("status", str, enum=ProposalStatus.values)),
    )  # fmt: skip
    def get(self, request: Request, slug: str, run: str) -> Response:
        """Newest first."""
        project = project_of(request, slug, Permission.VIEW_PROJECT)
        rows = proposals_of(project).filter(assessment=find_assessment(project, run)).order_by("-id")
        status = request.query_params.get("status")
        if status is not None:
            if status not in ProposalStatus.values:
                raise refused("status", f"status: one of {', '.join(ProposalStatus.values)}.")
            rows = rows.filter(status=status)
        portion = portion_of(request, rows, proposal_shape)
        return Response({"items": portion.items, "next": portion.next})

    @operation(
        "propose_answer", "Propose an answer", needs=Permission.PROPOSE, takes=ProposalBody,
        returns={201: ProposalShape, 200: ProposalShape}, also=(409,),
    )  # fmt: skip
    def post(self, request: Request, slug: str, run: str) -> Response:
        """It replaces what the same token has open for the question. Offering the same again changes nothing (200); nor
        does offering a choice that somebody has decided on, until the answer changes.
        """
        project = project_of(request, slug, Permission.PROPOSE)
        assessment = find_assessment(project, run)
        values = read_body(request, ProposalBody)
        question = values.pop("question")
        if question not in assessment.checklist.question_by_id:
            raise refused("question", "question: the checklist has none with this id.")
        acting, at = acting_of(request), timezone.now()
        row = propose_answer(
            assessment=assessment,
            question=question,
            given=given_from(values),
            source=acting.name,
            token=acting.token,
            by=acting.user,
            at=at,
        )
        headers = {"Location": reverse("api:proposal", args=[project.slug, row.pk])}
        return Response(proposal_shape(row), status=201 if row.proposed_at == at else 200, headers=headers)


class OneProposal(Endpoint):
    @operation(
        "read_proposal", "One proposal", needs=(Permission.VIEW_PROJECT, Permission.PROPOSE), returns=ProposalShape
    )
    def get(self, request: Request, slug: str, number: int) -> Response:
        """For whoever may read the project, and for who made it, to see what became of it."""
        may_read = acting_of(request).has_scope(Permission.VIEW_PROJECT)
        project = project_of(request, slug, Permission.VIEW_PROJECT if may_read else Permission.PROPOSE)
        return Response(proposal_shape(find_own(request, project, number)))

    @operation(
        "withdraw_proposal", "Withdraw a proposal", needs=Permission.PROPOSE, returns=None, status=204, also=(409,)
    )
    def delete(self, request: Request, slug: str, number: int) -> Response:
        project = project_of(request, slug, Permission.PROPOSE)
        row = find_own(request, project, number)
        if not is_own(request, row):
            raise PermissionDenied("Only who made a proposal can withdraw it.")
        try:
            withdraw_proposal(proposal=row, by=acting_of(request).user, at=timezone.now())
        except ProposalClosed as error:
            raise Problem(409, "conflict", str(error)) from error
        return Response(status=204)
