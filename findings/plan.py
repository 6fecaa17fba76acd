"""The plan and the points: which steps, in which order, what they bring, and where the index comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor
from typing import Any

from charts import shown, to_tenths
from checklists.schema import Checklist
from findings.words import EFFORT_WORDS, capital, counted, joined

POINTS_ROWS = 8


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One action with the risk before and after it, if the steps above it are done."""

    place: int
    number: str
    do: str
    done: str
    effort: str
    before: str
    after: str
    after_value: float


@dataclass(frozen=True, slots=True)
class Plan:
    """The cheapest set of actions to a target. `values` is the index now and after each step."""

    target: float
    title: str
    cost: int
    values: tuple[float, ...]
    steps: tuple[PlanStep, ...]

    @property
    def target_words(self) -> str:
        """The target without needless decimals, such as "50"."""
        return f"{self.target:g}"

    @property
    def cost_words(self) -> str:
        """The effort of all steps, such as "6 effort points"."""
        return f"{self.cost} effort point{'' if self.cost == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class AnswerFirst:
    """A question to answer or to evidence before anything else, with how much narrower the range becomes."""

    number: str
    prompt: str
    short: str
    who: str
    action: str
    points: str


@dataclass(frozen=True, slots=True)
class PointsRow:
    """One part of the index. `tenths` are tenths of points; `gain` is what fixing this alone would bring."""

    number: str
    prompt: str
    answer: str
    tenths: int
    points: str
    gain: str


@dataclass(frozen=True, slots=True)
class Points:
    """The largest parts, the others together, and the total. The printed figures add up to the printed index."""

    rows: tuple[PointsRow, ...]
    others: int
    others_tenths: int
    others_points: str
    total: str


def apportion(parts: Mapping[str, float], total: float) -> dict[str, int]:
    """Tenths for each part that add up exactly to the shown tenths of `total`, by the largest remainder.

    Ties go to the first in alphabetical order, so the result depends on the numbers alone. Without parts it is empty.
    """
    wanted = to_tenths(total)
    tenths = {part: max(floor(value * 10), 0) for part, value in parts.items()}
    order = sorted(parts, key=lambda part: (-(parts[part] * 10 - tenths[part]), part))
    missing = wanted - sum(tenths.values())
    while missing > 0 and order:
        for part in order[:missing]:
            tenths[part] += 1
        missing = wanted - sum(tenths.values())
    while missing < 0 and any(tenths.values()):
        for part in reversed(order):
            if missing < 0 and tenths[part] > 0:
                tenths[part] -= 1
                missing += 1
    return tenths


def points_table(
    tenths: Mapping[str, int],
    gain: Mapping[str, float],
    answers: Mapping[str, str],
    checklist: Checklist,
    index: float,
    most: int = POINTS_ROWS,
) -> Points:
    """The points as a table with at most `most` rows of their own. `answers` are the printed answers by question id."""
    order = sorted((q for q in tenths if tenths[q] > 0), key=lambda q: (-tenths[q], q))
    named, rest = order[:most], [question for question in tenths if question not in order[:most]]
    rows = tuple(
        PointsRow(
            checklist.question_by_id[q].number,
            checklist.question_by_id[q].prompt,
            answers.get(q, ""),
            tenths[q],
            write_tenths(tenths[q]),
            shown(max(gain.get(q, 0.0), 0.0)),
        )
        for q in named
    )
    others = sum(tenths[q] for q in rest)
    return Points(rows, len(rest), others, write_tenths(others), shown(index))


def write_tenths(tenths: int) -> str:
    """Tenths as a number with one decimal."""
    return f"{tenths // 10}.{tenths % 10}"


def read_plan(path: Mapping[str, Any] | None, index: float, checklist: Checklist) -> Plan | None:
    """A plan from the body's path, None if there is none or it has no steps."""
    if path is None or not path.get("steps"):
        return None
    steps = []
    for place, step in enumerate(path["steps"], start=1):
        question = checklist.question_by_id[step["question"]]
        remedy = question.remedy
        effort = EFFORT_WORDS.get(remedy.effort, remedy.effort)
        before, after = shown(step["before"]), shown(step["after"])
        steps.append(PlanStep(place, question.number, remedy.do, remedy.done, effort, before, after, step["after"]))
    values = (index, *(step.after_value for step in steps))
    verb = "brings" if len(steps) == 1 else "bring"
    title = f"{capital(counted(len(steps), 'action'))} {verb} the risk from {shown(index)} to {steps[-1].after}"
    return Plan(float(path["target"]), title, int(path["cost"]), values, tuple(steps))


def choose_paths(
    paths: Mapping[str, Mapping[str, Any] | None], target: float | None
) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    """The path to `target`, and the path to low if that is another one. Both None without a target."""
    if target is None:
        return None, None
    low = paths.get("25") if target > 25 else None
    return paths.get(f"{target:g}"), low


def answer_first(
    body: Mapping[str, Any], checklist: Checklist, roles: Mapping[str, str], most: int = 8
) -> tuple[AnswerFirst, ...]:
    """What to answer or to evidence first: by how much it narrows the range, then the engine's own order."""
    actions = {item["question"]: (item["action"], float(item["points"])) for item in body.get("narrowings", ())}
    for question in body["result"].get("next_questions", ()):
        actions.setdefault(question, ("answer", 0.0))
    listed = []
    for question_id, (action, points) in actions.items():
        question = checklist.question_by_id[question_id]
        who = capital(joined([roles[role].lower() for role in question.who if role in roles])) or "Anybody"
        words = "find out and answer" if action == "answer" else "add evidence"
        gain = shown(points) if points > 0 else ""
        listed.append(AnswerFirst(question.number, question.prompt, question.short, who, words, gain))
    return tuple(listed[:most])
