"""What every page's frame shows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import Membership
from accounts.roles import Permission


def organisation(request: HttpRequest) -> dict[str, Any]:
    """All lazy: a page that shows none of this asks the database nothing, which the error pages need."""
    membership: Membership | None = getattr(request, "membership", None)

    def allows(permission: Permission) -> Any:
        return SimpleLazyObject(lambda: membership.allows(permission) if membership else False)

    return {
        "membership": membership,
        "can_see_portfolio": allows(Permission.VIEW_PORTFOLIO),
        "can_create_project": allows(Permission.CREATE_PROJECT),
        "can_manage": allows(Permission.MANAGE_ORGANISATION),
    }
