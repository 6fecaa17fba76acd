"""What the figures of the page Explore are drawn from. Indices run from 0 to 100, lower is better."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class TimePoint:
    """An index on a day; None where no level may be named."""

    day: date
    index: float | None


@dataclass(frozen=True, slots=True)
class Series:
    """One line over time; the points are in order of their days."""

    name: str
    points: tuple[TimePoint, ...]


@dataclass(frozen=True, slots=True)
class Bubble:
    """A project: its index in its exact range, where it stands (a value or a day) and what its area shows.

    `number` is its line in the table beside the figure and is written into the bubble.
    """

    number: int
    name: str
    index: float | None
    low: float
    high: float
    place: float | date | None
    size: float | None


@dataclass(frozen=True, slots=True)
class ProfilePart:
    """The risk of one project in one dimension; without one `state` says why, and the range what is still possible."""

    risk: float | None
    low: float
    high: float
    state: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """One project in the order of the dimensions."""

    name: str
    parts: tuple[ProfilePart, ...]


@dataclass(frozen=True, slots=True)
class StageCount:
    """How many projects of a stage are at each level, low to critical, and how many have none."""

    name: str
    counts: tuple[int, int, int, int]
    unknown: int
