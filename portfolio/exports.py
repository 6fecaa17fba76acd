"""The columns of the rows as files."""

from __future__ import annotations

from datetime import UTC

from checklists.schema import Checklist
from portfolio.rows import Cell, Row
from portfolio.words import cell_state, level_word, row_state
from projects.models import Stage
from spreadsheets.writing import Value


def tenth(index: float | None) -> float | None:
    """The risk as it is shown, as a number with one decimal."""
    return None if index is None else round(index, 1)


def headings(checklist: Checklist) -> list[str]:
    dimensions = [
        heading for d in checklist.dimensions for heading in (d.name, f"{d.name}: level", f"{d.name}: upper end")
    ]
    return [
        "Project", "Stage", "Business unit", "Owner", "Tags", "Failure risk", "Level", "Lower end", "Upper end",
        "Answered", "Due", *dimensions, "Change since last quarter", "Reviewed on", "Planned date",
        "Planned value a year, thousands", "Key",
    ]  # fmt: skip


def values_of(row: Row) -> list[Value]:
    """One row in the order of `headings`. Risks have one decimal; a risk that may not be named yet is empty."""
    cells: list[Value] = [value for cell in row.cells for value in _cell(cell)]
    return [
        row.name, Stage(row.stage).label, row.unit, row.owner, ", ".join(row.tags), tenth(row.shown),
        level_word(row.level) if row.level else row_state(row).capitalize(), tenth(row.low), tenth(row.high),
        row.answered, row.due, *cells, row.change,
        row.reviewed_at.astimezone(UTC).date() if row.reviewed_at else None, row.planned_date, row.planned_value,
        row.slug,
    ]  # fmt: skip


def _cell(cell: Cell) -> tuple[Value, Value, Value]:
    level = level_word(cell.level) if cell.level else cell_state(cell).capitalize()
    return tenth(cell.shown), level, tenth(cell.high) if cell.due else None
