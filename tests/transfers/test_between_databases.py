"""From SQLite to PostgreSQL and back with the commands as processes: the same files come out."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import servers
from tests.infrastructure.commands import create_database, manage, production

# The accounts that the demo has, without its projects.
PEOPLE = """
from accounts.models import Membership, Organisation, User
organisation = Organisation.objects.create(name="Demo organisation")
for word, name in (("owner", "Olga Owner (demo)"), ("editor", "Eddie Editor (demo)"), ("viewer", "Vera Viewer (demo)")):
    user = User.objects.create_user(f"{word}@demo.example", None, name=name)
    Membership.objects.create(user=user, organisation=organisation, role=word)
"""
FIGURES = """
from assessments.models import Snapshot
from assessments.snapshots import recompute, sha256_of
from projects.models import ProjectFigures
rows = ProjectFigures.objects.order_by("project__slug", "is_current", "from_at", "id")
for row in rows.select_related("project"):
    print(row.project.slug, row.is_current, row.index, row.low, row.high, row.level, row.answered, row.due, row.cells)
    print(sorted(row.points.items()), row.open_questions)
for row in Snapshot.objects.order_by("public_id").select_related("assessment"):
    assert recompute(row) == row.body and sha256_of(row.body) == row.sha256
    print(row.public_id, row.sha256, row.index, row.low, row.high)
"""


def run(env: dict[str, str], *arguments: str) -> str:
    process = manage(*arguments, env=env)
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 0, output
    return output


def projects_of(file: Path) -> dict[str, Any]:
    with zipfile.ZipFile(file) as archive:
        found = {name: json.loads(archive.read(name)) for name in archive.namelist()}
    assert len(found.pop("organisation.json")["projects"]) == len(found)
    return {name: {**document, "made_at": ""} for name, document in found.items()}


@pytest.fixture
def postgres() -> Iterator[servers.Server]:
    with servers.postgres() as server:
        yield server


@pytest.mark.servers
def test_there_and_back(tmp_path: Path, postgres: servers.Server) -> None:
    first = production(tmp_path / "first")
    second = production(tmp_path / "second", DATABASE_URL=create_database(postgres, "moved"))
    third = production(tmp_path / "third")
    run(first, "safe_migrate")
    run(first, "load_demo")
    files = [tmp_path / f"{name}.zip" for name in ("first", "second", "third")]
    run(first, "export_organisation", "Demo organisation", str(files[0]))
    figures = [run(first, "shell", "-v", "0", "-c", FIGURES)]
    for env, before, after in ((second, files[0], files[1]), (third, files[1], files[2])):
        run(env, "safe_migrate")
        run(env, "shell", "-v", "0", "-c", PEOPLE)
        arguments = ("--organisation", "Demo organisation", "--by", "owner@demo.example")
        assert "40 imported, 0 here already, 0 refused." in run(env, "import_organisation", str(before), *arguments)
        assert "0 imported, 40 here already, 0 refused." in run(env, "import_organisation", str(before), *arguments)
        run(env, "export_organisation", "1", str(after))
        figures.append(run(env, "shell", "-v", "0", "-c", FIGURES))
    assert len(projects_of(files[0])) == 40
    assert projects_of(files[0]) == projects_of(files[1]) == projects_of(files[2])
    assert figures[0].count("\n") > 200
    assert figures[0] == figures[1] == figures[2]
    with sqlite3.connect(tmp_path / "third" / "preflight.sqlite3") as database:
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
