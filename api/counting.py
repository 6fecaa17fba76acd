"""Counting requests for all processes of a site: in Redis where there is one, else in a small file beside the data.

Not in the database: a count is worth no write to a disk, and no answer that a person saves should wait for one.
"""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

from django.conf import settings
from django.core.cache import caches

logger = logging.getLogger("preflight.api")

FILE = "request-counts.sqlite3"
_connections: dict[str, sqlite3.Connection] = {}


def count_up(key: str, *, window: int, seconds: int) -> int:
    """How many times this key was counted in this window, with this one. `window` is the number of the period.

    A counter that cannot be reached counts nothing: requests are answered all the same.
    """
    try:
        if settings.REDIS_URL:
            return _in_redis(f"api-count:{key}:{window}", seconds)
        return _in_file(key, window)
    except Exception as error:
        logger.warning("Requests cannot be counted: %s", error)
        return 0


def forget_counts() -> None:
    """Starts anew, for tests and after a change of the limits. Counts in Redis end by themselves."""
    _connection(Path(settings.DATA_DIR) / FILE).execute("DELETE FROM counts")


def _in_redis(key: str, seconds: int) -> int:
    cache = caches["default"]
    cache.add(key, 0, timeout=seconds * 2)
    return int(cache.incr(key))


def _in_file(key: str, window: int) -> int:
    connection = _connection(Path(settings.DATA_DIR) / FILE)
    row = connection.execute(
        "INSERT INTO counts (key, time_window, count) VALUES (?, ?, 1) ON CONFLICT (key) DO UPDATE SET"
        " count = CASE WHEN time_window = excluded.time_window THEN count + 1 ELSE 1 END,"
        " time_window = excluded.time_window RETURNING count",
        (key, window),
    ).fetchone()
    return int(row[0])


def _connection(path: Path) -> sqlite3.Connection:
    name = str(path)
    if name not in _connections:
        # Single statements in autocommit; the module's own lock lets threads share the connection.
        connection = sqlite3.connect(name, timeout=2, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS counts (key TEXT PRIMARY KEY, time_window INTEGER, count INTEGER)"
        )
        _connections[name] = connection
    return _connections[name]
