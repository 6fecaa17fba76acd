"""The sentences that judge: the finding, what stands behind it, and the decision that is asked. Rules only.

The wording never says more than the answers do: "ready" always stands with "on these answers".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from charts import LEVEL_BY_ID, level_of, shown, to_tenths
from findings.words import capital, counted, joined

CLEAR_CHANGE = 5.0
"""Differences below this many points are within what re-answering alone changes (docs/scoring.md)."""

EARLY_BELOW, PRELIMINARY_BELOW = 60, 80
"""Shares of the due questions in percent, below which there is no verdict, and below which it is preliminary."""

Judgement = Literal["early", "preliminary", "final"]


def judge(answered: int, due: int, confidence: str | None) -> Judgement:
    """What may be said of a result, of the whole or of one dimension.

    "early": nothing but the range, because too little is answered or the range spans three levels or more.
    "preliminary": number and level with that word. "final": number and level.
    """
    if answered * 100 < due * EARLY_BELOW or confidence == "open":
        return "early"
    return "preliminary" if answered * 100 < due * PRELIMINARY_BELOW else "final"


def confidence_of(low: float, high: float) -> str:
    """How many levels a range touches: "firm" one, "provisional" two, "open" more."""
    apart = level_of(high).number - level_of(low).number
    return "firm" if apart == 0 else "provisional" if apart == 1 else "open"


def target_for(stage: str, index: float | None) -> float | None:
    """Below which risk the next step aims: the stage's target, or the next lower level where that is reached.

    None if the risk is low already. Without an index, or while it may not be named, it is the stage's target.
    """
    wanted = 25.0 if stage == "production" else 50.0
    if index is None or to_tenths(index) >= wanted * 10:
        return wanted
    return 25.0 if to_tenths(index) >= 250 else None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the sentences need to know.

    `answered` counts as progress does, `unknown` those of them that are "don't know". `index` to `high` are unrounded,
    None if nothing is applicable. `unmet` counts must-haves answered at their worst, `unknown_musts` those that count
    as "don't know", `open_musts` the others without an answer. `plan_steps` is the number of steps to the target, 0
    without such a plan; `plan_index` is the index after them.
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
    unknown: int = 0

    @property
    def judgement(self) -> Judgement:
        """What may be said."""
        return judge(self.answered, self.due, self.confidence)


def finding(standing: Standing) -> str:
    """The title of the report: one sentence without a full stop that says what is the case."""
    if standing.index is None or standing.low is None or standing.high is None:
        return f"No result: no question applies to this project for {standing.stage}"
    if standing.answered == 0:
        return f"Nothing is answered yet: the risk for {standing.stage} is open"
    if standing.judgement == "early":
        share = f"{standing.answered} of {counted_questions(standing.due)} answered{_dont_know(standing)}"
        span = f"{shown(standing.low)} to {shown(standing.high)}"
        return f"Too early to judge {standing.stage}: {share}, and the risk can be anything from {span}"
    head, tail = _verdict(standing, _level_word(standing))
    if standing.judgement == "preliminary":
        head = f"{head} (preliminary, {standing.answered} of {standing.due} answered)"
    return f"{head}: {tail}"


def _verdict(standing: Standing, word: str) -> tuple[str, str]:
    """The verdict, and what it rests on."""
    if standing.unmet + standing.unknown_musts:
        return f"Not ready for {standing.stage}", _must_haves(standing) + _way_out(standing, word)
    if word in {"high", "critical"}:
        return f"Not ready for {standing.stage}", f"the risk is {word}{_way_out(standing, word)}"
    if word == "moderate":
        rests_on = f"the risk is moderate on these answers{_way_out(standing, word)}"
        return f"Ready for {standing.stage} with open points", rests_on
    if standing.open_musts:
        return "Low risk so far", f"{_open_musts(standing)} before {standing.stage}"
    return f"Ready for {standing.stage} on these answers", "the risk is low and every must-have is met"


def early_words(standing: Standing) -> str:
    """Instead of number and level, such as "Too early to judge: 24 of 55 answered"; empty if they may be named."""
    if standing.index is None or standing.judgement != "early":
        return ""
    return f"Too early to judge: {standing.answered} of {standing.due} answered{_dont_know(standing)}"


def _dont_know(standing: Standing) -> str:
    """Named where the share of answers alone would not explain why it is too early."""
    if standing.answered * 100 < standing.due * EARLY_BELOW or not standing.unknown:
        return ""
    return f", {standing.unknown} of them don't know"


def title_words(standing: Standing) -> str:
    """Number and level for the title of a window, such as "failure risk 46.0, moderate"; empty if not to be named."""
    if standing.index is None or standing.judgement == "early":
        return ""
    mark = ", preliminary" if standing.judgement == "preliminary" else ""
    return f"failure risk {shown(standing.index)}, {_level_word(standing)}{mark}"


def confidence_words(standing: Standing) -> str:
    """How firm the level is, in half a sentence."""
    if standing.confidence == "open":
        return "open: the range spans three levels or more"
    if standing.judgement == "early":
        return "none yet: fewer than six in ten questions are answered"
    if standing.judgement == "preliminary":
        start = "preliminary, fewer than eight in ten questions are answered; "
    else:
        start = ""
    if standing.confidence == "firm":
        return f"{start}firm: both ends of the range lie in one level"
    return f"{start}provisional: the range touches two levels"


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


def level_words(level: str | None, judgement: Judgement, low: float | None, high: float | None) -> str:
    """The level with its doubt, such as "High risk", "High risk, may be critical" or "No level yet"."""
    if level is None or judgement == "early" or low is None or high is None:
        return "No level yet"
    word = LEVEL_BY_ID[level].word
    ends = {level_of(low).id, level_of(high).id} - {level}
    others = " or ".join(LEVEL_BY_ID[end].word.lower() for end in LEVEL_BY_ID if end in ends)
    words = f"{word} risk, may be {others}" if others else f"{word} risk"
    return f"{words}, preliminary" if judgement == "preliminary" else words


# From here on scoring.stage_of may allow a probability from an organisation's own outcomes.
FEW_OUTCOMES = 10


def track_record_words(outcomes: int, assessed: int, *, is_headed: bool = False) -> str:
    """What is known of how assessed projects ended. Never a probability; below ten outcomes none could be drawn.

    With `is_headed` the counts stand above these words already, as "7 of 39".
    """
    if not outcomes:
        return "No outcome of a finished project is recorded yet, so no probability is shown."
    projects = f"{assessed} assessed project{' has' if assessed == 1 else 's have'}"
    why = "too few to show a probability" if outcomes < FEW_OUTCOMES else "no probability is drawn from them here"
    counts = projects.removeprefix(f"{assessed} ") if is_headed else f"{outcomes} of {projects}"
    return f"{counts} an outcome: {why}."


def explanation(
    standing: Standing, largest: Sequence[tuple[str, int]], before: tuple[str, float] | None
) -> tuple[str, ...]:
    """Up to three sentences under the finding: largest parts, how firm the level is, change since last time.

    `largest` are the names of the largest parts with their tenths of points, `before` a date and its index.
    """
    if standing.index is None or standing.low is None or standing.high is None:
        return ()
    if standing.judgement == "early":
        return (_why_early(standing),)
    sentences = []
    if largest and standing.answered:
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
    return f"The range reaches from {low.word.lower()} to {high.word.lower()}, so the level is provisional."


def _why_early(standing: Standing) -> str:
    low, high = level_of(standing.low or 0.0), level_of(standing.high or 0.0)
    if standing.confidence == "open":
        return f"The range reaches from {low.word.lower()} to {high.word.lower()}, so no level is given."
    return "Fewer than six in ten questions are answered, so no level is given."


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
    if standing.judgement == "early":
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
