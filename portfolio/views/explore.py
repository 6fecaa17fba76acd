"""Explore: one figure at a time over the projects that match, its table beside it, and the same numbers as a file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from charts.levels import LEVELS, shown
from portfolio.explore import (
    Exploration,
    explore_courses,
    explore_profiles,
    explore_rows,
    explore_stages,
    explore_units,
)
from portfolio.explore_choices import CHOICES, MOST_PROJECTS, Choices, read_choices
from portfolio.explore_data import (
    MOST_LISTED,
    Picked,
    list_projects,
    read_courses,
    read_picked,
    read_stages,
    read_units,
)
from portfolio.filters import DEFAULT_SORT
from portfolio.keeping import read_kept
from portfolio.queries import day_of, matching, read_rows
from portfolio.views.common import View, view_of
from spreadsheets.writing import Value, csv_lines

MOST_BUBBLES = 200
SWITCHES = {"time": "by", "bubble": "x", "profile": "view"}


@dataclass(frozen=True, slots=True)
class Link:
    name: str
    query: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class TableCell:
    """`is_number` is true for every cell of a column of numbers; `level` is the id where the text is a level's word."""

    text: str
    is_number: bool
    level: str = ""


@gzip_page
@require_safe
def explore(request: HttpRequest) -> HttpResponse:
    view = view_of(request)
    choices = read_choices(request.GET)
    shown_choices, found, picked = _explore(view, choices)
    asks_projects = _asks_projects(shown_choices)
    context: dict[str, Any] = {
        "section": "portfolio",
        "choices": shown_choices,
        "notices": (*view.filters.notices, *shown_choices.notices),
        "charts": _links(shown_choices, view, "chart"),
        "switches": _links(shown_choices, view, SWITCHES[choices.chart]) if choices.chart in SWITCHES else (),
        "found": found,
        "figures": {} if found.is_empty else found.figures(),
        **_table(found),
        "file_name": _file_name(view, choices),
        "query": shown_choices.query(view.filters),
        "back": view.filters.query(),
        "is_narrowed": view.filters.is_narrowed or view.filters.as_of is not None,
        "picked": picked,
        "options": _options(view, picked) if asks_projects else (),
        "hidden": _hidden(view, choices),
        "most": MOST_PROJECTS,
        "most_listed": MOST_LISTED,
    }
    return render(request, "portfolio/explore.html", context)


@require_safe
def explore_data(request: HttpRequest) -> HttpResponse:
    """The numbers of the figure, row by row as they stand in its table."""
    view = view_of(request)
    choices = read_choices(request.GET)
    _, found, _ = _explore(view, choices)
    response = HttpResponse("".join(csv_lines(found.heads, found.rows)), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{_file_name(view, choices)}.csv"'
    return response


def _explore(view: View, choices: Choices) -> tuple[Choices, Exploration, list[Picked]]:
    """The figure that is asked for, with the projects in it, and the choices with a notice about missing ones."""
    sight, filters, at = view.sight, view.filters, view.at
    if choices.chart == "bubble":
        rows = list(read_rows(sight, filters, view.checklist, at=at, most=MOST_BUBBLES))
        total = matching(sight, filters, at=at).count() if len(rows) == MOST_BUBBLES else len(rows)
        return choices, explore_rows(rows, total, by_date=choices.x == "date"), []
    if choices.chart == "stages":
        return choices, explore_stages(read_stages(sight, filters, at=at)), []
    if choices.chart == "time" and choices.by == "unit":
        plain = replace(filters, sort=DEFAULT_SORT, is_reversed=False, page=1, notices=())
        units = read_kept("units", sight, plain, at=at, make=lambda: read_units(sight, plain, at=at))
        return choices, explore_units(*units), []
    picked, missing = read_picked(sight, filters, view.checklist, choices.projects, at=at)
    if missing:
        words = "1 project was not found" if missing == 1 else f"{missing} projects were not found"
        choices = replace(choices, notices=(*choices.notices, f"{words}, so the others are shown."))
    if choices.chart == "time":
        return choices, explore_courses(read_courses(sight, filters, picked, at=at)), picked
    dimensions = [dimension.short for dimension in view.checklist.dimensions]
    return choices, explore_profiles(picked, dimensions, as_bars=choices.view == "bars"), picked


def _asks_projects(choices: Choices) -> bool:
    return choices.chart == "profile" or (choices.chart == "time" and choices.by == "project")


def _links(choices: Choices, view: View, name: str) -> list[Link]:
    chosen = getattr(choices, name)
    return [
        Link(words, choices.query(view.filters, **{name: value}), value == chosen)
        for value, words in CHOICES[name].items()
    ]


def _options(view: View, picked: list[Picked]) -> list[tuple[str, str, bool]]:
    """Slug, name and whether it is chosen: the chosen ones first, then those that match, by name."""
    chosen = {one.slug for one in picked}
    others = list_projects(view.sight, view.filters, at=view.at)
    return [(one.slug, one.name, True) for one in picked] + [(s, n, False) for s, n in others if s not in chosen]


def _hidden(view: View, choices: Choices) -> list[tuple[str, str]]:
    """What the form that chooses projects must carry along: the address without the projects."""
    return parse_qsl(replace(choices, projects=()).query(view.filters))


def _table(found: Exploration) -> dict[str, Any]:
    """Heads and cells as texts, each with whether its column holds numbers and stands at the right."""
    columns = zip(*found.rows, strict=True) if found.rows else [()] * len(found.heads)
    numbers = [any(isinstance(value, (int, float)) for value in column) for column in columns]
    return {
        "heads": list(zip(found.heads, numbers, strict=True)),
        "rows": [[_cell(value, number) for value, number in zip(row, numbers, strict=True)] for row in found.rows],
    }


def _cell(value: Value, is_number: bool) -> TableCell:
    if value is None:
        return TableCell("–", is_number)
    if isinstance(value, float):
        return TableCell(shown(value), is_number)
    if isinstance(value, int):
        return TableCell(f"{value:,}", is_number)
    if isinstance(value, str):
        return TableCell(value, is_number, next((level.id for level in LEVELS if level.word == value), ""))
    return TableCell(f"{value.day} {value:%b %Y}", is_number)


def _file_name(view: View, choices: Choices) -> str:
    part = getattr(choices, SWITCHES[choices.chart]) if choices.chart in SWITCHES else ""
    return "-".join(
        word for word in ("explore", choices.chart, part, day_of(view.filters, view.at).isoformat()) if word
    )
