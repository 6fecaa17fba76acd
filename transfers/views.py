"""A project out and in, and an organisation out."""

from __future__ import annotations

import tempfile
from typing import BinaryIO, cast

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import member_with, user_of
from accounts.roles import Permission
from projects.access import project_for
from projects.models import Project
from transfers import services
from transfers.archives import counts_of
from transfers.document import FILE_LIMIT, ProjectDocument
from transfers.errors import TransferRefused
from transfers.exporting import file_bytes
from transfers.importing import NAMES_SHOWN, import_project, preview_import
from transfers.reading import read_project_file

IN_MEMORY = 8_000_000


@require_safe
def export_file(request: HttpRequest, slug: str) -> HttpResponse:
    """Who may change everything of a project may also take it along."""
    project = project_for(request.user, slug, Permission.EDIT_PROJECT)
    if request.method == "HEAD":
        return HttpResponse(content_type="application/json")
    try:
        document = services.take_out_project(project=project, by=user_of(request), at=timezone.now())
    except Project.DoesNotExist:
        raise Http404("No such project.") from None
    response = HttpResponse(file_bytes(document), content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{project.slug}.json"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def import_file(request: HttpRequest) -> HttpResponse:
    """The file is looked at, or imported. Nothing is kept in between, so that both need it."""
    membership = member_with(request, Permission.CREATE_PROJECT)
    context: dict[str, object] = {"section": "projects", "limit": FILE_LIMIT // 1_000_000, "shown": f":{NAMES_SHOWN}"}
    if request.method != "POST":
        return render(request, "transfers/import.html", context)
    try:
        document = read_project_file(_bytes_of(request))
        at = timezone.now()
        if request.POST.get("do") == "import":
            project = import_project(
                organisation=membership.organisation, document=document, by=user_of(request), at=at
            )
            return _imported(request, project, document)
        preview = preview_import(organisation=membership.organisation, document=document, at=at)
    except TransferRefused as refused:
        return render(request, "transfers/import.html", context | {"refused": refused}, status=422)
    return render(request, "transfers/import.html", context | {"document": document, "preview": preview})


def _bytes_of(request: HttpRequest) -> bytes:
    file = request.FILES.get("file")
    # A form that is too large arrives without its file.
    size = int(request.META.get("CONTENT_LENGTH") or 0) if file is None else file.size or 0
    if size > FILE_LIMIT:
        raise TransferRefused(f"at most {FILE_LIMIT // 1_000_000} MB.", "File")
    if file is None:
        raise TransferRefused("choose the file that Preflight exported.", "File")
    return bytes(file.read())


def _imported(request: HttpRequest, project: Project, document: ProjectDocument) -> HttpResponse:
    snapshots = len(document.snapshots)
    messages.success(
        request,
        f"Imported with {document.answers_count:,} answers and {snapshots:,} "
        f"{'snapshot' if snapshots == 1 else 'snapshots'}.",
    )
    if Project.objects.visible_to(user_of(request)).filter(pk=project.pk).exists():
        return redirect("assessments:overview", slug=project.slug)
    return redirect("projects:list")


@require_http_methods(["GET", "HEAD", "POST"])
def export_organisation(request: HttpRequest) -> HttpResponseBase:
    membership = member_with(request, Permission.MANAGE_ORGANISATION)
    organisation = membership.organisation
    counts = counts_of(organisation)
    is_large = counts["projects"] > services.MOST_PROJECTS
    if request.method != "POST" or is_large:
        context = {
            "section": "members",
            "organisation": organisation,
            "counts": counts,
            "told": {name: f"{count:,}" for name, count in counts.items()},
            "is_large": is_large,
            "most": services.MOST_PROJECTS,
        }
        return render(request, "transfers/organisation.html", context, status=422 if request.method == "POST" else 200)
    at = timezone.now()
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the response closes it
    services.take_out_organisation(organisation=organisation, file=cast("BinaryIO", file), by=user_of(request), at=at)
    file.seek(0)
    return FileResponse(
        file, as_attachment=True, filename=f"preflight-{at:%Y-%m-%d}.zip", content_type="application/zip"
    )
