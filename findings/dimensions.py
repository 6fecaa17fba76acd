"""One page for each dimension: its risk, what holds, what is open, what helps, and every answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from charts import LevelStyle, level_of, shown, whole
from checklists.schema import Checklist, Dimension
from findings.answers import (
    AnswerRow,
    Given,
    NotesBudget,
    ReportOptions,
    answer_brief,
    answer_row,
)
from findings.plan import write_tenths
from findings.verdict import Judgement, confidence_of, judge
from findings.words import EFFORT_WORDS, stage_noun


@dataclass(frozen=True, slots=True)
class Reading:
    """A risk with its exact range, unrounded. `point` and `level` are None where only the range may be shown."""

    point: float | None
    low: float
    high: float
    previous: float | None
    level: LevelStyle | None
    level_words: str
    judgement: Judgement

    @property
    def is_preliminary(self) -> bool:
        """Whether number and level go with the word "preliminary"."""
        return self.judgement == "preliminary"

    @property
    def number(self) -> str:
        """The risk with one decimal, or a dash where only the range may be shown."""
        return "–" if self.point is None else shown(self.point)

    @property
    def whole(self) -> str:
        """The risk without decimals, cut, or a dash."""
        return "–" if self.point is None else whole(self.point)

    @property
    def range_words(self) -> str:
        """The range with one decimal, such as "64.5 to 73.2"."""
        return f"{shown(self.low)} to {shown(self.high)}"

    @property
    def whole_range(self) -> str:
        """The range without decimals, such as "64 to 73"."""
        return f"{whole(self.low)} to {whole(self.high)}"

    @property
    def previous_whole(self) -> str:
        """The previous risk without decimals, or a dash."""
        return "–" if self.previous is None else whole(self.previous)

    @property
    def readiness(self) -> str:
        """100 less the risk, with one decimal."""
        return "–" if self.point is None else shown(100 - round(self.point, 1))


@dataclass(frozen=True, slots=True)
class Line:
    """A question by its short name with its answer, as a strength or a gap."""

    number: str
    short: str
    answer: str
    must_have: bool


@dataclass(frozen=True, slots=True)
class Help:
    """A remedy with the points that the answer costs now, and the gain if it alone is carried out."""

    number: str
    do: str
    done: str
    effort: str
    points: str
    gain: str


@dataclass(frozen=True, slots=True)
class Why:
    """Why the weightiest open question of a dimension matters, with its source."""

    number: str
    text: str
    label: str
    source: str


@dataclass(frozen=True, slots=True)
class DimensionPage:
    """One dimension. `reading` is None if none of its questions is due or all of them were excluded."""

    place: int
    name: str
    short: str
    question: str
    reading: Reading | None
    missing: str
    summary: str
    holds: tuple[Line, ...]
    gaps: tuple[Line, ...]
    helps: tuple[Help, ...]
    rows: tuple[AnswerRow, ...]
    why: Why | None

    @property
    def has_notes(self) -> bool:
        """Whether any answer carries a note that is printed."""
        return any(row.notes for row in self.rows)


@dataclass(frozen=True, slots=True)
class Material:
    """What the pages of all dimensions are made from. `tenths` are the points of each question, none while early."""

    body: Mapping[str, Any]
    checklist: Checklist
    given: Mapping[str, Given]
    tenths: Mapping[str, int]
    roles: Mapping[str, str]
    options: ReportOptions
    budget: NotesBudget


def build_dimension(place: int, dimension: Dimension, material: Material) -> DimensionPage:
    """The page of one dimension; `place` is its number from 1. Takes its notes from the material's budget."""
    body, checklist, given, tenths = material.body, material.checklist, material.given, material.tenths
    mine = [item for item in given.values() if item.question.dimension == dimension.id]
    answered, _ = body["progress"]["dimensions"][dimension.id]
    counted_in = [item for item in mine if item.state != "not_applicable"]
    by_points = sorted(counted_in, key=lambda item: (-tenths.get(item.question.id, 0), item.question.number))
    gaps = [item for item in by_points if _is_gap(item)]
    weighty = next((item for item in by_points if tenths.get(item.question.id, 0) > 0), None)
    return DimensionPage(
        place=place,
        name=dimension.name,
        short=dimension.short,
        question=dimension.question,
        reading=_dimension_reading(dimension.id, body),
        missing=_dimension_missing(dimension, mine, checklist),
        summary=_dimension_summary(mine, answered),
        holds=tuple(_line(item) for item in _strengths(counted_in)[:3]),
        gaps=tuple(_line(item) for item in gaps[:3]),
        helps=tuple(_help(item, body["result"]["gain"], tenths) for item in by_points if _can_help(item, tenths))[:3],
        rows=tuple(answer_row(item, material.roles, material.options, material.budget) for item in mine),
        why=_why(weighty, checklist) if weighty else None,
    )


def _dimension_reading(dimension: str, body: Mapping[str, Any]) -> Reading | None:
    found = body["result"]["dimensions"].get(dimension)
    if found is None:
        return None
    previous = previous_risk(((body.get("previous") or {}).get("dimensions") or {}).get(dimension), "risk")
    low, high = found["low"], found["high"]
    answered, due = body["progress"]["dimensions"][dimension]
    judgement = judge(answered, due, confidence_of(low, high))
    if judgement == "early":
        return Reading(None, low, high, previous, None, f"Open, {whole(low)} to {whole(high)}", judgement)
    level = level_of(found["risk"])
    return Reading(found["risk"], low, high, previous, level, level.word, judgement)


def previous_risk(before: Mapping[str, Any] | None, key: str) -> float | None:
    """The risk of the previous snapshot or of one of its dimensions, None if it was too early to name one."""
    return before[key] if before and before.get("judgement") != "early" else None


def _dimension_missing(dimension: Dimension, mine: list[Given], checklist: Checklist) -> str:
    if mine:
        return "Every question of this dimension was declared not applicable, so it has no risk of its own."
    stages = [question.stage_from for question in checklist.questions_of(dimension.id)]
    if not stages:
        return "The checklist has no question for this dimension."
    first = min(stages, key=lambda stage: checklist.stage_order[stage])
    return f"Not yet due. Its first questions come before {stage_noun(checklist.stages[checklist.stage_order[first]])}."


def _dimension_summary(mine: list[Given], answered: int) -> str:
    evidenced = sum(item.has_evidence for item in mine if item.state == "graded")
    return f"{answered} of {len(mine)} questions answered, {evidenced} with evidence"


def _is_gap(item: Given) -> bool:
    return item.state in {"unknown", "unanswered"} or (item.risk is not None and item.risk >= 0.5)


def _strengths(items: list[Given]) -> list[Given]:
    """Answers at the best or nearly the best choice; must-haves, evidence and the better choice come first."""
    good = [item for item in items if item.state == "graded" and item.risk is not None and item.risk <= 0.34]
    return sorted(good, key=lambda i: (not i.question.must_have, i.risk, not i.has_evidence, -i.question.weight))


def _line(item: Given) -> Line:
    question = item.question
    return Line(question.number, question.short, answer_brief(item), question.must_have)


def _can_help(item: Given, tenths: Mapping[str, int]) -> bool:
    return tenths.get(item.question.id, 0) > 0 and (item.state in {"graded", "unknown"} or item.counts_unknown)


def _help(item: Given, gain: Mapping[str, float], tenths: Mapping[str, int]) -> Help:
    remedy, question = item.question.remedy, item.question.id
    effort = EFFORT_WORDS.get(remedy.effort, remedy.effort)
    brings = shown(max(gain.get(question, 0.0), 0.0))
    return Help(item.question.number, remedy.do, remedy.done, effort, write_tenths(tenths[question]), brings)


def _why(item: Given, checklist: Checklist) -> Why:
    sources = checklist.sources_of(item.question)
    if not sources:
        return Why(item.question.number, item.question.why, "", "")
    claim, document = sources[0]
    author = document.author or document.publisher
    named = f"{author}, “{document.title}”" if author else f"“{document.title}”"
    label = "Source" if document.kind == "article" else "Further source"
    return Why(item.question.number, item.question.why, label, f"{named}, {claim.section}" if claim.section else named)
