"""The rules of single cases: who counts, what don't know means, what is refused."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from checklists.loader import load
from scoring import (
    Agreed,
    Answers,
    DuplicateAnswer,
    Exclusion,
    Instrument,
    InvalidInstrument,
    Item,
    LevelOutOfRange,
    Response,
    ScoringError,
    UnclearAnswer,
    UnknownEngine,
    UnknownQuestion,
    evaluate,
    instrument_for,
    level_of,
)

WHO = ("product", "platform")
ITEM = Item("q", "A", 5, False, 1.0, "S", WHO)


def ask(*items: Item) -> Instrument:
    return Instrument(("A", "B"), items or (ITEM,), {"S": 1})


def index(*responses: Response, item: Item = ITEM, **more: Any) -> float:
    found = evaluate(ask(item), Answers(responses, **more)).index
    assert found is not None
    return found


def by(role: str | None, level: int | None, name: str = "", **more: Any) -> Response:
    return Response("q", level=level, dont_know=level is None, role=role, respondent=name, **more)


def test_roles_count_equally() -> None:
    engineers = [by("platform", 0, f"e{i}") for i in range(5)]
    assert index(by("product", 4), *engineers) == pytest.approx(100 * math.sqrt(0.5))


def test_people_of_a_role_are_averaged_in_squared_risk() -> None:
    # (0 + 1/16) / 2
    assert index(by("product", 4, "a"), by("product", 3, "b")) == pytest.approx(100 * math.sqrt(1 / 32))


def test_disagreement_adds_exactly_the_variance() -> None:
    result = evaluate(ask(), Answers((by("product", 4), by("platform", 0))))
    assert result.index == pytest.approx(100 * math.sqrt(0.5))
    assert result.disagreement_points["q"] == pytest.approx(result.points["q"] / 2)


def test_others_count_only_where_nobody_who_should_know_answers() -> None:
    assert index(by("product", 4), by("customer", 0)) == 0.0
    result = evaluate(ask(), Answers((by("customer", 3), by("product", None))))
    assert (result.second_hand, result.unknown) == ((), ("q",))
    alone = evaluate(ask(), Answers((by("customer", 3), by("sponsor", None))))
    assert (alone.second_hand, alone.index) == (("q",), 25.0)


def test_dont_know_of_somebody_else_is_a_pass() -> None:
    result = evaluate(ask(), Answers((by("customer", None),)))
    assert (result.unanswered, result.unknown, result.index) == (("q",), (), 50.0)


def test_answer_without_a_role_is_of_somebody_who_should_know() -> None:
    result = evaluate(ask(), Answers((by(None, 1), by("customer", 4))))
    assert (result.index, result.second_hand) == (75.0, ())


def test_pass_is_ignored() -> None:
    assert index(Response("q", passed=True, role="product"), by("platform", 3)) == 25.0
    assert evaluate(ask(), Answers((Response("q", passed=True),))).unanswered == ("q",)


@pytest.mark.parametrize(
    ("choices", "must_have", "risk"),
    [(5, False, 75.0), (4, False, 200 / 3), (5, True, 100.0), (3, False, 50.0), (2, False, 50.0)],
)
def test_dont_know(choices: int, must_have: bool, risk: float) -> None:
    item = replace(ITEM, choices=choices, must_have=must_have)
    result = evaluate(ask(item), Answers((by("product", None),)))
    assert result.index == pytest.approx(risk)
    assert (result.low, result.high) == (0.0, 100.0)
    assert result.must_haves_failed == (("q",) if must_have else ())


def test_closing_turns_blank_into_dont_know() -> None:
    result = evaluate(ask(), Answers(closed=True))
    assert (result.index, result.unknown, result.unanswered) == (75.0, ("q",), ())


def test_partly_known_question_keeps_a_range_without_being_unknown() -> None:
    result = evaluate(ask(), Answers((by("product", 4, evidence=True), by("platform", None))))
    assert (result.unknown, result.unanswered) == ((), ())
    assert result.low == 0.0
    assert result.high == pytest.approx(100 * math.sqrt(0.5))


def test_agreed_answer_replaces_the_blind_ones() -> None:
    result = evaluate(ask(), Answers((by("product", 0), by("platform", 4)), (Agreed("q", 3, evidence=True),)))
    assert (result.index, result.high, result.disagreement_points["q"]) == (25.0, 25.0, 0.0)
    assert result.roles == {"product": 100.0, "platform": 0.0}


def test_evidence_sets_the_upper_end() -> None:
    one = evaluate(ask(), Answers((by("product", 3),)))
    assert (one.low, one.high) == (25.0, 50.0)
    assert evaluate(ask(), Answers((by("product", 0),))).high == 100.0


def test_each_role_sees_its_own_answers_and_the_rest_as_it_stands() -> None:
    other = Item("r", "A", 5, False, 1.0, "S", ("platform",))
    answers = Answers(
        (
            by("product", 4),
            by("platform", 0),
            Response("r", level=0, role="platform"),
            Response("r", dont_know=True, role="product"),
        )
    )
    roles = evaluate(ask(ITEM, other), answers).roles
    assert roles["platform"] == 100.0
    # The product role's don't know about somebody else's question is a pass, so platform's answer stands.
    assert roles["product"] == pytest.approx(100 * math.sqrt(0.5))


def test_exclusions_are_shown_as_if_not_known() -> None:
    other = Item("r", "B", 5, True, 1.0, "S")
    answers = Answers((by("product", 4),), not_applicable=(Exclusion("r", "No such system."),))
    result = evaluate(ask(ITEM, other), answers)
    assert (result.index, result.not_applicable, list(result.dimensions)) == (0.0, ("r",), ["A"])
    assert result.as_if_not_known == pytest.approx(100 * math.sqrt(0.75))
    assert evaluate(ask(ITEM, other), Answers()).as_if_not_known is None


def test_nothing_applicable() -> None:
    result = evaluate(ask(), Answers(not_applicable=(Exclusion("q", "Outside the scope."),)))
    assert (result.index, result.low, result.high, result.level, result.confidence) == (None,) * 5
    assert (result.points, result.roles, result.as_if_not_known) == ({}, {}, 75.0)


def test_next_questions_come_by_must_have_and_share() -> None:
    items = (
        Item("light", "A", 5, False, 1.0, "S"),
        Item("heavy", "A", 5, False, 2.0, "S"),
        Item("must", "A", 5, True, 1.0, "S"),
        Item("alone", "B", 5, False, 1.0, "S"),
        Item("known", "A", 5, True, 1.0, "S"),
    )
    answers = Answers((Response("known", level=1), Response("heavy", dont_know=True)))
    assert evaluate(ask(*items), answers).next_questions == ("must", "alone", "heavy", "light")


@pytest.mark.parametrize(
    ("index", "level"),
    [
        (0, "low"),
        (24.94, "low"),
        (24.96, "moderate"),
        (49.949, "moderate"),
        (49.99999999, "high"),
        (74.9, "high"),
        (75.0, "critical"),
        (100, "critical"),
    ],
)
def test_level(index: float, level: str) -> None:
    assert level_of(index) == level


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        (Answers((Response("x", level=1),)), UnknownQuestion),
        (Answers(agreed=(Agreed("x", 1),)), UnknownQuestion),
        (Answers(not_applicable=(Exclusion("x", "Outside the scope."),)), UnknownQuestion),
        (Answers((by(None, 5),)), LevelOutOfRange),
        (Answers((by(None, -1),)), LevelOutOfRange),
        (Answers((by(None, 10**5000),)), LevelOutOfRange),
        (Answers((by(None, True),)), LevelOutOfRange),
        (Answers(agreed=(Agreed("q", 9),)), LevelOutOfRange),
        (Answers((by("product", 1, "p1"), by("platform", 2, "p1"))), DuplicateAnswer),
        (Answers((by("product", 1), by("product", 2))), DuplicateAnswer),
        (Answers(agreed=(Agreed("q", 1), Agreed("q", 1))), DuplicateAnswer),
        (Answers(not_applicable=(Exclusion("q", "a"), Exclusion("q", "b"))), DuplicateAnswer),
        (Answers((Response("q"),)), UnclearAnswer),
        (Answers((Response("q", level=1, dont_know=True),)), UnclearAnswer),
        (Answers((Response("q", dont_know=True, passed=True),)), UnclearAnswer),
    ],
)
def test_answers_that_do_not_fit(answers: Answers, error: type[ScoringError]) -> None:
    with pytest.raises(error) as caught:
        evaluate(ask(), answers)
    assert isinstance(caught.value, ValueError)
    assert str(caught.value).endswith(".")


def test_people_without_a_name_are_told_apart_by_role() -> None:
    assert index(by("product", 4), by("platform", 4)) == 0.0


@pytest.mark.parametrize(
    "instrument",
    [
        ask(ITEM, ITEM),
        ask(replace(ITEM, dimension="C")),
        ask(replace(ITEM, choices=1)),
        ask(replace(ITEM, weight=0.0)),
        ask(replace(ITEM, weight=math.nan)),
        ask(replace(ITEM, effort="XL")),
        replace(ask(), effort_points={"S": -1}),
        replace(ask(), dimensions=("A", "A")),
        replace(ask(), dimension_weights={"A": -1.0}),
        replace(ask(), dimension_weights={"Z": 1.0}),
    ],
)
def test_instruments_that_contradict_themselves(instrument: Instrument) -> None:
    with pytest.raises(InvalidInstrument):
        evaluate(instrument, Answers())


def test_unknown_engine() -> None:
    with pytest.raises(UnknownEngine):
        evaluate(ask(), Answers(), engine="0")


def test_instrument_of_the_released_checklist() -> None:
    checklist = load("ml_readiness", "1.0")
    first, *_, last = checklist.stages
    everything = instrument_for(checklist, last.id, [fact.id for fact in checklist.facts])
    assert len(everything.items) == len(checklist.questions)
    assert len(instrument_for(checklist, first.id, []).items) < len(everything.items)
    assert evaluate(everything, Answers()).index == pytest.approx(50.0)
