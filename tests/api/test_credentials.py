"""What lets somebody in: a token in its header and nowhere else, or a session with the CSRF token of its pages."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.db import connection, transaction
from django.middleware.csrf import get_token
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts.models import ApiToken, token_hash
from assessor.logs import HideTokens
from tests.access.answers import text_of
from tests.access.dump import changed_tables, dump_tables
from tests.access.routes import is_of_interface
from tests.access.test_csrf import ELSEWHERE
from tests.access.test_matrix import ROWS as PAGES
from tests.api.client import Api
from tests.api.problems import named, wrong_shape
from tests.api.test_access import ROWS, TRAIL, Row
from tests.api.world import USE_OF_TOKENS, ApiWorld, address, body_for, prepare

pytestmark = pytest.mark.django_db

PLAIN = [row for row in ROWS if row.about == "" and row.cells["owner"][0].startswith("2")]
UNSAFE = [row for row in ROWS if row.effect == "write" and row.is_open]
READING = [row for row in PLAIN if row.effect == "read"]
HOME = "http://testserver"


def csrf_token() -> str:
    return get_token(RequestFactory().get("/"))


def send(client: Api, world: ApiWorld, row: Row, actor: str = "owner", query: str = "", **headers: str) -> Any:
    here = world.north.here
    path = address(world, here, row.route, proposer=actor if row.about == "own" else "")
    return client.send(row.method, path + query, body_for(world.north, here, row.route, row.method), **headers)


def strict(world: ApiWorld, token: str = "") -> Api:
    """The owner's browser, which checks like one in production. With the cookie of a token."""
    client = world.actors["owner"].client(csrf=True)
    if token:
        client.client.cookies["csrftoken"] = token
    return client


@pytest.mark.parametrize("row", UNSAFE, ids=str)
def test_a_session_needs_its_csrf_token(api_world: ApiWorld, row: Row) -> None:
    token = csrf_token()
    with transaction.atomic():
        prepare(api_world.north.here, row.route, row.method)
        before = dump_tables()
        refused = [
            send(strict(api_world), api_world, row),
            send(strict(api_world, token), api_world, row),
            send(strict(api_world), api_world, row, X_CSRFToken=token),
            send(strict(api_world, token), api_world, row, X_CSRFToken=csrf_token()),
            send(strict(api_world, token), api_world, row, X_CSRFToken=token, Origin=ELSEWHERE),
            send(strict(api_world, token), api_world, row, X_CSRFToken=token, Origin="null"),
        ]
        for number, response in enumerate(refused):
            assert response.status_code == 403, number
            assert wrong_shape(response) == ""
            assert "X-CSRFToken" in response.json()["detail"]
        assert changed_tables(before, dump_tables()) == []
        taken = send(strict(api_world, token), api_world, row, X_CSRFToken=token, Origin=HOME)
        assert taken.status_code < 300, "the control"
        transaction.set_rollback(True)


@pytest.mark.parametrize("row", UNSAFE, ids=str)
def test_a_token_needs_none(api_world: ApiWorld, row: Row) -> None:
    with transaction.atomic():
        prepare(api_world.north.here, row.route, row.method)
        assert send(api_world.actors["all"].client(csrf=True), api_world, row, "all").status_code < 300
        transaction.set_rollback(True)


def test_a_form_of_another_site_is_not_read(api_world: ApiWorld) -> None:
    """What a browser sends without asking first is no JSON, and is refused before anything else of it is looked at."""
    before = dump_tables()
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"):
        for client in (strict(api_world), api_world.actors["owner"].client()):
            headers = {"Content_Type": kind, "Origin": ELSEWHERE}
            response = client.send("POST", "projects", raw=b'{"name":"x","goal":"y","stage":"idea"}', **headers)
            assert response.status_code in {403, 415}, kind
            assert wrong_shape(response) == ""
    assert changed_tables(before, dump_tables()) == []


def test_another_site_may_read_nothing(api_world: ApiWorld) -> None:
    """No header opens the answers to scripts of other sites, and what they ask before is not answered."""
    for row in READING:
        response = send(api_world.actors["owner"].client(), api_world, row, Origin=ELSEWHERE)
        assert not [name for name in response.headers if name.lower().startswith("access-control-")]
    asked = Api().send("OPTIONS", "projects", Origin=ELSEWHERE, Access_Control_Request_Method="POST")
    assert asked.status_code in {401, 405}
    assert not [name for name in asked.headers if name.lower().startswith("access-control-")]


def test_what_reads_changes_nothing(api_world: ApiWorld) -> None:
    """With a session not even the note of a token's use is written. What leaves as a file is in the trail."""
    before = dump_tables()
    for row in READING:
        assert send(strict(api_world), api_world, row).status_code == 200
    assert changed_tables(before, dump_tables()) == []
    noted = [row for row in PLAIN if row.effect == "noted"]
    with transaction.atomic():
        for row in noted:
            assert send(strict(api_world), api_world, row).status_code == 200
        assert changed_tables(before, dump_tables()) == [TRAIL]
        transaction.set_rollback(True)


def test_the_use_of_a_token_is_noted_once(api_world: ApiWorld) -> None:
    """The control for the columns that the comparisons leave out: these two change, once a minute, and no other."""
    actor = api_world.actors["all"]
    assert actor.token is not None
    with transaction.atomic():
        ApiToken.objects.filter(pk=actor.token.pk).update(used_at=None, used_from="")
        before, whole = dump_tables(hidden=USE_OF_TOKENS), dump_tables()
        assert actor.client().get("projects").status_code == 200
        assert changed_tables(before, dump_tables(hidden=USE_OF_TOKENS)) == []
        after = dump_tables()
        assert changed_tables(whole, after) == ["accounts_apitoken"]
        assert actor.client().get("projects").status_code == 200
        assert changed_tables(after, dump_tables()) == []
        actor.token.refresh_from_db()
        assert actor.token.used_at is not None
        assert actor.token.used_from == "127.0.0.1"
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    "name", ["token", "access_token", "api_key", "key", "authorization", "bearer", "secret", "Token"]
)
def test_a_token_in_the_address_is_refused(api_world: ApiWorld, name: str) -> None:
    """Never used: not without another credential, and with one the request is refused all the same."""
    secret = api_world.actors["all"].secret
    before = dump_tables()
    for row in PLAIN:
        alone = send(Api(), api_world, row, query=f"?{name}={secret}")
        assert alone.status_code == 401
        beside = send(api_world.actors["owner"].client(), api_world, row, query=f"?{name}={secret}")
        assert beside.status_code == 422
        assert named(beside) == [name]
        assert "header Authorization" in beside.json()["detail"]
        for response in (alone, beside):
            assert wrong_shape(response) == ""
            assert secret not in text_of(response)
    assert changed_tables(before, dump_tables()) == [], "not even the note of its use"


def test_a_token_anywhere_else_is_not_looked_at(api_world: ApiWorld) -> None:
    secret = api_world.actors["all"].secret
    before = dump_tables()
    headers = [
        {"Authorization": f"Basic {secret}"},
        {"Authorization": f"Token {secret}"},
        {"Authorization": secret},
        {"Authorization": f"Bearer {secret}x"},
        {"Authorization": f"Bearer {secret[:-1]}"},
        {"Authorization": f"Bearer {secret.upper()}"},
        {"Authorization": f"Bearer {secret} {secret}"},
        {"Authorization": f"Bearer {token_hash(secret)}"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer pf_"},
        {"X_API_Key": secret},
        {"X_Authorization": f"Bearer {secret}"},
        {"Proxy_Authorization": f"Bearer {secret}"},
        {"Cookie": f"token={secret}; sessionid={secret}"},
    ]
    for more in headers:
        response = Api().get("projects", **more)
        assert response.status_code == 401, more
        assert wrong_shape(response) == ""
        assert secret not in text_of(response)
    assert Api().send("POST", "projects", {"token": secret, "Authorization": f"Bearer {secret}"}).status_code == 401
    assert changed_tables(before, dump_tables()) == []


@pytest.mark.parametrize("name", ["revoked", "expired", "removed", "deactivated"])
def test_a_dead_token_does_not_fall_back_to_the_session(api_world: ApiWorld, name: str) -> None:
    client = api_world.actors["owner"].client()
    client.secret = api_world.actors[name].secret
    response = client.get("projects")
    assert response.status_code == 401
    assert wrong_shape(response) == ""


def test_all_dead_tokens_are_told_the_same(api_world: ApiWorld) -> None:
    answers = {
        api_world.actors[name].client().get("projects").content
        for name in ("revoked", "expired", "removed", "deactivated")
    }
    assert answers == {Api(secret="pf_" + "a" * 43).get("projects").content}


def test_the_token_counts_where_both_come(api_world: ApiWorld) -> None:
    """The session of an owner lends a narrow token nothing."""
    client = api_world.actors["owner"].client()
    client.secret = api_world.actors["read_portfolio"].secret
    assert client.get("projects").status_code == 403
    assert client.get("portfolio").status_code == 200


def test_a_token_opens_no_page(api_world: ApiWorld) -> None:
    """It is for the interface alone."""
    secret = api_world.actors["all"].secret
    assert not [row for row in PAGES if is_of_interface(row.route)]
    for path in ("/projects/", "/portfolio/", "/organisation/tokens/", "/organisation/members/", "/account/"):
        assert Api(secret=secret).send("GET", path).headers["Location"].startswith("/accounts/login/"), path


def logged_text(records: list[logging.LogRecord]) -> str:
    """What the records say once they have gone through the filter of the product's own handler."""
    hide = HideTokens()
    return "\n".join(f"{record.getMessage()} {record.exc_text or ''}" for record in records if hide.filter(record))


def test_the_token_is_nowhere(api_world: ApiWorld, caplog: pytest.LogCaptureFixture) -> None:
    """In no log record at any level, in no table and in no answer, of operations that work and of refusals."""
    caplog.set_level(logging.DEBUG)
    for name in ("django.request", "django.db.backends", "django.security", "preflight"):
        caplog.set_level(logging.DEBUG, logger=name)
    secrets = {name: actor.secret for name, actor in api_world.actors.items() if actor.secret}
    assert len(secrets) == 14
    said = []
    for row in ROWS:
        for name in secrets if row.effect == "write" else ("all", "propose_answers", "revoked"):
            with transaction.atomic():
                prepare(api_world.north.here, row.route, row.method, row.about)
                response = send(api_world.actors[name].client(), api_world, row, name)
                said += [text_of(response), str(response.headers), response.cookies.output()]
                transaction.set_rollback(True)
    with CaptureQueriesContext(connection):
        client = api_world.actors["all"].client()
        said += [text_of(client.get(f"projects?token={client.secret}")), text_of(client.get("projects"))]
        said.append(text_of(client.post("projects", {"name": 1})))
    held, logged = repr(dump_tables()), logged_text(caplog.records)
    for name, secret in secrets.items():
        core = secret.removeprefix("pf_")
        assert not [text for text in said if core in text], name
        assert core not in held, name
        assert core not in logged, name
        if name != "removed":
            assert token_hash(secret) in held, "the control: the hash is what is stored"
    assert "/api/v1/projects" in logged, "the control: refusals are logged"
    assert "SELECT" in logged, "the control: statements are logged"


def test_a_token_in_a_path_is_hidden_in_the_log(api_world: ApiWorld, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="django.request")
    client = api_world.actors["all"].client()
    for path in (f"nowhere/{client.secret}", f"projects/{client.secret}"):
        assert client.get(path).status_code == 404
    logged = logged_text(caplog.records)
    assert "/api/v1/nowhere/" in logged, "the control"
    assert client.secret.removeprefix("pf_") not in logged
