"""The cases that every page of a project has, whatever it shows."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import Any

from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from tests.access.dump import changed_tables, dump_tables
from tests.make import make_member, make_organisation
from tests.site.markup import Response, faults, is_page

EVERYBODY: frozenset[str] = frozenset(Role)
WRITERS: frozenset[str] = frozenset({Role.OWNER, Role.EDITOR})


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(response: Response) -> str:
    return str(response.content.decode())


def usual_cases(
    path: str,
    owner: User,
    *,
    may: Collection[str] = EVERYBODY,
    form: Mapping[str, Any] | None = None,
    expected: int | None = None,
    other_methods: Collection[str] = ("put", "delete", "patch", "options"),
) -> None:
    """Roles that may and that may not, an outsider, a guest, wrong methods. `form` makes it a POST.

    The requests of those who may come last, because they may change what the others would see.
    """
    organisation = owner.memberships.get().organisation
    people: dict[str, User] = {
        role: make_member(organisation, role, name=f"{role} {uuid.uuid4().hex[:6]}") for role in Role
    }
    outsider = make_member(make_organisation("Elsewhere"), Role.OWNER)

    def ask(client: Client) -> Response:
        return client.get(path) if form is None else client.post(path, form)

    before = dump_tables(without={"usersessions_usersession", "accounts_user"})
    assert ask(signed_in(outsider)).status_code == 404
    guest = ask(Client())
    assert guest.status_code == 302
    assert guest.headers["Location"].startswith(reverse("account_login"))
    refused = EVERYBODY - frozenset(may)
    for role in refused:
        response = ask(signed_in(people[role]))
        assert response.status_code == 403, role
        assert "not allow" in text(response)
    for method in other_methods:
        assert getattr(signed_in(people[Role.OWNER]), method)(path).status_code == 405, method
    assert changed_tables(before, dump_tables(without={"usersessions_usersession", "accounts_user"})) == []
    for role in may:
        response = ask(signed_in(people[role]))
        assert response.status_code == (expected or (302 if form is not None else 200)), role
        if is_page(response):
            assert faults(response.content) == [], role
    if may == EVERYBODY and form is None:
        assert signed_in(people[Role.VIEWER]).head(path).status_code == (expected or 200)


def refused_when_archived(path: str, owner: User, form: Mapping[str, Any]) -> None:
    before = dump_tables(without={"usersessions_usersession", "accounts_user"})
    response = signed_in(owner).post(path, form)
    assert response.status_code == 403
    assert "archived" in text(response)
    assert changed_tables(before, dump_tables(without={"usersessions_usersession", "accounts_user"})) == []


__all__ = ["EVERYBODY", "WRITERS", "refused_when_archived", "signed_in", "text", "usual_cases"]
