"""People, organisations and the trail of what was done."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower, Now

from accounts.roles import ROLE_MEANS, SCOPE_ALLOWS, Permission, Role, Scope, permissions_of

NAME_LIMIT = 120
TOKEN_NAME_LIMIT = 60
UNUSED_AFTER = timedelta(days=90)


def token_hash(token: str) -> str:
    """SHA-256 of a 256-bit random token, as hexadecimal. The token itself is never stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    return secrets.token_urlsafe(32)


class ImmutableError(TypeError):
    """Something tried to change a row that is written once."""


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """Rows are added and read. Nothing changes or removes them through the model."""

    def update(self, **kwargs: Any) -> int:
        raise ImmutableError(f"{self.model.__name__} rows are never changed.")

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        raise ImmutableError(f"{self.model.__name__} rows are never changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise ImmutableError(f"{self.model.__name__} rows are never removed.")


class AppendOnly(models.Model):
    """Base of the tables that are written once. Database triggers say the same below the model."""

    objects: ClassVar[models.Manager[Any]] = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ImmutableError(f"{type(self).__name__} rows are never changed.")
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise ImmutableError(f"{type(self).__name__} rows are never removed.")


class UserManager(BaseUserManager["User"]):
    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractUser):
    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(unique=True, max_length=254)
    name = models.CharField(max_length=NAME_LIMIT)
    single_keys = models.BooleanField(default=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        constraints = (models.UniqueConstraint(Lower("email"), name="user_email_any_case"),)

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        words = [word for word in self.name.split() if word[0].isalnum()] or [self.email]
        return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


class Organisation(models.Model):
    name = models.CharField(max_length=NAME_LIMIT)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name


class MembershipQuerySet(models.QuerySet["Membership"]):
    def owners(self) -> MembershipQuerySet:
        """Those who can still sign in and act as owner."""
        return self.filter(role=Role.OWNER, user__is_active=True)


class Membership(models.Model):
    """A person's place in an organisation. Without `all_projects` only projects with a grant are visible."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    all_projects = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("user", "organisation"), name="one_membership_per_organisation"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        )

    def __str__(self) -> str:
        return f"{self.user} in {self.organisation}"

    def allows(self, permission: Permission) -> bool:
        return permission in permissions_of(self.role)

    @property
    def sees_everything(self) -> bool:
        """Whether no project of the organisation is hidden from this member."""
        return self.all_projects or self.role == Role.OWNER

    @property
    def role_means(self) -> str:
        return ROLE_MEANS[self.role]


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self, *, at: datetime) -> InvitationQuerySet:
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=at)

    def pending(self) -> InvitationQuerySet:
        """Neither used nor withdrawn, whether or not their time is over."""
        return self.filter(accepted_at=None, revoked_at=None)


class Invitation(models.Model):
    """A single-use invitation, bound to one e-mail address. Only the hash of its token is kept."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=16, choices=Role.choices)
    all_projects = models.BooleanField(default=True)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.email} to {self.organisation}"

    def is_open(self, *, at: datetime) -> bool:
        return self.accepted_at is None and self.revoked_at is None and at < self.expires_at


class SetupToken(models.Model):
    """The one-time token, printed on the console, that makes the first organisation and its owner."""

    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"set-up token of {self.created_at:%Y-%m-%d %H:%M}"


TOKEN_PREFIX = "pf_"  # noqa: S105 - what every token starts with, so that scanners find leaked ones


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def active(self, *, at: datetime) -> ApiTokenQuerySet:
        """Those that still open something: their person is a member and can sign in, their time is not over."""
        return self.filter(revoked_at=None, expires_at__gt=at, membership__user__is_active=True)


class ApiToken(models.Model):
    """Lets a program act for one membership, within its scopes. Only the hash is kept; it ends with the membership.

    `prefix` are the first letters of the token, so that a person finds the one meant. `used_at` is kept to the minute.
    """

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=TOKEN_NAME_LIMIT)
    token_hash = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=12)
    scopes = models.JSONField()
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    used_from = models.CharField(max_length=45, blank=True)

    objects: ClassVar[ApiTokenQuerySet] = ApiTokenQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.name

    @property
    def permissions(self) -> frozenset[Permission]:
        """What its scopes allow, before the role of its person narrows it."""
        return frozenset[Permission]().union(*(SCOPE_ALLOWS[scope] for scope in self.scopes if scope in SCOPE_ALLOWS))

    @property
    def scope_words(self) -> str:
        return ", ".join(Scope(scope).label.lower() for scope in self.scopes)

    def is_active(self, *, at: datetime) -> bool:
        return self.revoked_at is None and at < self.expires_at

    def is_forgotten(self, *, at: datetime) -> bool:
        """Whether it works and nobody has used it for 90 days."""
        return self.is_active(at=at) and (self.used_at or self.created_at) < at - UNUSED_AFTER


class AuditEvent(AppendOnly):
    """Who did what to which thing, and when. `detail` holds words and ids, never answers or secrets."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", null=True)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    verb = models.CharField(max_length=48)
    thing = models.CharField(max_length=120)
    detail = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = (models.Index(fields=("organisation", "-id"), name="audit_by_organisation"),)

    def __str__(self) -> str:
        return f"{self.verb} {self.thing}"
