"""Invisible is 404, visible but not allowed is 403, and no role is remembered from an earlier request."""

from __future__ import annotations

import itertools

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership, Organisation, User
from accounts.roles import Permission, Role
from projects.access import project_for
from projects.models import Project, ProjectGrant
from projects.services import archive_project
from tests.make import make_member, make_organisation, make_project, make_user

P = Permission
READ = {P.VIEW_PROJECT}
# Written out here once more, so that a slip in the product's own table does not pass.
OF_ROLE = {
    "owner": set(Permission),
    "editor": {
        P.VIEW_PORTFOLIO, P.VIEW_PROJECT, P.PROPOSE, P.ANSWER, P.EDIT_PROJECT, P.CREATE_PROJECT, P.TAKE_SNAPSHOT,
        P.REQUEST_REPORT, P.SHARE,
    },
    "respondent": {P.VIEW_PROJECT, P.PROPOSE, P.ANSWER},
    "viewer": {P.VIEW_PORTFOLIO, P.VIEW_PROJECT, P.REQUEST_REPORT},
}  # fmt: skip


def may(user: User, project: Project) -> set[Permission] | None:
    """What the person may do with the project, None when it is not there for them."""
    allowed = set()
    for permission in Permission:
        try:
            assert project_for(user, project.slug, permission) == project
        except Http404:
            return None
        except PermissionDenied:
            continue
        allowed.add(permission)
    return allowed


@pytest.mark.parametrize(("role", "all_projects"), list(itertools.product(Role, (True, False))))
@pytest.mark.parametrize("grant", [None, "editor", "respondent", "viewer"])
def test_role_reach_and_grant(
    project: Project, organisation: Organisation, role: str, all_projects: bool, grant: str | None
) -> None:
    user = make_member(organisation, role, all_projects=all_projects)
    if grant:
        ProjectGrant.objects.create(membership=Membership.objects.get(user=user), project=project, role=grant)
    expected: set[Permission] | None = OF_ROLE[role]
    if role != "owner":
        expected = OF_ROLE[role] & OF_ROLE[grant] if grant else OF_ROLE[role] if all_projects else None
    assert may(user, project) == expected


def test_strangers(project: Project, outsider: User) -> None:
    assert may(outsider, project) is None
    assert may(make_user(), project) is None
    with pytest.raises((Http404, TypeError)):
        project_for(AnonymousUser(), project.slug, P.VIEW_PROJECT)


def test_a_member_of_two_organisations(project: Project, organisation: Organisation) -> None:
    other = make_organisation("Other")
    user = make_member(organisation, Role.VIEWER)
    Membership.objects.create(user=user, organisation=other, role=Role.OWNER)
    theirs = make_project(other, user, name="Theirs")
    assert may(user, project) == OF_ROLE["viewer"]
    assert may(user, theirs) == OF_ROLE["owner"]


def test_a_grant_of_a_former_member_opens_nothing(project: Project, organisation: Organisation) -> None:
    user = make_member(organisation, Role.EDITOR, all_projects=False)
    membership = Membership.objects.get(user=user)
    ProjectGrant.objects.create(membership=membership, project=project, role=Role.EDITOR)
    assert may(user, project) == OF_ROLE["editor"]
    membership.delete()
    assert may(user, project) is None
    Membership.objects.create(user=user, organisation=make_organisation("Other"), role=Role.OWNER)
    assert may(user, project) is None


def test_the_next_request_knows(project: Project, editor: User) -> None:
    for role in ("viewer", "owner", "respondent", "editor"):
        Membership.objects.filter(user=editor).update(role=role)
        assert may(editor, project) == OF_ROLE[role]


def test_archived(project: Project, owner: User) -> None:
    archive_project(project=project, by=owner, at=timezone.now())
    assert may(owner, project) == set(Permission) - {P.PROPOSE, P.ANSWER, P.TAKE_SNAPSHOT}


@pytest.mark.parametrize("slug", ["", "no-such", "x" * 10_000, "%", "'", "\u202e"])
def test_slugs_that_are_none(project: Project, owner: User, slug: str) -> None:
    with pytest.raises(Http404):
        project_for(owner, slug, P.VIEW_PROJECT)


def test_one_query(project: Project, owner: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        found = project_for(owner, project.slug, P.EDIT_PROJECT)
        assert found.organisation.name
        assert found.owner
        assert found.permissions()
