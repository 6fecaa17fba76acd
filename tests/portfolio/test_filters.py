"""What an address asks for: read, bounded, written back."""

from __future__ import annotations

from datetime import date
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.services import CHECKLIST
from checklists.loader import load
from portfolio.filters import FIRST_DAY, SORTS, Filters, read_filters

TODAY = date(2026, 11, 25)
CHECK = load(*CHECKLIST)


def read(**params: str) -> Filters:
    return read_filters(params, today=TODAY, checklist=CHECK)


def test_nothing_asked_for_is_everything() -> None:
    filters = read()
    assert filters == Filters()
    assert not filters.is_narrowed
    assert filters.query() == ""


def test_all_at_once() -> None:
    filters = read(
        find="crop  yield", stage="pilot", unit="Retail", tag="north", owner="12", level="critical",
        open="data.access", stale="1", as_of="2026-09-30", sort="-data", page="3",
    )  # fmt: skip
    assert filters == Filters(
        find="crop yield", stage="pilot", unit="Retail", tag="north", owner=12, level="critical",
        open="data.access", stale=True, as_of=date(2026, 9, 30), sort="data", is_reversed=True, page=3,
    )  # fmt: skip
    assert filters.scope == Filters(stage="pilot", unit="Retail", tag="north", owner=12, as_of=date(2026, 9, 30))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("level", "purple", "There is no level “purple”"),
        ("stage", "retired", "There is no stage “retired”"),
        ("open", "data.nothing", "There is no question “data.nothing”"),
        ("sort", "wealth", "There is no order “wealth”"),
        ("owner", "me", "Owner: a whole number"),
        ("owner", "1" * 19, "Owner: a whole number"),
        ("owner", "²", "Owner: a whole number"),
        ("page", "-1", "Page: a whole number"),
        ("as_of", "30.9.2026", "As of: a day such as 2026-09-30"),
        ("as_of", "2026-02-30", "As of: a day such as 2026-09-30"),
        ("as_of", "2031-01-01", "that day is still to come"),
        ("find", "x" * 121, "Find: at most 120 characters"),
    ],
)
def test_nonsense_is_left_out_and_named(name: str, value: str, said: str) -> None:
    filters = read(**{name: value})
    assert said in " ".join(filters.notices)
    assert getattr(filters, name) == (getattr(Filters(), name) if name != "find" else "x" * 120)


def test_a_day_before_every_calendar_and_a_page_beyond_every_page() -> None:
    assert read(as_of="0001-01-01").as_of == FIRST_DAY
    assert read(page="9" * 18).page == 1_000_000
    assert read(page="0").page == 1
    assert read(as_of=TODAY.isoformat()).as_of is None


WORDS = st.text(max_size=200)


@given(st.dictionaries(st.sampled_from([*Filters.__dataclass_fields__, "other"]), WORDS))
def test_no_text_raises_and_what_is_read_is_written_back(params: dict[str, str]) -> None:
    filters = read(**params)
    again = read(**dict(parse_qsl(filters.query(page=filters.page))))
    assert again == Filters(**{name: getattr(filters, name) for name in Filters.__dataclass_fields__} | {"notices": ()})


@given(st.sampled_from([*SORTS, *(d.id for d in CHECK.dimensions)]), st.booleans(), st.dates(FIRST_DAY, TODAY))
def test_order_and_day_survive(sort: str, is_reversed: bool, day: date) -> None:
    filters = Filters(sort=sort, is_reversed=is_reversed, as_of=None if day == TODAY else day)
    assert read(**dict(parse_qsl(filters.query()))) == filters
