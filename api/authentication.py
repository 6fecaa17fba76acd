"""Tokens in the Authorization header, or the session of the pages with its CSRF token."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from django.utils import timezone
from rest_framework import authentication, exceptions
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.models import ApiToken, User
from accounts.tokens import find_token, note_use


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer pf_…`. A token anywhere else is not looked at."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        at = timezone.now()
        token = find_token(secret.strip(), at=at)
        if token is None:
            raise exceptions.AuthenticationFailed("This token is unknown, revoked or over.")
        note_use(token, address=get_adapter().get_client_ip(request._request), at=at)
        return token.membership.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class SessionAuthentication(authentication.SessionAuthentication):
    """The session of the pages. What changes something needs the CSRF token in the header X-CSRFToken."""

    def enforce_csrf(self, request: Any) -> None:
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied as error:
            raise exceptions.PermissionDenied(
                "A session needs the CSRF token of its pages in the header X-CSRFToken."
            ) from error


class IsSignedIn(BasePermission):
    """Everything needs somebody. What they may do is the first line of each operation."""

    message = "Send a token in the header Authorization: Bearer, or sign in."

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user or not request.user.is_authenticated:
            raise exceptions.NotAuthenticated(self.message)
        return True
