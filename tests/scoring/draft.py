"""The draft checklist of 59 questions that the published numbers were computed with, as an instrument."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from scoring import Answers, Instrument, Item, Response

DRAFT = Path(__file__).parent.parent / "data" / "checklist_draft.yaml"
_SUPPORTING = {"cause", "condition", "remedy"}


@cache
def draft() -> Instrument:
    """Every question of the draft, as if all were due."""
    data = yaml.safe_load(DRAFT.read_text(encoding="utf-8"))
    kind = {claim["id"]: claim["kind"] for claim in data["claims"]}
    items = tuple(
        Item(
            id=question["id"],
            dimension=question["dimension"],
            choices=len(question["choices"]),
            must_have=question["gate"],
            weight=_weight(question["claims"], kind),
            effort=question["remedy"]["effort"],
            who=tuple(question["who"]),
        )
        for question in data["questions"]
    )
    return Instrument(tuple(d["id"] for d in data["dimensions"]), items, data["effort_points"])


def _weight(claims: list[str], kind: dict[str, str]) -> float:
    documents = {claim.partition(".")[0] for claim in claims if kind[claim] in _SUPPORTING}
    return 1 + 0.5 * max(len(documents) - 1, 0)


def answers_at(levels: dict[str, int | None], *, evidence: bool = True) -> Answers:
    """One answer per question at the given level; None is don't know."""
    return Answers(
        tuple(
            Response(question, level=level, dont_know=level is None, evidence=evidence)
            for question, level in levels.items()
        )
    )


def checksum_answers() -> Answers:
    """Level 1 + (sum of the character codes of the id) mod (K - 1), with evidence."""
    return answers_at({item.id: 1 + sum(map(ord, item.id)) % (item.choices - 1) for item in draft().items})
