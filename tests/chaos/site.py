"""Starts the product's processes, breaks them, and counts in the database what became of the reports."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped]

from assessor.management.commands.serve import worker_command
from tests.infrastructure.commands import ROOT, descendants, is_alive, production
from tests.servers import wait_until

# Notes each finish of a report, so that one that is made twice is seen even if the second time looks like the first.
NOTE_FINISHES = {
    "sqlite": (
        "CREATE TABLE finishes (report integer)",
        "CREATE TRIGGER note_finish AFTER UPDATE ON reports_report WHEN NEW.ready_at IS NOT OLD.ready_at "
        "BEGIN INSERT INTO finishes VALUES (NEW.id); END",
    ),
    "postgres": (
        "CREATE TABLE finishes (report bigint)",
        "CREATE FUNCTION note_finish() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN INSERT INTO finishes VALUES (NEW.id); RETURN NULL; END'",
        "CREATE TRIGGER note_finish AFTER UPDATE ON reports_report FOR EACH ROW "
        "WHEN (NEW.ready_at IS DISTINCT FROM OLD.ready_at) EXECUTE FUNCTION note_finish()",
    ),
}


@dataclass(frozen=True)
class Row:
    """One report as the database has it."""

    id: int
    state: str
    attempts: int
    sha256: str


@dataclass
class Site:
    """One installation with short leases, so that a test need not wait for long."""

    env: dict[str, str]
    data: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @classmethod
    @contextmanager
    def open(cls, folder: Path, **variables: str) -> Iterator[Site]:
        data = folder / "data"
        short = {"REPORT_LEASE_SECONDS": "3", "REPORT_RECONCILE_SECONDS": "1"}
        site = cls(production(data, **short, **variables), data)
        site._run("manage.py", "safe_migrate", "--verbosity", "0")
        for statement in NOTE_FINISHES["postgres" if "DATABASE_URL" in variables else "sqlite"]:
            site.query(statement, rows=False)
        try:
            yield site
        finally:
            for worker in site.workers:
                kill(worker)

    def _run(self, *arguments: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def make_snapshots(self, count: int) -> None:
        self._run("-m", "tests.chaos.asking", "make", str(count))

    def ask(self, count: int) -> list[dict[str, Any]]:
        """Asks for the reports of the first snapshots. Returns status and seconds of each request."""
        answers: list[dict[str, Any]] = json.loads(self._run("-m", "tests.chaos.asking", "ask", str(count)))
        return answers

    def start_worker(self, application: str = "assessor") -> subprocess.Popen[bytes]:
        """A worker as `manage.py serve` starts it, in a process group of its own."""
        command = [application if word == "assessor" else word for word in worker_command()]
        worker = subprocess.Popen(command, cwd=ROOT, env=self.env, process_group=0, stderr=subprocess.DEVNULL)
        self.workers.append(worker)
        return worker

    def query(self, statement: str, *, rows: bool = True) -> list[tuple[Any, ...]]:
        connection: Any = (
            psycopg2.connect(self.env["DATABASE_URL"].replace("postgres://", "postgresql://"))
            if "DATABASE_URL" in self.env
            else sqlite3.connect(self.data / "preflight.sqlite3", timeout=20)
        )
        try:
            cursor = connection.cursor()
            cursor.execute(statement)
            found = cursor.fetchall() if rows else []
            connection.commit()
            return list(found)
        finally:
            connection.close()

    def reports(self) -> list[Row]:
        return [Row(*row) for row in self.query("SELECT id, state, attempts, sha256 FROM reports_report ORDER BY id")]

    def count(self, state: str) -> int:
        return sum(row.state == state for row in self.reports())

    def wait_ready(self, count: int, limit: float) -> float:
        """Waits until so many reports are ready. Returns the seconds it took."""
        started = time.monotonic()
        wait_until(lambda: self.count("ready") >= count, f"{count} reports are ready", limit)
        return time.monotonic() - started

    def check_files(self) -> int:
        """Every ready report has its whole file. Returns how many finishes were more than one for a report."""
        rows = [row for row in self.reports() if row.state == "ready"]
        for row in rows:
            content = (self.data / "reports" / row.sha256[:2] / f"{row.sha256}.pdf").read_bytes()
            assert hashlib.sha256(content).hexdigest() == row.sha256
            assert content.startswith(b"%PDF-")
            assert content.rstrip().endswith(b"%%EOF")
        finishes = self.query("SELECT count(*), count(DISTINCT report) FROM finishes")[0]
        assert finishes[1] == len(rows)
        assert len(list((self.data / "reports").glob("*/*.pdf"))) == len({row.sha256 for row in rows})
        return int(finishes[0] - finishes[1])


def kill(process: subprocess.Popen[bytes]) -> None:
    """kill -9 for the whole process group and whatever else it started."""
    others = descendants(process.pid)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    for pid in filter(is_alive, others):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait(15)
