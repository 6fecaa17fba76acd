"""What takes a pass over all projects is kept until something changes, and in large portfolios for a while longer."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar, cast

from django.core.cache import caches
from django.db.models import Max

from portfolio.filters import Filters
from portfolio.queries import day_of
from portfolio.sight import Sight
from portfolio.summary import Summary, summarise
from projects.models import ProjectFigures

FORMAT = 2
CACHE = "portfolio"
KEEP_SECONDS = 86_400
QUICK_SECONDS = 0.25
OLD_AT_MOST = 50
"""What is slow to count may be shown for fifty times as long as it took: so two per cent of the time go into it."""
SETTLED = timedelta(seconds=5)
LOCK_SECONDS = 60
WAIT_SECONDS, WAIT_STEP = 10, 0.1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """A value, when it was made, the newest change it has seen, and the seconds it took."""

    value: T
    made_at: datetime
    newest: datetime | None
    seconds: float


def read_summary(sight: Sight, filters: Filters, *, at: datetime) -> Summary:
    """The summary of what is in scope. Two queries if it is kept."""
    scope = filters.scope
    return read_kept("summary", sight, scope, at=at, make=lambda: summarise(sight, scope, at=at))


def newest_change(sight: Sight) -> datetime | None:
    """When the figures of the organisation were last written. One look at the end of an index."""
    found = ProjectFigures.objects.filter(organisation=sight.organisation_id).aggregate(newest=Max("changed_at"))
    return cast("datetime | None", found["newest"])


def read_kept(name: str, sight: Sight, filters: Filters, *, at: datetime, make: Callable[[], T]) -> T:
    """What `make` returns for this sight and these filters: kept while nothing changed, else made anew.

    While one process makes something slow, the others show the old value or, if there is none, wait for the new one.
    """
    maker = _Maker(make, _key(name, sight, filters, at), newest_change(sight), at)
    kept = maker.stored()
    if kept is not None and _is_good(kept, maker.newest, at):
        return kept.value
    if kept is not None and kept.seconds <= QUICK_SECONDS:
        return maker.run()
    if maker.lock():
        try:
            return maker.run()
        finally:
            maker.unlock()
    return kept.value if kept is not None else maker.wait()


@dataclass(frozen=True)
class _Maker(Generic[T]):
    make: Callable[[], T]
    key: str
    newest: datetime | None
    at: datetime

    def stored(self) -> Kept[T] | None:
        return cast("Kept[T] | None", caches[CACHE].get(self.key))

    def lock(self) -> bool:
        return bool(caches[CACHE].add(f"{self.key}:making", 1, LOCK_SECONDS))

    def unlock(self) -> None:
        caches[CACHE].delete(f"{self.key}:making")

    def run(self) -> T:
        started = time.monotonic()
        value = self.make()
        caches[CACHE].set(self.key, Kept(value, self.at, self.newest, time.monotonic() - started), KEEP_SECONDS)
        return value

    def wait(self) -> T:
        """What another process is making, or an own one if that takes too long."""
        until = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < until:
            time.sleep(WAIT_STEP)
            kept = self.stored()
            if kept is not None:
                return kept.value
            if not caches[CACHE].get(f"{self.key}:making"):
                break
        return self.run()


def _key(name: str, sight: Sight, filters: Filters, at: datetime) -> str:
    scope = f"{FORMAT}:{name}:{sight.key}:{day_of(filters, at)}:{filters.query()}"
    return hashlib.sha256(scope.encode()).hexdigest()


def _is_good(kept: Kept[T], newest: datetime | None, at: datetime) -> bool:
    """Whether nothing has changed since, or so little time has passed that a slow value may still be shown.

    A change that was committed late has an earlier time than it became visible at, so what was made within five
    seconds of the newest change is not trusted for longer than that.
    """
    age = (at - kept.made_at).total_seconds()
    if kept.newest == newest:
        is_settled = newest is None or kept.made_at - newest > SETTLED
        return is_settled or age < SETTLED.total_seconds()
    return kept.seconds > QUICK_SECONDS and age < kept.seconds * OLD_AT_MOST
