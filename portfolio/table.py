"""The heatmap as an HTML table. Written by hand, because a template takes forty times as long for so many cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from charts.bars import range_bar
from charts.levels import LEVELS, whole
from charts.markup import Drawing, tag, text_of
from charts.portfolio import spark_line
from charts.shapes import level_shape
from checklists.schema import Checklist
from portfolio import words
from portfolio.filters import DEFAULT_SORT, SORTS, Filters
from portfolio.queries import STALE_AFTER
from portfolio.rows import Cell, Row
from projects.models import Stage

HIGH = 3


@dataclass(frozen=True, slots=True)
class Setting:
    """What all rows share: the moment they show, the words for the end of the last quarter, the addresses.

    `address` gives the page of a project's result.
    """

    moment: datetime
    since: str
    dimensions: Sequence[tuple[str, str]]
    address: Callable[[Row], str]


def heat_table(rows: Sequence[Row], filters: Filters, checklist: Checklist, setting: Setting, caption: str) -> Drawing:
    """The whole table. Everything that people typed is escaped here."""
    body = "".join(_row(row, setting) for row in rows)
    kinds = ("c-name", "c-stage", "c-risk", *("c-cell" for _ in setting.dimensions), "c-trend", "c-age")
    columns = tag("colgroup", {}, "".join(f'<col class="{kind}">' for kind in kinds))
    return Drawing(
        f'<table class="heat"><caption class="vh">{text_of(caption)}</caption>{columns}'
        f"<thead><tr>{_head(filters, checklist)}</tr></thead><tbody>{body}</tbody></table>"
    )


def _head(filters: Filters, checklist: Checklist) -> str:
    cells = [
        _sorter(filters, "name", "Project", "l"),
        _sorter(filters, "stage", "Stage", "l"),
        _sorter(filters, "worst", "Failure risk and range", "l"),
        *(_sorter(filters, d.id, d.short, "", title=d.name) for d in checklist.dimensions),
        _sorter(filters, "change", "Trend", "l"),
        _sorter(filters, "review", "Reviewed", ""),
    ]
    return "".join(cells)


_RISING = {"name", "stage", "review"}


def _sorter(filters: Filters, sort: str, word: str, kind: str, title: str = "") -> str:
    """A column's head: a link that sorts by it, and once it does, one that turns the order round."""
    is_on = filters.sort == sort
    rises = (sort in _RISING) != filters.is_reversed
    order = ("ascending" if rises else "descending") if is_on else None
    address = f"?{filters.query(sort=sort, is_reversed=is_on and not filters.is_reversed)}"
    mark = f'<span aria-hidden="true"> {"↑" if rises else "↓"}</span>' if is_on else ""
    link = tag("a", {"href": address, "title": title or None}, text_of(word) + mark)
    return tag("th", {"scope": "col", "class_": kind or None, "aria_sort": order}, link)


def _row(row: Row, setting: Setting) -> str:
    name, address = text_of(row.name), text_of(setting.address(row))
    head = f'<th scope="row"><a href="{address}" title="{name}"><bdi>{name}</bdi></a></th>'
    stage = f'<td class="s">{_stage(row.stage)}</td>'
    cells = (
        "".join(
            _cell(cell, short, f"{address}#a-{dimension}")
            for cell, (dimension, short) in zip(row.cells, setting.dimensions, strict=False)
        )
        or f'<td class="c none" colspan="{len(setting.dimensions)}">{words.NOT_ANSWERED}</td>'
    )
    return f"<tr>{head}{stage}{_risk(row)}{cells}{_trend(row, setting.since)}{_age(row, setting.moment)}</tr>"


@cache
def _stage(stage: str) -> str:
    return Stage(stage).label


@cache
def _shape(level: int) -> str:
    return level_shape(LEVELS[level - 1])


def _risk(row: Row) -> str:
    bar = range_bar(row.shown, row.low, row.high) if row.answered else '<span class="rg"></span>'
    spoken = f'<span class="vh">, {words.range_words(row.low, row.high)}</span>' if row.answered else ""
    if row.shown is None:
        state = f'<span class="v">–</span><span class="muted">{words.row_state(row)}</span>'
    else:
        state = (
            f'<span class="v">{whole(row.shown)}</span>'
            f'<span class="lv lv{row.level}">{_shape(row.level)}{LEVELS[row.level - 1].word}</span>{_doubt(row)}'
        )
    return f'<td class="k"><span class="risk">{bar}<span class="vl">{state}{spoken}</span></span></td>'


def _doubt(row: Row) -> str:
    """What result page and report say of the same number."""
    if not row.is_preliminary:
        return ""
    return f'<abbr class="xs muted" title="preliminary: {row.answered} of {row.due} questions answered">prelim.</abbr>'


def _cell(cell: Cell, short: str, href: str) -> str:
    """Number and, from high on, shape; hatched with the range or a dash where no level may be named."""
    if cell.shown is not None:
        shape = _shape(cell.level) if cell.level >= HIGH else ""
        word = LEVELS[cell.level - 1].word.lower()
        return (
            f'<td class="c lv{cell.level}"><a href="{href}" data-d="{short[:4]}">{shape}{whole(cell.shown)}'
            f'<span class="vh"> {word}</span></a></td>'
        )
    shown = f"{whole(cell.low)}–{whole(cell.high)}" if cell.answered and cell.due else "–"
    state = words.cell_state(cell)
    spoken = f", {words.range_words(cell.low, cell.high)}" if cell.answered and cell.due else ""
    return (
        f'<td class="c none"><a href="{href}" data-d="{short[:4]}" title="{state}">'
        f'<span aria-hidden="true">{shown}</span><span class="vh">{state}{spoken}</span></a></td>'
    )


def _trend(row: Row, since: str) -> str:
    values = [value for _, value in row.course]
    line = spark_line(values) if len(values) > 1 else ""
    spoken = words.change_words(row.change)
    vh = f'<span class="vh">{spoken} since {since}</span>' if spoken else '<span class="vh">no earlier result</span>'
    return f'<td class="sp">{line}{vh}</td>'


def _age(row: Row, moment: datetime) -> str:
    age = words.age_words(row.reviewed_at, moment)
    if row.reviewed_at is None:
        return f'<td class="r s">{age}</td>'
    is_old = moment - row.reviewed_at > STALE_AFTER
    stamp = row.reviewed_at.date()
    time = f'<time datetime="{stamp.isoformat()}" title="{stamp.day} {stamp:%b %Y}">{age}</time>'
    return f'<td class="r s"><span class="tag warn">{time}</span></td>' if is_old else f'<td class="r s">{time}</td>'


def order_words(filters: Filters, checklist: Checklist) -> str:
    """The order in words, for the caption: "worst case first", "by name"."""
    if filters.sort == DEFAULT_SORT:
        return "best case first" if filters.is_reversed else "worst case first"
    names = SORTS | {dimension.id: dimension.name for dimension in checklist.dimensions}
    name = names[filters.sort]
    return f"by {name[:1].lower()}{name[1:]}{', turned round' if filters.is_reversed else ''}"
