"""The settings of an organisation."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Membership, Organisation, User
from tests.accounts.steps import GRABS, NASTY, post_raw, to_login, verbs

URL = "/organisation/settings/"


def test_renames(client: Client, owner: User, organisation: Organisation) -> None:
    client.force_login(owner)
    assert 'value="Halden Group"' in client.get(URL).content.decode()
    assert client.post(URL, {"name": " Halden & Sons "}).status_code == 302
    organisation.refresh_from_db()
    assert organisation.name == "Halden & Sons"
    assert verbs() == ["organisation.renamed"]
    assert "Halden &amp; Sons" in client.get(URL).content.decode()


def test_an_outsider_changes_only_their_own(client: Client, outsider: User, organisation: Organisation) -> None:
    client.force_login(outsider)
    client.post(URL, {"name": "Taken", "id": organisation.pk, "organisation": organisation.pk})
    organisation.refresh_from_db()
    assert organisation.name == "Halden Group"


@pytest.mark.parametrize("role", ["editor", "respondent", "viewer"])
def test_refused(client: Client, role: str, request: pytest.FixtureRequest, organisation: Organisation) -> None:
    client.force_login(request.getfixturevalue(role))
    assert client.get(URL).status_code == 403
    assert client.post(URL, {"name": "Taken"}).status_code == 403
    organisation.refresh_from_db()
    assert organisation.name == "Halden Group"


def test_anonymous(client: Client, db: None) -> None:
    assert to_login(client.get(URL))
    assert to_login(client.post(URL, {"name": "x"}))


def test_wrong_method(client: Client, owner: User) -> None:
    client.force_login(owner)
    assert client.delete(URL).status_code == 405


def test_csrf(owner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert client.post(URL, {"name": "x"}).status_code == 403


@pytest.mark.parametrize("nasty", NASTY.values(), ids=NASTY)
def test_nasty_name(client: Client, owner: User, nasty: str) -> None:
    client.force_login(owner)
    response = post_raw(client, URL, name=nasty)
    assert response.status_code in {302, 422}
    page = client.get(URL)
    assert page.status_code == 200
    assert b"<script>alert" not in response.content + page.content


def test_takes_nothing_that_is_not_asked(client: Client, owner: User) -> None:
    client.force_login(owner)
    before = Membership.objects.values().get(user=owner)
    client.post(URL, {"name": "New", **GRABS, "role": "viewer"})
    owner.refresh_from_db()
    assert Membership.objects.values().get(user=owner) == before
    assert not owner.is_staff
    assert not owner.is_superuser
