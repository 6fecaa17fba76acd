"""A process of writers for the SQLite tests: THREADS threads, each ROUNDS transactions that read, then write.

Prints JSON: the errors met and the seconds that each transaction took.
"""

from __future__ import annotations

import json
import sys
import threading
import time

import django
from django.conf import settings
from django.db import DatabaseError, connection, transaction


def configure(path: str, engine: str, **options: object) -> None:
    """Set Django up with nothing but this one database file."""
    databases = {
        "default": {
            "ENGINE": engine,
            "NAME": path,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
                **options,
            },
        }
    }
    settings.configure(DATABASES=databases, INSTALLED_APPS=[], USE_TZ=True)
    django.setup()


def count_up() -> None:
    """One read-then-write transaction with a nested one, and one write of its own under autocommit."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT value FROM counter WHERE id = 1")
        value = cursor.fetchone()[0]
        with transaction.atomic():
            cursor.execute("UPDATE counter SET value = %s WHERE id = 1", [value + 1])
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO entry (text) VALUES (%s) RETURNING id", ["x"])


def write(rounds: int, errors: list[str], seconds: list[float]) -> None:
    """Count up `rounds` times and close the connection."""
    for _ in range(rounds):
        started = time.perf_counter()
        try:
            count_up()
        except DatabaseError as error:
            errors.append(str(error))
        seconds.append(time.perf_counter() - started)
    connection.close()


def main(path: str, engine: str, threads: int, rounds: int) -> None:
    """Run the writers and print what happened."""
    configure(path, engine)
    errors: list[str] = []
    seconds: list[float] = []
    writers = [threading.Thread(target=write, args=(rounds, errors, seconds)) for _ in range(threads)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    json.dump({"errors": errors, "seconds": seconds}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
