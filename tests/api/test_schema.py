"""What the document promises: every operation of every actor is tried with invented requests, valid and not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
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

from accounts.models import User
from accounts.roles import Scope
from api.schema import released_document
from assessments.models import Assessment
from reports.services import ReportContent, ShareTerms, create_share_link, request_report
from tests.api.conftest import ALL_SCOPES, token_for
from tests.make import AT, make_answer, make_snapshot

pytestmark = pytest.mark.django_db(transaction=False)

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
WRONG_PLACES = {ParameterLocation.BODY, ParameterLocation.QUERY}
EXAMPLES = int(os.environ.get("API_EXAMPLES", "3"))
ROLES = ("owner", "editor", "respondent", "viewer")


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """The WSGI application would close the connection between requests, and with it the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def places(assessment: Assessment, owner: User) -> dict[str, Any]:
    """What stands in addresses: things that are there, so that not every answer is 404."""
    project = assessment.project
    make_answer(assessment, owner, "problem.statement", 1)
    snapshot = make_snapshot(assessment, owner)
    report = request_report(snapshot=snapshot, content=ReportContent(), by=owner)
    terms = ShareTerms("The board", 30, ReportContent(names=False, notes=False, evidence=False))
    link, _ = create_share_link(snapshot=snapshot, terms=terms, by=owner, at=AT)
    return {
        "slug": project.slug, "run": "latest", "question": "problem.statement", "number": 1,
        "organisation_id": project.organisation_id, "checklist_id": "ml_readiness", "version": "1.0",
        "public_id": {"snapshots": snapshot.public_id, "reports": report.public_id, "share-links": link.public_id},
    }  # fmt: skip


def try_everything(secret: str, places: dict[str, Any], mode: GenerationMode) -> int:
    """Tries each operation `EXAMPLES` times. Returns how many requests were sent."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    sent = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy(generation_mode=mode), is_real=st.booleans())
        @settings(
            max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        def attempt(case: Any, is_real: bool) -> None:
            nonlocal sent
            if is_real:
                for name in case.path_parameters or {}:
                    value = places[name]
                    case.path_parameters[name] = value[case.path.split("/")[5]] if isinstance(value, dict) else value
            checks = [*CHECKS, negative_data_rejection] if is_wrong(case) else CHECKS
            case.call_and_validate(headers={"Authorization": f"Bearer {secret}"}, checks=checks)
            sent += 1

        attempt()
    return sent


def is_wrong(case: Any) -> bool:
    """Whether body or query break the schema. Invented parts of the path and headers are replaced by real ones."""
    parts = case.meta.components if case.meta else {}
    return any(parts[place].mode.is_negative for place in WRONG_PLACES & set(parts))


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("role", ROLES)
def test_every_role(request: pytest.FixtureRequest, places: dict[str, Any], role: str, mode: GenerationMode) -> None:
    secret = token_for(request.getfixturevalue(role), *ALL_SCOPES)
    assert try_everything(secret, places, mode) >= operations()


@pytest.mark.parametrize("scope", Scope.values)
def test_every_scope(owner: User, places: dict[str, Any], scope: str) -> None:
    assert try_everything(token_for(owner, scope), places, GenerationMode.POSITIVE) >= operations()


def operations() -> int:
    return sum(len(methods) for methods in released_document()["paths"].values())
