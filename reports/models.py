"""Boards, reports, and the links that share a frozen result."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, cast

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from accounts.models import AppendOnly, AppendOnlyQuerySet, Membership, Organisation, User
from accounts.roles import Permission
from assessments.models import Snapshot, new_snapshot_id
from portfolio.sight import sight_of

LABEL_LIMIT = 120
SIGHT_LIMIT = 64
SCOPE_LIMIT = 400
TEMPLATE_VERSION = BOARD_TEMPLATE_VERSION = "1"

# A report or a link is about one frozen thing: the snapshot of a project, or a board of many.
OF_ONE_THING = Q(snapshot__isnull=False, board__isnull=True) | Q(snapshot__isnull=True, board__isnull=False)


def new_public_id() -> str:
    return secrets.token_hex(8)


class BoardSnapshotQuerySet(AppendOnlyQuerySet):
    def visible_to(self, membership: Membership) -> BoardSnapshotQuerySet:
        """Who sees every project sees every board; others those they took themselves while they saw what they see now.

        Members who may not see the portfolio see none.
        """
        if not membership.allows(Permission.VIEW_PORTFOLIO):
            return self.none()
        boards = self.filter(organisation=membership.organisation_id)
        if membership.sees_everything:
            return boards
        return boards.filter(taken_by=membership.user_id, sight=sight_of(membership).key)


class BoardSnapshot(AppendOnly):
    """The portfolio at a moment, frozen for the board. `body` is canonical JSON, `sha256` the hash of its bytes.

    `scope` says which projects were chosen, `sight` what who took it could see then. `rows`
    counts the projects that are listed, `projects` those that were chosen.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="boards")
    public_id = models.CharField(max_length=16, unique=True, default=new_snapshot_id)
    label = models.CharField(max_length=LABEL_LIMIT)
    taken_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField()
    as_of = models.DateField(null=True)
    scope = models.CharField(max_length=SCOPE_LIMIT)
    sight = models.CharField(max_length=SIGHT_LIMIT)
    body = models.TextField()
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    projects = models.PositiveIntegerField()

    objects: ClassVar[BoardSnapshotQuerySet] = BoardSnapshotQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = (models.Index(fields=("organisation", "-id"), name="board_newest"),)
        constraints = (models.CheckConstraint(condition=Q(rows__lte=models.F("projects")), name="board_rows_hold"),)

    def __str__(self) -> str:
        return f"{self.label} ({self.public_id})"


class ReportState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "In the making"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"


STEPS = ("Waiting", "Collecting the answers", "Writing the pages", "Setting the pages", "Checking the file", "Ready")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a report is watched, fetched, asked for again and shared inside the application."""

    page: str
    pdf: str
    retry: str
    share: str


class ReportQuerySet(models.QuerySet["Report"]):
    def of_organisation(self, organisation: Organisation) -> ReportQuerySet:
        return self.filter(Q(snapshot__project__organisation=organisation) | Q(board__organisation=organisation))

    def unfinished(self) -> ReportQuerySet:
        return self.filter(state__in=(ReportState.QUEUED, ReportState.RUNNING))

    def with_subject(self) -> ReportQuerySet:
        """With everything the pages say of a report, but without the frozen texts."""
        related = ("snapshot__project__organisation", "snapshot__taken_by", "board__organisation", "created_by")
        return self.select_related(*related).defer("snapshot__body", "board__body")


class Report(models.Model):
    """One PDF of one snapshot or board. This row is the truth; the broker only wakes a worker up.

    A worker holds the row by `lease_token` until `lease_until`, by the clock of the database.
    """

    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, null=True, related_name="reports")
    board = models.ForeignKey(BoardSnapshot, on_delete=models.PROTECT, null=True, related_name="reports")
    public_id = models.CharField(max_length=16, unique=True, default=new_public_id)
    template_version = models.CharField(max_length=16, default=TEMPLATE_VERSION)
    names = models.BooleanField(default=True)
    notes = models.BooleanField(default=True)
    evidence = models.BooleanField(default=True)
    state = models.CharField(max_length=16, choices=ReportState.choices, default=ReportState.QUEUED)
    step = models.PositiveSmallIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    enqueued_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    ready_at = models.DateTimeField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveIntegerField(null=True)
    pages = models.PositiveIntegerField(null=True)
    checked_at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=32, blank=True)
    error = models.CharField(max_length=300, blank=True)

    objects: ClassVar[ReportQuerySet] = ReportQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("snapshot", "template_version", "names", "notes", "evidence"), name="one_report_per_content"
            ),
            models.UniqueConstraint(
                fields=("board", "template_version", "names"),
                condition=Q(board__isnull=False),
                name="one_board_report_per_content",
            ),
            models.CheckConstraint(condition=OF_ONE_THING, name="report_of_one_thing"),
            models.CheckConstraint(condition=~Q(state="ready") | ~Q(sha256=""), name="ready_report_has_file"),
        )
        indexes = (models.Index(fields=("state", "enqueued_at"), name="report_to_do"),)

    def __str__(self) -> str:
        return f"report {self.public_id}"

    @property
    def frozen(self) -> Snapshot | BoardSnapshot:
        """What this report shows."""
        return frozen_of(self)

    @property
    def organisation(self) -> Organisation:
        return organisation_of(self)

    @property
    def addresses(self) -> Addresses:
        if self.board is not None:
            mine = [self.public_id]
            return Addresses(
                page=reverse("reports:board", args=mine),
                pdf=reverse("reports:download_board", args=mine),
                retry=reverse("reports:retry_board", args=mine),
                share=reverse("reports:share_board", args=[self.board.public_id]),
            )
        snapshot = cast("Snapshot", self.snapshot)
        mine = [snapshot.project.slug, self.public_id]
        return Addresses(
            page=reverse("reports:detail", args=mine),
            pdf=reverse("reports:download", args=mine),
            retry=reverse("reports:retry", args=mine),
            share=reverse("reports:share", args=[snapshot.project.slug, snapshot.public_id]),
        )

    @property
    def is_finished(self) -> bool:
        return self.state in {ReportState.READY, ReportState.FAILED}

    @property
    def step_name(self) -> str:
        return STEPS[self.step]

    @property
    def path(self) -> Path:
        """Where the file of a ready report lies: named by its content."""
        return report_path(self.sha256)

    @property
    def left_out(self) -> str:
        """In words, what a reader of this report does not see."""
        if self.board_id is not None:
            return "with names of owners" if self.names else "without names of owners"
        hidden = [
            word
            for word, shown in (("names", self.names), ("notes", self.notes), ("evidence links", self.evidence))
            if not shown
        ]
        if not hidden:
            return "with names, notes and evidence"
        *most, last = hidden
        return f"without {', '.join(most)} and {last}" if most else f"without {last}"


def frozen_of(row: Report | ShareLink) -> Snapshot | BoardSnapshot:
    # The check constraint says that it is one of both.
    return cast("Snapshot | BoardSnapshot", row.board if row.board_id is not None else row.snapshot)


def organisation_of(row: Report | ShareLink) -> Organisation:
    frozen: Any = frozen_of(row)
    return cast("Organisation", frozen.organisation if row.board_id is not None else frozen.project.organisation)


def report_path(sha256: str) -> Path:
    return Path(settings.REPORTS_DIR) / sha256[:2] / f"{sha256}.pdf"


class WorkerBeat(models.Model):
    """A sign of life from each worker, so that pages can say when nobody is there to make reports."""

    name = models.CharField(max_length=120, unique=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class ShareLinkQuerySet(models.QuerySet["ShareLink"]):
    def active(self, *, at: datetime) -> ShareLinkQuerySet:
        return self.filter(revoked_at=None, expires_at__gt=at)


class ShareLink(models.Model):
    """A link to one snapshot or board for people without an account. Only the hash of its token is kept."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, null=True, related_name="share_links")
    board = models.ForeignKey(BoardSnapshot, on_delete=models.PROTECT, null=True, related_name="share_links")
    report = models.ForeignKey(Report, on_delete=models.PROTECT, null=True, related_name="share_links")
    public_id = models.CharField(max_length=16, unique=True, default=new_public_id)
    token_hash = models.CharField(max_length=64, unique=True)
    label = models.CharField(max_length=LABEL_LIMIT)
    names = models.BooleanField(default=False)
    notes = models.BooleanField(default=False)
    evidence = models.BooleanField(default=False)
    passphrase = models.CharField(max_length=160, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    views = models.PositiveIntegerField(default=0)
    viewed_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    tries_since = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ShareLinkQuerySet] = ShareLinkQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = (
            models.CheckConstraint(condition=OF_ONE_THING, name="share_link_of_one_thing"),
            models.CheckConstraint(condition=Q(notes=False) | ~Q(passphrase=""), name="shared_notes_need_passphrase"),
        )

    def __str__(self) -> str:
        return self.label

    def is_active(self, *, at: datetime) -> bool:
        return self.revoked_at is None and self.expires_at > at

    @property
    def frozen(self) -> Snapshot | BoardSnapshot:
        """What this link shows."""
        return frozen_of(self)

    @property
    def organisation(self) -> Organisation:
        return organisation_of(self)

    @property
    def revoke_address(self) -> str:
        if self.board_id is not None:
            return reverse("reports:revoke_board", args=[self.public_id])
        return reverse("reports:revoke", args=[cast("Snapshot", self.snapshot).project.slug, self.public_id])
