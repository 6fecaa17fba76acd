"""Quarters of the calendar, and the words for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def quarter_start(day: date) -> date:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def last_quarter_end(day: date) -> date:
    """The last day of the quarter before the one that `day` is in."""
    return quarter_start(day) - timedelta(days=1)


def quarter_ends(day: date, count: int) -> Sequence[date]:
    """`count` days, oldest first: the ends of the quarters before, and `day` itself for the one that still runs."""
    ends = [day]
    while len(ends) < count:
        ends.append(last_quarter_end(ends[-1]))
    return ends[::-1]


def quarter_name(day: date) -> str:
    """ "Q3 25"."""
    return f"Q{(day.month + 2) // 3} {day:%y}"


def since_words(since: date, day: date) -> str:
    """The end of a quarter as one says it: "September", or "September 2025" from another year."""
    month = MONTHS[since.month - 1]
    return month if since.year == day.year else f"{month} {since.year}"
