"""Migrating: two at once on an empty database both succeed, and what a new version keeps is filled in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.infrastructure.commands import create_database, manage, production
from tests.servers import Server

AT_ONCE = 2
# A project as a version left it that kept no figures.
AN_OLD_PROJECT = """
from tests.make import make_assessment, make_member, make_organisation, make_project, make_snapshot
from projects.models import ProjectFigures
organisation = make_organisation()
owner = make_member(organisation, "owner")
make_snapshot(make_assessment(make_project(organisation, owner), owner), owner)
ProjectFigures.objects.all().delete()
"""
ITS_FIGURES = """
from projects.models import ProjectFigures
print("figures:", list(ProjectFigures.objects.order_by("-is_current").values_list("is_current", "due")))
"""


def migrate_at_once(env: dict[str, str]) -> list[tuple[int, str]]:
    processes = [manage("safe_migrate", env=env) for _ in range(AT_ONCE)]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    return [(process.returncode, output) for process, output in zip(processes, outputs, strict=True)]


def assert_up_to_date(env: dict[str, str]) -> None:
    check = manage("migrate", "--check", env=env)
    output = check.communicate(timeout=60)[0]
    assert check.returncode == 0, output


@pytest.mark.servers
def test_two_at_once_on_sqlite(tmp_path: Path) -> None:
    env = production(tmp_path / "a folder with spaces")
    results = migrate_at_once(env)
    assert [code for code, _ in results] == [0] * AT_ONCE, results
    assert_up_to_date(env)


@pytest.mark.servers
def test_two_at_once_on_postgresql(tmp_path: Path, postgres: Server) -> None:
    env = production(tmp_path, DATABASE_URL=create_database(postgres, "migrate_at_once"))
    results = migrate_at_once(env)
    assert [code for code, _ in results] == [0] * AT_ONCE, results
    assert_up_to_date(env)


@pytest.mark.servers
def test_again_there_is_nothing_to_do(tmp_path: Path) -> None:
    env = production(tmp_path)
    for _ in range(2):
        process = manage("safe_migrate", env=env)
        output = process.communicate(timeout=120)[0]
        assert process.returncode == 0, output
    assert "No migrations to apply." in output


def test_figures_that_are_missing_are_made(tmp_path: Path) -> None:
    env = production(tmp_path)
    for arguments in (
        ("safe_migrate",),
        ("shell", "-c", AN_OLD_PROJECT),
        ("safe_migrate",),
        ("shell", "-c", ITS_FIGURES),
    ):
        process = manage(*arguments, "--verbosity", "0", env=env)
        output = process.communicate(timeout=120)[0]
        assert process.returncode == 0, output
    assert re.search(r"figures: \[\(True, (\d+)\), \(False, \1\)\]", output), output
