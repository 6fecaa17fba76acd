"""Who did what in the organisation."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import AuditEvent
from accounts.roles import Permission
from api.access import acting_with
from api.operations import OF_ORGANISATION, PORTION, Endpoint, list_of, operation
from api.pages import portion_of
from api.problems import refused
from api.shapes import PersonShape, person

VERB_LIMIT, THING_LIMIT = 48, 120


class EventShape(serializers.Serializer[Any]):
    id = serializers.IntegerField(help_text="Rises with time.")
    at = serializers.DateTimeField(help_text="When it happened, in UTC.")
    actor = PersonShape(allow_null=True, help_text="Null where nobody was signed in.")
    verb = serializers.CharField(help_text="Such as project.created.")
    thing = serializers.CharField(help_text="The id of what was touched.")
    detail = serializers.DictField(help_text="Words and numbers, never answers or secrets.")


def event_shape(row: AuditEvent) -> dict[str, Any]:
    plain = ("id", "at", "verb", "thing", "detail")
    return dict(EventShape({**{name: getattr(row, name) for name in plain}, "actor": person(row.actor)}).data)


class Activity(Endpoint):
    @operation(
        "list_activity", "The trail", needs=Permission.MANAGE_ORGANISATION, returns=list_of(EventShape),
        query=(
            *PORTION,
            OF_ORGANISATION,
            OpenApiParameter("verb", str, description="Only this verb."),
            OpenApiParameter("thing", str, description="Only what touched this, for instance the slug of a project."),
        ),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Newest first. Answers have a trail of their own: see `list_changes`."""
        acting = acting_with(request, Permission.MANAGE_ORGANISATION)
        rows = AuditEvent.objects.filter(organisation=acting.organisation).select_related("actor").order_by("-id")
        for name, limit in (("verb", VERB_LIMIT), ("thing", THING_LIMIT)):
            wanted = request.query_params.get(name)
            if wanted is not None:
                if len(wanted) > limit:
                    raise refused(name, f"{name}: at most {limit} characters.")
                rows = rows.filter(**{name: wanted})
        portion = portion_of(request, rows, event_shape)
        return Response({"items": portion.items, "next": portion.next})
