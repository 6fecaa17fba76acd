"""Business units side by side, and giving one of them another name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.access import member_with, user_of
from accounts.roles import Permission
from accounts.texts import TextRefused
from charts import portfolio as pictures
from charts.markup import Drawing
from portfolio.filters import NO_UNIT
from portfolio.keeping import read_summary
from portfolio.periods import since_words
from portfolio.rows import change_of
from portfolio.summary import UnitLine
from portfolio.views.common import View, view_of
from portfolio.views.dashboard import result_address
from portfolio.words import change_words
from projects.models import UNIT_LIMIT
from projects.units import UnknownUnit, rename_unit


@dataclass(frozen=True, slots=True)
class Line:
    unit: UnitLine
    query: str
    change: str
    worst: str
    bar: Drawing


@require_safe
def units(request: HttpRequest) -> HttpResponse:
    return units_page(request, view_of(request))


def units_page(request: HttpRequest, view: View, problem: str = "", unit: str = "", name: str = "") -> HttpResponse:
    """The page; with a problem it shows the form as it was sent."""
    scope = view.filters.scope
    summary = read_summary(view.sight, scope, at=view.at)
    context: dict[str, Any] = {
        "section": "portfolio",
        "summary": summary,
        "since": since_words(summary.since, summary.day),
        "lines": [
            Line(
                unit,
                scope.query(unit=unit.name or NO_UNIT),
                change_words(change_of(unit.median_before, unit.median)),
                result_address(unit.worst_slug, unit.worst_snapshot),
                pictures.distribution_bar(unit.levels),
            )
            for unit in summary.units
        ],
        "query": scope.query(),
        "can_rename": view.sight.membership.allows(Permission.MANAGE_ORGANISATION),
        "limit": UNIT_LIMIT,
        "problem": problem,
        "unit": unit,
        "name": name,
    }
    return render(request, "portfolio/units.html", context, status=422 if problem else 200)


@require_POST
def rename(request: HttpRequest) -> HttpResponse:
    """Gives a unit another name, or merges it into one that there is."""
    membership = member_with(request, Permission.MANAGE_ORGANISATION)
    unit, name = request.POST.get("unit", "")[:UNIT_LIMIT], request.POST.get("name", "")
    try:
        moved = rename_unit(organisation=membership.organisation, unit=unit, name=name, by=user_of(request))
    except TextRefused as error:
        return units_page(request, view_of(request), str(error), unit, name)
    except UnknownUnit as error:
        raise Http404(str(error)) from error
    messages.success(request, f"{moved:,} {'project' if moved == 1 else 'projects'} moved.")
    return redirect("portfolio:units")
