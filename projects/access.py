"""Who may open which project. Invisible is 404, visible but not allowed is 403."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from accounts.models import Membership, Organisation, User
from accounts.roles import Permission, permissions_of
from projects.models import Project, ProjectGrant

ARCHIVED = "This project is archived: its answers and snapshots can only be read. Restore it to change them."
WRITES = frozenset({Permission.PROPOSE, Permission.ANSWER, Permission.EDIT_PROJECT, Permission.TAKE_SNAPSHOT})


def project_for(
    user: User | AnonymousUser, slug: str, permission: Permission, *, organisation: Organisation | None = None
) -> Project:
    """The project `slug`, if this person may do `permission` with it; with `organisation`, if it belongs to that one.

    Raises Http404 when the project is not theirs to see, PermissionDenied when they may see it but not do this, also
    when it is archived and the permission changes it.
    """
    projects = Project.objects.visible_to(cast(User, user)).select_related("organisation", "owner")
    if organisation is not None:
        projects = projects.filter(organisation=organisation)
    project = projects.filter(slug=slug).first()
    if project is None:
        raise Http404("No such project.")
    if permission not in project.permissions():
        raise PermissionDenied(
            "Your role in this project does not allow this. An owner of the organisation can change it."
        )
    if project.is_archived and permission in WRITES and permission is not Permission.EDIT_PROJECT:
        raise PermissionDenied(ARCHIVED)
    return project


def may_everywhere(membership: Membership, permission: Permission) -> bool:
    """Whether the role allows this and no grant takes it away in one of the projects."""
    if not membership.allows(permission):
        return False
    grants = set(ProjectGrant.objects.filter(membership=membership).values_list("role", flat=True))
    return all(permission in permissions_of(membership.role, grant) for grant in grants)
