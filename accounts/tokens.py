"""Audited writes on tokens of the interface. The caller has checked that `by` may do it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts import audit
from accounts.errors import AccountsError
from accounts.models import (
    TOKEN_NAME_LIMIT,
    TOKEN_PREFIX,
    ApiToken,
    Membership,
    Organisation,
    User,
    new_token,
    token_hash,
)
from accounts.roles import Scope
from accounts.texts import clean_text

TOKEN_DAYS = 90
TOKEN_MAX_DAYS = 365
TOKENS_LIMIT = 200
PREFIX_LENGTH = 9
USE_NOTED_EVERY = timedelta(minutes=1)


class TokenRefused(AccountsError):
    """The token cannot be made like this. The message names the field and the limit."""


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A new token and its secret, which exists nowhere else."""

    token: ApiToken
    secret: str


@transaction.atomic
def make_token(
    *, membership: Membership, name: str, scopes: Sequence[str], days: int, by: User, at: datetime
) -> MadeToken:
    """A token that acts for `membership` within `scopes` for `days` days, 1 to 365.

    Raises TextRefused for a bad name, TokenRefused for no scope, an unknown one, a time out of range, or more than 200
    live tokens in the organisation.
    """
    name = clean_text(name, field="Name", limit=TOKEN_NAME_LIMIT, required=True)
    chosen = [scope.value for scope in Scope if scope.value in scopes]
    if not chosen or set(scopes) - set(chosen):
        raise TokenRefused(f"Scopes: choose at least one of these: {', '.join(Scope.labels)}.")
    if not 1 <= days <= TOKEN_MAX_DAYS:
        raise TokenRefused(f"Days: a token lasts from 1 to {TOKEN_MAX_DAYS} days.")
    live = ApiToken.objects.active(at=at).filter(membership__organisation=membership.organisation)
    if live.count() >= TOKENS_LIMIT:
        raise TokenRefused(f"Tokens: an organisation has at most {TOKENS_LIMIT}. Revoke those that nobody uses.")
    secret = TOKEN_PREFIX + new_token()
    token = ApiToken.objects.create(
        membership=membership,
        name=name,
        token_hash=token_hash(secret),
        prefix=secret[:PREFIX_LENGTH],
        scopes=chosen,
        created_by=by,
        created_at=at,
        expires_at=at + timedelta(days=days),
    )
    audit.record(
        organisation=membership.organisation,
        actor=by,
        verb="token.made",
        thing=f"token:{token.pk}",
        name=name,
        scopes=" ".join(chosen),
        days=days,
    )
    return MadeToken(token, secret)


@transaction.atomic
def revoke_token(*, token: ApiToken, by: User, at: datetime) -> None:
    """Ends the token from the next request on. There is no way back; a second time changes nothing."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=at):
        organisation = token.membership.organisation
        audit.record(
            organisation=organisation, actor=by, verb="token.revoked", thing=f"token:{token.pk}", name=token.name
        )


@transaction.atomic
def revoke_all_tokens(*, organisation: Organisation, by: User, at: datetime) -> int:
    """Ends every token of the organisation whose time is not over, each with a row of its own. Returns how many."""
    rows = ApiToken.objects.filter(membership__organisation=organisation, revoked_at=None, expires_at__gt=at)
    found = list(rows.select_related("membership__organisation"))
    for token in found:
        revoke_token(token=token, by=by, at=at)
    return len(found)


def find_token(secret: str, *, at: datetime) -> ApiToken | None:
    """The live token with this secret, with its membership, person and organisation. One query, none for nonsense."""
    if not secret.startswith(TOKEN_PREFIX) or len(secret) > 100:
        return None
    live = ApiToken.objects.active(at=at).select_related("membership__user", "membership__organisation")
    return live.filter(token_hash=token_hash(secret)).first()


def note_use(token: ApiToken, *, address: str, at: datetime) -> None:
    """Keeps when and from where a token was used, at most once a minute. Usually no statement at all."""
    if token.used_at is not None and at - token.used_at < USE_NOTED_EVERY:
        return
    earlier = Q(used_at=None) | Q(used_at__lte=at - USE_NOTED_EVERY)
    ApiToken.objects.filter(earlier, pk=token.pk).update(used_at=at, used_from=address[:45])
