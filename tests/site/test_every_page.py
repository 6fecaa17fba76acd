"""Every page of every role: clean HTML, and the headers that a browser needs to keep it safe."""

from __future__ import annotations

import re

import pytest
from django.http import SimpleCookie
from django.test import Client, override_settings

from tests.access.routes import all_routes, is_of_interface
from tests.access.test_matrix import ROUTES, ROWS
from tests.access.world import World, address, body_for
from tests.make import PASSWORD
from tests.site.markup import Response, faults, is_page

pytestmark = pytest.mark.django_db

ROLES = ("owner", "editor", "respondent", "viewer", "granted", "memberless", "share", "anonymous")
PAGES = [row.route for row in ROWS if row.method == "GET"]
FORMS = [row.route for row in ROWS if row.method == "POST"]


def browser(world: World, actor: str) -> Client:
    client = Client(raise_request_exception=False)
    client.cookies = SimpleCookie(world.cookies[actor].output(header="", sep=";"))
    return client


def check_headers(response: Response, *, scripts: str = "'self'") -> None:
    headers = response.headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == scripts
    assert policy["style-src"] == policy["form-action"] == "'self'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert not re.search(r"https?:|\*", headers["Content-Security-Policy"])
    assert headers["X-Content-Type-Options"] == "nosniff"
    # An address that is refused before any view is found says it in the policy alone (frame-ancestors).
    assert headers.get("X-Frame-Options", "DENY" if response.status_code == 400 else "") == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] in {"same-origin", "no-referrer"}
    assert "camera=()" in headers["Permissions-Policy"]
    assert "no-store" in headers["Cache-Control"]
    assert "Server" not in headers
    assert "X-Powered-By" not in headers


@pytest.mark.parametrize("name", PAGES)
def test_page(world: World, name: str) -> None:
    pages = 0
    for actor in ROLES:
        response = browser(world, actor).get(address(world.north, world.north.here, ROUTES[name]))
        shared = name in {"reports:exchange", "reports:shared", "reports:shared_pdf"}
        check_headers(response, scripts="'none'" if shared else "'self'")
        if is_page(response):
            assert faults(response.content) == [], actor
            pages += 1
    assert pages or name in {"home", "healthz", "api:openapi",
        "readyz", "assessments:resume", "reports:exchange", "reports:download",
                             "account_reset_password_from_key", "account_set_password"}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_answers_to_forms(world: World, name: str) -> None:
    """Sent empty and sent well: both answers are clean pages, or a redirect."""
    shared = name == "reports:shared"
    for form in ({}, body_for(world.north, world.north.here, name)):
        client = browser(world, "share" if shared else "owner")
        response = client.post(address(world.north, world.north.here, ROUTES[name]), form)
        check_headers(response, scripts="'none'" if shared else "'self'")
        assert response.status_code < 500
        if is_page(response):
            assert faults(response.content) == []


def test_refusals(world: World) -> None:
    """400, 403 of a token, 404 and 405 carry the same headers."""
    client = browser(world, "owner")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    answers = {
        400: client.get("/projects/?find=%00"),
        403: strict.post("/projects/new/", {"name": "x"}),
        404: client.get("/nowhere/"),
        405: client.put("/projects/"),
    }
    for status, response in answers.items():
        assert response.status_code == status
        check_headers(response)
        if is_page(response):
            assert faults(response.content) == [], status
    assert b"Please save again" in answers[403].content


def test_an_error_page_tells_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("canary-secret-in-the-message")

    monkeypatch.setattr("projects.views.list.member_of", broken)
    response = browser(world, "owner").get("/projects/")
    assert response.status_code == 500
    assert b"canary-secret" not in response.content
    assert b"Traceback" not in response.content
    assert faults(response.content) == []
    check_headers(response)


def test_a_foreign_host_is_refused(world: World) -> None:
    response = browser(world, "owner").get("/projects/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert b"evil.example" not in response.content


@override_settings(SECURE_SSL_REDIRECT=True, SECURE_HSTS_SECONDS=63_072_000, SECURE_HSTS_INCLUDE_SUBDOMAINS=True)
def test_over_https(world: World) -> None:
    client = browser(world, "owner")
    assert client.get("/projects/").status_code == 301
    response = client.get("/projects/", secure=True)
    assert response.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
    assert Client().get("/readyz").status_code == 200


def test_cookies(world: World) -> None:
    client = Client()
    page = client.get("/accounts/login/")
    assert page.cookies["csrftoken"]["httponly"]
    assert page.cookies["csrftoken"]["samesite"] == "Strict"
    owner = world.north.people["owner"]
    response = client.post("/accounts/login/", {"login": owner.email, "password": PASSWORD})
    assert response.cookies["sessionid"]["httponly"]
    assert response.cookies["sessionid"]["samesite"] == "Lax"


def test_every_route_was_visited() -> None:
    assert {route.name for route in all_routes() if not is_of_interface(route.name)} == set(PAGES) | set(FORMS)
