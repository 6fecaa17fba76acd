"""Waking a worker. Losing the message costs seconds, not the report, so every failure is logged and forgotten."""

from __future__ import annotations

import logging

from celery import current_app

logger = logging.getLogger("preflight.reports")

TASK = "reports.render"


def wake_worker(report_id: int) -> None:
    """Sends the id of a queued report to the broker. Never raises for a broker that is away, and never waits for it."""
    try:
        current_app.send_task(TASK, args=(report_id,), retry=False, ignore_result=True)
    except Exception as error:
        # Any: the report is committed already, so whatever a broker's client raises must not become an error page.
        logger.warning("The broker did not take report %s: %s. The reconciler will send it again.", report_id, error)
