"""The result of the answers as they stand."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.roles import Permission
from assessments.models import Snapshot
from assessments.presentation import present
from assessments.snapshots import live_body
from assessments.views.common import latest_assessment, page_context
from projects.access import project_for


@require_safe
def live(request: HttpRequest, slug: str) -> HttpResponse:
    """What the answers say now. It changes with the next answer; only a snapshot is reported and shared."""
    project = project_for(request.user, slug, Permission.VIEW_PROJECT)
    assessment = latest_assessment(project)
    context = page_context(project, "results", assessment)
    if assessment is not None:
        previous = Snapshot.objects.filter(project=project).order_by("-number").first()
        body = live_body(assessment, previous, at=timezone.now())
        context |= {"page": present(body, assessment.checklist), "previous": previous, "is_live": True}
    return render(request, "assessments/results.html", context)
