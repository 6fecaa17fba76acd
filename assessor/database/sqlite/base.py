"""Django's SQLite backend whose write transactions queue (write_queue.py) instead of polling against each other.

The cursor decides, because every way to write passes through it: BEGIN IMMEDIATE of an `atomic` block, a single
statement under autocommit, and the first write with autocommit off. The turn ends when no transaction is open any more.
An in-memory database has one connection and no queue; neither has a DEFERRED transaction, which may only read.
"""

from __future__ import annotations

import re
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from django.db.backends.sqlite3 import base

from assessor.database.sqlite.write_queue import QueueTimeoutError, Ticket, queue_for

DEFAULT_TIMEOUT = 20.0
STARTS_WRITING = re.compile(
    r"\s*(?:INSERT|UPDATE|DELETE|REPLACE|CREATE|ALTER|DROP|REINDEX|VACUUM|ANALYZE|BEGIN\s+(?:IMMEDIATE|EXCLUSIVE))\b",
    re.IGNORECASE,
)


def database_path(name: str) -> str:
    """The file that NAME stands for, which may be written as a file: address with options."""
    return name.removeprefix("file:").partition("?")[0] if name.startswith("file:") else name


class QueueingCursor(base.SQLiteCursorWrapper):
    """A cursor that waits for its turn before it starts to write."""

    def __init__(self, connection: sqlite3.Connection, wrapper: DatabaseWrapper) -> None:
        super().__init__(connection)
        self._wrapper = wrapper
        self._rows: deque[Any] | None = None

    def execute(self, query: str, params: Any = None) -> QueueingCursor:
        self._run(query, lambda: super(QueueingCursor, self).execute(query, params))
        return self

    def executemany(self, query: str, param_list: Iterable[Any]) -> QueueingCursor:
        self._run(query, lambda: super(QueueingCursor, self).executemany(query, param_list))
        return self

    def _run(self, query: str, execute: Callable[[], object]) -> None:
        self._rows = None
        wrapper = self._wrapper
        if wrapper.is_writing or self.connection.in_transaction or not STARTS_WRITING.match(query):
            try:
                execute()
            finally:
                wrapper.end_turn_outside_transaction()
            return
        wrapper.begin_turn()
        try:
            execute()
            if self.description is not None and not self.connection.in_transaction:
                # INSERT ... RETURNING commits only with its last row, and the turn must not depend on who reads it.
                self._rows = deque(super().fetchall())
        finally:
            wrapper.end_turn_outside_transaction()

    def fetchone(self) -> Any:
        if self._rows is None:
            return super().fetchone()
        return self._rows.popleft() if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        size = self.arraysize if size is None else size
        if self._rows is None:
            return super().fetchmany(size)
        return [self._rows.popleft() for _ in range(min(size, len(self._rows)))]

    def fetchall(self) -> list[Any]:
        if self._rows is None:
            return super().fetchall()
        rows, self._rows = list(self._rows), deque()
        return rows

    def __next__(self) -> Any:
        if self._rows is None:
            return super().__next__()
        if not self._rows:
            raise StopIteration
        return self._rows.popleft()


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose writers queue. Unless OPTIONS says otherwise transactions are IMMEDIATE and wait 20 s."""

    transaction_mode: str | None
    _ticket: Ticket | None = None

    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = {"timeout": DEFAULT_TIMEOUT, **super().get_connection_params()}
        self.transaction_mode = self.transaction_mode or "IMMEDIATE"
        return params

    def create_cursor(self, name: str | None = None) -> Any:
        if self.is_in_memory_db():
            return super().create_cursor(name)
        return self.connection.cursor(factory=lambda connection: QueueingCursor(connection, self))

    @property
    def is_writing(self) -> bool:
        """Whether this connection holds the turn to write."""
        return self._ticket is not None

    def begin_turn(self) -> None:
        """Wait in the queue. Raises what SQLite itself raises when a lock stays taken."""
        timeout = float(self.settings_dict["OPTIONS"].get("timeout", DEFAULT_TIMEOUT))
        try:
            self._ticket = queue_for(database_path(str(self.settings_dict["NAME"]))).acquire(timeout)
        except QueueTimeoutError:
            raise sqlite3.OperationalError("database is locked") from None

    def end_turn_outside_transaction(self) -> None:
        """Give the turn away unless a transaction is open."""
        if self._ticket is not None and not (self.connection and self.connection.in_transaction):
            self._end_turn()

    def _end_turn(self) -> None:
        ticket, self._ticket = self._ticket, None
        if ticket is not None:
            ticket.release()

    def _commit(self) -> Any:
        try:
            return super()._commit()  # type: ignore[misc]  # not in the stubs
        finally:
            # A COMMIT that failed leaves the transaction open: Django rolls it back next, and keeps the turn till then.
            self.end_turn_outside_transaction()

    def _rollback(self) -> Any:
        try:
            return super()._rollback()  # type: ignore[misc]  # not in the stubs
        finally:
            self.end_turn_outside_transaction()

    def _close(self) -> Any:
        try:
            return super()._close()  # type: ignore[misc]  # not in the stubs
        finally:
            self._end_turn()

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)  # type: ignore[misc]  # not in the stubs
        if not autocommit and self.transaction_mode:
            # sqlite3 puts this word behind the BEGIN that it sends before the first write.
            with self.wrap_database_errors:
                self.connection.isolation_level = self.transaction_mode
        self.end_turn_outside_transaction()
