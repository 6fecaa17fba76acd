"""People, projects and answers that every test can have, and a clean database after tests that commit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import caches
from django.db import connection

from accounts import append_only
from accounts.models import Organisation, User
from accounts.roles import Role
from assessments.models import Assessment
from projects.models import Project
from tests.make import make_assessment, make_member, make_organisation, make_project


@pytest.fixture(autouse=True)
def _empty_cache(request: pytest.FixtureRequest) -> None:
    """Counters of sign-in tries must not leak from one test into the next."""
    for name in ("transactional_db", "db"):
        if name in request.fixturenames:
            request.getfixturevalue(name)
            for each in caches.all(initialized_only=False):
                each.clear()
            return


@pytest.fixture(autouse=True)
def _guards_around_flush(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests that commit empty all tables at their end, which the guards of the write-once tables rightly refuse."""
    if "transactional_db" not in request.fixturenames and "live_server" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("transactional_db")
    for guard in append_only.GUARDS:
        append_only.install(connection, guard)
    yield
    for guard in append_only.GUARDS:
        append_only.remove(connection, guard)


@pytest.fixture
def organisation(db: None) -> Organisation:
    return make_organisation("North")


@pytest.fixture
def owner(organisation: Organisation) -> User:
    return make_member(organisation, Role.OWNER)


@pytest.fixture
def editor(organisation: Organisation) -> User:
    return make_member(organisation, Role.EDITOR)


@pytest.fixture
def respondent(organisation: Organisation) -> User:
    return make_member(organisation, Role.RESPONDENT)


@pytest.fixture
def viewer(organisation: Organisation) -> User:
    return make_member(organisation, Role.VIEWER)


@pytest.fixture
def outsider(db: None) -> User:
    """The owner of another organisation."""
    return make_member(make_organisation("South"), Role.OWNER)


@pytest.fixture
def project(organisation: Organisation, owner: User) -> Project:
    return make_project(organisation, owner)


@pytest.fixture
def assessment(project: Project, owner: User) -> Assessment:
    return make_assessment(project, owner)
