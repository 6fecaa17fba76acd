"""Taking the fields of one object of a file, each with its type and limit. What is wrong is said with its place."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from accounts.texts import TextRefused, clean_text
from transfers.errors import TransferRefused
from transfers.strict_json import shown

FIRST_YEAR, LAST_YEAR = 1970, 2999


class Fields:
    """The fields of the object at `place`. All of `names` must be there and no other."""

    def __init__(self, value: object, place: str, names: Collection[str]) -> None:
        if not isinstance(value, Mapping):
            raise TransferRefused("an object is expected here.", place)
        self.data: Mapping[str, Any] = value
        self.place = place
        for name in value:
            if name not in names:
                raise TransferRefused("there is no such field in this format.", self.at(shown(name)))
        for name in names:
            if name not in value:
                raise TransferRefused("this is missing.", self.at(name))

    def at(self, name: str) -> str:
        return f"{self.place}.{name}" if self.place else name

    def refuse(self, name: str, sentence: str) -> TransferRefused:
        return TransferRefused(sentence, self.at(name))

    def is_null(self, name: str) -> bool:
        return self.data[name] is None

    def raw_text(self, name: str) -> str:
        """A text that is looked at by somebody else."""
        value = self.data[name]
        if not isinstance(value, str):
            raise self.refuse(name, "a text is expected here.")
        return value

    def text(self, name: str, limit: int, *, required: bool = False, lines: bool = False) -> str:
        """A text as it would be stored if somebody typed it."""
        return stored_text(self.data[name], self.at(name), limit, required=required, lines=lines)

    def word(self, name: str, words: Collection[str]) -> str:
        value = self.raw_text(name)
        if value not in words:
            known = ", ".join(word or "an empty text" for word in words)
            raise self.refuse(name, f"this is none of {known}." if len(words) < 20 else "this is not known here.")
        return value

    def whole(self, name: str, least: int, most: int) -> int:
        value = self.data[name]
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            told = f", this is {value}" if isinstance(value, int) and not isinstance(value, bool) else ""
            raise self.refuse(name, f"a whole number from {least:,} to {most:,} is expected here{told}.")
        return value

    def optional_whole(self, name: str, least: int, most: int) -> int | None:
        return None if self.is_null(name) else self.whole(name, least, most)

    def flag(self, name: str) -> bool:
        value = self.data[name]
        if not isinstance(value, bool):
            raise self.refuse(name, "true or false is expected here.")
        return value

    def moment(self, name: str) -> datetime:
        """A moment in UTC in the one form that stands for it, such as 2026-03-14T09:30:00+00:00."""
        moment = self.local_moment(name)
        if moment.utcoffset():
            raise self.refuse(name, "this moment is not in UTC (+00:00).")
        return moment.astimezone(UTC)

    def local_moment(self, name: str) -> datetime:
        """A moment with its distance from UTC."""
        text = self.raw_text(name)
        try:
            moment = datetime.fromisoformat(text)
            is_right = moment.isoformat() == text and moment.utcoffset() is not None
        except ValueError:
            is_right = False
        if not is_right:
            raise self.refuse(name, "a moment such as 2026-03-14T09:30:00+00:00 is expected here.")
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise self.refuse(name, f"a year from {FIRST_YEAR} to {LAST_YEAR} is expected here.")
        return moment

    def optional_moment(self, name: str) -> datetime | None:
        return None if self.is_null(name) else self.moment(name)

    def day(self, name: str) -> date:
        text = self.raw_text(name)
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = date.max
        if day.isoformat() != text:
            raise self.refuse(name, "a day such as 2026-03-14 is expected here.")
        return day

    def optional_day(self, name: str) -> date | None:
        return None if self.is_null(name) else self.day(name)

    def person(self, name: str, keys: Collection[str]) -> str:
        """The key of somebody among the people of the file."""
        key = self.raw_text(name)
        if key not in keys:
            raise self.refuse(name, "nobody among the people of this file has this key.")
        return key

    def optional_person(self, name: str, keys: Collection[str]) -> str | None:
        return None if self.is_null(name) else self.person(name, keys)

    def items(self, name: str, most: int) -> Iterator[tuple[Any, str]]:
        """The items of a list, each with its place."""
        value = self.data[name]
        if not isinstance(value, list):
            raise self.refuse(name, "a list is expected here.")
        if len(value) > most:
            raise self.refuse(name, f"at most {most:,}, these are {len(value):,}.")
        return ((item, f"{self.at(name)}[{number}]") for number, item in enumerate(value))


def stored_text(value: object, place: str, limit: int, *, required: bool = False, lines: bool = False) -> str:
    if not isinstance(value, str):
        raise TransferRefused("a text is expected here.", place)
    try:
        text = clean_text(value, field=place, limit=limit, required=required, lines=lines)
    except TextRefused as error:
        raise TransferRefused(str(error).removeprefix(f"{place}: "), place) from None
    if text != value:
        raise TransferRefused("there is white space around this text, or a line break other than LF in it.", place)
    return text
