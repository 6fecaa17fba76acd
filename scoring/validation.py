"""Whether forecasts were any good: Brier skill, reliability, AUC and Spiegelhalter's z.

Forecasts are *prequential*: a project is forecast from the outcomes recorded before its own, so nothing is scored on
the data it was fitted to. All intervals are 90% intervals.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from scoring.calibration import (
    FIRST_FOR_MODEL,
    HIGH_QUANTILE,
    LOW_QUANTILE,
    PRIOR_MEAN,
    PRIOR_STRENGTH,
    check_outcomes,
    fit_index_model,
)
from scoring.errors import InvalidOutcomes

RESAMPLES = 1000
_Z90 = NormalDist().inv_cdf(HIGH_QUANTILE)


@dataclass(frozen=True, slots=True)
class Forecasts:
    """One entry per forecast project: the model's forecast, the base rate at that time and what happened (1 failed)."""

    model: tuple[float, ...]
    reference: tuple[float, ...]
    failed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Skill:
    """Mean squared errors of the forecasts and of the base rate, and 1 - their ratio with its bootstrap interval."""

    brier: float
    reference: float
    skill: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Block:
    """One step of the reliability diagram: `count` forecasts from `first` to `last`, of which `share` failed."""

    first: float
    last: float
    share: float
    count: int


@dataclass(frozen=True, slots=True)
class Corp:
    """brier = miscalibration - discrimination + uncertainty, exactly."""

    brier: float
    miscalibration: float
    discrimination: float
    uncertainty: float
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Auc:
    """Probability that a failed project had the higher value, ties counting half."""

    auc: float
    low: float
    high: float


def prequential(index: Sequence[float], failed: Sequence[int]) -> Forecasts:
    """Forecasts of every project from the eleventh on, each from the outcomes before it.

    The first ten are only learned from: below ten outcomes the product makes no forecast from the index. The reference
    is the base rate at the same moment. Raises InvalidOutcomes.
    """
    check_outcomes(index, failed)
    model, reference = [], []
    for i in range(FIRST_FOR_MODEL, len(failed)):
        model.append(fit_index_model(index[:i], failed[:i]).mean_at(index[i]))
        reference.append((PRIOR_MEAN * PRIOR_STRENGTH + sum(failed[:i])) / (PRIOR_STRENGTH + i))
    return Forecasts(tuple(model), tuple(reference), tuple(failed[FIRST_FOR_MODEL:]))


def brier_score(forecast: Sequence[float], failed: Sequence[int]) -> float:
    """Mean of (forecast - outcome)^2, 0 to 1. Raises InvalidOutcomes unless there is one forecast for each outcome."""
    _check_forecasts(forecast, failed)
    return math.fsum((p - y) ** 2 for p, y in zip(forecast, failed, strict=True)) / len(failed)


def skill(forecasts: Forecasts) -> Skill:
    """Brier score, reference and skill, with the bootstrap interval of the skill from 1,000 resamples of projects.

    Raises InvalidOutcomes if there is no forecast.
    """
    brier = brier_score(forecasts.model, forecasts.failed)
    reference = brier_score(forecasts.reference, forecasts.failed)
    pairs = [
        ((p - y) ** 2, (r - y) ** 2)
        for p, r, y in zip(forecasts.model, forecasts.reference, forecasts.failed, strict=True)
    ]
    draws = _draws(len(pairs))
    resampled = []
    for _ in range(RESAMPLES):
        drawn = [pairs[next(draws)] for _ in pairs]
        resampled.append(1.0 - math.fsum(a for a, _ in drawn) / math.fsum(b for _, b in drawn))
    resampled.sort()
    low, high = (resampled[math.ceil(share * RESAMPLES) - 1] for share in (LOW_QUANTILE, HIGH_QUANTILE))
    return Skill(brier, reference, 1.0 - brier / reference, low, high)


def _draws(count: int) -> Iterator[int]:
    """An endless, always equal sequence of numbers below `count`.

    The linear congruential generator of Numerical Recipes from seed 1, scaled. The interval then is the same on every
    machine and under every version of Python, which the standard library does not promise for its own generator.
    """
    state = 1
    while True:
        state = (1664525 * state + 1013904223) % 2**32
        yield state * count // 2**32


def corp(forecast: Sequence[float], failed: Sequence[int]) -> Corp:
    """Reliability by isotonic regression and the parts of the Brier score that follow from it.

    Source: Dimitriadis, Gneiting and Jordan (2021), CORP; pool adjacent violators. Equal forecasts share a block.
    Raises InvalidOutcomes unless there is one forecast for each outcome, and at least one.
    """
    _check_forecasts(forecast, failed)
    # A block is [first forecast, last forecast, failures, count].
    blocks: list[tuple[float, float, int, int]] = []
    for p, y in sorted(zip(forecast, failed, strict=True)):
        if blocks and blocks[-1][0] == blocks[-1][1] == p:
            blocks[-1] = (p, p, blocks[-1][2] + y, blocks[-1][3] + 1)
        else:
            blocks.append((p, p, y, 1))
    pooled: list[tuple[float, float, int, int]] = []
    for block in blocks:
        pooled.append(block)
        while len(pooled) > 1 and pooled[-2][2] * pooled[-1][3] >= pooled[-1][2] * pooled[-2][3]:
            right, left = pooled.pop(), pooled.pop()
            pooled.append((left[0], right[1], left[2] + right[2], left[3] + right[3]))
    count, failures = len(failed), sum(failed)
    brier = brier_score(forecast, failed)
    # Within a block of share s the squared error of s is count x s (1 - s).
    recalibrated = math.fsum(k * (n - k) / n for _, _, k, n in pooled) / count
    uncertainty = failures * (count - failures) / count**2
    return Corp(
        brier,
        brier - recalibrated,
        uncertainty - recalibrated,
        uncertainty,
        tuple(Block(first, last, k / n, n) for first, last, k, n in pooled),
    )


def auc(values: Sequence[float], failed: Sequence[int]) -> Auc | None:
    """The area under the ROC curve with Newcombe's interval; None unless there are outcomes of both kinds.

    Source: Newcombe (2006), method 5: the ends solve |theta - AUC| = z sqrt(V(theta)), V(theta) = theta (1 - theta)
    (1 + n* (1 - theta) / (2 - theta) + n* theta / (1 + theta)) / (m n), n* = (m + n) / 2 - 1. Raises InvalidOutcomes.
    """
    _check_lengths(values, failed)
    bad = [value for value, outcome in zip(values, failed, strict=True) if outcome]
    good = [value for value, outcome in zip(values, failed, strict=True) if not outcome]
    if not bad or not good:
        return None
    area = sum(2 * (b > g) + (b == g) for b in bad for g in good) / (2 * len(bad) * len(good))
    return Auc(area, *(_newcombe_end(area, len(bad), len(good), side) for side in (0.0, 1.0)))


def _newcombe_end(area: float, m: int, n: int, side: float) -> float:
    """The end of the interval between `area` and `side` (0 or 1), by bisection."""
    half = (m + n) / 2 - 1
    inside, outside = area, side
    if inside == outside:
        return side
    while True:
        theta = 0.5 * (inside + outside)
        if theta in (inside, outside):
            return theta
        spread = 1 + half * (1 - theta) / (2 - theta) + half * theta / (1 + theta)
        if abs(theta - area) <= _Z90 * math.sqrt(theta * (1 - theta) * spread / (m * n)):
            inside = theta
        else:
            outside = theta


def spiegelhalter_z(forecast: Sequence[float], failed: Sequence[int]) -> float | None:
    """Spiegelhalter's z: about standard normal if the forecasts are calibrated. None if all forecasts are 0, 0.5 or 1.

    Source: Spiegelhalter (1986): sum (y - p)(1 - 2p) / sqrt(sum (1 - 2p)^2 p (1 - p)). Raises InvalidOutcomes.
    """
    _check_forecasts(forecast, failed)
    variance = math.fsum((1 - 2 * p) ** 2 * p * (1 - p) for p in forecast)
    if variance == 0.0:
        return None
    return math.fsum((y - p) * (1 - 2 * p) for p, y in zip(forecast, failed, strict=True)) / math.sqrt(variance)


def _check_forecasts(forecast: Sequence[float], failed: Sequence[int]) -> None:
    _check_lengths(forecast, failed)
    if not forecast:
        raise InvalidOutcomes("There is no forecast to be judged.")
    if not all(0 <= p <= 1 for p in forecast):
        raise InvalidOutcomes("Every forecast must be a number from 0 to 1.")


def _check_lengths(values: Sequence[float], failed: Sequence[int]) -> None:
    if len(values) != len(failed):
        raise InvalidOutcomes(f"There are {len(values)} values and {len(failed)} outcomes, and there must be one each.")
    if not all(outcome in (0, 1) for outcome in failed):
        raise InvalidOutcomes("Every outcome must be 0 or 1, with 1 for a failure.")
