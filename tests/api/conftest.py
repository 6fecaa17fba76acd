"""Clients of the interface, and one world for each module in which every request is taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction

from accounts.models import User
from tests.api.client import ALL_SCOPES, Api, token_for
from tests.api.world import ApiWorld, build_api_world

__all__ = ["ALL_SCOPES", "Api", "token_for"]


@pytest.fixture(scope="module")
def api_world(django_db_setup: None, django_db_blocker: Any) -> Iterator[ApiWorld]:
    with django_db_blocker.unblock(), transaction.atomic():
        cache.clear()
        yield build_api_world()
        transaction.set_rollback(True)


@pytest.fixture
def as_token(owner: User) -> Callable[..., Api]:
    """A client with a token of the owner with these scopes, all of them without any."""
    return lambda *scopes, user=owner: Api(secret=token_for(user, *scopes))


@pytest.fixture
def as_session() -> Callable[[User], Api]:
    return lambda user: Api(user=user)


@pytest.fixture
def api(as_token: Callable[..., Api]) -> Api:
    return as_token()
