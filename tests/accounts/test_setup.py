"""The first start of an installation."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Organisation, SetupToken, User
from accounts.roles import Role
from tests.accounts.steps import NASTY, NEW_PASSWORD, PASSWORD, is_signed_in, post_raw, signed_in, verbs

pytestmark = pytest.mark.django_db

calls: list[tuple[str, bool]] = []


def after_setup(*, membership: Membership, with_demo: bool) -> None:
    calls.append((membership.organisation.name, with_demo))


def failing_setup(*, membership: Membership, with_demo: bool) -> None:
    raise RuntimeError("the demo data could not be read")


def printed(*arguments: str) -> str:
    out = StringIO()
    call_command("setup_token", *arguments, stdout=out)
    return out.getvalue().strip()


def path_of(address: str) -> str:
    return address.removeprefix("http://localhost:8000")


def filled(**changes: str) -> dict[str, str]:
    return {
        "organisation_name": "Halden Group",
        "name": "Ana Ruiz",
        "email": "Ana@Example.com",
        "password1": NEW_PASSWORD,
        "password2": NEW_PASSWORD,
        "start": "demo",
        **changes,
    }


@pytest.fixture
def path() -> str:
    return path_of(printed())


def test_prints_one_address() -> None:
    address = printed("--base-url", "https://risk.example.com/")
    assert address.startswith("https://risk.example.com/setup/")
    token = address.rstrip("/").rpartition("/")[2]
    assert len(token) >= 43
    assert token not in SetupToken.objects.get().token_hash


def test_a_second_address_ends_the_first(client: Client) -> None:
    first, second = path_of(printed()), path_of(printed())
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200
    assert SetupToken.objects.count() == 1


def test_no_address_once_there_is_an_organisation(owner: User) -> None:
    with pytest.raises(CommandError, match="set up already"):
        printed()


def test_form(client: Client, path: str) -> None:
    page = client.get(path).content.decode()
    assert '<input type="radio" name="start" value="demo" id="id_start" checked>' in page
    assert 'autocomplete="new-password"' in page
    assert 'autocomplete="organization"' in page


def test_makes_the_organisation_and_its_owner(client: Client, path: str) -> None:
    response = client.post(path, filled())
    assert response.status_code == 302
    assert response["Location"] == reverse("home")
    membership = Membership.objects.get()
    assert (membership.role, membership.organisation.name, membership.user.email) == (
        Role.OWNER,
        "Halden Group",
        "ana@example.com",
    )
    assert not membership.user.is_staff
    assert not membership.user.is_superuser
    assert is_signed_in(client)
    assert verbs() == ["organisation.set_up"]
    signed_in(membership.user, NEW_PASSWORD)


def test_works_once(client: Client, path: str) -> None:
    client.post(path, filled())
    assert Client().get(path).status_code == 404
    assert Client().post(path, filled(email="second@example.com")).status_code == 404
    assert Organisation.objects.count() == User.objects.count() == 1


def test_dead_when_an_organisation_exists(client: Client, path: str, owner: User) -> None:
    assert client.get(path).status_code == 404
    assert client.post(path, filled()).status_code == 404
    assert User.objects.count() == 1


@pytest.mark.parametrize("token", ["x", "x" * 3000, "%00", "%ED%A0%80", "..", "é"])
def test_unknown_token(client: Client, token: str, path: str) -> None:
    assert client.get(f"/setup/{token}/").status_code in {400, 404}


def test_wrong_method(client: Client, path: str) -> None:
    assert client.put(path).status_code == 405
    assert client.delete(path).status_code == 405


@pytest.mark.parametrize(("start", "with_demo"), [("demo", True), ("empty", False)])
def test_calls_the_hook(client: Client, path: str, settings: Any, start: str, with_demo: bool) -> None:
    calls.clear()
    settings.AFTER_SETUP = f"{__name__}.after_setup"
    assert client.post(path, filled(start=start)).status_code == 302
    assert calls == [("Halden Group", with_demo)]


def test_a_failing_hook_leaves_nothing_behind(client: Client, path: str, settings: Any) -> None:
    settings.AFTER_SETUP = f"{__name__}.failing_setup"
    with pytest.raises(RuntimeError):
        client.post(path, filled())
    assert not Organisation.objects.exists()
    assert not User.objects.exists()
    settings.AFTER_SETUP = ""
    assert client.post(path, filled()).status_code == 302


def test_no_hook_is_fine(client: Client, path: str, settings: Any) -> None:
    settings.AFTER_SETUP = ""
    assert client.post(path, filled()).status_code == 302


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"organisation_name": " "}, "organisation_name", "please fill this in"),
        ({"name": ""}, "name", "please fill this in"),
        ({"name": "x" * 121}, "name", "at most 120 characters"),
        ({"email": "nobody"}, "email", "such as name@example.com"),
        ({"email": "\u212aa@example.com"}, "email", "only plain letters"),
        ({"password1": "short", "password2": "short"}, "password1", "too short"),
        ({"password1": "password1234", "password2": "password1234"}, "password1", "too common"),
        ({"password2": "something else"}, "password2", "differs"),
        ({"password1": "x" * 1001, "password2": "x" * 1001}, "password1", "at most 1000"),
        ({"start": "both"}, "start", "valid choice"),
    ],
)
def test_refuses_and_says_why(client: Client, path: str, changes: dict[str, str], field: str, words: str) -> None:
    response = client.post(path, filled(**changes))
    page = response.content.decode()
    assert response.status_code == 422
    assert words in page
    assert f'href="#id_{field}"' in page
    assert f'id="id_{field}_error"' in page
    assert not Organisation.objects.exists()


def test_passwords_never_come_back(client: Client, path: str) -> None:
    page = client.post(path, filled(name="")).content.decode()
    assert NEW_PASSWORD not in page
    assert 'value="Halden Group"' in page


def test_an_address_that_is_taken(client: Client, path: str) -> None:
    User.objects.create_user("ana@example.com", PASSWORD, name="Somebody")
    response = client.post(path, filled())
    assert response.status_code == 422
    assert "exists already" in response.content.decode()
    assert not Organisation.objects.exists()


@pytest.mark.parametrize("nasty", NASTY.values(), ids=NASTY)
@pytest.mark.parametrize("field", ["organisation_name", "name", "email", "password1"])
def test_nasty_input(client: Client, path: str, nasty: str, field: str) -> None:
    plain = {name: value.replace(" ", "+").replace("@", "%40") for name, value in filled().items()}
    response = post_raw(client, path, **{**plain, field: nasty})
    assert response.status_code in {302, 422}
    assert b"<script>alert" not in response.content


def test_takes_nothing_that_is_not_asked(client: Client, path: str) -> None:
    client.post(path, filled(role="viewer", is_staff="on", is_superuser="on", organisation="7", id="99"))
    membership = Membership.objects.get()
    assert membership.role == Role.OWNER
    assert membership.user_id != 99
    assert not membership.user.is_staff
    assert not membership.user.is_superuser


def test_csrf(path: str) -> None:
    assert Client(enforce_csrf_checks=True).post(path, filled()).status_code == 403
    assert not Organisation.objects.exists()


def test_the_login_page_tells_the_way(client: Client) -> None:
    assert "not set up yet" in client.get(reverse("account_login")).content.decode()
