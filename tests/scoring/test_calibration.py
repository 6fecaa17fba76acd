from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from scoring import (
    InvalidOutcomes,
    auc,
    base_rate,
    brier_score,
    calibrate,
    corp,
    fit_index_model,
    prequential,
    skill,
    spiegelhalter_z,
    stage_of,
)
from scoring.beta import beta_cdf, beta_quantile
from scoring.calibration import NOT_TOLD_APART
from tests.scoring.strategies import STEADY

parameters = st.floats(0.05, 300)
projects = st.lists(st.tuples(st.floats(0, 100), st.integers(0, 1)), max_size=25)
forecasts = st.lists(
    st.tuples(st.one_of(st.sampled_from([0.1, 0.5, 0.9]), st.floats(0, 1)), st.integers(0, 1)), min_size=1, max_size=30
)


@settings(STEADY, max_examples=300)
@given(st.floats(0, 1), parameters, parameters)
def test_incomplete_beta_agrees_with_scipy(x: float, a: float, b: float) -> None:
    assert beta_cdf(x, a, b) == pytest.approx(special.betainc(a, b, x), abs=1e-10)


@STEADY
@given(st.floats(0.001, 0.999), st.floats(0.5, 100), st.floats(0.5, 100))
def test_quantile_inverts_the_distribution(probability: float, a: float, b: float) -> None:
    assert beta_quantile(probability, a, b) == pytest.approx(special.betaincinv(a, b, probability), abs=1e-9)


@pytest.mark.parametrize(
    ("failures", "successes", "stage"),
    [
        (0, 0, "index-only"),
        (1, 0, "base-rate"),
        (4, 5, "base-rate"),
        (8, 2, "base-rate"),
        (7, 3, "index-model"),
        (40, 9, "index-model"),
        (41, 9, "index-model"),
        (40, 10, "validated"),
    ],
)
def test_stage(failures: int, successes: int, stage: str) -> None:
    assert stage_of(failures, successes) == stage


def test_no_outcomes_no_probability() -> None:
    found = calibrate([], [], 60)
    assert (found.stage, found.shown, found.estimate, found.base_rate) == ("index-only", None, None, None)


def test_useless_index_falls_back_to_the_base_rate() -> None:
    found = calibrate([50.0] * 12, [0, 1] * 6, 60)
    assert (found.stage, found.shown, found.note) == ("index-model", "base rate", NOT_TOLD_APART)
    assert found.slope_positive is not None
    assert found.slope_positive < 0.9
    assert found.base_rate is not None
    assert found.estimate == found.base_rate.estimate


def test_index_model_without_a_question() -> None:
    index = [20.0, 25, 30, 35, 40, 60, 65, 70, 75, 80]
    found = calibrate(index, [0] * 5 + [1] * 5)
    assert (found.shown, found.estimate) == ("index model", None)


@pytest.mark.parametrize(("failures", "successes"), [(3, 7), (7, 3), (10, 10), (30, 5), (5, 30)])
def test_model_without_spread_is_the_base_rate(failures: int, successes: int) -> None:
    model = fit_index_model([40.0] * (failures + successes), [1] * failures + [0] * successes)
    assert model.at(40.0).mean == pytest.approx(base_rate(failures, successes).estimate.mean, abs=0.002)


def test_separation_stays_finite() -> None:
    estimate = fit_index_model([10, 20, 30, 70, 80, 90], [0, 0, 0, 1, 1, 1]).at(50)
    assert 0 < estimate.low < estimate.mean < estimate.high < 1


@settings(STEADY, max_examples=10)
@given(projects)
def test_pruned_grid_equals_the_full_grid(outcomes: list[tuple[float, int]]) -> None:
    index, failed = [one for one, _ in outcomes], [one for _, one in outcomes]
    model = fit_index_model(index, failed)
    mass = {}
    for i in range(-80, 81):
        for j in range(-25, 41):
            alpha, beta = i / 10, j / 10
            value = -3.4 * math.log1p(math.exp(-alpha)) - 0.6 * math.log1p(math.exp(alpha))
            value -= 0.5 * ((beta - 0.7) / 0.7) ** 2
            for one, outcome in outcomes:
                t = alpha + beta * (one - model.centre) / 25
                value -= math.log1p(math.exp(-t if outcome else t))
            mass[alpha, beta] = value
    peak = max(mass.values())
    total = math.fsum(math.exp(value - peak) for value in mass.values())
    kept = {(alpha, beta): weight for weight, alpha, beta in model.grid}
    for point, value in mass.items():
        assert kept.get(point, 0.0) == pytest.approx(math.exp(value - peak) / total, abs=1e-9)


@settings(STEADY, max_examples=200)
@given(forecasts)
def test_corp_is_additive_and_not_negative(pairs: list[tuple[float, int]]) -> None:
    p, y = [one for one, _ in pairs], [one for _, one in pairs]
    found = corp(p, y)
    assert found.brier == pytest.approx(brier_score(p, y))
    assert found.brier == pytest.approx(found.miscalibration - found.discrimination + found.uncertainty, abs=1e-12)
    assert min(found.miscalibration, found.discrimination, found.uncertainty) >= -1e-12
    shares = [block.share for block in found.blocks]
    assert shares == sorted(set(shares))
    assert sum(block.count for block in found.blocks) == len(pairs)


@STEADY
@given(forecasts)
def test_auc_lies_in_its_interval(pairs: list[tuple[float, int]]) -> None:
    p, y = [one for one, _ in pairs], [one for _, one in pairs]
    found = auc(p, y)
    if len(set(y)) == 1:
        assert found is None
    else:
        assert found is not None
        assert 0 <= found.low <= found.auc <= found.high <= 1
        turned = auc([1 - one for one in p], [1 - one for one in y])
        mirrored = auc(p, [1 - one for one in y])
        assert turned is not None
        assert mirrored is not None
        assert mirrored.low == pytest.approx(1 - found.high, abs=1e-9)


def test_forecasts_use_only_what_was_known() -> None:
    index = [float(value) for value in (22, 35, 41, 28, 55, 61, 48, 70, 33, 52, 66, 74)]
    failed = [0, 0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 1]
    found = prequential(index, failed)
    assert len(found.model) == 2
    assert prequential([*index[:11], 1.0], [*failed[:11], 0]).model[0] == found.model[0]
    assert found.model[1] == fit_index_model(index[:11], failed[:11]).mean_at(74.0)
    assert found.reference[0] == base_rate(4, 6).estimate.mean
    assert skill(found) == skill(found)


def test_z_of_forecasts_that_say_nothing() -> None:
    assert spiegelhalter_z([0.5, 0.5], [0, 1]) is None
    assert spiegelhalter_z([0.9, 0.1], [1, 0]) is not None


@pytest.mark.parametrize(
    ("index", "failed"),
    [([1.0], []), ([101.0], [1]), ([math.nan], [1]), ([50.0], [2])],
)
def test_outcomes_that_do_not_fit(index: list[float], failed: list[int]) -> None:
    with pytest.raises(InvalidOutcomes):
        calibrate(index, failed, 50)


def test_other_input_that_does_not_fit() -> None:
    for call in (
        lambda: calibrate([], [], 101),
        lambda: base_rate(-1, 0),
        lambda: base_rate(1, 1, prior_mean=1.0),
        lambda: base_rate(1, 1, prior_strength=0.0),
        lambda: corp([], []),
        lambda: corp([1.5], [1]),
        lambda: auc([1.0], []),
        lambda: auc([1.0], [3]),
    ):
        with pytest.raises(InvalidOutcomes):
            call()
