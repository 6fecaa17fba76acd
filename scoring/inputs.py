"""What the engine is given: an instrument (what was asked) and answers (what was said)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from checklists.schema import Checklist

NO_WEIGHTS: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Item:
    """A question as the arithmetic sees it.

    `choices` is the number of levels K; `who` empty means everybody is expected to know.
    """

    id: str
    dimension: str
    choices: int
    must_have: bool
    weight: float
    effort: str
    who: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Instrument:
    """The questions that are due, in order.

    With the effort points of S, M and L and optional dimension weights v_d (1 if absent).
    """

    dimensions: tuple[str, ...]
    items: tuple[Item, ...]
    effort_points: Mapping[str, int]
    dimension_weights: Mapping[str, float] = field(default_factory=lambda: NO_WEIGHTS)


@dataclass(frozen=True, slots=True)
class Response:
    """One person's answer. Exactly one of `level` (0 worst to K-1 best), `dont_know` and `passed` is given.

    `role` None means that the role does not matter: the person is expected to know.
    """

    question: str
    level: int | None = None
    dont_know: bool = False
    passed: bool = False
    role: str | None = None
    respondent: str = ""
    evidence: bool = False


@dataclass(frozen=True, slots=True)
class Agreed:
    """The level a group settled on after discussion; it replaces the single answers in the score."""

    question: str
    level: int
    evidence: bool = False


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A question a person declared not applicable, with the written reason."""

    question: str
    reason: str


@dataclass(frozen=True, slots=True)
class Answers:
    responses: tuple[Response, ...] = ()
    agreed: tuple[Agreed, ...] = ()
    not_applicable: tuple[Exclusion, ...] = ()
    closed: bool = False


def instrument_for(checklist: Checklist, stage: str, facts: Iterable[str]) -> Instrument:
    """The instrument of the questions of `checklist` that are due at `stage` with `facts`."""
    items = tuple(
        Item(q.id, q.dimension, len(q.choices), q.must_have, q.weight, q.remedy.effort, q.who)
        for q in checklist.questions_due(stage, facts)
    )
    return Instrument(tuple(d.id for d in checklist.dimensions), items, checklist.effort_points)
