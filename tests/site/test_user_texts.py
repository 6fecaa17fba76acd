"""Texts that people type are shown as text: no payload becomes an element, an attribute or an address."""

from __future__ import annotations

import re

import pytest
from django.http import SimpleCookie
from django.test import Client

from assessments.models import Assessment
from projects.models import Project
from tests.access.dump import dump_tables
from tests.access.test_matrix import ROUTES, ROWS
from tests.access.world import address, build_side, share, signed_in, visited
from tests.site.markup import is_page, parse

pytestmark = pytest.mark.django_db

# Each holds the word xss7, so that it can be found wherever a parser puts it.
PAYLOADS = [
    "<script>xss7()</script>",
    '"><script src=//xss7.example></script>',
    "'><img src=x onerror=xss7()>",
    '" onmouseover="xss7()" x="',
    "' onfocus='xss7()' autofocus='",
    "<svg/onload=xss7()>",
    "</title><script>xss7()</script>",
    "</textarea><script>xss7()</script>",
    "<iframe srcdoc='<script>xss7()</script>'>",
    "<a href=javascript:xss7()>x</a>",
    "javascript:xss7()//",
    "<!--<img src='--><img src=x onerror=xss7()//'>",
    "<b hx-get=/xss7/ hx-trigger=load>x</b>",
    "<math><mi//xlink:href='data:x,<script>xss7()</script>'>",
    "{{ xss7 }}{% csrf_token %}",
    "&lt;script&gt;xss7()&lt;/script&gt;",
    "<details open ontoggle=xss7()>",
    "\u202e<script>xss7()</script>",
    "<style>@import'//xss7.example';</style>",
    "]]><xss7 xmlns='http://www.w3.org/1999/xhtml'/>",
]
# Where a text may stand: what is typed comes back in fields, and names of things in titles.
PLAIN_ATTRIBUTES = {"value", "title", "aria-label"}
OUR_ADDRESS = re.compile(r"/projects/[-a-z0-9_]+/|/portfolio/[a-z]*/?\?[-a-z_]+=[^<>\"'\s]*$|\?[-a-z_]+=[^<>\"'\s]*$")
PAGES = [row.route for row in ROWS if row.method == "GET" and not row.route.startswith("account_")]


def escapes(html: str) -> list[str]:
    """Every place where the payload is more than text."""
    found = []
    for element in parse(html).iter():
        if not isinstance(element.tag, str):
            if "xss7" in str(element.text):
                found.append("in a comment")
            continue
        if "xss7" in element.tag:
            found.append(f"element {element.tag}")
        if element.tag in {"script", "style"} and "xss7" in (element.text or ""):
            found.append(f"inside <{element.tag}>")
        for name, value in element.attrib.items():
            if "xss7" in name:
                found.append(f"attribute {name}")
            elif "xss7" in value and name not in PLAIN_ATTRIBUTES and not is_harmless(element.tag, name, value):
                found.append(f"<{element.tag} {name}={value[:60]!r}>")
    return found


def is_harmless(tag: str, name: str, value: str) -> bool:
    """A link to evidence goes where the person said, over http or https alone. Addresses of this site hold slugs,
    and the filters of the portfolio what was typed, percent-encoded."""
    if OUR_ADDRESS.match(value):
        return (tag, name) in {("a", "href"), ("form", "action"), ("form", "data-save"), ("div", "hx-get")}
    return (tag, name) == ("a", "href") and value.startswith("https://wiki.example.org/")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_payload(payload: str) -> None:
    side = build_side(payload, ends=("", " two"))
    owner, place = side.people["owner"], side.here
    shown = 0
    open_link, token = share(place.snapshot, owner, f"{payload} open")
    for actor, cookies in (("owner", signed_in(owner)), ("share", visited(token))):
        client = Client()
        client.cookies = SimpleCookie(cookies.output(header="", sep=";"))
        for name in PAGES:
            path = address(side, place, ROUTES[name])
            if name == "reports:shared":
                path = f"/shared/{open_link.public_id}/"
            response = client.get(path)
            assert response.status_code < 500, name
            if not is_page(response):
                assert "\n" not in response.headers.get("Content-Disposition", "")
                continue
            html = response.content.decode()
            assert escapes(html) == [], (actor, name)
            if set(payload) & set("<>\"'&"):
                assert payload not in html, (actor, name)
            shown += "xss7" in html
    assert shown >= 15, "the payload must be shown at all"


def test_every_text_field_held_the_payload() -> None:
    """The control: the world of these tests puts the text into every column of text there is."""
    build_side("marker", ends=("", " two"))
    columns = {
        "projects_project": ["name", "goal", "unit", "tags"],
        "assessments_assessment": ["title"],
        "assessments_answer": ["reason", "note", "evidence_title", "evidence_url"],
        "assessments_snapshot": ["label", "body"],
        "reports_report": ["error"],
        "reports_sharelink": ["label"],
        "accounts_organisation": ["name"],
        "accounts_user": ["name"],
        "accounts_apitoken": ["name"],
        "assessments_proposal": ["reason", "note", "evidence_title", "evidence_url", "source"],
    }
    tables = dump_tables()
    for table, names in columns.items():
        texts = [str(value) for row in tables[table] for value in row]
        assert sum("marker" in text for text in texts) >= len(names), table
    assert Project.objects.filter(goal__contains="marker", unit__contains="marker").exists()
    assert Assessment.objects.filter(title__contains="marker").exists()


def test_the_check_finds_what_it_looks_for() -> None:
    for payload in PAYLOADS:
        if "<" in payload and "&lt;" not in payload and "{" not in payload:
            assert escapes(f'<html><body><p>{payload}</p><input value="{payload}"></body></html>'), payload
