"""Who works on a report. A lease is held by a token and ends by the clock of the database."""

from __future__ import annotations

import logging
import threading
import uuid
from datetime import timedelta
from types import TracebackType

from django.conf import settings
from django.db import Error, connection
from django.db.models import DateTimeField, ExpressionWrapper, F, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from reports.models import Report, ReportState

logger = logging.getLogger("preflight.reports")


class LeaseLost(Exception):
    """The report belongs to somebody else by now, or is gone. What was made so far is thrown away."""


def lease_end() -> Combinable:
    return ExpressionWrapper(Now() + timedelta(seconds=settings.REPORT_LEASE_SECONDS), output_field=DateTimeField())


def claim(report_id: int) -> uuid.UUID | None:
    """Takes a queued report, or a running one whose lease ran out. None when somebody else has it or it is finished.

    A report that was tried as often as it may be is not taken: the reconciler says that it failed.
    """
    token = uuid.uuid4()
    abandoned = Q(state=ReportState.RUNNING, lease_until__lt=Now(), attempts__lt=settings.REPORT_MAX_ATTEMPTS)
    free = Q(state=ReportState.QUEUED) | abandoned
    taken = Report.objects.filter(free, pk=report_id).update(
        state=ReportState.RUNNING, step=1, lease_token=token, lease_until=lease_end(), attempts=F("attempts") + 1
    )
    return token if taken else None


class Heartbeat:
    """Renews a lease from a thread of its own. `lost` is set when the lease belongs to somebody else.

    A database that is away is asked again at the next beat: until it is back nobody can take the report.
    """

    def __init__(self, report_id: int, token: uuid.UUID) -> None:
        self.report_id, self.token = report_id, token
        self.lost = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"lease-{report_id}", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        try:
            while not self._stop.wait(settings.REPORT_LEASE_SECONDS / 3):
                try:
                    held = Report.objects.filter(pk=self.report_id, lease_token=self.token)
                    renewed = held.update(lease_until=lease_end())
                except Error as error:
                    logger.warning("The lease of report %s could not be renewed yet: %s", self.report_id, error)
                    connection.close()
                    continue
                if not renewed:
                    self.lost.set()
                    return
        finally:
            connection.close()
