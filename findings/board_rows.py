"""The rows of a board: one project each, in words and whole numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from charts import LEVELS, LevelStyle, shown, to_tenths, whole
from findings.verdict import CLEAR_CHANGE, PRELIMINARY_BELOW
from findings.words import UserText, day, shorten, user_text

NO_VALUE = "–"


@dataclass(frozen=True, slots=True)
class Cell:
    """One value with its level: a whole number, or a dash or a word where no level may be named."""

    text: str
    level: LevelStyle | None
    words: str

    @property
    def number(self) -> int:
        """The level's number, 0 without one, for classes."""
        return self.level.number if self.level else 0


@dataclass(frozen=True, slots=True)
class Row:
    """One project in the table. `where` is its stage and its unit; `owner` is empty where names are hidden.

    `point` is None where no level may be named. `range_words` are a dash where nothing is answered.
    """

    name: UserText
    where: UserText
    owner: UserText
    risk: Cell
    point: float | None
    low: float
    high: float
    range_words: str
    cells: tuple[Cell, ...]
    reviewed: str
    change: str
    is_clear: bool

    @property
    def has_range(self) -> bool:
        """Whether anything is answered, so that the range says something."""
        return self.range_words != NO_VALUE

    @property
    def risk_line(self) -> str:
        """Number, level and range in one line, such as "87 Critical, 84 to 89" or "Too early, 24 to 71"."""
        word, _, rest = self.risk.words.partition(", ")
        if self.risk.level is None:
            return f"{word}, {self.range_words}" if self.has_range else word
        return f"{self.risk.text} {word}, {self.range_words}{f', {rest}' if rest else ''}"

    @property
    def where_line(self) -> str:
        """Stage, unit and owner in one line."""
        return f"{self.where}, {self.owner}" if self.owner else self.where


def change_words(difference: float | None) -> str:
    """A difference in points with its sign, such as "+3.1"; "0.0" for none that shows, a dash where there is none."""
    if difference is None:
        return NO_VALUE
    tenths = to_tenths(difference)
    if not tenths:
        return "0.0"
    return f"{'+' if tenths > 0 else '−'}{shown(abs(difference))}"


def build_row(row: Mapping[str, Any], names: bool, *, has_units: bool) -> Row:
    """One row of a body as the table shows it. `has_units` says that there is more than one unit to tell apart."""
    change, risk = row["change"], _risk(row)
    where = [str(row["stage"])] + ([row["unit"]] if has_units and row["unit"] else [])
    return Row(
        name=shorten(user_text(row["name"], 160), 44),
        where=shorten(user_text(", ".join(where), 140), 26),
        owner=shorten(user_text(row["owner"], 120), 20) if names else UserText(""),
        risk=risk,
        point=row["index"] if risk.level else None,
        low=row["low"],
        high=row["high"],
        range_words=f"{whole(row['low'])} to {whole(row['high'])}" if row["answered"] else NO_VALUE,
        cells=tuple(_cell(cell) for cell in row["cells"]),
        reviewed=_short_day(row["reviewed_on"]),
        change=change_words(change),
        is_clear=change is not None and abs(to_tenths(change)) >= CLEAR_CHANGE * 10,
    )


def _short_day(moment: str | None) -> str:
    """A day as "16 Nov 26", for the narrow column of a table."""
    date = day(moment)
    return f"{date[:-4]}{date[-2:]}" if date else NO_VALUE


def _risk(row: Mapping[str, Any]) -> Cell:
    """The index of a project with its level, or why there is none."""
    answered, due = int(row["answered"]), int(row["due"])
    if row["level"] and row["index"] is not None:
        level = LEVELS[row["level"] - 1]
        is_preliminary = answered * 100 < due * PRELIMINARY_BELOW
        return Cell(whole(row["index"]), level, f"{level.word}, preliminary" if is_preliminary else level.word)
    if not due:
        return Cell(NO_VALUE, None, "No question applies")
    return Cell(NO_VALUE, None, f"Too early, {answered} of {due}" if answered else "Not answered")


def _cell(cell: Mapping[str, Any]) -> Cell:
    """The risk in one dimension. Only a level that may be named makes a number."""
    if cell["level"] and cell["risk"] is not None:
        level = LEVELS[cell["level"] - 1]
        return Cell(whole(cell["risk"]), level, level.word)
    if not cell["due"]:
        return Cell("n/a", None, "no question applies")
    return Cell("early", None, "too early") if cell["answered"] else Cell(NO_VALUE, None, "not answered")
