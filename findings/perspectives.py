"""How the roles see the project: the index as each role sees it, and the questions on which they differ most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from charts import LevelStyle, level_of, shown
from checklists.schema import Checklist
from findings.answers import Given
from scoring.disagreement import disagreement_word

MOST_QUESTIONS = 8


@dataclass(frozen=True, slots=True)
class RoleView:
    """The index with one role's answers where it gave them."""

    role: str
    index: str
    value: float
    level: LevelStyle


@dataclass(frozen=True, slots=True)
class Difference:
    """A question on which roles differ. `said` is each role's answer, `distance` runs from 0.00 to 1.00."""

    number: str
    prompt: str
    said: tuple[tuple[str, str], ...]
    distance: str
    word: str


@dataclass(frozen=True, slots=True)
class Views:
    """All of it. `summary` is one sentence. `roles` is empty while no index may be named."""

    summary: str
    roles: tuple[RoleView, ...]
    differences: tuple[Difference, ...]


def build_views(
    body: Mapping[str, Any],
    checklist: Checklist,
    given: Mapping[str, Given],
    roles: Mapping[str, str],
    *,
    with_indexes: bool,
) -> Views | None:
    """The views, None where fewer than two roles gave answers that can be compared."""
    disagreement = body["result"].get("disagreement")
    seen = body["result"].get("roles") or {}
    if not disagreement or len(seen) < 2:
        return None
    order = sorted(disagreement["questions"].items(), key=lambda item: (-item[1], item[0]))
    apart = [(question, distance) for question, distance in order if distance > 0 and question in given]
    return Views(
        summary=_summary(disagreement, len(order), len(apart)),
        roles=tuple(
            RoleView(roles.get(role, role), shown(index), index, level_of(index))
            for role, index in (_ranked(seen) if with_indexes else ())
        ),
        differences=tuple(
            _difference(given[question], distance, roles) for question, distance in apart[:MOST_QUESTIONS]
        ),
    )


def _ranked(seen: Mapping[str, float]) -> Sequence[tuple[str, float]]:
    return sorted(seen.items(), key=lambda item: (item[1], item[0]))


def _summary(disagreement: Mapping[str, Any], shared: int, apart: int) -> str:
    mean = float(disagreement["mean"])
    word = {
        "aligned": "The roles are aligned",
        "gap": "There is a gap between the roles",
        "split": "The roles are split",
    }
    return (
        f"{word[disagreement_word(mean)]}: the mean distance is {mean:.2f} on a scale from 0 (same answers) to 1 "
        f"(opposite ends). {apart} of {shared} shared questions were answered differently."
    )


def _difference(item: Given, distance: float, roles: Mapping[str, str]) -> Difference:
    question = item.question
    said: dict[str, list[int]] = {}
    for answer in item.answers:
        if answer.get("state") == "graded" and answer.get("level") is not None:
            said.setdefault(str(answer.get("role") or ""), []).append(int(answer["level"]))
    lines = tuple(
        (roles.get(role, "No role"), "; ".join(question.choices[level] for level in sorted(set(levels))))
        for role, levels in sorted(said.items())
    )
    return Difference(question.number, question.prompt, lines, f"{distance:.2f}", disagreement_word(distance))
