"""Tokens: where they are read, how long they last, what they leave behind."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from accounts.models import ApiToken, AuditEvent, Membership, User
from accounts.roles import Role, Scope
from accounts.tokens import find_token, revoke_token
from api.counting import forget_counts
from assessments.models import Assessment
from projects.models import Project
from tests.access.dump import dump_tables
from tests.api.conftest import Api, token_for
from tests.make import make_organisation

pytestmark = pytest.mark.django_db


def status(secret: str) -> int:
    return int(Api(secret=secret).get("checklists").status_code)


def test_nobody(client: object) -> None:
    answer = Api().get("projects")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["type"] == "/api/docs/#problem-not-signed-in"


@pytest.mark.parametrize("secret", ["pf_", "pf_" + "x" * 43, "x" * 46, "pf_" + "é" * 43, "pf_" + "x" * 5000])
def test_a_token_that_is_none(secret: str, db: None) -> None:
    assert status(secret.encode().decode("latin-1")) == 401


def test_a_token_ends_with_its_time_its_revocation_and_its_membership(owner: User, editor: User) -> None:
    secret = token_for(editor)
    token = ApiToken.objects.get()
    assert status(secret) == 200
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert status(secret) == 401
    ApiToken.objects.update(expires_at=timezone.now() + timedelta(days=1))
    editor.is_active = False
    editor.save()
    assert status(secret) == 401
    editor.is_active = True
    editor.save()
    assert status(secret) == 200
    revoke_token(token=token, by=owner, at=timezone.now())
    assert status(secret) == 401
    other = token_for(editor)
    Membership.objects.filter(user=editor).delete()
    assert status(other) == 401
    assert not ApiToken.objects.exists()


def test_a_change_of_role_acts_on_the_next_request(owner: User, editor: User) -> None:
    api = Api(secret=token_for(editor))
    body = {"name": "Forecast", "goal": "Less waste.", "stage": "pilot"}
    assert api.post("projects", body).status_code == 201
    Membership.objects.filter(user=editor).update(role=Role.VIEWER)
    assert api.post("projects", body).status_code == 403


def test_a_token_stays_in_its_organisation(owner: User, project: Project) -> None:
    """Its person may belong to two."""
    other = make_organisation("South")
    Membership.objects.create(user=owner, organisation=other, role=Role.OWNER)
    secret = token_for(owner)
    ApiToken.objects.update(membership=Membership.objects.get(user=owner, organisation=other))
    api = Api(secret=secret)
    assert api.get(f"projects/{project.slug}").status_code == 404
    assert api.get("projects").json()["items"] == []
    assert [item["name"] for item in api.get("organisations").json()["items"]] == ["South"]
    assert Api(user=owner).get(f"projects/{project.slug}").status_code == 200


def test_a_token_that_lacks_the_scope(as_token: Callable[..., Api], project: Project) -> None:
    answer = as_token(Scope.READ_PORTFOLIO).get(f"projects/{project.slug}")
    assert answer.status_code == 403
    assert answer.json()["type"] == "/api/docs/#problem-missing-scope"
    assert answer.json()["detail"].endswith(": read_projects or write_answers or reports or admin.")


def test_only_the_header_counts(owner: User, project: Project) -> None:
    secret = token_for(owner)
    for path in (f"projects?token={secret}", f"projects?access_token={secret}"):
        assert Api().get(path).status_code == 401
        answer = Api(secret=secret).get(path)
        assert answer.status_code == 422
        assert secret not in answer.content.decode()
    client = Api()
    client.client.cookies["token"] = secret
    assert client.get("projects").status_code == 401


def test_use_is_noted_once_a_minute(owner: User) -> None:
    secret = token_for(owner)
    api = Api(secret=secret)
    api.client.get("/api/v1/checklists", headers={"Authorization": f"Bearer {secret}"}, REMOTE_ADDR="192.0.2.7")
    token = ApiToken.objects.get()
    assert token.used_from == "192.0.2.7"
    first = token.used_at
    api.get("checklists")
    assert ApiToken.objects.get().used_at == first
    ApiToken.objects.update(used_at=timezone.now() - timedelta(minutes=2))
    api.get("checklists")
    assert ApiToken.objects.get().used_from == "127.0.0.1"


def test_the_secret_is_nowhere(owner: User, project: Project, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = token_for(owner)
    api = Api(secret=secret)
    for path in ("projects", "nothing", f"projects/{project.slug}", "projects?limit=x"):
        assert secret not in api.get(path).content.decode()
    assert secret not in str(dump_tables())
    assert secret not in caplog.text
    assert find_token(secret, at=timezone.now()) == ApiToken.objects.get()


def test_sessions_need_their_csrf_token(owner: User) -> None:
    api = Api(user=owner, csrf=True)
    body = {"name": "Forecast", "goal": "Less waste.", "stage": "pilot"}
    answer = api.post("projects", body)
    assert answer.status_code == 403
    assert "X-CSRFToken" in answer.json()["detail"]
    api.client.get("/account/")
    token = api.client.cookies["csrftoken"].value
    assert api.post("projects", body, X_CSRFToken=token).status_code == 201
    assert Api(secret=token_for(owner), csrf=True).post("projects", body).status_code == 201


def test_the_limit_is_said_and_kept(owner: User, editor: User) -> None:
    forget_counts()
    with override_settings(API_REQUESTS_A_MINUTE=3):
        api = Api(secret=token_for(owner))
        answers = [api.get("checklists") for _ in range(8)]
        refused = [answer for answer in answers if answer.status_code == 429]
        # A new minute may begin in between.
        assert 2 <= len(refused) <= 5
        assert {answer.headers["RateLimit-Limit"] for answer in answers} == {"3"}
        assert answers[0].headers["RateLimit-Remaining"] == "2"
        assert 0 < int(refused[0].headers["Retry-After"]) <= 60
        assert refused[0].json()["type"] == "/api/docs/#problem-too-many"
        assert Api(secret=token_for(editor)).get("checklists").status_code == 200


def test_what_a_program_did_is_never_taken_for_what_a_person_did(owner: User, assessment: Assessment) -> None:
    slug = assessment.project.slug
    path = f"projects/{slug}/assessments/{assessment.pk}/answers/problem.statement"
    api = Api(secret=token_for(owner, name="nightly job"))
    api.put(path, {"state": "graded", "level": 1, "revision": 0})
    Api(user=owner).put(path, {"state": "graded", "level": 2, "revision": 1})
    changes = api.get(f"projects/{slug}/assessments/latest/changes").json()["items"]
    assert [(change["by"]["id"], change["through"]) for change in changes] == [
        (owner.pk, ""),
        (owner.pk, "nightly job"),
    ]
    page = Api(user=owner).get(f"/projects/{slug}/history/").content.decode()
    assert page.count("through <bdi>nightly job</bdi>") == 1
    api.post(f"projects/{slug}/archive")
    Api(user=owner).post(f"projects/{slug}/restore")
    events = AuditEvent.objects.filter(thing=slug).order_by("-id")[:2]
    assert [(event.verb, event.detail.get("token")) for event in events] == [
        ("project.restored", None), ("project.archived", "nightly job"),
    ]  # fmt: skip


def test_a_session_of_two_organisations_says_which_one(owner: User, project: Project) -> None:
    other = make_organisation("South")
    Membership.objects.create(user=owner, organisation=other, role=Role.VIEWER)
    session, body = Api(user=owner), {"name": "Forecast", "goal": "Less waste.", "stage": "pilot"}
    assert session.get(f"projects?organisation={other.pk}").json()["items"] == []
    items = session.get(f"projects?organisation={project.organisation_id}").json()["items"]
    assert [item["organisation"] for item in items] == [project.organisation_id]
    assert session.post(f"projects?organisation={other.pk}", body).status_code == 403
    assert session.post(f"projects?organisation={project.organisation_id}", body).status_code == 201
    assert session.get("projects?organisation=999999").status_code == 404
    assert session.get("projects?organisation=x").status_code == 422
    token = Api(secret=token_for(owner))
    assert token.get(f"projects?organisation={other.pk}").status_code == 404
