"""Making and changing a project, and starting its checklist."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import member_with, user_of
from accounts.roles import Permission
from assessments.errors import AssessmentClosed
from assessments.models import Assessment
from assessments.services import CHECKLIST, follow_project, start_assessment
from assessments.views.common import latest_assessment, page_context
from checklists.loader import load
from projects.access import ARCHIVED, project_for
from projects.forms import ProjectForm, initial_of
from projects.models import Project, Stage
from projects.services import create_project, update_project


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    membership = member_with(request, Permission.CREATE_PROJECT)
    by = user_of(request)
    form = ProjectForm(
        request.POST if request.method == "POST" else None,
        checklist=load(*CHECKLIST),
        projects=Project.objects.in_sight_of(membership),
        organisation=membership.organisation,
        initial={"stage": Stage.IDEA, "owner": by.pk},
    )
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            project = create_project(organisation=membership.organisation, details=form.details(), by=by)
            start_assessment(project=project, by=by, title=gate_title(project.stage), at=timezone.now())
        return redirect("assessments:overview", slug=project.slug)
    status = 422 if form.errors else 200
    return render(request, "assessments/project_form.html", {"section": "projects", "form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    project = project_for(request.user, slug, Permission.EDIT_PROJECT)
    if request.method == "POST" and project.is_archived:
        raise PermissionDenied(ARCHIVED)
    assessment = latest_assessment(project)
    form = ProjectForm(
        request.POST if request.method == "POST" else None,
        checklist=load(*CHECKLIST),
        projects=Project.objects.visible_to(user_of(request)).filter(organisation=project.organisation_id),
        organisation=project.organisation,
        initial=initial_of(project),
    )
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            update_project(project=project, details=form.details(), by=user_of(request))
            follow_project(project=project)
        messages.success(request, "Saved.")
        return redirect("assessments:overview", slug=project.slug)
    context = page_context(project, "settings", assessment, form=form)
    return render(request, "assessments/project_form.html", context, status=422 if form.errors else 200)


@require_POST
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Starts the next run with the answers of the last one, so that nothing is asked twice."""
    project = project_for(request.user, slug, Permission.TAKE_SNAPSHOT)
    previous: Assessment | None = latest_assessment(project)
    try:
        start_assessment(
            project=project, by=user_of(request), title=gate_title(project.stage), copy_from=previous, at=timezone.now()
        )
    except AssessmentClosed as error:
        messages.warning(request, str(error))
    return redirect("assessments:overview", slug=project.slug)


def gate_title(stage: str) -> str:
    return f"{Stage(stage).label} gate review"
