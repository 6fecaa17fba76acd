"""Pages of the site itself: the way in, health, and what is said when something is refused."""

from __future__ import annotations

import logging
import sys

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

import scoring
from accounts.access import member_of, member_with, user_of
from accounts.roles import Permission
from api.problems import TITLES, Problem, problem_response
from api.refusals import problem_of
from assessments.services import CHECKLIST
from assessor.demo.portfolio import remove_demo
from assessor.middleware import is_interface, wants_json
from checklists.loader import load
from projects.models import Project
from reports.reconciler import is_worker_alive

logger = logging.getLogger("preflight.web")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The portfolio, or the projects for those who answer and for people without an organisation yet."""
    membership = request.membership  # type: ignore[attr-defined]
    can_see = membership and membership.allows(Permission.VIEW_PORTFOLIO)
    return redirect("portfolio:dashboard" if can_see else "projects:list")


@login_not_required
@require_safe
def is_alive(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers. Asks nothing of the database."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
def is_ready(request: HttpRequest) -> HttpResponse:
    """200 when the database answers and is up to date. Says beside it whether a worker left a sign of life."""
    try:
        executor = MigrationExecutor(connection)
        pending = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        worker = is_worker_alive() if not pending else False
    except (DatabaseError, InterfaceError):
        return JsonResponse({"status": "unavailable", "database": False}, status=503)
    state = {"status": "pending migrations" if pending else "ok", "database": True, "worker": worker}
    return JsonResponse(state, status=503 if pending else 200)


@require_safe
def method(request: HttpRequest) -> HttpResponse:
    """How the number is made, with an example that the engine itself computes."""
    member_of(request)
    context = {"section": "method", "example": example_result(), "checklist": load(*CHECKLIST)}
    return render(request, "method.html", context)


def example_result() -> scoring.Result:
    """Two dimensions, five questions, one must-have at its worst: the hand check of docs/scoring.md."""
    items = (
        scoring.Item("a1", "A", 5, True, 2.0, "M"),
        scoring.Item("a2", "A", 4, False, 1.0, "S"),
        scoring.Item("a3", "A", 4, False, 1.0, "L"),
        scoring.Item("b1", "B", 4, True, 1.5, "S"),
        scoring.Item("b2", "B", 5, False, 1.0, "M"),
    )
    levels = {"a1": 0, "a2": 3, "a3": 3, "b1": 3, "b2": 4}
    responses = tuple(scoring.Response(key, level=level, evidence=True) for key, level in levels.items())
    instrument = scoring.Instrument(("A", "B"), items, {"S": 1, "M": 3, "L": 8})
    return scoring.evaluate(instrument, scoring.Answers(responses))


@require_http_methods(["GET", "HEAD", "POST"])
def demo_data(request: HttpRequest) -> HttpResponse:
    """What the demo portfolio is, and its removal in one step."""
    membership = member_with(request, Permission.MANAGE_ORGANISATION)
    if request.method == "POST":
        count = remove_demo(organisation=membership.organisation, by=user_of(request))
        messages.success(request, f"Removed {count} demo projects with their answers, snapshots and reports.")
        return redirect("projects:list")
    projects = Project.objects.filter(organisation=membership.organisation, is_demo=True).order_by("name")
    return render(request, "demo.html", {"section": "members", "projects": projects})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was older than the session. Nothing was saved, and the page says what to do."""
    if wants_json(request):
        return JsonResponse({"error": "Your session was renewed.", "renew": True}, status=403)
    return render(request, "403_csrf.html", status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_interface(request):
        return problem_response(Problem(400, "bad_request", TITLES["bad_request"]))
    return render(request, "400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", {"reason": str(exception) or "You are not allowed to do this."}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_interface(request):
        return problem_response(Problem(404, "not_found", "There is nothing at this address."))
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """A lost or busy database is a 503 with the advice to look before trying again; anything else is our fault."""
    error = sys.exc_info()[1]
    if is_interface(request):
        found = problem_of(error) if isinstance(error, (OperationalError, InterfaceError)) else None
        return problem_response(found or Problem(500, "failed", TITLES["failed"]))
    if not isinstance(error, (OperationalError, InterfaceError)):
        return render(request, "500.html", status=500)
    logger.error("The database did not answer on %s: %s", request.path, error)
    response = render(request, "503.html", status=503)
    response.headers["Retry-After"] = "5"
    return response
