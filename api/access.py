"""Who acts, and what they may do. The first line of every operation.

A session acts as its person. A token acts as the person it belongs to, in one organisation, within its scopes: what
either of them may not do is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework.request import Request

from accounts.models import ApiToken, Membership, Organisation, User
from accounts.roles import SCOPE_ALLOWS, Permission
from api.problems import Problem, refused
from projects.access import project_for
from projects.models import Project

ORGANISATION = "organisation"
"""The parameter by which a session of several organisations says which one it means."""


@dataclass(frozen=True, slots=True)
class Acting:
    """The membership at work, and the token if there is one."""

    membership: Membership
    token: ApiToken | None

    @property
    def user(self) -> User:
        return self.membership.user

    @property
    def organisation(self) -> Organisation:
        return self.membership.organisation

    @property
    def key(self) -> str:
        """Who it is, for counters and idempotency keys."""
        return f"token:{self.token.pk}" if self.token else f"member:{self.membership.pk}"

    @property
    def name(self) -> str:
        return self.token.name if self.token else self.user.name

    def has_scope(self, permission: Permission) -> bool:
        return self.token is None or permission in self.token.permissions

    def require_scope(self, permission: Permission) -> None:
        if not self.has_scope(permission):
            scopes = [scope for scope, allowed in SCOPE_ALLOWS.items() if permission in allowed]
            raise Problem(403, "missing_scope", f"The token lacks a scope for this: {' or '.join(scopes)}.")


def acting_of(request: Request) -> Acting:
    """Who acts. Raises PermissionDenied for a person without an organisation."""
    if isinstance(request.auth, ApiToken):
        return Acting(request.auth.membership, request.auth)
    membership = request._request.membership  # type: ignore[attr-defined]
    if not membership:
        raise PermissionDenied("You are not a member of an organisation yet. Ask an owner to invite you.")
    return Acting(cast("Membership", membership), None)


def acting_with(request: Request, permission: Permission) -> Acting:
    """Who acts, if role and scopes allow `permission` in the organisation.

    It is the one that the parameter names, else that of the token, else the one chosen on the pages. Raises
    PermissionDenied, Problem, or Http404 for an organisation that is not theirs.
    """
    wanted = request.query_params.get(ORGANISATION)
    if wanted is not None:
        if not wanted.isascii() or not wanted.isdecimal() or len(wanted) > 18:
            raise refused(ORGANISATION, f"{ORGANISATION}: the number of an organisation of yours.")
        return organisation_with(request, int(wanted), permission)
    acting = acting_of(request)
    acting.require_scope(permission)
    if not acting.membership.allows(permission):
        raise PermissionDenied("Your role does not allow this. An owner of the organisation can change it.")
    return acting


def organisation_with(request: Request, organisation_id: int, permission: Permission) -> Acting:
    """Who acts, if this is their organisation and `permission` is theirs there. Raises Http404 for another one."""
    acting = acting_of(request)
    acting.require_scope(permission)
    if acting.organisation.pk != organisation_id:
        if acting.token is not None:
            raise Http404
        memberships = Membership.objects.select_related("user", "organisation")
        membership = memberships.filter(user=acting.user, organisation=organisation_id).first()
        if membership is None:
            raise Http404
        acting = Acting(membership, None)
    if not acting.membership.allows(permission):
        raise PermissionDenied("Your role does not allow this. An owner of the organisation can change it.")
    return acting


def project_of(request: Request, slug: str, permission: Permission) -> Project:
    """The project, if who acts may do `permission` with it: as on the pages, and within the token's scopes.

    Raises Http404 for a project that is not theirs to see, PermissionDenied or Problem for what they may not do.
    """
    acting = acting_of(request)
    acting.require_scope(permission)
    return project_for(acting.user, slug, permission, organisation=acting.organisation if acting.token else None)


def can_see(acting: Acting, project: Project, permission: Permission) -> bool:
    """Whether a part of an answer that needs more than reading may be shown. Asks no database."""
    return permission in project.permissions() and acting.has_scope(permission)
