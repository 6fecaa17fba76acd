"""Rows: their order, their pages, what each filter leaves, and the past."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership, Organisation, User
from assessments.models import Snapshot
from assessments.services import CHECKLIST
from checklists.loader import load
from portfolio.filters import NO_UNIT, Filters
from portfolio.periods import last_quarter_end
from portfolio.queries import PAGE, read_page, read_rows
from portfolio.rows import Row
from projects.models import Project, end_of
from projects.services import archive_project
from tests.make import make_member, make_project
from tests.portfolio.conftest import Rate, make_rated, set_figures, sight

pytestmark = pytest.mark.django_db
CHECK = load(*CHECKLIST)


def rows(user: User, **wanted: object) -> list[Row]:
    filters = Filters(**wanted)  # type: ignore[arg-type]
    return list(read_rows(sight(user), filters, CHECK, at=timezone.now()))


def names(user: User, **wanted: object) -> list[str]:
    return [row.name for row in rows(user, **wanted)]


@pytest.fixture
def four(organisation: Organisation, owner: User) -> list[Project]:
    made = [make_project(organisation, owner, name=name) for name in "ABCD"]
    set_figures(made[0], index=20.0, low=18.0, high=40.0, level=1, answered=50, due=50, worst_1=10.0)
    set_figures(made[1], index=80.0, low=78.0, high=82.0, level=4, answered=50, due=50, worst_1=70.0)
    set_figures(made[2], index=60.0, low=50.0, high=82.0, level=3, answered=50, due=50, worst_1=-1.0)
    set_figures(made[3], index=30.0, low=0.0, high=100.0, level=0, answered=9, due=50)
    return made


def test_worst_case_first_and_what_is_unknown_is_worst(four: object, owner: User) -> None:
    assert names(owner) == ["D", "B", "C", "A"]
    assert names(owner, is_reversed=True) == ["A", "C", "B", "D"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("risk", "DBCA"),
        ("name", "ABCD"),
        ("problem", "DBAC"),
        ("review", "ABCD"),
        ("stage", "DBCA"),
        ("change", "ABCD"),
    ],
)
def test_every_order(four: object, owner: User, sort: str, expected: str) -> None:
    assert "".join(names(owner, sort=sort)) == expected
    assert "".join(names(owner, sort=sort, is_reversed=True)) == expected[::-1]


def test_an_unnamed_risk_is_not_shown(four: object, owner: User) -> None:
    by_name = {row.name: row for row in rows(owner)}
    assert by_name["D"].shown is None
    assert by_name["D"].level_id == "none"
    assert by_name["B"].shown == 80.0


def test_filters(four: list[Project], organisation: Organisation, owner: User) -> None:
    other = make_member(organisation, "editor")
    Project.objects.filter(pk=four[0].pk).update(unit="Retail", tags=["north", 'a"b'], owner=other, stage="idea")
    set_figures(four[0], open_questions=" data.access problem.statement ", stage="idea")
    assert names(owner, level="critical") == ["B"]
    assert names(owner, level="none") == ["D"]
    assert names(owner, unit="Retail") == ["A"]
    assert names(owner, unit="retail") == []
    assert names(owner, unit=NO_UNIT) == ["D", "B", "C"]
    assert names(owner, tag="north") == names(owner, tag='a"b') == ["A"]
    assert names(owner, tag="nort") == []
    assert names(owner, owner=other.pk) == ["A"]
    assert names(owner, stage="idea") == ["A"]
    assert names(owner, open="data.access") == ["A"]
    assert names(owner, open="data.acces") == []
    assert names(owner, find="reta") == ["A"]
    assert names(owner, owner=10**17) == []


@pytest.mark.parametrize("find", ["%", "_", "\\", "'", '"', "%25", "A%", "[A]"])
def test_signs_of_a_pattern_are_letters(four: list[Project], owner: User, find: str) -> None:
    assert names(owner, find=find) == []
    Project.objects.filter(pk=four[2].pk).update(name=f"a {find} b")
    assert names(owner, find=find) == [f"a {find} b"]


def test_pages_never_overlap_and_the_last_one_ends_them(organisation: Organisation, owner: User) -> None:
    for number in range(PAGE + 3):
        make_project(organisation, owner, name=f"P{number}")
    seen: list[str] = []
    for number in (1, 2):
        page = read_page(sight(owner), Filters(page=number), CHECK, at=timezone.now())
        assert (page.number, page.pages, page.total) == (number, 2, PAGE + 3)
        seen += [row.name for row in page.rows]
    assert len(set(seen)) == len(seen) == PAGE + 3
    far = read_page(sight(owner), Filters(page=1_000_000), CHECK, at=timezone.now())
    assert far.number == 2


def test_archived_projects_are_gone_today_and_there_in_the_past(rate: Rate, owner: User) -> None:
    project = rate(reviews=2)
    archive_project(project=project, by=owner, at=timezone.now() - timedelta(days=1))
    assert names(owner) == []
    assert names(owner, as_of=timezone.now().date() - timedelta(days=2)) == [project.name]
    assert names(owner, as_of=timezone.now().date() - timedelta(days=1)) == []


def test_not_reviewed_for_ninety_days(four: list[Project], owner: User) -> None:
    now = timezone.now()
    set_figures(four[0], reviewed_at=now - timedelta(days=91))
    set_figures(four[1], reviewed_at=now - timedelta(days=89))
    Project.objects.filter(pk=four[2].pk).update(created_at=now - timedelta(days=91))
    assert sorted(names(owner, stale=True)) == ["A", "C"]


def naive(organisation: Organisation, day: date) -> dict[str, tuple[str, float | None]]:
    """By project, the newest snapshot taken before the end of a day, straight from the snapshots."""
    moment = end_of(day)
    found: dict[str, tuple[str, float | None]] = {}
    for snapshot in Snapshot.objects.filter(project__organisation=organisation).order_by("taken_at", "number"):
        if snapshot.taken_at < moment:
            found[snapshot.project.name] = (snapshot.public_id, snapshot.index)
    return found


def test_a_past_day_shows_exactly_its_snapshots(organisation: Organisation, owner: User) -> None:
    chance = random.Random(11)
    for number in range(4):
        make_rated(organisation, owner, chance, name=f"P{number}", reviews=chance.randrange(0, 5))
    today = timezone.now().date()
    for back in (1, 9, 10, 11, 60, 70, 71, 130, 200, 260, 400):
        day = today - timedelta(days=back)
        shown = {row.name: (row.snapshot, row.index) for row in rows(owner, as_of=day)}
        assert shown == naive(organisation, day), day


def test_the_change_is_measured_from_the_end_of_the_last_quarter(rate: Rate, owner: User) -> None:
    project = rate(reviews=4)
    since = last_quarter_end(timezone.now().date())
    before = naive(project.organisation, since).get(project.name)
    row = rows(owner)[0]
    assert row.before == (before[1] if before else None)
    if row.before is not None and row.shown is not None:
        assert row.change == pytest.approx(round(row.shown, 1) - round(row.before, 1), abs=0.051)


def test_the_course_is_the_last_half_year_and_ends_now(rate: Rate, owner: User) -> None:
    rate(reviews=6)
    row = rows(owner)[0]
    moments = [moment for moment, _ in row.course]
    assert moments == sorted(moments)
    assert row.course[-1][1] == row.shown
    half_year = timezone.now() - timedelta(days=183)
    assert sum(moment < half_year for moment in moments) <= 1


def test_a_viewer_of_a_unit_sees_that_unit(four: list[Project], organisation: Organisation, owner: User) -> None:
    viewer = make_member(organisation, "viewer", all_projects=False)
    assert names(viewer) == []
    Project.objects.filter(pk__in=[four[0].pk, four[1].pk]).update(unit="Retail")
    membership = Membership.objects.get(user=viewer)
    membership.unit_grants.create(unit="Retail")
    membership.grants.create(project=four[2], role="viewer")
    assert names(viewer) == ["B", "C", "A"]
    assert set(Project.objects.in_sight_of(membership).values_list("name", flat=True)) == {"A", "B", "C"}


def test_queries_do_not_grow(organisation: Organisation, owner: User, django_assert_num_queries: object) -> None:
    chance = random.Random(3)
    make_rated(organisation, owner, chance, reviews=1)
    here = sight(owner)
    with django_assert_num_queries(2):  # type: ignore[operator]
        read_page(here, Filters(), CHECK, at=timezone.now(), total=1)
    for _ in range(6):
        make_rated(organisation, owner, chance, reviews=2)
    with django_assert_num_queries(2):  # type: ignore[operator]
        read_page(here, Filters(), CHECK, at=timezone.now(), total=7)
