"""The key figures over all projects in scope: counted in one pass over their rows, in plain numbers."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Count, F, Q, Value

from charts.levels import to_tenths
from findings.verdict import CLEAR_CHANGE
from portfolio.filters import Filters
from portfolio.periods import last_quarter_end, quarter_ends, quarter_name
from portfolio.queries import CHUNK, STALE_AFTER, chosen, day_of, moment_of, scoped
from portfolio.sight import Sight
from projects.models import FiguresQuerySet, end_of

QUARTERS = 6
NAMED, MOST_CHANGES, MOST_CHOICES = 3, 5, 100
HIGH, CRITICAL = 3, 4


@dataclass(frozen=True, slots=True)
class Driver:
    """One question over all projects.

    `points` are its mean part of the index where there is a level, `open` how many projects are at one of its two worst
    answers, with a level or without.
    """

    question: str
    points: float
    open: int


@dataclass(frozen=True, slots=True)
class Named:
    """A project in a sentence or a short list. `before` is its risk at the end of the last quarter, `now` as shown.

    `snapshot` is the public id of the frozen result of a past day, empty for today.
    """

    slug: str
    name: str
    before: float | None
    now: float
    snapshot: str = ""

    @property
    def tenths(self) -> int:
        return to_tenths(self.now) - to_tenths(self.before or 0.0)


@dataclass(frozen=True, slots=True)
class Quarter:
    """How many of `projects` with a level were high and critical at the end of `day`."""

    day: date
    name: str
    critical: int
    high: int
    projects: int


@dataclass(frozen=True, slots=True)
class UnitLine:
    """One business unit, "" for none. `worst` is the highest upper end, `levels` as in Summary.

    The medians leave out projects without a level and are None where there is no other.
    """

    name: str
    projects: int
    levels: tuple[int, int, int, int, int]
    median: float | None
    median_before: float | None
    worst: float
    worst_slug: str
    worst_name: str
    worst_snapshot: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to filter by, with the number of projects it has."""

    value: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The portfolio at the end of `day`. `levels` counts critical, high, moderate, low, and without a level.

    `*_before` are the figures at the end of the last quarter, `since`. Medians leave out projects without a level.
    `assessed` have a frozen result, `outcomes` of them an outcome. `drivers` are all questions, the weightiest first.
    `crossed` are the worst of the `crossed_count` that rose to high or critical. `units` have the highest median first
    and those without a unit last; `owners` are ids with their counts.
    """

    day: date
    since: date
    made_at: datetime
    total: int
    levels: tuple[int, int, int, int, int]
    levels_before: tuple[int, int, int, int, int]
    median: float | None
    median_before: float | None
    stale: int
    open_points: int
    outcomes: int
    assessed: int
    drivers: tuple[Driver, ...]
    worst: tuple[Named, ...]
    crossed: tuple[Named, ...]
    crossed_count: int
    changes: tuple[Named, ...]
    quarters: tuple[Quarter, ...]
    units: tuple[UnitLine, ...]
    tags: tuple[Choice, ...]
    owners: tuple[tuple[int, int], ...]

    @property
    def known(self) -> int:
        """Projects with a level."""
        return sum(self.levels[:4])

    @property
    def known_before(self) -> int:
        return sum(self.levels_before[:4])

    @property
    def bad(self) -> int:
        """Projects at high or critical risk."""
        return sum(self.levels[:2])

    @property
    def bad_before(self) -> int:
        return sum(self.levels_before[:2])


@dataclass
class _Unit:
    levels: Counter[int] = field(default_factory=Counter)
    risks: list[float] = field(default_factory=list)
    before: list[float] = field(default_factory=list)
    worst: tuple[float, str, str, str] = (-1.0, "", "", "")


@dataclass
class _Tally:
    levels: Counter[int] = field(default_factory=Counter)
    levels_before: Counter[int] = field(default_factory=Counter)
    risks: list[float] = field(default_factory=list)
    before: list[float] = field(default_factory=list)
    stale: int = 0
    assessed: int = 0
    open_points: int = 0
    points: dict[str, float] = field(default_factory=dict)
    open: Counter[str] = field(default_factory=Counter)
    moved: list[Named] = field(default_factory=list)
    crossed: list[Named] = field(default_factory=list)
    worst: list[tuple[float, float, Named]] = field(default_factory=list)
    units: dict[str, _Unit] = field(default_factory=dict)
    tags: Counter[str] = field(default_factory=Counter)
    owners: Counter[int] = field(default_factory=Counter)


def summarise(sight: Sight, filters: Filters, *, at: datetime) -> Summary:
    """Reads every project in scope once, and their state at the end of the last quarter. Time grows with projects."""
    scope = filters.scope
    day = day_of(scope, at)
    since = last_quarter_end(day)
    earlier = dict(_states(sight, scope, since))
    tally = _Tally()
    line = moment_of(scope, at) - STALE_AFTER
    for row in _rows(sight, scope):
        _count(tally, row, earlier, line)
    for _, level in earlier.values():
        tally.levels_before[level] += 1
    known = len(tally.risks)
    return Summary(
        day=day,
        since=since,
        made_at=at,
        total=sum(tally.levels.values()),
        levels=_levels(tally.levels),
        levels_before=_levels(tally.levels_before),
        median=_median(tally.risks),
        median_before=_median([index for index, level in earlier.values() if level and index is not None]),
        stale=tally.stale,
        open_points=tally.open_points,
        outcomes=_outcomes(sight, scope),
        assessed=tally.assessed,
        drivers=_drivers(tally, known),
        worst=tuple(named for _, _, named in sorted(tally.worst, key=lambda w: (-w[0], -w[1], w[2].name))[:NAMED]),
        crossed=tuple(sorted(tally.crossed, key=lambda n: (-n.now, n.name))[:NAMED]),
        crossed_count=len(tally.crossed),
        changes=tuple(sorted(tally.moved, key=lambda n: (-abs(n.tenths), n.name))[:MOST_CHANGES]),
        quarters=_quarters(sight, scope, day, _levels(tally.levels)),
        units=_units(tally.units),
        tags=_choices([Choice(tag, tag, count) for tag, count in tally.tags.most_common(MOST_CHOICES)]),
        owners=tuple(tally.owners.most_common(MOST_CHOICES)),
    )


_COLUMNS = (
    "project_id", "project__slug", "project__name", "project__unit", "project__owner", "project__tags",
    "project__created_at", "index", "low", "high", "level", "reviewed_at", "open_questions", "points",
)  # fmt: skip


def _rows(sight: Sight, scope: Filters) -> Iterator[tuple[Any, ...]]:
    frozen = F("snapshot__public_id") if scope.as_of else Value("")
    rows = scoped(sight, scope).order_by().annotate(frozen=frozen).values_list(*_COLUMNS, "frozen")
    return rows.iterator(chunk_size=CHUNK * 4)


def past(sight: Sight, scope: Filters) -> FiguresQuerySet:
    """The frozen results of the chosen projects. A stage is that of today, so that the same projects are compared."""
    figures = chosen(sight.figures().of_snapshots(), replace(scope, stage=""))
    return figures.filter(project__stage=scope.stage) if scope.stage else figures


def _states(sight: Sight, scope: Filters, day: date) -> Iterator[tuple[int, tuple[float | None, int]]]:
    """The index and level of each project at the end of a past day."""
    rows = past(sight, scope).as_of(day).order_by().values_list("project_id", "index", "level")
    return ((project, (index, level)) for project, index, level in rows.iterator(chunk_size=CHUNK * 4))


def _count(
    tally: _Tally, row: tuple[Any, ...], earlier: Mapping[int, tuple[float | None, int]], line: datetime
) -> None:
    project, slug, name, unit, owner, tags, created, index, low, high, level, reviewed, opened, points, snapshot = row
    tally.levels[level] += 1
    tally.tags.update(tags)
    if owner is not None:
        tally.owners[owner] += 1
    tally.stale += (reviewed or created) < line
    tally.assessed += reviewed is not None
    opened = opened.split()
    tally.open_points += len(opened)
    group = tally.units.setdefault(unit, _Unit())
    group.levels[level] += 1
    group.worst = max(group.worst, (high, slug, name, snapshot))
    tally.open.update(opened)
    before, level_before = earlier.get(project, (None, 0))
    if not level_before:
        before = None
    if before is not None:
        group.before.append(before)
    if not level:
        return
    tally.risks.append(index)
    group.risks.append(index)
    for question, value in points.items():
        tally.points[question] = tally.points.get(question, 0.0) + value
    _compare(tally, Named(slug, name, before, index, snapshot), level, level_before, (high, low))


def _compare(tally: _Tally, named: Named, level: int, level_before: int, ends: tuple[float, float]) -> None:
    if level == CRITICAL:
        tally.worst.append((*ends, named))
    if named.before is None:
        return
    if abs(named.tenths) >= CLEAR_CHANGE * 10:
        tally.moved.append(named)
    if level >= HIGH and level > level_before:
        tally.crossed.append(named)


def _levels(counts: Counter[int]) -> tuple[int, int, int, int, int]:
    return counts[4], counts[3], counts[2], counts[1], counts[0]


def _median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None


def _drivers(tally: _Tally, known: int) -> tuple[Driver, ...]:
    found = [Driver(question, total / known, tally.open[question]) for question, total in tally.points.items()]
    return tuple(sorted(found, key=lambda driver: (-driver.points, driver.question)))


def _choices(found: Sequence[Choice]) -> tuple[Choice, ...]:
    return tuple(sorted(found, key=lambda choice: choice.name.casefold()))


def _units(groups: Mapping[str, _Unit]) -> tuple[UnitLine, ...]:
    lines = [
        UnitLine(
            name,
            sum(group.levels.values()),
            _levels(group.levels),
            _median(group.risks),
            _median(group.before),
            *group.worst,
        )
        for name, group in groups.items()
    ]
    return tuple(sorted(lines, key=lambda line: (not line.name, -(line.median or -1.0), line.name)))


def _outcomes(sight: Sight, scope: Filters) -> int:
    """How many projects in scope have an outcome, recorded by the day asked for."""
    ended = scoped(sight, scope).filter(project__outcome__isnull=False)
    return ended.filter(project__outcome__recorded_at__lt=end_of(scope.as_of)).count() if scope.as_of else ended.count()


def _quarters(sight: Sight, scope: Filters, day: date, levels: tuple[int, int, int, int, int]) -> tuple[Quarter, ...]:
    """High and critical at the ends of the last quarters, counted in one statement; the newest is the page's own."""
    ends = quarter_ends(day, QUARTERS)
    # Only what held at one of these ends: the index of the past gives the moments without a look at the rows.
    rows = past(sight, scope).filter(Q(until_at=None) | Q(until_at__gte=end_of(ends[0])), from_at__lt=end_of(ends[-2]))
    counts = {}
    for place, end in enumerate(ends[:-1]):
        moment = end_of(end)
        held = Q(from_at__lt=moment) & (Q(until_at=None) | Q(until_at__gte=moment))
        held &= Q(project__archived_at=None) | Q(project__archived_at__gte=moment)
        for name, level in (("c", Q(level=CRITICAL)), ("h", Q(level=HIGH)), ("n", Q(level__gt=0))):
            counts[f"{name}{place}"] = Count("id", filter=held & level)
    found = rows.aggregate(**counts)
    past_quarters = [
        Quarter(end, quarter_name(end), found[f"c{place}"], found[f"h{place}"], found[f"n{place}"])
        for place, end in enumerate(ends[:-1])
    ]
    return (*past_quarters, Quarter(day, quarter_name(day), levels[0], levels[1], sum(levels[:4])))
