"""Who sees a project and as what: owners decide, and the change acts on the next page."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import AuditEvent, Membership, Organisation, User
from accounts.roles import Role
from projects.models import Project, ProjectGrant
from projects.services import set_grants
from tests.access.dump import changed_tables, dump_tables
from tests.make import make_member, make_project
from tests.site.cases import signed_in, text, usual_cases
from tests.site.markup import parse


@pytest.fixture
def url(project: Project) -> str:
    return reverse("projects:people", args=[project.slug])


def membership(user: User) -> Membership:
    return Membership.objects.get(user=user)


def test_usual_cases(url: str, owner: User) -> None:
    usual_cases(url, owner, may={Role.OWNER})
    usual_cases(url, owner, may={Role.OWNER}, form={})


def test_it_lists_everybody_but_owners(url: str, owner: User, editor: User, viewer: User, outsider: User) -> None:
    rows = [row.text_content() for row in parse(signed_in(owner).get(url).content).xpath("//tbody/tr/th")]
    assert rows == sorted([editor.name, viewer.name])


def test_without_other_members(url: str, owner: User) -> None:
    assert "Everybody in this organisation is an owner" in text(signed_in(owner).get(url))


def test_a_role_narrows_at_once(url: str, project: Project, owner: User, editor: User) -> None:
    settings = reverse("assessments:edit", args=[project.slug])
    working = signed_in(editor)
    assert working.get(settings).status_code == 200
    response = signed_in(owner).post(url, {f"role-{membership(editor).pk}": "viewer"})
    assert response.status_code == 302
    assert working.get(settings).status_code == 403
    event = AuditEvent.objects.get(verb="project.grant")
    assert event.detail == {"member": editor.email, "role": "viewer"}
    signed_in(owner).post(url, {f"role-{membership(editor).pk}": ""})
    assert working.get(settings).status_code == 200
    assert not ProjectGrant.objects.exists()


def test_it_never_widens(url: str, project: Project, owner: User, viewer: User) -> None:
    signed_in(owner).post(url, {f"role-{membership(viewer).pk}": "editor"})
    assert signed_in(viewer).get(reverse("assessments:edit", args=[project.slug])).status_code == 403


def test_nothing_changed_writes_nothing(url: str, project: Project, owner: User, editor: User) -> None:
    set_grants(project=project, grants={membership(editor): Role.VIEWER}, by=owner)
    client = signed_in(owner)
    before = dump_tables()
    client.post(url, {f"role-{membership(editor).pk}": "viewer"})
    assert changed_tables(before, dump_tables()) == []


@pytest.mark.parametrize("role", ["owner", "admin", "VIEWER", "x" * 10_000, "\x00", "'; --"])
def test_roles_that_there_are_not(url: str, owner: User, editor: User, role: str) -> None:
    client, before = signed_in(owner), dump_tables(without={"usersessions_usersession", "accounts_user"})
    assert client.post(url, {f"role-{membership(editor).pk}": role}).status_code == 404
    assert changed_tables(before, dump_tables(without={"usersessions_usersession", "accounts_user"})) == []


def test_members_of_others_and_owners_are_left_alone(
    url: str, organisation: Organisation, owner: User, outsider: User
) -> None:
    second = make_member(organisation, Role.OWNER)
    fields = {f"role-{membership(user).pk}": "viewer" for user in (outsider, second, owner)}
    signed_in(owner).post(url, fields)
    assert not ProjectGrant.objects.exists()


def test_another_project_keeps_its_grants(
    url: str, project: Project, organisation: Organisation, owner: User, editor: User
) -> None:
    other = make_project(organisation, owner, name="Other")
    set_grants(project=other, grants={membership(editor): Role.VIEWER}, by=owner)
    signed_in(owner).post(url, {f"role-{membership(editor).pk}": "respondent"})
    assert dict(ProjectGrant.objects.values_list("project__name", "role")) == {
        "Forecast": "respondent",
        "Other": "viewer",
    }


def test_a_deactivated_person_is_not_listed_and_keeps_the_grant(
    url: str, project: Project, owner: User, editor: User
) -> None:
    set_grants(project=project, grants={membership(editor): Role.VIEWER}, by=owner)
    User.objects.filter(pk=editor.pk).update(is_active=False)
    assert editor.name not in text(signed_in(owner).get(url))
    signed_in(owner).post(url, {})
    assert ProjectGrant.objects.get().role == Role.VIEWER
