"""Making one report: from the claimed row to a file named by its content."""

from __future__ import annotations

import hashlib
import logging
import os
import uuid
from pathlib import Path

from django.conf import settings
from django.db.models.functions import Now

from assessments.snapshots import read_body
from findings.document import ReportOptions, build_document
from reports.leases import Heartbeat, claim
from reports.models import Report, ReportState, report_path
from reports.pdf import RenderFailed, inspect_pdf, render_html, render_pdf

logger = logging.getLogger("preflight.reports")

FINAL_FAILURES = {"too_big", "broken", "library_missing"}


def render_report(report_id: int) -> str:
    """Makes the report if it is free to take. Returns "ready", "failed", "again" or "not mine".

    Safe to call any number of times for the same id, from any number of workers.
    """
    token = claim(report_id)
    if token is None:
        return "not mine"
    report = Report.objects.select_related("snapshot__assessment").get(pk=report_id)
    temporary = Path(settings.REPORTS_DIR) / f".{report.public_id}-{token.hex}.part"
    temporary.parent.mkdir(parents=True, exist_ok=True)
    try:
        with Heartbeat(report_id, token) as heartbeat:
            return "not mine" if heartbeat.lost.is_set() else _make(report, token, temporary)
    except RenderFailed as failure:
        return _give_up(report, token, failure)
    finally:
        temporary.unlink(missing_ok=True)


def _make(report: Report, token: uuid.UUID, temporary: Path) -> str:
    options = ReportOptions(names=report.names, notes=report.notes, evidence=report.evidence)
    snapshot = report.snapshot
    document = build_document(read_body(snapshot), snapshot.assessment.checklist, options, sha256=snapshot.sha256)
    _reach(report, token, 2)
    html = render_html(document)
    _reach(report, token, 3)
    render_pdf(html, temporary)
    _reach(report, token, 4)
    facts = inspect_pdf(temporary)
    if not facts.tagged or not facts.pages:
        raise RenderFailed("broken", "The file that was made is not a tagged PDF.")
    sha256 = hashlib.sha256(temporary.read_bytes()).hexdigest()
    _move(temporary, report_path(sha256))
    finished = Report.objects.filter(pk=report.pk, lease_token=token).update(
        state=ReportState.READY,
        step=5,
        sha256=sha256,
        size=facts.size,
        pages=facts.pages,
        ready_at=Now(),
        lease_token=None,
        lease_until=None,
        error="",
        error_code="",
    )
    return "ready" if finished else "not mine"


def _reach(report: Report, token: uuid.UUID, step: int) -> None:
    Report.objects.filter(pk=report.pk, lease_token=token).update(step=step)


def _move(temporary: Path, target: Path) -> None:
    """Puts the whole file in place at once and makes sure that the name survives a power cut."""
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(temporary, target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _give_up(report: Report, token: uuid.UUID, failure: RenderFailed) -> str:
    logger.warning("Report %s, attempt %s: %s", report.public_id, report.attempts, failure)
    final = failure.code in FINAL_FAILURES or report.attempts >= settings.REPORT_MAX_ATTEMPTS
    Report.objects.filter(pk=report.pk, lease_token=token).update(
        state=ReportState.FAILED if final else ReportState.QUEUED,
        step=0,
        error_code=failure.code,
        error=str(failure)[:300],
        lease_token=None,
        lease_until=None,
        enqueued_at=Now(),
    )
    return "failed" if final else "again"
