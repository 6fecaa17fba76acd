"""CSV and XLSX files to a sheet. Whatever comes in, it is read exactly or refused with a sentence."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping

from spreadsheets.escaping import read_text
from spreadsheets.sheet import (
    MOST_ROWS,
    TEXT_LIMIT,
    Cell,
    Sheet,
    SheetRefused,
    Unreadable,
    Value,
    check_length,
    make_sheet,
)
from spreadsheets.workbook import read_xlsx
from spreadsheets.writing import BOM

DELIMITERS = (",", ";", "\t")
# Empty ones count for nothing, but not without end.
_MOST_LINES = 100_000
_QUOTED = re.compile(r'"[^"]*"')


def read_csv(data: bytes) -> Sheet:
    """Reads UTF-8 with or without a mark, with the delimiter that the first line uses. Escaped texts come back whole.

    Raises SheetRefused.
    """
    if data.startswith(b"PK\x03\x04"):
        raise SheetRefused("this is a workbook. Give it a name that ends in .xlsx.")
    try:
        text = data.decode().removeprefix(BOM)
    except UnicodeDecodeError as error:
        raise SheetRefused("this is not UTF-8. Save it as “CSV UTF-8”, or as a workbook (.xlsx).") from error
    if "\x00" in text:
        raise SheetRefused("it holds a NUL character, so it is no CSV file.")
    return make_sheet(_csv_rows(text, find_delimiter(text)))


def find_delimiter(text: str) -> str:
    """Comma, semicolon or tab: the one that stands most often outside the quotes of the first line."""
    first = re.split(r"[\r\n]", _QUOTED.sub("", text.lstrip("\r\n")), maxsplit=1)[0]
    return max(DELIMITERS, key=first.count)


def _csv_rows(text: str, delimiter: str) -> Iterator[tuple[int, Mapping[int, Value]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            if "field larger" in str(error):
                sentence = f"row {number:,} holds a cell of more than {TEXT_LIMIT:,} characters, or a quote has no end."
            else:
                sentence = f"the quotes of row {number:,} do not match."
            raise SheetRefused(sentence) from error
        if row is None:
            return
        if number > _MOST_LINES:
            raise SheetRefused(f"at most {MOST_ROWS:,} rows below the headings can be read.")
        yield number, {column: _cell_text(number, column, value) for column, value in enumerate(row, start=1) if value}


def _cell_text(number: int, column: int, written: str) -> str:
    check_length(number, column, written)
    return read_text(written)


__all__ = ["Cell", "Sheet", "SheetRefused", "Unreadable", "Value", "read_csv", "read_xlsx"]
