"""A valid file after random damage is refused with a sentence or imported whole. Never anything else."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Organisation, User
from assessments.models import Snapshot
from assessments.snapshots import canonical_json, recompute, sha256_of
from projects.models import Project
from tests.access.dump import changed_tables, dump_tables
from tests.site.cases import signed_in
from tests.transfers.files import Document, content_of, make_rich_project, remove, resealed
from transfers.errors import TransferRefused
from transfers.exporting import export_project, file_bytes
from transfers.importing import import_project
from transfers.reading import read_project_file
from transfers.strict_json import read_json

pytestmark = pytest.mark.django_db

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 200),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(
        ["graded", "p1", "r1", "2026-03-14T09:30:00+00:00", "2026-03-14", "1", "blank", "\u202e", "x" * 5000]
    ),
    st.just([]),
    st.just({}),
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield from paths(inner, (*path, step))


def damage(value: Any, path: tuple[Any, ...], kind: str, new: Any) -> None:
    for step in path[:-1]:
        value = value[step]
    last = path[-1]
    if kind == "remove":
        del value[last]
    elif kind == "repeat" and isinstance(value, list):
        value.insert(last, copy.deepcopy(value[last]))
    elif kind == "swap" and isinstance(value, list) and len(value) > 1:
        value[last], value[last - 1] = value[last - 1], value[last]
    elif kind == "add" and isinstance(value, dict):
        value["more"] = new
    else:
        value[last] = new


@pytest.fixture
def document(organisation: Organisation, owner: User, editor: User) -> Document:
    project = make_rich_project(organisation, owner, editor)
    found = export_project(project)
    remove(project)
    return found


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_refused_or_imported(document: Document, organisation: Organisation, owner: User, data: st.DataObject) -> None:
    content = copy.deepcopy(document["content"])
    inside = data.draw(st.booleans())
    row = content["runs"][0]["snapshots"][data.draw(st.integers(0, 1))]
    target = read_json(row["body"].encode()) if inside else content
    for _ in range(data.draw(st.integers(1, 2))):
        found = list(paths(target))
        kind = data.draw(st.sampled_from(["set", "remove", "repeat", "swap", "add"]))
        damage(target, found[data.draw(st.integers(0, len(found) - 1))], kind, data.draw(VALUES))
    if inside:
        row["body"] = canonical_json(target)
        row["sha256"] = sha256_of(row["body"])
    before = dump_tables()
    with transaction.atomic():
        outcome = taken(resealed({**document, "content": content}), organisation, owner)
        if isinstance(outcome, Project):
            look_at(outcome, owner)
        else:
            assert outcome.sentence.endswith(".")
            assert changed_tables(before, dump_tables()) == []
        transaction.set_rollback(True)


def taken(data: bytes, organisation: Organisation, by: User) -> Project | TransferRefused:
    try:
        return import_project(organisation=organisation, document=read_project_file(data), by=by, at=timezone.now())
    except TransferRefused as refused:
        return refused


def look_at(project: Project, owner: User) -> None:
    """What was let in shows on every page, recomputes, and goes out again."""
    client, slug = signed_in(owner), project.slug
    for name in ("overview", "results", "snapshots", "history", "check"):
        assert client.get(reverse(f"assessments:{name}", args=[slug])).status_code == 200, name
    for snapshot in Snapshot.objects.filter(project=project).select_related("assessment"):
        assert client.get(reverse("assessments:snapshot", args=[slug, snapshot.public_id])).status_code == 200
        assert recompute(snapshot) == snapshot.body
    again = content_of(project)
    assert read_project_file(file_bytes({**again, "made_at": "2026-03-14T09:30:00+00:00"}))


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_random_bytes(document: Document, data: st.DataObject) -> None:
    """Bytes that were changed are damage, and damage is noticed."""
    whole = bytearray(file_bytes(document))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    with suppress(TransferRefused):
        assert read_project_file(bytes(whole)).sha256 == document["sha256"]


@given(st.binary(max_size=300) | st.text(alphabet='{}[]":,0123456789.eE+-\\u nultrfas\n', max_size=300).map(str.encode))
@settings(max_examples=300, deadline=None)
def test_anything_at_all(data: bytes) -> None:
    with pytest.raises(TransferRefused) as refused:
        read_project_file(data)
    assert refused.value.sentence.endswith(".")
