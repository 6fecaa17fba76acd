"""Projects and organisations as files, and back. docs/export.md describes the files."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from typing import IO, Any, BinaryIO, cast

from django.http import FileResponse, Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Permission
from api.access import acting_of, acting_with, organisation_with, project_of
from api.limits import take_one
from api.operations import OF_ORGANISATION, Endpoint, operation
from api.parsing import read_at_most
from api.problems import Problem
from api.v1.projects import ProjectShape, read_project
from projects.models import Project
from transfers.document import FILE_LIMIT
from transfers.errors import AlreadyHere, TransferRefused
from transfers.exporting import file_bytes
from transfers.importing import import_project
from transfers.reading import read_project_file
from transfers.services import take_out_organisation, take_out_project

AN_HOUR = 60
IN_MEMORY = 8_000_000
ANY_OBJECT = {"type": "object", "additionalProperties": True}


class FileParser(BaseParser):
    """The bytes of a file, of up to 25 MB. They are checked where they are read."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        return read_at_most(stream, FILE_LIMIT)


class ExportProject(Endpoint):
    # Without HEAD: it would do all the work and be noted as if something had been taken along.
    http_method_names = ("get",)

    @operation(
        "export_project", "A project as a file", needs=Permission.EDIT_PROJECT,
        returns={(200, "application/json"): ANY_OBJECT},
    )  # fmt: skip
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Answers, history, notes, evidence, snapshots and outcome; no reports and no links. At most 60 exports an
        hour. It is noted in the trail.
        """
        project = project_of(request, slug, Permission.EDIT_PROJECT)
        acting = acting_of(request)
        take_one(acting.key, what="exports", limit=AN_HOUR)
        try:
            document = take_out_project(project=project, by=acting.user, at=timezone.now())
        except Project.DoesNotExist:
            raise Http404 from None
        return HttpResponse(file_bytes(document), content_type="application/json")


class ImportProject(Endpoint):
    parser_classes = (FileParser,)

    @operation(
        "import_project", "Bring in a project from a file", needs=Permission.CREATE_PROJECT, takes=ANY_OBJECT,
        returns=ProjectShape, status=201, query=(OF_ORGANISATION,), also=(409,),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """The body is the file of an export, at most 25 MB. People are matched by e-mail with members of the
        organisation. A project that is here already is refused.
        """
        acting = acting_with(request, Permission.CREATE_PROJECT)
        take_one(acting.key, what="imports", limit=AN_HOUR)
        try:
            document = read_project_file(cast("bytes", request.data or b""))
            project = import_project(
                organisation=acting.organisation, document=document, by=acting.user, at=timezone.now()
            )
        except AlreadyHere as error:
            raise Problem(409, "conflict", str(error)) from error
        except TransferRefused as error:
            raise Problem(422, "refused", str(error), ((error.place, str(error)),)) from error
        headers = {"Location": reverse("api:project", args=[project.slug])}
        return Response(read_project(project.pk), status=201, headers=headers)


class ExportOrganisation(Endpoint):
    http_method_names = ("get",)

    @operation(
        "export_organisation", "A whole organisation as a file", needs=Permission.MANAGE_ORGANISATION,
        returns={(200, "application/zip"): OpenApiTypes.BINARY},
    )  # fmt: skip
    def get(self, request: Request, organisation_id: int) -> FileResponse:
        """A ZIP file with members and the file of each project, for up to 2,000 projects. At most 60 exports an hour.
        It is noted in the trail.
        """
        acting = organisation_with(request, organisation_id, Permission.MANAGE_ORGANISATION)
        take_one(acting.key, what="exports", limit=AN_HOUR)
        file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the response closes it
        try:
            take_out_organisation(
                organisation=acting.organisation, file=cast("BinaryIO", file), by=acting.user, at=timezone.now()
            )
        except TransferRefused as error:
            raise Problem(422, "refused", str(error)) from error
        file.seek(0)
        return FileResponse(file, content_type="application/zip")
