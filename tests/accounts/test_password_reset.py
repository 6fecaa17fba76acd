"""A forgotten password: one mail, one link, one hour, one use."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as site
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core import mail
from django.test import Client

from accounts.models import User
from tests.accounts.steps import NASTY, NEW_PASSWORD, is_signed_in, last_path, post_raw, signed_in

URL = "/accounts/password/reset/"
CHOSEN = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}


def ask(email: str) -> Any:
    return Client().post(URL, {"email": email})


def link_for(user: User) -> str:
    assert ask(user.email)["Location"] == f"{URL}done/"
    return last_path(f"{URL}key/")


def test_whole_way(client: Client, owner: User) -> None:
    assert 'autocomplete="email"' in client.get(URL).content.decode()
    there = signed_in(owner)
    path = link_for(owner)
    assert mail.outbox[0].to == [owner.email]
    assert mail.outbox[0].subject == "A new password for Preflight"
    assert "for 60 minutes" in mail.outbox[0].body
    assert not mail.outbox[0].alternatives  # type: ignore[attr-defined]
    response = client.get(path)
    assert response.status_code == 302
    assert path not in response["Location"]
    form = response["Location"]
    assert client.get(form).content.decode().count('autocomplete="new-password"') == 2
    response = client.post(form, CHOSEN)
    assert response["Location"] == f"{URL}key/done/"
    assert "Your password is changed" in client.get(response["Location"]).content.decode()
    assert not is_signed_in(there)
    assert not is_signed_in(client)
    signed_in(owner, NEW_PASSWORD)


def test_works_once(client: Client, owner: User) -> None:
    path = link_for(owner)
    form = client.get(path)["Location"]
    client.post(form, CHOSEN)
    assert "no longer works" in client.get(path).content.decode()
    again = {"password1": "yet another one 7", "password2": "yet another one 7"}
    assert "no longer works" in client.post(form, again).content.decode()
    assert "no longer works" in Client().post(path, again).content.decode()
    signed_in(owner, NEW_PASSWORD)


@pytest.mark.parametrize(("seconds", "works"), [(3590, True), (3602, False), (86400, False)])
def test_lasts_an_hour(client: Client, owner: User, monkeypatch: pytest.MonkeyPatch, seconds: int, works: bool) -> None:
    assert site.PASSWORD_RESET_TIMEOUT == 3600
    path = link_for(owner)
    later = datetime.now() + timedelta(seconds=seconds)  # noqa: DTZ005 - Django counts in naive local time here
    monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda self: later)
    response = client.get(path)
    assert (response.status_code == 302) is works
    if not works:
        assert "no longer works" in response.content.decode()
        client.post(path, CHOSEN)
        signed_in(owner)


def test_an_hour_that_ends_while_the_form_is_open(client: Client, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    form = client.get(link_for(owner))["Location"]
    later = datetime.now() + timedelta(seconds=3700)  # noqa: DTZ005
    monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda self: later)
    assert "no longer works" in client.post(form, CHOSEN).content.decode()
    signed_in(owner)


def test_a_new_password_ends_older_links(client: Client, owner: User) -> None:
    first, second = link_for(owner), link_for(owner)
    client.post(client.get(first)["Location"], CHOSEN)
    assert "no longer works" in client.get(second).content.decode()


def test_the_same_answer_for_everybody(owner: User) -> None:
    known, unknown = ask(owner.email), ask("nobody@example.com")
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert len(mail.outbox) == 1


def test_the_same_answer_when_the_mail_server_is_away(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: object, *args: object, **kwargs: object) -> None:
        raise ConnectionRefusedError("nobody there")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    known, unknown = ask(owner.email), ask("nobody@example.com")
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


def test_nothing_for_a_deactivated_person(owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    ask(owner.email)
    assert not mail.outbox


def test_a_look_alike_address_gets_nothing(owner: User) -> None:
    ask("o\u217cga@example.com")
    assert not mail.outbox


def test_the_host_header_does_not_choose_the_link(owner: User, settings: Any) -> None:
    settings.PUBLIC_URL = "https://risk.example.com"
    Client().post(URL, {"email": owner.email}, headers={"host": "localhost:6666"})
    assert "https://risk.example.com/accounts/password/reset/key/" in mail.outbox[0].body
    assert Client().post(URL, {"email": owner.email}, headers={"host": "evil.example"}).status_code == 400


def test_throttled(owner: User) -> None:
    codes = [ask(owner.email).status_code for _ in range(6)]
    assert codes == [302] * 5 + [429]
    assert len(mail.outbox) == 5


def test_somebody_else_is_signed_in(owner: User, viewer: User) -> None:
    client = signed_in(viewer)
    form = client.get(link_for(owner))["Location"]
    assert client.post(form, CHOSEN).status_code == 302
    assert not is_signed_in(client)
    signed_in(owner, NEW_PASSWORD)
    signed_in(viewer)


@pytest.mark.parametrize(
    "changes", [{"password2": "x"}, {"password1": "short", "password2": "short"}, {"password1": ""}]
)
def test_refused_and_can_be_tried_again(client: Client, owner: User, changes: dict[str, str]) -> None:
    form = client.get(link_for(owner))["Location"]
    response = client.post(form, {**CHOSEN, **changes})
    assert response.status_code == 422
    assert "errors-h" in response.content.decode()
    assert client.post(form, CHOSEN).status_code == 302


def test_takes_nothing_that_is_not_asked(client: Client, owner: User) -> None:
    form = client.get(link_for(owner))["Location"]
    client.post(form, {**CHOSEN, "is_staff": "on", "is_superuser": "on", "email": "grab@example.com", "user": "1"})
    owner.refresh_from_db()
    assert (owner.is_staff, owner.is_superuser, owner.email) == (False, False, "olga@example.com")


@pytest.mark.parametrize("key", ["1-x", "zzzzzzzzzzzzzzzzz-abc-def", "1-set-password", "0-c0ffee-0", "1-%00"])
def test_made_up_links(client: Client, owner: User, key: str) -> None:
    response = client.get(f"{URL}key/{key}/")
    assert response.status_code in {200, 400}
    assert client.post(f"{URL}key/{key}/", CHOSEN).status_code in {200, 400}
    signed_in(owner)


@pytest.mark.parametrize("nasty", NASTY.values(), ids=NASTY)
def test_nasty_address(client: Client, owner: User, nasty: str) -> None:
    response = post_raw(client, URL, email=nasty)
    assert response.status_code == 422
    assert b"<script>alert" not in response.content


def test_wrong_method_and_csrf(client: Client, owner: User) -> None:
    assert client.put(URL).status_code == 405
    assert client.post(f"{URL}done/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(URL, {"email": owner.email}).status_code == 403
    assert not mail.outbox
