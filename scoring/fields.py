"""Reads typed values out of a JSON object and collects one sentence for each that is wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from scoring.errors import quoted

_MISSING = object()


class Fields:
    """One JSON object.

    Reading a wrong value notes a problem and gives a harmless stand-in, so that reading can go on.
    """

    def __init__(self, data: Mapping[str, object], name: str, problems: list[str] | None = None) -> None:
        self.data = data
        self.name = name
        self.problems: list[str] = [] if problems is None else problems
        self._taken: set[str] = set()

    def problem(self, sentence: str) -> None:
        self.problems.append(sentence)

    def take(self, key: str) -> object:
        """The raw value; null counts as left out."""
        self._taken.add(key)
        value = self.data.get(key)
        return _MISSING if value is None else value

    def no_more(self) -> None:
        """Notes every key that nobody asked for."""
        for key in self.data:
            if key not in self._taken:
                self.problem(f"{self.name} has the unknown key {quoted(key)}.")

    def _wrong(self, key: str, wanted: str) -> None:
        self.problem(f"{self.name} must give {wanted} as {quoted(key)}.")

    def text(self, key: str, default: str | None = None) -> str:
        value = self.take(key)
        if value is _MISSING and default is not None:
            return default
        if not isinstance(value, str) or not value:
            self._wrong(key, "text")
            return ""
        return value

    def optional_text(self, key: str) -> str | None:
        value = self.take(key)
        if value is _MISSING:
            return None
        if not isinstance(value, str):
            self._wrong(key, "text")
            return None
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.take(key)
        if value is _MISSING:
            return ()
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self._wrong(key, "a list of texts")
            return ()
        return tuple(value)

    def flag(self, key: str) -> bool:
        value = self.take(key)
        if value is _MISSING:
            return False
        if not isinstance(value, bool):
            self._wrong(key, "true or false")
            return False
        return value

    def whole_number(self, key: str) -> int:
        value = self.optional_whole_number(key)
        if value is None:
            if self.data.get(key) is None:
                self._wrong(key, "a whole number")
            return 2
        return value

    def optional_whole_number(self, key: str) -> int | None:
        value = self.take(key)
        if value is _MISSING:
            return None
        if not isinstance(value, int) or not _is_whole(value):
            self._wrong(key, "a whole number of at most nine digits")
            return None
        return value

    def number(self, key: str, default: float) -> float:
        value = self.optional_number(key)
        return default if value is None else value

    def optional_number(self, key: str) -> float | None:
        value = self.take(key)
        if value is _MISSING:
            return None
        number = _finite(value)
        if number is None:
            self._wrong(key, "a number")
        return number

    def numbers(self, key: str) -> tuple[float, ...]:
        numbers = [_finite(one) for one in self._list(key, [], "a list of numbers")]
        found = tuple(number for number in numbers if number is not None)
        if len(found) < len(numbers):
            self._wrong(key, "a list of numbers")
        return found

    def outcomes(self, key: str) -> tuple[int, ...]:
        values = self._list(key, [], "a list of 0 and 1")
        found = tuple(value for value in values if isinstance(value, int) and value in (0, 1))
        if len(found) < len(values):
            self._wrong(key, "a list of 0 and 1")
        return tuple(map(int, found))

    def whole_numbers(self, key: str, default: Mapping[str, int]) -> Mapping[str, int]:
        value = self.take(key)
        if value is _MISSING:
            return default
        if not isinstance(value, dict) or not all(_is_whole(one) and one >= 0 for one in value.values()):
            self._wrong(key, "an object of whole numbers from 0 to nine digits")
            return default
        return value

    def nested(self, key: str, wanted: str) -> Fields | None:
        value = self.take(key)
        if not isinstance(value, dict):
            self._wrong(key, wanted)
            return None
        return Fields(value, f"The {key}", self.problems)

    def entries(self, key: str, default: list[object] | None = None) -> list[Fields]:
        entries = self._list(key, default, "a list of objects")
        found = [
            Fields(entry, f"Entry {place} of {quoted(key)}", self.problems)
            for place, entry in enumerate(entries, start=1)
            if isinstance(entry, dict)
        ]
        if len(found) < len(entries):
            self._wrong(key, "a list of objects")
        return found

    def _list(self, key: str, default: list[object] | None, wanted: str) -> Sequence[object]:
        value = self.take(key)
        if value is _MISSING and default is not None:
            return default
        if not isinstance(value, list):
            self._wrong(key, wanted)
            return []
        return value


def _is_whole(value: object) -> bool:
    # The bound keeps sums and messages short; no level, choice or effort comes near it.
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
