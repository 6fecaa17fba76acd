from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scoring import (
    Agreed,
    Answers,
    Instrument,
    InvalidTarget,
    Item,
    Response,
    Result,
    evaluate,
    narrowings,
    path_steps,
    shortest_path,
)
from tests.scoring.draft import answers_at, checksum_answers, draft
from tests.scoring.strategies import STEADY, answers_of, cases, graded

Case = tuple[Instrument, Answers]
TARGETS = st.one_of(st.sampled_from([25, 50]), st.floats(0, 80))


def exact_index_squared(instrument: Instrument, r2: dict[str, Fraction]) -> Fraction:
    """(index / 100)^2, written from the formulas in rational numbers."""
    squares: dict[str, Fraction] = {}
    for name in {item.dimension for item in instrument.items}:
        items = [item for item in instrument.items if item.dimension == name]
        total = sum((Fraction(repr(item.weight)) for item in items), Fraction(0))
        mean = sum((Fraction(repr(item.weight)) * r2[item.id] for item in items), Fraction(0)) / total
        worst = [r2[item.id] for item in items if item.must_have]
        squares[name] = (mean + max(worst)) / 2 if worst else mean
    v = {name: Fraction(repr(instrument.dimension_weights.get(name, 1.0))) for name in squares}
    weighted = sum((v[name] * squares[name] for name in squares), Fraction(0))
    return (weighted / sum(v.values(), Fraction(0)) + max(squares.values())) / 2


def all_plans(
    instrument: Instrument, levels: dict[str, int | None], target: Fraction
) -> Iterator[tuple[int, Fraction, int, list[str]]]:
    """Every plan that reaches the target, as the tuple by which the best one is the smallest. None is unanswered."""
    r2 = {
        item.id: Fraction(1, 4)
        if (level := levels[item.id]) is None
        else Fraction(item.choices - 1 - level, item.choices - 1) ** 2
        for item in instrument.items
    }
    effort = {item.id: instrument.effort_points[item.effort] for item in instrument.items}
    movable = [name for name, level in levels.items() if level is not None and r2[name] > 0]
    for count in range(len(movable) + 1):
        for plan in combinations(sorted(movable), count):
            reached = exact_index_squared(instrument, {**r2, **dict.fromkeys(plan, Fraction(0))})
            if reached <= target * target:
                yield sum(effort[name] for name in plan), reached, count, list(plan)


@settings(STEADY, max_examples=80)
@given(graded(most=2), TARGETS, st.data())
def test_shortest_path_equals_brute_force(case: Case, target: float, data: st.DataObject) -> None:
    instrument, answers = case
    levels: dict[str, int | None] = {
        one.question: None if data.draw(st.integers(0, 7)) == 0 else one.level for one in answers.responses
    }
    given_answers = Answers(tuple(one for one in answers.responses if levels[one.question] is not None))
    best = min(all_plans(instrument, levels, Fraction(repr(target)) / 100), default=None)
    path = shortest_path(instrument, given_answers, target)
    if best is None:
        assert path is None
    else:
        assert path is not None
        assert (path.cost, list(path.questions)) == (best[0], best[3])
        assert path.index == pytest.approx(100 * math.sqrt(best[1]), abs=1e-9)


@settings(STEADY, max_examples=40)
@given(st.data())
def test_ties_are_resolved_exactly(data: st.DataObject) -> None:
    """With equal weights nearly every plan has an equal: the search must choose as the rule says."""
    items = tuple(
        Item(f"{name}{i}", name, 4, data.draw(st.booleans()), 1.0, data.draw(st.sampled_from("SZ")))
        for name in "AB"
        for i in range(4)
    )
    instrument = Instrument(("A", "B"), items, {"S": 1, "Z": data.draw(st.sampled_from([0, 1, 2]))})
    levels: dict[str, int | None] = {item.id: data.draw(st.sampled_from([0, 2, 2])) for item in items}
    target = data.draw(st.sampled_from([20, 25, 30, 50]))
    best = min(all_plans(instrument, levels, Fraction(target, 100)), default=None)
    path = shortest_path(instrument, answers_at(levels), target)
    assert best is not None
    assert path is not None
    assert (path.cost, list(path.questions)) == (best[0], best[3])


def with_remedies(instrument: Instrument, answers: Answers, questions: tuple[str, ...]) -> Answers:
    """The answers after the remedies of `questions`: agreed to be at the best choice, with evidence."""
    best = {item.id: item.choices - 1 for item in instrument.items}
    kept = tuple(one for one in answers.agreed if one.question not in questions)
    return replace(answers, agreed=(*kept, *(Agreed(name, best[name], evidence=True) for name in questions)))


@STEADY
@given(cases(), TARGETS)
def test_path_reaches_its_target(case: Case, target: float) -> None:
    instrument, answers = case
    path = shortest_path(instrument, answers, target)
    if path is None:
        now = evaluate(instrument, answers)
        known = tuple(name for name in now.points if name not in now.unanswered)
        everything = evaluate(instrument, with_remedies(instrument, answers, known))
        assert everything.index is not None
        assert everything.index > target - 1e-9
    else:
        assert path.index <= target
        after = evaluate(instrument, with_remedies(instrument, answers, path.questions))
        assert after.index == pytest.approx(path.index, abs=1e-9)


@STEADY
@given(graded(), TARGETS)
def test_steps_lead_from_now_to_the_end_of_the_path(case: Case, target: float) -> None:
    instrument, answers = case
    path = shortest_path(instrument, answers, target)
    assume(path is not None)
    assert path is not None
    steps = path_steps(instrument, answers, path)
    assert sorted(step.question for step in steps) == list(path.questions)
    assert sum(step.effort for step in steps) == path.cost
    if steps:
        assert steps[0].before == evaluate(instrument, answers).index
        assert steps[-1].after == pytest.approx(path.index, abs=1e-9)
        assert all(step.after <= step.before for step in steps)
        assert all(a.after == b.before for a, b in pairwise(steps))


def test_steps_come_by_gain_per_effort() -> None:
    path = shortest_path(draft(), checksum_answers(), 25)
    assert path is not None
    first, *_ = path_steps(draft(), checksum_answers(), path)
    gain = evaluate(draft(), checksum_answers()).gain
    effort = {item.id: draft().effort_points[item.effort] for item in draft().items}
    assert first.question == max(path.questions, key=lambda name: gain[name] / effort[name])


SMALL = Instrument(
    ("A",),
    (
        Item("must", "A", 5, True, 1.0, "S"),
        Item("open", "A", 4, False, 1.0, "S"),
        Item("known", "A", 4, False, 1.0, "S"),
    ),
    {"S": 1},
)


def test_dont_know_can_be_in_a_plan_and_a_blank_cannot() -> None:
    known = Response("known", level=3)
    unclear = Answers((Response("must", dont_know=True), known))
    path = shortest_path(SMALL, unclear, 40)
    assert path is not None
    assert path.questions == ("must",)
    assert shortest_path(SMALL, Answers((Response("open", level=3), known)), 25) is None
    closed = shortest_path(SMALL, Answers((Response("open", level=3), known), closed=True), 25)
    assert closed is not None
    assert closed.questions == ("must",)


def test_already_there() -> None:
    path = shortest_path(SMALL, answers_of({"must": 4, "open": 3, "known": 3}), 25)
    assert path is not None
    assert (path.cost, path.questions, path.index) == (0, (), 0.0)
    assert path_steps(SMALL, answers_of({"must": 4, "open": 3, "known": 3}), path) == ()


def test_target_met_exactly_counts() -> None:
    """The root of a quarter is a half, whatever the weights do to the last digit."""
    instrument = Instrument(("A",), (Item("a", "A", 5, False, 0.1, "S"), Item("b", "A", 5, False, 0.3, "S")), {"S": 1})
    path = shortest_path(instrument, answers_of({"a": 0, "b": 4}), 50)
    assert path is not None
    assert path.questions == ()


def test_nothing_to_plan_where_nothing_is_asked() -> None:
    assert shortest_path(Instrument(("A",), (), {}), Answers(), 25) is None
    assert narrowings(Instrument(("A",), (), {}), Answers(), 5) == ()


@pytest.mark.parametrize("target", [-1, 100.5, math.nan, math.inf])
def test_impossible_target(target: float) -> None:
    with pytest.raises(InvalidTarget):
        shortest_path(SMALL, Answers(), target)


@STEADY
@given(cases())
def test_narrowing_is_a_promise(case: Case) -> None:
    """Whatever the answer is, the range narrows by at least the points given, and by exactly them at worst."""
    instrument, answers = case
    before = evaluate(instrument, answers)
    found = narrowings(instrument, answers, 1000)
    points = [one.points for one in found]
    assert points == sorted(points, reverse=True)
    assert narrowings(instrument, answers, 2) == found[:2]
    for one in found:
        if one.action == "answer":
            item = next(item for item in instrument.items if item.id == one.question)
            after = [
                replace(answers, agreed=(*answers.agreed, Agreed(item.id, level, evidence=True)))
                for level in range(item.choices)
            ]
        else:
            after = [
                replace(
                    answers,
                    responses=tuple(
                        replace(given, evidence=given.evidence or given.question == one.question)
                        for given in answers.responses
                    ),
                    agreed=tuple(
                        replace(given, evidence=given.evidence or given.question == one.question)
                        for given in answers.agreed
                    ),
                )
            ]
        widths = [width(evaluate(instrument, changed)) for changed in after]
        assert max(widths) == pytest.approx(width(before) - one.points, abs=1e-9)


def width(result: Result) -> float:
    assert result.high is not None
    assert result.low is not None
    return result.high - result.low
