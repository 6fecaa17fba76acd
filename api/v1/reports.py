"""PDF reports: asked for, watched and fetched."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Permission
from api.access import acting_of, project_of
from api.fields import Body, Flag, Text
from api.operations import PORTION, Endpoint, list_of, operation, read_body
from api.pages import portion_of
from api.problems import Problem, refused
from api.shapes import PersonShape, person
from assessments.models import Snapshot
from projects.models import Project
from reports.files import pdf_response
from reports.models import STEPS, Report, ReportState
from reports.services import ReportContent, request_report

ASK_AGAIN = "2"


class ReportShape(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="What stands in the address of the report.")
    snapshot = serializers.CharField(help_text="The id of the snapshot that it shows.")
    state = serializers.ChoiceField(ReportState.choices, help_text="How far it is.")
    step = serializers.IntegerField(help_text=f"0 to {len(STEPS) - 1}: {', '.join(step.lower() for step in STEPS)}.")
    names = serializers.BooleanField(help_text="Whether it shows the names of people.")
    notes = serializers.BooleanField(help_text="Whether it shows notes.")
    evidence = serializers.BooleanField(help_text="Whether it shows links to evidence.")
    created_at = serializers.DateTimeField(help_text="When it was first asked for, in UTC.")
    created_by = PersonShape(allow_null=True, help_text="Who first asked for it. Null where that is not known.")
    ready_at = serializers.DateTimeField(allow_null=True, help_text="When the file was made, in UTC. Null before that.")
    pages = serializers.IntegerField(allow_null=True, help_text="How many pages the file has. Null before it was made.")
    size = serializers.IntegerField(allow_null=True, help_text="Bytes.")
    sha256 = serializers.CharField(help_text="Of the file. Empty until it is ready.")
    error = serializers.CharField(help_text="Why it failed. Asking for the same report again tries again.")
    file = serializers.CharField(allow_null=True, help_text="Where to fetch the PDF, null until it is ready.")


class ReportBody(Body):
    snapshot = Text(say="Snapshot", limit=16, help_text="The id of a snapshot of the project.")
    names = Flag(default=True, help_text="Whether it shows the names of people.")
    notes = Flag(default=True, help_text="Whether it shows notes.")
    evidence = Flag(default=True, help_text="Whether it shows links to evidence.")


def report_shape(row: Report, slug: str) -> dict[str, Any]:
    plain = (
        "state",
        "step",
        "names",
        "notes",
        "evidence",
        "created_at",
        "ready_at",
        "pages",
        "size",
        "sha256",
        "error",
    )
    is_ready = row.state == ReportState.READY
    shape = {
        **{name: getattr(row, name) for name in plain},
        "id": row.public_id,
        "snapshot": row.frozen.public_id,
        "created_by": person(row.created_by),
        "file": reverse("api:report_file", args=[slug, row.public_id]) if is_ready else None,
    }
    return dict(ReportShape(shape).data)


def find_report(project: Project, public_id: str) -> Report:
    row = Report.objects.with_subject().filter(snapshot__project=project, public_id=public_id).first()
    if row is None:
        raise Http404
    return row


def snapshot_named(project: Project, public_id: str) -> Snapshot:
    """The snapshot that a body names. Raises Problem."""
    rows = Snapshot.objects.select_related("project__organisation", "assessment").defer("body")
    snapshot: Snapshot | None = rows.filter(project=project, public_id=public_id).first()
    if snapshot is None:
        raise refused("snapshot", "snapshot: the project has none with this id.")
    return snapshot


def waiting(row: Report) -> dict[str, str]:
    return {} if row.is_finished else {"Retry-After": ASK_AGAIN}


class Reports(Endpoint):
    @operation("list_reports", "Reports", needs=Permission.VIEW_PROJECT, returns=list_of(ReportShape), query=PORTION)
    def get(self, request: Request, slug: str) -> Response:
        """Newest first."""
        project = project_of(request, slug, Permission.VIEW_PROJECT)
        rows = Report.objects.filter(snapshot__project=project).with_subject().order_by("-id")
        portion = portion_of(request, rows, lambda row: report_shape(row, project.slug))
        return Response({"items": portion.items, "next": portion.next})

    @operation(
        "request_report", "Ask for a report", needs=Permission.REQUEST_REPORT, takes=ReportBody, returns=ReportShape,
        status=202,
    )  # fmt: skip
    def post(self, request: Request, slug: str) -> Response:
        """A worker makes it; read it again until its state is `ready` or `failed`. Asking twice for the same content
        gives the same report.
        """
        project = project_of(request, slug, Permission.REQUEST_REPORT)
        values = read_body(request, ReportBody)
        snapshot = snapshot_named(project, values.pop("snapshot"))
        report = request_report(snapshot=snapshot, content=ReportContent(**values), by=acting_of(request).user)
        row = find_report(project, report.public_id)
        headers = {"Location": reverse("api:report", args=[project.slug, row.public_id]), **waiting(row)}
        return Response(report_shape(row, project.slug), status=202, headers=headers)


class OneReport(Endpoint):
    @operation("read_report", "One report", needs=Permission.VIEW_PROJECT, returns=ReportShape)
    def get(self, request: Request, slug: str, public_id: str) -> Response:
        """While it is being made, Retry-After says when to ask again, in seconds."""
        project = project_of(request, slug, Permission.VIEW_PROJECT)
        row = find_report(project, public_id)
        return Response(report_shape(row, project.slug), headers=waiting(row))


class ReportFile(Endpoint):
    @operation(
        "download_report", "The file of a report", needs=Permission.VIEW_PROJECT,
        returns={(200, "application/pdf"): OpenApiTypes.BINARY}, also=(409,),
    )  # fmt: skip
    def get(self, request: Request, slug: str, public_id: str) -> HttpResponse:
        project = project_of(request, slug, Permission.VIEW_PROJECT)
        row = find_report(project, public_id)
        response = pdf_response(row)
        if row.state == ReportState.FAILED:
            raise Problem(409, "conflict", f"The report failed: {row.error} Ask for it again to try once more.")
        if response is None:
            raise Problem(409, "conflict", "The file is not there yet. It is being made.", headers=waiting(row))
        return response
