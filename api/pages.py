"""Lists in portions. A cursor names the last row that was given, so that rows which come or go shift nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core import signing
from django.db.models import Q, QuerySet
from django.db.models.expressions import OrderBy
from rest_framework.request import Request

from api.problems import refused

LIMIT = 50
MOST = 200
# Without the time, so that the same portion has the same address and the same ETag.
SIGNER = signing.Signer(salt="preflight.api.cursor")


@dataclass(frozen=True, slots=True)
class Key:
    """One part of an order."""

    name: str
    is_descending: bool
    nulls_first: bool = False


@dataclass(frozen=True, slots=True)
class Portion:
    """Rows of a list; `next` is the address of the following ones, None at the end."""

    items: Sequence[Any]
    next: str | None


def keys_of(queryset: QuerySet[Any]) -> tuple[Key, ...]:
    """The order of a queryset. It must end with something unique."""
    turned = not queryset.query.standard_ordering
    keys = []
    for part in queryset.query.order_by:
        if isinstance(part, OrderBy):
            name = str(vars(part.expression)["name"])
            key = Key(name, part.descending != turned, bool(part.nulls_first) != turned)
        else:
            key = Key(str(part).lstrip("-"), str(part).startswith("-") != turned)
        keys.append(key)
    return tuple(keys)


def read_limit(request: Request) -> int:
    text = request.query_params.get("limit", str(LIMIT))
    if not text.isascii() or not text.isdecimal() or len(text) > 4 or not 1 <= int(text) <= MOST:
        raise refused("limit", f"limit: a whole number from 1 to {MOST}.")
    return int(text)


def portion_of(request: Request, rows: QuerySet[Any], make: Any = None) -> Portion:
    """The portion that the request asks for: one query. `make` turns each row into an item."""
    limit, keys = read_limit(request), keys_of(rows)
    found = list(after(request, rows, keys)[: limit + 1])
    kept = found[:limit]
    next_ = None
    if len(found) > limit:
        next_ = next_address(request, [value_of(kept[-1], key.name) for key in keys])
    return Portion([make(row) for row in kept] if make else kept, next_)


def value_of(row: Any, name: str) -> Any:
    for part in name.split("__"):
        row = getattr(row, part) if row is not None else None
    return row


def after(request: Request, rows: QuerySet[Any], keys: Sequence[Key]) -> QuerySet[Any]:
    """The rows behind the cursor of the request, all of them without one."""
    text = request.query_params.get("cursor")
    if text is None:
        return rows
    values = read_cursor(request, text, len(keys))
    beyond = Q()
    same = Q()
    for key, value in zip(keys, values, strict=True):
        beyond |= same & _behind(key, value)
        same &= Q(**{f"{key.name}__isnull": True}) if value is None else Q(**{key.name: value})
    return rows.filter(beyond)


def _behind(key: Key, value: Any) -> Q:
    if value is None:
        return Q(**{f"{key.name}__isnull": False}) if key.nulls_first else Q(pk__in=[])
    further = Q(**{f"{key.name}__{'lt' if key.is_descending else 'gt'}": value})
    return further if key.nulls_first else further | Q(**{f"{key.name}__isnull": True})


def next_address(request: Request, values: Sequence[Any]) -> str:
    """The address of the next portion, without host: the caller knows which one it asked."""
    params = request.query_params.copy()
    params["cursor"] = SIGNER.sign_object([_written(value) for value in values] + [_view(request)])
    return f"{request.path}?{params.urlencode()}"


def read_cursor(request: Request, text: str, length: int) -> list[Any]:
    """The values of the last row. The signature keeps out everything that this server did not write."""
    try:
        *values, view = SIGNER.unsign_object(text[:2000])
    except (signing.BadSignature, ValueError, TypeError):
        values, view = [], ""
    if len(values) != length or view != _view(request):
        raise refused("cursor", "cursor: take it from “next” of the answer before, with the same filters.")
    return [_read(value) for value in values]


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    return {"on": value.isoformat()} if isinstance(value, date) else value


def _read(value: Any) -> Any:
    if isinstance(value, Mapping):
        return datetime.fromisoformat(value["at"]) if "at" in value else date.fromisoformat(value["on"])
    return value


def _view(request: Request) -> str:
    """What a cursor belongs to: the address with its filters."""
    filters = sorted((name, value) for name, value in request.query_params.items() if name not in {"cursor", "limit"})
    return hashlib.sha256(repr((request.path, filters)).encode()).hexdigest()[:12]
