"""Parts that several answers share, each field with its unit."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.models import User
from charts.levels import LEVELS
from portfolio.rows import LEVEL_IDS
from projects.models import ProjectFigures

LEVEL_NAMES = [level.id for level in LEVELS]
RISK = "Failure risk index from 0 to 100, lower is better, unrounded. Not a probability."
NOT_YET = "Null while too little is answered, or the range is too wide, to name it."


class PersonShape(serializers.Serializer[Any]):
    """A person, by number and name."""

    id = serializers.IntegerField(help_text="The person's number in this installation.")
    name = serializers.CharField(help_text="As the person is shown on the pages.")


def person(user: User | None) -> dict[str, Any] | None:
    return None if user is None else {"id": user.pk, "name": user.name}


class FiguresShape(serializers.Serializer[Any]):
    """Where the failure risk of a project stands."""

    index = serializers.FloatField(allow_null=True, help_text=f"{RISK} {NOT_YET}")
    low = serializers.FloatField(help_text="The index if every open question turned out best, 0 to 100.")
    high = serializers.FloatField(
        help_text="The index if every open question turned out worst, missing evidence included, 0 to 100."
    )
    level = serializers.ChoiceField(LEVEL_NAMES, allow_null=True, help_text=f"Limits at 25, 50 and 75. {NOT_YET}")
    answered = serializers.IntegerField(help_text="Questions with an answer, don't know and not applicable included.")
    due = serializers.IntegerField(help_text="Questions that the stage and the facts of the project make due.")


def level_id(number: int) -> str | None:
    return LEVEL_IDS[number] if number else None


def figures(row: ProjectFigures | dict[str, Any]) -> dict[str, Any]:
    """The figures of a row, or of its columns, with number and level hidden while neither may be named."""
    columns = row if isinstance(row, dict) else vars(row)
    level = columns["level"]
    return {
        "index": columns["index"] if level else None,
        "low": columns["low"],
        "high": columns["high"],
        "level": level_id(level),
        "answered": columns["answered"],
        "due": columns["due"],
    }
