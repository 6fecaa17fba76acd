"""Who may do what in an organisation. The first line of every view that is not about one project."""

from __future__ import annotations

from typing import cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import Membership, User
from accounts.roles import Permission


def member_of(request: HttpRequest) -> Membership:
    """The acting membership. Raises PermissionDenied for a person without an organisation."""
    membership = getattr(request, "membership", None)
    if not membership:
        raise PermissionDenied("You are not a member of an organisation yet. Ask an owner to invite you.")
    return cast("Membership", membership)


def member_with(request: HttpRequest, permission: Permission) -> Membership:
    """The acting membership, if its role allows `permission`. Raises PermissionDenied otherwise."""
    membership = member_of(request)
    if not membership.allows(permission):
        raise PermissionDenied("Your role does not allow this. An owner of the organisation can change it.")
    return membership


def user_of(request: HttpRequest) -> User:
    """The signed-in person; the middleware has made sure that there is one."""
    return cast("User", request.user)
