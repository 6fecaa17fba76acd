"""The portfolio at one moment as plain values, for the report that a board reads. It is frozen as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from accounts.models import User
from checklists.schema import Checklist
from portfolio.filters import NO_UNIT, Filters
from portfolio.finding import find
from portfolio.queries import read_rows
from portfolio.rows import Cell, Row
from portfolio.sight import Sight
from portfolio.summary import Named, Summary, summarise
from projects.models import Stage

FORMAT = 1
MOST_ROWS = 300
DRIVERS, UNITS = 5, 8


def build_body(*, sight: Sight, filters: Filters, checklist: Checklist, at: datetime) -> dict[str, Any]:
    """The body of a board report in format 1, without its head: the projects in scope of the filters, in their order.

    What only picks rows of the table (search, level, open question, review) is left out, so that figures and rows are
    of the same projects. Everything is counted anew. At most 300 rows; `left_out` counts the others. Numbers are
    unrounded.
    """
    filters = replace(filters.scope, sort=filters.sort, is_reversed=filters.is_reversed)
    summary = summarise(sight, filters.scope, at=at)
    rows = [row_part(row) for row in read_rows(sight, filters, checklist, at=at, most=MOST_ROWS)]
    found = find(summary, checklist, is_narrowed=filters.is_narrowed)
    return {
        "format": FORMAT,
        "kind": "board",
        "organisation": {"name": sight.membership.organisation.name},
        "as_of": filters.as_of.isoformat() if filters.as_of else None,
        "scope": scope_words(filters),
        "scope_owner": owner_words(filters, sight),
        "finding": {"title": found.title, "text": found.text},
        "figures": _figures(summary),
        "dimensions": [{"id": d.id, "name": d.name, "short": d.short} for d in checklist.dimensions],
        "drivers": _drivers(summary, checklist),
        "changes": [_named(named) for named in summary.changes],
        "quarters": [
            {"label": q.name, "critical": q.critical, "high": q.high, "projects": q.projects} for q in summary.quarters
        ],
        "units": [
            {
                "name": unit.name,
                "projects": unit.projects,
                "median": unit.median,
                "worst": unit.worst,
                "critical": unit.levels[0],
                "high": unit.levels[1],
            }
            for unit in summary.units[:UNITS]
        ],
        "rows": rows,
        "projects": summary.total,
        "left_out": max(summary.total - len(rows), 0),
        "checklist": {"id": checklist.id, "version": checklist.version},
    }


def _figures(summary: Summary) -> dict[str, Any]:
    return {
        "projects": summary.total,
        "levels": dict(zip(("critical", "high", "moderate", "low", "none"), summary.levels, strict=True)),
        "median": summary.median,
        "median_before": summary.median_before,
        "since": summary.since.isoformat(),
        "stale": summary.stale,
        "open_points": summary.open_points,
        "outcomes": summary.outcomes,
        "assessed": summary.assessed,
    }


def _drivers(summary: Summary, checklist: Checklist) -> list[dict[str, Any]]:
    known = checklist.question_by_id
    found = [(known[driver.question], driver) for driver in summary.drivers if driver.question in known]
    return [
        {
            "number": question.number,
            "short": question.short,
            "text": question.prompt,
            "points": driver.points,
            "worst": driver.open,
        }
        for question, driver in found[:DRIVERS]
    ]


def _named(named: Named) -> dict[str, Any]:
    return {"name": named.name, "before": named.before, "now": named.now}


def row_part(row: Row) -> dict[str, Any]:
    """One project as plain values. `level` is 0 to 4; a risk that may not be named is None."""
    return {
        "name": row.name,
        "stage": Stage(row.stage).label,
        "unit": row.unit,
        "owner": row.owner,
        "index": row.shown,
        "low": row.low,
        "high": row.high,
        "level": row.level,
        "answered": row.answered,
        "due": row.due,
        "cells": [_cell(cell) for cell in row.cells],
        "reviewed_on": row.reviewed_at.date().isoformat() if row.reviewed_at else None,
        "change": row.change,
    }


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "risk": cell.shown,
        "low": cell.low,
        "high": cell.high,
        "level": cell.level,
        "answered": cell.answered,
        "due": cell.due,
    }


def scope_words(filters: Filters) -> str:
    """The projects that were chosen, in words: "All projects" or "Stage pilot, unit Retail"; nothing of owners."""
    parts = [
        f"stage {Stage(filters.stage).label.lower()}" if filters.stage else "",
        ("no unit" if filters.unit == NO_UNIT else f"unit {filters.unit}") if filters.unit else "",
        f"tag {filters.tag}" if filters.tag else "",
        "of one owner" if filters.owner is not None else "",
    ]
    words = ", ".join(part for part in parts if part)
    return f"{words[:1].upper()}{words[1:]}" if words else "All projects"


def owner_words(filters: Filters, sight: Sight) -> str:
    """The name of the owner whose projects were chosen. It is printed only where names are."""
    if filters.owner is None:
        return ""
    owner = User.objects.filter(pk=filters.owner, memberships__organisation=sight.organisation_id).first()
    return owner.name if owner else ""
