"""Workbooks of every making, and files that only look like one."""

from __future__ import annotations

import contextlib
import io
import zipfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from spreadsheets.reading import Sheet, SheetRefused, Unreadable, read_xlsx
from tests.spreadsheets.books import DOCUMENT, MAIN, book_of, pack, parts_of, relations, sheet_xml

TEXT = '<c r="{}" t="inlineStr"><is><t>{}</t></is></c>'
FORMULA = Unreadable("holds a formula. Put the value itself there.")
HEAD = f"<row>{TEXT.format('A1', 'A')}{TEXT.format('B1', 'B')}</row>"


def rows_of(sheet: Sheet) -> list[list[object]]:
    return [[cell.value for cell in row] for row in sheet.rows]


def refusal(data: bytes) -> str:
    with pytest.raises(SheetRefused) as caught:
        read_xlsx(data)
    return str(caught.value)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('<c r="A2" t="s"><v>0</v></c>', "shared"),
        ('<c r="A2" t="s"><v>1</v></c>', "rich"),
        ('<c r="A2" t="s"><v>2</v></c>', "a\r\nb"),
        ('<c r="A2" t="str"><v>text</v></c>', "text"),
        ('<c r="A2" t="inlineStr"><is><r><t>in</t></r><r><t>line</t></r></is></c>', "inline"),
        ('<c r="A2"><v>3</v></c>', 3),
        ('<c r="A2"><v>3.0</v></c>', 3),
        ('<c r="A2"><v>2.5E0</v></c>', 2.5),
        ('<c r="A2" t="b"><v>1</v></c>', True),
        ('<c r="A2" s="1"><v>46095</v></c>', date(2026, 3, 14)),
        ('<c r="A2" s="2"><v>46095.5</v></c>', date(2026, 3, 14)),
        ('<c r="A2" t="d"><v>2026-03-14</v></c>', date(2026, 3, 14)),
        ("<c><v>3</v></c>", 3),
    ],
)
def test_every_kind_of_cell(cell: str, value: object) -> None:
    sheet = read_xlsx(book_of(f'{HEAD}<row r="2">{cell}</row>'))
    assert rows_of(sheet) == [[value, None]]
    assert type(sheet.rows[0][0].value) is type(value)
    assert sheet.rows[0][0].reference == "A2"


def test_empty_rows_far_down_are_nothing() -> None:
    """Some programs write the last rows that there could be, with a style and without a value."""
    rows = f'{HEAD}<row r="4">{TEXT.format("B4", "x")}</row><row r="1048576"><c r="A1048576" s="1"/></row>'
    sheet = read_xlsx(book_of(rows))
    assert rows_of(sheet) == [[None, "x"]]
    assert sheet.rows[0][1].reference == "B4"


def test_days_that_are_counted_from_1904() -> None:
    parts = parts_of(f'{HEAD}<row r="2"><c r="A2" s="1"><v>1</v></c></row>')
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace("<workbookPr/>", '<workbookPr date1904="1"/>')
    assert rows_of(read_xlsx(pack(parts))) == [[date(1904, 1, 2), None]]


def test_the_first_sheet_of_a_real_workbook() -> None:
    book = Workbook()
    book.active.append(["A", "B"])
    book.active.append(["x", 1])
    book.create_sheet("Other").append(["=1+1"])
    file = io.BytesIO()
    book.save(file)
    assert rows_of(read_xlsx(file.getvalue())) == [["x", 1]]


def test_formulas_are_marked() -> None:
    book = Workbook()
    book.active.append(["A", "B"])
    book.active["B7"] = "=1+1"
    file = io.BytesIO()
    book.save(file)
    assert rows_of(read_xlsx(file.getvalue())) == [[None, FORMULA]]


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="B2"><f>1+1</f><v>2</v></c>',
        '<c r="B2"><v>2</v><f t="shared" si="0"/></c>',
        '<c r="B2" t="s"><f>A1</f></c>',
    ],
)
def test_a_formula_with_a_value_beside_it_is_still_one(cell: str) -> None:
    assert rows_of(read_xlsx(book_of(f'{HEAD}<row r="2">{cell}<c r="A2"><v>3</v></c></row>'))) == [[3, FORMULA]]


def test_errors_are_marked() -> None:
    rows = f'{HEAD}<row r="2"><c r="B2" t="e"><v>#DIV/0!</v></c></row>'
    assert rows_of(read_xlsx(book_of(rows))) == [[None, Unreadable("holds the error #DIV/0!. Put a value there.")]]


def test_only_the_cells_of_the_sheet_are_cells() -> None:
    """Icon sets and lists from other sheets have formulas and values of their own, under the same names."""
    other = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
    inside = f'<x:row xmlns:x="{other}" r="7"/><extLst><x:f xmlns:x="{other}">1</x:f><f xmlns="{other}">2</f></extLst>'
    rows = f'{HEAD}<row r="2"><c r="A2"><v>3</v>{inside}</c></row>'
    more = (
        f'<extLst><ext xmlns:x="{other}"><x:dataValidation><x:formula1><x:f>Lists!A1:A5</x:f></x:formula1>'
        '</x:dataValidation><row r="9"><c r="A9"><f>1+1</f><v>5</v></c></row></ext></extLst>'
    )
    sheet = read_xlsx(pack(parts_of() | {"xl/worksheets/sheet1.xml": sheet_xml(rows, more)}))
    assert rows_of(sheet) == [[3, None]]


def test_with_a_prefix_and_in_the_other_dialect() -> None:
    parts = parts_of()
    parts["xl/worksheets/sheet1.xml"] = (
        '<s:worksheet xmlns:s="http://purl.oclc.org/ooxml/spreadsheetml/main" xmlns:o="urn:other"><s:sheetData>'
        '<s:row r="1" o:r="9"><s:c r="A1" t="s"><s:v>0</s:v></s:c></s:row></s:sheetData></s:worksheet>'
    )
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(
        DOCUMENT, "http://purl.oclc.org/ooxml/officeDocument/relationships"
    )
    assert [cell.value for cell in read_xlsx(pack(parts)).headings] == ["shared"]


def test_columns_without_a_heading_are_named() -> None:
    rows = f'<row>{TEXT.format("B1", "B")}</row><row r="2"><c r="A2"><v>1</v></c><c r="D2"><v>1</v></c></row>'
    sheet = read_xlsx(book_of(rows))
    assert sheet.unheaded == ("A", "D")
    assert rows_of(sheet) == [[1, None]]


def test_too_much() -> None:
    cell = TEXT.format
    assert "at most 60 columns" in refusal(book_of(f"<row>{cell('BI1', 'x')}</row>"))
    assert "at most 2,000 rows" in refusal(book_of(f'{HEAD}<row r="2002">{cell("A2002", "x")}</row>'))
    assert len(read_xlsx(book_of(f'{HEAD}<row r="2001">{cell("A2001", "x")}</row>')).rows) == 1
    assert refusal(book_of(f'{HEAD}<row r="2">{cell("A2", "x" * 32_768)}</row>')).startswith("A2: a cell holds at most")
    assert "at most 200 parts" in refusal(pack({f"p{place}.xml": "" for place in range(201)}))


def test_bombs() -> None:
    """Small files that become large when they are unpacked or parsed."""
    large = pack(parts_of() | {"xl/media/image.png": b"\x00" * 20_000_001})
    assert len(large) < 100_000
    assert "at most 20 MB" in refusal(large)
    many = parts_of() | {
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><cellXfs>{"<xf/>" * 1_200_000}</cellXfs></styleSheet>'
    }
    assert "it holds too much" in refusal(pack(many))
    # One element with so many attributes, and an address that would be copied for each of them.
    attributes = " ".join(f"x:a{place}=''" for place in range(400_000))
    long = f'<x:e xmlns:x="{"u" * 1_000_000}" {attributes}/>'
    assert "it holds too much" in refusal(pack(parts_of() | {"xl/worksheets/sheet1.xml": sheet_xml(HEAD, long)}))
    entities = f'<!DOCTYPE x [<!ENTITY a "{"b" * 99}">]>{sheet_xml("&a;")}'
    assert "broken" in refusal(pack(parts_of() | {"xl/worksheets/sheet1.xml": entities}))
    assert "broken" in refusal(pack(parts_of(), zipfile.ZIP_BZIP2))


def test_a_part_that_is_larger_than_it_says() -> None:
    """The size in the directory is changed to one byte."""
    data = bytearray(pack(parts_of() | {"xl/big.xml": b"x" * 1_000_000}))
    place = data.index(b"PK\x01\x02", data.index(b"xl/big.xml"))
    while data[place + 46 : place + 56] != b"xl/big.xml":
        place = data.index(b"PK\x01\x02", place + 1)
    data[place + 24 : place + 28] = (1).to_bytes(4, "little")
    assert refusal(bytes(data)).startswith("File: this is no workbook, or a broken one.")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no workbook"),
        (b"Question,Answer\n", "no workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "protected by a password, or an old .xls"),
        (pack({"hello.txt": "hello"}), "broken"),
        (pack({"_rels/.rels": relations(("officeDocument", "word/document.xml"))}), "this is no workbook"),
        (pack(parts_of() | {"xl/worksheets/sheet1.xml": "<worksheet"}), "broken"),
        (pack(parts_of() | {"xl/workbook.xml": "<workbook/>"}), "broken"),
        (
            pack(parts_of() | {"xl/_rels/workbook.xml.rels": relations(("chartsheet", "x.xml"))}),
            "first sheet is no table",
        ),
        (book_of("<row/>"), "there is nothing in it"),
        (book_of('<row r="x"/>'), "broken"),
        (book_of('<row><c r="1A"><v>1</v></c></row>'), "broken"),
        (book_of('<row><c r="A1" t="s"><v>99</v></c></row>'), "broken"),
        (book_of('<row><c r="A1"><v>NaN</v></c></row>'), "broken"),
        (book_of('<row><c r="A1" s="1"><v>1e300</v></c></row>'), "broken"),
        (book_of('<row><c r="A1"><v>one</v></c></row>'), "broken"),
        (book_of(f'<row><c r="A1"><v>{"9" * 101}</v></c></row>'), "broken"),
        (pack(parts_of() | {"xl/styles.xml": '<?xml version="1.0" encoding="nonsense"?><a/>'}), "broken"),
        (pack(parts_of() | {"xl/styles.xml": '<?xml version="1.0" encoding="hex"?><a/>'}), "broken"),
    ],
)
def test_refused_with_a_sentence(data: bytes, said: str) -> None:
    sentence = refusal(data)
    assert sentence.startswith("File: ")
    assert said in sentence


def test_protected_by_a_password() -> None:
    data = bytearray(pack(parts_of()))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(mark)
        while place >= 0:
            data[place + offset] |= 1
            place = data.find(mark, place + 4)
    assert "protected by a password" in refusal(bytes(data))


@given(st.binary(max_size=200), st.integers(0, 2000), st.integers(0, 255))
def test_any_damage_is_read_or_refused(tail: bytes, place: int, byte: int) -> None:
    data = bytearray(book_of(HEAD))
    data[place % len(data)] = byte
    for damaged in (bytes(data), bytes(data[: place % len(data)]) + tail, b"PK\x03\x04" + tail):
        with contextlib.suppress(SheetRefused):
            read_xlsx(damaged)


@given(st.text(alphabet='<>/=" crvtsfi1Ae', max_size=80))
def test_any_rows_are_read_or_refused(rows: str) -> None:
    with contextlib.suppress(SheetRefused):
        read_xlsx(book_of(rows))


def test_nothing_is_written_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    read_xlsx(book_of(HEAD))
    assert list(tmp_path.iterdir()) == []
