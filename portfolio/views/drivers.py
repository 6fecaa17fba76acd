"""Every question with what it adds to the risk over all projects in scope."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portfolio.keeping import read_summary
from portfolio.views.common import view_of
from portfolio.views.dashboard import driver_lines


@require_safe
def drivers(request: HttpRequest) -> HttpResponse:
    view = view_of(request)
    summary = read_summary(view.sight, view.filters, at=view.at)
    context = {
        "section": "portfolio",
        "summary": summary,
        "lines": driver_lines(view, summary),
        "back": view.filters.scope.query(),
    }
    return render(request, "portfolio/drivers.html", context)
