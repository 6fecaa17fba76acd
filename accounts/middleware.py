"""Which organisation a request is about."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from accounts.models import Membership

SESSION_KEY = "organisation"


def find_membership(request: HttpRequest) -> Membership | None:
    """The membership chosen in the session, else the oldest one. Read anew on every request: no role is cached."""
    if not request.user.is_authenticated:
        return None
    memberships = list(Membership.objects.filter(user=request.user).select_related("organisation").order_by("id")[:50])
    chosen = request.session.get(SESSION_KEY)
    return next((m for m in memberships if m.organisation_id == chosen), memberships[0] if memberships else None)


class OrganisationMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.membership = SimpleLazyObject(lambda: find_membership(request))  # type: ignore[attr-defined]
        return self.get_response(request)
