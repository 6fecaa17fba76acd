"""Forty projects, one set of numbers: dashboard, project page, files, board report and rows say the same."""

from __future__ import annotations

import csv
import io
import random
import re
from html import unescape

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import Organisation, User
from assessments.services import CHECKLIST
from charts.levels import LEVELS, shown, whole
from checklists.loader import load
from findings.board import build_board
from portfolio.board import build_body
from portfolio.filters import Filters
from portfolio.queries import read_rows
from portfolio.rows import Row
from spreadsheets.writing import BOM
from tests.portfolio.conftest import make_rated, sight
from tests.site.cases import signed_in, text

pytestmark = pytest.mark.django_db
CHECK = load(*CHECKLIST)


def test_the_same_everywhere(organisation: Organisation, owner: User) -> None:
    chance = random.Random(40)
    for number in range(40):
        share = 0.4 if number % 9 == 8 else 1.0
        make_rated(organisation, owner, chance, name=f"Project {number:02}", reviews=number % 3, share=share)
    client, now = signed_in(owner), timezone.now()
    rows = {row.name: row for row in read_rows(sight(owner), Filters(), CHECK, at=now)}
    assert len(rows) == 40
    assert {row.level for row in rows.values()} >= {0, 2, 3}
    page = unescape(text(client.get("/portfolio/")))
    lines = {line["Project"]: line for line in csv.DictReader(io.StringIO(
        b"".join(client.get("/portfolio/projects.csv").streaming_content).decode().removeprefix(BOM)))}  # fmt: skip
    sheet = load_workbook(io.BytesIO(b"".join(client.get("/portfolio/projects.xlsx").streaming_content))).active
    heads, *cells = sheet.iter_rows(values_only=True)
    book = {row[0]: dict(zip(heads, row, strict=True)) for row in cells}
    body = build_body(sight=sight(owner), filters=Filters(), checklist=CHECK, at=now)
    board = {part["name"]: part for part in body["rows"]}
    listed = re.findall(r'<tr><th scope="row"><a href="[^"]+" title="([^"]+)">.*?</tr>', page)
    assert listed == list(lines) == list(book) == list(board) == list(rows)
    for name, row in rows.items():
        on_dashboard(page, name, row)
        on_project_page(text(client.get(f"/projects/{row.slug}/results/")), row)
        assert lines[name]["Failure risk"] == ("" if row.shown is None else shown(row.shown))
        assert lines[name]["Upper end"] == shown(row.high)
        assert book[name]["Failure risk"] == (None if row.shown is None else round(row.shown, 1))
        assert (board[name]["index"], board[name]["low"], board[name]["high"]) == (row.shown, row.low, row.high)
        assert board[name]["level"] == row.level
        for dimension, cell, frozen in zip(CHECK.dimensions, row.cells, board[name]["cells"], strict=True):
            assert lines[name][dimension.name] == ("" if cell.shown is None else shown(cell.shown))
            assert (frozen["risk"], frozen["level"]) == (cell.shown, cell.level)
    levels = [row.level for row in rows.values()]
    assert body["figures"]["levels"] == {
        "critical": levels.count(4), "high": levels.count(3), "moderate": levels.count(2), "low": levels.count(1),
        "none": levels.count(0),
    }  # fmt: skip
    assert body["finding"]["title"] in page
    head = {"id": "0000-0000-0000", "label": "Board", "taken_at": now.isoformat(), "taken_by": "Ana"}
    document = build_board(body | {"snapshot": head}, names=True, sha256="0" * 64)
    assert [str(printed.name) for printed in document.rows] == list(rows)
    for printed, row in zip(document.rows, rows.values(), strict=True):
        assert printed.risk.level == (LEVELS[row.level - 1] if row.level else None)
        assert row.shown is None or printed.risk.text == whole(row.shown)
        for cell, dimension in zip(printed.cells, row.cells, strict=True):
            assert dimension.shown is None or cell.text == whole(dimension.shown)


def on_dashboard(page: str, name: str, row: Row) -> None:
    line = next(part for part in page.split("<tr>") if f'title="{name}"' in part)
    risk = re.search(r'class="v">([^<]+)<', line)
    assert risk
    assert risk.group(1) == ("–" if row.shown is None else whole(row.shown))
    found = re.findall(r'<td class="c (\w+)"><a [^>]+>(?:<svg.*?</svg>)?(?:<span aria-hidden="true">)?([^<]*)<', line)
    assert len(found) == len(row.cells)
    for (kind, number), cell in zip(found, row.cells, strict=True):
        if cell.shown is None:
            assert kind == "none"
        else:
            assert (kind, number) == (f"lv{cell.level}", whole(cell.shown))


def on_project_page(page: str, row: Row) -> None:
    if row.shown is not None:
        assert f'class="big num">{shown(row.shown)}' in page or f">{shown(row.shown)}<" in page
        assert row.level_id in page.lower()
    else:
        assert "Too early to judge" in page
    assert shown(row.low) in page
    assert shown(row.high) in page
    for dimension, cell in zip(CHECK.dimensions, row.cells, strict=True):
        line = next((part for part in page.split("<tr>") if f'href="#a-{dimension.id}"' in part), "")
        if cell.shown is not None:
            assert f">{whole(cell.shown)}" in line.replace("\n", "").replace(" ", ""), dimension.id
