"""The list of projects, and who may see one of them."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F, FilteredRelation, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import member_of, user_of
from accounts.models import Membership
from accounts.roles import Permission, Role
from charts.bars import range_bar
from charts.markup import Drawing
from findings.verdict import confidence_of, judge
from projects.access import project_for
from projects.models import Project, ProjectQuerySet, Stage
from projects.services import archive_project, set_grants

PAGE = 50
FIND_LIMIT = 120
SORTS = {
    "risk": (F("current__high").desc(nulls_last=True), F("current__index").desc(nulls_last=True), "id"),
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
    rows = _filtered(request, rows).annotate(
        current=FilteredRelation("assessments", condition=Q(assessments__is_latest=True))
    )
    sort = request.GET.get("sort", "risk")
    rows = (
        rows.annotate(
            index=F("current__index"),
            low=F("current__low"),
            high=F("current__high"),
            answered=F("current__answered"),
            due=F("current__due"),
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
    """One row of the list. The figures are those of the newest run; None and 0 before there is one."""

    project: Project
    index: float | None
    low: float | None
    high: float | None
    answered: int
    due: int
    bar: Drawing | None
    is_early: bool


def make_line(project: Project) -> Line:
    row = vars(project)
    index, low, high, answered = row["index"], row["low"], row["high"], row["answered"] or 0
    due = row["due"] or 0
    is_early = index is None or judge(answered, due, confidence_of(low, high)) == "early"
    bar = range_bar(None if is_early else index, low, high) if index is not None and answered else None
    return Line(project, index, low, high, answered, due, bar, is_early)


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


@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest, slug: str) -> HttpResponse:
    """Who sees this project and as what. Owners decide."""
    project = project_for(request.user, slug, Permission.MANAGE_ORGANISATION)
    members = list(
        Membership.objects.filter(organisation=project.organisation, user__is_active=True)
        .exclude(role=Role.OWNER)
        .select_related("user")
        .order_by("user__name", "id")[:500]
    )
    choices = [(role.value, role.label) for role in Role if role != Role.OWNER]
    if request.method == "POST":
        grants = {}
        for member in members:
            role = request.POST.get(f"role-{member.pk}", "")
            if role and role not in dict(choices):
                raise Http404("No such role.")
            grants[member] = role
        set_grants(project=project, grants=grants, by=user_of(request))
        messages.success(request, "Saved. The change acts from each person's next page on.")
        return redirect("projects:people", slug=project.slug)
    held = dict(project.grants.values_list("membership_id", "role"))
    rows = [(member, held.get(member.pk, "")) for member in members]
    return render(
        request,
        "projects/people.html",
        {"section": "projects", "project": project, "tab": "settings", "rows": rows, "choices": choices},
    )
