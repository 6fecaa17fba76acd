"""One run of a checklist: who answered what, how that changed, and what was frozen."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.functional import cached_property

from accounts.models import NAME_LIMIT, TOKEN_NAME_LIMIT, ApiToken, AppendOnly, AppendOnlyQuerySet, User
from checklists.loader import load
from checklists.schema import Checklist, Question
from projects.models import Project

TITLE_LIMIT = 120
NOTE_LIMIT = 4000
REASON_LIMIT = 500
EVIDENCE_TITLE_LIMIT = 120
EVIDENCE_URL_LIMIT = 2000
QUESTION_ID_LIMIT = 80


class Assessment(models.Model):
    """A run of one checklist version. While it is open, stage and facts are the project's."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="assessments")
    checklist_id = models.CharField(max_length=64)
    checklist_version = models.CharField(max_length=16)
    title = models.CharField(max_length=TITLE_LIMIT)
    opened_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    opened_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True, blank=True)
    is_latest = models.BooleanField(default=True)

    class Meta:
        indexes = (models.Index(fields=("project", "-id"), name="assessment_newest"),)
        constraints = (
            models.UniqueConstraint(fields=("project",), condition=Q(is_latest=True), name="one_latest_assessment"),
            models.CheckConstraint(
                condition=Q(is_latest=True) | Q(closed_at__isnull=False), name="only_latest_assessment_is_open"
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def checklist(self) -> Checklist:
        return load(self.checklist_id, self.checklist_version)

    @property
    def stage_and_facts(self) -> tuple[str, Sequence[str]]:
        """What decides which questions are due: those of the project, and once closed those it was closed with."""
        return (self.project.stage, self.project.facts) if self.is_open else self._closed_with

    @cached_property
    def _closed_with(self) -> tuple[str, Sequence[str]]:
        body = self.snapshots.filter(closes=True).values_list("body", flat=True).first()
        frozen = json.loads(body) if body else {"stage": self.project.stage, "facts": self.project.facts}
        return frozen["stage"], frozen["facts"]

    def questions_due(self) -> tuple[Question, ...]:
        return self.checklist.questions_due(*self.stage_and_facts)


class Respondent(models.Model):
    """Somebody who answers: one person, or the sheet that several editors fill together."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="respondents")
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    role = models.CharField(max_length=32, blank=True)
    is_sheet = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("assessment", "user"), name="one_respondent_per_person"),
            models.UniqueConstraint(fields=("assessment",), condition=Q(is_sheet=True), name="one_sheet"),
        )

    def __str__(self) -> str:
        return "shared sheet" if self.is_sheet else str(self.user or "former member")


class State(models.TextChoices):
    """What an answer says. Blank keeps a note or a link without a choice."""

    BLANK = "blank", "Not answered"
    GRADED = "graded", "Answered"
    UNKNOWN = "unknown", "Don't know"
    NOT_APPLICABLE = "not_applicable", "Not applicable"
    PASSED = "passed", "Not mine to answer"


class Answer(models.Model):
    """The present answer of one respondent to one question. `revision` rises by one with every change."""

    respondent = models.ForeignKey(Respondent, on_delete=models.CASCADE, related_name="answers")
    question = models.CharField(max_length=QUESTION_ID_LIMIT)
    state = models.CharField(max_length=16, choices=State.choices)
    level = models.PositiveSmallIntegerField(null=True)
    reason = models.CharField(max_length=REASON_LIMIT, blank=True)
    note = models.TextField(blank=True)
    evidence_title = models.CharField(max_length=EVIDENCE_TITLE_LIMIT, blank=True)
    evidence_url = models.CharField(max_length=EVIDENCE_URL_LIMIT, blank=True)
    revision = models.PositiveIntegerField()
    answered_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    answered_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("respondent", "question"), name="one_answer_per_question"),
            models.CheckConstraint(
                condition=Q(state="graded", level__isnull=False) | (~Q(state="graded") & Q(level__isnull=True)),
                name="answer_level_iff_graded",
            ),
            models.CheckConstraint(
                condition=~Q(state="not_applicable") | ~Q(reason=""), name="answer_not_applicable_has_reason"
            ),
        )

    def __str__(self) -> str:
        return f"{self.question}: {self.state}"

    @property
    def is_answered(self) -> bool:
        return self.state in {State.GRADED, State.UNKNOWN, State.NOT_APPLICABLE}

    @property
    def has_evidence(self) -> bool:
        return bool(self.evidence_url or self.note)


class AnswerChange(AppendOnly):
    """One step in the life of an answer. The client's mutation id makes a repeated request harmless.

    `through` is the name of the token that a program used, null for a person at a page.
    """

    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="changes")
    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="changes")
    question = models.CharField(max_length=QUESTION_ID_LIMIT)
    revision = models.PositiveIntegerField()
    before = models.JSONField(null=True)
    after = models.JSONField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    mutation_id = models.UUIDField()
    # Null, so that SQLite adds the column without building the table and its triggers anew.
    through = models.CharField(max_length=TOKEN_NAME_LIMIT, null=True)  # noqa: DJ001

    class Meta:
        indexes = (models.Index(fields=("assessment", "-id"), name="change_newest"),)
        constraints = (
            models.UniqueConstraint(fields=("answer", "revision"), name="one_change_per_revision"),
            models.UniqueConstraint(fields=("answer", "mutation_id"), name="one_change_per_mutation"),
        )

    def __str__(self) -> str:
        return f"{self.question} revision {self.revision}"


class AgreedAnswer(models.Model):
    """The level a group settled on after discussion. It replaces the single answers in the score; they stay."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="agreed_answers")
    question = models.CharField(max_length=QUESTION_ID_LIMIT)
    level = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=REASON_LIMIT, blank=True)
    evidence_title = models.CharField(max_length=EVIDENCE_TITLE_LIMIT, blank=True)
    evidence_url = models.CharField(max_length=EVIDENCE_URL_LIMIT, blank=True)
    agreed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    agreed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (models.UniqueConstraint(fields=("assessment", "question"), name="one_agreed_answer"),)

    def __str__(self) -> str:
        return f"{self.question}: agreed"


class ProposalStatus(models.TextChoices):
    """What became of a proposal. Only an open one waits for a person."""

    OPEN = "open", "Open"
    ACCEPTED = "accepted", "Accepted"
    DISMISSED = "dismissed", "Dismissed"
    REPLACED = "replaced", "Replaced by a newer one"
    WITHDRAWN = "withdrawn", "Withdrawn"


PROPOSABLE = (State.GRADED, State.UNKNOWN, State.NOT_APPLICABLE)


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def open(self) -> ProposalQuerySet:
        return self.filter(status=ProposalStatus.OPEN)


class Proposal(models.Model):
    """An answer that a program or a person offers. It counts for nothing until somebody accepts it.

    `source` is the name its token or person had on that day. `revision` is that of the answer which accepting it made,
    empty where the answer said the same already.
    """

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="proposals")
    question = models.CharField(max_length=QUESTION_ID_LIMIT)
    state = models.CharField(max_length=16, choices=State.choices)
    level = models.PositiveSmallIntegerField(null=True)
    reason = models.CharField(max_length=REASON_LIMIT, blank=True)
    note = models.TextField(blank=True)
    evidence_title = models.CharField(max_length=EVIDENCE_TITLE_LIMIT, blank=True)
    evidence_url = models.CharField(max_length=EVIDENCE_URL_LIMIT, blank=True)
    source = models.CharField(max_length=NAME_LIMIT)
    token = models.ForeignKey(ApiToken, on_delete=models.SET_NULL, null=True, related_name="proposals")
    proposed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    proposed_at = models.DateTimeField()
    status = models.CharField(max_length=16, choices=ProposalStatus.choices, default=ProposalStatus.OPEN)
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    revision = models.PositiveIntegerField(null=True)

    objects: ClassVar[ProposalQuerySet] = ProposalQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = (
            models.Index(fields=("assessment", "question"), condition=Q(status="open"), name="proposal_open"),
            models.Index(fields=("assessment", "question", "-id"), name="proposal_newest"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("assessment", "question", "token"), condition=Q(status="open"), name="one_open_proposal"
            ),
            models.CheckConstraint(condition=Q(state__in=PROPOSABLE), name="proposal_chooses"),
            models.CheckConstraint(
                condition=Q(state="graded", level__isnull=False) | (~Q(state="graded") & Q(level__isnull=True)),
                name="proposal_level_iff_graded",
            ),
            models.CheckConstraint(
                condition=~Q(state="not_applicable") | ~Q(reason=""), name="proposal_not_applicable_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(status="open", decided_at__isnull=True) | (~Q(status="open") & Q(decided_at__isnull=False)),
                name="proposal_decided_iff_not_open",
            ),
        )

    def __str__(self) -> str:
        return f"{self.question}: proposed by {self.source}"

    @property
    def is_open(self) -> bool:
        return self.status == ProposalStatus.OPEN


def new_snapshot_id() -> str:
    """Twelve random hexadecimal digits in three groups, short enough to read out."""
    digits = secrets.token_hex(6)
    return "-".join((digits[:4], digits[4:8], digits[8:]))


class Snapshot(AppendOnly):
    """A frozen result. `body` is canonical JSON with everything a report needs; `sha256` is the hash of its bytes."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="snapshots")
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="snapshots")
    public_id = models.CharField(max_length=16, unique=True, default=new_snapshot_id)
    number = models.PositiveIntegerField()
    label = models.CharField(max_length=TITLE_LIMIT)
    taken_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField()
    body = models.TextField()
    sha256 = models.CharField(max_length=64)
    engine = models.CharField(max_length=16)
    closes = models.BooleanField(default=False)
    answered = models.PositiveSmallIntegerField(default=0)
    due = models.PositiveSmallIntegerField(default=0)
    index = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)

    class Meta:
        indexes = (models.Index(fields=("project", "-number"), name="snapshot_newest"),)
        constraints = (
            models.UniqueConstraint(fields=("project", "number"), name="one_snapshot_number"),
            models.CheckConstraint(
                condition=Q(index=None) | (Q(low__lte=F("index")) & Q(index__lte=F("high"))),
                name="snapshot_range_holds",
            ),
        )

    objects: ClassVar[AppendOnlyQuerySet] = AppendOnlyQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"{self.label} ({self.public_id})"
