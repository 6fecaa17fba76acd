"""What can go wrong with people and organisations. Each carries a sentence for the person who asked."""

from __future__ import annotations


class AccountsError(Exception):
    """Base of the refusals of this package."""


class SetupClosed(AccountsError):
    """The set-up token is unknown or used, or the installation has an organisation already."""


class EmailTaken(AccountsError):
    """A person with this e-mail address exists already."""


class AlreadyMember(AccountsError):
    """The person belongs to the organisation already."""


class LastOwner(AccountsError):
    """The change would leave the organisation without an owner who can sign in."""


class WrongPerson(AccountsError):
    """The invitation is for another e-mail address."""


class InvitationClosed(AccountsError):
    """The invitation was used or withdrawn, or its time is over."""
