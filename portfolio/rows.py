"""One project as a page over many shows it. The same row feeds dashboard, CSV, board report and API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from charts.levels import LEVELS, to_tenths
from findings.verdict import PRELIMINARY_BELOW

NO_LEVEL = "none"
LEVEL_IDS = (NO_LEVEL, *(level.id for level in LEVELS))


@dataclass(frozen=True, slots=True)
class Cell:
    """One dimension of one project, unrounded. `level` is 0 while none may be named; nothing is due where `due` is 0.

    `risk` is None where no question applies.
    """

    risk: float | None
    low: float
    high: float
    level: int
    answered: int
    due: int

    @property
    def shown(self) -> float | None:
        """The risk, if it may be named."""
        return self.risk if self.level else None


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of one project at one moment. `index` counts only where `level` is above 0: see `shown`.

    `course` are the reviews of the last half-year, oldest first, as (moment, index); the last one is `index` itself.
    `change` is the difference to `before`, the index at the end of the last quarter; None where either is unknown.
    `snapshot` is the public id of the frozen result this row shows, empty for the answers as they stand.
    """

    project_id: int
    slug: str
    name: str
    stage: str
    unit: str
    owner: str
    tags: tuple[str, ...]
    is_demo: bool
    index: float | None
    low: float
    high: float
    level: int
    answered: int
    due: int
    cells: tuple[Cell, ...]
    reviewed_at: datetime | None
    planned_date: date | None
    planned_value: int | None
    snapshot: str = ""
    before: float | None = None
    course: tuple[tuple[datetime, float], ...] = ()

    @property
    def shown(self) -> float | None:
        """The risk, if it may be named."""
        return self.index if self.level else None

    @property
    def is_preliminary(self) -> bool:
        """Whether number and level go with that word, because too few questions are answered."""
        return self.level > 0 and self.answered * 100 < self.due * PRELIMINARY_BELOW

    @property
    def level_id(self) -> str:
        return LEVEL_IDS[self.level]

    @property
    def change(self) -> float | None:
        """Points up (worse) or down since the end of the last quarter, of the numbers as they are shown."""
        return change_of(self.before, self.shown)


def change_of(before: float | None, now: float | None) -> float | None:
    """The difference of two risks as they are shown with one decimal, so that the numbers on a page add up."""
    if before is None or now is None:
        return None
    return (to_tenths(now) - to_tenths(before)) / 10


def cells_of(stored: list[list[float | None]]) -> tuple[Cell, ...]:
    """The cells as `assessments.figures` wrote them."""
    return tuple(
        Cell(risk, low or 0.0, high or 0.0, int(level or 0), int(answered or 0), int(due or 0))
        for risk, low, high, level, answered, due in stored
    )
