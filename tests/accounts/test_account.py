"""A person's own settings, and the choice of organisation."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Organisation, User
from accounts.roles import Role
from tests.accounts.conftest import Make
from tests.accounts.steps import GRABS, NASTY, PASSWORD, post_raw, to_login, verbs

URL = "/account/"
SWITCH = "/account/organisation/"


def test_shows(client: Client, viewer: User) -> None:
    client.force_login(viewer)
    page = client.get(URL).content.decode()
    assert 'value="Viktor"' in page
    assert "viktor@example.com" in page
    assert "Halden Group" in page
    for name in ("account_change_password", "usersessions_list", "account_logout"):
        assert reverse(name) in page


def test_saves(client: Client, viewer: User) -> None:
    client.force_login(viewer)
    response = client.post(URL, {"name": "  Vik Tor "})
    assert response.status_code == 302
    viewer.refresh_from_db()
    assert (viewer.name, viewer.single_keys) == ("Vik Tor", False)
    client.post(URL, {"name": "Vik", "single_keys": "on"})
    viewer.refresh_from_db()
    assert viewer.single_keys
    assert verbs() == ["account.updated", "account.updated"]


def test_refuses_an_empty_form(client: Client, viewer: User) -> None:
    client.force_login(viewer)
    response = client.post(URL, {})
    assert response.status_code == 422
    page = response.content.decode()
    assert 'aria-invalid="true"' in page
    assert 'aria-describedby="id_name_error"' in page
    viewer.refresh_from_db()
    assert viewer.name == "Viktor"


def test_anonymous(client: Client, db: None) -> None:
    assert to_login(client.get(URL))
    assert to_login(client.post(URL, {"name": "x"}))
    assert to_login(client.post(SWITCH, {"organisation": "1"}))


def test_wrong_method(client: Client, viewer: User) -> None:
    client.force_login(viewer)
    assert client.put(URL).status_code == 405
    assert client.get(SWITCH).status_code == 405


def test_without_an_organisation(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("lone@example.com", PASSWORD, name="Lone"))
    response = client.get(URL)
    assert response.status_code == 200
    assert "not a member of an organisation yet" in response.content.decode()


def test_takes_nothing_that_is_not_asked(client: Client, viewer: User) -> None:
    client.force_login(viewer)
    password = viewer.password
    client.post(URL, {"name": "Vik", **GRABS})
    viewer.refresh_from_db()
    assert (viewer.is_staff, viewer.is_superuser, viewer.is_active) == (False, False, True)
    assert (viewer.email, viewer.password) == ("viktor@example.com", password)
    assert Membership.objects.get(user=viewer).role == Role.VIEWER


@pytest.mark.parametrize("nasty", NASTY.values(), ids=NASTY)
def test_nasty_name(client: Client, viewer: User, nasty: str) -> None:
    client.force_login(viewer)
    response = post_raw(client, URL, name=nasty)
    assert response.status_code in {302, 422}
    page = client.get(URL)
    assert page.status_code == 200
    assert b"<script>alert" not in response.content + page.content


def test_csrf(viewer: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(viewer)
    assert client.post(URL, {"name": "x"}).status_code == 403
    assert client.post(SWITCH, {"organisation": "1"}).status_code == 403


def test_switch(client: Client, owner: User, make_member: Make) -> None:
    second = Organisation.objects.create(name="Second House")
    make_member(Role.VIEWER, "Olga", of=second)
    client.force_login(owner)
    assert client.get("/organisation/members/").status_code == 200
    assert client.post(SWITCH, {"organisation": str(second.pk)}).status_code == 302
    assert client.get("/organisation/members/").status_code == 403
    assert "shown now" in client.get(URL).content.decode()


@pytest.mark.parametrize("value", ["", "0", "-1", "x", "99999999999999999999", "１"])
def test_switch_to_nothing(client: Client, owner: User, value: str) -> None:
    client.force_login(owner)
    assert client.post(SWITCH, {"organisation": value}).status_code == 404


def test_switch_to_a_foreign_organisation(client: Client, viewer: User, outsider: User) -> None:
    foreign = Membership.objects.get(user=outsider).organisation
    client.force_login(viewer)
    assert client.post(SWITCH, {"organisation": str(foreign.pk)}).status_code == 404
    assert "Elsewhere" not in client.get(URL).content.decode()


def test_a_stale_choice_falls_back(client: Client, owner: User, make_member: Make) -> None:
    second = make_member(Role.VIEWER, "Olga", of=Organisation.objects.create(name="Second House"))
    client.force_login(owner)
    client.post(SWITCH, {"organisation": str(second.organisation_id)})
    second.delete()
    assert client.get("/organisation/members/").status_code == 200
