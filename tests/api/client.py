"""Whoever asks the interface in tests: with a token of some scopes, or with a session."""

from __future__ import annotations

import json
from typing import Any

from django.http import SimpleCookie
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, User
from accounts.roles import Scope
from accounts.tokens import make_token

ALL_SCOPES = tuple(Scope.values)


class Api:
    """Asks the interface as one actor. Answers are Django test responses; `.json()` reads them."""

    def __init__(
        self, *, secret: str = "", user: User | None = None, csrf: bool = False, cookies: SimpleCookie | None = None
    ) -> None:
        self.secret = secret
        self.client = Client(enforce_csrf_checks=csrf)
        if cookies is not None:
            self.client.cookies = SimpleCookie(cookies.output(header="", sep=";"))
        if user is not None:
            self.client.force_login(user)

    def send(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str) -> Any:
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.secret:
            named.setdefault("Authorization", f"Bearer {self.secret}")
        content_type = named.pop("Content-Type", "application/json")
        full = path if path.startswith("/") else f"/api/v1/{path}"
        return self.client.generic(method, full, data, content_type=content_type, headers=named)

    def get(self, path: str, **headers: str) -> Any:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("POST", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("PUT", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.send("DELETE", path, **headers)


def token_for(user: User, *scopes: str, days: int = 90, name: str = "nightly job") -> str:
    """The secret of a token that acts for the user's first membership."""
    membership = Membership.objects.filter(user=user).order_by("id")[0]
    return make_token(
        membership=membership, name=name, scopes=scopes or ALL_SCOPES, days=days, by=user, at=timezone.now()
    ).secret
