"""The trail is added to and never changed: not by the model, not by a queryset, not by the database."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from accounts import audit
from accounts.models import AuditEvent, ImmutableError, Organisation, User


@pytest.fixture
def event(owner: User, organisation: Organisation) -> AuditEvent:
    audit.record(organisation=organisation, actor=owner, verb="project.created", thing="aml-1", name="AML")
    return AuditEvent.objects.get()


def test_records(event: AuditEvent, owner: User, organisation: Organisation) -> None:
    assert (event.actor, event.organisation, event.verb, event.thing) == (
        owner,
        organisation,
        "project.created",
        "aml-1",
    )
    assert event.detail == {"name": "AML"}
    assert event.at is not None


def test_the_model_refuses(event: AuditEvent) -> None:
    event.verb = "nothing"
    with pytest.raises(ImmutableError):
        event.save()
    with pytest.raises(ImmutableError):
        event.delete()


def test_the_queryset_refuses(event: AuditEvent) -> None:
    rows = AuditEvent.objects.all()
    with pytest.raises(ImmutableError):
        rows.update(verb="nothing")
    with pytest.raises(ImmutableError):
        rows.delete()
    with pytest.raises(ImmutableError):
        rows.bulk_update([event], ["verb"])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_auditevent SET verb = 'nothing'",
        "UPDATE accounts_auditevent SET actor_id = NULL",
        "DELETE FROM accounts_auditevent",
        "INSERT OR REPLACE INTO accounts_auditevent (id, verb, thing, detail, at)"
        " VALUES (%s, 'x', 'x', '\"\"', '2026-01-01')",
    ],
)
def test_the_database_refuses(event: AuditEvent, statement: str) -> None:
    if "OR REPLACE" in statement and connection.vendor != "sqlite":
        pytest.skip("only SQLite knows this statement")
    parameters = [event.pk] if "%s" in statement else []
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
    assert AuditEvent.objects.get().verb == "project.created"


def test_people_and_organisations_in_the_trail_cannot_be_deleted(
    event: AuditEvent, owner: User, organisation: Organisation
) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        owner.delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        organisation.delete()
