"""CSV files of every making, and files that are none."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spreadsheets.reading import Sheet, SheetRefused, read_csv


def rows_of(sheet: Sheet) -> list[list[object]]:
    return [[cell.value for cell in row] for row in (sheet.headings, *sheet.rows)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_kind(delimiter: str, mark: bytes, ending: str) -> None:
    lines = [delimiter.join(cells) for cells in (["A", "B, b; c"], ['"x, y;\tz"', '"two\nlines ""q"""'], ["é", ""])]
    lines[0] = delimiter.join(["A", '"B, b; c"'])
    sheet = read_csv(mark + ending.join(lines).encode())
    assert rows_of(sheet) == [["A", "B, b; c"], ["x, y;\tz", 'two\nlines "q"'], ["é", None]]


def test_cells_are_named_as_a_spreadsheet_names_them() -> None:
    sheet = read_csv(b"A,B\n\n,,\nx,y\n")
    assert [cell.reference for cell in sheet.headings] == ["A1", "B1"]
    assert [[cell.reference for cell in row] for row in sheet.rows] == [["A4", "B4"]]


def test_rows_are_as_long_as_the_headings() -> None:
    assert rows_of(read_csv(b"A,B\nx\nx,y,z\n")) == [["A", "B"], ["x", None], ["x", "y"]]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "File: there is nothing in it."),
        (b"\xef\xbb\xbf\n\n,,\n", "File: there is nothing in it."),
        ("Name\ncafé".encode("latin-1"), "File: this is not UTF-8."),
        ("A\tB".encode("utf-16"), "File: this is not UTF-8."),
        (b"A,B\nx\x00,y", "File: it holds a NUL"),
        (b'A,B\n"x,y', "File: the quotes of row 2 do not match."),
        (b'A,B\n"x"y,z', "File: the quotes of row 2 do not match."),
        (b"PK\x03\x04whatever", "File: this is a workbook."),
        (b"A\n" + b"x\n" * 2001, "File: at most 2,000 rows"),
        (b"A\n" + b"\n" * 100_000, "File: at most 2,000 rows"),
        (b",".join([b"A"] * 61), "File: at most 60 columns"),
        (b"A\n" + b",".join([b"x"] * 61), "File: at most 60 columns"),
        (b"A,B\nx," + b"y" * 32_768, "B2: a cell holds at most 32,767 characters, this one has 32,768."),
        (b'A,B\nx,"' + b"\n" * 60_000 + b'"', "B2: a cell holds at most 32,767 characters, this one has 60,000."),
        (b"A,B\nx," + b"y" * 200_000, "File: row 2 holds a cell of more than 32,767 characters"),
    ],
)
def test_refused_with_a_sentence(data: bytes, said: str) -> None:
    with pytest.raises(SheetRefused) as caught:
        read_csv(data)
    assert str(caught.value).startswith(said)


def test_columns_without_a_heading_are_named() -> None:
    assert read_csv(b"A,,C\nx,y,z,\nx,,z,,q\n").unheaded == ("B", "E")
    assert read_csv(b"A,,C\nx,,z,\n").unheaded == ()


def test_as_much_as_may_be() -> None:
    sheet = read_csv(b",".join([b"A"] * 60) + b"\n" + b"x\n" * 2000 + b"\n" * 100)
    assert len(sheet.rows) == 2000
    assert len(read_csv(b"A,B\nx," + b"y" * 32_767).rows) == 1


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(SheetRefused):
        read_csv(data)
