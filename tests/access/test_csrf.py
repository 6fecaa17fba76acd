"""No form works without its token, or from another site, and no view is left out of that."""

from __future__ import annotations

import pytest
from django.http import SimpleCookie
from django.test import Client
from django.urls import reverse

from tests.access.dump import changed_tables, dump_tables
from tests.access.routes import all_routes, is_of_interface
from tests.access.test_matrix import ROUTES, ROWS, Row
from tests.access.world import World, address, body_for

pytestmark = pytest.mark.django_db
WRITES = [row for row in ROWS if row.method != "GET"]
ELSEWHERE = "https://evil.example"


def strict_client(world: World, row: Row) -> Client:
    client = Client(enforce_csrf_checks=True)
    actor = "share" if row.route == "reports:shared" else "owner"
    client.cookies = SimpleCookie(world.cookies[actor].output(header="", sep=";"))
    return client


@pytest.mark.parametrize("row", WRITES, ids=str)
def test_without_a_token(world: World, row: Row) -> None:
    north, before = world.north, dump_tables()
    path, form = address(north, north.here, ROUTES[row.route]), body_for(north, north.here, row.route)
    client = strict_client(world, row)
    assert client.post(path, form).status_code == 403
    client.cookies["csrftoken"] = "a" * 32
    assert client.post(path, {**form, "csrfmiddlewaretoken": "b" * 32}).status_code == 403
    assert changed_tables(before, dump_tables()) == []


@pytest.mark.parametrize("row", WRITES, ids=str)
def test_from_another_site(world: World, row: Row) -> None:
    """With a valid token, so that the origin alone refuses it."""
    north, before = world.north, dump_tables()
    path, form = address(north, north.here, ROUTES[row.route]), body_for(north, north.here, row.route)
    client = strict_client(world, row)
    token = "a" * 32
    client.cookies["csrftoken"] = token
    form["csrfmiddlewaretoken"] = token
    assert client.post(path, form, headers={"origin": ELSEWHERE}).status_code == 403
    assert changed_tables(before, dump_tables()) == []


def test_the_token_of_the_page_works(world: World) -> None:
    """The control: the same strict browser gets through with what the page gave it."""
    row = next(row for row in WRITES if row.route == "assessments:snapshots")
    client = strict_client(world, row)
    path = reverse("assessments:snapshots", args=[world.north.here.project.slug])
    token = client.get(path).context["csrf_token"]
    assert client.post(path, {"label": "Frozen", "csrfmiddlewaretoken": str(token)}).status_code == 302


def test_no_view_is_exempt() -> None:
    """But for the interface, which asks for the token where it meets a session: `tests/api/test_credentials.py`."""
    exempt = {route.name for route in all_routes() if getattr(route.view, "csrf_exempt", False)}
    assert exempt == {route.name for route in all_routes() if is_of_interface(route.name)}


def test_a_script_is_told_to_renew_its_token(world: World) -> None:
    row = next(row for row in WRITES if row.route == "assessments:save")
    client, here = strict_client(world, row), world.north.here
    path = reverse("assessments:save", args=[here.project.slug, "problem.statement"])
    response = client.post(path, {"choice": "1", "revision": "1"}, headers={"accept": "application/json"})
    assert response.status_code == 403
    assert response.json()["renew"] is True
