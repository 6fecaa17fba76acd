"""What the scoring promises, one test for each promise, on random checklists and answers."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scoring import Answers, Exclusion, Instrument, Response, Result, evaluate, level_of, result_to_dict
from tests.scoring.strategies import STEADY, answers_of, cases, graded, instruments, with_response

SLACK = 1e-9
Case = tuple[Instrument, Answers]


def ends(result: Result) -> tuple[float, float, float]:
    assert result.index is not None
    assert result.low is not None
    assert result.high is not None
    return result.low, result.index, result.high


def assert_inside(inner: Result, outer: Result) -> None:
    assert ends(outer)[0] - SLACK <= ends(inner)[0]
    assert ends(inner)[2] <= ends(outer)[2] + SLACK


@STEADY
@given(cases())
def test_bounds(case: Case) -> None:
    result = evaluate(*case)
    numbers = [*ends(result), *(one.risk for one in result.dimensions.values()), *result.roles.values()]
    assert all(0.0 <= number <= 100.0 for number in numbers)


@STEADY
@given(cases())
def test_interval_contains_point(case: Case) -> None:
    result = evaluate(*case)
    low, index, high = ends(result)
    assert low <= index <= high
    assert all(one.low <= one.risk <= one.high for one in result.dimensions.values())


@STEADY
@given(cases())
def test_overall_lies_between_dimensions(case: Case) -> None:
    result = evaluate(*case)
    risks = [one.risk for one in result.dimensions.values()]
    assert min(risks) - SLACK <= ends(result)[1] <= max(risks) + SLACK


@STEADY
@given(cases(), st.data())
def test_monotone_in_every_answer(case: Case, data: st.DataObject) -> None:
    instrument, answers = case
    places = [i for i, response in enumerate(answers.responses) if response.level]
    assume(places)
    place = data.draw(st.sampled_from(places))
    response = answers.responses[place]
    assert response.level is not None
    worse = replace(response, level=data.draw(st.integers(0, response.level - 1)))
    before, after = evaluate(instrument, answers), evaluate(instrument, with_response(answers, place, worse))
    assert all(a <= b for a, b in zip(ends(before), ends(after), strict=True))


@STEADY
@given(instruments(choices=st.just(5)), st.integers(0, 4))
def test_idempotent(instrument: Instrument, level: int) -> None:
    result = evaluate(instrument, answers_of({item.id: level for item in instrument.items}))
    assert ends(result)[1] == pytest.approx(100 * (1 - level / 4), abs=SLACK)


@STEADY
@given(instruments(choices=st.just(5)), st.data())
def test_homogeneous(instrument: Instrument, data: st.DataObject) -> None:
    levels = {item.id: data.draw(st.sampled_from([0, 2, 4])) for item in instrument.items}
    halved = {name: 2 + level // 2 for name, level in levels.items()}
    whole, half = evaluate(instrument, answers_of(levels)), evaluate(instrument, answers_of(halved))
    assert ends(half)[1] == pytest.approx(ends(whole)[1] / 2, abs=SLACK)


@STEADY
@given(graded(), st.data())
def test_no_cliffs(case: Case, data: st.DataObject) -> None:
    """Risks off by at most d move the index by at most 100 d; one step of one answer is the special case."""
    instrument, answers = case
    choices = {item.id: item.choices for item in instrument.items}
    furthest = 0.0
    moved = []
    only_one = data.draw(st.booleans())
    for response in answers.responses:
        assert response.level is not None
        top = choices[response.question] - 1
        other = min(max(response.level + data.draw(st.integers(-1, 1)), 0), top)
        if only_one and furthest:
            other = response.level
        furthest = max(furthest, abs(other - response.level) / top)
        moved.append(replace(response, level=other))
    before, after = evaluate(instrument, answers), evaluate(instrument, replace(answers, responses=tuple(moved)))
    assert abs(ends(before)[1] - ends(after)[1]) <= 100 * furthest + SLACK


@STEADY
@given(cases(), st.randoms(use_true_random=False))
def test_order_is_irrelevant_bit_for_bit(case: Case, shuffler: random.Random) -> None:
    instrument, answers = case

    def shuffled(values: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(shuffler.sample(values, len(values)))

    mixed = Instrument(
        shuffled(instrument.dimensions),
        shuffled(instrument.items),
        instrument.effort_points,
        instrument.dimension_weights,
    )
    mixed_answers = Answers(
        shuffled(answers.responses), shuffled(answers.agreed), shuffled(answers.not_applicable), answers.closed
    )
    before, after = result_to_dict(evaluate(instrument, answers)), result_to_dict(evaluate(mixed, mixed_answers))
    for name, value in before.items():
        if isinstance(value, list):
            other = after[name]
            assert isinstance(other, list)
            assert set(map(str, value)) == set(map(str, other))
        else:
            assert value == after[name]


@STEADY
@given(cases())
def test_deterministic(case: Case) -> None:
    assert evaluate(*case) == evaluate(*case)


@STEADY
@given(cases(), st.floats(0.01, 100.0), st.floats(0.01, 100.0))
def test_scaling_of_weights_is_irrelevant(case: Case, factor: float, v_factor: float) -> None:
    instrument, answers = case
    scaled = replace(
        instrument,
        items=tuple(replace(item, weight=item.weight * factor) for item in instrument.items),
        dimension_weights={d: instrument.dimension_weights.get(d, 1.0) * v_factor for d in instrument.dimensions},
    )
    assert ends(evaluate(scaled, answers)) == pytest.approx(ends(evaluate(instrument, answers)), abs=1e-9)


@STEADY
@given(cases())
def test_not_applicable_is_as_if_never_asked(case: Case) -> None:
    instrument, answers = case
    excluded = {one.question for one in answers.not_applicable}
    shorter = replace(instrument, items=tuple(item for item in instrument.items if item.id not in excluded))
    rest = replace(
        answers,
        responses=tuple(one for one in answers.responses if one.question not in excluded),
        agreed=tuple(one for one in answers.agreed if one.question not in excluded),
        not_applicable=(),
    )
    marked = evaluate(instrument, answers)
    assert replace(marked, not_applicable=(), as_if_not_known=None) == evaluate(shorter, rest)


def open_questions(result: Result) -> list[str]:
    return [*result.unanswered, *result.unknown]


@STEADY
@given(cases(), st.data())
def test_answering_narrows_the_interval(case: Case, data: st.DataObject) -> None:
    instrument, answers = case
    before = evaluate(instrument, answers)
    assume(open_questions(before))
    question = data.draw(st.sampled_from(open_questions(before)))
    item = next(item for item in instrument.items if item.id == question)
    others = tuple(one for one in answers.responses if one.question != question)
    answer = Response(question, level=data.draw(st.integers(0, item.choices - 1)), evidence=data.draw(st.booleans()))
    after = evaluate(instrument, replace(answers, responses=(*others, answer)))
    assert_inside(after, before)


@STEADY
@given(cases(), st.data())
def test_evidence_narrows_the_interval(case: Case, data: st.DataObject) -> None:
    instrument, answers = case
    assume(answers.responses)
    place = data.draw(st.integers(0, len(answers.responses) - 1))
    proven = replace(answers.responses[place], evidence=True)
    before, after = evaluate(instrument, answers), evaluate(instrument, with_response(answers, place, proven))
    assert_inside(after, before)
    assert ends(after)[:2] == ends(before)[:2]


@STEADY
@given(cases(), st.data())
def test_dropping_an_open_question_narrows_the_interval(case: Case, data: st.DataObject) -> None:
    instrument, answers = case
    before = evaluate(instrument, answers)
    assume(open_questions(before) and len(before.points) > 1)
    question = data.draw(st.sampled_from(open_questions(before)))
    dropped = replace(answers, not_applicable=(*answers.not_applicable, Exclusion(question, "Outside the scope.")))
    assert_inside(evaluate(instrument, dropped), before)


@STEADY
@given(cases())
def test_closing_never_lowers_the_point(case: Case) -> None:
    instrument, answers = case
    in_progress = evaluate(instrument, replace(answers, closed=False))
    closed = evaluate(instrument, replace(answers, closed=True))
    assert ends(in_progress)[1] <= ends(closed)[1]
    assert (ends(in_progress)[0], ends(in_progress)[2]) == (ends(closed)[0], ends(closed)[2])


@STEADY
@given(cases())
def test_failed_must_have_weighs(case: Case) -> None:
    instrument, answers = case
    result = evaluate(instrument, answers)
    dimension = {item.id: item.dimension for item in instrument.items}
    for question in result.must_haves_failed:
        assert result.dimensions[dimension[question]].risk >= 100 * math.sqrt(0.5) - SLACK
        assert ends(result)[1] >= 50 - SLACK
        assert result.level in ("high", "critical")


@STEADY
@given(graded())
def test_low_implies_every_must_have_below_half_risk(case: Case) -> None:
    instrument, answers = case
    if evaluate(instrument, answers).level == "low":
        level = {response.question: response.level for response in answers.responses}
        for item in instrument.items:
            assert not item.must_have or 1 - (level[item.id] or 0) / (item.choices - 1) < 0.5


@STEADY
@given(cases())
def test_never_low_while_a_must_have_is_open(case: Case) -> None:
    instrument, answers = case
    result = evaluate(instrument, answers)
    is_must_have = {item.id: item.must_have for item in instrument.items}
    if any(is_must_have[question] for question in open_questions(result)):
        assert result.level != "low"


@STEADY
@given(cases())
def test_attribution_sums_to_the_index(case: Case) -> None:
    result = evaluate(*case)
    assert all(points >= 0.0 for points in result.points.values())
    assert math.fsum(result.points.values()) == pytest.approx(ends(result)[1], abs=SLACK)
    for question, part in result.disagreement_points.items():
        assert 0.0 <= part <= result.points[question] + SLACK


@STEADY
@given(graded(), st.data())
def test_gain_is_what_fixing_alone_brings(case: Case, data: st.DataObject) -> None:
    instrument, answers = case
    place = data.draw(st.integers(0, len(answers.responses) - 1))
    response = answers.responses[place]
    item = instrument.items[place]
    fixed = with_response(answers, place, replace(response, level=item.choices - 1))
    before, after = evaluate(instrument, answers), evaluate(instrument, fixed)
    assert before.gain[item.id] == pytest.approx(ends(before)[1] - ends(after)[1], abs=SLACK)


@STEADY
@given(st.floats(0, 100))
def test_level_is_judged_as_shown(index: float) -> None:
    shown = float(f"{index:.1f}")
    expected = "low" if shown < 25 else "moderate" if shown < 50 else "high" if shown < 75 else "critical"
    assert level_of(index) == expected
