from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Membership, Organisation, User
from accounts.roles import Role
from tests.accounts.steps import PASSWORD

Make = Callable[..., Membership]


@pytest.fixture(autouse=True)
def _start_empty(settings: Any) -> None:
    """The demo portfolio has tests of its own."""
    settings.AFTER_SETUP = ""


@pytest.fixture
def organisation(db: None) -> Organisation:
    return Organisation.objects.create(name="Halden Group")


@pytest.fixture
def make_member(organisation: Organisation) -> Make:
    def make(role: str, name: str, *, of: Organisation | None = None, all_projects: bool = True) -> Membership:
        email = f"{name.lower()}@example.com"
        person = User.objects.filter(email=email).first() or User.objects.create_user(email, PASSWORD, name=name)
        return Membership.objects.create(
            user=person, organisation=of or organisation, role=role, all_projects=all_projects
        )

    return make


@pytest.fixture
def owner(make_member: Make) -> User:
    return make_member(Role.OWNER, "Olga").user


@pytest.fixture
def editor(make_member: Make) -> User:
    return make_member(Role.EDITOR, "Edith").user


@pytest.fixture
def respondent(make_member: Make) -> User:
    return make_member(Role.RESPONDENT, "Rosa").user


@pytest.fixture
def viewer(make_member: Make) -> User:
    return make_member(Role.VIEWER, "Viktor").user


@pytest.fixture
def outsider(make_member: Make) -> User:
    """The owner of another organisation."""
    return make_member(Role.OWNER, "Oskar", of=Organisation.objects.create(name="Elsewhere")).user
