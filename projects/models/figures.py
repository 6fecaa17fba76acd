"""What is known of a project's risk, now and in the past, in columns that a page over all projects can sort by.

One row per project says what its answers give at this moment; one row per snapshot says what held from its day until
the next one. Both are written in the same transaction as the answer or the snapshot, by `assessments.figures`.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.timezone import get_default_timezone

from accounts.models import Organisation
from projects.models.project import Project, Stage

DIMENSIONS = 6
WORST = tuple(f"worst_{place}" for place in range(1, DIMENSIONS + 1))


def end_of(day: date) -> datetime:
    """The first moment after a day."""
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=get_default_timezone())


class FiguresQuerySet(models.QuerySet["ProjectFigures"]):
    def current(self) -> FiguresQuerySet:
        """What the answers give now: one row per project that is not archived."""
        return self.filter(is_current=True, project__archived_at=None)

    def as_of(self, day: date) -> FiguresQuerySet:
        """What the newest snapshot said at the end of `day`: at most one row per project, none before its first.

        A project that was archived by then is left out.
        """
        moment = end_of(day)
        return self.filter(
            Q(until_at=None) | Q(until_at__gte=moment),
            Q(project__archived_at=None) | Q(project__archived_at__gte=moment),
            is_current=False,
            from_at__lt=moment,
        )

    def of_snapshots(self) -> FiguresQuerySet:
        return self.filter(is_current=False)


class ProjectFigures(models.Model):
    """`level` is 1 (low) to 4 (critical), 0 while none may be named; then `index` is kept but not shown.

    `cells` has for each dimension, in the order of the checklist, [risk or None, low, high, level, answered, due].
    `worst_1` to `worst_6` are their upper ends, -1 where nothing is due. `points` are the parts of the index by
    question, `open_questions` the ids of those at one of their two worst answers, with a blank on both sides.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="figures")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    snapshot = models.OneToOneField("assessments.Snapshot", on_delete=models.CASCADE, null=True, related_name="figures")
    is_current = models.BooleanField()
    from_at = models.DateTimeField(null=True)
    until_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(db_default=Now())
    reviewed_at = models.DateTimeField(null=True)
    stage = models.CharField(max_length=16, choices=Stage.choices)
    index = models.FloatField(null=True)
    low = models.FloatField(default=0)
    high = models.FloatField(default=100)
    level = models.PositiveSmallIntegerField(default=0)
    answered = models.PositiveSmallIntegerField(default=0)
    due = models.PositiveSmallIntegerField(default=0)
    worst_1 = models.FloatField(default=100)
    worst_2 = models.FloatField(default=100)
    worst_3 = models.FloatField(default=100)
    worst_4 = models.FloatField(default=100)
    worst_5 = models.FloatField(default=100)
    worst_6 = models.FloatField(default=100)
    cells = models.JSONField(default=list)
    open_questions = models.TextField(blank=True)
    points = models.JSONField(default=dict)

    objects: ClassVar[FiguresQuerySet] = FiguresQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = (
            # Pages read these in order. The moments are in the second, so that a past day skips rows without a look.
            models.Index(
                "organisation", F("high").desc(), F("low").desc(), "id",
                name="figures_now", condition=Q(is_current=True),
            ),
            models.Index(
                "organisation", F("high").desc(), F("low").desc(), "id", "from_at", "until_at", "level", "project",
                name="figures_then", condition=Q(is_current=False),
            ),
            models.Index(fields=("project", "from_at"), name="figures_history"),
            models.Index(fields=("organisation", "-changed_at"), name="figures_changed"),
        )  # fmt: skip
        constraints = (
            models.UniqueConstraint(fields=("project",), condition=Q(is_current=True), name="one_current_figures"),
            models.UniqueConstraint(
                fields=("project",), condition=Q(is_current=False, until_at=None), name="one_newest_figures"
            ),
            models.CheckConstraint(
                condition=Q(until_at=None) | Q(until_at__gte=F("from_at")), name="figures_end_after_start"
            ),
            models.CheckConstraint(
                condition=Q(is_current=True, snapshot=None, from_at=None)
                | Q(is_current=False, snapshot__isnull=False, from_at__isnull=False),
                name="figures_now_or_then",
            ),
            models.CheckConstraint(condition=Q(level__lte=4), name="figures_level_known"),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="figures_stage_known"),
        )

    def __str__(self) -> str:
        return f"{self.project_id} {'now' if self.is_current else self.from_at}"
