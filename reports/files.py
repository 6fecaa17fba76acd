"""Sending a finished report: checked against its hash, with a name that every system can store."""

from __future__ import annotations

import hashlib
import logging

from django.http import HttpResponse
from django.utils.text import slugify

from reports.models import Report, ReportState
from reports.queue import wake_worker
from reports.services import requeue

logger = logging.getLogger("preflight.reports")


def pdf_response(report: Report) -> HttpResponse | None:
    """The file as a download. None when it is not ready, or when it is lost or damaged: then it is made again."""
    if report.state != ReportState.READY:
        return None
    try:
        content = report.path.read_bytes()
    except OSError:
        content = b""
    if hashlib.sha256(content).hexdigest() != report.sha256:
        logger.error("The file of report %s is lost or damaged. It is made again.", report.public_id)
        report.path.unlink(missing_ok=True)
        requeue(report)
        wake_worker(report.pk)
        return None
    project, snapshot = report.snapshot.project, report.snapshot
    name = f"{slugify(project.name)[:60] or 'project'}-{snapshot.taken_at:%Y-%m-%d}-{snapshot.public_id}.pdf"
    response = HttpResponse(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
