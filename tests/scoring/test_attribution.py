"""Both stages of the attribution against the definition of the Shapley value: the mean over all orders."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import Answers, Instrument, Item, evaluate
from scoring.v1 import airport
from tests.scoring.strategies import STEADY, graded


def shapley(players: list[str], worth: Callable[[frozenset[str]], float]) -> dict[str, float]:
    share = dict.fromkeys(players, 0.0)
    orders = list(permutations(players))
    for order in orders:
        present: frozenset[str] = frozenset()
        for player in order:
            share[player] += (worth(present | {player}) - worth(present)) / len(orders)
            present |= {player}
    return share


@STEADY
@given(st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_airport_is_the_shapley_value_of_the_maximum(values: list[float]) -> None:
    names = [str(i) for i in range(len(values))]
    expected = shapley(names, lambda present: max((values[int(name)] for name in present), default=0.0))
    assert airport(values) == pytest.approx([expected[name] for name in names], abs=1e-12)


@STEADY
@given(graded(most=5))
def test_points_are_the_two_level_shapley_value(case: tuple[Instrument, Answers]) -> None:
    instrument, answers = case
    result = evaluate(instrument, answers)
    level = {response.question: response.level or 0 for response in answers.responses}
    r2 = {item.id: (1 - level[item.id] / (item.choices - 1)) ** 2 for item in instrument.items}
    d2 = {name: (one.risk / 100) ** 2 for name, one in result.dimensions.items()}
    v = {name: instrument.dimension_weights.get(name, 1.0) for name in d2}

    def overall(present: frozenset[str]) -> float:
        mean = sum(v[name] * d2[name] for name in present) / sum(v.values())
        return 0.5 * mean + 0.5 * max((d2[name] for name in present), default=0.0)

    phi = shapley(list(d2), overall)
    total = sum(phi.values())
    for name in d2:
        items = {item.id: item for item in instrument.items if item.dimension == name}
        for question, psi in shapley(list(items), worth_of_dimension(items, r2)).items():
            expected = 100 * math.sqrt(total) * phi[name] / total * psi / d2[name] if d2[name] else 0.0
            assert result.points[question] == pytest.approx(expected, abs=1e-8)


def worth_of_dimension(items: dict[str, Item], r2: dict[str, float]) -> Callable[[frozenset[str]], float]:
    weight = sum(item.weight for item in items.values())
    has_must_have = any(item.must_have for item in items.values())

    def worth(present: frozenset[str]) -> float:
        mean = sum(items[i].weight * r2[i] for i in present) / weight
        worst = max((r2[i] for i in present if items[i].must_have), default=0.0)
        return 0.5 * mean + 0.5 * worst if has_must_have else mean

    return worth


def test_ties_are_treated_alike() -> None:
    assert airport([0.5, 0.2, 0.5]) == pytest.approx([0.2 / 3 + 0.15, 0.2 / 3, 0.2 / 3 + 0.15])
