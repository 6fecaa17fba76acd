"""What heals every loss: reports that wait too long are sent again, hopeless ones are said to have failed."""

from __future__ import annotations

import logging
import os
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connections
from django.db.models import Q
from django.db.models.functions import Now

from reports.models import Report, ReportState, WorkerBeat
from reports.queue import wake_worker

logger = logging.getLogger("preflight.reports")

QUEUED_TOO_LONG = timedelta(seconds=15)
AT_MOST = 20
ORPHAN_AGE_SECONDS = 3600
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
    remade = _requeue_lost_files()
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
    done = Reconciled(len(ids), failed, remade, _remove_orphans())
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


def _requeue_lost_files() -> int:
    """Ready reports whose file is gone are made again. The newest 200 are looked at; older ones when somebody asks."""
    ready = Report.objects.filter(state=ReportState.READY).order_by("-pk")[:200]
    lost = [report.pk for report in ready if not report.path.is_file()]
    return Report.objects.filter(pk__in=lost, state=ReportState.READY).update(
        state=ReportState.QUEUED, step=0, attempts=0, enqueued_at=Now()
    )


def _remove_orphans() -> int:
    removed = 0
    for path in Path(settings.REPORTS_DIR).glob(".*.part"):
        if time.time() - path.stat().st_mtime > ORPHAN_AGE_SECONDS:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


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
            except (DatabaseError, OSError) as error:
                logger.warning("The reconciler will try again: %s", error)
            finally:
                connections.close_all()
            self._stopped.wait(settings.REPORT_RECONCILE_SECONDS)

    def stop(self) -> None:
        self._stopped.set()


def worker_name(hostname: str) -> str:
    return f"{hostname} {os.getpid()}"[:120]
