"""A board for people without an account: the same words as in the PDF, read only, and nothing else."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Organisation, User
from reports.models import BoardSnapshot, ShareLink
from reports.services import ReportContent, ShareTerms, create_board_link, request_board_report, revoke_share_link
from tests.access.world import make_ready
from tests.reports.board_body import body_with_text, make_board_body
from tests.reports.test_boards import take
from tests.site.cases import text
from tests.site.markup import faults, parse


def link_to(board: BoardSnapshot, owner: User, *, names: bool = False, passphrase: str = "") -> tuple[ShareLink, str]:
    terms = ShareTerms("The board", 30, ReportContent(names, notes=False, evidence=False), passphrase)
    return create_board_link(board=board, terms=terms, by=owner, at=timezone.now())


def visitor(token: str) -> Client:
    client = Client()
    assert client.get(f"/s/{token}/").status_code == 303
    return client


@pytest.fixture
def board(organisation: Organisation, owner: User) -> BoardSnapshot:
    return take(organisation, owner, rows=13)


@pytest.fixture
def shared(board: BoardSnapshot, owner: User) -> tuple[str, Client]:
    link, token = link_to(board, owner)
    return reverse("reports:shared", args=[link.public_id]), visitor(token)


def test_what_it_shows(shared: tuple[str, Client], board: BoardSnapshot) -> None:
    path, client = shared
    response = client.get(path)
    assert response.status_code == 200
    assert faults(response.content) == []
    page = parse(response.content)
    words = " ".join(page.text_content().split())
    for part in (
        "Halden Group",
        "at high or critical risk",
        "Median failure risk",
        "What adds most to the risk",
        "Changes since 30 Sep 2026",
        "Units",
        "How to read this",
        "read only",
        board.sha256,
        "13 projects, in the order of the dashboard.",
    ):
        assert part in words, part  # fmt: skip
    assert len(page.xpath("//table[contains(@class, 'heat')]/tbody/tr")) == 13
    assert len(page.xpath("//h1")) == 1


def test_every_cell_has_words_or_a_number(shared: tuple[str, Client]) -> None:
    path, client = shared
    page = parse(client.get(path).content)
    cells = page.xpath("//td[contains(concat(' ', @class, ' '), ' c ')]")
    assert len(cells) == 13 * 6
    for cell in cells:
        spoken = " ".join("".join(cell.xpath(".//text()[not(ancestor::*[@aria-hidden])]")).split())
        assert re.fullmatch(r"\d{1,3} (Low|Moderate|High|Critical)|not answered|too early", spoken), spoken
        is_level = "lv" in cell.get("class")
        assert is_level == spoken[0].isdigit(), "where no level may be named it is hatched"


def test_names_of_owners_only_where_chosen(board: BoardSnapshot, owner: User) -> None:
    hidden, hidden_token = link_to(board, owner)
    named, named_token = link_to(board, owner, names=True)
    page = text(visitor(hidden_token).get(reverse("reports:shared", args=[hidden.public_id])))
    assert not re.search(r"Owner \d", page)
    assert owner.name not in page
    page = text(visitor(named_token).get(reverse("reports:shared", args=[named.public_id])))
    assert "Owner 3" in page
    assert hidden.report != named.report


def test_no_script_and_no_way_in(shared: tuple[str, Client]) -> None:
    path, client = shared
    response = client.get(path)
    page = text(response)
    assert "<script" not in page
    assert "hx-get" not in page
    assert "hx-post" not in page
    assert all(found.startswith(("/static/", "/shared/")) for found in re.findall(r'href="(/[^"]*)"', page))
    assert "script-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store, private"
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"


def test_the_pdf(shared: tuple[str, Client], board: BoardSnapshot, owner: User, reports_dir: Path) -> None:
    path, client = shared
    full = request_board_report(board=board, names=True, by=owner)
    make_ready(full, b"%PDF with names")
    assert "The PDF is being made" in text(client.get(path))
    assert client.get(f"{path}report.pdf").status_code == 302, "never the one with names"
    report = ShareLink.objects.get().report
    assert report is not None
    make_ready(report, b"%PDF without names")
    assert f"{path}report.pdf" in text(client.get(path))
    response = client.get(f"{path}report.pdf")
    assert response.content == b"%PDF without names"
    assert "no-store" in response.headers["Cache-Control"]
    assert Client().get(f"{path}report.pdf").status_code == 404


def test_nothing_that_came_later(shared: tuple[str, Client], organisation: Organisation, owner: User) -> None:
    path, client = shared
    before = client.get(path).content
    Organisation.objects.update(name="Renamed")
    User.objects.filter(pk=owner.pk).update(name="Renamed Person")
    take(organisation, owner, label="A later board")
    assert client.get(path).content == before


def test_revoked_expired_and_unknown_look_the_same(board: BoardSnapshot, owner: User) -> None:
    unknown = Client().get(reverse("reports:shared", args=["0" * 16]))
    revoked, expired = link_to(board, owner), link_to(board, owner)
    visitors = {link: (visitor(token), token) for link, token in (revoked, expired)}
    revoke_share_link(link=revoked[0], by=owner, at=timezone.now())
    ShareLink.objects.filter(pk=expired[0].pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    for link, (client, token) in visitors.items():
        for path in (reverse("reports:shared", args=[link.public_id]), f"/s/{token}/"):
            response = client.get(path)
            assert (response.status_code, response.content) == (404, unknown.content)


def test_a_passphrase(board: BoardSnapshot, owner: User) -> None:
    link, token = link_to(board, owner, passphrase="a quiet grey heron")
    path, client = reverse("reports:shared", args=[link.public_id]), visitor(token)
    page = text(client.get(path))
    assert "A passphrase, please" in page
    assert "Halden Group" not in page
    assert client.post(path, {"passphrase": "wrong"}).status_code == 422
    assert client.post(path, {"passphrase": "a quiet grey heron"}).status_code == 302
    assert "Halden Group" in text(client.get(path))


def test_views_are_counted(shared: tuple[str, Client]) -> None:
    path, client = shared
    client.get(path)
    client.head(path)
    link = ShareLink.objects.get()
    assert (link.views, link.viewed_at is not None) == (1, True)


@pytest.mark.parametrize("payload", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "W" * 120, "نظام"])
def test_hostile_names_change_no_element(organisation: Organisation, owner: User, payload: str, client: Client) -> None:
    pages = []
    for words in (payload, "x" * len(payload)):
        body = body_with_text(words, rows=2)
        link, token = link_to(take(organisation, owner, body=body), owner, names=True)
        response = visitor(token).get(reverse("reports:shared", args=[link.public_id]))
        assert faults(response.content) == []
        pages.append([element.tag for element in parse(response.content).iter()])
        assert words[:20] in parse(response.content).text_content()
    assert pages[0] == pages[1]


def test_an_empty_board(organisation: Organisation, owner: User) -> None:
    body = make_board_body(0, drivers=[], changes=[], quarters=[], units=[])
    link, token = link_to(take(organisation, owner, body=body), owner)
    response = visitor(token).get(reverse("reports:shared", args=[link.public_id]))
    assert faults(response.content) == []
    assert "No project is in this selection." in text(response)


def test_queries(shared: tuple[str, Client], django_assert_num_queries: DjangoAssertNumQueries) -> None:
    path, client = shared
    client.get(path)
    with django_assert_num_queries(2):
        client.get(path)
