"""Texts and addresses: legal ones are kept as they are, the others are refused with a sentence."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts import services
from accounts.models import Invitation, Organisation, SetupToken, User
from accounts.texts import TextRefused, clean_email, clean_text
from tests.accounts.steps import NEW_PASSWORD, membership_of, verbs

REFUSED = {
    "nul": "a\x00b",
    "surrogate": "a\ud800b",
    "line break": "a\nb",
    "escape": "a\x1b[31mb",
    "long": "x" * 5000,
    "empty": " \t ",
}
KEPT = ["Ana Ruiz", "Ørsted", "\u202egnp", "🚀 launch", "<script>alert(1)</script>", "O'Neill & Co", "名前", "x" * 120]


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_refused_by_every_service(owner: User, organisation: Organisation, text: str) -> None:
    at = timezone.now()
    services.invite(
        organisation=organisation, email="new@example.com", role="viewer", all_projects=True, by=owner, at=at
    )
    before = verbs()
    with pytest.raises(TextRefused):
        services.rename_organisation(organisation=organisation, name=text, by=owner)
    with pytest.raises(TextRefused):
        services.update_account(user=owner, name=text, single_keys=True)
    with pytest.raises(TextRefused):
        services.invite(organisation=organisation, email=text, role="viewer", all_projects=True, by=owner, at=at)
    with pytest.raises(TextRefused):
        services.accept_invitation_as_new_person(
            invitation=Invitation.objects.get(), name=text, password=NEW_PASSWORD, at=at
        )
    assert Invitation.objects.pending().count() == 1
    assert verbs() == before


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("field", ["organisation_name", "name", "email"])
@pytest.mark.django_db
def test_refused_by_the_set_up(text: str, field: str) -> None:
    token = services.make_setup_token()
    given = {"organisation_name": "Halden", "name": "Ana", "email": "ana@example.com", field: text}
    with pytest.raises(TextRefused):
        services.set_up_organisation(token=token, password=NEW_PASSWORD, at=timezone.now(), **given)
    assert not Organisation.objects.exists()
    assert SetupToken.objects.get().used_at is None


@pytest.mark.parametrize("text", KEPT)
def test_kept_as_it_is(owner: User, organisation: Organisation, text: str) -> None:
    services.rename_organisation(organisation=organisation, name=text, by=owner)
    services.update_account(user=owner, name=text, single_keys=False)
    assert Organisation.objects.get().name == User.objects.get().name == text


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (" Ana@Example.COM ", "ana@example.com"),
        ("o'neill+ml@example.co.uk", "o'neill+ml@example.co.uk"),
        ("x" * 64 + "@example.com", "x" * 64 + "@example.com"),
    ],
)
def test_addresses(given: str, kept: str) -> None:
    assert clean_email(given) == kept


@pytest.mark.parametrize(
    "given",
    ["", "ana", "ana@", "@example.com", "a@b@example.com", "a b@example.com", "a@example.com\nbcc: x@example.com",
     "\u212aa@example.com", "a@ex\u0430mple.com", "a\u202e@example.com", "<a@example.com>",
     "a@example.com,b@example.com", "x" * 255 + "@example.com"],
)  # fmt: skip
def test_no_addresses(given: str) -> None:
    with pytest.raises(TextRefused):
        clean_email(given)


def test_line_ends_become_one_kind() -> None:
    assert clean_text(" a\r\nb\rc ", field="Note", limit=10, lines=True) == "a\nb\nc"


def test_unknown_role_reaches_no_table(owner: User, viewer: User, organisation: Organisation) -> None:
    with pytest.raises(ValueError, match="admin"):
        services.change_role(membership=membership_of(viewer, organisation), role="admin", all_projects=True, by=owner)
