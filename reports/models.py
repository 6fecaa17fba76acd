"""Reports and the links that share a frozen result."""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import User
from assessments.models import Snapshot

LABEL_LIMIT = 120
TEMPLATE_VERSION = "1"


def new_public_id() -> str:
    return secrets.token_hex(8)


class ReportState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "In the making"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"


STEPS = ("Waiting", "Collecting the answers", "Writing the pages", "Setting the pages", "Checking the file", "Ready")


class Report(models.Model):
    """One PDF of one snapshot. This row is the truth; the broker only wakes a worker up.

    A worker holds the row by `lease_token` until `lease_until`, by the clock of the database.
    """

    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, related_name="reports")
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

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("snapshot", "template_version", "names", "notes", "evidence"), name="one_report_per_content"
            ),
            models.CheckConstraint(condition=~Q(state="ready") | ~Q(sha256=""), name="ready_report_has_file"),
        )
        indexes = (models.Index(fields=("state", "enqueued_at"), name="report_to_do"),)

    def __str__(self) -> str:
        return f"report {self.public_id}"

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
        hidden = [
            word
            for word, shown in (("names", self.names), ("notes", self.notes), ("evidence links", self.evidence))
            if not shown
        ]
        if not hidden:
            return "with names, notes and evidence"
        *most, last = hidden
        return f"without {', '.join(most)} and {last}" if most else f"without {last}"


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
    """A link to one snapshot for people without an account. Only the hash of its token is kept."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, related_name="share_links")
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
            models.CheckConstraint(condition=Q(notes=False) | ~Q(passphrase=""), name="shared_notes_need_passphrase"),
        )

    def __str__(self) -> str:
        return self.label

    def is_active(self, *, at: datetime) -> bool:
        return self.revoked_at is None and self.expires_at > at
