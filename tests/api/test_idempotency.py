"""A POST that is sent again with the same key has no second effect."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from accounts.models import Membership, User
from accounts.roles import Role
from api.models import AnsweredRequest
from projects.models import Project
from reports.models import ShareLink
from tests.api.conftest import Api, token_for
from tests.make import make_assessment, make_organisation, make_snapshot

pytestmark = pytest.mark.django_db

BODY = {"name": "Forecast", "goal": "Less waste.", "stage": "pilot"}


def test_the_first_answer_again(api: Api) -> None:
    first = api.post("projects", BODY, Idempotency_Key="one")
    again = api.post("projects", BODY, Idempotency_Key="one")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["Location"] == first.headers["Location"]
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (None, "true")
    assert Project.objects.count() == 1


def test_without_a_key_or_with_another_it_is_another_request(api: Api) -> None:
    for headers in ({}, {}, {"Idempotency_Key": "one"}, {"Idempotency_Key": "two"}):
        assert api.post("projects", BODY, **headers).status_code == 201
    assert Project.objects.count() == 4


@pytest.mark.parametrize("other", [("projects", BODY | {"name": "Other"}), ("none", BODY)])
def test_a_key_that_came_with_another_request(api: Api, other: tuple[str, Any], project: Project) -> None:
    api.post("projects", BODY, Idempotency_Key="one")
    path = f"projects/{project.slug}/archive" if other[0] == "none" else other[0]
    answer = api.post(path, None if other[0] == "none" else other[1], Idempotency_Key="one")
    assert answer.status_code == 422
    assert answer.json()["type"] == "/api/docs/#problem-key-reused"
    assert Project.objects.count() == 2


def test_a_key_used_for_another_body_says_so(api: Api) -> None:
    api.post("projects", BODY, Idempotency_Key="one")
    problem = api.post("projects", BODY | {"name": "Other"}, Idempotency_Key="one").json()
    assert problem["type"] == "/api/docs/#problem-key-reused"
    assert problem["errors"][0]["field"] == "Idempotency-Key"


def test_keys_belong_to_who_sent_them(api: Api, owner: User, editor: User) -> None:
    others = [Api(secret=token_for(owner)), Api(secret=token_for(editor)), Api(user=owner)]
    for client in (api, *others):
        answer = client.post("projects", BODY, Idempotency_Key="one")
        assert answer.status_code == 201
        assert "Idempotency-Replayed" not in answer.headers
    assert Project.objects.count() == 4


def test_a_refusal_is_not_kept(api: Api) -> None:
    assert api.post("projects", BODY | {"stage": "later"}, Idempotency_Key="one").status_code == 422
    assert api.post("projects", BODY, Idempotency_Key="one").status_code == 201
    assert AnsweredRequest.objects.count() == 1


@pytest.mark.parametrize("key", ["x" * 129, "schlüssel", "a\tb", "a b", " ", ""])
def test_a_key_that_is_none(api: Api, key: str) -> None:
    answer = api.post("projects", BODY, Idempotency_Key=key)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
    assert not Project.objects.exists()


def test_a_day_later_the_key_is_forgotten(api: Api) -> None:
    api.post("projects", BODY, Idempotency_Key="one")
    AnsweredRequest.objects.update(at=timezone.now() - timedelta(hours=25))
    assert api.post("projects", BODY, Idempotency_Key="one").status_code == 201
    assert Project.objects.count() == 2
    assert AnsweredRequest.objects.count() == 1


def test_the_address_of_a_link_is_given_once(api: Api, project: Project, owner: User) -> None:
    snapshot = make_snapshot(make_assessment(project, owner), owner)
    body = {"snapshot": snapshot.public_id, "label": "The board"}
    path = f"projects/{project.slug}/share-links"
    first = api.post(path, body, Idempotency_Key="one").json()
    secret = first["address"].rstrip("/").rpartition("/")[2]
    again = api.post(path, body, Idempotency_Key="one").json()
    assert "address" not in again
    assert again == {name: value for name, value in first.items() if name != "address"}
    assert ShareLink.objects.count() == 1
    assert secret not in str(list(AnsweredRequest.objects.values()))


def test_an_old_answer_is_not_given_to_who_lost_the_right(owner: User, editor: User) -> None:
    api = Api(user=editor)
    assert api.post("projects", BODY, Idempotency_Key="one").status_code == 201
    membership = Membership.objects.get(user=editor)
    Membership.objects.filter(pk=membership.pk).update(role=Role.VIEWER)
    assert api.post("projects", BODY, Idempotency_Key="one").status_code == 403
    Membership.objects.filter(pk=membership.pk).delete()
    Membership.objects.create(user=editor, organisation=make_organisation("South"), role=Role.EDITOR)
    made = api.post("projects", BODY, Idempotency_Key="one")
    assert made.status_code == 201
    assert "Idempotency-Replayed" not in made.headers
    assert Project.objects.count() == 2


def test_nothing_of_a_body_can_be_guessed_from_what_is_kept(api: Api) -> None:
    """A plain hash would let somebody with a backup try passphrases."""
    api.post("projects", BODY, Idempotency_Key="one")
    kept = AnsweredRequest.objects.get().fingerprint
    plain = json.dumps(BODY, sort_keys=True)
    assert kept not in {hashlib.sha256(text.encode()).hexdigest() for text in (plain, f"POST /api/v1/projects {plain}")}
    with override_settings(SECRET_KEY="another key of this site that is long enough to be one, and random"):
        answer = api.post("projects", BODY, Idempotency_Key="one")
    assert answer.json()["type"] == "/api/docs/#problem-key-reused"
