"""How the numbers of a row are said, once for page, file and report."""

from __future__ import annotations

from datetime import datetime

from charts.levels import LEVELS, shown, whole
from portfolio.rows import Cell, Row

TOO_EARLY, NOT_ANSWERED, NOT_DUE = "too early for a level", "not answered", "nothing is due yet"


def level_word(level: int) -> str:
    """ "Critical" to "Low", "No level yet" for 0."""
    return LEVELS[level - 1].word if level else "No level yet"


def range_words(low: float, high: float) -> str:
    return f"range {whole(low)} to {whole(high)}"


def row_state(row: Row) -> str:
    """What stands in place of a level."""
    return TOO_EARLY if row.answered else NOT_ANSWERED


def cell_state(cell: Cell) -> str:
    """What a cell without a level says."""
    return NOT_DUE if not cell.due else TOO_EARLY if cell.answered else NOT_ANSWERED


def change_words(change: float | None) -> str:
    """ "4.2 points worse", "no change"; empty if unknown."""
    if change is None:
        return ""
    if not change:
        return "no change"
    return f"{shown(abs(change))} points {'worse' if change > 0 else 'better'}"


def age_words(reviewed_at: datetime | None, moment: datetime) -> str:
    """ "9 d ago", "today", "never"."""
    if reviewed_at is None:
        return "never"
    days = max((moment - reviewed_at).days, 0)
    return f"{days:,} d ago" if days else "today"
