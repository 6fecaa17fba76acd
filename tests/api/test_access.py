"""Who may do what through the interface, held against a table that a person wrote.

`tests/api_matrix.csv` has a line for every route and method and a column for every actor. A cell is a status, or
three: for something of the first project, of another project of the same organisation, of another organisation ("-"
where there is no such thing).

The column `about` says what the request is about: `own` is a proposal that the actor made, and without it one of
somebody else; `archived` is a project that was archived before.

The actors: those of `tests/access/test_matrix.py` with a session; `share` with the cookie of a share link. Then
tokens: `all` has every scope, `read_portfolio` to `admin` have that one, and all of them belong to the owner.
`viewer_all`, `editor_all` and `granted_all` have every scope and belong to these people. `revoked` and `expired` are
over, the person of `removed` has left the organisation, the one of `deactivated` cannot sign in any more.

The effects: `read` leaves every table as it was, whoever asks; `write` changes something, and nothing when it is
refused; `none` never changes anything; `noted` reads and leaves a line in the trail, and nothing else. When a token was
last used is left out.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.db import transaction
from django.db.models import CharField, Value

from accounts.models import ApiToken
from accounts.roles import PERMISSIONS, SCOPE_ALLOWS, Permission, Role, Scope
from assessments.models import Proposal
from projects.models import Outcome, Project, ProjectQuerySet
from tests.access.answers import text_of
from tests.access.dump import Dump, changed_tables, dump_tables
from tests.access.routes import declared_methods
from tests.access.world import Place, Side
from tests.api.problems import wrong_shape
from tests.api.world import ROUTES, USE_OF_TOKENS, Actor, ApiWorld, address, body_for, prepare

TABLE = Path(__file__).parent.parent / "api_matrix.csv"
RELATIONS = ("first project", "other project", "other organisation")
WITH_OBJECT = {"slug", "organisation_id"}
EFFECTS = {"read", "write", "none", "noted"}
TRAIL = "accounts_auditevent"
# They see nothing of any organisation, whatever they ask for.
STRANGERS = {"anonymous", "memberless", "disabled", "share", "revoked", "expired", "removed", "deactivated"}

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Row:
    route: str
    method: str
    about: str
    effect: str
    cells: dict[str, tuple[str, ...]]

    def __str__(self) -> str:
        return " ".join(part for part in (self.method, self.route.removeprefix("api:"), self.about) if part)

    @property
    def has_object(self) -> bool:
        return bool(WITH_OBJECT & set(ROUTES[self.route].arguments))

    @property
    def is_open(self) -> bool:
        """Whether the token that may do everything gets it."""
        return self.cells["all"][0].startswith("2")


def read_table() -> list[Row]:
    with TABLE.open(newline="") as file:
        return [
            Row(
                line.pop("route"),
                line.pop("method"),
                line.pop("about"),
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
    written = [(row.route, row.method, row.about) for row in ROWS]
    assert sorted(wanted - {line[:2] for line in written}) == [], "routes or methods without a line"
    assert sorted({line[:2] for line in written} - wanted) == [], "lines without a route or method"
    assert len(written) == len(set(written)), "lines that come twice"


def test_every_reading_operation_answers_head() -> None:
    """But for those that are noted: a look at their headers would be noted as if something had been taken along."""
    noted = {row.route for row in ROWS if row.effect == "noted"}
    for route in ROUTES.values():
        methods = declared_methods(route) or frozenset()
        assert ("GET" in methods and route.name not in noted) == ("HEAD" in methods), route.name


def test_the_table_is_complete() -> None:
    for row in ROWS:
        assert row.effect in EFFECTS, row
        assert (row.method == "GET") == (row.effect in {"read", "noted"}), row
        assert row.about in {"", "own", "archived"}, row
        for actor, cell in row.cells.items():
            assert len(cell) in {1, 3}, (row, actor)
            assert all(status == "-" or status.isdigit() for status in cell), (row, actor)
            assert actor not in STRANGERS or {status[0] for status in cell} == {"4"}, (row, actor)
        if row.has_object:
            assert len(row.cells["all"]) == 3 or not row.is_open, f"{row}: something foreign must be asked for"


def test_somebody_is_let_in_everywhere() -> None:
    """So that a refusal elsewhere says something about the actor and not about a broken request."""
    assert {(row.route, row.method) for row in ROWS if row.is_open} == {(row.route, row.method) for row in ROWS}


def test_all_actors_are_there(api_world: ApiWorld) -> None:
    assert set(ACTORS) == set(api_world.actors)
    for scope in Scope.values:
        token = api_world.actors[scope].token
        assert token is not None
        assert token.scopes == [scope]


def test_there_is_something_to_leak(api_world: ApiWorld) -> None:
    """The tables of the pages are covered by their own test."""
    south = api_world.south.organisation
    assert ApiToken.objects.filter(membership__organisation=south).exists()
    assert Outcome.objects.filter(project__organisation=south, sentence__contains="canary-south-here").exists()
    assert Proposal.objects.filter(assessment__project__organisation=south, note="canary-south-here offer").exists()


def places(world: ApiWorld, row: Row) -> list[tuple[int, Side, Place]]:
    """What is asked for: up to three objects, by the number of the relation."""
    north, south = world.north, world.south
    found = [(0, north, north.here), (1, north, north.there), (2, south, south.here)]
    return found if row.has_object else found[:1]


def cell_of(row: Row, actor: str, relation: int) -> str:
    """The expected status, "-" for what is not asked. An outsider asks for the first organisation alone."""
    cell = row.cells[actor]
    if actor == "outsider":
        return cell[0] if relation == 0 else "-"
    return cell[0] if len(cell) == 1 else cell[relation]


def ask(world: ApiWorld, row: Row, actor: Actor, name: str, place: Place, method: str = "") -> Any:
    path = address(world, place, row.route, proposer=name if row.about == "own" else "")
    body = body_for(actor.home, place, row.route, row.method)
    return actor.client().send(method or row.method, path, body)


def may_not_see(actor: str, status: str) -> list[str]:
    """Words that must be nowhere in what this actor gets. A refusal tells nothing of anybody."""
    if actor in STRANGERS or not status.startswith("2"):
        return ["canary-"]
    if actor == "outsider":
        return ["canary-north"]
    return ["canary-south", "canary-north-there"] if actor.startswith("granted") else ["canary-south"]


def unpacked(response: Any) -> str:
    """The body as text, also of a ZIP file."""
    if response.headers.get("Content-Type") != "application/zip":
        return text_of(response)
    with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as archive:
        return "\n".join(archive.read(name).decode() for name in archive.namelist())


def leaks(actor: str, status: str, response: Any, path: str) -> list[str]:
    """Foreign words in the body, the headers and the cookies. The address that was asked for may be repeated."""
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    said = "\n".join([unpacked(response), headers, response.cookies.output()])
    for echo in (path, quote(path, safe="")):
        said = said.replace(echo, "")
    return [word for word in may_not_see(actor, status) if word in said]


def wrong_effect(row: Row, expected: str, changed: list[str]) -> str:
    if row.effect == "noted" and expected.startswith("2"):
        return "" if changed == [TRAIL] else f"changed {changed} instead of the trail"
    if not expected.startswith("2") or row.effect != "write":
        return f"changed {changed} although nothing may change" if changed else ""
    return "" if changed else "nothing was written"


def dumped() -> Dump:
    return dump_tables(hidden=USE_OF_TOKENS)


def problems_of(world: ApiWorld, row: Row, actors: Collection[str] = ACTORS) -> list[str]:
    """Everything that differs from the table, over the actors and all relations. Every request is taken back."""
    problems = []
    for relation, _, place in places(world, row):
        with transaction.atomic():
            prepare(place, row.route, row.method, row.about)
            before = dumped()
            for name in actors:
                expected, actor = cell_of(row, name, relation), world.actors[name]
                if expected == "-":
                    continue
                cache.clear()
                with transaction.atomic():
                    response = ask(world, row, actor, name, place)
                    changed = changed_tables(before, dumped())
                    transaction.set_rollback(True)
                status = str(response.status_code)
                found = [
                    f"{status} instead of {expected}" if status != expected else "",
                    f"the answer holds {held}" if (held := leaks(name, status, response, place.project.slug)) else "",
                    wrong_effect(row, expected, changed),
                    wrong_shape(response),
                ]
                problems += [f"{name}, {RELATIONS[relation]}: {what}" for what in found if what]
            transaction.set_rollback(True)
    return problems


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_who_may(api_world: ApiWorld, row: Row) -> None:
    problems = problems_of(api_world, row)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("row", [row for row in ROWS if row.effect == "read"], ids=str)
def test_head_says_the_same(api_world: ApiWorld, row: Row) -> None:
    for name in ("owner", "all", "anonymous"):
        for relation, _, place in places(api_world, row):
            expected = cell_of(row, name, relation)
            if expected == "-":
                continue
            actor = api_world.actors[name]
            whole, head = (ask(api_world, row, actor, name, place, method) for method in ("GET", "HEAD"))
            assert str(head.status_code) == expected, (name, relation)
            assert text_of(head) == ""
            assert head.headers.get("ETag") == whole.headers.get("ETag")


@pytest.mark.parametrize("route", ROUTES.values(), ids=lambda route: route.name)
def test_other_methods_are_refused(api_world: ApiWorld, route: Any) -> None:
    """Before anything is looked up, so that a wrong method tells nothing about what exists."""
    allowed = declared_methods(route) or frozenset()
    for name in ("all", "owner"):
        client = api_world.actors[name].client()
        for place in (api_world.north.here, api_world.south.here):
            path = address(api_world, place, route.name)
            for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "XYZZY"} - allowed:
                response = client.send(method, path)
                assert response.status_code == 405, method
                assert {part.strip() for part in response.headers["Allow"].split(",")} == allowed
                assert wrong_shape(response) == ""


def row_of(name: str) -> Row:
    return next(row for row in ROWS if str(row) == name)


def test_a_forgotten_filter_is_noticed(api_world: ApiWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: with the guards taken away, the same checks must fail. Of a project, a token has a second guard."""
    everything = Project.objects.annotate(member_role=Value("owner"), grant_role=Value(None, CharField()))
    monkeypatch.setattr(ProjectQuerySet, "visible_to", lambda self, user: everything)
    monkeypatch.setattr(ProjectQuerySet, "in_sight_of", lambda self, membership: self)
    for name in ("GET project", "GET report_file", "GET changes", "DELETE share_link"):
        assert any("instead of" in problem for problem in problems_of(api_world, row_of(name), ["owner"])), name
        assert not problems_of(api_world, row_of(name), ["all"]), name
    for actor in ("all", "owner"):
        for name in ("GET projects", "GET outcomes"):
            assert any("holds" in problem for problem in problems_of(api_world, row_of(name), [actor])), name


def test_a_wrong_role_is_noticed(api_world: ApiWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PERMISSIONS, Role.VIEWER, frozenset(Permission))
    for name in ("PUT answer", "POST share_links", "POST projects", "GET members", "GET activity"):
        for actor in ("viewer", "viewer_all"):
            assert any("instead of 403" in problem for problem in problems_of(api_world, row_of(name), [actor])), name


def test_a_wrong_scope_is_noticed(api_world: ApiWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SCOPE_ALLOWS, Scope.PROPOSE_ANSWERS, frozenset(Permission))
    for name in ("GET answers", "PUT answer", "GET portfolio", "PATCH project", "GET proposal"):
        problems = problems_of(api_world, row_of(name), [Scope.PROPOSE_ANSWERS])
        assert any("instead of" in problem for problem in problems), name


def test_size_of_the_table() -> None:
    """The figure of the documentation: requests of the matrix, one for each actor and relation."""
    cells = sum(
        cell_of(row, actor, relation) != "-"
        for row in ROWS
        for actor in row.cells
        for relation in range(3 if row.has_object else 1)
    )
    assert len(ACTORS) == 25
    assert cells >= 3000, cells
