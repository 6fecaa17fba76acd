"""CSV and workbooks: the table as it is filtered, numbers as numbers, nothing that could be a formula."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import Organisation, User
from assessments.services import CHECKLIST
from checklists.loader import load
from portfolio.exports import headings
from portfolio.views import export
from spreadsheets.escaping import FORMULA_STARTS, safe_text
from spreadsheets.writing import BOM
from tests.make import make_member, make_project
from tests.portfolio.conftest import Rate, set_figures
from tests.site.cases import signed_in

pytestmark = pytest.mark.django_db
CHECK = load(*CHECKLIST)


def read_csv(user: User, query: str = "") -> list[dict[str, str]]:
    response = signed_in(user).get(f"/portfolio/projects.csv{query}")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    content = b"".join(response.streaming_content).decode()
    assert content.startswith(BOM)
    return list(csv.DictReader(io.StringIO(content.removeprefix(BOM))))


def read_xlsx(user: User, query: str = "") -> list[dict[str, object]]:
    response = signed_in(user).get(f"/portfolio/projects.xlsx{query}")
    assert response.status_code == 200
    sheet = load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    heads, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(heads, row, strict=True)) for row in rows]


def test_the_same_columns_and_rows_in_both(rate: Rate, owner: User) -> None:
    for name in ("Alpha", "Beta", "Gamma"):
        rate(name=name, unit="Retail", planned_date=date(2027, 1, 31), planned_value=1200)
    lines, book = read_csv(owner, "?sort=name"), read_xlsx(owner, "?sort=name")
    assert list(lines[0]) == list(book[0]) == headings(CHECK)
    assert [line["Project"] for line in lines] == [row["Project"] for row in book] == ["Alpha", "Beta", "Gamma"]
    for line, row in zip(lines, book, strict=True):
        for head in headings(CHECK):
            value = row[head]
            if isinstance(value, datetime):
                value = value.date()
            shown = "" if value is None else str(value)
            assert line[head] == shown or float(line[head]) == float(shown), head


def test_numbers_are_numbers_and_days_are_days(rate: Rate, owner: User) -> None:
    rate(reviews=1, planned_date=date(2027, 1, 31), planned_value=1200)
    row = read_xlsx(owner)[0]
    assert isinstance(row["Upper end"], (int, float))
    assert isinstance(row["Answered"], int)
    assert row["Planned value a year, thousands"] == 1200
    assert isinstance(row["Planned date"], datetime)
    assert isinstance(row["Reviewed on"], datetime)


def test_a_risk_that_may_not_be_named_is_empty(organisation: Organisation, owner: User) -> None:
    set_figures(make_project(organisation, owner), index=12.0, low=0.0, high=100.0, level=0, answered=3, due=50)
    line = read_csv(owner)[0]
    assert line["Failure risk"] == ""
    assert line["Level"] == "Too early for a level"
    assert (line["Lower end"], line["Upper end"]) == ("0.0", "100.0")


NASTY = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x","y")', "＝1", "\t=1", "'=1", 'a,b"c']


@pytest.mark.parametrize("name", NASTY)
def test_no_text_is_a_formula(organisation: Organisation, owner: User, name: str) -> None:
    make_project(organisation, owner, name=name, unit=name)
    line = read_csv(owner)[0]
    assert line["Project"] == safe_text(name)
    assert not line["Project"].startswith(FORMULA_STARTS)
    response = signed_in(owner).get("/portfolio/projects.xlsx")
    sheet = load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    assert sheet["A2"].value == name
    assert sheet["A2"].data_type == "s"
    assert sheet["C2"].data_type == "s"


def test_as_filtered(rate: Rate, owner: User) -> None:
    rate(name="Alpha", unit="Retail")
    rate(name="Beta", unit="Energy")
    assert [line["Project"] for line in read_csv(owner, "?unit=Retail")] == ["Alpha"]
    assert read_csv(owner, "?find=zzz") == []
    assert read_xlsx(owner, "?find=zzz") == []
    disposition = signed_in(owner).get("/portfolio/projects.csv?unit=Retail").headers["Content-Disposition"]
    assert disposition.startswith('attachment; filename="portfolio-part-')


def test_a_workbook_has_a_limit_and_says_so(rate: Rate, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    rate()
    rate()
    monkeypatch.setattr(export, "MOST_XLSX_ROWS", 1)
    client = signed_in(owner)
    response = client.get("/portfolio/projects.xlsx?sort=name")
    assert response.status_code == 302
    assert response.headers["Location"] == "/portfolio/?sort=name"
    assert "at most 1 projects, these are 2. Take the CSV file." in client.get("/portfolio/").content.decode()


@pytest.mark.parametrize("name", ["csv", "xlsx"])
def test_who_may(organisation: Organisation, owner: User, name: str) -> None:
    path = reverse(f"portfolio:{name}")
    assert signed_in(make_member(organisation, "respondent")).get(path).status_code == 403
    assert signed_in(make_member(organisation, "viewer")).get(path).status_code == 200
    assert signed_in(owner).post(path).status_code == 405
