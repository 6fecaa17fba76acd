"""Every route of the URLconf, with the methods its view declares."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import force_authenticate

from accounts.models import User

NO_METHOD = "XYZZY"
# Pages of the interface for people. They have their lines in the first table.
PAGES_OF_INTERFACE = frozenset({"api:openapi", "api:docs"})


@dataclass(frozen=True)
class Route:
    name: str
    view: Callable[..., HttpResponse]
    arguments: tuple[str, ...]


def is_of_interface(name: str) -> bool:
    """Whether a route has its lines in the table of the interface, `tests/api_matrix.csv`."""
    return name.startswith("api:") and name not in PAGES_OF_INTERFACE


def all_routes(resolver: URLResolver | None = None, space: str = "") -> Iterator[Route]:
    """Walks the URLconf. A route without a name cannot be listed, and so is refused."""
    for found in (resolver or get_resolver()).url_patterns:
        if isinstance(found, URLResolver):
            yield from all_routes(found, f"{space}{found.namespace}:" if found.namespace else space)
            continue
        assert isinstance(found, URLPattern)
        assert found.name, f"The route {found.pattern} has no name."
        arguments = tuple(found.pattern.converters) or tuple(found.pattern.regex.groupindex)
        yield Route(f"{space}{found.name}", found.callback, arguments)


def declared_methods(route: Route) -> frozenset[str] | None:
    """What the view lists in the Allow header of a 405. None for a view that lets any method in."""
    request = RequestFactory().generic(NO_METHOD, "/")
    request.user = AnonymousUser()
    if hasattr(route.view, "cls"):
        force_authenticate(request, user=User())
    arguments: dict[str, Any] = dict.fromkeys(route.arguments, "1")
    try:
        response = route.view(request, **arguments)
    except Exception:
        return None
    if response.status_code != 405:
        return None
    return frozenset(part.strip() for part in response.headers["Allow"].split(","))
