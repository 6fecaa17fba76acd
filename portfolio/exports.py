"""The rows as files. Nothing that people typed can become a formula, and numbers are numbers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date
from typing import BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from checklists.schema import Checklist
from portfolio.rows import Cell, Row
from portfolio.words import cell_state, level_word, row_state
from projects.models import Stage

Value = str | int | float | date | None

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
AFTER_SEPARATOR = re.compile(r"([;\t]\s*)(?=[=+\-@＝＋－＠])")
BOM = "\ufeff"
TEXT_LIMIT = 32_767
"""What one cell of a workbook holds."""


def tenth(index: float | None) -> float | None:
    """The risk as it is shown, as a number with one decimal."""
    return None if index is None else round(index, 1)


def headings(checklist: Checklist) -> list[str]:
    dimensions = [
        heading for d in checklist.dimensions for heading in (d.name, f"{d.name}: level", f"{d.name}: upper end")
    ]
    return [
        "Project", "Stage", "Business unit", "Owner", "Tags", "Failure risk", "Level", "Lower end", "Upper end",
        "Answered", "Due", *dimensions, "Change since last quarter", "Reviewed on", "Planned date",
        "Planned value a year, thousands", "Key",
    ]  # fmt: skip


def values_of(row: Row) -> list[Value]:
    """One row in the order of `headings`. Risks have one decimal; a risk that may not be named yet is empty."""
    cells: list[Value] = [value for cell in row.cells for value in _cell(cell)]
    return [
        row.name, Stage(row.stage).label, row.unit, row.owner, ", ".join(row.tags), tenth(row.shown),
        level_word(row.level) if row.level else row_state(row).capitalize(), tenth(row.low), tenth(row.high),
        row.answered, row.due, *cells, row.change,
        row.reviewed_at.astimezone(UTC).date() if row.reviewed_at else None, row.planned_date, row.planned_value,
        row.slug,
    ]  # fmt: skip


def _cell(cell: Cell) -> tuple[Value, Value, Value]:
    level = level_word(cell.level) if cell.level else cell_state(cell).capitalize()
    return tenth(cell.shown), level, tenth(cell.high) if cell.due else None


def safe_text(text: str) -> str:
    """The text with an apostrophe before anything that a spreadsheet would take for a formula.

    Also after a semicolon or a tab, at which some of them begin another cell, whatever stands around it.
    """
    text = AFTER_SEPARATOR.sub(r"\1'", text)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def csv_lines(heads: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterator[str]:
    """The lines of a CSV file in UTF-8 with a mark that spreadsheets know it by."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write(BOM)
    writer.writerow(heads)
    for row in rows:
        writer.writerow([safe_text(value) if isinstance(value, str) else value for value in row])
        if buffer.tell() > 32_768:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def write_xlsx(file: BinaryIO, title: str, heads: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    """Writes a workbook of one sheet row by row. Texts are stored as texts, whatever they start with."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "B2"
    for place, head in enumerate(heads, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = 32 if place == 1 else min(max(len(head) + 2, 10), 24)
    bold = Font(bold=True)
    heading = []
    for head in heads:
        cell = WriteOnlyCell(sheet, value=head)
        cell.font = bold
        heading.append(cell)
    sheet.append(heading)
    for row in rows:
        sheet.append([_typed(sheet, value) for value in row])
    book.save(file)


def _typed(sheet: object, value: Value) -> object:
    if not isinstance(value, str) or not value:
        return value
    text = ILLEGAL_CHARACTERS_RE.sub("\ufffd", value)[:TEXT_LIMIT]
    if not text.startswith(FORMULA_STARTS):
        return text
    cell = WriteOnlyCell(sheet, value="")
    cell.value = text
    cell.data_type = "s"
    cell.quotePrefix = True
    return cell
