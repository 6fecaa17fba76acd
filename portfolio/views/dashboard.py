"""The executive's page: one finding, the key figures, every project, and what stands behind the numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.roles import Permission
from charts import portfolio as pictures
from charts.bars import points_bars
from charts.levels import LEVELS, shown
from charts.markup import Drawing, text_of
from checklists.schema import Question
from findings.verdict import track_record_words
from portfolio.filters import NO_UNIT, SORTS, Filters
from portfolio.finding import find
from portfolio.keeping import read_summary
from portfolio.pages import keep_page
from portfolio.periods import since_words
from portfolio.queries import Page, moment_of, read_page
from portfolio.rows import Row, change_of
from portfolio.summary import Choice, Named, Summary
from portfolio.table import Setting, heat_table, order_words
from portfolio.views.common import View, view_of
from projects.models import Stage

DRIVERS = 5
FEW_PROJECTS = 5
SLUG, PUBLIC_ID = "the-slug", "the-id"


@dataclass(frozen=True, slots=True)
class DriverLine:
    question: Question
    points: float
    open: int
    query: str
    bar: Drawing


@dataclass(frozen=True, slots=True)
class ChangeLine:
    named: Named
    address: str
    points: str
    is_worse: bool


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    view = view_of(request)
    return keep_page(request, view, lambda: draw_dashboard(request, view))


def draw_dashboard(request: HttpRequest, view: View) -> HttpResponse:
    filters = view.filters
    summary = read_summary(view.sight, filters, at=view.at)
    is_plain = not (filters.is_scoped or filters.as_of)
    everything = summary if is_plain else read_summary(view.sight, Filters(), at=view.at)
    lists_all = not (filters.find or filters.level or filters.open or filters.stale)
    page = read_page(view.sight, filters, view.checklist, at=view.at, total=summary.total if lists_all else None)
    context: dict[str, Any] = {
        "section": "portfolio",
        "filters": filters,
        "query": filters.query(),
        "previous_query": filters.query(page=page.number - 1),
        "next_query": filters.query(page=page.number + 1),
        "summary": summary,
        "everything": everything,
        "finding": find(summary, view.checklist, is_narrowed=filters.is_narrowed or bool(filters.as_of)),
        "page": page,
        "table": draw_table(view, page, summary) if page.rows else "",
        "since": since_words(summary.since, summary.day),
        "has_demo": any(row.is_demo for row in page.rows),
        "levels": LEVELS,
        "options": options(view, everything),
        "open_question": view.checklist.question_by_id.get(filters.open),
        "can_report": view.sight.membership.allows(Permission.REQUEST_REPORT),
        "newest_day": None if summary.total or not filters.as_of else _first_day(view),
        **key_figures(summary, filters),
        **rail(view, summary),
    }
    return render(request, "portfolio/dashboard.html", context)


def draw_table(view: View, page: Page, summary: Summary) -> Drawing:
    filters, checklist = view.filters, view.checklist
    setting = Setting(
        moment=moment_of(filters, view.at),
        since=since_words(summary.since, summary.day),
        dimensions=[(dimension.id, dimension.short) for dimension in checklist.dimensions],
        address=addresses(),
    )
    caption = (
        f"{page.total:,} {'project' if page.total == 1 else 'projects'}, {order_words(filters, checklist)}. "
        "Failure risk index from 0 to 100, lower is better, with its exact range, and the risk in "
        f"{len(checklist.dimensions)} dimensions on the same scale."
    )
    return heat_table(page.rows, filters, checklist, setting, caption)


def result_address(slug: str, snapshot: str) -> str:
    """The result of the answers as they stand, or the frozen one."""
    if snapshot:
        return reverse("assessments:snapshot", args=[slug, snapshot])
    return reverse("assessments:results", args=[slug])


def addresses() -> Callable[[Row], str]:
    """The result a row shows: of the answers as they stand, or the frozen one. Resolved once, not for each row."""
    live = reverse("assessments:results", args=[SLUG])
    frozen = reverse("assessments:snapshot", args=[SLUG, PUBLIC_ID])

    def address(row: Row) -> str:
        return (frozen.replace(PUBLIC_ID, row.snapshot) if row.snapshot else live).replace(SLUG, row.slug)

    return address


def options(view: View, everything: Summary) -> dict[str, Drawing]:
    """The choices of each select, written here because a template takes ten times as long for a hundred of them."""
    filters = view.filters
    levels = [*((level.id, level.word) for level in reversed(LEVELS)), ("none", "No level yet")]
    units = [(u.name or NO_UNIT, f"{u.name or 'No unit'} ({u.projects:,})") for u in everything.units]
    sorts = [*SORTS.items(), *((d.id, d.name) for d in view.checklist.dimensions)]
    return {
        "stage": option_list(Stage.choices, filters.stage),
        "unit": option_list(sorted(units, key=lambda unit: unit[1].casefold()), filters.unit),
        "sort": option_list(sorts, filters.sort),
        "level": option_list(levels, filters.level),
        "owner": option_list(owner_choices(everything), "" if filters.owner is None else str(filters.owner)),
        "tag": option_list(_counted(everything.tags), filters.tag),
    }


def owner_choices(everything: Summary) -> list[tuple[str, str]]:
    """With the names of now: a name that changes does not make the key figures anew."""
    counts = dict(everything.owners)
    names = User.objects.filter(pk__in=counts).order_by("name", "id").values_list("id", "name")
    return [(str(key), f"{name} ({counts[key]:,})") for key, name in names]


def _counted(choices: Sequence[Choice]) -> list[tuple[str, str]]:
    return [(choice.value, f"{choice.name} ({choice.count:,})") for choice in choices]


def option_list(choices: Iterable[tuple[str, str]], chosen: str) -> Drawing:
    return Drawing(
        "".join(
            f'<option value="{text_of(value)}"{" selected" if value == chosen else ""}>{text_of(word)}</option>'
            for value, word in choices
        )
    )


def key_figures(summary: Summary, filters: Filters) -> dict[str, Any]:
    links = [f"?{filters.query(level=level)}" for level in ("critical", "high", "moderate", "low", "none")]
    change = change_of(summary.median_before, summary.median)
    return {
        "distribution": pictures.distribution_bar(summary.levels, links=links) if summary.total >= FEW_PROJECTS else "",
        "median_change": change,
        "median_words": _median_words(change),
        "stale_query": filters.query(stale=True),
        "record": track_record_words(summary.outcomes, summary.assessed, is_headed=True),
    }


def _median_words(change: float | None) -> str:
    if change is None:
        return ""
    if not change:
        return "unchanged since"
    return f"{shown(abs(change))} {'worse' if change > 0 else 'better'} than in"


def rail(view: View, summary: Summary) -> dict[str, Any]:
    quarters = [pictures.Quarter(q.name, q.critical, q.high, q.projects) for q in summary.quarters]
    has_quarters = sum(quarter.projects > 0 for quarter in summary.quarters) > 1
    return {
        "drivers": driver_lines(view, summary, DRIVERS),
        "changes": change_lines(summary.changes),
        "quarters": summary.quarters if has_quarters else (),
        "quarters_chart": pictures.quarter_columns(quarters) if has_quarters else "",
    }


def driver_lines(view: View, summary: Summary, most: int | None = None) -> list[DriverLine]:
    """The questions that add most to the risk, each with the address that lists the projects where it is open."""
    known = view.checklist.question_by_id
    found = [driver for driver in summary.drivers if driver.question in known][:most]
    bars = points_bars([driver.points for driver in found])
    return [
        DriverLine(known[driver.question], driver.points, driver.open, view.filters.query(open=driver.question), bar)
        for driver, bar in zip(found, bars, strict=True)
    ]


def change_lines(changes: Sequence[Named]) -> list[ChangeLine]:
    return [
        ChangeLine(
            named,
            result_address(named.slug, named.snapshot),
            shown(abs(named.tenths) / 10),
            named.tenths > 0,
        )
        for named in changes
    ]


def _first_day(view: View) -> Any:
    """The day of the oldest snapshot in sight, for a reader who asked for a day before it."""
    found = view.sight.figures().of_snapshots().order_by("from_at").values_list("from_at", flat=True).first()
    return found.date() if found else None
