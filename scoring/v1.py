"""Engine 1: from answers to the index, its range and where it comes from.

All arithmetic is on squared risk, r^2 from 0 (best) to 1 (worst). Risks of answers are kept as whole numbers of half
steps between choices, so that squared risks are ratios of integers and round only once; sums of floats go through
`math.fsum`. Together this makes every number independent of the order of questions and answers, bit for bit.

This engine is released: a change of a formula is a new engine beside it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from scoring.checking import check
from scoring.disagreement import disagreement
from scoring.inputs import Agreed, Answers, Instrument, Item, Response
from scoring.results import Confidence, DimensionResult, Level, Result

VERSION = "1"
LEVELS: tuple[Level, ...] = ("low", "moderate", "high", "critical")

State = Literal["answered", "unknown", "unanswered"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How one question stands, in squared risks.

    `risk2` is the exact ratio (numerator, denominator) behind `point`, `low` and `high` are the ends of its range and
    `variance` is the part of `point` that is due to disagreement. `has_unknown` says that an answer is missing or that
    somebody who is expected to know does not.
    """

    item: Item
    state: State
    risk2: tuple[int, int]
    point: float
    low: float
    high: float
    variance: float = 0.0
    is_second_hand: bool = False
    has_unknown: bool = False


@dataclass(frozen=True)
class Norm:
    """The index as a norm over a fixed set of applicable items. Values are squared risks in the order of `items`.

    Source: D_d^2 = Q_d^2, or (Q_d^2 + max of must-haves) / 2 with must-haves; R^2 = (mean_v D_d^2 + max D_d^2) / 2.
    """

    items: tuple[Item, ...]
    dimension_weights: Mapping[str, float]
    members: dict[str, list[int]] = field(init=False, default_factory=dict)
    must_haves: dict[str, list[int]] = field(init=False, default_factory=dict)
    weight: dict[str, float] = field(init=False, default_factory=dict)
    v: dict[str, float] = field(init=False, default_factory=dict)
    v_sum: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        for place, item in enumerate(self.items):
            self.members.setdefault(item.dimension, []).append(place)
        for dimension, places in self.members.items():
            self.must_haves[dimension] = [place for place in places if self.items[place].must_have]
            self.weight[dimension] = math.fsum(self.items[place].weight for place in places)
            self.v[dimension] = self.dimension_weights.get(dimension, 1.0)
        object.__setattr__(self, "v_sum", math.fsum(self.v.values()))

    def dimension(self, dimension: str, values: Sequence[float]) -> float:
        """D_d^2 of one dimension that has applicable questions."""
        items = self.items
        mean = math.fsum([items[i].weight * values[i] for i in self.members[dimension]]) / self.weight[dimension]
        must_haves = self.must_haves[dimension]
        return 0.5 * mean + 0.5 * max([values[i] for i in must_haves]) if must_haves else mean

    def dimensions(self, values: Sequence[float]) -> dict[str, float]:
        return {dimension: self.dimension(dimension, values) for dimension in self.members}

    def overall(self, dimensions: Mapping[str, float]) -> float:
        """R^2 from the D_d^2 of all applicable dimensions, of which there is at least one."""
        v = self.v
        return 0.5 * (math.fsum([v[d] * x for d, x in dimensions.items()]) / self.v_sum) + 0.5 * max(
            dimensions.values()
        )

    def index(self, values: Sequence[float]) -> float:
        """100 R."""
        return 100.0 * math.sqrt(self.overall(self.dimensions(values)))

    def index_with(self, changed: Mapping[int, float], values: Sequence[float], known: Mapping[str, float]) -> float:
        """100 R with some values replaced. `known` are the D_d^2 of `values`; only touched dimensions are computed."""
        after = list(values)
        for place, value in changed.items():
            after[place] = value
        touched = {self.items[place].dimension for place in changed}
        return 100.0 * math.sqrt(self.overall({**known, **{d: self.dimension(d, after) for d in touched}}))


# ---- levels --------------------------------------------------------------------------------------


def level_of(index: float) -> Level:
    """The level of an index or of a dimension's risk, both 0 to 100: below 25, 50, 75 and from 75.

    The value is compared as it is shown, rounded to one decimal, half to even.
    """
    shown = round(index, 1)
    return LEVELS[(shown >= 25) + (shown >= 50) + (shown >= 75)]


def confidence_of(low: float, high: float) -> Confidence:
    """Firm if both ends lie in one level, provisional if in neighbouring ones, open otherwise."""
    apart = LEVELS.index(level_of(high)) - LEVELS.index(level_of(low))
    return "firm" if apart == 0 else "provisional" if apart == 1 else "open"


# ---- answers -------------------------------------------------------------------------------------


def standings(instrument: Instrument, answers: Answers) -> tuple[Standing, ...]:
    """How every applicable question stands, in the order of the instrument. Expects checked input."""
    excluded = {exclusion.question for exclusion in answers.not_applicable}
    agreed = {one.question: one for one in answers.agreed}
    responses = _by_question(answers.responses)
    return tuple(
        standing_of(item, responses.get(item.id, ()), agreed.get(item.id), closed=answers.closed)
        for item in instrument.items
        if item.id not in excluded
    )


def standing_of(item: Item, responses: Iterable[Response], agreed: Agreed | None, *, closed: bool) -> Standing:
    """How one question stands: the agreed answer, else those who are expected to know, else the levels of others."""
    if agreed is not None:
        return _combine(item, [Response(item.id, level=agreed.level, evidence=agreed.evidence)])
    given = [response for response in responses if not response.passed]
    if expected := [response for response in given if is_expected(item, response.role)]:
        return _combine(item, expected)
    if others := [response for response in given if not response.dont_know]:
        return replace(_combine(item, others), is_second_hand=True)
    if closed:
        return _combine(item, [Response(item.id, dont_know=True)])
    return Standing(item, "unanswered", (1, 4), 0.25, 0.0, 1.0, has_unknown=True)


def is_expected(item: Item, role: str | None) -> bool:
    """Whether `role` is expected to know. Without a role, or without a list of roles, everybody is."""
    return role is None or not item.who or role in item.who


def fixed_standing(item: Item, level: int) -> Standing:
    """The question as it stands with one answer at `level` and evidence for it."""
    return _combine(item, [Response(item.id, level=level, evidence=True)])


def _by_question(responses: Iterable[Response]) -> dict[str, list[Response]]:
    grouped: dict[str, list[Response]] = {}
    for response in responses:
        grouped.setdefault(response.question, []).append(response)
    return grouped


def _half_steps(item: Item, response: Response) -> tuple[int, int, int]:
    """Risk of one answer and its two ends, as half steps out of 2 (K - 1)."""
    top = 2 * (item.choices - 1)
    if response.level is None:
        # One step better than the worst choice, but never better than leaving the question blank.
        return top if item.must_have else max(top - 2, top // 2), 0, top
    risk = top - 2 * response.level
    return risk, risk, risk if response.evidence else min(risk + 2, top)


def _combine(item: Item, responses: Sequence[Response]) -> Standing:
    """Mean of r^2 over the people of each role, then over roles."""
    top = 2 * (item.choices - 1)
    by_role: dict[str | None, list[tuple[int, int, int]]] = {}
    for response in responses:
        by_role.setdefault(response.role, []).append(_half_steps(item, response))
    unit = math.lcm(*map(len, by_role.values()))
    total = unit * len(by_role)
    point = low = high = mean = 0
    for people in by_role.values():
        # What one person counts, out of the total.
        share = unit // len(people)
        for risk, best, worst in people:
            point += share * risk * risk
            low += share * best * best
            high += share * worst * worst
            mean += share * risk
    scale = total * top * top
    open_answers = [response.level for response in responses].count(None)
    return Standing(
        item,
        "unknown" if open_answers == len(responses) else "answered",
        (point, scale),
        point / scale,
        low / scale,
        high / scale,
        variance=(point * total - mean * mean) / (scale * total),
        has_unknown=open_answers > 0,
    )


# ---- attribution ---------------------------------------------------------------------------------


def airport(values: Sequence[float]) -> list[float]:
    """The Shapley value of a maximum, in the order received: sum over j <= i of (x_(j) - x_(j-1)) / (n - j + 1).

    Source: Littlechild and Owen (1973), the "airport game".
    """
    shares = [0.0] * len(values)
    before, share = 0.0, 0.0
    for done, place in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        share += (values[place] - before) / (len(values) - done)
        before = values[place]
        shares[place] = share
    return shares


def points_of(norm: Norm, values: Sequence[float]) -> list[float]:
    """What each item contributes to the index, two-level Shapley: c_q = 100 R (phi_d / R^2) (psi_q / D_d^2)."""
    points = [0.0] * len(norm.items)
    dimensions = norm.dimensions(values)
    total = norm.overall(dimensions)
    if total == 0.0:
        return points
    for (dimension, squared), of_max in zip(dimensions.items(), airport(list(dimensions.values())), strict=True):
        if squared == 0.0:
            continue
        phi = 0.5 * norm.v[dimension] * squared / norm.v_sum + 0.5 * of_max
        must_haves = norm.must_haves[dimension]
        of_must_have = dict(zip(must_haves, airport([values[i] for i in must_haves]), strict=True))
        half = 0.5 if must_haves else 1.0
        for i in norm.members[dimension]:
            psi = half * norm.items[i].weight * values[i] / norm.weight[dimension] + 0.5 * of_must_have.get(i, 0.0)
            points[i] = 100.0 * math.sqrt(total) * (phi / total) * (psi / squared)
    return points


def gains_of(norm: Norm, values: Sequence[float]) -> list[float]:
    """By how many points the index falls if one item alone is brought to its best choice."""
    known = norm.dimensions(values)
    now = 100.0 * math.sqrt(norm.overall(known))
    return [
        max(0.0, now - norm.index_with({i: 0.0}, values, known)) if value > 0.0 else 0.0
        for i, value in enumerate(values)
    ]


# ---- the whole -----------------------------------------------------------------------------------


def evaluate(instrument: Instrument, answers: Answers) -> Result:
    """Scores `answers` with engine 1. Raises ScoringError for input that does not fit the instrument."""
    check(instrument, answers)
    asked = standings(instrument, answers)
    ids = [standing.item.id for standing in asked]
    unknown = tuple(s.item.id for s in asked if s.state == "unknown")
    result = Result(
        engine=VERSION,
        index=None,
        low=None,
        high=None,
        level=None,
        confidence=None,
        dimensions={},
        points={},
        disagreement_points={},
        gain={},
        must_haves_failed=tuple(s.item.id for s in asked if s.item.must_have and s.point == 1.0),
        unknown=unknown,
        unanswered=tuple(s.item.id for s in asked if s.state == "unanswered"),
        not_applicable=_excluded(instrument, answers),
        second_hand=tuple(s.item.id for s in asked if s.is_second_hand),
        next_questions=_next_questions(asked),
        as_if_not_known=_as_if_not_known(instrument, answers, asked),
        roles=_roles(instrument, answers, asked),
        disagreement=disagreement(instrument, answers),
    )
    if not asked:
        return result
    norm = norm_of(instrument, asked)
    values = [s.point for s in asked]
    points = points_of(norm, values)
    index, low, high = (norm.index(ends) for ends in (values, [s.low for s in asked], [s.high for s in asked]))
    return replace(
        result,
        index=index,
        low=low,
        high=high,
        level=level_of(index),
        confidence=confidence_of(low, high),
        dimensions=_dimension_results(instrument, norm, asked),
        points=dict(zip(ids, points, strict=True)),
        disagreement_points={
            s.item.id: c * (s.variance / s.point) if s.point else 0.0 for s, c in zip(asked, points, strict=True)
        },
        gain=dict(zip(ids, gains_of(norm, values), strict=True)),
    )


def norm_of(instrument: Instrument, asked: Iterable[Standing]) -> Norm:
    return Norm(tuple(standing.item for standing in asked), instrument.dimension_weights)


def _dimension_results(instrument: Instrument, norm: Norm, asked: Sequence[Standing]) -> dict[str, DimensionResult]:
    ends = [norm.dimensions(values) for values in zip(*((s.point, s.low, s.high) for s in asked), strict=True)]
    results = {}
    for dimension in instrument.dimensions:
        if dimension in norm.members:
            risk, low, high = (100.0 * math.sqrt(end[dimension]) for end in ends)
            results[dimension] = DimensionResult(risk, low, high, level_of(risk))
    return results


def _excluded(instrument: Instrument, answers: Answers) -> tuple[str, ...]:
    excluded = {exclusion.question for exclusion in answers.not_applicable}
    return tuple(item.id for item in instrument.items if item.id in excluded)


def _next_questions(asked: Sequence[Standing]) -> tuple[str, ...]:
    """Open questions: must-haves first, then by their share of the dimension's weight, then as they are asked."""
    weights: dict[str, list[float]] = {}
    for s in asked:
        weights.setdefault(s.item.dimension, []).append(s.item.weight)
    total = {dimension: math.fsum(parts) for dimension, parts in weights.items()}
    open_items = [s.item for s in asked if s.state != "answered"]
    open_items.sort(key=lambda item: (not item.must_have, -item.weight / total[item.dimension]))
    return tuple(item.id for item in open_items)


def _as_if_not_known(instrument: Instrument, answers: Answers, asked: Sequence[Standing]) -> float | None:
    """The index with every exclusion counted as don't know, or None when nothing is excluded."""
    excluded = {exclusion.question for exclusion in answers.not_applicable}
    if not excluded:
        return None
    known = {standing.item.id: standing for standing in asked}
    everything = [
        _combine(item, [Response(item.id, dont_know=True)]) if item.id in excluded else known[item.id]
        for item in instrument.items
    ]
    return norm_of(instrument, everything).index([standing.point for standing in everything])


def _roles(instrument: Instrument, answers: Answers, asked: Sequence[Standing]) -> dict[str, float]:
    """The index as each role sees it: with the role's own blind answers where it gave them.

    Somebody who is not expected to know counts with a level, but not with a don't know.
    """
    if not asked:
        return {}
    place = {standing.item.id: i for i, standing in enumerate(asked)}
    own: dict[str, dict[int, list[Response]]] = {}
    for response in answers.responses:
        i = place.get(response.question)
        if i is None or response.role is None or response.passed:
            continue
        if response.dont_know and not is_expected(asked[i].item, response.role):
            continue
        own.setdefault(response.role, {}).setdefault(i, []).append(response)
    norm = norm_of(instrument, asked)
    values = [standing.point for standing in asked]
    known = norm.dimensions(values)
    return {
        role: norm.index_with({i: _combine(asked[i].item, given).point for i, given in answered.items()}, values, known)
        for role, answered in sorted(own.items())
    }
