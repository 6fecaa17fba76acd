"""What can go wrong with people and organisations. Each carries a sentence for the person who asked."""

from __future__ import annotations


class AccountsError(Exception):
    """Base of the refusals of this package."""


class SetupClosed(AccountsError):  # noqa: N818
    """The set-up token is unknown or used, or the installation has an organisation already."""


class EmailTaken(AccountsError):  # noqa: N818
    """A person with this e-mail address exists already."""


class AlreadyMember(AccountsError):  # noqa: N818
    """The person belongs to the organisation already."""


class LastOwner(AccountsError):  # noqa: N818
    """The change would leave the organisation without an owner who can sign in."""


class WrongPerson(AccountsError):  # noqa: N818
    """The invitation is for another e-mail address."""


class InvitationClosed(AccountsError):  # noqa: N818
    """The invitation was used or withdrawn, or its time is over."""
