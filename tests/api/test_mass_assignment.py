"""No body sets what it does not name: roles, owners, scores, revisions, times and whatever else a row has."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import transaction

from projects.models import Project
from tests.access.dump import changed_tables, dump_tables
from tests.api.problems import named, wrong_shape
from tests.api.test_access import ROWS, Row
from tests.api.world import USE_OF_TOKENS, ApiWorld, address, body_for, prepare

pytestmark = pytest.mark.django_db

WRITES = [row for row in ROWS if row.effect == "write" and row.is_open]
# They take no body at all, or a file, which has its own strict reader.
WITHOUT_BODY = {"DELETE proposal own", "DELETE share_link", "POST archive", "POST restore"}
FILES = {"POST import_project"}
WITH_BODY = [row for row in WRITES if str(row) not in WITHOUT_BODY | FILES]
NAMED_AT_ONCE = 20
SPELLINGS = (
    "owner_id",
    "owner.id",
    "owner[id]",
    "Name",
    "name ",
    "name\u200b",
    "name[]",
    "__proto__",
    "pk",
    "_state",
    "",
)


def model_fields() -> list[str]:
    """Every name under which a model has a column or a relation."""
    names = {"pk"}
    for model in apps.get_models():
        for field in model._meta.get_fields():
            names |= {field.name, getattr(field, "attname", field.name), getattr(field, "column", None) or field.name}
    return sorted(names)


NAMES = model_fields()


def send(world: ApiWorld, row: Row, body: Any) -> Any:
    path = address(world, world.north.here, row.route, proposer="all")
    return world.actors["all"].client().send(row.method, path, body)


def valid_body(world: ApiWorld, row: Row) -> dict[str, Any]:
    return body_for(world.north, world.north.here, row.route, row.method) or {}


def test_there_is_something_to_assign() -> None:
    dangerous = {
        "role",
        "organisation",
        "owner",
        "is_demo",
        "revision",
        "index",
        "level",
        "status",
        "is_active",
        "slug",
    }
    dangerous |= {"token_hash", "scopes", "is_staff", "is_superuser", "created_at", "archived_at", "body", "sha256"}
    assert dangerous <= set(NAMES)
    assert len(NAMES) > 150


@pytest.mark.parametrize("row", WRITES, ids=str)
def test_all_names_at_once(api_world: ApiWorld, row: Row) -> None:
    valid = valid_body(api_world, row)
    with transaction.atomic():
        prepare(api_world.north.here, row.route, row.method)
        before = dump_tables(hidden=USE_OF_TOKENS)
        response = send(api_world, row, {**dict.fromkeys(NAMES, 1), **valid})
        changed = changed_tables(before, dump_tables(hidden=USE_OF_TOKENS))
        transaction.set_rollback(True)
    assert response.status_code == 422
    assert wrong_shape(response) == ""
    assert changed == []
    if row in WITH_BODY:
        assert len(named(response)) == NAMED_AT_ONCE
        assert set(named(response)) <= set(NAMES) - set(valid)
    elif str(row) in FILES:
        assert len(named(response)) == 1
    else:
        assert named(response) == ["body"]


@pytest.mark.parametrize("row", WITH_BODY, ids=str)
def test_every_name_is_refused_by_name(api_world: ApiWorld, row: Row) -> None:
    """Each is refused in a body that is taken without it."""
    valid = valid_body(api_world, row)
    others = sorted(set(NAMES) - set(valid))
    with transaction.atomic():
        prepare(api_world.north.here, row.route, row.method)
        before = dump_tables(hidden=USE_OF_TOKENS)
        for start in range(0, len(others), NAMED_AT_ONCE):
            some = others[start : start + NAMED_AT_ONCE]
            response = send(api_world, row, {**valid, **dict.fromkeys(some, True)})
            assert response.status_code == 422, some
            assert sorted(named(response)) == some
        for spelling in SPELLINGS:
            response = send(api_world, row, {**valid, spelling: 1})
            assert response.status_code == 422, spelling
            assert named(response) == [spelling]
        assert changed_tables(before, dump_tables(hidden=USE_OF_TOKENS)) == []
        assert send(api_world, row, valid).status_code in {200, 201, 202}, "the control"
        transaction.set_rollback(True)


@pytest.mark.parametrize("row", WRITES, ids=str)
def test_what_else_is_no_object(api_world: ApiWorld, row: Row) -> None:
    valid = valid_body(api_world, row)
    before = dump_tables(hidden=USE_OF_TOKENS)
    for body in ([valid or {"role": "owner"}], "role=owner", 7, True, [["role", "owner"]]):
        response = send(api_world, row, body)
        assert response.status_code == 422, body
        assert wrong_shape(response) == ""
    assert changed_tables(before, dump_tables(hidden=USE_OF_TOKENS)) == []


@pytest.mark.parametrize("row", WRITES, ids=str)
def test_nothing_is_assigned_by_the_address(api_world: ApiWorld, row: Row) -> None:
    before = dump_tables(hidden=USE_OF_TOKENS)
    client = api_world.actors["all"].client()
    path, body = address(api_world, api_world.north.here, row.route, proposer="all"), valid_body(api_world, row) or None
    for name in ("role", "owner", "organisation_id", "is_demo", "by", "at"):
        response = client.send(row.method, f"{path}?{name}=1", body)
        assert response.status_code == 422
        assert named(response) == [name]
    assert changed_tables(before, dump_tables(hidden=USE_OF_TOKENS)) == []


def columns_of_projects() -> dict[int, dict[str, Any]]:
    return {row["id"]: dict(row) for row in Project.objects.values()}


def test_one_field_changes_one_column(api_world: ApiWorld) -> None:
    """Of the project, and no row of another project."""
    here = api_world.north.here
    body = body_for(api_world.north, here, "api:project", "PATCH")
    assert body is not None
    columns = {"owner": "owner_id"}
    for name, value in body.items():
        with transaction.atomic():
            before = columns_of_projects()
            response = api_world.actors["all"].client().patch(f"projects/{here.project.slug}", {name: value})
            assert response.status_code == 200
            after = columns_of_projects()
            transaction.set_rollback(True)
        changed = {
            (pk, column) for pk, row in after.items() for column, held in row.items() if held != before[pk][column]
        }
        assert changed == {(here.project.pk, columns.get(name, name))}


WRITTEN = {
    "POST projects": {"projects_project", "projects_projectfigures"},
    "POST import_project": {"projects_project", "projects_projectfigures"},
    "PATCH project": {"projects_project", "projects_projectfigures"},
    "POST archive": {"projects_project", "projects_projectfigures"},
    "POST restore": {"projects_project", "projects_projectfigures"},
    "POST outcome": {"projects_outcome", "projects_projectfigures"},
    "POST assessments": {
        "assessments_assessment", "assessments_respondent", "projects_projectfigures",
    },
    "PUT answer": {"assessments_answer", "assessments_answerchange", "projects_projectfigures"},
    "POST proposals": {"assessments_proposal"},
    "DELETE proposal own": {"assessments_proposal"},
    "POST snapshots": {"assessments_snapshot", "assessments_assessment", "projects_projectfigures"},
    "POST reports": {"reports_report"},
    "POST share_links": {"reports_sharelink"},
    "DELETE share_link": {"reports_sharelink"},
}  # fmt: skip


@pytest.mark.parametrize("row", WRITES, ids=str)
def test_which_tables_a_write_touches(api_world: ApiWorld, row: Row) -> None:
    """Written by a person. Every write leaves its line in the trail, but for a saved answer, which has its own."""
    with transaction.atomic():
        prepare(api_world.north.here, row.route, row.method)
        before = dump_tables(hidden=USE_OF_TOKENS)
        response = send(api_world, row, valid_body(api_world, row) or None)
        changed = set(changed_tables(before, dump_tables(hidden=USE_OF_TOKENS)))
        transaction.set_rollback(True)
    assert response.status_code < 300
    trail = set() if str(row) == "PUT answer" else {"accounts_auditevent"}
    assert changed == WRITTEN[str(row)] | trail
