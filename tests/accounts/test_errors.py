"""The error pages need neither the database nor a signed-in person, and say what is true."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.core.ratelimit import respond_429
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.test import Client
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from assessor import views


def gone() -> None:
    raise OperationalError("the database is away")


@pytest.fixture
def lost(rf: Any) -> HttpRequest:
    """A request whose person, membership and session cannot be read. No test that uses it may touch the database."""
    request: HttpRequest = rf.get("/projects/")
    request.user = SimpleLazyObject(gone)  # type: ignore[assignment]
    request.membership = SimpleLazyObject(gone)  # type: ignore[attr-defined]
    request.session = SimpleLazyObject(gone)  # type: ignore[assignment]
    return request


def unavailable(request: HttpRequest) -> HttpResponse:
    """What Django answers when the database goes away while it works on a request."""
    try:
        gone()
    except OperationalError:
        return views.server_error(request)
    raise AssertionError("never reached")


PAGES: list[tuple[Callable[[HttpRequest], HttpResponse], int, str]] = [
    (lambda r: views.bad_request(r, ValueError()), 400, "Nothing was changed."),
    (lambda r: views.permission_denied(r, PermissionDenied("Ask Olga.")), 403, "Ask Olga."),
    (lambda r: views.permission_denied(r, PermissionDenied()), 403, "not allowed"),
    (views.csrf_failure, 403, "Your session was renewed. Go back, press save again; nothing was changed."),
    (lambda r: views.not_found(r, Http404()), 404, "nothing at this address"),
    (respond_429, 429, "Wait 15 minutes, then try again."),
    (views.server_error, 500, "Something went wrong"),
    (unavailable, 503, "may not have been saved"),
]


@pytest.mark.parametrize(("view", "status", "words"), PAGES, ids=[f"{s}-{i}" for i, (_, s, _) in enumerate(PAGES)])
def test_without_database_and_person(
    lost: HttpRequest, view: Callable[[HttpRequest], HttpResponse], status: int, words: str
) -> None:
    response = view(lost)
    page = response.content.decode()
    assert response.status_code == status
    assert words in page
    assert page.count("<h1>") == 1
    assert 'lang="en"' in page
    for forbidden in ("style=", "<script", "<style", "!</"):
        assert forbidden not in page


def test_503_says_when_to_come_back(lost: HttpRequest) -> None:
    assert unavailable(lost)["Retry-After"] == "5"


def test_a_reason_is_text(rf: Any) -> None:
    page = views.permission_denied(rf.get("/"), PermissionDenied("<script>alert(1)</script>")).content.decode()
    assert "<script>" not in page


def test_unknown_address(client: Client, owner: User) -> None:
    for _ in range(2):
        response = client.get("/nothing/here/")
        assert response.status_code == 404
        assert "nothing at this address" in response.content.decode()
        client.force_login(owner)


def test_the_frame_still_knows_the_member(rf: Any, owner: User) -> None:
    """The lazy context keeps its words for pages that do use it."""
    request = rf.get("/")
    request.user, request.membership = owner, owner.memberships.get()
    request.resolver_match = None
    page = render(request, "accounts/organisation.html", {"form": []}).content.decode()
    assert "Halden Group" in page
    assert "/organisation/members/" in page
