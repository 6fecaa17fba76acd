"""How a project ended: recorded once, with a day and a sentence."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import AuditEvent, User
from accounts.roles import Role
from accounts.texts import TextRefused
from projects.models import Outcome, Project
from projects.services import OutcomeRecorded, record_outcome
from tests.access.dump import changed_tables, dump_tables
from tests.make import AT, make_member, make_organisation, make_project

DAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("kind", "is_failure"), [("value", False), ("no_value", True), ("cancelled", True), ("not_delivered", True)]
)
def test_recorded(project: Project, owner: User, kind: str, is_failure: bool) -> None:
    outcome = record_outcome(
        project=project, kind=kind, on=DAY, sentence=" Used every day. ", is_delayed=True, by=owner, at=AT
    )
    stored = Outcome.objects.get()
    assert stored == outcome
    assert (stored.kind, stored.on, stored.sentence, stored.is_delayed) == (kind, DAY, "Used every day.", True)
    assert (stored.recorded_by, stored.recorded_at, stored.is_failure) == (owner, AT, is_failure)
    event = AuditEvent.objects.get(verb="outcome.recorded")
    assert event.detail == {"kind": kind, "delayed": True}


def test_once(project: Project, owner: User) -> None:
    record_outcome(project=project, kind="value", on=DAY, by=owner, at=AT)
    before = dump_tables()
    with pytest.raises(OutcomeRecorded, match="has an outcome already"):
        record_outcome(project=project, kind="cancelled", on=DAY, by=owner, at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        Outcome.objects.create(project=project, kind="value", on=DAY, recorded_at=AT)
    assert changed_tables(before, dump_tables()) == []


@pytest.mark.parametrize("more", [{"kind": "late"}, {"kind": ""}, {"sentence": "x" * 301}, {"sentence": "\x00"}])
def test_refused(project: Project, owner: User, more: dict[str, Any]) -> None:
    before = dump_tables()
    with pytest.raises((ValueError, TextRefused), match=r"Outcome|What came of it"):
        record_outcome(**{"project": project, "kind": "value", "on": DAY, "by": owner, "at": AT, **more})
    assert changed_tables(before, dump_tables()) == []


def test_the_database_knows_the_kinds(project: Project) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Outcome.objects.create(project=project, kind="late", on=DAY, recorded_at=AT)


def test_two_at_the_same_moment(transactional_db: None) -> None:
    organisation = make_organisation()
    owner = make_member(organisation, Role.OWNER)
    project = make_project(organisation, owner)
    barrier, told = threading.Barrier(2, timeout=30), []

    def record(kind: str) -> None:
        barrier.wait()
        try:
            record_outcome(project=project, kind=kind, on=DAY, by=owner, at=AT)
        except OutcomeRecorded as error:
            told.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=record, args=(kind,)) for kind in ("value", "cancelled")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(told) == 1
    assert Outcome.objects.count() == 1
