"""Runs of a checklist."""

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
from api.shapes import PersonShape, person
from assessments.models import TITLE_LIMIT, Assessment
from assessments.services import start_assessment
from projects.models import Project, Stage

LATEST = "latest"


class AssessmentShape(serializers.Serializer[Any]):
    id = serializers.IntegerField(help_text="The number of the run, as it stands in addresses.")
    title = serializers.CharField(help_text="What the run is called.")
    checklist_id = serializers.CharField(help_text="Which checklist is asked, such as ml_readiness.")
    checklist_version = serializers.CharField(help_text="Which version of the checklist, such as 1.0.")
    opened_at = serializers.DateTimeField(help_text="When the run was started, in UTC.")
    opened_by = PersonShape(allow_null=True, help_text="Who started the run. Null where that is not known.")
    closed_at = serializers.DateTimeField(
        allow_null=True, help_text="When the run was closed, in UTC. Null while answers can be given."
    )
    is_latest = serializers.BooleanField(help_text="Whether it is the newest run of its project.")


class AssessmentBody(Body):
    title = Text(say="Title", limit=TITLE_LIMIT, required=False, help_text="Empty names it by the project's stage.")
    copy_answers = Flag(default=True, help_text="Whether it begins with the answers of the run before.")


def assessment_shape(row: Assessment) -> dict[str, Any]:
    plain = ("id", "title", "checklist_id", "checklist_version", "opened_at", "closed_at", "is_latest")
    shape = {**{name: getattr(row, name) for name in plain}, "opened_by": person(row.opened_by)}
    return dict(AssessmentShape(shape).data)


def find_assessment(project: Project, run: str) -> Assessment:
    """The run of this number, or the newest one for "latest", with its project. Raises Http404."""
    rows = Assessment.objects.filter(project=project)
    row = (
        (rows.filter(is_latest=True) if run == LATEST else rows.filter(pk=int(run))).select_related("opened_by").first()
    )
    if row is None:
        raise Http404
    row.project = project
    return row


class Assessments(Endpoint):
    @operation(
        "list_assessments", "Runs of the checklist", needs=Permission.VIEW_PROJECT, returns=list_of(AssessmentShape),
        query=PORTION,
    )  # fmt: skip
    def get(self, request: Request, slug: str) -> Response:
        """Newest first."""
        project = project_of(request, slug, Permission.VIEW_PROJECT)
        rows = Assessment.objects.filter(project=project).select_related("opened_by").order_by("-id")
        portion = portion_of(request, rows, assessment_shape)
        return Response({"items": portion.items, "next": portion.next})

    @operation(
        "start_assessment", "Start a run", needs=Permission.TAKE_SNAPSHOT, takes=AssessmentBody,
        returns=AssessmentShape, status=201, also=(409,),
    )  # fmt: skip
    def post(self, request: Request, slug: str) -> Response:
        """One run can be open at a time. It is closed by a snapshot with `closes`."""
        project = project_of(request, slug, Permission.TAKE_SNAPSHOT)
        values = read_body(request, AssessmentBody)
        before = Assessment.objects.filter(project=project, is_latest=True).first()
        row = start_assessment(
            project=project,
            by=acting_of(request).user,
            title=values["title"] or f"{Stage(project.stage).label} gate review",
            copy_from=before if values["copy_answers"] else None,
            at=timezone.now(),
        )
        headers = {"Location": reverse("api:assessment", args=[project.slug, row.pk])}
        return Response(assessment_shape(row), status=201, headers=headers)


class OneAssessment(Endpoint):
    @operation("read_assessment", "One run", needs=Permission.VIEW_PROJECT, returns=AssessmentShape)
    def get(self, request: Request, slug: str, run: str) -> Response:
        project = project_of(request, slug, Permission.VIEW_PROJECT)
        return Response(assessment_shape(find_assessment(project, run)))
