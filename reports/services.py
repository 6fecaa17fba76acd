"""Audited writes on reports and share links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Case, DateTimeField, ExpressionWrapper, F, Q, When
from django.db.models.functions import Now

from accounts import audit
from accounts.models import Organisation, User, new_token, token_hash
from accounts.texts import clean_text
from assessments.models import Snapshot
from reports.models import (
    BOARD_TEMPLATE_VERSION,
    LABEL_LIMIT,
    TEMPLATE_VERSION,
    BoardSnapshot,
    Report,
    ReportState,
    ShareLink,
)
from reports.queue import wake_worker

PASSPHRASE_MINIMUM = 10
PASSPHRASE_LIMIT = 200
PASSPHRASE_TRIES = 5
PASSPHRASE_TRIES_IN = timedelta(minutes=10)


class ReportRefused(Exception):
    """The message is a sentence for the person who asked."""


class TooManyReports(ReportRefused):
    """So many of the organisation's reports wait that no more are taken."""


@dataclass(frozen=True, slots=True)
class ReportContent:
    """What a reader sees beside the figures."""

    names: bool = True
    notes: bool = True
    evidence: bool = True


@transaction.atomic
def request_report(*, snapshot: Snapshot, content: ReportContent, by: User) -> Report:
    """The report of this snapshot with this content: the one there is, or a new one that a worker will make.

    Raises ReportRefused when the organisation has too many waiting. A failed report is tried again.
    """
    fields = {
        "snapshot": snapshot,
        "template_version": TEMPLATE_VERSION,
        "names": content.names,
        "notes": content.notes,
        "evidence": content.evidence,
    }
    return _request(fields, organisation=snapshot.project.organisation, by=by, snapshot=snapshot.public_id)


@transaction.atomic
def request_board_report(*, board: BoardSnapshot, names: bool, by: User) -> Report:
    """The report of this board, with or without the names of owners: the one there is, or a new one.

    Raises ReportRefused when the organisation has too many waiting. A failed report is tried again.
    """
    # A board holds neither notes nor evidence, so its reports differ by names alone.
    content = {"names": names, "notes": False, "evidence": False}
    fields = {"board": board, "template_version": BOARD_TEMPLATE_VERSION, **content}
    return _request(fields, organisation=board.organisation, by=by, board=board.public_id)


def ask_again(*, report: Report, by: User) -> Report:
    """The same report again, for one that failed."""
    if report.board is not None:
        return request_board_report(board=report.board, names=report.names, by=by)
    content = ReportContent(names=report.names, notes=report.notes, evidence=report.evidence)
    return request_report(snapshot=cast("Snapshot", report.snapshot), content=content, by=by)


def _request(fields: Mapping[str, Any], *, organisation: Organisation, by: User, **thing: str) -> Report:
    report = Report.objects.filter(**fields).first()
    if report is not None and report.state != ReportState.FAILED:
        return report
    waiting = Report.objects.of_organisation(organisation).unfinished().count()
    if waiting >= settings.REPORTS_RUNNING_PER_ORGANISATION:
        raise TooManyReports(f"{waiting} reports are waiting already. Ask again when some of them are ready.")
    if report is None:
        report, created = Report.objects.get_or_create(**fields, defaults={"created_by": by})
        if not created:
            return report
    elif not requeue(report):
        report.refresh_from_db()
        return report
    audit.record(organisation=organisation, actor=by, verb="report.requested", thing=report.public_id, **thing)
    report_id = report.pk
    transaction.on_commit(lambda: wake_worker(report_id))
    return report


def requeue(report: Report) -> bool:
    """Puts a finished report back to the start, for instance because its file is gone.

    Only if it still is as it was seen: whoever comes second must not take a running one away from its worker. Returns
    whether it was put back.
    """
    seen = Report.objects.filter(pk=report.pk, state=report.state, sha256=report.sha256)
    changed = seen.filter(state__in=(ReportState.READY, ReportState.FAILED)).update(
        state=ReportState.QUEUED,
        step=0,
        attempts=0,
        lease_token=None,
        lease_until=None,
        enqueued_at=Now(),
        error="",
        error_code="",
    )
    if changed:
        report.refresh_from_db()
    return bool(changed)


@dataclass(frozen=True, slots=True)
class ShareTerms:
    """For whom the link is, how long it lasts, what it shows. Notes need a passphrase."""

    label: str
    days: int
    content: ReportContent
    passphrase: str = ""
    with_pdf: bool = True


@transaction.atomic
def create_share_link(*, snapshot: Snapshot, terms: ShareTerms, by: User, at: datetime) -> tuple[ShareLink, str]:
    """A new link and its token, which is shown this once and not stored.

    Raises TextRefused or ReportRefused with a sentence that names the field and the limit.
    """
    terms = _checked(terms)
    report = request_report(snapshot=snapshot, content=terms.content, by=by) if terms.with_pdf else None
    link = ShareLink(snapshot=snapshot, report=report)
    return _save_link(link, terms, by=by, at=at, snapshot=snapshot.public_id)


@transaction.atomic
def create_board_link(*, board: BoardSnapshot, terms: ShareTerms, by: User, at: datetime) -> tuple[ShareLink, str]:
    """A new link to a board and its token, which is shown this once and not stored. Of the content only names count.

    Raises TextRefused or ReportRefused with a sentence that names the field and the limit.
    """
    terms = _checked(replace(terms, content=ReportContent(terms.content.names, notes=False, evidence=False)))
    report = request_board_report(board=board, names=terms.content.names, by=by) if terms.with_pdf else None
    return _save_link(ShareLink(board=board, report=report), terms, by=by, at=at, board=board.public_id)


def _checked(terms: ShareTerms) -> ShareTerms:
    """The terms with cleaned texts, or a sentence that says what is wrong with them."""
    label = clean_text(terms.label, field="For whom", limit=LABEL_LIMIT, required=True)
    if not 1 <= terms.days <= settings.SHARE_LINK_MAX_DAYS:
        raise ReportRefused(f"Days: a link lasts from 1 to {settings.SHARE_LINK_MAX_DAYS} days.")
    passphrase = clean_text(terms.passphrase, field="Passphrase", limit=PASSPHRASE_LIMIT)
    if passphrase and len(passphrase) < PASSPHRASE_MINIMUM:
        raise ReportRefused(f"Passphrase: at least {PASSPHRASE_MINIMUM} characters.")
    if terms.content.notes and not passphrase:
        raise ReportRefused("Passphrase: a link that shows notes needs one.")
    return replace(terms, label=label, passphrase=passphrase)


def _save_link(link: ShareLink, terms: ShareTerms, *, by: User, at: datetime, **thing: str) -> tuple[ShareLink, str]:
    token = new_token()
    link.token_hash = token_hash(token)
    link.label = terms.label
    link.names, link.notes, link.evidence = terms.content.names, terms.content.notes, terms.content.evidence
    link.passphrase = make_password(terms.passphrase) if terms.passphrase else ""
    link.created_by, link.created_at, link.expires_at = by, at, at + timedelta(days=terms.days)
    link.save()
    audit.record(
        organisation=link.organisation,
        actor=by,
        verb="share.created",
        thing=link.public_id,
        **thing,
        days=terms.days,
        notes=terms.content.notes,
        names=terms.content.names,
    )
    return link, token


@transaction.atomic
def revoke_share_link(*, link: ShareLink, by: User, at: datetime) -> None:
    """Ends the link at once. There is no way back; a new link can be made."""
    if ShareLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=at):
        audit.record(organisation=link.organisation, actor=by, verb="share.revoked", thing=link.public_id)


def count_view(link: ShareLink, *, at: datetime) -> None:
    ShareLink.objects.filter(pk=link.pk).update(views=F("views") + 1, viewed_at=at)


def take_try(link: ShareLink) -> bool:
    """Counts one try at the passphrase. False when this link's tries are used up; a refused try changes nothing.

    One conditional UPDATE by the clock of the database, so that tries at the same moment cannot get past the limit.
    """
    earlier = ExpressionWrapper(Now() - PASSPHRASE_TRIES_IN, output_field=DateTimeField())
    fresh = Q(tries_since=None) | Q(tries_since__lte=earlier)
    counted = ShareLink.objects.filter(fresh | Q(tries__lt=PASSPHRASE_TRIES), pk=link.pk).update(
        tries=Case(When(fresh, then=1), default=F("tries") + 1),
        tries_since=Case(When(fresh, then=Now()), default=F("tries_since")),
    )
    return bool(counted)


def forget_tries(link: ShareLink) -> None:
    ShareLink.objects.filter(pk=link.pk).update(tries=0, tries_since=None)
