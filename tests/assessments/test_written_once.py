"""Snapshots, the history of answers and the audit trail are written once: by the model, by queries, by raw SQL."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, models, transaction

from accounts.append_only import GUARDS
from accounts.models import AppendOnly, AuditEvent, ImmutableError, User
from assessments.models import AnswerChange, Assessment, Snapshot
from projects.models import Project
from reports.models import BoardSnapshot
from tests.access.dump import changed_tables, dump_tables
from tests.make import make_answer, make_snapshot
from tests.reports.test_boards import take

MODELS = (Snapshot, AnswerChange, AuditEvent, BoardSnapshot)


@pytest.fixture
def written(assessment: Assessment, owner: User) -> None:
    make_answer(assessment, owner, "problem.statement", 1)
    make_snapshot(assessment, owner)
    take(assessment.project.organisation, owner)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.usefixtures("written")
def test_through_the_model(model: type[Any]) -> None:
    row = model.objects.first()
    before = dump_tables()
    same = {"pk": row.pk}
    attempts: dict[str, Any] = {
        "save": row.save,
        "save of some columns": lambda: row.save(update_fields=["id"]),
        "forced update": lambda: row.save(force_update=True),
        "delete": row.delete,
        "update": lambda: model.objects.update(**same),
        "filtered update": lambda: model.objects.filter(**same).update(**same),
        "bulk_update": lambda: model.objects.bulk_update([row], ["id"]),
        "queryset delete": lambda: model.objects.filter(**same).delete(),
        "delete of all": lambda: model.objects.all().delete(),
        "update_or_create": lambda: model.objects.update_or_create(defaults=same, **same),
    }
    for name, attempt in attempts.items():
        with pytest.raises(ImmutableError), transaction.atomic():
            attempt()
        assert changed_tables(before, dump_tables()) == [], name


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.usefixtures("written")
def test_past_the_model(model: type[Any]) -> None:
    """A plain queryset has none of the model's manners; the database itself refuses."""
    before = dump_tables()
    plain: models.QuerySet[Any] = models.QuerySet(model)
    row = plain[0]
    column = {Snapshot: "label", AnswerChange: "question", AuditEvent: "verb", BoardSnapshot: "label"}[model]
    for attempt in (
        lambda: plain.update(**{column: "changed"}),
        lambda: plain._raw_delete(using=plain.db),
        lambda: models.Model.save(model(pk=row.pk, **{column: "changed"})),
        lambda: models.Model.delete(row),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()
        assert changed_tables(before, dump_tables()) == []


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.usefixtures("written")
def test_raw_sql(model: type[Any]) -> None:
    table, column = model._meta.db_table, "id"
    before = dump_tables()
    statements = [
        f"UPDATE {table} SET {column} = {column}",  # noqa: S608
        f"UPDATE {table} SET {column} = {column} + 1000",  # noqa: S608
        f"DELETE FROM {table}",  # noqa: S608
        f"DELETE FROM {table} WHERE {column} IN (SELECT {column} FROM {table})",  # noqa: S608
    ]
    if connection.vendor == "sqlite":
        columns = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
        statements += [
            f"INSERT OR REPLACE INTO {table} ({columns}) SELECT {columns} FROM {table}",  # noqa: S608
            f"UPDATE OR IGNORE {table} SET {column} = {column}",  # noqa: S608
        ]
    for statement in statements:
        with pytest.raises(DatabaseError, match="written once"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert changed_tables(before, dump_tables()) == [], statement


def test_every_write_once_model_has_its_guard() -> None:
    tables = {model._meta.db_table for model in AppendOnly.__subclasses__()}
    assert tables == {guard.table for guard in GUARDS} == {model._meta.db_table for model in MODELS}


@pytest.mark.usefixtures("written")
def test_a_project_with_a_snapshot_stays(project: Project, assessment: Assessment, owner: User) -> None:
    before = dump_tables()
    for thing in (project, assessment, owner):
        with pytest.raises((DatabaseError, ImmutableError, models.ProtectedError)), transaction.atomic():
            thing.delete()
    assert changed_tables(before, dump_tables()) == []
