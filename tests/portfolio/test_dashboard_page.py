"""The executive's page: what it says, what it leaves unsaid, whom it lets in, and what it costs."""

from __future__ import annotations

import gzip
import random
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Organisation, User
from accounts.roles import Role
from portfolio import pages
from portfolio.views import export
from projects.models import Project, ProjectFigures
from projects.services import archive_project
from tests.make import make_member, make_organisation, make_project
from tests.portfolio.conftest import Rate, make_rated, set_figures
from tests.site.cases import signed_in, text
from tests.site.markup import faults

pytestmark = pytest.mark.django_db


def page(user: User, query: str = "") -> str:
    response = signed_in(user).get(f"/portfolio/{query}")
    assert response.status_code == 200
    assert faults(response.content) == []
    return unescape(text(response))


def names(html: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="[^"]+" title="([^"]+)"', html.split("</table>")[0])


def test_who_may_see_it(organisation: Organisation, owner: User) -> None:
    for role, status in ((Role.OWNER, 200), (Role.EDITOR, 200), (Role.VIEWER, 200), (Role.RESPONDENT, 403)):
        assert signed_in(make_member(organisation, role)).get("/portfolio/").status_code == status
    guest = Client().get("/portfolio/")
    assert guest.status_code == 302
    assert guest.headers["Location"].startswith(reverse("account_login"))
    for method in ("post", "put", "delete", "patch", "options"):
        assert getattr(signed_in(owner), method)("/portfolio/").status_code == 405


def test_home_leads_where_one_reads(organisation: Organisation, owner: User) -> None:
    assert signed_in(owner).get("/").headers["Location"] == "/portfolio/"
    respondent = make_member(organisation, Role.RESPONDENT)
    assert signed_in(respondent).get("/").headers["Location"] == "/projects/"
    assert "/portfolio/" not in text(signed_in(respondent).get("/projects/"))


def test_no_project_yet(owner: User, viewer: User) -> None:
    html = page(owner)
    assert "No projects yet" in html
    assert 'href="/projects/new/"' in html
    assert "kpis" not in html
    assert "no project is shared with you yet" in page(viewer)


def test_a_few_projects_have_no_distribution(organisation: Organisation, owner: User) -> None:
    for number in range(4):
        make_project(organisation, owner, name=f"P{number}")
    html = page(owner)
    assert "Four projects have too few answers for a level" in html
    assert 'class="ds"' not in html
    make_project(organisation, owner)
    assert 'class="ds"' in page(owner)


def test_what_is_not_known_is_never_green(organisation: Organisation, owner: User) -> None:
    project = make_project(organisation, owner, name="Open")
    cells = [[None, 0.0, 100.0, 0, 0, 0], [10.0, 0.0, 100.0, 0, 1, 9]] + [[5.0, 5.0, 5.0, 1, 9, 9]] * 4
    set_figures(project, index=4.0, low=0.0, high=100.0, level=0, answered=37, due=45, cells=cells)
    row = page(owner).split("<tbody>")[1].split("</tr>")[0]
    assert "too early for a level" in row
    assert re.findall(r'class="c (\w+)"', row) == ["none", "none", *["lv1"] * 4]
    assert "nothing is due yet" in row
    assert "0–100" in row
    assert ">4<" not in row


def test_few_answers_make_a_level_preliminary(organisation: Organisation, owner: User) -> None:
    for name, answered in (("Some", 39), ("Most", 40)):
        project = make_project(organisation, owner, name=name)
        set_figures(project, index=60.0, low=55.0, high=70.0, level=3, answered=answered, due=50)
    html = page(owner)
    assert html.count("prelim.") == 1
    assert 'title="preliminary: 39 of 50 questions answered"' in html


def test_names_are_text(organisation: Organisation, owner: User) -> None:
    nasty = """<img src=x onerror=alert(1)>"'&"""
    make_project(organisation, owner, name=nasty, unit="<b>unit</b>", tags=["<i>tag</i>"])
    raw = text(signed_in(owner).get("/portfolio/"))
    assert "<img" not in raw
    assert "<b>unit" not in raw
    assert "<i>tag" not in raw
    assert "&lt;img" in raw


def test_filters_in_the_address(rate: Rate, owner: User) -> None:
    first, second = rate(name="Alpha", unit="Retail"), rate(name="Beta", unit="Energy")
    assert names(page(owner, "?unit=Retail")) == ["Alpha"]
    assert names(page(owner, "?find=bet")) == ["Beta"]
    html = page(owner, "?find=zzz")
    assert "No project matches." in html
    assert 'href="/portfolio/"' in html
    set_figures(first, level=4, index=90.0, low=88.0, high=95.0)
    set_figures(second, level=1, index=9.0, low=8.0, high=15.0)
    html = page(owner, "?level=critical")
    assert names(html) == ["Alpha"]
    assert "1 project of 2" in html


def test_nonsense_is_said_and_left_out(rate: Rate, owner: User) -> None:
    rate(name="Alpha")
    html = page(owner, "?level=purple&as_of=yesterday&page=99&owner=me&sort=wealth")
    assert names(html) == ["Alpha"]
    for said in ("There is no level “purple”", "As of: a day such as", "Owner: a whole number", "no order “wealth”"):
        assert said in html


@pytest.mark.parametrize("query", ["?find=%00", "?find=%ff", "?tag=%ed%a0%80", "?find=" + "x" * 1_000_000])
def test_what_no_database_can_read_is_refused(owner: User, query: str) -> None:
    assert signed_in(owner).get(f"/portfolio/{query}").status_code == 400


def test_the_past(rate: Rate, owner: User) -> None:
    project = rate(name="Alpha", reviews=2)
    day = (timezone.now() - timedelta(days=30)).date()
    snapshot = project.snapshots.order_by("number").first()
    html = page(owner, f"?as_of={day}")
    assert f"As of {day.day} {day:%b %Y}" in html
    assert f"/projects/{project.slug}/snapshots/{snapshot.public_id}/" in html
    assert f"/projects/{project.slug}/results/" not in html.split("</table>")[0]
    empty = page(owner, "?as_of=2001-01-01")
    first_day = snapshot.taken_at.date()
    assert "No result was frozen by 1 Jan 2001." in empty
    assert f"The first one is of {first_day.day} {first_day:%b %Y}." in empty


def test_a_driver_lists_its_projects(rate: Rate, owner: User) -> None:
    for number in range(3):
        rate(name=f"P{number}")
    html = page(owner)
    query = re.search(r'class="list drivers"><li><a href="([^"]+)"', html)
    assert query
    listed = page(owner, query.group(1))
    question = query.group(1).partition("open=")[2]
    having = Project.objects.filter(figures__is_current=True, figures__open_questions__contains=f" {question} ")
    assert sorted(names(listed)) == sorted(having.values_list("name", flat=True))
    assert "is at one of its two worst answers" in listed or not having


def test_columns_sort_and_say_so(rate: Rate, owner: User) -> None:
    rate()
    html = page(owner)
    assert 'aria-sort="descending"><a href="?sort=-worst"' in html
    assert 'aria-sort="ascending"><a href="?sort=-name"' in page(owner, "?sort=name")
    assert 'aria-sort="descending"><a href="?sort=name"' in page(owner, "?sort=-name")


def test_only_what_the_reader_may_see(rate: Rate, owner: User, viewer: User) -> None:
    rate(name="Alpha", unit="Retail")
    rate(name="Beta", unit="Energy")
    Membership.objects.filter(user=viewer).update(all_projects=False)
    Membership.objects.get(user=viewer).unit_grants.create(unit="Retail")
    html = page(viewer)
    assert names(html) == ["Alpha"]
    assert "Beta" not in html
    assert "Energy" not in html


def test_queries_are_the_same_for_few_and_many(
    organisation: Organisation, owner: User, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that is drawn anew: who reads, newest change, page, its history and names; figures and page are kept."""
    monkeypatch.setattr(pages, "_is_fresh", lambda kept, at: False)
    chance = random.Random(1)
    make_rated(organisation, owner, chance, reviews=1)
    client = signed_in(owner)
    for count in (0, 12):
        for _ in range(count):
            make_rated(organisation, owner, chance, reviews=1)
        for query, expected, kept in (("", 8, 2), ("?find=P", 9, 2), (f"?owner={owner.pk}", 9, 3)):
            client.get(f"/portfolio/{query}")
            monkeypatch.setattr(pages.caches[pages.CACHE], "set", lambda *values: None)
            with django_assert_num_queries(expected + (0 if settings.REDIS_URL else kept)):
                client.get(f"/portfolio/{query}")
            monkeypatch.undo()
            monkeypatch.setattr(pages, "_is_fresh", lambda kept, at: False)


class TestKeptPage:
    def test_a_second_look_costs_five_queries(self, rate: Rate, owner: User, django_assert_num_queries: Any) -> None:
        rate()
        client = signed_in(owner)
        ProjectFigures.objects.update(changed_at=timezone.now() - timedelta(minutes=1))
        first = client.get("/portfolio/").content
        with django_assert_num_queries(4 if settings.REDIS_URL else 5):
            assert client.get("/portfolio/").content == first

    def test_every_change_draws_it_anew(self, rate: Rate, organisation: Organisation, owner: User) -> None:
        project = rate(name="Alpha")
        client = signed_in(owner)
        assert names(text(client.get("/portfolio/"))) == ["Alpha"]
        rate(name="Beta")
        assert sorted(names(text(client.get("/portfolio/")))) == ["Alpha", "Beta"]
        archive_project(project=project, by=owner, at=timezone.now())
        assert names(text(client.get("/portfolio/"))) == ["Beta"]

    def test_no_page_of_another_reader(self, rate: Rate, owner: User, viewer: User) -> None:
        rate(name="Alpha", unit="Retail")
        rate(name="Beta")
        assert sorted(names(page(owner))) == ["Alpha", "Beta"]
        Membership.objects.filter(user=viewer).update(all_projects=False)
        assert "Alpha" not in page(viewer)
        Membership.objects.get(user=viewer).unit_grants.create(unit="Retail")
        assert names(page(viewer)) == ["Alpha"]
        assert "New project" not in page(viewer)
        Membership.objects.filter(user=viewer).update(role=Role.EDITOR)
        assert "New project" in page(viewer)
        Membership.objects.filter(user=viewer).update(role=Role.RESPONDENT)
        assert signed_in(viewer).get("/portfolio/").status_code == 403

    def test_a_message_is_said_once(self, rate: Rate, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
        rate()
        rate()
        client = signed_in(owner)
        monkeypatch.setattr(export, "MOST_XLSX_ROWS", 1)
        client.get("/portfolio/")
        client.get("/portfolio/projects.xlsx")
        assert "Take the CSV file." in text(client.get("/portfolio/"))
        assert "Take the CSV file." not in text(client.get("/portfolio/"))

    def test_packed_only_for_who_unpacks(self, rate: Rate, owner: User) -> None:
        rate(name="Alpha")
        client = signed_in(owner)
        for _ in range(2):
            packed = client.get("/portfolio/", headers={"Accept-Encoding": "br, gzip"})
            plain = client.get("/portfolio/")
            assert packed.headers["Content-Encoding"] == "gzip"
            assert "Content-Encoding" not in plain.headers
            assert gzip.decompress(packed.content) == plain.content
            assert "Accept-Encoding" in packed.headers["Vary"]


def test_fifty_rows_fit_the_budget(organisation: Organisation, owner: User) -> None:
    chance = random.Random(2)
    project = make_rated(organisation, owner, chance, reviews=3)
    figures = project.figures.get(is_current=True)
    for number in range(49):
        other = make_project(organisation, owner, name=f"A project with a name of usual length {number}")
        set_figures(
            other, index=chance.uniform(20, 90), low=15.0, high=95.0, level=3, answered=50, due=50, cells=figures.cells
        )
    response = signed_in(owner).get("/portfolio/", headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert len(response.content) <= 45_000
    html = gzip.decompress(response.content).decode()
    assert len(names(html)) == 50
    assert html.count("<") / 2 < 3000
    assert "plotly" not in html.lower()


def test_an_outsider_sees_another_portfolio(rate: Rate, owner: User) -> None:
    rate(name="Alpha")
    stranger = make_member(make_organisation("Elsewhere"), Role.OWNER)
    assert "Alpha" not in page(stranger)
