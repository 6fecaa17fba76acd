"""What a reader asks for in the address: read, bounded, and written back, so that an address is a saved view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from urllib.parse import urlencode

from checklists.schema import Checklist
from portfolio.rows import LEVEL_IDS
from projects.models import NO_UNIT as NO_UNIT
from projects.models import TAG_LIMIT, UNIT_LIMIT, Stage

FIND_LIMIT = 120
MOST_PAGES = 1_000_000
FIRST_DAY = date(2000, 1, 1)
SORTS = {
    "worst": "Worst case",
    "risk": "Failure risk",
    "change": "Biggest change",
    "review": "Oldest review",
    "name": "Name",
    "stage": "Stage",
}
DEFAULT_SORT = "worst"


@dataclass(frozen=True, slots=True)
class Filters:
    """A view of the portfolio. Empty text and None ask for everything.

    `stage`, `unit`, `tag`, `owner` and `as_of` choose the projects that the key figures count; the others only which
    of them the table lists. `is_reversed` turns the order round. `notices` are sentences on what was not understood.
    """

    find: str = ""
    stage: str = ""
    unit: str = ""
    tag: str = ""
    owner: int | None = None
    level: str = ""
    open: str = ""
    stale: bool = False
    as_of: date | None = None
    sort: str = DEFAULT_SORT
    is_reversed: bool = False
    page: int = 1
    notices: tuple[str, ...] = ()

    @property
    def is_narrowed(self) -> bool:
        """Whether the table lists fewer projects than there are."""
        return self.is_scoped or bool(self.find or self.level or self.open or self.stale)

    @property
    def is_scoped(self) -> bool:
        """Whether the key figures count fewer projects than there are."""
        return bool(self.stage or self.unit or self.tag) or self.owner is not None

    @property
    def scope(self) -> Filters:
        """Only what the key figures depend on."""
        return Filters(stage=self.stage, unit=self.unit, tag=self.tag, owner=self.owner, as_of=self.as_of)

    def query(self, **changes: object) -> str:
        """The part of the address after the question mark, with these fields changed. The page starts anew."""
        wanted = replace(self, **({"page": 1} | changes), notices=())  # type: ignore[arg-type]
        return urlencode(list(_written(wanted)))


def _written(filters: Filters) -> list[tuple[str, str]]:
    plain = Filters()
    pairs: list[tuple[str, str]] = []
    for field in fields(Filters):
        value = getattr(filters, field.name)
        if field.name in {"notices", "is_reversed"} or value == getattr(plain, field.name):
            continue
        if field.name == "sort":
            continue
        pairs.append(
            (field.name, "1" if value is True else value.isoformat() if isinstance(value, date) else str(value))
        )
    if filters.sort != plain.sort or filters.is_reversed:
        pairs.append(("sort", f"{'-' if filters.is_reversed else ''}{filters.sort}"))
    return pairs


def read_filters(params: Mapping[str, str], *, today: date, checklist: Checklist) -> Filters:
    """What the address asks for. What makes no sense is left out and named in `notices`; nothing raises.

    `today` as the day to look at is the present; a later one too. Texts are cut at their limits.
    """
    reader = _Reader(params)
    as_of = reader.day("as_of", today)
    sort = reader.text("sort", 40)
    is_reversed = sort.startswith("-")
    dimensions = {dimension.id for dimension in checklist.dimensions}
    sort = reader.choice("sort", sort.removeprefix("-"), {*SORTS, *dimensions}, "order") or DEFAULT_SORT
    return Filters(
        find=reader.text("find", FIND_LIMIT, say="Find"),
        stage=reader.choice("stage", reader.text("stage", 40), set(Stage.values), "stage"),
        unit=reader.text("unit", UNIT_LIMIT),
        tag=reader.text("tag", TAG_LIMIT),
        owner=reader.number("owner", None),
        level=reader.choice("level", reader.text("level", 40), set(LEVEL_IDS), "level"),
        open=reader.choice("open", reader.text("open", 80), set(checklist.question_by_id), "question"),
        stale=reader.text("stale", 10) == "1",
        as_of=as_of,
        sort=sort,
        is_reversed=is_reversed,
        page=reader.number("page", 1) or 1,
        notices=tuple(reader.notices),
    )


class _Reader:
    """Reads single parameters and notes what was not understood."""

    def __init__(self, params: Mapping[str, str]) -> None:
        self.params = params
        self.notices: list[str] = []

    def text(self, name: str, limit: int, say: str = "") -> str:
        text = " ".join(self.params.get(name, "").split())
        if len(text) > limit and say:
            self.notices.append(f"{say}: at most {limit} characters, the rest was left out.")
        return text[:limit].strip()

    def choice(self, name: str, value: str, known: set[str], word: str) -> str:
        if not value or value in known:
            return value
        self.notices.append(f"There is no {word} “{value}”, so it was left out.")
        return ""

    def number(self, name: str, otherwise: int | None) -> int | None:
        text = self.params.get(name, "").strip()
        if not text:
            return otherwise
        if text.isascii() and text.isdecimal() and len(text) <= 18:
            return min(int(text), MOST_PAGES) if name == "page" else int(text)
        self.notices.append(f"{name.capitalize()}: a whole number, so this was left out.")
        return otherwise

    def day(self, name: str, today: date) -> date | None:
        text = self.params.get(name, "").strip()
        if not text:
            return None
        try:
            day = date.fromisoformat(text[:20])
        except ValueError:
            self.notices.append("As of: a day such as 2026-09-30, so this was left out.")
            return None
        if day > today:
            self.notices.append("As of: that day is still to come, so this is today.")
            return None
        if day < FIRST_DAY:
            self.notices.append("As of: nothing is older than the year 2000, so this is its first day.")
            return FIRST_DAY
        return None if day == today else day
