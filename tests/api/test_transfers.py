"""A project out through the interface and in again elsewhere."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from accounts.models import AuditEvent, User
from accounts.roles import Role
from assessments.models import Assessment, Snapshot
from projects.models import Project
from tests.api.conftest import Api, token_for
from tests.make import answer_all, make_member, make_organisation, make_snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture
def document(api: Api, assessment: Assessment, owner: User) -> Any:
    answer_all(assessment, owner)
    make_snapshot(assessment, owner, closes=True)
    answer = api.get(f"projects/{assessment.project.slug}/export")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    return answer.json()


def test_what_is_here_already_is_refused(api: Api, document: Any) -> None:
    answer = api.post("imports", document)
    assert answer.status_code == 409
    assert Project.objects.count() == 1


def test_the_export_is_in_the_trail(document: Any, owner: User) -> None:
    event = AuditEvent.objects.get(verb="project.exported")
    assert (event.actor, event.detail["sha256"]) == (owner, document["sha256"])


def test_a_damaged_file_is_refused_by_its_place(api: Api, document: Any) -> None:
    document["content"]["project"]["stage"] = "later"
    answer = api.post("imports", document)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["detail"] == answer.json()["detail"]
    assert Project.objects.count() == 1


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"7", b'{"a":1,"a":2}', b"[" * 100_000, b"\xff"])
def test_what_is_no_file(api: Api, db: None, raw: bytes) -> None:
    answer = api.send("POST", "imports", raw=raw)
    assert answer.status_code == 422, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert not Project.objects.exists()


def test_a_file_above_the_limit(api: Api) -> None:
    answer = api.send("POST", "imports", raw=b" " * 25_000_001)
    assert answer.status_code == 413
    assert "25,000,000" in answer.json()["detail"]


def test_a_bad_file_with_a_key_can_be_sent_again(api: Api) -> None:
    for _ in range(2):
        assert api.send("POST", "imports", raw=b"{", Idempotency_Key="one").status_code == 422


def test_an_organisation_as_a_zip_file(api: Api, document: Any, owner: User) -> None:
    organisation = owner.memberships.get().organisation_id
    answer = api.get(f"organisations/{organisation}/export")
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        listed = json.loads(archive.read("organisation.json"))
        assert len(archive.namelist()) == 2
        inside = json.loads(archive.read(next(name for name in archive.namelist() if name.startswith("projects/"))))
    assert inside["sha256"] == document["sha256"]
    assert listed["format"] == "preflight-organisation"
    other = Api(secret=token_for(make_member(make_organisation("South"), Role.OWNER)))
    assert other.get(f"organisations/{organisation}/export").status_code == 404


def test_into_an_empty_installation(api: Api, document: Any, owner: User) -> None:
    """The demo rule lets a project be removed, which stands for another installation."""
    body = Snapshot.objects.get().body
    Project.objects.update(is_demo=True)
    Snapshot.objects.all()._raw_delete(Snapshot.objects.db)
    Project.objects.all().delete()
    answer = api.post("imports", document)
    assert answer.status_code == 201, answer.content
    assert api.get(answer.headers["Location"]).json()["figures"] == answer.json()["figures"]
    assert Snapshot.objects.get().body == body
