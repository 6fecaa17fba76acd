"""Rows to CSV and XLSX. Nothing that people typed can become a formula, and numbers are numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, repeat
from typing import BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from spreadsheets.escaping import FORMULA_STARTS, safe_text, xml_text

Value = str | int | float | date | None

BOM = "\ufeff"
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TEXT_LIMIT = 32_767
"""What one cell of a workbook holds."""
_TAKEN_FOR_MORE = (*FORMULA_STARTS, "#")
_BOLD = Font(bold=True)
_INPUT = PatternFill("solid", fgColor="FFF6DD")


@dataclass(frozen=True, slots=True)
class Look:
    """How a column of a workbook looks. `choices` are offered in a list; anything else can still be typed."""

    width: int
    wraps: bool = False
    is_input: bool = False
    choices: tuple[str, ...] = ()


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


def write_xlsx(
    file: BinaryIO,
    title: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[Value]],
    looks: Mapping[str, Look] | None = None,
) -> None:
    """Writes a workbook of one sheet row by row. Texts are stored as texts, whatever they start with.

    `looks` are by heading, for all columns or none.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "B2"
    columns = [looks[head] if looks else None for head in heads]
    for place, (head, look) in enumerate(zip(heads, columns, strict=True), start=1):
        width = 32 if place == 1 else min(max(len(head) + 2, 10), 24)
        sheet.column_dimensions[get_column_letter(place)].width = look.width if look else width
    heading = []
    for head, look in zip(heads, columns, strict=True):
        cell = WriteOnlyCell(sheet, value=head)
        cell.font = _BOLD
        if look:
            _put_on(cell, Look(look.width, True, look.is_input))
        heading.append(cell)
    sheet.append(heading)
    last = 1
    for row in rows:
        sheet.append(
            [_typed(sheet, value, look) for value, look in zip(row, chain(columns, repeat(None)), strict=False)]
        )
        last += 1
    for place, look in enumerate(columns, start=1):
        if look and look.choices and last > 1:
            letter = get_column_letter(place)
            listed = DataValidation("list", formula1=f'"{",".join(look.choices)}"', allow_blank=True)
            listed.add(f"{letter}2:{letter}{last}")
            sheet.data_validations.append(listed)
    book.save(file)


def _typed(sheet: object, value: Value, look: Look | None) -> object:
    is_text = isinstance(value, str) and value != ""
    text = xml_text(value[:TEXT_LIMIT]) if isinstance(value, str) else ""
    is_taken_for_more = isinstance(value, str) and value.startswith(_TAKEN_FOR_MORE)
    if look is None and not is_taken_for_more:
        return text if is_text else value
    cell = WriteOnlyCell(sheet, value="" if is_text else value)
    if is_text:
        cell.value = text
        cell.data_type = "s"
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        cell.quotePrefix = True
    if look is not None:
        _put_on(cell, look)
    return cell


def _put_on(cell: WriteOnlyCell, look: Look) -> None:
    cell.alignment = Alignment(vertical="top", wrap_text=look.wraps)
    if look.is_input:
        cell.fill = _INPUT
