"""Signing in and out, and what stands in the way of guessing."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.conf import settings as site
from django.contrib.auth.hashers import identify_hasher, make_password
from django.core.cache import cache
from django.db import connection
from django.test import Client

from accounts.adapter import NO_ADDRESS, AccountAdapter
from accounts.models import User
from tests.accounts.steps import NASTY, PASSWORD, is_signed_in, post_raw, signed_in, to_login

URL = "/accounts/login/"
WRONG = "wrong guess 123"
PAYLOADS = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "http:evil.example",
    "https:///evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    " //evil.example",
    "\t//evil.example",
    "http://testserver@evil.example/",
    "http://testserver.evil.example/",
    "//testserver:80@evil.example/",
    "/%0d%0aLocation:%20//evil.example/../..//evil.example\r\nX: y",
]


def try_once(client: Client, email: str, password: str = WRONG, **headers: str) -> Any:
    return client.post(URL, {"login": email, "password": password}, headers=headers)


def test_signs_in(client: Client, owner: User) -> None:
    page = client.get(URL).content.decode()
    assert 'autocomplete="email"' in page
    assert 'autocomplete="current-password"' in page
    assert '<label for="id_login">E-mail</label>' in page
    assert "placeholder" not in page
    response = try_once(client, "OLGA@example.com", PASSWORD)
    assert response.status_code == 302
    assert response["Location"] == "/"
    assert is_signed_in(client)


def test_comes_back_to_where_the_person_wanted_to_go(client: Client, owner: User) -> None:
    response = client.get("/organisation/members/?find=a")
    assert response["Location"] == f"{URL}?next=/organisation/members/%3Ffind%3Da"
    assert 'value="/organisation/members/?find=a"' in client.get(response["Location"]).content.decode()
    wanted = {"login": owner.email, "password": PASSWORD, "next": "/organisation/members/?find=a"}
    assert client.post(URL, wanted)["Location"] == "/organisation/members/?find=a"


@pytest.mark.parametrize("target", PAYLOADS)
def test_never_sends_people_elsewhere(client: Client, owner: User, target: str) -> None:
    response = client.post(URL, {"login": owner.email, "password": PASSWORD, "next": target})
    assert response.status_code == 302
    where = response["Location"]
    assert where.startswith("/")
    assert not where.startswith(("//", "/\\"))
    assert "\n" not in where
    signed = client.get(URL, {"next": target})
    assert signed.status_code in {302, 400}
    assert signed.get("Location", "/") == where or signed["Location"] == "/"
    out = client.post("/accounts/logout/", {"next": target})
    assert out["Location"].startswith("/")
    assert not out["Location"].startswith(("//", "/\\"))


def test_the_same_sentence_for_a_wrong_password_and_an_unknown_address(client: Client, owner: User) -> None:
    known, unknown = try_once(client, owner.email), try_once(client, "nobody@example.com")
    assert known.status_code == unknown.status_code == 422
    pages = [answer.content.decode() for answer in (known, unknown)]
    assert "The e-mail address or the password is wrong." in pages[0]
    for email, number in ((owner.email, 0), ("nobody@example.com", 1)):
        pages[number] = pages[number].replace(email, "X")
    assert without_token(pages[0]) == without_token(pages[1])


def without_token(page: str) -> str:
    return "".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)


def test_an_unknown_address_costs_a_hash_too(client: Client, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []

    def hash_it(raw: str) -> str:
        hashed.append(raw)
        return "x"

    monkeypatch.setattr("django.contrib.auth.base_user.make_password", hash_it)
    try_once(client, "nobody@example.com")
    assert hashed == ["wrong guess 123"]


def test_empty(client: Client, db: None) -> None:
    response = client.post(URL, {})
    page = response.content.decode()
    assert response.status_code == 422
    assert '<a href="#id_login">E-mail: please fill this in.</a>' in page
    assert '<a href="#id_password">Password: please fill this in.</a>' in page
    assert 'aria-describedby="id_login_error"' in page


def test_the_password_never_comes_back(client: Client, owner: User) -> None:
    assert "wrong guess 123" not in try_once(client, owner.email).content.decode()


def test_argon2(settings: Any) -> None:
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.Argon2PasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
    assert identify_hasher(make_password("x")).algorithm == "argon2"


# Guessing


def test_25_tries_with_a_rotating_header(client: Client, owner: User) -> None:
    codes = []
    for number in range(25):
        answer = try_once(client, owner.email, **{"x-forwarded-for": f"10.0.0.{number}"})
        codes.append(answer.status_code)
    assert codes == [422] * 10 + [429] * 15
    assert "Wait 15 minutes, then try again." in answer.content.decode()
    assert try_once(client, owner.email, PASSWORD).status_code == 429
    assert not is_signed_in(client)


def test_the_count_is_shared_by_all_processes(owner: User) -> None:
    """It lives in the cache of the installation, not in a process, and another browser or host name is no way round."""
    for number in range(10):
        try_once(Client(), owner.email.upper(), host=f"localhost:{5000 + number}")
    assert "LocMem" not in site.CACHES["default"]["BACKEND"]
    if "db.DatabaseCache" in site.CACHES["default"]["BACKEND"]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM cache")
            assert cursor.fetchone()[0] > 0
    assert try_once(Client(REMOTE_ADDR="192.0.2.7"), owner.email, PASSWORD).status_code == 429


def test_the_count_survives_many_other_counts(owner: User) -> None:
    """A full cache drops rows; it must be large enough that guessing elsewhere does not wipe a count."""
    for _ in range(10):
        try_once(Client(), owner.email)
    for number in range(700):
        cache.set(f"other-{number}", [1.0], 900)
    assert try_once(Client(), owner.email, PASSWORD).status_code == 429


def test_other_people_can_still_sign_in(owner: User, viewer: User) -> None:
    for _ in range(12):
        try_once(Client(), owner.email)
    assert try_once(Client(), viewer.email, PASSWORD).status_code == 302


def test_a_success_between_does_not_reset_the_count(owner: User) -> None:
    for _ in range(9):
        try_once(Client(), owner.email)
    assert try_once(Client(), owner.email, PASSWORD).status_code == 302
    assert try_once(Client(), owner.email).status_code == 422
    assert try_once(Client(), owner.email).status_code == 429


def test_the_wait_ends(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(11):
        try_once(Client(), owner.email)
    moved = time.time() + 901
    monkeypatch.setattr("allauth.core.internal.ratelimit.time.time", lambda: moved)
    assert try_once(Client(), owner.email, PASSWORD).status_code == 302


def test_one_address_cannot_try_many_accounts(db: None) -> None:
    codes = [try_once(Client(), f"person{number}@example.com").status_code for number in range(61)]
    assert codes[:60] == [422] * 60
    assert codes[60] == 429


@pytest.mark.parametrize(
    ("trusted", "forwarded", "peer", "expected"),
    [
        (False, "1.2.3.4", "192.0.2.1", "192.0.2.1"),
        (True, "1.2.3.4", "192.0.2.1", "1.2.3.4"),
        (True, "6.6.6.6, 1.2.3.4", "192.0.2.1", "1.2.3.4"),
        (True, "not an address", "192.0.2.1", "192.0.2.1"),
        (True, "", "192.0.2.1", "192.0.2.1"),
        (True, "<script>", "", NO_ADDRESS),
        (False, "1.2.3.4", "", NO_ADDRESS),
        (True, "2001:db8::1", "192.0.2.1", "2001:db8::1"),
    ],
)
def test_whose_address_counts(settings: Any, rf: Any, trusted: bool, forwarded: str, peer: str, expected: str) -> None:
    settings.TRUSTED_PROXY = trusted
    request = rf.get("/", headers={"x-forwarded-for": forwarded}, REMOTE_ADDR=peer)
    assert AccountAdapter(request).get_client_ip(request) == expected


# Nasty things


@pytest.mark.parametrize("nasty", NASTY.values(), ids=NASTY)
@pytest.mark.parametrize("field", ["login", "password", "next"])
def test_nasty_input(client: Client, owner: User, nasty: str, field: str) -> None:
    fields = {"login": "olga%40example.com", "password": "wrong", "next": "/account/", field: nasty}
    response = post_raw(client, URL, **fields)
    assert response.status_code == 422
    assert b"<script>alert" not in response.content


def test_wrong_method(client: Client, db: None) -> None:
    for method in (client.put, client.delete, client.patch, client.options):
        assert method(URL).status_code == 405
    assert client.post("/accounts/signup/", {"email": "a@example.com", "password1": PASSWORD}).status_code == 405


def test_csrf(owner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post(URL, {"login": owner.email, "password": PASSWORD}).status_code == 403
    client.force_login(owner)
    assert client.post("/accounts/logout/").status_code == 403
    assert is_signed_in(client)


def test_answers_html_whatever_is_asked(client: Client, owner: User) -> None:
    response = client.post(
        URL,
        {"login": owner.email, "password": "wrong"},
        headers={"accept": "application/json", "x-requested-with": "XMLHttpRequest"},
    )
    assert response["Content-Type"].startswith("text/html")


def test_by_invitation_only(client: Client, db: None) -> None:
    response = client.get("/accounts/signup/")
    assert response.status_code == 200
    assert "By invitation only" in response.content.decode()
    assert client.post("/accounts/signup/", {}).status_code == 405


def test_a_deactivated_person(client: Client, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    response = try_once(client, owner.email, PASSWORD)
    assert response["Location"] == "/accounts/inactive/"
    assert "deactivated" in client.get(response["Location"]).content.decode()
    assert not is_signed_in(client)
    assert "password is wrong" in try_once(client, owner.email).content.decode()


# Signing out


def test_signs_out(owner: User) -> None:
    client = signed_in(owner)
    assert "Sign out?" in client.get("/accounts/logout/").content.decode()
    assert is_signed_in(client)
    assert to_login(client.post("/accounts/logout/"))
    assert not is_signed_in(client)
    assert to_login(client.get("/accounts/logout/"))


def test_reauthenticates(owner: User) -> None:
    client = signed_in(owner)
    url = "/accounts/reauthenticate/?next=/account/"
    assert "Confirm that it is you" in client.get(url).content.decode()
    wrong = client.post(url, {"password": "wrong"})
    assert wrong.status_code == 422
    assert "The password is wrong." in wrong.content.decode()
    assert client.post(url, {"password": PASSWORD})["Location"] == "/account/"
    for target in PAYLOADS[:12]:
        where = client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": target})
        assert where.status_code == 429 or where["Location"] == "/"


def test_reauthentication_is_throttled(owner: User) -> None:
    client = signed_in(owner)
    codes = [client.post("/accounts/reauthenticate/", {"password": "wrong"}).status_code for _ in range(12)]
    assert codes[:9] == [422] * 9
    assert codes[-1] == 429
