"""What the engine returns. All numbers are unrounded; risk runs from 0 to 100, lower is better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Level = Literal["low", "moderate", "high", "critical"]
Confidence = Literal["firm", "provisional", "open"]


@dataclass(frozen=True, slots=True)
class DimensionResult:
    risk: float
    low: float
    high: float
    level: Level


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Mean distance between roles, 0 same to 1 opposite ends; `se` is None with fewer than two shared questions."""

    mean: float
    se: float | None
    questions: Mapping[str, float]
    pairs: Mapping[str, float]
    alpha: float | None


@dataclass(frozen=True, slots=True)
class Result:
    """One evaluation. Lists keep the order of the instrument.

    `dimensions` leaves out those with no applicable question; `index` is None when nothing is applicable. `unknown` are
    the questions answered with don't know, and the blank ones of a closed assessment; `unanswered` the blank ones of an
    open one. `as_if_not_known` is None when nothing is excluded.
    """

    engine: str
    index: float | None
    low: float | None
    high: float | None
    level: Level | None
    confidence: Confidence | None
    dimensions: Mapping[str, DimensionResult]
    points: Mapping[str, float]
    disagreement_points: Mapping[str, float]
    gain: Mapping[str, float]
    must_haves_failed: tuple[str, ...]
    unknown: tuple[str, ...]
    unanswered: tuple[str, ...]
    not_applicable: tuple[str, ...]
    second_hand: tuple[str, ...]
    next_questions: tuple[str, ...]
    as_if_not_known: float | None
    roles: Mapping[str, float]
    disagreement: Disagreement | None


@dataclass(frozen=True, slots=True)
class Path:
    """The cheapest set of remedies that brings the index to `target` or below. `questions` is sorted by id."""

    target: float
    cost: int
    questions: tuple[str, ...]
    index: float


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path in the order of gain per effort, with the index before and after it."""

    question: str
    effort: int
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Narrowing:
    """By how many points at least the range narrows when a question is answered or evidenced."""

    question: str
    action: Literal["answer", "evidence"]
    points: float
