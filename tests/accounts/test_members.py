"""The members page, a member's page and removal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Invitation, Membership, Organisation, User
from accounts.roles import ROLE_MEANS, Role
from tests.accounts.conftest import Make
from tests.accounts.steps import GRABS, is_signed_in, make_invitation, membership_of, signed_in, to_login, verbs

URL = "/organisation/members/"


def member_url(user: User, organisation: Organisation, end: str = "") -> str:
    return f"{URL}{membership_of(user, organisation).pk}/{end}"


def test_shows(client: Client, owner: User, viewer: User, organisation: Organisation) -> None:
    membership = membership_of(viewer, organisation)
    membership.all_projects = False
    membership.save()
    User.objects.filter(pk=viewer.pk).update(last_login=timezone.now() - timedelta(days=3))
    make_invitation(owner, organisation, "late@example.com", days_ago=8)
    client.force_login(owner)
    page = client.get(URL).content.decode()
    for words in ("Viktor", "viktor@example.com", "Named ones", "3 d ago", ROLE_MEANS[Role.VIEWER], "2 people"):
        assert words in page
    assert "late@example.com" in page
    assert "expired" in page


def test_shows_no_foreign_person(client: Client, owner: User, outsider: User) -> None:
    foreign = membership_of(outsider, Organisation.objects.get(name="Elsewhere")).organisation
    make_invitation(outsider, foreign, "secret@example.com")
    client.force_login(owner)
    page = client.get(URL + "?find=o").content.decode()
    assert "Oskar" not in page
    assert "secret@example.com" not in page


@pytest.mark.parametrize("role", ["editor", "respondent", "viewer"])
def test_refused(
    client: Client, role: str, owner: User, request: pytest.FixtureRequest, organisation: Organisation
) -> None:
    client.force_login(request.getfixturevalue(role))
    before = list(Membership.objects.values())
    for url in (URL, member_url(owner, organisation), member_url(owner, organisation, "remove/")):
        assert client.get(url).status_code == 403
    for end in ("", "remove/"):
        assert client.post(member_url(owner, organisation, end), {"role": "viewer"}).status_code == 403
    assert list(Membership.objects.values()) == before


def test_anonymous(client: Client, owner: User, organisation: Organisation) -> None:
    for url in (URL, member_url(owner, organisation), member_url(owner, organisation, "remove/")):
        assert to_login(client.get(url))
        assert to_login(client.post(url))


def test_outsider(client: Client, outsider: User, viewer: User, organisation: Organisation) -> None:
    client.force_login(outsider)
    for end in ("", "remove/"):
        url = member_url(viewer, organisation, end)
        assert client.get(url).status_code == 404
        assert client.post(url, {"role": "owner", "all_projects": "on"}).status_code == 404
    assert membership_of(viewer, organisation).role == Role.VIEWER


@pytest.mark.parametrize("number", ["0", "999999", "99999999999999999999999"])
def test_no_such_member(client: Client, owner: User, number: str) -> None:
    client.force_login(owner)
    assert client.get(f"{URL}{number}/").status_code == 404
    assert client.post(f"{URL}{number}/remove/").status_code == 404


def test_wrong_method(client: Client, owner: User, organisation: Organisation) -> None:
    client.force_login(owner)
    assert client.post(URL).status_code == 405
    assert client.put(member_url(owner, organisation)).status_code == 405
    assert client.delete(member_url(owner, organisation, "remove/")).status_code == 405


def test_a_person_without_an_organisation(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("lone@example.com", "x", name="Lone"))
    response = client.get(URL)
    assert response.status_code == 403
    assert "Ask an owner to invite you" in response.content.decode()


def test_find_and_pages(client: Client, owner: User, make_member: Make) -> None:
    for number in range(60):
        make_member(Role.VIEWER, f"Person{number:02}")
    client.force_login(owner)
    first, second = client.get(URL).content.decode(), client.get(URL + "?page=2").content.decode()
    assert "61 people" in first
    assert first.count("/remove/") == 0
    assert "Person10" in first
    assert "Person10" not in second
    assert "Person59" in second
    found = client.get(URL + "?find=person07").content.decode()
    assert "1 person match" in found
    assert "Nobody matches" in client.get(URL + "?find=%25").content.decode()
    for page in ("0", "-1", "x", "999"):
        assert client.get(f"{URL}?page={page}").status_code == 200


def test_queries_do_not_grow(client: Client, owner: User, make_member: Make, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    client.force_login(owner)
    for number in range(30):
        make_member(Role.VIEWER, f"Person{number:02}")
    with django_assert_max_num_queries(8):
        client.get(URL)


def test_change_acts_on_the_next_request(viewer: User, owner: User, organisation: Organisation) -> None:
    theirs, ours = Client(), Client()
    theirs.force_login(viewer)
    ours.force_login(owner)
    assert theirs.get(URL).status_code == 403
    url = member_url(viewer, organisation)
    assert 'value="viewer" checked' in ours.get(url).content.decode()
    assert ours.post(url, {"role": "owner"}).status_code == 302
    assert theirs.get(URL).status_code == 200
    assert ours.post(url, {"role": "respondent"}).status_code == 302
    assert theirs.get(URL).status_code == 403
    membership = membership_of(viewer, organisation)
    assert (membership.role, membership.all_projects) == (Role.RESPONDENT, False)
    assert verbs() == ["member.changed", "member.changed"]


def test_owners_always_see_everything(client: Client, owner: User, viewer: User, organisation: Organisation) -> None:
    client.force_login(owner)
    client.post(member_url(viewer, organisation), {"role": "owner"})
    assert membership_of(viewer, organisation).all_projects


@pytest.mark.parametrize("role", ["", "admin", "OWNER", "owner\x00", "view_project"])
def test_unknown_role(client: Client, owner: User, viewer: User, organisation: Organisation, role: str) -> None:
    client.force_login(owner)
    assert client.post(member_url(viewer, organisation), {"role": role}).status_code == 422
    assert membership_of(viewer, organisation).role == Role.VIEWER


def test_takes_nothing_that_is_not_asked(
    client: Client, owner: User, viewer: User, outsider: User, organisation: Organisation
) -> None:
    foreign = Organisation.objects.get(name="Elsewhere")
    client.force_login(owner)
    person = User.objects.values().get(pk=viewer.pk)
    grabs = {**GRABS, "role": "editor", "organisation": foreign.pk, "organisation_id": foreign.pk, "user": owner.pk}
    client.post(member_url(viewer, organisation), grabs)
    membership = Membership.objects.get(user=viewer)
    assert (membership.role, membership.organisation) == (Role.EDITOR, organisation)
    assert User.objects.values().get(pk=viewer.pk) == person


def test_the_last_owner_stays_owner(client: Client, owner: User, viewer: User, organisation: Organisation) -> None:
    client.force_login(owner)
    response = client.post(member_url(owner, organisation), {"role": "editor"})
    assert response.status_code == 422
    assert "last owner" in response.content.decode()
    response = client.post(member_url(owner, organisation, "remove/"))
    assert response.status_code == 422
    assert "last owner" in response.content.decode()
    assert membership_of(owner, organisation).role == Role.OWNER
    assert verbs() == []


def test_an_owner_who_cannot_sign_in_does_not_count(
    client: Client, owner: User, make_member: Make, organisation: Organisation
) -> None:
    second = make_member(Role.OWNER, "Otto").user
    User.objects.filter(pk=second.pk).update(is_active=False)
    client.force_login(owner)
    assert client.post(member_url(owner, organisation), {"role": "editor"}).status_code == 422


def test_an_owner_steps_down_beside_another(
    client: Client, owner: User, make_member: Make, organisation: Organisation
) -> None:
    make_member(Role.OWNER, "Otto")
    client.force_login(owner)
    assert client.post(member_url(owner, organisation), {"role": "editor"}).status_code == 302
    assert client.get(URL).status_code == 403


def test_removal_ends_the_sessions(owner: User, viewer: User, organisation: Organisation) -> None:
    theirs, ours = signed_in(viewer), signed_in(owner)
    url = member_url(viewer, organisation, "remove/")
    page = ours.get(url).content.decode()
    assert "signed out everywhere" in page
    assert Membership.objects.filter(user=viewer).exists()
    assert ours.post(url).status_code == 302
    assert not Membership.objects.filter(user=viewer).exists()
    assert not is_signed_in(theirs)
    assert is_signed_in(ours)
    assert User.objects.filter(pk=viewer.pk, is_active=True).exists()
    assert verbs() == ["member.removed"]
    assert ours.post(url).status_code == 404


def test_removal_keeps_the_sessions_of_a_member_elsewhere(
    owner: User, viewer: User, make_member: Make, organisation: Organisation
) -> None:
    make_member(Role.VIEWER, "Viktor", of=Organisation.objects.create(name="Second House"))
    theirs, ours = signed_in(viewer), signed_in(owner)
    ours.post(member_url(viewer, organisation, "remove/"))
    page = theirs.get("/account/").content.decode()
    assert "Second House" in page
    assert "Halden Group" not in page


def test_an_owner_leaves(owner: User, make_member: Make, organisation: Organisation) -> None:
    make_member(Role.OWNER, "Otto")
    ours = signed_in(owner)
    assert to_login(ours.post(member_url(owner, organisation, "remove/")))
    assert not is_signed_in(ours)


def test_csrf(owner: User, viewer: User, organisation: Organisation) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    for end in ("", "remove/"):
        response = client.post(member_url(viewer, organisation, end), {"role": "owner"})
        assert response.status_code == 403
        assert "press save again" in response.content.decode()
    assert membership_of(viewer, organisation).role == Role.VIEWER


def test_a_name_is_text(client: Client, owner: User, viewer: User, organisation: Organisation) -> None:
    User.objects.filter(pk=viewer.pk).update(name="<script>alert(1)</script>\u202egnp")
    client.force_login(owner)
    for url in (URL, member_url(viewer, organisation), member_url(viewer, organisation, "remove/")):
        page = client.get(url).content.decode()
        assert "<script>alert" not in page
        assert "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;\u202egnp</bdi>" in page


def test_reading_changes_nothing(client: Client, owner: User, viewer: User, organisation: Organisation) -> None:
    make_invitation(owner, organisation)
    client.force_login(owner)
    before = [list(model.objects.values()) for model in (User, Membership, Invitation, Organisation)]
    for url in (URL, member_url(viewer, organisation), member_url(viewer, organisation, "remove/"), "/account/"):
        assert client.get(url).status_code == 200
        assert client.head(url).status_code == 200
    assert [list(model.objects.values()) for model in (User, Membership, Invitation, Organisation)] == before
