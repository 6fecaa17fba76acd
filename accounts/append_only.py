"""Database triggers that refuse changes to rows that are written once, on SQLite and PostgreSQL.

Rows of demo projects may be removed, because the demo portfolio can be; nothing else may.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True, slots=True)
class Guard:
    """`removable` is an SQL condition on OLD that lets a row be deleted."""

    table: str
    removable: str = "FALSE"


AUDIT = Guard("accounts_auditevent")
SNAPSHOT = Guard(
    "assessments_snapshot", "EXISTS (SELECT 1 FROM projects_project p WHERE p.id = OLD.project_id AND p.is_demo)"
)
CHANGE = Guard(
    "assessments_answerchange",
    "EXISTS (SELECT 1 FROM assessments_assessment a JOIN projects_project p ON p.id = a.project_id"
    " WHERE a.id = OLD.assessment_id AND p.is_demo)",
)
BOARD = Guard("reports_boardsnapshot")
GUARDS = (AUDIT, SNAPSHOT, CHANGE, BOARD)


def install(connection: BaseDatabaseWrapper, guard: Guard) -> None:
    for statement in _statements(connection.vendor, guard):
        with connection.cursor() as cursor:
            cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper, guard: Guard) -> None:
    for event in ("update", "delete", "insert", "truncate"):
        on_table = f" ON {guard.table}" if connection.vendor == "postgresql" else ""
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TRIGGER IF EXISTS {guard.table}_no_{event}{on_table}")


def _statements(vendor: str, guard: Guard) -> list[str]:
    table = guard.table
    conditions = {"update": "TRUE", "delete": f"NOT ({guard.removable})"}
    if vendor == "sqlite":
        # INSERT OR REPLACE deletes the old row without asking the delete trigger.
        conditions["insert"] = f"EXISTS (SELECT 1 FROM {table} old WHERE old.id = NEW.id)"  # noqa: S608
        return [
            f"CREATE TRIGGER IF NOT EXISTS {table}_no_{event} BEFORE {event.upper()} ON {table} FOR EACH ROW"
            f" WHEN {condition} BEGIN SELECT RAISE(ABORT, '{table} is written once'); END"
            for event, condition in conditions.items()
        ]
    function = (
        f"CREATE OR REPLACE FUNCTION {table}_written_once() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN IF TG_OP = 'DELETE' THEN IF {guard.removable} THEN RETURN OLD; END IF; END IF;"
        f" RAISE EXCEPTION '{table} is written once' USING ERRCODE = 'restrict_violation'; END $$"
    )
    triggers = [
        f"CREATE OR REPLACE TRIGGER {table}_no_{event} BEFORE {event.upper()} ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {table}_written_once()"
        for event in conditions
    ]
    # Emptying a table passes the row triggers, so it is refused as a whole.
    emptying = (
        f"CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {table}_written_once()"
    )
    return [function, *triggers, emptying]
