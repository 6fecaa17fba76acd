"""Fields that take what they say and nothing that could be turned into it: "7" is no number, 1 is no text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from rest_framework import serializers

from accounts.texts import TextRefused, clean_text

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Body(serializers.Serializer[Any]):
    """A body that refuses what it does not know, by name."""

    default_error_messages = {"invalid": "Body: must be a JSON object."}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = {name for name, field in self.fields.items() if not field.read_only}
            unknown = [name for name in data if name not in known]
            if unknown:
                names = ", ".join(sorted(known))
                raise serializers.ValidationError(
                    {str(name)[:60]: [f"There is no such field here. Known: {names}."] for name in unknown[:20]}
                )
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A text, cleaned by the rule of the pages. `say` is its name in sentences."""

    def __init__(self, *, say: str, limit: int, lines: bool = False, required: bool = True, **more: Any) -> None:
        self.say, self.limit, self.lines, self.is_wanted = say, limit, lines, required
        more.setdefault("allow_blank", not required)
        if not required:
            more.setdefault("default", "")
        # For the schema alone: the limit is checked below, after trimming.
        super().__init__(required=required, max_length=limit, min_length=1 if required else None, **more)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is serializers.empty or data is None:
            return super().run_validation(data)
        if not isinstance(data, str):
            raise serializers.ValidationError(f"{self.say}: must be a text.")
        if len(data) > self.limit:
            # Before anything is trimmed, as the schema says.
            raise serializers.ValidationError(f"{self.say}: at most {self.limit:,} characters, this has {len(data):,}.")
        try:
            return clean_text(data, field=self.say, limit=self.limit, lines=self.lines, required=self.is_wanted)
        except TextRefused as error:
            raise serializers.ValidationError(str(error)) from error


class Whole(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            raise serializers.ValidationError("Must be a whole number.")
        return int(super().to_internal_value(data))


class Flag(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise serializers.ValidationError("Must be true or false.")
        return data


class Day(serializers.DateField):
    def to_internal_value(self, value: Any) -> date:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise serializers.ValidationError("Must be a day such as 2026-09-30.")
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise serializers.ValidationError("There is no such day.") from None


class Choice(serializers.ChoiceField):
    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or data not in self.choices:
            raise serializers.ValidationError(f"Must be one of {', '.join(map(str, self.choices))}.")
        return data


class Texts(serializers.ListField):
    """A list of texts without repetition."""

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list):
            raise serializers.ValidationError("Must be a list.")
        if self.max_length is not None and len(data) > self.max_length:
            raise serializers.ValidationError(f"At most {self.max_length}, these are {len(data):,}.")
        return list(dict.fromkeys(super().to_internal_value(data)))
