"""Rows to CSV and XLSX. Nothing that people typed can become a formula, and numbers are numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from spreadsheets.escaping import FORMULA_STARTS, safe_text, xml_text

Value = str | int | float | date | None

BOM = "\ufeff"
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TEXT_LIMIT = 32_767
"""What one cell of a workbook holds."""


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
    text = xml_text(value[:TEXT_LIMIT])
    if not value.startswith(FORMULA_STARTS):
        return text
    cell = WriteOnlyCell(sheet, value="")
    cell.value = text
    cell.data_type = "s"
    cell.quotePrefix = True
    return cell
