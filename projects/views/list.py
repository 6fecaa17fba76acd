"""The list of projects, and archiving one of them."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F, FilteredRelation, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.access import member_of, user_of
from accounts.roles import Permission
from charts.bars import range_bar
from charts.markup import Drawing
from projects.access import project_for
from projects.models import Project, ProjectQuerySet, Stage
from projects.services import archive_project

PAGE = 50
FIND_LIMIT = 120
SORTS = {
    "risk": ("-current__high", "-current__low", "id"),
    "name": ("name", "id"),
    "newest": ("-id",),
}


@require_safe
def project_list(request: HttpRequest) -> HttpResponse:
    """Worst case first, so that what is unknown never looks good."""
    membership = member_of(request)
    shown = Project.objects.visible_to(user_of(request)).filter(organisation=membership.organisation)
    archived = request.GET.get("archived") == "1"
    rows = shown.filter(archived_at__isnull=not archived)
    rows = _filtered(request, rows).annotate(current=FilteredRelation("figures", condition=Q(figures__is_current=True)))
    sort = request.GET.get("sort", "risk")
    rows = (
        rows.annotate(
            index=F("current__index"),
            low=F("current__low"),
            high=F("current__high"),
            answered=F("current__answered"),
            due=F("current__due"),
            level=F("current__level"),
        )
        .select_related("owner")
        .order_by(*SORTS.get(sort, SORTS["risk"]))
    )
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "section": "projects",
        "page": page,
        "lines": [make_line(project) for project in page.object_list],
        "sort": sort,
        "stages": Stage.choices,
        "archived": archived,
        "find": request.GET.get("find", "")[:FIND_LIMIT],
        "stage": request.GET.get("stage", ""),
        "query": query.urlencode(),
        "is_filtered": any(request.GET.get(name) for name in ("find", "stage")),
    }
    return render(request, "projects/list.html", context)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the list, with what the answers give now."""

    project: Project
    index: float | None
    low: float
    high: float
    answered: int
    due: int
    bar: Drawing | None
    is_early: bool


def make_line(project: Project) -> Line:
    row = vars(project)
    index, low, high, answered = row["index"], row["low"], row["high"], row["answered"]
    is_early = row["level"] == 0
    bar = range_bar(None if is_early else index, low, high) if index is not None and answered else None
    return Line(project, index, low, high, answered, row["due"], bar, is_early)


def _filtered(request: HttpRequest, rows: ProjectQuerySet) -> ProjectQuerySet:
    find, stage = request.GET.get("find", "").strip()[:FIND_LIMIT], request.GET.get("stage", "")
    if find:
        rows = rows.filter(Q(name__icontains=find) | Q(unit__icontains=find) | Q(goal__icontains=find))
    if stage in Stage.values:
        rows = rows.filter(stage=stage)
    return rows


@require_POST
def archive(request: HttpRequest, slug: str) -> HttpResponse:
    project = project_for(request.user, slug, Permission.EDIT_PROJECT)
    is_restore = request.POST.get("restore") == "1"
    archive_project(project=project, by=user_of(request), at=None if is_restore else timezone.now())
    messages.success(
        request, "The project is open again." if is_restore else "The project is archived. Nothing was removed."
    )
    return redirect("assessments:overview", slug=project.slug)
