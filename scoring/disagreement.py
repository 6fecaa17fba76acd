"""How far apart the roles are: mean pairwise distance and, as a secondary figure, Krippendorff's alpha."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from typing import Literal

from scoring.inputs import Answers, Instrument
from scoring.results import Disagreement

SHARED_FOR_ALPHA = 20

Word = Literal["aligned", "gap", "split"]


def disagreement(instrument: Instrument, answers: Answers) -> Disagreement | None:
    """Distance between roles over the questions that two or more roles gave a level for; None if there is none.

    Distances run from 0 (same choice) to 1 (opposite ends). Blind answers count, also where an agreed one exists. Don't
    know, pass, answers without a role and questions declared not applicable have no part in it. Expects checked input.
    """
    shared = {question: roles for question, roles in _levels(instrument, answers).items() if len(roles) > 1}
    if not shared:
        return None
    choices = {item.id: item.choices for item in instrument.items}
    per_question: dict[str, float] = {}
    per_pair: dict[str, list[float]] = {}
    for question, roles in shared.items():
        gaps = {f"{a}|{b}": _distance(roles[a], roles[b], choices[question]) for a, b in combinations(sorted(roles), 2)}
        per_question[question] = math.fsum(gaps.values()) / len(gaps)
        for pair, gap in gaps.items():
            per_pair.setdefault(pair, []).append(gap)
    gaps_seen = list(per_question.values())
    alpha = None
    if len(shared) >= SHARED_FOR_ALPHA:
        # Whole numbers in place of x = level / (K - 1), in the same order.
        unit = math.lcm(*(choices[question] - 1 for question in shared))
        alpha = krippendorff_alpha(
            [level * unit // (choices[question] - 1) for levels in roles.values() for level in levels]
            for question, roles in shared.items()
        )
    return Disagreement(
        mean=math.fsum(gaps_seen) / len(gaps_seen),
        se=_standard_error(gaps_seen),
        questions=per_question,
        pairs={pair: math.fsum(gaps) / len(gaps) for pair, gaps in sorted(per_pair.items())},
        alpha=alpha,
    )


def disagreement_word(distance: float) -> Word:
    """The word for a mean distance: below 1/6 aligned, from 1/3 split, a gap in between."""
    # A mean of thirds and quarters that lies on a border must not fall below it by a rounding error.
    distance += 1e-12
    return "aligned" if distance < 1 / 6 else "gap" if distance < 1 / 3 else "split"


def krippendorff_alpha(units: Iterable[Sequence[int]]) -> float | None:
    """Krippendorff's alpha for ordinal data. A unit holds the values given to one question; only their order matters.

    None where it is undefined: without a unit of two values, or when all values are the same.

    Source: Krippendorff (2011), "Computing Krippendorff's alpha-reliability", with the ordinal distance
    (sum of n_g from c to k, less half of n_c + n_k)^2.
    """
    rated = [unit for unit in units if len(unit) > 1]
    count = Counter(value for unit in rated for value in unit)
    if len(count) < 2:
        return None
    # Twice the middle of the places that a category's values take: doubling keeps the half away.
    rank, below = {}, 0
    for value in sorted(count):
        rank[value] = 2 * below + count[value]
        below += count[value]
    by_size: Counter[int] = Counter()
    for unit in rated:
        by_size[len(unit)] += sum((rank[a] - rank[b]) ** 2 for a, b in combinations(unit, 2))
    observed = sum(Fraction(distance, size - 1) for size, distance in by_size.items())
    expected = sum(count[a] * count[b] * (rank[a] - rank[b]) ** 2 for a, b in combinations(count, 2))
    return float(1 - (below - 1) * observed / expected)


def _levels(instrument: Instrument, answers: Answers) -> Mapping[str, dict[str, list[int]]]:
    """The levels given, by question (in the order of the instrument) and role."""
    excluded = {exclusion.question for exclusion in answers.not_applicable}
    levels: dict[str, dict[str, list[int]]] = {item.id: {} for item in instrument.items if item.id not in excluded}
    for response in answers.responses:
        if response.level is not None and response.role is not None and response.question in levels:
            levels[response.question].setdefault(response.role, []).append(response.level)
    return levels


def _distance(a: Sequence[int], b: Sequence[int], choices: int) -> float:
    """Mean of |x_a - x_b| over all pairs of one person of each role, x = level / (K - 1)."""
    return sum(abs(x - y) for x in a for y in b) / (len(a) * len(b) * (choices - 1))


def _standard_error(gaps: Sequence[float]) -> float | None:
    if len(gaps) < 2:
        return None
    mean = math.fsum(gaps) / len(gaps)
    variance = math.fsum((gap - mean) ** 2 for gap in gaps) / (len(gaps) - 1)
    return math.sqrt(variance / len(gaps))
