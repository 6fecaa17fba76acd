"""How projects ended."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Permission
from api.access import acting_of, acting_with, project_of
from api.fields import Body, Choice, Day, Flag, Text
from api.operations import OF_ORGANISATION, PORTION, Endpoint, list_of, operation, read_body
from api.pages import portion_of
from api.shapes import PersonShape, person
from projects.models import GOAL_LIMIT, Outcome, Project
from projects.services import record_outcome


class OutcomeShape(serializers.Serializer[Any]):
    project = serializers.CharField(help_text="The slug of the project.")
    kind = serializers.ChoiceField(Outcome.Kind.choices, help_text="How the project ended.")
    is_failure = serializers.BooleanField(help_text="Everything but production with value.")
    is_delayed = serializers.BooleanField(help_text="Whether it came later than planned.")
    on = serializers.DateField(help_text="The day on which it ended.")
    sentence = serializers.CharField(help_text="What came of it.")
    recorded_by = PersonShape(allow_null=True, help_text="Who recorded it. Null where that is not known.")
    recorded_at = serializers.DateTimeField(help_text="When it was recorded, in UTC.")


class OutcomeBody(Body):
    kind = Choice(Outcome.Kind.choices, help_text="How the project ended.")
    on = Day(help_text="The day on which it ended.")
    sentence = Text(
        say="What came of it", limit=GOAL_LIMIT, required=False, help_text="In one sentence, empty for none."
    )
    is_delayed = Flag(default=False, help_text="Whether it came later than planned.")


def outcome_shape(row: Outcome) -> dict[str, Any]:
    plain = ("kind", "is_failure", "is_delayed", "on", "sentence", "recorded_at")
    shape = {
        **{name: getattr(row, name) for name in plain},
        "project": row.project.slug,
        "recorded_by": person(row.recorded_by),
    }
    return dict(OutcomeShape(shape).data)


class Outcomes(Endpoint):
    @operation(
        "list_outcomes", "Outcomes of all projects", needs=Permission.VIEW_PROJECT, returns=list_of(OutcomeShape),
        query=(*PORTION, OF_ORGANISATION),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Those of the projects that you may see, in the order in which they were recorded."""
        acting = acting_with(request, Permission.VIEW_PROJECT)
        seen = Project.objects.in_sight_of(acting.membership)
        rows = Outcome.objects.filter(project__in=seen).select_related("project", "recorded_by").order_by("id")
        portion = portion_of(request, rows, outcome_shape)
        return Response({"items": portion.items, "next": portion.next})


class OneOutcome(Endpoint):
    @operation("read_outcome", "How a project ended", needs=Permission.VIEW_PROJECT, returns=OutcomeShape)
    def get(self, request: Request, slug: str) -> Response:
        project = project_of(request, slug, Permission.VIEW_PROJECT)
        row = Outcome.objects.filter(project=project).select_related("project", "recorded_by").first()
        if row is None:
            raise Http404
        return Response(outcome_shape(row))

    @operation(
        "record_outcome", "Record how a project ended", needs=Permission.EDIT_PROJECT, takes=OutcomeBody,
        returns=OutcomeShape, status=201, also=(409,),
    )  # fmt: skip
    def post(self, request: Request, slug: str) -> Response:
        """Once. Outcomes are what the forecasts are held against."""
        project = project_of(request, slug, Permission.EDIT_PROJECT)
        values = read_body(request, OutcomeBody)
        row = record_outcome(project=project, by=acting_of(request).user, at=timezone.now(), **values)
        return Response(outcome_shape(row), status=201)
