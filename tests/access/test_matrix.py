"""Who may do what, held against a table that a person wrote.

`tests/access_matrix.csv` has a line for every route and method and a column for every actor. A cell is a status, or
three: for something of one's own project, of another project of the same organisation, of another organisation ("-"
where there is no such thing). `login` is a redirect to the sign-in page.

The actors: `narrowed` is an editor whom a grant on the first project makes a viewer there. `granted` is a respondent
who sees the first project alone. `memberless` is signed in and in no organisation. `disabled` was deactivated with a
live session. `outsider` owns the other organisation. `share` and `dead_share` carry the cookie of a share link of the
first project, live and revoked.

The interface for programs has a table of its own, `tests/api_matrix.csv`: see `tests/api/test_access.py`.

The effects: `read` and `none` leave every table as it was, whoever asks; `session` may touch what signing in touches,
and nothing else; `write` changes something, and nothing when it is refused.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.db import transaction
from django.db.models import CharField, Value
from django.http import SimpleCookie
from django.test import Client
from django.urls import reverse

from accounts.models import ApiToken, Invitation, Membership
from accounts.roles import PERMISSIONS, Permission, Role
from assessments.models import Answer, AnswerChange, Assessment, Proposal, Snapshot
from projects.models import Project, ProjectQuerySet
from reports.models import Report, ShareLink
from tests.access.answers import text_of
from tests.access.dump import changed_tables, dump_tables
from tests.access.routes import Route, all_routes, declared_methods, is_of_interface
from tests.access.world import Place, Side, World, address, body_for, prepare
from tests.site.markup import Response

TABLE = Path(__file__).parent.parent / "access_matrix.csv"
RELATIONS = ("own project", "other project", "other organisation")
# Sign-in times, the list of sessions, and the address to which a mail for a lost password went.
SESSION_TABLES = {"accounts_user", "usersessions_usersession", "account_emailaddress"}
WITH_OBJECT = {"slug", "membership_id", "invitation_id", "token_id"}
# Whoever holds the address may read the page, so it names its organisation to everybody.
OPEN_BY_ADDRESS = {"accounts:invitation"}
# The owner of an organisation has nothing to do there; tests below show that the right person has.
# What leaves as a file is noted in the trail.
AUDITED = {"transfers:export"}
NOT_FOR_OWNERS = {"accounts:setup", "accounts:invitation", "reports:shared", "reports:shared_pdf"}

pytestmark = pytest.mark.django_db

ROUTES = {route.name: route for route in all_routes() if not is_of_interface(route.name)}


@dataclass(frozen=True)
class Row:
    route: str
    method: str
    effect: str
    cells: dict[str, tuple[str, ...]]

    def __str__(self) -> str:
        return f"{self.method} {self.route}"


def read_table() -> list[Row]:
    with TABLE.open(newline="") as file:
        return [
            Row(
                line.pop("route"),
                line.pop("method"),
                line.pop("effect"),
                {actor: tuple(cell.split("/")) for actor, cell in line.items()},
            )
            for line in csv.DictReader(file)
        ]


ROWS = read_table()
ACTORS = tuple(ROWS[0].cells)


def test_every_route_and_method_has_a_line() -> None:
    declared = {name: declared_methods(route) for name, route in ROUTES.items()}
    assert not [name for name, methods in declared.items() if methods is None], "views that declare no methods"
    wanted = {(name, method) for name, methods in declared.items() for method in methods or () if method != "HEAD"}
    written = [(row.route, row.method) for row in ROWS]
    assert sorted(wanted - set(written)) == [], "routes or methods without a line"
    assert sorted(set(written) - wanted) == [], "lines without a route or method"
    assert len(written) == len(set(written)), "lines that come twice"


def test_every_reading_view_answers_head() -> None:
    for route in ROUTES.values():
        methods = declared_methods(route) or frozenset()
        assert ("GET" in methods) == ("HEAD" in methods), route.name


def test_the_table_is_complete() -> None:
    for row in ROWS:
        assert row.effect in {"read", "write", "session", "none"}, row
        assert (row.method == "GET") == (row.effect == "read") or row.route in AUDITED, row
        for actor, cell in row.cells.items():
            assert len(cell) in {1, 3}, (row, actor)
            assert all(status == "-" or status == "login" or status.isdigit() for status in cell), (row, actor)
        if WITH_OBJECT & set(ROUTES[row.route].arguments):
            assert len(row.cells["owner"]) == 3, f"{row}: something of another organisation must be asked for"


def test_the_owner_is_let_in_everywhere() -> None:
    """So that a refusal elsewhere says something about the actor and not about a broken request."""
    closed = {row.route for row in ROWS if row.cells["owner"][0] not in {"200", "201", "302", "303"}}
    assert closed - {"account_logout"} == NOT_FOR_OWNERS


def test_there_is_something_to_leak(world: World) -> None:
    foreign: dict[Any, Any] = {
        Project: {"organisation": world.south.organisation},
        Assessment: {"project__organisation": world.south.organisation},
        Answer: {"respondent__assessment__project__organisation": world.south.organisation},
        AnswerChange: {"assessment__project__organisation": world.south.organisation},
        Snapshot: {"project__organisation": world.south.organisation},
        Report: {"snapshot__project__organisation": world.south.organisation},
        ShareLink: {"snapshot__project__organisation": world.south.organisation},
        Membership: {"organisation": world.south.organisation},
        Invitation: {"organisation": world.south.organisation},
        ApiToken: {"membership__organisation": world.south.organisation},
        Proposal: {"assessment__project__organisation": world.south.organisation},
    }
    for model, condition in foreign.items():
        assert model._default_manager.filter(**condition).exists(), model
    assert Answer.objects.filter(note="canary-south-here note").exists()


def places(world: World, cell: tuple[str, ...], actor: str) -> list[tuple[str, str, Side, Place]]:
    """What is asked for, with the expected status: up to three objects for each actor."""
    north, south = world.north, world.south
    found = [(north, north.here), (north, north.there), (south, south.here)]
    if len(cell) == 1:
        cell = (cell[0], cell[0], cell[0])
    if actor == "outsider":
        return [(RELATIONS[2], cell[0], north, north.here)]
    return [
        (relation, status, side, place)
        for relation, status, (side, place) in zip(RELATIONS, cell, found, strict=True)
        if status != "-"
    ]


def ask(world: World, row: Row, route: Route, actor: str, side: Side, place: Place, method: str = "") -> Response:
    client = Client(raise_request_exception=False)
    client.cookies = SimpleCookie(world.cookies.get(actor, SimpleCookie()).output(header="", sep=";"))
    path = address(side, place, route, dead=actor == "dead_share")
    if row.method == "POST":
        return client.post(path, body_for(side, place, row.route))
    return client.generic(method or row.method, path)


def status_of(response: Response) -> str:
    location = response.headers.get("Location", "")
    return "login" if location.startswith(reverse("account_login")) else str(response.status_code)


def may_not_see(row: Row, actor: str) -> list[str]:
    """Words that must be nowhere in what this actor gets."""
    if row.route in OPEN_BY_ADDRESS:
        return ["canary-south project", "canary-north project"]
    if actor == "outsider":
        return ["canary-north"]
    if actor == "share" and row.route.startswith("reports:shared"):
        hidden = ["owner person", "editor person", "-here note", "-here evidence", "-here reader", "other editor"]
        return ["canary-south", "canary-north-there", *hidden]
    if actor in {"anonymous", "disabled", "memberless", "share", "dead_share"}:
        return ["canary-"]
    return ["canary-south", "canary-north-there"] if actor == "granted" else ["canary-south"]


def leaks(row: Row, actor: str, response: Response, path: str) -> list[str]:
    """Foreign words in the body, the headers and the file name. What was asked for may be repeated."""
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    cookies = response.cookies.output()
    said = "\n".join([text_of(response), headers, cookies])
    for echo in (path, quote(path, safe=""), quote(path)):
        said = said.replace(echo, "")
    return [word for word in may_not_see(row, actor) if word in said]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_who_may(world: World, row: Row) -> None:
    problems = problems_of(world, row)
    assert not problems, "\n".join(problems)


def problems_of(world: World, row: Row) -> list[str]:
    """Everything that differs from the table, over all actors and relations. Every request is taken back."""
    route, problems = ROUTES[row.route], []
    for actor, cell in row.cells.items():
        for relation, expected, side, place in places(world, cell, actor):
            cache.clear()
            who = f"{actor}, {relation}"
            with transaction.atomic():
                prepare(place, row.route)
                before = dump_tables(counters=False) if row.effect != "read" else {}
                response = ask(world, row, route, actor, side, place)
                if status_of(response) != expected:
                    problems.append(f"{who}: {status_of(response)} instead of {expected}")
                if found := leaks(row, actor, response, address(side, place, route)):
                    problems.append(f"{who}: the answer holds {found}")
                if row.effect != "read":
                    changed = set(changed_tables(before, dump_tables(counters=False)))
                    problems += wrong_effect(row, expected, changed, who)
                transaction.set_rollback(True)
    return problems


@pytest.mark.parametrize("row", [row for row in ROWS if row.effect == "read"], ids=str)
def test_reading_changes_nothing(world: World, row: Row) -> None:
    """All actors one after the other, nothing taken back in between. A share page counts its views."""
    before = dump_tables(counters=False)
    for actor, cell in row.cells.items():
        for _, _, side, place in places(world, cell, actor):
            ask(world, row, ROUTES[row.route], actor, side, place)
    assert changed_tables(before, dump_tables(counters=False)) == []


def row_of(name: str) -> Row:
    return next(row for row in ROWS if str(row) == name)


def test_a_forgotten_filter_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: with the guards taken away, the same checks must fail."""
    everything = Project.objects.annotate(member_role=Value("owner"), grant_role=Value(None, CharField()))
    monkeypatch.setattr(ProjectQuerySet, "visible_to", lambda self, user: everything)
    for name in ("GET assessments:overview", "GET reports:download", "POST projects:archive", "GET reports:all"):
        assert any("holds" in problem or "instead of" in problem for problem in problems_of(world, row_of(name))), name


def test_a_wrong_role_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PERMISSIONS, Role.VIEWER, frozenset(Permission))
    for name in ("POST assessments:save", "POST reports:share", "POST accounts:invite", "GET demo_data"):
        assert any(problem.startswith("viewer") for problem in problems_of(world, row_of(name))), name


def wrong_effect(row: Row, expected: str, changed: set[str], who: str) -> list[str]:
    is_refused = expected == "login" or int(expected) >= 400
    if row.effect == "session":
        return [f"{who}: changed {changed}"] if changed - SESSION_TABLES else []
    if is_refused or row.effect == "none":
        return [f"{who}: changed {changed} although nothing may change"] if changed else []
    return [] if changed else [f"{who}: nothing was written"]


@pytest.mark.parametrize("row", [row for row in ROWS if row.method == "GET"], ids=str)
def test_head_says_the_same(world: World, row: Row) -> None:
    for actor in ("owner", "share", "anonymous"):
        for relation, expected, side, place in places(world, row.cells[actor], actor):
            with transaction.atomic():
                response = ask(world, row, ROUTES[row.route], actor, side, place, "HEAD")
                transaction.set_rollback(True)
            assert status_of(response) == expected, (actor, relation)
            assert text_of(response) == ""


@pytest.mark.parametrize("route", ROUTES.values(), ids=lambda route: route.name)
def test_other_methods_are_refused(world: World, route: Route) -> None:
    """Before anything is looked up, so that a wrong method tells nothing about what exists."""
    allowed = declared_methods(route) or frozenset()
    client = Client(enforce_csrf_checks=False)
    client.cookies = world.cookies["owner"]
    for side, place in ((world.north, world.north.here), (world.south, world.south.here)):
        path = address(side, place, route)
        for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "XYZZY"} - allowed:
            assert client.generic(method, path).status_code == 405, method


def test_the_invitation_opens_for_the_invited_person(world: World) -> None:
    path = reverse("accounts:invitation", args=[world.north.invitation_token])
    client = Client()
    with transaction.atomic():
        client.force_login(world.north.invited)
        assert client.get(path).status_code == 200
        assert client.post(path).status_code == 302
        assert world.north.organisation.memberships.filter(user=world.north.invited).exists()
        transaction.set_rollback(True)


def test_size_of_the_table() -> None:
    """The figure of the README: requests of the matrix, one for each actor and relation."""
    cells = sum(
        sum(status != "-" for status in (cell if len(cell) == 3 else cell * 3)) if actor != "outsider" else 1
        for row in ROWS
        for actor, cell in row.cells.items()
    )
    assert len(ACTORS) == 12
    assert cells >= 2000, cells
