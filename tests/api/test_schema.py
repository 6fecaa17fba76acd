"""What the document promises: every operation, tried by every role and scope with invented requests."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jsonschema
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.roles import Role, Scope
from api.schema import released_document
from tests.access.answers import text_of
from tests.access.world import QUESTION
from tests.api.test_access import ROWS, Row
from tests.api.world import ROUTES, ApiWorld, address, body_for, prepare

pytestmark = pytest.mark.django_db

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
WRONG_PLACES = {ParameterLocation.BODY, ParameterLocation.QUERY}
EXAMPLES = int(os.environ.get("API_EXAMPLES", "1"))
"""How often each operation is tried by each actor; more by hand: API_EXAMPLES=50 bin/test tests/api/test_schema.py."""

WORKING = [
    row
    for row in ROWS
    if row.about in {"", "own"} and (row.route, row.method, row.about) != ("api:proposal", "DELETE", "")
]


@contextmanager
def one_connection() -> Iterator[None]:
    """The WSGI application would close the connection between requests, and with it the test's transaction.

    Django's own client connects these signals again after each request of its.
    """
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("row", WORKING, ids=str)
def test_what_works_is_as_documented(api_world: ApiWorld, row: Row) -> None:
    """Each operation with a valid request: it succeeds, and the answer fits the schema of its status."""
    place = api_world.north.here
    proposer = "all" if row.route == "api:proposal" else ""
    with transaction.atomic():
        prepare(place, row.route, row.method, row.about)
        path = address(api_world, place, row.route, proposer=proposer)
        body = body_for(api_world.north, place, row.route, row.method)
        answer = api_world.actors["all"].client().send(row.method, path, body)
        assert 200 <= answer.status_code < 300, answer.content
        document = released_document()
        template = template_of(path)
        described = document["paths"][template][row.method.lower()]["responses"][str(answer.status_code)]
        for name in answer.headers:
            if name.startswith(("RateLimit", "ETag", "Location")):
                assert name in described["headers"], name
        schema = described.get("content", {}).get("application/json", {}).get("schema")
        if schema is not None:
            jsonschema.validate(
                json.loads(text_of(answer)), {**schema, "components": document["components"]},
                cls=jsonschema.Draft202012Validator,
            )  # fmt: skip
        transaction.set_rollback(True)


def template_of(path: str) -> str:
    """The path of the document that an address belongs to; where a word is spelled out, that one."""
    templates = sorted(released_document()["paths"], key=lambda template: template.count("{"))
    return next(one for one in templates if re.fullmatch(re.sub(r"{[^}]+}", "[^/]+", one), path))


def places_of(world: ApiWorld) -> dict[str, dict[str, str]]:
    """For each path of the document what stands in it for things that are there."""
    found = {}
    for name in ROUTES:
        path = address(world, world.north.here, name, proposer="all" if name == "api:proposal" else "")
        template = template_of(path)
        match = re.fullmatch(re.sub(r"{([^}]+)}", r"(?P<\1>[^/]+)", template), path)
        assert match is not None
        found[template] = match.groupdict()
    return found


def try_everything(world: ApiWorld, sent: dict[str, Any], mode: GenerationMode) -> dict[str, Counter[int]]:
    """Tries each operation `EXAMPLES` times, mostly about things that are there. The statuses of each operation."""
    with one_connection():
        schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    places, snapshot = places_of(world), world.north.here.snapshot.public_id
    real = {"snapshot": snapshot, "question": QUESTION, "owner": None}
    operations: list[Any] = [found.ok() for found in schema.get_all_operations()]  # type: ignore[union-attr]
    with one_connection():
        return {one.label: try_one(one, places[one.path], real, sent, mode) for one in operations}


def try_one(
    operation: Any, place: dict[str, str], real: dict[str, Any], sent: dict[str, Any], mode: GenerationMode
) -> Counter[int]:
    seen: Counter[int] = Counter()

    @given(case=operation.as_strategy(generation_mode=mode), is_real=st.sampled_from([True, True, True, False]))
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    def attempt(case: Any, is_real: bool) -> None:
        if is_real and place:
            case.path_parameters = dict(place)
        if is_real and isinstance(case.body, dict) and mode.is_positive:
            case.body |= {name: value for name, value in real.items() if name in case.body}
        checks = [*CHECKS, negative_data_rejection] if is_wrong(case) else CHECKS
        with transaction.atomic():
            response = case.call_and_validate(**sent, checks=checks)
            # So that the next one meets the same things: nothing archived, revoked or withdrawn.
            transaction.set_rollback(True)
        seen[response.status_code] += 1

    attempt()
    return seen


def is_wrong(case: Any) -> bool:
    """Whether body or query break the schema. Invented parts of the path and headers are replaced by real ones."""
    parts = case.meta.components if case.meta else {}
    return any(parts[place].mode.is_negative for place in WRONG_PLACES & set(parts))


def check(statuses: dict[str, Counter[int]], name: str, mode: GenerationMode) -> None:
    assert len(statuses) == sum(len(methods) for methods in released_document()["paths"].values())
    total = sum(statuses.values(), Counter())
    print(f"{name}, {mode.value}: {sum(total.values())} requests, {dict(sorted(total.items()))}")  # noqa: T201
    if name == "owner" and mode.is_positive and EXAMPLES > 1:
        missed = {label for label, seen in statuses.items() if label.startswith("GET ") and not seen[200]}
        assert not missed, "every reading operation succeeded at least once"


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("role", Role.values)
def test_every_role_with_a_session(api_world: ApiWorld, role: str, mode: GenerationMode) -> None:
    client = api_world.actors[role].client().client
    client.get("/account/")
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    sent = {"cookies": cookies, "headers": {"X-CSRFToken": cookies["csrftoken"], "Authorization": ""}}
    check(try_everything(api_world, sent, mode), role, mode)


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("scope", Scope.values)
def test_every_scope_with_a_token(api_world: ApiWorld, scope: str, mode: GenerationMode) -> None:
    sent = {"headers": {"Authorization": f"Bearer {api_world.actors[scope].secret}"}}
    check(try_everything(api_world, sent, mode), scope, mode)
