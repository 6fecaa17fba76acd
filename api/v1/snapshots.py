"""Frozen results."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Permission
from api.access import acting_of, project_of
from api.fields import Body, Flag, Text
from api.operations import PORTION, Endpoint, list_of, operation, read_body
from api.pages import portion_of
from api.problems import Problem
from api.shapes import FiguresShape, PersonShape, figures, person
from assessments.models import TITLE_LIMIT, Assessment, Snapshot
from assessments.snapshots import NOTE_LIMIT, take_snapshot
from projects.models import Project


class SnapshotShape(serializers.Serializer[Any]):
    """A frozen result."""

    id = serializers.CharField(help_text="Printed in its reports.")
    number = serializers.IntegerField(help_text="Counts the snapshots of the project from 1.")
    label = serializers.CharField(help_text="What the snapshot is called.")  # type: ignore[assignment]
    assessment = serializers.IntegerField(help_text="The run that was frozen.")
    taken_at = serializers.DateTimeField(help_text="When it was taken, in UTC.")
    taken_by = PersonShape()
    closes = serializers.BooleanField(help_text="Whether it ended the run.")
    engine = serializers.CharField(help_text="The version of the arithmetic. A released one never changes.")
    sha256 = serializers.CharField(help_text="Of the bytes of `body` in UTF-8.")
    figures = FiguresShape()


class WholeSnapshotShape(SnapshotShape):
    """A frozen result with everything that it froze."""

    body = serializers.CharField(
        help_text="Everything a report says, as canonical JSON: this text, and no other, has the hash."
    )


class SnapshotBody(Body):
    label = Text(say="Label", limit=TITLE_LIMIT, help_text="What the snapshot is called.")  # type: ignore[assignment]
    note = Text(say="Note", limit=NOTE_LIMIT, required=False, lines=True, help_text="What has changed.")
    decision = Text(
        say="Decision asked",
        limit=NOTE_LIMIT,
        required=False,
        lines=True,
        help_text="What its readers are asked to decide. Without it a rule words that.",
    )
    closes = Flag(default=False, help_text="Ends the run: open questions count as don't know from then on.")


def snapshots_of(project: Project) -> Any:
    return Snapshot.objects.filter(project=project).select_related("taken_by", "figures")


def snapshot_shape(row: Snapshot) -> dict[str, Any]:
    return dict(SnapshotShape(_values(row)).data)


def _values(row: Snapshot) -> dict[str, Any]:
    plain = ("number", "label", "taken_at", "closes", "engine", "sha256")
    return {
        "id": row.public_id,
        **{name: getattr(row, name) for name in plain},
        "assessment": row.assessment_id,
        "taken_by": person(row.taken_by),
        "figures": figures(row.figures),
    }


def find_snapshot(project: Project, public_id: str) -> Snapshot:
    row: Snapshot | None = snapshots_of(project).filter(public_id=public_id).first()
    if row is None:
        raise Http404
    row.project = project
    return row


class Snapshots(Endpoint):
    @operation(
        "list_snapshots", "Snapshots", needs=Permission.VIEW_PROJECT, returns=list_of(SnapshotShape), query=PORTION
    )
    def get(self, request: Request, slug: str) -> Response:
        """Newest first."""
        rows = snapshots_of(project_of(request, slug, Permission.VIEW_PROJECT)).defer("body").order_by("-number")
        portion = portion_of(request, rows, snapshot_shape)
        return Response({"items": portion.items, "next": portion.next})

    @operation(
        "take_snapshot", "Freeze the answers", needs=Permission.TAKE_SNAPSHOT, takes=SnapshotBody,
        returns=SnapshotShape, status=201, also=(409,),
    )  # fmt: skip
    def post(self, request: Request, slug: str) -> Response:
        """Of the newest run. A snapshot never changes."""
        project = project_of(request, slug, Permission.TAKE_SNAPSHOT)
        values = read_body(request, SnapshotBody)
        assessment = Assessment.objects.filter(project=project, is_latest=True).first()
        if assessment is None:
            raise Problem(409, "conflict", "This project has no checklist yet, so there is nothing to freeze.")
        taken = take_snapshot(assessment=assessment, by=acting_of(request).user, at=timezone.now(), **values)
        headers = {"Location": reverse("api:snapshot", args=[project.slug, taken.public_id])}
        return Response(snapshot_shape(find_snapshot(project, taken.public_id)), status=201, headers=headers)


class OneSnapshot(Endpoint):
    @operation("read_snapshot", "One snapshot", needs=Permission.VIEW_PROJECT, returns=WholeSnapshotShape)
    def get(self, request: Request, slug: str, public_id: str) -> Response:
        """With everything that it froze."""
        row = find_snapshot(project_of(request, slug, Permission.VIEW_PROJECT), public_id)
        return Response(dict(WholeSnapshotShape({**_values(row), "body": row.body}).data))
