"""The append-only trail. Called inside the transaction of the write it records."""

from __future__ import annotations

from accounts.models import AuditEvent, Organisation, User


def record(
    *, organisation: Organisation | None, actor: User | None, verb: str, thing: str, **detail: str | int | bool | None
) -> None:
    """Adds one row: `verb` such as "project.created", `thing` the public id of what was touched."""
    AuditEvent.objects.create(organisation=organisation, actor=actor, verb=verb, thing=thing, detail=detail)
