"""Summaries are kept until something changes. Small portfolios never show an old one, large ones for a short while."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Max

from portfolio.filters import Filters
from portfolio.queries import day_of
from portfolio.sight import Sight
from portfolio.summary import Summary, summarise
from projects.models import ProjectFigures

FORMAT = 1
KEEP_SECONDS = 300
QUICK_SECONDS = 0.25
OLD_AT_MOST = 50
"""A slow summary may be shown for fifty times as long as it took: so two per cent of the time go into it."""
SETTLED = timedelta(seconds=5)
LOCK_SECONDS = 60
WAIT_SECONDS, WAIT_STEP = 30, 0.1


@dataclass(frozen=True, slots=True)
class Kept:
    """A summary, the newest change it has seen, and the seconds it took."""

    summary: Summary
    newest: datetime | None
    seconds: float


def read_summary(sight: Sight, filters: Filters, *, at: datetime) -> Summary:
    """The summary of what is in scope: the kept one while nothing changed, else a new one.

    Two queries if it is kept. While one process counts a large portfolio anew, the others show the old summary or, if
    there is none, wait for the new one.
    """
    found = ProjectFigures.objects.filter(organisation=sight.organisation_id).aggregate(newest=Max("changed_at"))
    newest, key = found["newest"], _key(sight, filters, at)
    kept: Kept | None = cache.get(key)
    if kept is not None and _is_good(kept, newest, at):
        return kept.summary
    if kept is not None and kept.seconds <= QUICK_SECONDS:
        return _make(sight, filters, newest, key, at)
    if cache.add(_lock(key), 1, LOCK_SECONDS):
        try:
            return _make(sight, filters, newest, key, at)
        finally:
            cache.delete(_lock(key))
    return kept.summary if kept is not None else _wait(sight, filters, newest, key, at)


def _make(sight: Sight, filters: Filters, newest: datetime | None, key: str, at: datetime) -> Summary:
    started = time.monotonic()
    summary = summarise(sight, filters, at=at)
    made = Kept(summary, newest, time.monotonic() - started)
    cache.set(key, made, max(KEEP_SECONDS, 2 * OLD_AT_MOST * made.seconds))
    return summary


def _wait(sight: Sight, filters: Filters, newest: datetime | None, key: str, at: datetime) -> Summary:
    """What another process is counting, or an own count if that takes too long."""
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        time.sleep(WAIT_STEP)
        kept: Kept | None = cache.get(key)
        if kept is not None:
            return kept.summary
        if not cache.get(_lock(key)):
            break
    return _make(sight, filters, newest, key, at)


def _lock(key: str) -> str:
    return f"{key}:making"


def _key(sight: Sight, filters: Filters, at: datetime) -> str:
    scope = f"{FORMAT}:{sight.key}:{day_of(filters, at)}:{filters.scope.query()}"
    return f"portfolio:{hashlib.sha256(scope.encode()).hexdigest()}"


def _is_good(kept: Kept, newest: datetime | None, at: datetime) -> bool:
    """Whether nothing has changed since, or so little time has passed that a slow summary may still be shown.

    A change that was committed late has an earlier time than it became visible at, so a summary made within five
    seconds of the newest change is not trusted for longer than that.
    """
    age = (at - kept.summary.made_at).total_seconds()
    if kept.newest == newest:
        is_settled = newest is None or kept.summary.made_at - newest > SETTLED
        return is_settled or age < SETTLED.total_seconds()
    return kept.seconds > QUICK_SECONDS and age < kept.seconds * OLD_AT_MOST
