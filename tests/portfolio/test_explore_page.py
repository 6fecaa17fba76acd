"""The page Explore: what each chart counts, who sees it, odd addresses, and the file with the same numbers."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Organisation, User
from accounts.roles import Role
from assessments.models import Snapshot
from portfolio.explore_choices import MOST_PROJECTS, Choices, read_choices
from portfolio.explore_data import month_ends, read_units
from portfolio.filters import Filters
from projects.models import Project, ProjectFigures, UnitGrant
from tests.make import make_assessment, make_member, make_project, make_snapshot
from tests.portfolio.conftest import Rate, set_figures, sight

pytestmark = pytest.mark.django_db

PAGE = "/portfolio/explore/"
DATA = "/portfolio/explore/data.csv"
EVERY = [
    "",
    "?by=project",
    "?chart=bubble",
    "?chart=bubble&x=date",
    "?chart=profile",
    "?chart=profile&view=bars",
    "?chart=stages",
]
CELLS = [[80.0, 78.0, 82.0, 4, 9, 9], [20.0, 10.0, 30.0, 1, 9, 9]] + [[None, 0.0, 100.0, 0, 0, 9]] * 4


class Table(HTMLParser):
    """The cells of the page's one table, and the JSON of its figure."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.figure: Any = None
        self.inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
            self.inside = "cell"
        if tag == "script" and dict(attrs).get("id") == "figure":
            self.inside = "figure"

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th", "script"}:
            self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "cell":
            self.rows[-1][-1] += data
        if self.inside == "figure":
            self.figure = json.loads(data)


@pytest.fixture
def four(organisation: Organisation, owner: User) -> list[Project]:
    made = [
        make_project(organisation, owner, name=name, unit=unit, stage=stage, planned_value=value, planned_date=day)
        for name, unit, stage, value, day in [
            ("Alpha", "Retail", "idea", 500, date(2027, 1, 31)),
            ("Beta", "Retail", "pilot", None, None),
            ("Gamma", "", "pilot", 40, date(2026, 12, 1)),
            ("=Delta <b>", "Claims", "pilot", 900, None),
        ]
    ]
    whole = {"answered": 50, "due": 54}
    set_figures(made[0], index=20.04, low=18.0, high=40.0, level=1, stage="idea", cells=CELLS, **whole)
    set_figures(made[1], index=80.0, low=78.0, high=82.0, level=4, cells=CELLS, **whole)
    set_figures(made[2], index=49.96, low=40.0, high=60.0, level=3, cells=CELLS, **whole)
    set_figures(made[3], index=30.0, low=0.0, high=100.0, level=0, answered=3, due=54)
    return made


@pytest.fixture
def reader(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def page_of(client: Client, query: str) -> Table:
    response = client.get(PAGE + query)
    assert response.status_code == 200
    return Table(response.content.decode())


def text_of(client: Client, query: str) -> str:
    response = client.get(PAGE + query)
    assert response.status_code == 200
    return response.content.decode()


def file_of(client: Client, query: str) -> list[list[str]]:
    response = client.get(DATA + query)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def freeze(project: Project, owner: User, moment: datetime, *, index: float, level: int) -> Snapshot:
    """A frozen result of that moment with these figures."""
    assessment = project.assessments.first() or make_assessment(project, owner)
    snapshot = make_snapshot(assessment, owner, label=f"At {moment:%d %b}", at=moment)
    ProjectFigures.objects.filter(snapshot=snapshot).update(index=index, level=level)
    return snapshot


@pytest.mark.parametrize("query", EVERY)
def test_every_chart_has_a_figure_in_both_themes_and_a_table(reader: Client, four: object, query: str) -> None:
    page = page_of(reader, query)
    assert set(page.figure) == {"light", "dark"}
    assert page.figure["light"]["data"]
    assert len(page.rows) > 1
    assert {len(row) for row in page.rows} == {len(page.rows[0])}


@pytest.mark.parametrize("query", EVERY)
def test_the_file_holds_the_numbers_of_the_table(reader: Client, four: object, query: str) -> None:
    table, lines = page_of(reader, query).rows, file_of(reader, query)
    assert lines[0] == table[0]
    assert len(lines) == len(table)
    for row, line in zip(table[1:], lines[1:], strict=True):
        for shown, written in zip(row, line, strict=True):
            if re.fullmatch(r"\d{4}-\d\d-\d\d", written):
                assert shown == f"{date.fromisoformat(written):%-d %b %Y}"
            else:
                assert (shown.replace(",", "") if shown != "–" else "") == written.removeprefix("'")


@pytest.mark.parametrize("query", EVERY)
def test_no_plotly_before_a_click(reader: Client, four: object, query: str) -> None:
    text = text_of(reader, query)
    assert "plotly.min.js" in text
    assert not re.search(r"<(script|link)[^>]+plotly", text)
    assert not re.search(r"\sstyle=|\son\w+=", text)


@pytest.mark.parametrize("query", EVERY)
def test_an_empty_portfolio_has_nothing_to_draw(reader: Client, organisation: Organisation, query: str) -> None:
    page = page_of(reader, query)
    assert page.figure is None
    assert "Draw the chart" not in text_of(reader, query)


def test_rows_of_the_bubble_chart(reader: Client, four: object) -> None:
    rows = page_of(reader, "?chart=bubble").rows
    assert rows[1:] == [
        ["=Delta <b>", "1", "–", "Too early for a level", "0.0", "100.0", "–", "900"],
        ["Beta", "2", "80.0", "Critical", "78.0", "82.0", "–", "–"],
        ["Gamma", "3", "50.0", "High", "40.0", "60.0", "1 Dec 2026", "40"],
        ["Alpha", "4", "20.0", "Low", "18.0", "40.0", "31 Jan 2027", "500"],
    ]


def test_bubbles_without_a_place_are_only_in_the_table(reader: Client, four: object) -> None:
    traces = page_of(reader, "?chart=bubble").figure["light"]["data"]
    drawn = {trace["name"]: (trace["x"], trace["y"], trace["text"]) for trace in traces}
    assert drawn == {"Low": ([500], [20.0], ["4"]), "High": ([40], [50.0], ["3"])}
    assert "2 projects without a risk or a planned value are in the table only." in text_of(reader, "?chart=bubble")


def test_dates_have_their_value_as_area(reader: Client, four: object) -> None:
    traces = page_of(reader, "?chart=bubble&x=date").figure["dark"]["data"]
    assert {trace["name"]: (trace["x"], trace["marker"]["size"]) for trace in traces} == {
        "Low": (["2027-01-31"], [500]),
        "High": (["2026-12-01"], [40]),
    }


def test_stages_are_counted_by_level(reader: Client, four: object) -> None:
    assert page_of(reader, "?chart=stages").rows == [
        ["Stage", "Low", "Moderate", "High", "Critical", "No level yet", "Projects"],
        ["Idea", "1", "0", "0", "0", "0", "1"],
        ["Prototype", "0", "0", "0", "0", "0", "0"],
        ["Pilot", "0", "0", "1", "1", "1", "3"],
        ["Production", "0", "0", "0", "0", "0", "0"],
    ]


def test_profiles_say_what_is_not_answered(reader: Client, four: list[Project]) -> None:
    query = f"?chart=profile&p={four[0].slug}"
    row = page_of(reader, query).rows[1]
    assert row == ["Alpha", "80.0", "20.0", *["Not answered"] * 4]
    radar = page_of(reader, query).figure["light"]["data"][0]
    assert radar["r"] == [80.0, 20.0, None, None, None, None, 80.0]
    bars = page_of(reader, f"{query}&view=bars").figure["light"]["data"]
    assert next(trace["x"] for trace in bars if trace["name"] == "No level yet") == [100.0] * 4


def test_chosen_projects_come_in_their_order(reader: Client, four: list[Project]) -> None:
    query = "&".join(f"p={project.slug}" for project in (four[2], four[0]))
    assert [row[0] for row in page_of(reader, f"?chart=profile&{query}").rows[1:]] == ["Gamma", "Alpha"]
    assert [row[0] for row in page_of(reader, "?chart=profile").rows[1:]] == ["=Delta <b>", "Beta", "Gamma"]


def test_a_chosen_project_need_not_match_the_filters(reader: Client, four: list[Project]) -> None:
    rows = page_of(reader, f"?chart=profile&unit=Claims&p={four[0].slug}").rows
    assert [row[0] for row in rows[1:]] == ["Alpha"]


@pytest.mark.parametrize(
    ("query", "names"), [("stage=idea", ["Alpha"]), ("level=critical", ["Beta"]), ("find=gam", ["Gamma"])]
)
def test_filters_hold_for_every_chart(reader: Client, four: object, query: str, names: list[str]) -> None:
    assert [row[0] for row in page_of(reader, f"?chart=bubble&{query}").rows[1:]] == names
    stages = page_of(reader, f"?chart=stages&{query}").rows[1:]
    assert sum(int(row[-1]) for row in stages) == 1
    assert "chart=stages" in text_of(reader, f"?{query}")
    assert re.search(rf'href="\?{query}&amp;chart=profile"', text_of(reader, f"?{query}"))


def test_a_course_has_each_day_once_and_ends_now(reader: Client, owner: User, four: list[Project]) -> None:
    now = timezone.now()
    for back, index, level in [(90, 60.0, 3), (40, 70.0, 3), (40, 71.04, 3), (10, 90.0, 0)]:
        freeze(four[0], owner, now - timedelta(days=back), index=index, level=level)
    set_figures(four[0], index=20.04, level=1)
    rows = page_of(reader, f"?by=project&p={four[0].slug}").rows[1:]
    assert [(row[2], row[3]) for row in rows] == [
        ("60.0", "High"),
        ("71.0", "High"),
        ("–", "No level yet"),
        ("20.0", "Low"),
    ]
    day = now.astimezone(UTC).date()
    assert rows[-1][1] == f"{day.day} {day:%b %Y}"


def test_medians_of_units_by_month(reader: Client, owner: User, four: list[Project]) -> None:
    now = timezone.now()
    start = month_ends(now.date(), 3)[0]
    moment = datetime(start.year, start.month, start.day, 12, tzinfo=UTC)
    for project, index in zip(four[:2], (40.0, 60.0), strict=True):
        freeze(project, owner, moment, index=index, level=2)
    set_figures(four[0], index=20.04, level=1)
    set_figures(four[1], index=80.0, level=4)
    lines, units = read_units(sight(owner), Filters(), at=now)
    assert units == 3
    assert [line.name for line in lines] == ["Retail", "No unit", "Claims"]
    retail = [(month.day, month.median, month.projects) for month in lines[0].months]
    ends = month_ends(now.date(), 13)
    assert [projects for _, _, projects in retail[:10]] == [0] * 10
    assert retail[10:] == [(ends[10], 50.0, 2), (ends[11], 50.0, 2), (ends[12], pytest.approx(50.02), 2)]
    assert [month.projects for month in lines[2].months] == [0] * 13


def test_the_past_is_drawn_as_it_was(reader: Client, owner: User, four: list[Project]) -> None:
    now = timezone.now()
    freeze(four[0], owner, now - timedelta(days=30), index=66.0, level=3)
    set_figures(four[0], index=20.04, level=1)
    day = (now - timedelta(days=5)).date().isoformat()
    rows = page_of(reader, f"?chart=bubble&as_of={day}").rows[1:]
    assert [(row[0], row[2]) for row in rows] == [("Alpha", "66.0")]
    assert page_of(reader, f"?as_of={day}").rows[-1][2:] == ["66.0", "High", "1"]
    assert page_of(reader, f"?by=project&as_of={day}").rows[-1][2] == "66.0"


def test_month_ends_are_days_that_exist() -> None:
    assert month_ends(date(2024, 3, 31), 3) == [date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31)]
    assert month_ends(date(2026, 1, 1), 2) == [date(2025, 12, 31), date(2026, 1, 1)]


@pytest.mark.parametrize(
    "query",
    [
        "chart=pie",
        "x=value%27--",
        "view=" + "x" * 500,
        "p=" + "y" * 500,
        "p=no-such-project",
        "p=%3Cscript%3E",
        "as_of=2026-02-31",
        "stage=nowhere&chart=bubble",
        "&".join(f"p=slug-{number}" for number in range(9)),
        "chart=time&chart=profile&p=",
    ],
)
def test_odd_addresses_are_answered_and_said(reader: Client, four: object, query: str) -> None:
    response = reader.get(f"{PAGE}?{query}")
    assert response.status_code == 200
    assert reader.get(f"{DATA}?{query}").status_code == 200
    if "chart=time" not in query:
        wanted = f"chart=profile&{query}" if query.startswith("p=") else query
        assert 'class="note" role="status"' in text_of(reader, f"?{wanted}")


def test_choices_are_written_back() -> None:
    choices = read_choices(QueryDict("chart=profile&view=bars&p=a-1&p=b-2&p=a-1"))
    assert choices == Choices(chart="profile", view="bars", projects=("a-1", "b-2"))
    address = choices.query(Filters(stage="idea", find="a & b"), view="radar")
    assert address == "find=a+%26+b&stage=idea&chart=profile&p=a-1&p=b-2"
    assert read_choices(QueryDict(address)) == Choices(chart="profile", projects=("a-1", "b-2"))
    many = read_choices(QueryDict("&".join(f"p=s{number}" for number in range(7))))
    assert (len(many.projects), len(many.notices)) == (MOST_PROJECTS, 1)


def test_typed_names_stay_texts(reader: Client, four: list[Project]) -> None:
    assert (
        "<b>"
        not in re.sub(r"<(b|/b)>(?=\d)", "", text_of(reader, "?chart=bubble")).split("<main")[1].split("</main")[0]
    )
    assert file_of(reader, "?chart=bubble")[1][0] == "'=Delta <b>"
    assert file_of(reader, f"?chart=profile&p={four[3].slug}")[1][0] == "'=Delta <b>"
    hover = page_of(reader, "?chart=bubble&x=value&level=none").figure
    assert hover is None


def test_numbers_in_the_file_are_numbers(reader: Client, four: object) -> None:
    row = file_of(reader, "?chart=bubble")[3]
    assert row == ["Gamma", "3", "50.0", "High", "40.0", "60.0", "2026-12-01", "40"]


def test_the_file_has_a_name_that_says_what_it_is(reader: Client, four: object) -> None:
    response = reader.get(f"{DATA}?chart=bubble&x=date&as_of=2026-01-05")
    assert response.headers["Content-Disposition"] == 'attachment; filename="explore-bubble-date-2026-01-05.csv"'


def test_others_see_nothing_of_it(client: Client, four: list[Project], outsider: User) -> None:
    client.force_login(outsider)
    slugs = "&".join(f"p={project.slug}" for project in four[:3])
    for query in (*EVERY, f"?chart=profile&{slugs}", f"?by=project&{slugs}"):
        text = text_of(client, query)
        assert not any(word in text for word in ("Alpha", "Beta", "Gamma", "Delta", "Retail"))
        assert len(file_of(client, query)) <= 5


def test_a_narrowed_member_sees_the_units_they_were_given(
    client: Client, organisation: Organisation, four: list[Project]
) -> None:
    narrowed = make_member(organisation, Role.VIEWER, all_projects=False)
    UnitGrant.objects.create(membership=Membership.objects.get(user=narrowed), unit="Claims")
    client.force_login(narrowed)
    slugs = "&".join(f"p={project.slug}" for project in four[:3])
    for query in (*EVERY, f"?chart=profile&{slugs}", f"?by=project&{slugs}"):
        text = text_of(client, query)
        assert not any(word in text for word in ("Alpha", "Beta", "Gamma", "Retail"))
    assert page_of(client, "?chart=stages").rows[3][-1] == "1"
    assert "3 projects were not found, so the others are shown." in text_of(client, f"?chart=profile&{slugs}")


@pytest.mark.parametrize("address", [PAGE, DATA])
def test_who_may_read_it(client: Client, address: str, four: object, viewer: User, respondent: User) -> None:
    assert client.get(address).status_code == 302
    client.force_login(respondent)
    assert client.get(address).status_code == 403
    client.force_login(viewer)
    assert client.get(address).status_code == 200
    assert client.post(address).status_code == 405


@pytest.mark.parametrize("query", EVERY)
def test_queries_do_not_grow_with_projects(
    reader: Client, organisation: Organisation, owner: User, rate: Rate, query: str, django_assert_max_num_queries: Any
) -> None:
    for _ in range(6):
        rate(reviews=2, unit="Retail")
    reader.get(PAGE + query)
    with django_assert_max_num_queries(14):
        assert reader.get(PAGE + query).status_code == 200


def test_real_answers_are_drawn(reader: Client, organisation: Organisation, owner: User, rate: Rate) -> None:
    project = rate(name="Real", reviews=3, unit="Häuser", planned_value=90, planned_date=date(2027, 5, 1))
    for query in EVERY:
        page = page_of(reader, query)
        assert page.figure["light"]["data"]
    rows = page_of(reader, f"?by=project&p={project.slug}").rows[1:]
    assert len(rows) == 4
