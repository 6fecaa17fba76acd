"""Two requests at the same time: one wins, and no rule is broken between them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from accounts import services
from accounts.errors import AccountsError
from accounts.models import Invitation, Membership, Organisation, User
from accounts.roles import Role
from tests.accounts.steps import NEW_PASSWORD, PASSWORD, make_invitation, membership_of

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*tasks: Callable[[], object]) -> list[str]:
    """Runs all tasks together. The name of the error of each, "done" without one."""
    start = Barrier(len(tasks))

    def run(task: Callable[[], object]) -> str:
        try:
            start.wait()
            task()
        except AccountsError as error:
            return type(error).__name__
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(tasks)) as pool:
        return sorted(pool.map(run, tasks))


@pytest.fixture
def two_owners(transactional_db: None) -> tuple[Organisation, User, User]:
    organisation = Organisation.objects.create(name="Halden Group")
    people = [User.objects.create_user(f"{name}@example.com", PASSWORD, name=name) for name in ("olga", "otto")]
    for person in people:
        Membership.objects.create(user=person, organisation=organisation, role=Role.OWNER)
    return organisation, people[0], people[1]


def test_two_owners_demote_each_other(two_owners: tuple[Organisation, User, User]) -> None:
    organisation, first, second = two_owners
    outcome = at_once(
        lambda: services.change_role(
            membership=membership_of(second, organisation), role="viewer", all_projects=True, by=first
        ),
        lambda: services.change_role(
            membership=membership_of(first, organisation), role="viewer", all_projects=True, by=second
        ),
    )
    assert outcome == ["LastOwner", "done"]
    assert Membership.objects.owners().count() == 1


def test_two_owners_remove_each_other(two_owners: tuple[Organisation, User, User]) -> None:
    organisation, first, second = two_owners
    outcome = at_once(
        lambda: services.remove_member(membership=membership_of(second, organisation), by=first),
        lambda: services.remove_member(membership=membership_of(first, organisation), by=second),
    )
    assert outcome == ["LastOwner", "done"]
    assert Membership.objects.owners().count() == 1


def test_an_invitation_is_used_once(two_owners: tuple[Organisation, User, User]) -> None:
    organisation, owner, _ = two_owners
    invitation, _ = make_invitation(owner, organisation)

    def accept() -> None:
        services.accept_invitation_as_new_person(
            invitation=Invitation.objects.get(pk=invitation.pk), name="Nora", password=NEW_PASSWORD, at=timezone.now()
        )

    assert at_once(*[accept] * 6) == ["InvitationClosed"] * 5 + ["done"]
    assert User.objects.filter(email="new@example.com").count() == 1


def test_the_set_up_happens_once(transactional_db: None) -> None:
    token = services.make_setup_token()

    def set_up() -> None:
        services.set_up_organisation(
            token=token,
            organisation_name="Halden",
            name="Ana",
            email="ana@example.com",
            password=NEW_PASSWORD,
            at=timezone.now(),
        )

    assert at_once(*[set_up] * 4) == ["SetupClosed"] * 3 + ["done"]
    assert Organisation.objects.count() == User.objects.count() == 1
