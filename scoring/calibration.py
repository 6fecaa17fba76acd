"""From index to probability: what an organisation's own outcomes allow to be said.

A project counts once, with its frozen index (0 to 100) and its outcome: 1 failed, 0 did not. Projects come in the order
in which their outcomes were recorded. All probabilities run from 0 to 1, all intervals are 90% intervals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from scoring.beta import beta_quantile
from scoring.errors import InvalidOutcomes

CalibrationStage = Literal["index-only", "base-rate", "index-model", "validated"]
Shown = Literal["base rate", "index model"]

# The published figures count as much as this many of the organisation's own projects.
PRIOR_MEAN = 0.85
PRIOR_STRENGTH = 4.0
SLOPE_MEAN = 0.7
SLOPE_DEVIATION = 0.7
POINTS_PER_UNIT = 25.0
SURE_OF_SLOPE = 0.90
LOW_QUANTILE, HIGH_QUANTILE = 0.05, 0.95
FIRST_FOR_MODEL, KIND_FOR_MODEL = 10, 3
FIRST_FOR_VALIDATION, KIND_FOR_VALIDATION = 50, 10

NOT_TOLD_APART = "So far the index has not told your projects apart."

_ALPHAS = tuple(i / 10 for i in range(-80, 81))
_BETAS = tuple(i / 10 for i in range(-25, 41))
_START = _BETAS.index(SLOPE_MEAN)
# Grid points this far below the best one (natural log) hold less than 1e-11 of the whole.
_NEGLIGIBLE = 36.0
# Products of so many factors of at most 1 + exp(8 + 16) stay within a float.
_FACTORS_PER_LOG = 25


@dataclass(frozen=True, slots=True)
class Estimate:
    """A probability with its 90% credible interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class BaseRate:
    """The failure rate of the organisation's own projects, whatever their index."""

    failures: int
    successes: int
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class IndexModel:
    """Posterior of logit P(failure) = alpha + beta (index - centre) / 25.

    `grid` holds (weight, alpha, beta); the weights sum to 1.
    """

    centre: float
    grid: tuple[tuple[float, float, float], ...]

    @property
    def slope(self) -> float:
        """Posterior mean of beta, the log odds ratio per 25 points."""
        return math.fsum(weight * beta for weight, _, beta in self.grid)

    @property
    def slope_positive(self) -> float:
        """Posterior probability of beta > 0. The grid has a point at 0, half of which lies above."""
        return math.fsum(weight * (1.0 if beta > 0.0 else 0.5 if beta == 0.0 else 0.0) for weight, _, beta in self.grid)

    def mean_at(self, index: float) -> float:
        """Posterior mean of the failure probability at `index`."""
        x = (index - self.centre) / POINTS_PER_UNIT
        return math.fsum(weight * logistic(alpha + beta * x) for weight, alpha, beta in self.grid)

    def at(self, index: float) -> Estimate:
        """Posterior mean and the 5% and 95% quantiles of the failure probability at `index`.

        A quantile is the smallest value on the grid that at least this share of the posterior does not exceed.
        """
        x = (index - self.centre) / POINTS_PER_UNIT
        logits = sorted((alpha + beta * x, weight) for weight, alpha, beta in self.grid)
        ends = []
        for share in (LOW_QUANTILE, HIGH_QUANTILE):
            reached = accumulate(weight for _, weight in logits)
            # The sum of all weights may fall short of 1 by a rounding error, but not of the shares asked for.
            ends.append(
                logistic(next(logit for (logit, _), sum_ in zip(logits, reached, strict=True) if sum_ >= share))
            )
        return Estimate(self.mean_at(index), *ends)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What may be shown.

    `estimate` is None at the stage "index-only", and where the model is shown but no index was asked about.
    """

    stage: CalibrationStage
    shown: Shown | None
    estimate: Estimate | None
    slope_positive: float | None
    base_rate: BaseRate | None
    note: str | None


def logistic(logit: float) -> float:
    if logit >= 0.0:
        return 1.0 / (1.0 + math.exp(-logit))
    odds = math.exp(logit)
    return odds / (1.0 + odds)


_PRIOR_FAILURES = PRIOR_MEAN * PRIOR_STRENGTH
_ODDS_AGAINST = tuple(math.exp(-alpha) for alpha in _ALPHAS)
_ALPHA_PRIOR = tuple(
    _PRIOR_FAILURES * math.log(logistic(alpha)) + (PRIOR_STRENGTH - _PRIOR_FAILURES) * math.log(logistic(-alpha))
    for alpha in _ALPHAS
)


def stage_of(failures: int, successes: int) -> CalibrationStage:
    """What a number of outcomes of either kind allows to be shown."""
    count, rarer = failures + successes, min(failures, successes)
    if count == 0:
        return "index-only"
    if count < FIRST_FOR_MODEL or rarer < KIND_FOR_MODEL:
        return "base-rate"
    if count < FIRST_FOR_VALIDATION or rarer < KIND_FOR_VALIDATION:
        return "index-model"
    return "validated"


def base_rate(
    failures: int, successes: int, *, prior_mean: float = PRIOR_MEAN, prior_strength: float = PRIOR_STRENGTH
) -> BaseRate:
    """Posterior of the failure rate, p ~ Beta(m n0 + failures, (1 - m) n0 + successes), with its equal-tailed interval.

    Raises InvalidOutcomes for negative counts, a prior mean outside 0 to 1 or a prior strength of 0 or less.
    """
    if failures < 0 or successes < 0:
        raise InvalidOutcomes("Counts of outcomes cannot be negative.")
    if not (0.0 < prior_mean < 1.0 and 0.0 < prior_strength < math.inf):
        raise InvalidOutcomes("The prior needs a mean between 0 and 1 and a strength above 0.")
    a = prior_mean * prior_strength + failures
    b = (1.0 - prior_mean) * prior_strength + successes
    ends = (beta_quantile(share, a, b) for share in (LOW_QUANTILE, HIGH_QUANTILE))
    return BaseRate(failures, successes, Estimate(a / (a + b), *ends))


def check_outcomes(index: Sequence[float], failed: Sequence[int]) -> None:
    """Raises InvalidOutcomes unless there is one index from 0 to 100 for each outcome 0 or 1."""
    if len(index) != len(failed):
        raise InvalidOutcomes(f"There are {len(index)} indices and {len(failed)} outcomes, and there must be one each.")
    if not all(0 <= value <= 100 for value in index):
        raise InvalidOutcomes("Every index must be a number from 0 to 100.")
    if not all(outcome in (0, 1) for outcome in failed):
        raise InvalidOutcomes("Every outcome must be 0 or 1, with 1 for a failure.")


def fit_index_model(index: Sequence[float], failed: Sequence[int]) -> IndexModel:
    """The posterior of the index model on its grid (alpha -8 to 8, beta -2.5 to 4, step 0.1).

    The prior is 3.4 failures and 0.6 successes at the mean index, and beta ~ Normal(0.7, 0.7). Raises InvalidOutcomes.
    """
    check_outcomes(index, failed)
    centre = math.fsum(index) / len(index) if index else 50.0
    x = [(value - centre) / POINTS_PER_UNIT for value in index]
    successes = [value for value, outcome in zip(x, failed, strict=True) if not outcome]
    posterior = _LogPosterior(x, len(successes), math.fsum(successes))
    values: dict[tuple[float, float], float] = {}
    peak = -math.inf
    # The log posterior is concave: along any line it rises to one peak and then falls for good. So the grid is walked
    # outwards from the prior's slope, and what lies beyond a negligible edge need not be looked at.
    for betas in (_BETAS[_START:], _BETAS[:_START][::-1]):
        window, before = (0, len(_ALPHAS)), -math.inf
        for beta in betas:
            window, column = posterior.column(beta, window, peak - _NEGLIGIBLE)
            top = max(column)
            peak = max(peak, top)
            if top < before and top < peak - _NEGLIGIBLE:
                break
            before = top
            values.update({(alpha, beta): value for alpha, value in zip(_ALPHAS[slice(*window)], column, strict=True)})
    kept = sorted((point, math.exp(value - peak)) for point, value in values.items() if value >= peak - _NEGLIGIBLE)
    total = math.fsum(weight for _, weight in kept)
    return IndexModel(centre, tuple((weight / total, alpha, beta) for (alpha, beta), weight in kept))


@dataclass(frozen=True, slots=True)
class _LogPosterior:
    """Log posterior up to a constant, with t = alpha + beta x.

    prior - sum over all of log(1 + exp(-t)) - sum over successes of t
    """

    x: Sequence[float]
    successes: int
    successes_at: float

    def column(self, beta: float, guess: tuple[int, int], floor: float) -> tuple[tuple[int, int], list[float]]:
        """The values at one beta, and the range of places in the alphas they are for.

        The range starts from `guess` and is made so wide that all values outside it are below `floor`.
        """
        first, last = guess
        while True:
            first, last = max(first - 3, 0), min(last + 3, len(_ALPHAS))
            column = self._values(beta, first, last)
            if (first == 0 or column[0] < min(floor, column[1])) and (
                last == len(_ALPHAS) or column[-1] < min(floor, column[-2])
            ):
                break
            first, last = max(first - 10, 0), min(last + 10, len(_ALPHAS))
        above = [place for place, value in enumerate(column, start=first) if value >= floor]
        if not above:
            return (first, last), column
        kept = (above[0], above[-1] + 1)
        return kept, column[kept[0] - first : kept[1] - first]

    def _values(self, beta: float, first: int, last: int) -> list[float]:
        prior_of_slope = -0.5 * ((beta - SLOPE_MEAN) / SLOPE_DEVIATION) ** 2 - beta * self.successes_at
        values = [
            prior + prior_of_slope - self.successes * alpha
            for prior, alpha in zip(_ALPHA_PRIOR[first:last], _ALPHAS[first:last], strict=True)
        ]
        odds_against = _ODDS_AGAINST[first:last]
        factors = [math.exp(-beta * value) for value in self.x]
        # The logarithms of several outcomes are taken at once, of their product: it is the loop that costs.
        for start in range(0, len(factors), _FACTORS_PER_LOG):
            products = [1.0] * len(values)
            for factor in factors[start : start + _FACTORS_PER_LOG]:
                products = [p * (1.0 + odds * factor) for p, odds in zip(products, odds_against, strict=True)]
            values = [value - math.log(p) for value, p in zip(values, products, strict=True)]
        return values


def calibrate(index: Sequence[float], failed: Sequence[int], at: float | None = None) -> Calibration:
    """What may be said about a project with index `at`, given the indices and outcomes recorded so far.

    Raises InvalidOutcomes for outcomes that do not fit together or an `at` outside 0 to 100.
    """
    check_outcomes(index, failed)
    if at is not None and not 0 <= at <= 100:
        raise InvalidOutcomes("The index to be judged must be a number from 0 to 100.")
    failures = sum(failed)
    stage = stage_of(failures, len(failed) - failures)
    if stage == "index-only":
        return Calibration(stage, None, None, None, None, None)
    rate = base_rate(failures, len(failed) - failures)
    if stage == "base-rate":
        return Calibration(stage, "base rate", rate.estimate, None, rate, None)
    model = fit_index_model(index, failed)
    slope_positive = model.slope_positive
    if slope_positive < SURE_OF_SLOPE:
        return Calibration(stage, "base rate", rate.estimate, slope_positive, rate, NOT_TOLD_APART)
    estimate = None if at is None else model.at(at)
    return Calibration(stage, "index model", estimate, slope_positive, rate, None)
