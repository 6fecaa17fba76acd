"""Audited writes on reports and share links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Case, DateTimeField, ExpressionWrapper, F, Q, When
from django.db.models.functions import Now

from accounts import audit
from accounts.models import User, new_token, token_hash
from accounts.texts import clean_text
from assessments.models import Snapshot
from reports.models import LABEL_LIMIT, TEMPLATE_VERSION, Report, ReportState, ShareLink
from reports.queue import wake_worker

PASSPHRASE_MINIMUM = 10
PASSPHRASE_LIMIT = 200
PASSPHRASE_TRIES = 5
PASSPHRASE_TRIES_IN = timedelta(minutes=10)


class ReportRefused(Exception):
    """The message is a sentence for the person who asked."""


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
    organisation = snapshot.project.organisation
    fields = {
        "snapshot": snapshot,
        "template_version": TEMPLATE_VERSION,
        "names": content.names,
        "notes": content.notes,
        "evidence": content.evidence,
    }
    report = Report.objects.filter(**fields).first()
    if report is not None and report.state != ReportState.FAILED:
        return report
    waiting = Report.objects.filter(
        snapshot__project__organisation=organisation, state__in=(ReportState.QUEUED, ReportState.RUNNING)
    ).count()
    if waiting >= settings.REPORTS_RUNNING_PER_ORGANISATION:
        raise ReportRefused(f"{waiting} reports are waiting already. Ask again when some of them are ready.")
    if report is None:
        report, created = Report.objects.get_or_create(**fields, defaults={"created_by": by})
        if not created:
            return report
    elif not requeue(report):
        report.refresh_from_db()
        return report
    audit.record(
        organisation=organisation,
        actor=by,
        verb="report.requested",
        thing=report.public_id,
        snapshot=snapshot.public_id,
    )
    transaction.on_commit(lambda: wake_worker(report.pk))
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
    label = clean_text(terms.label, field="For whom", limit=LABEL_LIMIT, required=True)
    if not 1 <= terms.days <= settings.SHARE_LINK_MAX_DAYS:
        raise ReportRefused(f"Days: a link lasts from 1 to {settings.SHARE_LINK_MAX_DAYS} days.")
    passphrase = clean_text(terms.passphrase, field="Passphrase", limit=PASSPHRASE_LIMIT)
    if passphrase and len(passphrase) < PASSPHRASE_MINIMUM:
        raise ReportRefused(f"Passphrase: at least {PASSPHRASE_MINIMUM} characters.")
    if terms.content.notes and not passphrase:
        raise ReportRefused("Passphrase: a link that shows notes needs one.")
    report = request_report(snapshot=snapshot, content=terms.content, by=by) if terms.with_pdf else None
    token = new_token()
    link = ShareLink.objects.create(
        snapshot=snapshot,
        report=report,
        token_hash=token_hash(token),
        label=label,
        names=terms.content.names,
        notes=terms.content.notes,
        evidence=terms.content.evidence,
        passphrase=make_password(passphrase) if passphrase else "",
        created_by=by,
        created_at=at,
        expires_at=at + timedelta(days=terms.days),
    )
    audit.record(
        organisation=snapshot.project.organisation,
        actor=by,
        verb="share.created",
        thing=link.public_id,
        snapshot=snapshot.public_id,
        days=terms.days,
        notes=terms.content.notes,
        names=terms.content.names,
    )
    return link, token


@transaction.atomic
def revoke_share_link(*, link: ShareLink, by: User, at: datetime) -> None:
    """Ends the link at once. There is no way back; a new link can be made."""
    if ShareLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=at):
        audit.record(
            organisation=link.snapshot.project.organisation, actor=by, verb="share.revoked", thing=link.public_id
        )


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
