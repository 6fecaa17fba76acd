"""Who works on a report. A lease is held by a token and ends by the clock of the database."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from types import TracebackType

from django.conf import settings
from django.db import connection
from django.db.models import DateTimeField, ExpressionWrapper, F, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from reports.models import Report, ReportState


def lease_end() -> Combinable:
    return ExpressionWrapper(Now() + timedelta(seconds=settings.REPORT_LEASE_SECONDS), output_field=DateTimeField())


def claim(report_id: int) -> uuid.UUID | None:
    """Takes a queued report, or a running one whose lease ran out. None when somebody else has it or it is finished."""
    token = uuid.uuid4()
    free = Q(state=ReportState.QUEUED) | Q(state=ReportState.RUNNING, lease_until__lt=Now())
    taken = Report.objects.filter(free, pk=report_id).update(
        state=ReportState.RUNNING, step=1, lease_token=token, lease_until=lease_end(), attempts=F("attempts") + 1
    )
    return token if taken else None


class Heartbeat:
    """Renews a lease from a thread of its own. `lost` is set when the lease belongs to somebody else."""

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
                held = Report.objects.filter(pk=self.report_id, lease_token=self.token)
                if not held.update(lease_until=lease_end()):
                    self.lost.set()
                    return
        finally:
            connection.close()
