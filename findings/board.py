"""From a frozen board to the document that is printed and shared: every word decided here, nothing in the templates.

What the options hide never gets into the document, so no template can show it by mistake.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from charts import LEVELS, LevelStyle, shown, to_tenths, whole
from charts.portfolio import Quarter
from findings.board_rows import NO_VALUE, Row, build_row, change_words
from findings.verdict import track_record_words
from findings.words import UserText, clock, day, shorten, user_text

MOST_UNITS = 6
MOST_DRIVERS = MOST_CHANGES = 5
MOST_QUARTERS = 6

_ORDER = ("critical", "high", "moderate", "low", "none")

HOW_TO_READ: tuple[tuple[str, str], ...] = (
    (
        "Failure risk",
        "An index from 0 to 100, lower is better, from the answers to one checklist. It orders projects by how far "
        "their answers are from the best ones. It is not a probability and not an audit.",
    ),
    ("Levels", "Low below 25, moderate below 50, high below 75, critical from 75. Whole numbers are cut, not rounded."),
    (
        "Range",
        "Exact: from every unknown answer at its best to every unknown answer at its worst, with answers without "
        "evidence one choice lower. Its high end is the worst case.",
    ),
    (
        "No level yet",
        "Hatched, with a dash or a word: nobody answered, or it is too early, because fewer than 60 of 100 questions "
        "are answered or the range spans three levels. Preliminary: fewer than 80 of 100.",
    ),
    ("Change", "A difference below 5 points is no clear change: answering again moves the index by as much."),
    (
        "What adds most",
        "The mean points of the index that a question adds over the projects, and how many of them gave one of its "
        "two worst answers.",
    ),
)


@dataclass(frozen=True, slots=True)
class Driver:
    """A question that adds much to the risk of many projects."""

    number: str
    short: str
    text: str
    points: float
    points_words: str
    worst_words: str


@dataclass(frozen=True, slots=True)
class Change:
    """A project whose risk moved."""

    name: UserText
    words: str
    difference: str
    is_worse: bool


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the organisation with its projects."""

    name: UserText
    projects: int
    median: str
    worst: str
    critical: int
    high: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure: what it is, the number, and what it is measured against."""

    name: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class BoardHead:
    """Which portfolio, when, and what pins it down. `taken_by` is empty where names are hidden."""

    title: str
    organisation: UserText
    organisation_short: UserText
    organisation_running: UserText
    label: UserText
    label_running: UserText
    scope: UserText
    scope_short: UserText
    moment: str
    taken: str
    taken_iso: str
    taken_by: UserText
    snapshot_id: UserText
    sha256: str
    checklist: str
    footer: UserText


@dataclass(frozen=True, slots=True)
class BoardDocument:
    """The whole document for the board, ready for templates. `counts` run from critical to no level."""

    head: BoardHead
    title: UserText
    text: UserText
    projects: int
    counts: tuple[int, ...]
    figures: tuple[Figure, ...]
    dimensions: tuple[tuple[str, str], ...]
    drivers: tuple[Driver, ...]
    changes: tuple[Change, ...]
    quarters: tuple[Quarter, ...]
    units: tuple[Unit, ...]
    units_title: str
    rows: tuple[Row, ...]
    rows_words: str
    since: str
    how_to_read: tuple[tuple[str, str], ...]
    identity: tuple[tuple[str, str], ...]
    with_names: bool

    @property
    def has_units(self) -> bool:
        """Whether there is more than one unit to tell apart."""
        return len(self.units) > 1


def build_board(body: Mapping[str, Any], *, names: bool, sha256: str) -> BoardDocument:
    """The document of a board's body (format 1). `sha256` is the hash of the body's bytes.

    `names` decides whether the names of owners and of who took the board are in it. Raises KeyError if a part of the
    body is missing.
    """
    figures = body["figures"]
    head = _head(body, names, sha256)
    units = tuple(_unit(unit) for unit in body["units"])
    projects = int(figures["projects"])
    return BoardDocument(
        head=head,
        title=user_text(body["finding"]["title"], 240),
        text=user_text(body["finding"]["text"], 420),
        projects=projects,
        counts=tuple(int(figures["levels"][level]) for level in _ORDER),
        figures=_figures(figures),
        dimensions=tuple((one["name"], one["short"]) for one in body["dimensions"]),
        drivers=tuple(_driver(driver) for driver in body["drivers"][:MOST_DRIVERS]),
        changes=tuple(_change(change) for change in body["changes"][:MOST_CHANGES]),
        quarters=tuple(
            Quarter(one["label"], one["critical"], one["high"], one["projects"])
            for one in body["quarters"][-MOST_QUARTERS:]
        ),
        units=units[:MOST_UNITS],
        units_title=f"The first {MOST_UNITS} units by median risk" if len(units) > MOST_UNITS else "Units",
        rows=tuple(build_row(row, names, has_units=len(units) > 1) for row in body["rows"]),
        rows_words=rows_words(len(body["rows"]), int(body["left_out"])),
        since=day(figures["since"]),
        how_to_read=HOW_TO_READ,
        identity=_identity(body, head),
        with_names=names,
    )


def rows_words(listed: int, left_out: int) -> str:
    """How many projects are in the table, and where the others are."""
    if not listed:
        return "No project is in this selection."
    if not left_out:
        return f"{_projects(listed)}, in the order of the dashboard."
    rest = "The other one is" if left_out == 1 else f"The other {left_out:,} are"
    return (
        f"{listed:,} of {_projects(listed + left_out)}, in the order of the dashboard. {rest} not on these pages; the "
        "CSV file of the dashboard has all of them."
    )


def legend() -> tuple[tuple[LevelStyle, str], ...]:
    """Every level with its limits in words, from the best to the worst."""
    return tuple(zip(LEVELS, ("below 25", "25 to 49", "50 to 74", "75 and up"), strict=True))


def _projects(count: int) -> str:
    return "1 project" if count == 1 else f"{count:,} projects"


def _head(body: Mapping[str, Any], names: bool, sha256: str) -> BoardHead:
    snapshot, checklist = body["snapshot"], body["checklist"]
    organisation = user_text(body["organisation"]["name"], 120)
    label, identity = user_text(snapshot["label"], 120), user_text(snapshot["id"], 60)
    scope = _scope(body, names)
    moment = day(body["as_of"]) if body["as_of"] else clock(snapshot["taken_at"])
    used = f"{checklist['id']} {checklist['version']}"
    return BoardHead(
        title=f"{shorten(organisation, 100)}: portfolio risk, {day(body['as_of'] or snapshot['taken_at'])}",
        organisation=organisation,
        organisation_short=shorten(organisation, 48),
        organisation_running=shorten(organisation, 32),
        label=label,
        label_running=shorten(label, 56),
        scope=scope,
        scope_short=shorten(scope, 90),
        moment=f"As of {moment}",
        taken=clock(snapshot["taken_at"]),
        taken_iso=str(snapshot["taken_at"]),
        taken_by=user_text(snapshot.get("taken_by"), 120) if names else UserText(""),
        snapshot_id=identity,
        sha256=sha256,
        checklist=used,
        footer=UserText(f"Preflight, checklist {used}, snapshot {identity}, sha256 {sha256[:12]}"),
    )


def _scope(body: Mapping[str, Any], names: bool) -> UserText:
    """The projects that were chosen; whose they are only where names are shown."""
    owner = body.get("scope_owner", "")
    scope = str(body["scope"])
    if owner and names:
        scope = scope.replace("of one owner", f"of owner {owner}").replace("Of one owner", f"Of owner {owner}")
    return user_text(scope, 400)


def _identity(body: Mapping[str, Any], head: BoardHead) -> tuple[tuple[str, str], ...]:
    taken = f"{head.taken} by {head.taken_by}" if head.taken_by else head.taken
    shows = "the end of that day" if body["as_of"] else "the moment it was taken"
    return (
        ("Board", head.label),
        ("Selection", head.scope),
        ("Shows", f"{head.moment}: {shows}. Nothing that came later is in it."),
        ("Taken", taken),
        ("Snapshot", head.snapshot_id),
        ("SHA-256", head.sha256),
        ("Checklist", head.checklist),
    )


def _figures(figures: Mapping[str, Any]) -> tuple[Figure, ...]:
    median, before, since = figures["median"], figures["median_before"], day(figures["since"])
    note = "of 100, lower is better"
    if median is not None and before is not None and since:
        note = f"{note}; {shown(before)} on {since}"
    of_projects = f"of {_projects(int(figures['projects']))}"
    outcomes, assessed = int(figures["outcomes"]), int(figures["assessed"])
    return (
        Figure("Median failure risk", NO_VALUE if median is None else shown(median), note),
        Figure("Not reviewed for 90 days", f"{figures['stale']:,}", of_projects),
        Figure("Track record", f"{outcomes:,} of {assessed:,}", track_record_words(outcomes, assessed, is_headed=True)),
    )


def _driver(driver: Mapping[str, Any]) -> Driver:
    count = int(driver["worst"])
    return Driver(
        number=str(driver["number"]),
        short=str(driver["short"]),
        text=shorten(str(driver["text"]), 92),
        points=float(driver["points"]),
        points_words=shown(driver["points"]),
        worst_words=_projects(count),
    )


def _change(change: Mapping[str, Any]) -> Change:
    before, now = change["before"], change["now"]
    # In tenths, so that the difference is that of the two numbers beside it.
    tenths = to_tenths(now) - to_tenths(before)
    return Change(
        name=shorten(user_text(change["name"], 120), 34),
        words=f"{shown(before)} to {shown(now)}",
        difference=change_words(tenths / 10),
        is_worse=tenths > 0,
    )


def _unit(unit: Mapping[str, Any]) -> Unit:
    return Unit(
        name=shorten(user_text(unit["name"] or "No unit", 120), 34),
        projects=int(unit["projects"]),
        median=NO_VALUE if unit["median"] is None else shown(unit["median"]),
        worst=f"up to {whole(unit['worst'])}",
        critical=int(unit["critical"]),
        high=int(unit["high"]),
    )
