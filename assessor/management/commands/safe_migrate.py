"""manage.py safe_migrate: bring the database up to date. Several at once are fine: one works, the others wait."""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from assessments.rebuilding import projects_without_figures, rebuild_figures

logger = logging.getLogger("preflight.migrate")

ADVISORY_LOCK = 7_306_001  # any number, the same in every process


class Command(BaseCommand):
    help = "Create the cache table, apply the migrations and fill what they added, one process at a time."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        with alone():
            call_command("createcachetable", verbosity=0)
            call_command("migrate", interactive=False, verbosity=options["verbosity"], stdout=self.stdout)
            self.fill_figures()

    def fill_figures(self) -> None:
        """What a new version keeps beside the answers. One project that cannot be read does not hold up the others."""
        broken = []
        for project_id in projects_without_figures():
            try:
                rebuild_figures(project_id)
            except Exception:
                logger.exception("The figures of project %s could not be made.", project_id)
                broken.append(str(project_id))
        if broken:
            raise CommandError(
                f"The database is up to date, but projects {', '.join(broken)} have no figures: see the log."
            )


@contextmanager
def alone() -> Iterator[None]:
    """Hold the right to migrate this database. Waits for whoever holds it."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "postgresql":
        with postgresql_lock():
            yield
    elif name == ":memory:" or "mode=memory" in name:
        yield
    else:
        with file_lock(Path(f"{name}.migrate")):
            yield


@contextmanager
def postgresql_lock() -> Iterator[None]:
    # A migration, and the wait for one, may take longer than any statement of a page.
    with connection.cursor() as cursor:
        for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute(f"SET {limit} = 0")
        cursor.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
    try:
        yield
    finally:
        # The lock belongs to the session, and so ends with the connection whatever happened on it.
        connection.close()


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
