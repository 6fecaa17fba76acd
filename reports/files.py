"""The files of finished reports: checked by their hash, sent, made again when lost, removed when no report has them."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from typing import cast

from django.http import HttpResponse
from django.utils.text import slugify

from assessments.models import Snapshot
from reports.models import Report, ReportState, report_path
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
        if make_again(report):
            wake_worker(report.pk)
        return None
    response = HttpResponse(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name(report)}"'
    return response


def file_name(report: Report) -> str:
    """Such as "claims-sorting-2026-11-22-7f3a-19c2-84de.pdf"; a board is named by its organisation."""
    if report.board is not None:
        words = f"{slugify(report.board.organisation.name)[:60] or 'organisation'}-portfolio"
    else:
        project = cast("Snapshot", report.snapshot).project
        words = slugify(project.name)[:60] or "project"
    return f"{words}-{report.frozen.taken_at:%Y-%m-%d}-{report.frozen.public_id}.pdf"


def is_damaged(report: Report) -> bool:
    """Whether the file is lost or no longer what was written. One that may not be read is not judged."""
    try:
        with report.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() != report.sha256
    except PermissionError as error:
        logger.warning("The file of report %s cannot be checked: %s", report.public_id, error)
        return False
    except OSError:
        return True


def make_again(report: Report) -> bool:
    """Puts a ready report whose file is lost or damaged back to be made. False when somebody else did so already.

    The new file takes the place of the old one.
    """
    if not requeue(report):
        return False
    logger.error("The file of report %s is lost or damaged. It is made again.", report.public_id)
    return True


def delete_files(sha256s: Iterable[str], *, at_most: int | None = None) -> int:
    """Removes the files of these hashes that no report names. Returns how many were removed.

    Call it after the commit that removed the reports: until then they may come back.
    """
    hashes = {sha256 for sha256 in sha256s if sha256}
    named = set(Report.objects.filter(sha256__in=hashes).values_list("sha256", flat=True))
    removed = 0
    for sha256 in sorted(hashes - named)[:at_most]:
        try:
            report_path(sha256).unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            logger.warning("The file of a report that is gone cannot be removed: %s", error)
        else:
            removed += 1
    return removed
