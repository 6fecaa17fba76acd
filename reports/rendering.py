"""Making one report: from the claimed row to a file named by its content."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import threading
import uuid
from contextlib import suppress
from pathlib import Path
from typing import cast

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.models.functions import Now

from assessments.models import Snapshot
from assessments.snapshots import read_body
from findings.board import BoardDocument, build_board
from findings.document import ReportDocument, ReportOptions, build_document
from reports.board_pdf import render_board
from reports.boards import read_board
from reports.leases import Heartbeat, LeaseLost, claim
from reports.models import Report, ReportState, report_path
from reports.pdf import RenderCancelled, RenderFailed, inspect_pdf, render_html, render_pdf

logger = logging.getLogger("preflight.reports")

FINAL_FAILURES = {"too_big", "broken", "library_missing"}


def render_report(report_id: int) -> str:
    """Makes the report if it is free to take. Returns "ready", "failed", "again" or "not mine".

    Safe to call any number of times for the same id, from any number of workers.
    """
    token = claim(report_id)
    if token is None:
        return "not mine"
    report = (
        Report.objects.select_related("snapshot__assessment", "board").filter(pk=report_id, lease_token=token).first()
    )
    if report is None:
        return "not mine"
    temporary = Path(settings.REPORTS_DIR) / f".{report.public_id}-{token.hex}.part"
    try:
        with Heartbeat(report_id, token) as heartbeat:
            return _make(report, token, temporary, heartbeat.lost)
    except (LeaseLost, RenderCancelled):
        logger.warning("Report %s was taken over by somebody else and is given up here.", report.public_id)
        return "not mine"
    except (OperationalError, InterfaceError):
        logger.exception("The database was away during report %s. The report is tried again.", report.public_id)
        return "again"
    except RenderFailed as failure:
        logger.warning("Report %s, attempt %s: %s %s", report.public_id, report.attempts, failure, failure.detail)
        return _give_up(report, token, failure)
    except Exception as error:
        logger.exception("Report %s, attempt %s", report.public_id, report.attempts)
        return _give_up(report, token, _failure(error))
    finally:
        # What cannot be removed now is removed by the reconciler.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _failure(error: Exception) -> RenderFailed:
    """What is said of an unforeseen error: the kind of reason in words, and nothing of the error itself."""
    if isinstance(error, SoftTimeLimitExceeded):
        return RenderFailed("time")
    if isinstance(error, MemoryError):
        return RenderFailed("too_big")
    if isinstance(error, OSError):
        return RenderFailed("no_space" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "not_stored")
    return RenderFailed("broken")


def _make(report: Report, token: uuid.UUID, temporary: Path, lost: threading.Event) -> str:
    temporary.parent.mkdir(parents=True, exist_ok=True)
    document = document_of(report)
    _reach(report, token, 2, lost)
    html = render_board(document) if isinstance(document, BoardDocument) else render_html(document)
    _reach(report, token, 3, lost)
    render_pdf(html, temporary, cancelled=lost)
    _reach(report, token, 4, lost)
    facts = inspect_pdf(temporary)
    if not facts.tagged or not facts.pages:
        raise RenderFailed("broken", "The file that was made is not a tagged PDF.")
    sha256 = hashlib.sha256(temporary.read_bytes()).hexdigest()
    if lost.is_set():
        raise LeaseLost
    _move(temporary, report_path(sha256))
    finished = Report.objects.filter(pk=report.pk, lease_token=token).update(
        state=ReportState.READY,
        step=5,
        sha256=sha256,
        size=facts.size,
        pages=facts.pages,
        ready_at=Now(),
        checked_at=Now(),
        lease_token=None,
        lease_until=None,
        error="",
        error_code="",
    )
    return "ready" if finished else "not mine"


def document_of(report: Report) -> ReportDocument | BoardDocument:
    """What the report says, from the frozen text of its board or snapshot alone."""
    if report.board is not None:
        return build_board(read_board(report.board), names=report.names, sha256=report.board.sha256)
    snapshot = cast("Snapshot", report.snapshot)
    options = ReportOptions(names=report.names, notes=report.notes, evidence=report.evidence)
    return build_document(read_body(snapshot), snapshot.assessment.checklist, options, sha256=snapshot.sha256)


def _reach(report: Report, token: uuid.UUID, step: int, lost: threading.Event) -> None:
    """Notes the step. Raises LeaseLost when the report is somebody else's by now."""
    if lost.is_set() or not Report.objects.filter(pk=report.pk, lease_token=token).update(step=step):
        raise LeaseLost


def _move(temporary: Path, target: Path) -> None:
    """Puts the whole file in place at once and makes sure that the name survives a power cut, a new folder's too."""
    is_new_folder = not target.parent.is_dir()
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(temporary, target)
    for folder in (target.parent, target.parent.parent) if is_new_folder else (target.parent,):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _give_up(report: Report, token: uuid.UUID, failure: RenderFailed) -> str:
    final = failure.code in FINAL_FAILURES or report.attempts >= settings.REPORT_MAX_ATTEMPTS
    held = Report.objects.filter(pk=report.pk, lease_token=token)
    changed = held.update(
        state=ReportState.FAILED if final else ReportState.QUEUED,
        step=0,
        error_code=failure.code,
        error=failure.sentence[:300],
        lease_token=None,
        lease_until=None,
        enqueued_at=Now(),
    )
    if not changed:
        return "not mine"
    return "failed" if final else "again"
