"""Checks an instrument and the answers to it before anything is computed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from scoring.errors import (
    DuplicateAnswer,
    InvalidInstrument,
    LevelOutOfRange,
    ScoringError,
    UnclearAnswer,
    UnknownQuestion,
    quoted,
)
from scoring.inputs import Answers, Instrument, Item, Response


def check(instrument: Instrument, answers: Answers) -> None:
    """Raises the first of `problems`, if there is one."""
    for problem in problems(instrument, answers):
        raise problem


def problems(instrument: Instrument, answers: Answers) -> Iterator[ScoringError]:
    """Everything that is wrong, one error each, in a fixed order.

    Answers are looked at only if the instrument is sound.
    """
    sound = True
    for problem in _instrument_problems(instrument):
        sound = False
        yield problem
    if sound:
        items = {item.id: item for item in instrument.items}
        yield from _response_problems(items, answers.responses)
        yield from _agreed_problems(items, answers)
        yield from _exclusion_problems(items, answers)


def _instrument_problems(instrument: Instrument) -> Iterator[ScoringError]:
    dimensions = set(instrument.dimensions)
    if len(dimensions) != len(instrument.dimensions):
        yield InvalidInstrument("A dimension is listed twice.")
    for name, points in instrument.effort_points.items():
        if isinstance(points, bool) or not isinstance(points, int) or points < 0:
            yield InvalidInstrument(f"The effort points of {quoted(name)} must be a whole number, 0 or more.")
    for name, weight in instrument.dimension_weights.items():
        if name not in dimensions:
            yield InvalidInstrument(f"There is a weight for the unknown dimension {quoted(name)}.")
        if not _is_positive(weight):
            yield InvalidInstrument(f"The weight of dimension {quoted(name)} must be a finite number above 0.")
    seen: set[str] = set()
    for item in instrument.items:
        if item.id in seen:
            yield InvalidInstrument(f"Question {quoted(item.id)} is listed twice.")
        seen.add(item.id)
        if item.dimension not in dimensions:
            yield InvalidInstrument(
                f"Question {quoted(item.id)} belongs to the unknown dimension {quoted(item.dimension)}."
            )
        if isinstance(item.choices, bool) or not isinstance(item.choices, int) or item.choices < 2:
            yield InvalidInstrument(f"Question {quoted(item.id)} needs at least two choices.")
        if not _is_positive(item.weight):
            yield InvalidInstrument(f"The weight of question {quoted(item.id)} must be a finite number above 0.")
        if item.effort not in instrument.effort_points:
            yield InvalidInstrument(f"Question {quoted(item.id)} has the unknown effort {quoted(item.effort)}.")


def _is_positive(weight: float) -> bool:
    # The bounds keep sums and quotients of weights finite; nobody needs weights beyond them.
    return not isinstance(weight, bool) and math.isfinite(weight) and 1e-100 <= weight <= 1e100


def _response_problems(items: Mapping[str, Item], responses: Iterable[Response]) -> Iterator[ScoringError]:
    seen: set[tuple[str, str, str | None]] = set()
    for response in responses:
        item = items.get(response.question)
        if item is None:
            yield UnknownQuestion(f"There is no question {quoted(response.question)} in this checklist.")
            continue
        given = (response.level is not None) + response.dont_know + response.passed
        if given != 1:
            yield UnclearAnswer(
                f"The answer to {quoted(item.id)}{_by(response)} must give exactly one of "
                f'a level, "don\'t know" and "pass", and gives {given or "none"}.'
            )
        if response.level is not None:
            yield from _level_problems(item, response.level)
        # Respondents without a name are told apart by their role.
        who = (item.id, response.respondent, None if response.respondent else response.role)
        if who in seen:
            yield DuplicateAnswer(f"Question {quoted(item.id)} is answered twice{_by(response)}.")
        seen.add(who)


def _by(response: Response) -> str:
    return f" by {quoted(response.respondent)}" if response.respondent else ""


def _level_problems(item: Item, level: int) -> Iterator[ScoringError]:
    if isinstance(level, bool) or not isinstance(level, int):
        yield LevelOutOfRange(f"The level of question {quoted(item.id)} must be a whole number.")
    elif not 0 <= level < item.choices:
        yield LevelOutOfRange(f"Question {quoted(item.id)} has levels 0 to {item.choices - 1}, not {_short(level)}.")


def _short(number: int) -> str:
    # Python refuses to write out integers of thousands of digits.
    return str(number) if abs(number) < 10**15 else "a number that large"


def _agreed_problems(items: Mapping[str, Item], answers: Answers) -> Iterator[ScoringError]:
    seen: set[str] = set()
    for agreed in answers.agreed:
        item = items.get(agreed.question)
        if item is None:
            yield UnknownQuestion(
                f"There is an agreed answer to {quoted(agreed.question)}, which this checklist does not ask."
            )
            continue
        yield from _level_problems(item, agreed.level)
        if item.id in seen:
            yield DuplicateAnswer(f"Question {quoted(item.id)} has two agreed answers.")
        seen.add(item.id)


def _exclusion_problems(items: Mapping[str, Item], answers: Answers) -> Iterator[ScoringError]:
    seen: set[str] = set()
    for exclusion in answers.not_applicable:
        if exclusion.question not in items:
            yield UnknownQuestion(
                f"{quoted(exclusion.question)} is declared not applicable, but this checklist does not ask it."
            )
            continue
        if exclusion.question in seen:
            yield DuplicateAnswer(f"Question {quoted(exclusion.question)} is declared not applicable twice.")
        seen.add(exclusion.question)
