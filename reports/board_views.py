"""The portfolio for the board: frozen from the dashboard's filters, made into a PDF, and shared by link."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import member_with, user_of
from accounts.models import Membership
from accounts.roles import Permission
from accounts.texts import TextRefused
from assessments.services import CHECKLIST
from checklists.loader import load
from findings.board import build_board
from findings.words import day
from portfolio.board import MOST_ROWS, build_body, owner_words, scope_words
from portfolio.filters import Filters, read_filters
from portfolio.sight import sight_of
from projects.access import may_everywhere
from reports.board_pages import page_of
from reports.boards import read_board, take_board
from reports.files import pdf_response
from reports.models import LABEL_LIMIT, BoardSnapshot, Report, ShareLink
from reports.services import ReportRefused, ask_again, create_board_link, request_board_report, revoke_share_link
from reports.views import links_context, make_link, state_of, state_response


def find_board_report(membership: Membership, public_id: str) -> Report:
    visible = BoardSnapshot.objects.visible_to(membership)
    return get_object_or_404(Report.objects.with_subject(), board__in=visible.values("pk"), public_id=public_id)


def find_board(membership: Membership, public_id: str) -> BoardSnapshot:
    boards = BoardSnapshot.objects.visible_to(membership).select_related("organisation", "taken_by").defer("body")
    board: BoardSnapshot = get_object_or_404(boards, public_id=public_id)
    return board


def sharer_of(request: HttpRequest) -> Membership:
    """The acting membership, if it may share every project that a board can hold. Raises PermissionDenied."""
    membership = member_with(request, Permission.SHARE)
    if not may_everywhere(membership, Permission.SHARE):
        raise PermissionDenied("You may not share every project, so you may not share a board.")
    return membership


@require_http_methods(["GET", "HEAD", "POST"])
def create_board(request: HttpRequest) -> HttpResponse:
    """Asks for a label, then freezes the projects in the scope of the dashboard's filters, and asks for the report."""
    membership = member_with(request, Permission.REQUEST_REPORT)
    at, checklist = timezone.now(), load(*CHECKLIST)
    filters = read_filters(request.GET, today=at.date(), checklist=checklist)
    label, problem = f"Portfolio on {day((filters.as_of or at.date()).isoformat())}", ""
    if request.method == "POST":
        label = request.POST.get("label", label)
        try:
            report = _freeze(request, membership, filters, label=label, at=at)
        except (TextRefused, ReportRefused) as error:
            problem = str(error)
        else:
            return redirect("reports:board", public_id=report.public_id)
    scope, owner = scope_words(filters.scope), owner_words(filters, sight_of(membership))
    context = {
        "section": "portfolio", "label": label, "problem": problem, "limit": LABEL_LIMIT, "scope": scope,
        "owner": owner,
        "filters": filters, "query": filters.query(), "most": MOST_ROWS,
        "names": "choice" not in request.POST or request.POST.get("names") == "1",
    }  # fmt: skip
    return render(request, "reports/board_new.html", context, status=422 if problem else 200)


def _freeze(request: HttpRequest, membership: Membership, filters: Filters, *, label: str, at: datetime) -> Report:
    """Counts first and writes then, so that nobody waits for a lock while a large portfolio is counted."""
    sight, by = sight_of(membership), user_of(request)
    body = build_body(sight=sight, filters=filters, checklist=load(*CHECKLIST), at=at)
    # A form of one button asks for everything, one with choices for what is ticked.
    names = request.POST.get("names") == "1" if "choice" in request.POST else True
    with transaction.atomic():
        board = take_board(
            organisation=membership.organisation,
            label=label,
            body=body,
            as_of=filters.as_of,
            scope=body["scope"],
            sight=sight.key,
            by=by,
            at=at,
        )
        return request_board_report(board=board, names=names, by=by)


@require_safe
def board(request: HttpRequest, public_id: str) -> HttpResponse:
    """The state of a board's report, and what the board says. The page asks for its own fragment until it is made."""
    membership = member_with(request, Permission.VIEW_PORTFOLIO)
    report = find_board_report(membership, public_id)
    context = {
        "section": "reports",
        "can_report": membership.allows(Permission.REQUEST_REPORT),
        "can_share": may_everywhere(membership, Permission.SHARE),
        **state_of(report),
    }
    if not request.headers.get("HX-Request"):
        frozen = cast("BoardSnapshot", report.board)
        context |= page_of(build_board(read_board(frozen), names=report.names, sha256=frozen.sha256))
    return state_response(request, "reports/board.html", context)


@require_safe
def download_board(request: HttpRequest, public_id: str) -> HttpResponse:
    report = find_board_report(member_with(request, Permission.VIEW_PORTFOLIO), public_id)
    response = pdf_response(report)
    if response is None:
        messages.info(request, "The file is not there yet. It is being made.")
        return redirect("reports:board", public_id=public_id)
    return response


@require_POST
def retry_board(request: HttpRequest, public_id: str) -> HttpResponse:
    report = find_board_report(member_with(request, Permission.REQUEST_REPORT), public_id)
    try:
        ask_again(report=report, by=user_of(request))
    except ReportRefused as error:
        messages.warning(request, str(error))
    return redirect("reports:board", public_id=public_id)


@require_http_methods(["GET", "HEAD", "POST"])
def share_board(request: HttpRequest, public_id: str) -> HttpResponse:
    """Making a link to one board. Its address is shown once."""
    frozen = find_board(sharer_of(request), public_id)
    made = make_link(request, partial(create_board_link, board=frozen))
    links = links_context(ShareLink.objects.filter(board=frozen).select_related("board"))
    report = Report.objects.filter(board=frozen).order_by("id").first()
    context = {"section": "reports", "board": frozen, "report": report, "can_share": True, **made, **links}
    return render(request, "reports/board_share.html", context, status=422 if made["problem"] else 200)


@require_POST
def revoke_board(request: HttpRequest, public_id: str) -> HttpResponse:
    visible = BoardSnapshot.objects.visible_to(sharer_of(request))
    links = ShareLink.objects.select_related("board__organisation").defer("board__body")
    link = get_object_or_404(links, board__in=visible.values("pk"), public_id=public_id)
    revoke_share_link(link=link, by=user_of(request), at=timezone.now())
    messages.success(request, f"The link for {link.label} no longer works.")
    return redirect("reports:share_board", public_id=link.frozen.public_id)
