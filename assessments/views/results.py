"""The result of the answers as they stand."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.roles import Permission
from assessments.models import Assessment, Snapshot
from assessments.presentation import ResultPage, present
from assessments.snapshots import count_track_record, live_body, read_body
from assessments.views.common import latest_assessment, page_context
from projects.access import project_for


@require_safe
def live(request: HttpRequest, slug: str) -> HttpResponse:
    """What the answers say now, which changes with the next answer; of a closed run what its last snapshot says."""
    project = project_for(request.user, slug, Permission.VIEW_PROJECT)
    assessment = latest_assessment(project)
    context = page_context(project, "results", assessment)
    if assessment is not None:
        closing = None if assessment.is_open else assessment.snapshots.filter(closes=True).first()
        context |= {"page": _page(assessment, closing), "closing": closing, "is_live": True}
    return render(request, "assessments/results.html", context)


def _page(assessment: Assessment, closing: Snapshot | None) -> ResultPage:
    """The frozen result of a closed run compares with the snapshot before it, a live one with the newest."""
    if closing is not None:
        return present(read_body(closing), assessment.checklist, sha256=closing.sha256)
    previous = Snapshot.objects.filter(project=assessment.project).order_by("-number").first()
    record = count_track_record(assessment.project.organisation)
    body = live_body(assessment, previous, at=timezone.now(), track_record=record)
    return present(body, assessment.checklist)
