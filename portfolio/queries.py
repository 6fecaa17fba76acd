"""From the figures of each project to rows: one page of them, or all for a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Case, F, FloatField, Q, QuerySet, Subquery, Value, When
from django.db.models.expressions import Combinable, OrderBy, OuterRef
from django.db.models.functions import Abs, Coalesce

from checklists.schema import Checklist
from portfolio.filters import NO_UNIT, Filters
from portfolio.periods import last_quarter_end
from portfolio.rows import LEVEL_IDS, Row, cells_of
from portfolio.sight import Sight
from projects.models import WORST, FiguresQuerySet, ProjectFigures, Stage, end_of

PAGE = 50
STALE_AFTER = timedelta(days=90)
COURSE = timedelta(days=183)
CHUNK = 500

_COLUMNS = (
    "project_id", "project__slug", "project__name", "stage", "project__unit", "project__owner__name", "project__tags",
    "project__is_demo", "index", "low", "high", "level", "answered", "due", "cells", "reviewed_at",
    "project__planned_date", "project__planned_value",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """`rows` of page `number` of `pages`; `total` projects match."""

    rows: tuple[Row, ...]
    number: int
    pages: int
    total: int


def scoped(sight: Sight, filters: Filters) -> FiguresQuerySet:
    """The figures that the key figures count: what is seen, at the moment asked for, of the chosen projects."""
    figures = sight.figures()
    return chosen(figures.as_of(filters.as_of) if filters.as_of else figures.current(), filters)


def chosen(figures: FiguresQuerySet, filters: Filters) -> FiguresQuerySet:
    """Those of the chosen stage, unit, tag and owner. Unit, tags and owner are today's, also for a past day."""
    if filters.stage:
        figures = figures.filter(stage=filters.stage)
    if filters.unit:
        figures = figures.filter(project__unit="" if filters.unit == NO_UNIT else filters.unit)
    if filters.tag:
        figures = figures.filter(project__tags__has_item=filters.tag)
    if filters.owner is not None:
        figures = figures.filter(project__owner=filters.owner)
    return figures


def matching(sight: Sight, filters: Filters, *, at: datetime) -> FiguresQuerySet:
    """The figures that the table lists, in no order yet."""
    figures = scoped(sight, filters)
    if filters.find:
        words = filters.find
        figures = figures.filter(
            Q(project__name__icontains=words) | Q(project__unit__icontains=words) | Q(project__goal__icontains=words)
        )
    if filters.level:
        figures = figures.filter(level=LEVEL_IDS.index(filters.level))
    if filters.open:
        figures = figures.filter(open_questions__contains=f" {filters.open} ")
    if filters.stale:
        figures = figures.filter(is_stale(moment_of(filters, at)))
    return figures


def moment_of(filters: Filters, at: datetime) -> datetime:
    """The end of the day asked for, or now."""
    return end_of(filters.as_of) if filters.as_of else at


def day_of(filters: Filters, at: datetime) -> date:
    return filters.as_of or at.date()


def is_stale(moment: datetime) -> Q:
    """Not reviewed for more than 90 days; one that never was is counted from the day it was made."""
    line = moment - STALE_AFTER
    return Q(reviewed_at__lt=line) | Q(reviewed_at=None, project__created_at__lt=line)


def ordered(figures: FiguresQuerySet, filters: Filters, checklist: Checklist, *, at: datetime) -> FiguresQuerySet:
    """Worst case first, or as asked. Every order ends with the id, so that pages never overlap."""
    order: list[str | OrderBy]
    sort = filters.sort
    if sort == "worst":
        order = ["-high", "-low", "id"]
    elif sort == "risk":
        figures = figures.annotate(known=Case(When(level=0, then=F("high")), default=F("index")))
        order = ["-known", "-high", "id"]
    elif sort == "change":
        figures = figures.annotate(moved=Coalesce(Abs(_change(filters, at)), Value(-1.0)))
        order = ["-moved", "id"]
    elif sort == "review":
        order = [F("reviewed_at").asc(nulls_first=True), "id"]
    elif sort == "name":
        order = ["project__name", "id"]
    elif sort == "stage":
        places = [When(stage=stage, then=Value(place)) for place, stage in enumerate(Stage.values)]
        figures = figures.annotate(place=Case(*places, default=Value(len(places))))
        order = ["place", "-high", "-low", "id"]
    else:
        place = [dimension.id for dimension in checklist.dimensions].index(sort)
        order = [f"-{WORST[place]}", "-high", "id"]
    figures = figures.order_by(*order)
    return figures.reverse() if filters.is_reversed else figures


def _change(filters: Filters, at: datetime) -> Combinable:
    before = ProjectFigures.objects.of_snapshots().filter(
        project=OuterRef("project"), from_at__lt=end_of(last_quarter_end(day_of(filters, at)))
    )
    known = Case(When(level__gt=0, then=F("index")), output_field=FloatField())
    newest = before.order_by("-from_at", "-id").annotate(known=known).values("known")[:1]
    return known - Subquery(newest, output_field=FloatField())


def read_page(sight: Sight, filters: Filters, checklist: Checklist, *, at: datetime, total: int | None = None) -> Page:
    """One page of rows with their course. `total` spares counting where the caller knows it. Two queries, else three.

    A page beyond the last one is the last one.
    """
    figures = matching(sight, filters, at=at)
    if total is None:
        total = figures.count()
    pages = max(-(-total // PAGE), 1)
    number = min(max(filters.page, 1), pages)
    start = (number - 1) * PAGE
    found = ordered(figures, filters, checklist, at=at)
    rows = [make_row(values) for values in page_columns(found, filters)[start : start + PAGE]]
    return Page(tuple(with_course(rows, filters, at=at)), number, pages, total)


def read_rows(
    sight: Sight, filters: Filters, checklist: Checklist, *, at: datetime, most: int | None = None
) -> Iterator[Row]:
    """Every matching row in order, read in portions, so that 100,000 of them need little memory."""
    found = page_columns(ordered(matching(sight, filters, at=at), filters, checklist, at=at), filters)
    portion: list[Row] = []
    for values in (found[:most] if most is not None else found).iterator(chunk_size=CHUNK):
        portion.append(make_row(values))
        if len(portion) == CHUNK:
            yield from with_course(portion, filters, at=at)
            portion = []
    yield from with_course(portion, filters, at=at)


def page_columns(figures: FiguresQuerySet, filters: Filters, *more: str) -> QuerySet[ProjectFigures, tuple[Any, ...]]:
    """What `make_row` takes, and `more` columns after it."""
    snapshot = ("snapshot__public_id",) if filters.as_of else ()
    return figures.values_list(*_COLUMNS, *snapshot, *more)


def make_row(values: Sequence[Any]) -> Row:
    (project, slug, name, stage, unit, owner, tags, is_demo, index, low, high, level, answered, due, cells, reviewed,
     date_, value, *snapshot) = values  # fmt: skip
    return Row(
        project, slug, name, stage, unit, owner or "", tuple(tags), is_demo, index, low, high, level, answered, due,
        cells_of(cells), reviewed, date_, value, snapshot[0] if snapshot else "",
    )  # fmt: skip


def with_course(rows: Iterable[Row], filters: Filters, *, at: datetime) -> list[Row]:
    """The rows with their reviews of the last half-year and the risk at the end of the last quarter. One query."""
    rows = list(rows)
    if not rows:
        return rows
    moment, since = moment_of(filters, at), end_of(last_quarter_end(day_of(filters, at)))
    start = min(moment - COURSE, since)
    history = (
        ProjectFigures.objects.of_snapshots()
        .filter(Q(until_at=None) | Q(until_at__gte=start), project__in=[row.project_id for row in rows])
        .filter(from_at__lt=moment, level__gt=0)
        .order_by("project", "from_at", "id")
        .values_list("project_id", "from_at", "until_at", "index")
    )
    steps: dict[int, list[tuple[datetime, datetime | None, float]]] = {}
    for project, from_at, until_at, index in history:
        if from_at is not None and index is not None:
            steps.setdefault(project, []).append((from_at, until_at, index))
    return [_with_steps(row, steps.get(row.project_id, []), moment, since) for row in rows]


def _with_steps(
    row: Row, steps: Sequence[tuple[datetime, datetime | None, float]], moment: datetime, since: datetime
) -> Row:
    before = next((i for from_at, until, i in steps if from_at < since and (until is None or until >= since)), None)
    course = [(from_at, index) for from_at, _, index in steps]
    if row.shown is not None and not row.snapshot:
        course.append((moment, row.shown))
    return replace(row, before=before, course=tuple(course))
