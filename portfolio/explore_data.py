"""What the figures of the page Explore are made of, read from the figures of the projects that match."""

from __future__ import annotations

import statistics
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Q

from charts.figure_inputs import TimePoint
from checklists.schema import Checklist
from portfolio.filters import Filters
from portfolio.queries import CHUNK, day_of, matching, moment_of, read_rows, scoped
from portfolio.rows import Cell, cells_of
from portfolio.sight import Sight
from projects.models import Stage, end_of

MONTHS = 13
MOST_UNITS = 6
NO_UNIT_NAME = "No unit"
FIRST = 3
MOST_LISTED = 100


@dataclass(frozen=True, slots=True)
class Picked:
    """A project that was chosen: its risk, if it may be named, and its cells in the order of the dimensions."""

    slug: str
    name: str
    risk: float | None
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class UnitMonth:
    """The median risk of the projects of a unit at the end of a day; None without any that has a level."""

    day: date
    median: float | None
    projects: int


@dataclass(frozen=True, slots=True)
class UnitLine:
    name: str
    months: tuple[UnitMonth, ...]


@dataclass(frozen=True, slots=True)
class StageLine:
    """`levels` counts the projects without a level, then low to critical."""

    name: str
    levels: tuple[int, int, int, int, int]


def month_ends(day: date, count: int) -> list[date]:
    """`count` days, oldest first: the ends of the months before, and `day` itself."""
    ends = [day]
    while len(ends) < count:
        ends.append(ends[-1].replace(day=1) - timedelta(days=1))
    return ends[::-1]


def read_units(sight: Sight, filters: Filters, *, at: datetime) -> tuple[list[UnitLine], int]:
    """The medians of the largest units at the ends of the last months, and how many units there are.

    The projects are those that match now. One row is read per snapshot of the last year.
    """
    here = matching(sight, filters, at=at)
    sizes = list(here.order_by().values_list("project__unit").annotate(count=Count("id")))
    units = [unit for unit, _ in sorted(sizes, key=lambda size: (-size[1], size[0]))][:MOST_UNITS]
    days = month_ends(day_of(filters, at), MONTHS)
    risks = _risks_at(sight, filters, units, days, at=at)
    if filters.as_of is None:
        now = here.filter(level__gt=0, project__unit__in=units).order_by().values_list("project__unit", "index")
        for unit in units:
            risks[unit][-1] = []
        for unit, index in now.iterator(chunk_size=CHUNK):
            risks[unit][-1].append(index or 0.0)
    lines = [
        UnitLine(
            unit or NO_UNIT_NAME,
            tuple(
                UnitMonth(day, statistics.median(found) if found else None, len(found))
                for day, found in zip(days, risks[unit], strict=True)
            ),
        )
        for unit in units
    ]
    return lines, len(sizes)


def _risks_at(
    sight: Sight, filters: Filters, units: Sequence[str], days: Sequence[date], *, at: datetime
) -> dict[str, list[list[float]]]:
    """For each unit and day, the risks that the newest snapshots gave at its end."""
    moments = [end_of(day) for day in days]
    here = matching(sight, filters, at=at).order_by().values("project")
    rows = (
        sight.figures()
        .of_snapshots()
        .filter(Q(until_at=None) | Q(until_at__gte=moments[0]), from_at__lt=moments[-1], level__gt=0)
        .filter(project__in=here, project__unit__in=units)
        .order_by()
        .values_list("project__unit", "from_at", "until_at", "index")
    )
    found: dict[str, list[list[float]]] = {unit: [[] for _ in days] for unit in units}
    for unit, from_at, until_at, index in rows.iterator(chunk_size=CHUNK):
        if from_at is None or index is None:
            continue
        first = bisect_right(moments, from_at)
        last = len(moments) if until_at is None else bisect_right(moments, until_at)
        for place in range(first, last):
            found[unit][place].append(index)
    return found


def read_picked(
    sight: Sight, filters: Filters, checklist: Checklist, slugs: Sequence[str], *, at: datetime, first: int = FIRST
) -> tuple[list[Picked], int]:
    """The projects of these slugs in their order, and how many of the slugs are of none that the reader sees.

    Without slugs: the first ones that match, in the order of the table.
    """
    if not slugs:
        rows = read_rows(sight, filters, checklist, at=at, most=first)
        return [Picked(row.slug, row.name, row.shown, row.cells) for row in rows], 0
    values = (
        scoped(sight, Filters(as_of=filters.as_of))
        .filter(project__slug__in=list(slugs))
        .values_list("project__slug", "project__name", "index", "level", "cells")
    )
    found = {
        slug: Picked(slug, name, index if level else None, cells_of(cells))
        for slug, name, index, level, cells in values
    }
    return [found[slug] for slug in slugs if slug in found], len(slugs) - len(found)


def read_courses(
    sight: Sight, filters: Filters, picked: Sequence[Picked], *, at: datetime
) -> list[tuple[Picked, tuple[TimePoint, ...]]]:
    """Each project's frozen results, the last one of each day, and its risk at the moment that is shown."""
    moment, day = moment_of(filters, at), day_of(filters, at)
    rows = (
        sight.figures()
        .of_snapshots()
        .filter(project__slug__in=[one.slug for one in picked], from_at__lt=moment)
        .order_by("from_at", "id")
        .values_list("project__slug", "from_at", "level", "index")
    )
    days: dict[str, dict[date, float | None]] = {one.slug: {} for one in picked}
    for slug, from_at, level, index in rows:
        if from_at is not None:
            days[slug][from_at.date()] = index if level else None
    for one in picked:
        days[one.slug][day] = one.risk
    return [(one, tuple(TimePoint(on, index) for on, index in sorted(days[one.slug].items()))) for one in picked]


def read_stages(sight: Sight, filters: Filters, *, at: datetime) -> list[StageLine]:
    """The projects that match by stage and level, in the order of the stages; stages without any are there too."""
    rows = matching(sight, filters, at=at).order_by().values_list("stage", "level")
    counts = {(stage, level): count for stage, level, count in rows.annotate(count=Count("id"))}
    return [StageLine(stage.label, tuple(counts.get((stage.value, level), 0) for level in range(5))) for stage in Stage]


def list_projects(sight: Sight, filters: Filters, *, at: datetime) -> list[tuple[str, str]]:
    """Slug and name of the projects to choose from: those that match, by name, at most 100."""
    rows = matching(sight, filters, at=at).order_by("project__name", "id")
    return list(rows.values_list("project__slug", "project__name")[:MOST_LISTED])
