"""The key figures against a plain count over the same rows, and when they are counted anew."""

from __future__ import annotations

import random
import statistics
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership, Organisation, User
from assessments.services import CHECKLIST
from checklists.loader import load
from portfolio import keeping
from portfolio.filters import Filters
from portfolio.keeping import read_summary
from portfolio.periods import last_quarter_end, quarter_ends
from portfolio.queries import read_rows
from portfolio.summary import Summary, summarise
from projects.models import Project, ProjectFigures
from projects.services import archive_project, record_outcome
from tests.make import make_project
from tests.portfolio.conftest import make_rated, set_figures, sight

pytestmark = pytest.mark.django_db
CHECK = load(*CHECKLIST)


@pytest.fixture
def twelve(organisation: Organisation, owner: User) -> list[Project]:
    chance = random.Random(5)
    return [
        make_rated(
            organisation, owner, chance, name=f"P{number}", reviews=chance.randrange(4),
            unit="Retail" if number % 3 else "", tags=["north"] if number % 2 else [],
            share=0.3 if number == 7 else 1.0,
        )
        for number in range(12)
    ]  # fmt: skip


def summed(user: User, **wanted: object) -> Summary:
    return summarise(sight(user), Filters(**wanted), at=timezone.now())  # type: ignore[arg-type]


@pytest.mark.parametrize("wanted", [{}, {"unit": "Retail"}, {"tag": "north"}, {"stage": "pilot"}])
def test_against_a_plain_count(twelve: list[Project], owner: User, wanted: dict[str, str]) -> None:
    now = timezone.now()
    rows = list(read_rows(sight(owner), Filters(**wanted), CHECK, at=now))  # type: ignore[arg-type]
    summary = summed(owner, **wanted)
    counts = Counter(row.level for row in rows)
    assert summary.levels == (counts[4], counts[3], counts[2], counts[1], counts[0])
    assert summary.total == len(rows)
    known = [row.index for row in rows if row.level and row.index is not None]
    assert summary.median == (statistics.median(known) if known else None)
    figures = ProjectFigures.objects.filter(project__in=[row.project_id for row in rows], is_current=True)
    assert summary.open_points == sum(len(each.open_questions.split()) for each in figures)
    total_points = sum(sum(each.points.values()) for each in figures if each.level)
    assert sum(driver.points for driver in summary.drivers) * len(known) == pytest.approx(total_points)
    assert sum(driver.points for driver in summary.drivers) == pytest.approx(statistics.mean(known), abs=0.05)
    assert sum(unit.projects for unit in summary.units) == len(rows)
    for driver in summary.drivers[:5]:
        filters = Filters(**wanted, open=driver.question)  # type: ignore[arg-type]
        listed = read_rows(sight(owner), filters, CHECK, at=now)
        assert driver.open == len(list(listed))


def test_quarters_are_the_past_as_it_was(twelve: list[Project], owner: User) -> None:
    now = timezone.now()
    summary = summed(owner)
    days = quarter_ends(now.date(), 6)
    assert [quarter.day for quarter in summary.quarters] == list(days)
    for quarter, day in zip(summary.quarters[:-1], days, strict=False):
        rows = list(read_rows(sight(owner), Filters(as_of=day), CHECK, at=now))
        assert (quarter.critical, quarter.high, quarter.projects) == (
            sum(row.level == 4 for row in rows), sum(row.level == 3 for row in rows),
            sum(row.level > 0 for row in rows),
        )  # fmt: skip
    assert summary.levels_before[:2] == (summary.quarters[-2].critical, summary.quarters[-2].high)


def test_changes_are_clear_ones_largest_first(twelve: list[Project], owner: User) -> None:
    changes = summed(owner).changes
    sizes = [abs(named.tenths) for named in changes]
    assert sizes == sorted(sizes, reverse=True)
    assert all(size >= 50 for size in sizes)
    before = {row.name: row for row in read_rows(
        sight(owner), Filters(as_of=last_quarter_end(timezone.now().date())), CHECK, at=timezone.now())}  # fmt: skip
    assert all(named.before == before[named.name].index for named in changes)


def test_outcomes_and_choices(twelve: list[Project], owner: User) -> None:
    record_outcome(project=twelve[0], kind="value", on=timezone.now().date(), by=owner, at=timezone.now())
    summary = summed(owner)
    assert summary.outcomes == 1
    assert summary.assessed == sum(project.snapshots.exists() for project in twelve)
    assert summary.owners == ((owner.pk, 12),)
    assert [(choice.value, choice.count) for choice in summary.tags] == [("north", 6)]


def test_nothing_there(owner: User) -> None:
    summary = summed(owner)
    assert summary.total == summary.known == 0
    assert summary.median is None
    assert summary.drivers == summary.changes == summary.units == ()


class TestKeeping:
    def read(self, user: User) -> Summary:
        return read_summary(sight(user), Filters(), at=timezone.now())

    def settle(self) -> None:
        ProjectFigures.objects.update(changed_at=timezone.now() - timedelta(minutes=1))

    def test_kept_while_nothing_changes(self, twelve: list[Project], owner: User) -> None:
        self.settle()
        first = self.read(owner)
        assert self.read(owner) == first
        assert self.read(owner).made_at == first.made_at

    def test_every_change_is_seen_at_once(self, twelve: list[Project], organisation: Organisation, owner: User) -> None:
        self.settle()
        assert self.read(owner).total == 12
        project = make_project(organisation, owner)
        assert self.read(owner).total == 13
        set_figures(project, level=4, index=90.0, low=88.0, high=92.0, answered=50)
        assert self.read(owner).levels[4] == self.read(owner).total - self.read(owner).known
        archive_project(project=project, by=owner, at=timezone.now())
        assert self.read(owner).total == 12
        archive_project(project=project, by=owner, at=None)
        assert self.read(owner).total == 13
        record_outcome(project=project, kind="value", on=timezone.now().date(), by=owner, at=timezone.now())
        assert self.read(owner).outcomes == 1

    def test_a_slow_one_is_shown_for_a_while_and_says_when_it_was_made(
        self, twelve: list[Project], organisation: Organisation, owner: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(keeping, "QUICK_SECONDS", -1.0)
        monkeypatch.setattr(keeping, "OLD_AT_MOST", 10**6)
        self.settle()
        first = self.read(owner)
        make_project(organisation, owner)
        assert self.read(owner) == first
        monkeypatch.setattr(keeping, "OLD_AT_MOST", 0)
        assert self.read(owner).total == 13

    def test_one_reader_counts_anew_and_the_others_do_not_wait(
        self, twelve: list[Project], organisation: Organisation, owner: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(keeping, "QUICK_SECONDS", -1.0)
        monkeypatch.setattr(keeping, "OLD_AT_MOST", 0)
        self.settle()
        first = self.read(owner)
        make_project(organisation, owner)
        monkeypatch.setattr(keeping._Maker, "lock", lambda maker: False)
        assert self.read(owner) == first

    def test_without_an_old_one_the_others_wait_for_the_new_one(
        self, twelve: list[Project], owner: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.settle()
        now = timezone.now()
        made = keeping.Kept(replace(summed(owner), total=99), now, None, 1.0)
        answers = iter([None, None, made])
        monkeypatch.setattr(keeping._Maker, "lock", lambda maker: False)
        monkeypatch.setattr(keeping._Maker, "stored", lambda maker: next(answers))
        monkeypatch.setattr(keeping.caches[keeping.CACHE], "get", lambda key: 1)
        monkeypatch.setattr(keeping, "WAIT_STEP", 0.0)
        assert read_summary(sight(owner), Filters(), at=now).total == 99

    def test_who_waits_too_long_counts(
        self, twelve: list[Project], owner: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(keeping._Maker, "lock", lambda maker: False)
        monkeypatch.setattr(keeping, "WAIT_SECONDS", 0)
        assert self.read(owner).total == 12

    def test_never_shared_between_those_who_see_different_projects(
        self, twelve: list[Project], organisation: Organisation, owner: User, viewer: User
    ) -> None:
        Membership.objects.filter(user=viewer).update(all_projects=False)
        assert self.read(owner).total == 12
        assert self.read(viewer).total == 0
        Membership.objects.get(user=viewer).unit_grants.create(unit="Retail")
        assert self.read(viewer).total == 8
        Membership.objects.get(user=viewer).grants.create(project=twelve[0], role="viewer")
        assert self.read(viewer).total == 9
