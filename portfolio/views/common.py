"""What the pages over many projects share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone

from accounts.access import member_with
from accounts.roles import Permission
from assessments.services import CHECKLIST
from checklists.loader import load
from checklists.schema import Checklist
from portfolio.filters import Filters, read_filters
from portfolio.sight import Sight, sight_of


@dataclass(frozen=True, slots=True)
class View:
    """One reader, one moment, one set of filters."""

    sight: Sight
    filters: Filters
    checklist: Checklist
    at: datetime


def view_of(request: HttpRequest) -> View:
    """Who asks for what. Raises PermissionDenied for members who may not see the portfolio."""
    membership = member_with(request, Permission.VIEW_PORTFOLIO)
    at, checklist = timezone.now(), load(*CHECKLIST)
    filters = read_filters(request.GET, today=at.date(), checklist=checklist)
    return View(sight_of(membership), filters, checklist, at)
