"""Asking for reports, watching them being made, and sharing frozen results by link."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import member_of, user_of
from accounts.links import absolute_url
from accounts.roles import Permission
from accounts.texts import TextRefused
from assessments.models import Snapshot
from assessments.views.common import latest_assessment, page_context
from projects.access import project_for
from projects.models import Project
from reports.files import pdf_response
from reports.models import STEPS, BoardSnapshot, Report, ReportState, ShareLink
from reports.reconciler import is_worker_alive
from reports.services import (
    ReportContent,
    ReportRefused,
    ShareTerms,
    ask_again,
    create_share_link,
    request_report,
    revoke_share_link,
)

PAGE = 50
POLL_SECONDS, SLOW_POLL_SECONDS, SLOW_AFTER_SECONDS = 2, 5, 30
STOP_POLLING = 286


def find_report(project: Project, public_id: str) -> Report:
    return get_object_or_404(Report.objects.with_subject(), snapshot__project=project, public_id=public_id)


def find_snapshot(project: Project, public_id: str) -> Snapshot:
    rows = Snapshot.objects.select_related("project__organisation", "assessment").defer("body")
    snapshot: Snapshot = get_object_or_404(rows, project=project, public_id=public_id)
    return snapshot


@require_safe
def all_reports(request: HttpRequest) -> HttpResponse:
    """Every report of the projects and boards this person may see, newest first."""
    membership = member_of(request)
    visible = Project.objects.visible_to(user_of(request)).filter(organisation=membership.organisation)
    boards = BoardSnapshot.objects.visible_to(membership)
    theirs = Q(snapshot__project__in=visible.values("pk")) | Q(board__in=boards.values("pk"))
    rows = Report.objects.filter(theirs).with_subject().order_by("-id")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return render(request, "reports/all.html", {"section": "reports", "page": page})


@require_safe
def project_reports(request: HttpRequest, slug: str) -> HttpResponse:
    project = project_for(request.user, slug, Permission.VIEW_PROJECT)
    rows = Report.objects.filter(snapshot__project=project).with_subject().order_by("-id")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    newest = Snapshot.objects.filter(project=project).defer("body").order_by("-number").first()
    now = timezone.now()
    context = page_context(
        project,
        "reports",
        latest_assessment(project),
        page=page,
        newest=newest,
        links=[(link, link.is_active(at=now)) for link in _links_of(project)],
    )
    return render(request, "reports/project.html", context)


def _links_of(project: Project) -> Iterable[ShareLink]:
    """For those who may share alone: whom a link is for is not for every reader."""
    if Permission.SHARE not in project.permissions():
        return ()
    links = ShareLink.objects.filter(snapshot__project=project).select_related("snapshot__project", "created_by")
    return links.defer("snapshot__body").order_by("-id")[:100]


@require_POST
def create(request: HttpRequest, slug: str, public_id: str) -> HttpResponse:
    project = project_for(request.user, slug, Permission.REQUEST_REPORT)
    snapshot = find_snapshot(project, public_id)
    try:
        report = request_report(snapshot=snapshot, content=_read_content(request), by=user_of(request))
    except ReportRefused as error:
        messages.warning(request, str(error))
        return redirect("reports:project", slug=slug)
    return redirect("reports:detail", slug=slug, public_id=report.public_id)


def _read_content(request: HttpRequest) -> ReportContent:
    """What was ticked, where the form offers the choice; a form of one button asks for everything."""
    return _ticked(request) if "choice" in request.POST else ReportContent()


def _ticked(request: HttpRequest) -> ReportContent:
    return ReportContent(**{name: request.POST.get(name) == "1" for name in ("names", "notes", "evidence")})


@require_safe
def detail(request: HttpRequest, slug: str, public_id: str) -> HttpResponse:
    """The state of one report. The page asks for its own fragment until the report is finished."""
    project = project_for(request.user, slug, Permission.VIEW_PROJECT)
    report = find_report(project, public_id)
    context = page_context(project, "reports", None, **state_of(report))
    return state_response(request, "reports/detail.html", context)


def state_of(report: Report) -> dict[str, Any]:
    """What the state of a report says, for the page and for the fragment that it asks for."""
    waiting = (timezone.now() - report.enqueued_at).total_seconds()
    return {
        "report": report,
        "steps": STEPS[1:],
        "poll": POLL_SECONDS if waiting < SLOW_AFTER_SECONDS else SLOW_POLL_SECONDS,
        "before": _waiting_before(report) if report.state == ReportState.QUEUED else 0,
        "worker_missing": not report.is_finished and not is_worker_alive(),
    }


def state_response(request: HttpRequest, page: str, context: dict[str, Any]) -> HttpResponse:
    if request.headers.get("HX-Request"):
        status = STOP_POLLING if context["report"].is_finished else 200
        return render(request, "reports/_state.html", context, status=status)
    return render(request, page, context)


def _waiting_before(report: Report) -> int:
    """Of the reader's own organisation alone: how busy the others are is not theirs to know."""
    return Report.objects.of_organisation(report.organisation).unfinished().filter(pk__lt=report.pk).count()


@require_safe
def download(request: HttpRequest, slug: str, public_id: str) -> HttpResponse:
    project = project_for(request.user, slug, Permission.VIEW_PROJECT)
    report = find_report(project, public_id)
    response = pdf_response(report)
    if response is None:
        messages.info(request, "The file is not there yet. It is being made.")
        return redirect("reports:detail", slug=slug, public_id=public_id)
    return response


@require_POST
def retry(request: HttpRequest, slug: str, public_id: str) -> HttpResponse:
    project = project_for(request.user, slug, Permission.REQUEST_REPORT)
    report = find_report(project, public_id)
    try:
        ask_again(report=report, by=user_of(request))
    except ReportRefused as error:
        messages.warning(request, str(error))
    return redirect("reports:detail", slug=slug, public_id=public_id)


@require_http_methods(["GET", "HEAD", "POST"])
def share(request: HttpRequest, slug: str, public_id: str) -> HttpResponse:
    """Making a link to one frozen result. Its address is shown once."""
    project = project_for(request.user, slug, Permission.SHARE)
    snapshot = find_snapshot(project, public_id)
    made = make_link(request, partial(create_share_link, snapshot=snapshot))
    links = ShareLink.objects.filter(snapshot=snapshot).select_related("snapshot__project")
    context = page_context(project, "snapshots", None, snapshot=snapshot, **made, **links_context(links))
    return render(request, "reports/share.html", context, status=422 if made["problem"] else 200)


def make_link(request: HttpRequest, create: Callable[..., tuple[ShareLink, str]]) -> dict[str, Any]:
    """Makes the link of a form that was sent: its address, there this once, or a sentence that says what is wrong."""
    address, problem = "", ""
    if request.method == "POST":
        try:
            _, token = create(terms=_read_terms(request), by=user_of(request), at=timezone.now())
        except (TextRefused, ReportRefused) as error:
            problem = str(error)
        else:
            address = absolute_url(request, reverse("reports:exchange", args=[token]))
    return {
        "address": address,
        "problem": problem,
        "typed": request.POST if problem else {},
        "days": settings.SHARE_LINK_DAYS,
        "most_days": settings.SHARE_LINK_MAX_DAYS,
    }


def links_context(links: QuerySet[ShareLink]) -> dict[str, Any]:
    """The links that were made, those that work first."""
    revoked_last = Case(When(revoked_at=None, then=Value(0)), default=Value(1), output_field=IntegerField())
    rows = links.select_related("created_by").defer("snapshot__body", "board__body")
    now = timezone.now()
    return {"links": [(row, row.is_active(at=now)) for row in rows.order_by(revoked_last, F("id").desc())[:100]]}


def _read_terms(request: HttpRequest) -> ShareTerms:
    days = request.POST.get("days", "")
    if not days.isascii() or not days.isdecimal() or len(days) > 4:
        raise ReportRefused(f"Days: a whole number from 1 to {settings.SHARE_LINK_MAX_DAYS}.")
    return ShareTerms(
        label=request.POST.get("label", ""),
        days=int(days),
        content=_ticked(request),
        passphrase=request.POST.get("passphrase", ""),
        with_pdf=request.POST.get("with_pdf") == "1",
    )


@require_POST
def revoke(request: HttpRequest, slug: str, public_id: str) -> HttpResponse:
    project = project_for(request.user, slug, Permission.SHARE)
    links = ShareLink.objects.select_related("snapshot__project__organisation").defer("snapshot__body")
    link = get_object_or_404(links, snapshot__project=project, public_id=public_id)
    revoke_share_link(link=link, by=user_of(request), at=timezone.now())
    messages.success(request, f"The link for {link.label} no longer works.")
    return redirect("reports:share", slug=slug, public_id=link.frozen.public_id)
