"""What heals every loss: reports that wait too long are sent again, hopeless ones are said to have failed."""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import Error, connections
from django.db.models import F, Q
from django.db.models.functions import Now

from reports.files import delete_files, is_damaged, make_again
from reports.models import Report, ReportState, WorkerBeat
from reports.queue import wake_worker

logger = logging.getLogger("preflight.reports")

QUEUED_TOO_LONG = timedelta(seconds=15)
AT_MOST = 20
ORPHAN_AGE_SECONDS = 3600
NEWEST = 200
CHECKED_AT_ONCE = 5
CHECK_AGAIN_AFTER = timedelta(days=1)
UNNAMED_AGE_SECONDS = 86_400
REMOVED_AT_ONCE = 50
FILE_NAME = re.compile(r"[0-9a-f]{64}\.pdf", re.ASCII)
WORKER_ALIVE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Reconciled:
    sent: int
    failed: int
    remade: int
    removed: int


def reconcile(*, at_start: bool = False) -> Reconciled:
    """One pass. `at_start` sends every queued report, however young. Judged by the clock of the database alone."""
    failed = _fail_hopeless()
    waiting = (
        Q(state=ReportState.QUEUED)
        if at_start
        else Q(state=ReportState.QUEUED, enqueued_at__lt=Now() - QUEUED_TOO_LONG)
    )
    due = Report.objects.filter(waiting | Q(state=ReportState.RUNNING, lease_until__lt=Now())).order_by("enqueued_at")
    ids = list(due.values_list("pk", flat=True)[:AT_MOST])
    for report_id in ids:
        wake_worker(report_id)
    Report.objects.filter(pk__in=ids, state=ReportState.QUEUED).update(enqueued_at=Now())
    # Files come last: a folder that cannot be read must not keep a report from being made.
    remade = _remake_lost_files() + _remake_damaged_files()
    done = Reconciled(len(ids), failed, remade, _remove_orphans() + _remove_unnamed_files())
    if done.sent or done.failed or done.remade:
        logger.info("Reconciled reports: %s", done)
    return done


def _fail_hopeless() -> int:
    return Report.objects.filter(
        state=ReportState.RUNNING, lease_until__lt=Now(), attempts__gte=settings.REPORT_MAX_ATTEMPTS
    ).update(
        state=ReportState.FAILED,
        step=0,
        lease_token=None,
        lease_until=None,
        error_code="worker_died",
        error="The worker stopped every time it tried. The document may be too big for this machine.",
    )


def _remake_lost_files() -> int:
    """Ready reports whose file is gone are made again. The newest are looked at in every pass, all of them in time."""
    ready = Report.objects.filter(state=ReportState.READY).order_by("-pk")[:NEWEST]
    return sum(make_again(report) for report in ready if _is_gone(report.path))


def _remake_damaged_files() -> int:
    """Reads a few files, those first that were not read for the longest time, and each at most once a day."""
    due = Q(checked_at=None) | Q(checked_at__lt=Now() - CHECK_AGAIN_AFTER)
    ready = Report.objects.filter(due, state=ReportState.READY)
    reports = list(ready.order_by(F("checked_at").asc(nulls_first=True), "pk")[:CHECKED_AT_ONCE])
    if not reports:
        return 0
    remade = sum(make_again(report) for report in reports if is_damaged(report))
    Report.objects.filter(pk__in=[report.pk for report in reports]).update(checked_at=Now())
    return remade


def _remove_orphans() -> int:
    parts = Path(settings.REPORTS_DIR).glob(".*.part")
    return sum(_remove(path) for path in parts if _age_seconds(path) > ORPHAN_AGE_SECONDS)


def _remove_unnamed_files() -> int:
    """Files that no report names any more, a day after they were written. Each pass looks into one of the folders."""
    turn = int(time.time()) // max(int(settings.REPORT_RECONCILE_SECONDS), 1) % 256
    folder = Path(settings.REPORTS_DIR) / f"{turn:02x}"
    if not folder.is_dir():
        return 0
    files = [path for path in folder.iterdir() if FILE_NAME.fullmatch(path.name)]
    old = [path.stem for path in files if _age_seconds(path) > UNNAMED_AGE_SECONDS]
    return delete_files(old, at_most=REMOVED_AT_ONCE) if old else 0


def _is_gone(path: Path) -> bool:
    """Not there. A folder that may not be looked into says nothing about its files."""
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def _age_seconds(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0


def _remove(path: Path) -> bool:
    try:
        path.unlink()
    except OSError as error:
        logger.warning("A forgotten file cannot be removed: %s", error)
        return False
    return True


def beat(name: str) -> None:
    """Leaves a sign of life, and forgets workers that left none for a day."""
    WorkerBeat.objects.update_or_create(name=name, defaults={"beat_at": Now()})
    WorkerBeat.objects.filter(beat_at__lt=Now() - timedelta(days=1)).delete()


def is_worker_alive() -> bool:
    return WorkerBeat.objects.filter(beat_at__gt=Now() - WORKER_ALIVE).exists()


class ReconcilerThread(threading.Thread):
    """Runs a pass at once and then every REPORT_RECONCILE_SECONDS, beside the worker's own work."""

    def __init__(self, name: str) -> None:
        super().__init__(name="reconciler", daemon=True)
        self.worker = name
        self._stopped = threading.Event()

    def run(self) -> None:
        at_start = True
        while not self._stopped.is_set():
            try:
                beat(self.worker)
                reconcile(at_start=at_start)
                at_start = False
            except (Error, OSError) as error:
                logger.warning("The reconciler will try again: %s", error)
            except Exception:
                # Whatever it was: without this thread nothing is healed any more.
                logger.exception("The reconciler will try again.")
            finally:
                connections.close_all()
            self._stopped.wait(settings.REPORT_RECONCILE_SECONDS)

    def stop(self) -> None:
        self._stopped.set()


def worker_name(hostname: str) -> str:
    return f"{hostname} {os.getpid()}"[:120]
