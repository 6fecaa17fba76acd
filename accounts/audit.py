"""The append-only trail. Called inside the transaction of the write it records."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from accounts.models import AuditEvent, Organisation, User

_token: ContextVar[str] = ContextVar("token", default="")


def record(
    *, organisation: Organisation | None, actor: User | None, verb: str, thing: str, **detail: str | int | bool | None
) -> None:
    """Adds one row: `verb` such as "project.created", `thing` the public id of what was touched.

    While a token acts, its name is part of the row, so that what a program did is never taken for what a person did.
    """
    if token := token_at_work():
        detail["token"] = token
    AuditEvent.objects.create(organisation=organisation, actor=actor, verb=verb, thing=thing, detail=detail)


def token_at_work() -> str:
    """The name of the token that this request acts with; empty for a person at a page."""
    return _token.get()


def name_token(name: str) -> None:
    """Says that a token acts. Only within `one_request`."""
    _token.set(name)


@contextmanager
def one_request() -> Iterator[None]:
    """Whatever token is named inside is forgotten at its end."""
    before = _token.set("")
    try:
        yield
    finally:
        _token.reset(before)
