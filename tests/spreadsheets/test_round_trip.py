"""Rows to a file and back."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from spreadsheets.escaping import FORMULA_STARTS
from spreadsheets.reading import read_csv, read_xlsx
from spreadsheets.sheet import Value as Read
from spreadsheets.writing import BOM, Look, Value, csv_lines, write_xlsx

HEADS = ["One", "Two", "Three"]
DANGERS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠SUM(A1)",
    '=HYPERLINK("http://x.example","y")', "=cmd|' /C calc'!A0", "'=1", "x;=1", "x\n=1",
]  # fmt: skip
texts = st.text(alphabet=st.characters(codec="utf-8"), max_size=40).filter(lambda text: "\x00" not in text)


def to_csv(rows: list[list[Value]]) -> bytes:
    return "".join(csv_lines(HEADS, rows)).encode()


def to_xlsx(rows: list[list[Value]]) -> bytes:
    file = io.BytesIO()
    write_xlsx(file, "Rows", HEADS, rows)
    return file.getvalue()


def values(data: bytes, kind: str) -> list[list[Read]]:
    sheet = read_csv(data) if kind == "csv" else read_xlsx(data)
    assert [cell.value for cell in sheet.headings] == HEADS
    return [[cell.value for cell in row] for row in sheet.rows]


@pytest.mark.parametrize("danger", DANGERS)
def test_no_cell_is_a_formula(danger: str) -> None:
    rows: list[list[Value]] = [[danger, f" {danger}", 1]]
    plain = to_csv(rows).decode().removeprefix(BOM)
    for cell in list(csv.reader(io.StringIO(plain, newline="")))[1]:
        assert not cell.startswith(FORMULA_STARTS)
    book = load_workbook(io.BytesIO(to_xlsx(rows)))
    assert [cell.data_type for cell in book.active[2]] == ["s", "s", "n"]
    assert book.active["A2"].quotePrefix or not danger.startswith(FORMULA_STARTS)
    assert values(to_csv(rows), "csv") == [[danger, f" {danger}", "1"]]
    assert values(to_xlsx(rows), "xlsx") == [[danger, f" {danger}", 1]]


@given(texts, texts)
def test_every_text_comes_back(one: str, two: str) -> None:
    rows: list[list[Value]] = [["x", one, two]]
    expected = [["x", one or None, two or None]]
    assert values(to_csv(rows), "csv") == expected
    assert values(to_xlsx(rows), "xlsx") == expected


@pytest.mark.parametrize("text", ["a\uffffb", "a\x1bb", "_x0041_", "_x005F_x000D_", "a\r\nb", " a ", "👩‍👩‍👧‍👦"])
def test_texts_that_xml_cannot_hold(text: str) -> None:
    assert values(to_xlsx([["x", text, None]]), "xlsx") == [["x", text, None]]


def test_looks_change_nothing_that_is_read() -> None:
    rows: list[list[Value]] = [[text, 3, date(2026, 3, 14)] for text in [*DANGERS, "#N/A", "#DIV/0!", "# a\n'b"]]
    file = io.BytesIO()
    listed = Look(20, wraps=True, is_input=True, choices=("1", "2"))
    write_xlsx(file, "Rows", HEADS, rows, {"One": listed, "Two": Look(9), "Three": Look(12)})
    assert values(file.getvalue(), "xlsx") == rows
    book = load_workbook(io.BytesIO(file.getvalue()))
    assert {cells[0].data_type for cells in book.active.iter_rows(min_row=2)} == {"s"}
    assert values(to_xlsx([["#N/A", "#", None]]), "xlsx") == [["#N/A", "#", None]]


def test_types() -> None:
    rows: list[list[Value]] = [[3, 2.5, date(2026, 3, 14)], [-1, 0, None], [None, None, None], ["1", None, None]]
    assert values(to_xlsx(rows), "xlsx") == [[3, 2.5, date(2026, 3, 14)], [-1, 0, None], ["1", None, None]]
    assert values(to_csv(rows), "csv") == [["3", "2.5", "2026-03-14"], ["-1", "0", None], ["1", None, None]]
    assert isinstance(values(to_xlsx(rows), "xlsx")[0][0], int)
