"""Audited writes on people, organisations and invitations. The caller has checked that `by` may do it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.db import IntegrityError, transaction

from accounts import audit
from accounts.errors import AlreadyMember, EmailTaken, InvitationClosed, LastOwner, SetupClosed, WrongPerson
from accounts.models import (
    NAME_LIMIT,
    Invitation,
    Membership,
    Organisation,
    SetupToken,
    User,
    new_token,
    token_hash,
)
from accounts.roles import Role
from accounts.texts import clean_email, clean_text

INVITATION_LASTS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Invited:
    """A new invitation and its token, which exists nowhere else."""

    invitation: Invitation
    token: str


def name_of_person(value: str) -> str:
    return clean_text(value, field="Name", limit=NAME_LIMIT, required=True)


def name_of_organisation(value: str) -> str:
    return clean_text(value, field="Name of the organisation", limit=NAME_LIMIT, required=True)


@transaction.atomic
def make_setup_token() -> str:
    """A new one-time token for the first start. Earlier ones stop working.

    Raises SetupClosed when there is an organisation already.
    """
    if Organisation.objects.exists():
        raise SetupClosed("This installation is set up already. Its owners invite people on the members page.")
    SetupToken.objects.filter(used_at=None).delete()
    token = new_token()
    SetupToken.objects.create(token_hash=token_hash(token))
    return token


def is_setup_open(token: str) -> bool:
    """Whether this token can still make the first organisation."""
    return (
        SetupToken.objects.filter(token_hash=token_hash(token), used_at=None).exists()
        and not Organisation.objects.exists()
    )


@transaction.atomic
def set_up_organisation(
    *, token: str, organisation_name: str, name: str, email: str, password: str, at: datetime
) -> Membership:
    """Makes the first organisation and its owner, and uses the token up.

    Raises SetupClosed for a dead token, EmailTaken, TextRefused.
    """
    used = SetupToken.objects.filter(token_hash=token_hash(token), used_at=None).update(used_at=at)
    if not used or Organisation.objects.exists():
        raise SetupClosed("This link has been used, or a newer one was made.")
    organisation = Organisation.objects.create(name=name_of_organisation(organisation_name))
    owner = _new_person(name=name, email=clean_email(email), password=password)
    membership = Membership.objects.create(user=owner, organisation=organisation, role=Role.OWNER)
    audit.record(
        organisation=organisation, actor=owner, verb="organisation.set_up", thing=f"organisation:{organisation.pk}"
    )
    return membership


@transaction.atomic
def invite(*, organisation: Organisation, email: str, role: str, all_projects: bool, by: User, at: datetime) -> Invited:
    """Invites an address for seven days. An earlier open invitation to the same address is withdrawn.

    Raises AlreadyMember, TextRefused.
    """
    address = clean_email(email)
    if organisation.memberships.filter(user__email=address).exists():
        raise AlreadyMember(f"{address} is a member already.")
    for earlier in organisation.invitations.pending().filter(email=address):
        revoke_invitation(invitation=earlier, by=by, at=at)
    token = new_token()
    invitation = Invitation.objects.create(
        organisation=organisation,
        email=address,
        role=Role(role),
        all_projects=_reach(role, all_projects),
        token_hash=token_hash(token),
        invited_by=by,
        expires_at=at + INVITATION_LASTS,
    )
    audit.record(
        organisation=organisation,
        actor=by,
        verb="invitation.made",
        thing=f"invitation:{invitation.pk}",
        role=invitation.role,
        all_projects=invitation.all_projects,
    )
    return Invited(invitation, token)


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: User, at: datetime) -> None:
    """Withdraws an invitation that was not used yet. Raises InvitationClosed otherwise."""
    if not Invitation.objects.pending().filter(pk=invitation.pk).update(revoked_at=at):
        raise InvitationClosed("This invitation was used or withdrawn before.")
    audit.record(
        organisation=invitation.organisation,
        actor=by,
        verb="invitation.withdrawn",
        thing=f"invitation:{invitation.pk}",
    )


@transaction.atomic
def accept_invitation(*, invitation: Invitation, by: User, at: datetime) -> Membership:
    """Makes `by` a member. Raises WrongPerson, InvitationClosed, AlreadyMember."""
    if by.email.lower() != invitation.email:
        raise WrongPerson(f"This invitation is for {invitation.email}.")
    _use_up(invitation, at=at)
    if invitation.organisation.memberships.filter(user=by).exists():
        raise AlreadyMember(f"You are a member of {invitation.organisation} already.")
    return _join(invitation, by)


@transaction.atomic
def accept_invitation_as_new_person(*, invitation: Invitation, name: str, password: str, at: datetime) -> Membership:
    """Makes the account for the invited address and its membership. The password was validated by the caller.

    Raises InvitationClosed, EmailTaken, TextRefused.
    """
    _use_up(invitation, at=at)
    return _join(invitation, _new_person(name=name, email=invitation.email, password=password))


@transaction.atomic
def change_role(*, membership: Membership, role: str, all_projects: bool, by: User) -> Membership:
    """Sets a member's role and reach. Raises LastOwner when no other owner would be left."""
    _lock(membership.organisation)
    before = membership.role
    if role != Role.OWNER:
        _refuse_last_owner(membership, "The last owner cannot get another role. Make somebody else an owner first.")
    membership.role, membership.all_projects = Role(role), _reach(role, all_projects)
    membership.save(update_fields=["role", "all_projects"])
    audit.record(
        organisation=membership.organisation,
        actor=by,
        verb="member.changed",
        thing=f"user:{membership.user_id}",
        before=before,
        after=membership.role,
        all_projects=membership.all_projects,
    )
    return membership


@transaction.atomic
def remove_member(*, membership: Membership, by: User) -> None:
    """Ends a membership, and the person's sessions if it was their last one. Raises LastOwner.

    What the person answered and made stays, under their name.
    """
    _lock(membership.organisation)
    _refuse_last_owner(membership, "The last owner cannot be removed. Make somebody else an owner first.")
    person, organisation = membership.user, membership.organisation
    audit.record(
        organisation=organisation, actor=by, verb="member.removed", thing=f"user:{person.pk}", role=membership.role
    )
    membership.delete()
    if not person.memberships.exists():
        end_sessions(user=person)


@transaction.atomic
def rename_organisation(*, organisation: Organisation, name: str, by: User) -> Organisation:
    """Raises TextRefused."""
    before, organisation.name = organisation.name, name_of_organisation(name)
    organisation.save(update_fields=["name"])
    audit.record(
        organisation=organisation,
        actor=by,
        verb="organisation.renamed",
        thing=f"organisation:{organisation.pk}",
        before=before,
        after=organisation.name,
    )
    return organisation


@transaction.atomic
def update_account(*, user: User, name: str, single_keys: bool) -> User:
    """A person's own settings. Raises TextRefused."""
    user.name, user.single_keys = name_of_person(name), single_keys
    user.save(update_fields=["name", "single_keys"])
    audit.record(
        organisation=None, actor=user, verb="account.updated", thing=f"user:{user.pk}", single_keys=single_keys
    )
    return user


def end_sessions(*, user: User, keep: str | None = None) -> int:
    """Signs the person out everywhere but in the session `keep`. The number of sessions ended."""
    sessions = list(UserSession.objects.filter(user=user).exclude(session_key=keep or ""))
    for session in sessions:
        session.end()
    return len(sessions)


def _reach(role: str, all_projects: bool) -> bool:
    """Owners see every project whatever was ticked, so the table says so."""
    return all_projects or role == Role.OWNER


def _lock(organisation: Organisation) -> None:
    """Two owners who demote each other at the same time wait for one another. SQLite's write lock does it by itself."""
    Organisation.objects.select_for_update().get(pk=organisation.pk)


def _refuse_last_owner(membership: Membership, sentence: str) -> None:
    owners = Membership.objects.owners().filter(organisation=membership.organisation)
    is_owner = Membership.objects.filter(pk=membership.pk, role=Role.OWNER).exists()
    if is_owner and not owners.exclude(pk=membership.pk).exists():
        raise LastOwner(sentence)


def _use_up(invitation: Invitation, *, at: datetime) -> None:
    """One statement decides who was first."""
    if not Invitation.objects.open(at=at).filter(pk=invitation.pk).update(accepted_at=at):
        raise InvitationClosed("This invitation was used or withdrawn, or its time is over.")


def _join(invitation: Invitation, person: User) -> Membership:
    organisation = invitation.organisation
    membership = Membership.objects.create(
        user=person, organisation=organisation, role=invitation.role, all_projects=invitation.all_projects
    )
    audit.record(
        organisation=organisation,
        actor=person,
        verb="invitation.accepted",
        thing=f"invitation:{invitation.pk}",
        role=membership.role,
        all_projects=membership.all_projects,
    )
    return membership


def _new_person(*, name: str, email: str, password: str) -> User:
    if User.objects.filter(email__iexact=email).exists():
        raise EmailTaken(f"An account with the address {email} exists already.")
    try:
        with transaction.atomic():
            return User.objects.create_user(email, password, name=name_of_person(name))
    except IntegrityError as error:
        raise EmailTaken(f"An account with the address {email} exists already.") from error
