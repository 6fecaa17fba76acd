"""The sentences that judge: the finding, what stands behind it, and the decision that is asked. Rules only.

The wording never says more than the answers do: "ready" always stands with "on these answers".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from charts import LEVEL_BY_ID, level_of, shown, to_tenths
from findings.words import capital, counted, joined

CLEAR_CHANGE = 5.0
"""Differences below this many points are within what re-answering alone changes (docs/scoring.md)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the sentences need to know.

    `index` to `high` are unrounded, None if nothing is applicable. `unmet` counts must-haves answered at their worst,
    `unknown_musts` those answered "don't know", `open_musts` those without an answer. `plan_steps` is the number of
    steps to the next lower level, 0 without such a plan; `plan_index` is the index after them.
    """

    stage: str
    index: float | None
    low: float | None
    high: float | None
    level: str | None
    confidence: str | None
    due: int
    answered: int
    unmet: int = 0
    unknown_musts: int = 0
    open_musts: int = 0
    plan_steps: int = 0
    plan_index: float | None = None


def finding(standing: Standing) -> str:
    """The title of the report: one sentence without a full stop that says what is the case."""
    if standing.index is None or standing.low is None or standing.high is None:
        return f"No result: no question applies to this project for {standing.stage}"
    if standing.answered == 0:
        return f"Nothing is answered yet: the risk for {standing.stage} is open"
    if standing.confidence == "open":
        share = f"{standing.answered} of {counted_questions(standing.due)} answered"
        span = f"{shown(standing.low)} to {shown(standing.high)}"
        return f"Too early to judge {standing.stage}: {share}, and the risk can be anything from {span}"
    word = _level_word(standing)
    failed = standing.unmet + standing.unknown_musts
    if failed:
        return f"Not ready for {standing.stage}: {_must_haves(standing)}{_way_out(standing, word)}"
    if word in {"high", "critical"}:
        return f"Not ready for {standing.stage}: the risk is {word}{_way_out(standing, word)}"
    if word == "moderate":
        start = f"Ready for {standing.stage} with open points: the risk is moderate on these answers"
        return start + _way_out(standing, word)
    if standing.open_musts:
        return f"Low risk so far: {_open_musts(standing)} before {standing.stage}"
    return f"Ready for {standing.stage} on these answers: the risk is low and every must-have is met"


def counted_questions(count: int) -> str:
    """ "67 questions", "1 question"."""
    return f"{count} question{'' if count == 1 else 's'}"


def _level_word(standing: Standing) -> str:
    if standing.level is not None:
        return LEVEL_BY_ID[standing.level].word.lower()
    return level_of(standing.index or 0.0).word.lower()


def _must_haves(standing: Standing) -> str:
    failed = standing.unmet + standing.unknown_musts
    state = "met" if not standing.unknown_musts else "known" if not standing.unmet else "met or not known"
    return f"{counted(failed, 'must-have')} {'is' if failed == 1 else 'are'} not {state}"


def _open_musts(standing: Standing) -> str:
    return f"{counted(standing.open_musts, 'must-have')} still to be answered"


def _way_out(standing: Standing, word: str) -> str:
    if not standing.plan_steps or standing.plan_index is None:
        return ""
    reached = level_of(standing.plan_index).word.lower()
    verb = "brings" if standing.plan_steps == 1 else "bring"
    return f", and {counted(standing.plan_steps, 'action')} {verb} the risk from {word} to {reached}"


def level_words(level: str | None, confidence: str | None, low: float | None, high: float | None) -> str:
    """The level with its doubt, such as "High risk", "High risk, may be critical" or "No level yet"."""
    if level is None or confidence == "open" or low is None or high is None:
        return "No level yet"
    word = LEVEL_BY_ID[level].word
    ends = {level_of(low).id, level_of(high).id} - {level}
    others = " or ".join(LEVEL_BY_ID[end].word.lower() for end in LEVEL_BY_ID if end in ends)
    return f"{word} risk, may be {others}" if others else f"{word} risk"


def explanation(
    standing: Standing, largest: Sequence[tuple[str, int]], before: tuple[str, float] | None
) -> tuple[str, ...]:
    """Up to three sentences under the finding: largest parts, how firm the level is, change since last time.

    `largest` are the names of the largest parts with their tenths of points, `before` a date and its index.
    """
    if standing.index is None or standing.low is None or standing.high is None:
        return ()
    sentences = []
    if largest and standing.answered and standing.confidence != "open":
        sentences.append(_largest_parts(largest, to_tenths(standing.index)))
    sentences.append(_firmness(standing))
    if before is not None:
        sentences.append(_change(standing.index, *before))
    return tuple(sentences)


def _largest_parts(largest: Sequence[tuple[str, int]], total: int) -> str:
    parts = [f"“{name}”" for name, _ in largest]
    added = sum(tenths for _, tenths in largest)
    verb = "makes" if len(parts) == 1 else "together make"
    return f"{capital(joined(parts))} {verb} up {_tenths(added)} of the {_tenths(total)} points."


def _tenths(tenths: int) -> str:
    return f"{tenths // 10}.{tenths % 10}"


def _firmness(standing: Standing) -> str:
    low, high = level_of(standing.low or 0.0), level_of(standing.high or 0.0)
    if standing.confidence == "firm":
        return f"Both ends of the range are {low.word.lower()}, so the level is firm."
    span = f"from {low.word.lower()} to {high.word.lower()}"
    if standing.confidence == "provisional":
        return f"The range reaches {span}, so the level is provisional."
    return f"The range reaches {span}, so no level is given. The answers listed first in the plan narrow it most."


def _change(index: float, date: str, previous: float) -> str:
    difference = to_tenths(index) - to_tenths(previous)
    if abs(difference) < CLEAR_CHANGE * 10:
        return f"On {date} the risk was {shown(previous)}: no clear change."
    verb = "fallen" if difference < 0 else "risen"
    return f"Since {date} the risk has {verb} by {_tenths(abs(difference))} points, from {shown(previous)}."


def default_decision(standing: Standing, ask_first: Sequence[str]) -> str:
    """What the readers are asked to decide when nobody wrote it: by rule, naming the stage and the first steps.

    `ask_first` are the names of the questions whose answers narrow the range most.
    """
    stage = standing.stage
    if standing.index is None:
        return "Say whether the stage and the facts of the project are recorded correctly, since no question applies."
    if standing.confidence == "open" or standing.answered == 0:
        names = f" Start with {joined([f'“{name}”' for name in ask_first[:3]])}." if ask_first else ""
        return f"Name the people who answer the open questions, and the day by which they do.{names}"
    failed = standing.unmet + standing.unknown_musts
    if standing.plan_steps and (failed or _level_word(standing) in {"high", "critical"}):
        steps = "action 1 of the plan is" if standing.plan_steps == 1 else f"actions 1 to {standing.plan_steps} are"
        each = "it" if standing.plan_steps == 1 else "each"
        return f"Decide whether {stage} waits until {steps} done, and name an owner and a date for {each}."
    if failed:
        return f"Decide whether {stage} waits until every must-have is met, and name who sees to it and by when."
    if standing.plan_steps:
        return f"Decide whether {stage} starts now or after the plan's actions, and name an owner and a date for each."
    return f"Confirm the start of {stage}, and set the day of the next review."
