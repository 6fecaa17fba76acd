"""Lists in portions: every row once, whatever comes or goes in between."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import Organisation, User
from projects.models import Project
from tests.api.conftest import Api
from tests.make import answer_all, make_assessment, make_project, make_snapshot

pytestmark = pytest.mark.django_db

SORTS = ("worst", "risk", "change", "review", "name", "stage", "data")


def walk(api: Api, path: str, key: str) -> list[Any]:
    found, address = [], f"/api/v1/{path}"
    while address:
        answer = api.get(address)
        assert answer.status_code == 200, answer.content
        found += [item[key] for item in answer.json()["items"]]
        address = answer.json()["next"]
    return found


@pytest.fixture
def many(organisation: Organisation, owner: User) -> list[Project]:
    """Seven projects: three answered alike, two of them reviewed, four with nothing."""
    projects = []
    for number in range(7):
        stage = ("idea", "pilot")[number % 2]
        project = make_project(organisation, owner, name=f"Project {number % 3}", stage=stage)
        if number < 3:
            assessment = make_assessment(project, owner)
            answer_all(assessment, owner, level=number // 2)
            if number:
                make_snapshot(assessment, owner)
        projects.append(project)
    return projects


@pytest.mark.parametrize("sort", [*SORTS, *(f"-{sort}" for sort in SORTS)])
def test_every_order_of_the_portfolio(api: Api, many: list[Project], sort: str) -> None:
    whole = walk(api, f"portfolio?sort={sort}", "project")
    assert sorted(whole) == sorted(project.slug for project in many)
    for limit in (1, 2, 3, 7):
        assert walk(api, f"portfolio?sort={sort}&limit={limit}", "project") == whole


def test_rows_that_come_and_go_shift_nothing(api: Api, many: list[Project], owner: User) -> None:
    first = api.get("projects?limit=3").json()
    Project.objects.filter(pk=many[1].pk).update(archived_at=many[1].created_at)
    make_project(many[0].organisation, owner, name="Late")
    rest = walk(api, first["next"].removeprefix("/api/v1/"), "slug")
    assert [item["slug"] for item in first["items"]] == [project.slug for project in many[:3]]
    assert rest[:4] == [project.slug for project in many[3:]]
    assert len(rest) == 5


def test_a_cursor_belongs_to_its_list_and_filters(api: Api, many: list[Project]) -> None:
    next_ = api.get("projects?limit=1").json()["next"]
    for path in (next_.replace("projects", "outcomes", 1), f"{next_}&stage=idea", next_[:-3]):
        answer = api.get(path)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "cursor"
    assert api.get(next_.replace("limit=1", "limit=2")).status_code == 200


@pytest.mark.parametrize("path", ["projects", "portfolio"])
def test_statements_do_not_grow_with_the_rows(
    api: Api, many: list[Project], path: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    api.get("checklists")
    with django_assert_num_queries(4 if path == "projects" else 3):
        assert len(api.get(path).json()["items"]) == 7


def test_filters_of_the_list(api: Api, many: list[Project], owner: User) -> None:
    Project.objects.filter(pk=many[0].pk).update(archived_at=many[0].created_at)
    Project.objects.filter(pk=many[1].pk).update(unit="Retail")
    assert walk(api, "projects?archived=true", "slug") == [many[0].slug]
    assert walk(api, "projects?unit=Retail", "slug") == [many[1].slug]
    assert len(walk(api, "projects?unit=-", "slug")) == 5
    assert len(walk(api, "projects?stage=idea", "slug")) == 3
