"""Invitations: made by owners, accepted once, by one address, within seven days."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.errors import InvitationClosed
from accounts.models import AuditEvent, Invitation, Membership, Organisation, User
from accounts.roles import Role
from tests.accounts.steps import (
    GRABS,
    NASTY,
    NEW_PASSWORD,
    is_signed_in,
    last_path,
    make_invitation,
    membership_of,
    new_person,
    post_raw,
    signed_in,
    to_login,
    verbs,
)

URL = "/organisation/invitations/"
ASKED = {"email": "New@Example.com", "role": "respondent", "all_projects": "on"}


# Making and withdrawing


def test_makes_one_and_shows_its_link_once(client: Client, owner: User, organisation: Organisation) -> None:
    client.force_login(owner)
    response = client.post(URL, ASKED)
    page = response.content.decode()
    assert response.status_code == 200
    link = re.search(r'value="(http://testserver/invitations/[^"]+)"', page)
    assert link
    assert link.group(1) in str(mail.outbox[0].body)
    assert mail.outbox[0].to == ["new@example.com"]
    assert "Olga invites you to Halden Group" in mail.outbox[0].body
    invitation = Invitation.objects.get()
    assert (invitation.role, invitation.all_projects, invitation.organisation) == ("respondent", True, organisation)
    assert timedelta(days=6, hours=23) < invitation.expires_at - timezone.now() <= timedelta(days=7)
    token = link.group(1).rstrip("/").rpartition("/")[2]
    assert token not in client.get("/organisation/members/").content.decode()
    assert token not in str(list(Invitation.objects.values()) + list(AuditEvent.objects.values()))
    assert verbs() == ["invitation.made"]


def test_the_address_of_the_installation_wins(client: Client, owner: User, settings: Any) -> None:
    settings.PUBLIC_URL = "https://risk.example.com/"
    client.force_login(owner)
    page = client.post(URL, ASKED, headers={"host": "localhost:6666"}).content.decode()
    assert 'value="https://risk.example.com/invitations/' in page


def test_a_mail_server_that_is_away(client: Client, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise ConnectionRefusedError("nobody there")

    monkeypatch.setattr("accounts.mails.send_mail", refuse)
    client.force_login(owner)
    page = client.post(URL, ASKED).content.decode()
    assert "could not be sent" in page
    assert "/invitations/" in page


def test_a_second_one_ends_the_first(client: Client, owner: User, organisation: Organisation) -> None:
    first, path = make_invitation(owner, organisation)
    client.force_login(owner)
    client.post(URL, ASKED)
    first.refresh_from_db()
    assert first.revoked_at
    assert Client().get(path).status_code == 410
    assert verbs() == ["invitation.made", "invitation.withdrawn", "invitation.made"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"email": ""}, "please fill this in"),
        ({"email": "a@b"}, "such as name@example.com"),
        ({"email": "a@example.com, b@example.com"}, "such as name@example.com"),
        ({"email": "x" * 260 + "@example.com"}, "at most 254"),
        ({"email": "\u212aa@example.com"}, "only plain letters"),
        ({"email": "viktor@example.com"}, "a member already"),
        ({"email": "VIKTOR@example.com"}, "a member already"),
        ({"role": ""}, "Role"),
        ({"role": "admin"}, "admin"),
    ],
)
def test_refuses_and_says_why(client: Client, owner: User, viewer: User, changes: dict[str, str], words: str) -> None:
    client.force_login(owner)
    response = client.post(URL, {**ASKED, **changes})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Invitation.objects.exists()
    assert not mail.outbox


@pytest.mark.parametrize("role", ["editor", "respondent", "viewer"])
def test_refused(
    client: Client, role: str, owner: User, request: pytest.FixtureRequest, organisation: Organisation
) -> None:
    invitation, _ = make_invitation(owner, organisation)
    client.force_login(request.getfixturevalue(role))
    assert client.post(URL, ASKED).status_code == 403
    assert client.post(f"{URL}{invitation.pk}/revoke/").status_code == 403
    assert Invitation.objects.pending().count() == 1


def test_anonymous(client: Client, owner: User, organisation: Organisation) -> None:
    invitation, _ = make_invitation(owner, organisation)
    assert to_login(client.post(URL, ASKED))
    assert to_login(client.post(f"{URL}{invitation.pk}/revoke/"))


def test_wrong_method(client: Client, owner: User, organisation: Organisation) -> None:
    invitation, path = make_invitation(owner, organisation)
    client.force_login(owner)
    assert client.get(URL).status_code == 405
    assert client.get(f"{URL}{invitation.pk}/revoke/").status_code == 405
    assert client.put(path).status_code == 405


def test_csrf(owner: User, organisation: Organisation) -> None:
    invitation, path = make_invitation(owner, organisation)
    client = Client(enforce_csrf_checks=True)
    assert client.post(path, new_person()).status_code == 403
    client.force_login(owner)
    assert client.post(URL, ASKED).status_code == 403
    assert client.post(f"{URL}{invitation.pk}/revoke/").status_code == 403
    assert Invitation.objects.pending().count() == 1


def test_withdraws(client: Client, owner: User, organisation: Organisation) -> None:
    invitation, path = make_invitation(owner, organisation)
    client.force_login(owner)
    assert client.post(f"{URL}{invitation.pk}/revoke/").status_code == 302
    response = Client().get(path)
    assert response.status_code == 410
    assert "withdrawn" in response.content.decode()
    assert Client().post(path, new_person()).status_code == 410
    assert "used or withdrawn before" in client.post(f"{URL}{invitation.pk}/revoke/", follow=True).content.decode()
    assert not User.objects.filter(email="new@example.com").exists()


def test_an_outsider_withdraws_nothing(client: Client, owner: User, outsider: User, organisation: Organisation) -> None:
    invitation, _ = make_invitation(owner, organisation)
    client.force_login(outsider)
    assert client.post(f"{URL}{invitation.pk}/revoke/").status_code == 404
    assert Invitation.objects.pending().count() == 1


def test_the_invited_role_is_the_one_asked_for(client: Client, owner: User, outsider: User) -> None:
    foreign = Organisation.objects.get(name="Elsewhere")
    client.force_login(owner)
    client.post(URL, {**GRABS, **ASKED, "organisation": foreign.pk, "expires_at": "2999-01-01", "token_hash": "x"})
    invitation = Invitation.objects.get()
    assert (invitation.role, invitation.organisation.name) == ("respondent", "Halden Group")
    assert invitation.expires_at < timezone.now() + timedelta(days=8)
    assert len(invitation.token_hash) == 64


# Accepting as somebody new


def test_a_new_person_joins_and_is_signed_in(client: Client, owner: User, organisation: Organisation) -> None:
    _, path = make_invitation(owner, organisation)
    page = client.get(path).content.decode()
    assert "Halden Group" in page
    assert "new@example.com" in page
    assert 'autocomplete="new-password"' in page
    assert client.post(path, new_person()).status_code == 302
    person = User.objects.get(email="new@example.com")
    assert membership_of(person, organisation).role == Role.EDITOR
    assert is_signed_in(client)
    assert verbs() == ["invitation.made", "invitation.accepted"]
    signed_in(person, NEW_PASSWORD)


def test_works_once(client: Client, owner: User, organisation: Organisation) -> None:
    invitation, path = make_invitation(owner, organisation)
    client.post(path, new_person())
    people = User.objects.count()
    for visitor in (client, Client()):
        response = visitor.get(path)
        assert response.status_code == 410
        assert "used already" in response.content.decode()
        assert visitor.post(path, new_person(name="Again")).status_code == 410
    assert User.objects.count() == people
    with pytest.raises(InvitationClosed):
        services.accept_invitation_as_new_person(
            invitation=invitation, name="x", password=NEW_PASSWORD, at=timezone.now()
        )


def test_removed_and_not_back_by_the_old_link(client: Client, owner: User, organisation: Organisation) -> None:
    _, path = make_invitation(owner, organisation)
    client.post(path, new_person())
    person = User.objects.get(email="new@example.com")
    services.remove_member(membership=membership_of(person, organisation), by=owner)
    assert signed_in(person, NEW_PASSWORD).post(path).status_code == 410
    assert not person.memberships.exists()


@pytest.mark.parametrize(("days_ago", "status"), [(6.99, 200), (7.0, 410), (8, 410)])
def test_seven_days(client: Client, owner: User, organisation: Organisation, days_ago: float, status: int) -> None:
    _, path = make_invitation(owner, organisation, days_ago=days_ago)
    response = client.get(path)
    assert response.status_code == status
    if status == 410:
        assert "Ask <bdi>Olga</bdi> for a new one" in response.content.decode()
        assert client.post(path, new_person()).status_code == 410
        assert not User.objects.filter(email="new@example.com").exists()


@pytest.mark.parametrize("token", ["x", "A" * 43, "%00", "%ED%A0%80", "y" * 3000])
def test_unknown_token(client: Client, token: str, db: None) -> None:
    assert client.get(f"/invitations/{token}/").status_code in {400, 404}
    assert client.post(f"/invitations/{token}/", new_person()).status_code in {400, 404}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"password1": "short", "password2": "short"}, "password1"),
        ({"password1": "new@example.com", "password2": "new@example.com"}, "password1"),
        ({"password2": "other"}, "password2"),
        ({"password1": "", "password2": ""}, "password1"),
    ],
)
def test_refuses_a_bad_start(
    client: Client, owner: User, organisation: Organisation, changes: dict[str, str], field: str
) -> None:
    _, path = make_invitation(owner, organisation)
    response = client.post(path, new_person(**changes))
    assert response.status_code == 422
    assert f'href="#id_{field}"' in response.content.decode()
    assert Invitation.objects.pending().count() == 1
    assert not User.objects.filter(email="new@example.com").exists()


def test_takes_nothing_that_is_not_asked(
    client: Client, owner: User, outsider: User, organisation: Organisation
) -> None:
    foreign = Organisation.objects.get(name="Elsewhere")
    _, path = make_invitation(owner, organisation, role="viewer")
    client.post(path, {**GRABS, **new_person(), "organisation": str(foreign.pk), "all_projects": ""})
    person = User.objects.get(email="new@example.com")
    membership = Membership.objects.get(user=person)
    assert (membership.role, membership.organisation, membership.all_projects) == (Role.VIEWER, organisation, True)
    assert (person.is_staff, person.is_superuser, person.is_active) == (False, False, True)
    assert not User.objects.filter(email="grab@example.com").exists()


@pytest.mark.parametrize("nasty", NASTY.values(), ids=NASTY)
@pytest.mark.parametrize("field", ["name", "password1"])
def test_nasty_input(client: Client, owner: User, organisation: Organisation, nasty: str, field: str) -> None:
    _, path = make_invitation(owner, organisation)
    plain = {name: value.replace(" ", "+") for name, value in new_person().items()}
    response = post_raw(client, path, **{**plain, field: nasty})
    assert response.status_code in {302, 422}
    assert b"<script>alert" not in response.content


@pytest.mark.parametrize("nasty", NASTY.values(), ids=NASTY)
def test_nasty_address(client: Client, owner: User, nasty: str) -> None:
    client.force_login(owner)
    for email in (nasty, f"{nasty}%40example.com", f"a%40{nasty}.com"):
        assert post_raw(client, URL, email=email, role="viewer").status_code == 422
    assert not Invitation.objects.exists()


# Accepting with an account


def test_somebody_with_an_account_signs_in_first(
    client: Client, owner: User, outsider: User, organisation: Organisation
) -> None:
    _, path = make_invitation(owner, organisation, outsider.email, role="viewer")
    page = client.get(path).content.decode()
    assert f"/accounts/login/?next={path.replace('/', '%2F')}" in page
    assert to_login(client.post(path, new_person()))
    assert not Membership.objects.filter(user=outsider, organisation=organisation).exists()
    response = client.post(
        "/accounts/login/", {"login": outsider.email, "password": "correct horse battery", "next": path}
    )
    assert response["Location"] == path
    assert "Accept" in client.get(path).content.decode()
    assert client.post(path).status_code == 302
    assert membership_of(outsider, organisation).role == Role.VIEWER
    assert client.get("/organisation/members/").status_code == 403
    assert client.post(path).status_code == 410


def test_for_one_address_only(client: Client, owner: User, outsider: User, organisation: Organisation) -> None:
    _, path = make_invitation(owner, organisation)
    client.force_login(outsider)
    for response in (client.get(path), client.post(path), client.post(path, new_person())):
        assert response.status_code == 403
        assert "for nobody else" in response.content.decode()
    assert not Membership.objects.filter(user=outsider, organisation=organisation).exists()
    assert Invitation.objects.pending().count() == 1


def test_a_member_by_another_way(client: Client, owner: User, outsider: User, organisation: Organisation) -> None:
    _, path = make_invitation(owner, organisation, outsider.email, role="owner")
    Membership.objects.create(user=outsider, organisation=organisation, role=Role.VIEWER)
    client.force_login(outsider)
    assert client.post(path).status_code == 302
    assert membership_of(outsider, organisation).role == Role.VIEWER


def test_a_deactivated_person_cannot_come_back(
    client: Client, owner: User, outsider: User, organisation: Organisation
) -> None:
    _, path = make_invitation(owner, organisation, outsider.email)
    User.objects.filter(pk=outsider.pk).update(is_active=False)
    client.force_login(outsider)
    assert to_login(client.post(path, new_person()))
    assert not Membership.objects.filter(user=outsider, organisation=organisation).exists()


def test_the_mailed_link_is_the_link(client: Client, owner: User) -> None:
    client.force_login(owner)
    client.post(URL, ASKED)
    assert Client().get(last_path("/invitations/")).status_code == 200
