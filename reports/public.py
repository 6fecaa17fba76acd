"""What a person without an account sees through a share link: one frozen result or board, and nothing else.

The token is in the address once. It is exchanged for a cookie that is sent to this link's own pages alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import cast

from csp.constants import NONE
from csp.decorators import csp_replace
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.hashers import check_password
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import token_hash
from assessments.models import Snapshot
from assessments.presentation import present
from assessments.snapshots import read_body
from findings.board import build_board
from findings.document import ReportOptions
from reports.board_pages import page_of
from reports.boards import read_board
from reports.files import pdf_response
from reports.models import ReportState, ShareLink
from reports.services import count_view, forget_tries, take_try

COOKIE = "shared"
SALT = "reports.share"
COOKIE_AGE_SECONDS = 43_200
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)

View = Callable[..., HttpResponse]
without_scripts = cast("Callable[[View], View]", csp_replace({"script-src": [NONE], "connect-src": [NONE]}))


def private(response: HttpResponse) -> HttpResponse:
    """No index, no referrer, no cache: the page is for the person who was sent the link."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store, private"
    return response


def gone(request: HttpRequest) -> HttpResponse:
    """One answer for unknown, expired and revoked links, so that nothing can be found out by trying."""
    return private(render(request, "reports/share_gone.html", status=404))


def find_link(public_id: str) -> ShareLink | None:
    links = ShareLink.objects.active(at=timezone.now()).select_related(
        "snapshot__project__organisation",
        "snapshot__assessment",
        "report__snapshot__project",
        "board__organisation",
        "report__board__organisation",
    )
    links = links.defer("report__snapshot__body", "report__board__body")
    return links.filter(public_id=public_id).first()


@login_not_required
@require_safe
@without_scripts
def exchange(request: HttpRequest, token: str) -> HttpResponse:
    """Swaps the token in the address for a cookie and goes on to the page. Opening it counts nothing yet."""
    found = (
        ShareLink.objects.active(at=timezone.now()).filter(token_hash=token_hash(token))
        if TOKEN.fullmatch(token)
        else None
    )
    link = found.first() if found is not None else None
    if link is None:
        return gone(request)
    response = redirect("reports:shared", public_id=link.public_id)
    response.status_code = 303
    _remember(response, link, is_unlocked=not link.passphrase)
    return private(response)


def _remember(response: HttpResponse, link: ShareLink, *, is_unlocked: bool) -> None:
    value = signing.dumps({"link": link.public_id, "unlocked": is_unlocked}, salt=SALT)
    response.set_cookie(
        COOKIE,
        value,
        max_age=COOKIE_AGE_SECONDS,
        path=reverse("reports:shared", args=[link.public_id]),
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def _state(request: HttpRequest, link: ShareLink) -> str:
    """ "none", "locked" or "open", from the cookie of this link."""
    try:
        value = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=COOKIE_AGE_SECONDS)
    except signing.BadSignature:
        return "none"
    if value.get("link") != link.public_id:
        return "none"
    return "open" if value.get("unlocked") or not link.passphrase else "locked"


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@without_scripts
def shared(request: HttpRequest, public_id: str) -> HttpResponse:
    link = find_link(public_id)
    state = _state(request, link) if link else "none"
    if link is None or state == "none":
        return gone(request)
    if state == "locked":
        return _unlock(request, link)
    if request.method == "POST":
        return private(redirect("reports:shared", public_id=public_id))
    if request.method == "GET":
        count_view(link, at=timezone.now())
    context: dict[str, object] = {
        "link": link,
        "frozen": link.frozen,
        "pdf_ready": bool(link.report and link.report.state == ReportState.READY),
        "pdf_failed": bool(link.report and link.report.state == ReportState.FAILED),
        "has_pdf": link.report is not None,
    }
    if link.board is not None:
        document = build_board(read_board(link.board), names=link.names, sha256=link.board.sha256)
        return private(render(request, "reports/shared_board.html", context | page_of(document)))
    snapshot = cast("Snapshot", link.snapshot)
    options = ReportOptions(names=link.names, notes=link.notes, evidence=link.evidence)
    page = present(read_body(snapshot), snapshot.assessment.checklist, options, sha256=snapshot.sha256)
    context |= {"page": page, "snapshot": snapshot, "links": False}
    return private(render(request, "reports/shared.html", context))


def _unlock(request: HttpRequest, link: ShareLink) -> HttpResponse:
    """Asks for the passphrase: five tries in ten minutes for each link, whoever tries."""
    problem, status = "", 200
    if request.method == "POST":
        if not take_try(link):
            problem, status = "Too many tries. Wait ten minutes and try again.", 429
        elif check_password(request.POST.get("passphrase", "")[:1000], link.passphrase):
            forget_tries(link)
            response = redirect("reports:shared", public_id=link.public_id)
            _remember(response, link, is_unlocked=True)
            return private(response)
        else:
            problem, status = "This is not the passphrase.", 422
    return private(render(request, "reports/share_locked.html", {"problem": problem}, status=status))


@login_not_required
@require_safe
@without_scripts
def shared_pdf(request: HttpRequest, public_id: str) -> HttpResponse:
    link = find_link(public_id)
    if link is None or _state(request, link) != "open" or link.report is None:
        return gone(request)
    response = pdf_response(link.report)
    if response is None:
        return private(redirect("reports:shared", public_id=public_id))
    return private(response)
