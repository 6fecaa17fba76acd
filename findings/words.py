"""Small words of the report: counts, dates, lists, stages, and text that people typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime

from checklists.schema import Named

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

EFFORT_WORDS = {"S": "small", "M": "medium", "L": "large"}

# The known stages with their article; any other stage is named as it is.
_STAGE_NOUNS = {
    "idea": "the idea stage",
    "prototype": "the prototype",
    "pilot": "the pilot",
    "production": "production",
}

# Controls that change how a text reads without being seen: directions, zero widths, line separators, C0 and C1.
# The zero-width joiner and non-joiner stay, because emoji and several scripts need them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_MANY_BREAKS = re.compile(r"\n\s*\n\s*")
_MOST_LINES = 40
_LONG_WORD = re.compile(r"[^\s\u200b]{80,}")
_PIECE = 24

NOTE_LIMIT = 4000


class UserText(str):
    """Text that a person typed, cleaned for print. `dir` is its direction, for an attribute beside it."""

    __slots__ = ()

    @property
    def dir(self) -> str:
        """ "rtl" if the first strong letter belongs to a right-to-left script, otherwise "ltr"."""
        for letter in self:
            kind = unicodedata.bidirectional(letter)
            if kind in {"R", "AL"}:
                return "rtl"
            if kind == "L":
                return "ltr"
        return "ltr"

    @property
    def lines(self) -> tuple[UserText, ...]:
        """The lines that are not empty, each with a direction of its own."""
        return tuple(UserText(line) for line in self.split("\n") if line.strip())


def user_text(value: object, limit: int = 300) -> UserText:
    """A typed value on one line, controls made visible, at most `limit` characters. None becomes empty."""
    text = " ".join(_visible("" if value is None else str(value)).split())
    return UserText(_cut(text, limit))


def note_text(value: object, limit: int = NOTE_LIMIT) -> UserText:
    """A typed note: line breaks are kept, empty lines become one, and from the fortieth line on breaks become spaces.

    Otherwise a note of nothing but line breaks would fill a hundred pages.
    """
    text = _visible("" if value is None else str(value).replace("\r\n", "\n").replace("\r", "\n")).strip()
    lines = _MANY_BREAKS.sub("\n\n", _cut(text, limit)).split("\n")
    head, rest = lines[: _MOST_LINES - 1], " ".join(" ".join(lines[_MOST_LINES - 1 :]).split())
    return UserText(_LONG_WORD.sub(_soften, "\n".join([*head, rest] if rest else head)))


def _soften(word: re.Match[str]) -> str:
    """A very long word with places where it may break, or fitting it into lines takes many times as long."""
    pieces, start, text = [], 0, word.group()
    for place in range(1, len(text)):
        if place - start >= _PIECE and _may_part(text[place - 1], text[place]):
            pieces.append(text[start:place])
            start = place
    return "\u200b".join([*pieces, text[start:]])


def _may_part(left: str, right: str) -> bool:
    """Whether two letters may be parted: not before marks and modifiers, not beside a joiner, not inside a flag."""
    flag = "\U0001f1e6" <= right <= "\U0001f1ff"
    return left != "\u200d" and not flag and unicodedata.category(right) not in {"Mn", "Mc", "Me", "Cf", "Sk"}


def _visible(text: str) -> str:
    """Writes unseen controls as their code, such as [U+202E], and drops halves of surrogate pairs."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return _UNSEEN.sub(lambda found: f"[U+{ord(found.group()):04X}]", text)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit].rstrip()}… (shortened, {len(text):,} characters in all)"


def shorten(text: str, columns: int) -> UserText:
    """The text cut to a width in columns of small letters, with an ellipsis if something is missing."""
    used = 0.0
    for place, letter in enumerate(text):
        used += _width(letter)
        if used > columns:
            return UserText(text[:place].rstrip() + "…")
    return UserText(text)


def _width(letter: str) -> float:
    """About how wide a letter is, measured in small letters."""
    if letter in "WMm@%" or unicodedata.east_asian_width(letter) in {"W", "F"}:
        return 2.0 if letter != "m" else 1.5
    return 1.3 if letter.isupper() else 1.0


def count_word(count: int) -> str:
    """Counts up to twelve as words, larger ones as digits."""
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else str(count)


def counted(count: int, one: str, many: str = "") -> str:
    """A count with its noun, such as "one action" or "13 actions"."""
    return f"{count_word(count)} {one if count == 1 else many or one + 's'}"


def capital(text: str) -> str:
    """The text with a capital first letter and the rest as it is."""
    return text[:1].upper() + text[1:]


def joined(parts: Sequence[str]) -> str:
    """A list in a sentence: "a", "a and b", "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""


def day(moment: str | None) -> str:
    """An ISO date or time as "22 Nov 2026" in UTC; empty for nothing or for what is no date."""
    try:
        found = datetime.fromisoformat(moment or "")
    except ValueError:
        return ""
    if found.tzinfo is not None:
        found = found.astimezone(UTC)
    return f"{found.day} {_MONTHS[found.month - 1]} {found.year}"


def clock(moment: str | None) -> str:
    """An ISO time as "22 Nov 2026, 10:42 UTC"; empty for nothing or for what is no time."""
    date = day(moment)
    if not date:
        return ""
    found = datetime.fromisoformat(moment or "")
    found = found.astimezone(UTC) if found.tzinfo is not None else found
    return f"{date}, {found.hour:02d}:{found.minute:02d} UTC"


def days_from_to(moments: Sequence[str]) -> str:
    """The first and the last day of some ISO times, such as "12 Nov 2026 to 21 Nov 2026"; one day stands alone."""
    known = sorted(moment for moment in moments if day(moment))
    if not known:
        return ""
    first, last = day(known[0]), day(known[-1])
    return first if first == last else f"{first} to {last}"


def stage_noun(stage: Named) -> str:
    """The stage in the middle of a sentence, such as "the pilot"."""
    return _STAGE_NOUNS.get(stage.id, f"the stage “{stage.name}”")
