"""Which field of which answer and body is whose, held against a table that a person reviewed.

`tests/field_matrix.csv` has a line for every field of every operation: `answer` are the fields that come, `body` those
that may be sent. The columns are people with a session, and tokens of the owner with one scope each. The paths are
written as in `tests/api/paths.py`; `(file)` is a whole file, whose format is described elsewhere.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.urls import resolve

from api.schema import released_document
from assessments.models import Answer, Proposal, Respondent, State
from assessments.proposals import dismiss_proposal
from assessments.services import GivenAnswer
from projects.models import Project
from tests.access.dump import changed_tables, dump_tables
from tests.access.world import Place
from tests.api.paths import leaves, maps_in, of_schema, of_value
from tests.api.problems import named
from tests.api.test_access import ROWS as ACCESS
from tests.api.world import USE_OF_TOKENS, ApiWorld, address, body_for, prepare
from tests.make import AT, make_answer

pytestmark = pytest.mark.django_db

TABLE = Path(__file__).parent.parent / "field_matrix.csv"
FILE = "(file)"
DIRECTIONS = {"answer", "body"}
Operation = tuple[str, str]


@dataclass(frozen=True)
class Line:
    route: str
    method: str
    direction: str
    field: str
    cells: dict[str, bool]


def read_table() -> list[Line]:
    with TABLE.open(newline="") as file:
        return [
            Line(
                line.pop("route"),
                line.pop("method"),
                line.pop("direction"),
                line.pop("field"),
                {actor: {"yes": True, "no": False}[cell] for actor, cell in line.items()},
            )
            for line in csv.DictReader(file)
        ]


LINES = read_table()
ACTORS = tuple(LINES[0].cells)
OPERATIONS: list[Operation] = list(dict.fromkeys((row.route, row.method) for row in ACCESS))
READING = [one for one in OPERATIONS if one[1] == "GET"]
WRITING = [one for one in OPERATIONS if one[1] != "GET"]


def fields_of(operation: Operation, direction: str, actor: str = "") -> set[str]:
    """The fields of the table, of one actor or of anybody."""
    return {
        line.field
        for line in LINES
        if (line.route, line.method, line.direction) == (*operation, direction)
        and (line.cells[actor] if actor else True)
    }


WITH_BODY = [one for one in WRITING if fields_of(one, "body") - {FILE}]


def shown(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> set[str]:
    """The fields of a schema. One that takes any object, or bytes, stands for a file."""
    fields = leaves(of_schema(schema, schemas)) - {""}
    return {FILE} if fields <= {"{}"} else fields


def documented() -> Iterator[tuple[Operation, str, set[str], set[str]]]:
    """Operation, direction, fields and required fields of the OpenAPI document."""
    document = released_document()
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        name = resolve(re.sub(r"{\w+}", "1", path)).view_name
        for method, operation in methods.items():
            one = (name, method.upper())
            for status, response in operation["responses"].items():
                for content in response.get("content", {}).values():
                    if status.startswith("2"):
                        yield one, "answer", shown(content["schema"], schemas), set()
            for content in operation.get("requestBody", {}).get("content", {}).values():
                schema = content["schema"]
                fields = shown(schema, schemas)
                if fields != {FILE}:
                    schema = schemas[schema["$ref"].rpartition("/")[2]]
                    assert schema["additionalProperties"] is False, one
                yield one, "body", fields, set(schema.get("required", ()))


def test_the_table_is_complete() -> None:
    places = [(line.route, line.method, line.direction, line.field) for line in LINES]
    assert len(places) == len(set(places)), "lines that come twice"
    assert {line.direction for line in LINES} == DIRECTIONS
    assert {(line.route, line.method) for line in LINES} <= set(OPERATIONS)
    for line in LINES:
        assert any(line.cells.values()), f"{line} is nobody's"


def test_the_document_says_the_same() -> None:
    found = {(one, direction): fields for one, direction, fields, _ in documented()}
    for one in OPERATIONS:
        for direction in sorted(DIRECTIONS):
            assert found.get((one, direction), set()) == fields_of(one, direction), (one, direction)
    assert {one for one, _ in found} <= set(OPERATIONS)


def test_both_tables_agree() -> None:
    """Who is refused an operation gets none of its fields, and who is not gets some."""
    let_in: defaultdict[tuple[str, str, str], bool] = defaultdict(bool)
    for row in ACCESS:
        for actor in ACTORS:
            let_in[row.route, row.method, actor] |= row.cells[actor][0].startswith("2")
    for one in OPERATIONS:
        for actor in ACTORS:
            for direction in DIRECTIONS:
                if fields_of(one, direction):
                    assert bool(fields_of(one, direction, actor)) == let_in[(*one, actor)], (one, actor)


@pytest.fixture(scope="module")
def full_world(api_world: ApiWorld) -> ApiWorld:
    """Everything that can be shown is there, so that no field is missed because it is empty."""
    here = api_world.north.here
    owner, editor = api_world.north.people["owner"], api_world.north.people["editor"]
    assessment = here.snapshot.assessment
    Project.objects.filter(pk=here.project.pk).update(planned_date=AT.date(), planned_value=5)
    held = set(Answer.objects.filter(respondent__assessment=assessment).values_list("question", flat=True))
    due = assessment.questions_due()
    for question in due[:-1]:
        if question.id not in held:
            make_answer(assessment, owner, question.id, 0)
    make_answer(assessment, editor, "problem.objective", GivenAnswer(State.GRADED, 0, "", "changed"), base=1)
    for person, role, level in ((owner, "owner", 0), (editor, "builder", 3)):
        respondent = Respondent.objects.create(assessment=assessment, user=person, role=role_of(here, role))
        Answer.objects.bulk_create(
            Answer(
                respondent=respondent, question=question.id, state=State.GRADED, level=level, revision=1,
                answered_by=person, answered_at=AT,
            )
            for question in due[:20]
        )  # fmt: skip
    for proposal in Proposal.objects.open().filter(assessment=assessment):
        dismiss_proposal(proposal=proposal, by=owner, at=AT)
    return api_world


def role_of(place: Place, kind: str) -> str:
    """Two different roles of the checklist."""
    roles = [role.id for role in place.snapshot.assessment.checklist.roles]
    return roles[0] if kind == "owner" else roles[1]


def send(world: ApiWorld, one: Operation, actor: str, body: Any = None) -> Any:
    here = world.north.here
    path = address(world, here, one[0], proposer=actor)
    return world.actors[actor].client().send(one[1], path, body)


def came(response: Any, fields: set[str]) -> set[str]:
    """The fields in an answer."""
    if fields == {FILE}:
        return fields
    return leaves(of_value(response.json(), maps_in(fields))) - {""}


@pytest.mark.parametrize("one", READING, ids=" ".join)
def test_what_is_read(full_world: ApiWorld, one: Operation) -> None:
    for actor in ACTORS:
        expected = fields_of(one, "answer", actor)
        response = send(full_world, one, actor)
        assert (response.status_code == 200) == bool(expected), (actor, response.content)
        if expected:
            assert came(response, expected) == expected, actor


def unfolded(fields: set[str], wanted: set[str]) -> set[str]:
    """What was just made has no person who decided on it: null stands for the fields of that person."""
    found = set(fields)
    for field in fields - wanted:
        inner = {one for one in wanted if one.startswith(f"{field}.")}
        found = (found - {field}) | inner if inner else found
    return found


@pytest.mark.parametrize("one", WRITING, ids=" ".join)
def test_what_comes_after_a_write(api_world: ApiWorld, one: Operation) -> None:
    here = api_world.north.here
    for actor in ACTORS:
        expected = fields_of(one, "answer", actor)
        cache.clear()
        with transaction.atomic():
            prepare(here, *one)
            response = send(api_world, one, actor, body_for(api_world.north, here, *one))
            transaction.set_rollback(True)
        if response.status_code == 204:
            assert fields_of(one, "answer") == set()
            assert response.content == b""
            continue
        assert (response.status_code in {200, 201, 202}) == bool(expected), (actor, response.content)
        if expected:
            assert unfolded(came(response, expected), expected) == expected, actor


@pytest.mark.parametrize("one", WITH_BODY, ids=" ".join)
def test_what_may_be_sent(api_world: ApiWorld, one: Operation) -> None:
    """The body of every test has exactly these fields, and who may send them is let in with it."""
    here = api_world.north.here
    body = body_for(api_world.north, here, *one)
    assert body is not None
    assert set(body) == fields_of(one, "body")
    for actor in ACTORS:
        expected = fields_of(one, "body", actor)
        with transaction.atomic():
            prepare(here, *one)
            response = send(api_world, one, actor, body)
            transaction.set_rollback(True)
        assert response.status_code in ({200, 201, 202} if expected else {403}), (actor, response.content)


@pytest.mark.parametrize("one", WITH_BODY, ids=" ".join)
def test_which_fields_are_needed(api_world: ApiWorld, one: Operation) -> None:
    """Without a field the body is taken, or refused with its name, just as the document says."""
    here = api_world.north.here
    required = next(needed for found, direction, _, needed in documented() if (found, direction) == (one, "body"))
    body = body_for(api_world.north, here, *one)
    assert body is not None
    missing = set()
    for field in body:
        with transaction.atomic():
            prepare(here, *one)
            response = send(api_world, one, "all", {name: value for name, value in body.items() if name != field})
            transaction.set_rollback(True)
        if response.status_code == 428:
            assert field == "revision", "needed in the body or as If-Match"
        elif response.status_code == 422:
            assert named(response) == [field], field
            missing.add(field)
        else:
            assert response.status_code in {200, 201, 202}, (field, response.content)
    assert missing == required | needed_by_others(one)


def needed_by_others(one: Operation) -> set[str]:
    """Fields that the test's body cannot do without, because of what else it says."""
    return {"level", "evidence_url"} if one in {("api:answer", "PUT"), ("api:proposals", "POST")} else set()


@pytest.mark.parametrize("one", WITH_BODY, ids=" ".join)
def test_no_field_of_another_operation_is_taken(api_world: ApiWorld, one: Operation) -> None:
    here = api_world.north.here
    words = {part.strip("[]{}") for line in LINES for part in line.field.split(".")}
    others = sorted(words - fields_of(one, "body") - {FILE})
    body = body_for(api_world.north, here, *one)
    assert body is not None
    with transaction.atomic():
        prepare(here, *one)
        before = dump_tables(hidden=USE_OF_TOKENS)
        for start in range(0, len(others), 20):
            some = others[start : start + 20]
            response = send(api_world, one, "all", {**body, **dict.fromkeys(some, "x")})
            assert response.status_code == 422
            assert sorted(named(response)) == some
        assert changed_tables(before, dump_tables(hidden=USE_OF_TOKENS)) == []
        transaction.set_rollback(True)
