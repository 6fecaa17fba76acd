"""What was read from a file: headings and rows, every cell with the name that a spreadsheet shows for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from openpyxl.utils import get_column_letter

MOST_ROWS = 2_000
MOST_COLUMNS = 60
TEXT_LIMIT = 32_767


class SheetRefused(ValueError):
    """The file cannot be read. `cell` is a name such as "E7", empty where it is about the whole file."""

    def __init__(self, sentence: str, cell: str = "") -> None:
        super().__init__(f"{cell or 'File'}: {sentence}")
        self.sentence = sentence
        self.cell = cell


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A formula, or an error that one ended in. `sentence` goes on after the name of the cell or its column."""

    sentence: str


Value = str | int | float | bool | date | Unreadable | None


@dataclass(frozen=True, slots=True)
class Cell:
    reference: str
    value: Value


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows are as long as the headings. Rows without any value are left out; the names of cells still count them.

    `unheaded` names the columns, such as "C", that hold values and have no heading.
    """

    headings: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    unheaded: tuple[str, ...] = ()


def name_of(row: int, column: int) -> str:
    """The name of a cell; both count from 1."""
    return f"{get_column_letter(column)}{row}"


def make_sheet(rows: Iterable[tuple[int, Mapping[int, Value]]]) -> Sheet:
    """The sheet of numbered rows, each with its values by column; both count from 1. The first row is the headings.

    Raises SheetRefused for too much of anything, and when there is nothing.
    """
    headings: tuple[Cell, ...] = ()
    found: list[tuple[Cell, ...]] = []
    width = 0
    used: set[int] = set()
    for number, values in rows:
        filled = {column: value for column, value in values.items() if value is not None and value != ""}
        if not filled:
            continue
        _check_size(number, filled)
        if not headings:
            width = max(filled)
            headings = _cells(number, filled, width)
            first = number
            continue
        if number - first > MOST_ROWS:
            raise SheetRefused(f"at most {MOST_ROWS:,} rows below the headings can be read.")
        used.update(filled)
        cells = _cells(number, filled, width)
        if any(cell.value is not None for cell in cells):
            found.append(cells)
    if not headings:
        raise SheetRefused("there is nothing in it.")
    headed = {column for column, cell in enumerate(headings, start=1) if cell.value is not None}
    return Sheet(headings, tuple(found), tuple(get_column_letter(column) for column in sorted(used - headed)))


def _check_size(number: int, filled: Mapping[int, Value]) -> None:
    if max(filled) > MOST_COLUMNS:
        raise SheetRefused(f"at most {MOST_COLUMNS} columns can be read.")
    for column, value in filled.items():
        if isinstance(value, str):
            check_length(number, column, value)


def check_length(number: int, column: int, text: str) -> None:
    """Raises SheetRefused."""
    if len(text) > TEXT_LIMIT:
        raise SheetRefused(
            f"a cell holds at most {TEXT_LIMIT:,} characters, this one has {len(text):,}.", name_of(number, column)
        )


def _cells(number: int, filled: Mapping[int, Value], width: int) -> tuple[Cell, ...]:
    return tuple(Cell(name_of(number, column), filled.get(column)) for column in range(1, width + 1))
