"""What to do next: the cheapest plan to a target, its steps, and what would narrow the range.

`shortest_path` is exact and works on whole numbers only, so that ties are ties. A plan is one integer, its *key*:

    (sum of v_d D_d^2, scaled) << shift  +  (number of actions) << number of items  -  (bit set of its actions)

Keys of disjoint plans add, and a smaller key is the better plan at equal cost: lower sum, then fewer actions, then ids
(the smallest id has the highest bit). Hence a knapsack over keys resolves all ties on the way.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Literal

from scoring.checking import check
from scoring.errors import InvalidTarget
from scoring.inputs import Answers, Instrument
from scoring.results import Narrowing, Path, Step
from scoring.v1 import Norm, Standing, fixed_standing, norm_of, standings

# Lower bounds are computed with floats; this much is more than their error and less than one effort point.
_SLACK = 1e-6


def shortest_path(instrument: Instrument, answers: Answers, target: float) -> Path | None:
    """The cheapest set of remedies that brings the index to `target` (0 to 100) or below; None if no set does.

    A remedy brings its question to the best choice, with evidence. Unanswered questions cannot be in a plan; questions
    answered with don't know can. Ties: lower index, fewer actions, ids. Raises InvalidTarget for a target that is not a
    number from 0 to 100, and ScoringError for input that does not fit the instrument.

    Source: per dimension, a 0/1 knapsack over effort for every cap on the worst must-have; then, for every value of the
    worst dimension, dynamic programming over cost.
    """
    if isinstance(target, bool) or not 0 <= target <= 100:
        raise InvalidTarget("A target must be a number from 0 to 100.")
    check(instrument, answers)
    asked = standings(instrument, answers)
    if not asked:
        return None
    found = _Search(instrument, asked, Fraction(repr(target)) / 100).run()
    if found is None:
        return None
    cost, actions = found
    norm = norm_of(instrument, asked)
    index = norm.index([0.0 if s.item.id in actions else s.point for s in asked])
    # The search is exact: an index above the target can only be a rounding error of the last digit.
    return Path(float(target), cost, tuple(sorted(actions)), min(index, float(target)))


def path_steps(instrument: Instrument, answers: Answers, path: Path) -> tuple[Step, ...]:
    """The actions of `path` one by one: each time the one that gains most per effort point at that moment.

    Ties: less effort, then id. Raises ScoringError for input that does not fit the instrument.
    """
    check(instrument, answers)
    asked = standings(instrument, answers)
    norm = norm_of(instrument, asked)
    values = [standing.point for standing in asked]
    place = {standing.item.id: i for i, standing in enumerate(asked)}
    effort = {question: instrument.effort_points[asked[place[question]].item.effort] for question in path.questions}
    remaining = sorted(path.questions)
    steps: list[Step] = []
    before = norm.index(values) if asked else 0.0
    while remaining:
        known = norm.dimensions(values)
        after = {question: norm.index_with({place[question]: 0.0}, values, known) for question in remaining}

        def rank(question: str, after: Mapping[str, float] = after, before: float = before) -> tuple[float, int, str]:
            gain = before - after[question]
            points = effort[question]
            return -round(gain / points, 9) if points else -math.inf, points, question

        chosen = min(remaining, key=rank)
        remaining.remove(chosen)
        values[place[chosen]] = 0.0
        steps.append(Step(chosen, effort[chosen], before, after[chosen]))
        before = after[chosen]
    return tuple(steps)


def narrowings(instrument: Instrument, answers: Answers, limit: int) -> tuple[Narrowing, ...]:
    """The `limit` actions that narrow the range of the index most, in points, widest first.

    An open question ("answer") narrows it at least by the points given: whichever choice turns out to be right, with
    evidence for it. An answer without a link ("evidence") narrows it by exactly the points given. Actions that change
    nothing are left out. Ties keep the order of the instrument. Raises ScoringError for input that does not fit.
    """
    check(instrument, answers)
    asked = standings(instrument, answers)
    if not asked:
        return ()
    ends = _Ends(norm_of(instrument, asked), [s.low for s in asked], [s.high for s in asked])
    found: list[Narrowing] = []
    for i, standing in enumerate(asked):
        action: Literal["answer", "evidence"] = "answer" if standing.has_unknown else "evidence"
        if standing.has_unknown:
            choices = [fixed_standing(standing.item, level).point for level in range(standing.item.choices)]
            points = min(ends.width - ends.width_with(i, value, value) for value in choices)
        elif standing.high > standing.point:
            points = ends.width - ends.width_with(i, standing.low, standing.point)
        else:
            continue
        if points > 1e-9:
            found.append(Narrowing(standing.item.id, action, points))
    found.sort(key=lambda narrowing: -narrowing.points)
    return tuple(found[: max(limit, 0)])


@dataclass(frozen=True)
class _Ends:
    """Both ends of the range, for asking how wide it is after one change."""

    norm: Norm
    low: Sequence[float]
    high: Sequence[float]

    @cached_property
    def _dimensions(self) -> tuple[dict[str, float], dict[str, float]]:
        return self.norm.dimensions(self.low), self.norm.dimensions(self.high)

    @cached_property
    def width(self) -> float:
        return self.norm.index(self.high) - self.norm.index(self.low)

    def width_with(self, place: int, low: float, high: float) -> float:
        known_low, known_high = self._dimensions
        return self.norm.index_with({place: high}, self.high, known_high) - self.norm.index_with(
            {place: low}, self.low, known_low
        )


# ---- the exact search ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Option:
    """One undominated way to improve a dimension: its cost, the D_d^2 it leaves (scaled) and its key."""

    cost: int
    squared: int
    key: int


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A cap on the worst dimension: where the options it allows start, and bounds on the cost under it."""

    at_least: int
    at_most: int
    cap: int
    starts: tuple[int, ...]


class _Search:
    """The search of one shortest path over scaled whole numbers."""

    def __init__(self, instrument: Instrument, asked: Sequence[Standing], target: Fraction) -> None:
        self.ids = sorted(standing.item.id for standing in asked)
        self.bit = {name: 1 << (len(asked) - 1 - i) for i, name in enumerate(self.ids)}
        self.shift = len(asked) + len(asked).bit_length() + 1
        self.effort = instrument.effort_points
        groups: dict[str, list[Standing]] = {}
        for standing in asked:
            groups.setdefault(standing.item.dimension, []).append(standing)
        weights = {d: Fraction(repr(instrument.dimension_weights.get(d, 1.0))) for d in groups}
        unit = math.lcm(*(weight.denominator for weight in weights.values()))
        self.v = [int(weight * unit) for weight in weights.values()]
        shares = [_shares(group) for group in groups.values()]
        self.scale = math.lcm(*(part.denominator for share in shares for pair in share for part in pair))
        self.options = [
            self._options(group, share, v) for group, share, v in zip(groups.values(), shares, self.v, strict=True)
        ]
        self.v_sum = sum(self.v)
        # R^2 <= T^2 reads: sum of v D^2 <= sum of v times (2 T^2 - worst D^2).
        self.limit = math.floor(self.v_sum * 2 * target * target * self.scale)

    def run(self) -> tuple[int, frozenset[str]] | None:
        """Cost and actions of the best plan, or None."""
        candidates = sorted(self._candidates(), key=lambda candidate: (candidate.at_least, candidate.at_most))
        if not candidates:
            return None
        affordable = min(candidate.at_most for candidate in candidates)
        best: tuple[int, int] | None = None
        for candidate in candidates:
            if candidate.at_least > affordable:
                break
            found = self._combine(candidate, affordable)
            if found is not None and (best is None or found < best):
                best = found
                affordable = found[0]
        if best is None:
            return None
        mask = -best[1] & ((1 << len(self.ids)) - 1)
        return best[0], frozenset(name for name, bit in self.bit.items() if mask & bit)

    def _options(self, group: Sequence[Standing], shares: Sequence[tuple[Fraction, Fraction]], v: int) -> list[_Option]:
        """The undominated options of one dimension, from cheap to dear."""
        mean = [int(part * self.scale) for part, _ in shares]
        worst = [int(part * self.scale) for _, part in shares]
        movable = [s.state != "unanswered" and s.point > 0.0 for s in group]
        floor = max((w for w, free in zip(worst, movable, strict=True) if not free), default=0)
        best: dict[int, int] = {}
        for cap in sorted({floor, *(w for w in worst if w > floor)}):
            plans = {0: v * (sum(mean) + cap) << self.shift}
            # Forced remedies leave no choice, so they come first and keep the table small.
            order = sorted(range(len(group)), key=lambda i: worst[i] <= cap)
            for i in order:
                if movable[i]:
                    step = (-v * mean[i] << self.shift) + (1 << len(self.ids)) - self.bit[group[i].item.id]
                    plans = _extend(plans, self.effort[group[i].item.effort], step, is_forced=worst[i] > cap)
            for cost, key in plans.items():
                if key < best.get(cost, key + 1):
                    best[cost] = key
        return [_Option(cost, (key >> self.shift) // v, key) for cost, key in _undominated(best, self.shift)]

    def _candidates(self) -> Iterable[_Candidate]:
        """Every cap that can be met, with bounds from the linear relaxation of the choice among options."""
        falling = [[-option.squared for option in options] for options in self.options]
        hulls: dict[tuple[int, int], list[_Option]] = {}
        for cap in sorted({option.squared for options in self.options for option in options}):
            starts = tuple(bisect_left(keys, -cap) for keys in falling)
            if any(start == len(keys) for start, keys in zip(starts, falling, strict=True)):
                continue
            budget = self.limit - self.v_sum * cap
            if sum(v * options[-1].squared for v, options in zip(self.v, self.options, strict=True)) > budget:
                break
            for d, start in enumerate(starts):
                if (d, start) not in hulls:
                    hulls[d, start] = _hull(self.options[d][start:])
            lower, upper = self._relax([hulls[d, start] for d, start in enumerate(starts)], budget)
            yield _Candidate(math.ceil(lower - _SLACK), upper, cap, starts)

    def _relax(self, hulls: Sequence[Sequence[_Option]], budget: int) -> tuple[float, int]:
        """Bounds on the cheapest plan: steps along the hulls, the most effective first, the last in part or whole."""
        excess = sum(v * hull[0].squared for v, hull in zip(self.v, hulls, strict=True)) - budget
        cost = sum(hull[0].cost for hull in hulls)
        steps = [
            (v * (a.squared - b.squared), b.cost - a.cost)
            for v, hull in zip(self.v, hulls, strict=True)
            for a, b in pairwise(hull)
        ]
        steps.sort(key=lambda step: -(step[0] / (step[1] * self.scale)))
        lower = float(cost)
        for squared, price in steps:
            if excess <= 0:
                break
            lower = cost + price * min(1.0, excess / squared)
            cost += price
            excess -= squared
        return lower, cost

    def _combine(self, candidate: _Candidate, affordable: int) -> tuple[int, int] | None:
        """Cost and key of the best plan under one cap, not dearer than `affordable`. The key includes the cap."""
        allowed = [options[start:] for options, start in zip(self.options, candidate.starts, strict=True)]
        cheapest_rest = sum(options[0].cost for options in allowed)
        plans = [(0, 0)]
        for options in allowed:
            cheapest_rest -= options[0].cost
            ceiling = affordable - cheapest_rest
            merged: dict[int, int] = {}
            for cost, key in plans:
                for option in options:
                    total = cost + option.cost
                    if total > ceiling:
                        break
                    joined = key + option.key
                    if joined < merged.get(total, joined + 1):
                        merged[total] = joined
            plans = _undominated(merged, self.shift)
        budget = self.limit - self.v_sum * candidate.cap
        for cost, key in plans:
            if key >> self.shift <= budget:
                return cost, key + (self.v_sum * candidate.cap << self.shift)
        return None


def _shares(group: Sequence[Standing]) -> list[tuple[Fraction, Fraction]]:
    """What each item adds to D_d^2 through the mean, and what it would add as the worst must-have."""
    weights = [Fraction(repr(s.item.weight)) for s in group]
    half = Fraction(1, 2) if any(s.item.must_have for s in group) else Fraction(1)
    total = sum(weights)
    shares = []
    for s, weight in zip(group, weights, strict=True):
        risk = Fraction(*s.risk2)
        shares.append((half * weight * risk / total, risk / 2 if s.item.must_have else Fraction(0)))
    return shares


def _extend(plans: Mapping[int, int], effort: int, step: int, *, is_forced: bool) -> dict[int, int]:
    """The plans after one more item, with the best key at each cost."""
    extended = {} if is_forced else dict(plans)
    for cost, key in plans.items():
        if key + step < extended.get(cost + effort, key + step + 1):
            extended[cost + effort] = key + step
    return extended


def _undominated(plans: Mapping[int, int], shift: int) -> list[tuple[int, int]]:
    """Plans by rising cost, without those that leave no less risk than a cheaper one."""
    kept: list[tuple[int, int]] = []
    least: int | None = None
    for cost, key in sorted(plans.items()):
        if least is None or key >> shift < least:
            least = key >> shift
            kept.append((cost, key))
    return kept


def _hull(options: Sequence[_Option]) -> list[_Option]:
    """The options on the lower convex hull of (cost, D_d^2); the first and the last are among them."""
    hull: list[_Option] = []
    for c in options:
        while len(hull) > 1:
            a, b = hull[-2], hull[-1]
            if (b.squared - a.squared) * (c.cost - b.cost) < (c.squared - b.squared) * (b.cost - a.cost):
                break
            hull.pop()
        hull.append(c)
    return hull
