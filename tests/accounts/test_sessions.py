"""A cookie is dead after signing out, a new password, deactivation, removal and expiry."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.views.sessions import device_of
from tests.accounts.steps import NEW_PASSWORD, PASSWORD, is_signed_in, signed_in, to_login

CHANGE = "/accounts/password/change/"
SESSIONS = "/accounts/sessions/"
CHANGED = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}


def copy_of(client: Client) -> Client:
    """Another browser with the same cookie, as a thief would have it."""
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
    return thief


def test_signing_in_gives_a_new_cookie(owner: User) -> None:
    client = Client()
    client.get("/accounts/login/")
    session = client.session
    session["planted"] = True
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = before = str(session.session_key)
    client.post("/accounts/login/", {"login": owner.email, "password": PASSWORD})
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != before
    fixed = Client()
    fixed.cookies[settings.SESSION_COOKIE_NAME] = before
    assert not is_signed_in(fixed)


def test_cookie_flags(owner: User) -> None:
    cookie = signed_in(owner).cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert 0 < cookie["max-age"] <= 43200


def test_dead_after_signing_out(owner: User) -> None:
    client = signed_in(owner)
    thief = copy_of(client)
    assert is_signed_in(thief)
    client.post("/accounts/logout/")
    assert not is_signed_in(thief)


def test_dead_elsewhere_after_a_new_password(owner: User) -> None:
    here, there = signed_in(owner), signed_in(owner)
    thief = copy_of(here)
    response = here.post(CHANGE, CHANGED)
    assert response.status_code == 302
    assert response["Location"] == "/account/"
    assert is_signed_in(here)
    assert not is_signed_in(there)
    assert not is_signed_in(thief)
    assert Session.objects.count() == 1
    signed_in(owner, NEW_PASSWORD)


def test_dead_on_the_next_request_after_deactivation(owner: User) -> None:
    client = signed_in(owner)
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert not is_signed_in(client)
    assert to_login(client.get("/organisation/members/"))


def test_dead_after_its_time(owner: User) -> None:
    client = signed_in(owner)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert not is_signed_in(client)


def test_dead_after_signing_out_elsewhere(owner: User, viewer: User) -> None:
    here, there, other = signed_in(owner), signed_in(owner), signed_in(viewer)
    assert here.post(SESSIONS, {"where": "others"}).status_code == 302
    assert is_signed_in(here)
    assert not is_signed_in(there)
    assert is_signed_in(other)


def test_dead_after_signing_out_everywhere(owner: User, viewer: User) -> None:
    here, there, other = signed_in(owner), signed_in(owner), signed_in(viewer)
    assert to_login(here.post(SESSIONS, {"where": "everywhere"}))
    assert not is_signed_in(here)
    assert not is_signed_in(there)
    assert is_signed_in(other)


def test_list(owner: User, viewer: User) -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    here = signed_in(owner, headers={"user-agent": firefox})
    signed_in(owner, REMOTE_ADDR="192.0.2.9", headers={"user-agent": "<script>alert(1)</script>" * 40})
    signed_in(viewer, REMOTE_ADDR="192.0.2.77")
    page = here.get(SESSIONS).content.decode()
    assert "Firefox on Linux" in page
    assert page.count("this one") == 1
    assert "192.0.2.9" in page
    assert "192.0.2.77" not in page
    assert "<script>alert" not in page
    assert "Another program" in page


def test_list_shows_no_ended_session(owner: User) -> None:
    here, there = signed_in(owner), signed_in(owner, REMOTE_ADDR="192.0.2.9")
    there.post("/accounts/logout/")
    assert "192.0.2.9" not in here.get(SESSIONS).content.decode()


def test_anonymous_and_wrong_method(client: Client, owner: User) -> None:
    assert to_login(client.get(SESSIONS))
    assert to_login(client.post(SESSIONS))
    assert signed_in(owner).delete(SESSIONS).status_code == 405


def test_csrf(owner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    for url in (SESSIONS, CHANGE, "/accounts/reauthenticate/"):
        assert client.post(url).status_code == 403


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140 Safari/537.36 Edg/140",
            "Edge on Windows",
        ),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/18.0 Safari/605", "Safari on macOS"),
        ("curl/8", "Another program"),
        ("", "Another program"),
    ],
)
def test_names_of_devices(agent: str, words: str) -> None:
    assert device_of(agent) == words


# Changing the password


def test_change_form(owner: User) -> None:
    page = signed_in(owner).get(CHANGE).content.decode()
    assert 'autocomplete="current-password"' in page
    assert page.count('autocomplete="new-password"') == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"oldpassword": "wrong"}, "not your current password"),
        ({"password1": "short", "password2": "short"}, "too short"),
        ({"password2": "different from that"}, "differs from the first"),
        ({"password1": "olga@example.com", "password2": "olga@example.com"}, "too similar"),
        ({"password1": "x" * 1001, "password2": "x" * 1001}, "at most 1000"),
        ({"password1": ""}, "please fill this in"),
    ],
)
def test_change_refused(owner: User, changes: dict[str, str], words: str) -> None:
    client, other = signed_in(owner), signed_in(owner)
    response = client.post(CHANGE, {**CHANGED, **changes})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert NEW_PASSWORD not in response.content.decode()
    assert is_signed_in(other)


def test_change_takes_nothing_else(owner: User) -> None:
    client = signed_in(owner)
    client.post(CHANGE, {**CHANGED, "is_staff": "on", "is_superuser": "on", "email": "grab@example.com", "role": "x"})
    owner.refresh_from_db()
    assert (owner.is_staff, owner.is_superuser, owner.email) == (False, False, "olga@example.com")


def test_change_is_throttled(owner: User) -> None:
    client = signed_in(owner)
    codes = [client.post(CHANGE, {**CHANGED, "oldpassword": "wrong"}).status_code for _ in range(11)]
    assert codes[-1] == 429


def test_somebody_without_a_password_chooses_one(client: Client, owner: User) -> None:
    owner.set_unusable_password()
    owner.save()
    client.force_login(owner)
    assert client.get(CHANGE)["Location"] == "/accounts/password/set/"
    assert client.get("/accounts/password/set/").status_code == 200
    chosen = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert client.post("/accounts/password/set/", chosen).status_code == 302
    signed_in(owner, NEW_PASSWORD)


def test_nobody_sets_a_password_past_the_old_one(owner: User) -> None:
    client = signed_in(owner)
    chosen = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert client.post("/accounts/password/set/", chosen)["Location"] == CHANGE
    signed_in(owner)
