"""Whole pages that are kept, packed, until something they show changes. Drawing one takes ten times as long."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.messages import get_messages
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from accounts.access import user_of
from portfolio.keeping import CACHE, SETTLED, newest_change
from portfolio.views.common import View

PACKED = re.compile(r"\bgzip\b")
LEVEL = 5


@dataclass(frozen=True, slots=True)
class KeptPage:
    packed: bytes
    newest: datetime | None
    made_at: datetime


def keep_page(request: HttpRequest, view: View, draw: Callable[[], HttpResponse]) -> HttpResponse:
    """The page as it was drawn for this person a short while ago, if nothing has changed; else a new one.

    Ages in days and names of owners may be as old as PORTFOLIO_PAGE_SECONDS. `draw` must not write a form: a token of
    one answer has no place in another. A page with a message is never kept.
    """
    newest = newest_change(view.sight)
    key = _key(request, view)
    kept: KeptPage | None = caches[CACHE].get(key)
    if kept is not None and kept.newest == newest and _is_fresh(kept, view.at) and not len(get_messages(request)):
        return _answer(request, kept.packed)
    has_message = bool(len(get_messages(request)))
    response = draw()
    packed = gzip.compress(response.content, LEVEL)
    if response.status_code == 200 and not has_message and settings.PORTFOLIO_PAGE_SECONDS:
        caches[CACHE].set(key, KeptPage(packed, newest, view.at), settings.PORTFOLIO_PAGE_SECONDS)
    return _answer(request, packed, response)


def _is_fresh(kept: KeptPage, at: datetime) -> bool:
    """Shortly after a change only for moments: one that was committed late is seen at the next look."""
    is_settled = kept.newest is None or kept.made_at - kept.newest > SETTLED
    return (at - kept.made_at).total_seconds() < (
        settings.PORTFOLIO_PAGE_SECONDS if is_settled else min(settings.PORTFOLIO_PAGE_SECONDS, 1)
    )


def _key(request: HttpRequest, view: View) -> str:
    """Everything but the figures that the page depends on: who reads, as what, what they see, and what they ask for."""
    membership, user = view.sight.membership, user_of(request)
    reader = (user.pk, user.name, membership.pk, membership.role, membership.organisation.name)
    asked = (request.path, view.filters.query(page=view.filters.page), view.filters.notices, view.at.date())
    return hashlib.sha256(repr(("page", reader, view.sight.key, asked)).encode()).hexdigest()


def _answer(request: HttpRequest, packed: bytes, response: HttpResponse | None = None) -> HttpResponse:
    answer = response or HttpResponse()
    if PACKED.search(request.headers.get("Accept-Encoding", "")):
        answer.content = packed
        answer.headers["Content-Encoding"] = "gzip"
    elif response is None:
        answer.content = gzip.decompress(packed)
    patch_vary_headers(answer, ("Accept-Encoding", "Cookie"))
    return answer
