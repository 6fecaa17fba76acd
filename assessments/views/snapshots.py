"""Freezing a result, the list of frozen ones, and one of them."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import user_of
from accounts.roles import Permission
from accounts.texts import TextRefused
from assessments.errors import AssessmentClosed
from assessments.models import Snapshot
from assessments.presentation import present
from assessments.snapshots import read_body, take_snapshot
from assessments.views.common import latest_assessment, page_context
from charts.bars import range_bar
from charts.markup import Drawing
from findings.verdict import confidence_of, judge
from projects.access import project_for
from projects.models import Project

PAGE = 50


@dataclass(frozen=True, slots=True)
class Line:
    """A frozen result in the list; while it was too early to judge only its range is shown."""

    snapshot: Snapshot
    is_early: bool
    bar: Drawing | None


def make_line(row: Snapshot) -> Line:
    if row.index is None or row.low is None or row.high is None:
        return Line(row, is_early=True, bar=None)
    is_early = judge(row.answered, row.due, confidence_of(row.low, row.high)) == "early"
    return Line(row, is_early, range_bar(None if is_early else row.index, row.low, row.high))


@require_http_methods(["GET", "HEAD", "POST"])
def snapshot_list(request: HttpRequest, slug: str) -> HttpResponse:
    permission = Permission.TAKE_SNAPSHOT if request.method == "POST" else Permission.VIEW_PROJECT
    project = project_for(request.user, slug, permission)
    problem = ""
    if request.method == "POST":
        try:
            snapshot = _take(request, project)
        except (TextRefused, AssessmentClosed) as error:
            problem = str(error)
        else:
            messages.success(request, "The result is frozen.")
            return redirect("assessments:snapshot", slug=slug, public_id=snapshot.public_id)
    assessment = latest_assessment(project)
    rows = (
        Snapshot.objects.filter(project=project)
        .defer("body")
        .select_related("taken_by", "assessment")
        .order_by("-number")
    )
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    lines = [make_line(row) for row in page.object_list]
    context = page_context(
        project,
        "snapshots",
        assessment,
        page=page,
        lines=lines,
        problem=problem,
        typed=request.POST,
        suggested=f"{assessment.title}, {timezone.now():%-d %b %Y}" if assessment else "",
    )
    return render(request, "assessments/snapshots.html", context, status=422 if problem else 200)


def _take(request: HttpRequest, project: Project) -> Snapshot:
    assessment = latest_assessment(project)
    if assessment is None:
        raise AssessmentClosed("This project has no checklist yet, so there is nothing to freeze.")
    return take_snapshot(
        assessment=assessment,
        label=request.POST.get("label", ""),
        note=request.POST.get("note", ""),
        decision=request.POST.get("decision", ""),
        closes=request.POST.get("closes") == "1",
        by=user_of(request),
        at=timezone.now(),
    )


@require_safe
def detail(request: HttpRequest, slug: str, public_id: str) -> HttpResponse:
    """A frozen result. It reads the same for ever."""
    project = project_for(request.user, slug, Permission.VIEW_PROJECT)
    snapshot = get_object_or_404(
        Snapshot.objects.select_related("assessment", "taken_by"), project=project, public_id=public_id
    )
    page = present(read_body(snapshot), snapshot.assessment.checklist, sha256=snapshot.sha256)
    context = page_context(project, "snapshots", snapshot.assessment, page=page, snapshot=snapshot, is_live=False)
    return render(request, "assessments/results.html", context)
