"""The columns that pages over many projects read: which row holds at the end of which day, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounts.models import Organisation, User
from assessments.figures import keep_figures
from assessments.models import Assessment, Snapshot
from assessments.snapshots import sha256_of
from projects.models import Project, ProjectFigures, end_of
from projects.services import start_figures
from tests.make import AT, make_assessment, make_project, make_snapshot

FIRST = date(2026, 3, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(6)]
# At midnight, beside it, and in between; few, so that the same moment comes up often.
TIMES = [time(0), time(0, 0, 0, 1), time(12), time(12, 0, 0, 1), time(23, 59, 59, 999_999)]
MOMENTS = [datetime.combine(day, at, tzinfo=UTC) for day in DAYS[1:-1] for at in TIMES]
NOON, MIDNIGHT = datetime(2026, 3, 3, 12, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC)

histories = st.lists(
    st.tuples(st.lists(st.sampled_from(MOMENTS), max_size=6), st.none() | st.sampled_from(MOMENTS)),
    min_size=1,
    max_size=3,
)
History = tuple[list[datetime], datetime | None]


def light_snapshot(run: Assessment, number: int, at: datetime) -> Snapshot:
    """A row with an empty body: enough to hang figures on."""
    return Snapshot.objects.create(
        project=run.project, assessment=run, number=number, label="Light", taken_by=run.opened_by, taken_at=at,
        body="{}", sha256=sha256_of("{}"), engine="1.0",
    )  # fmt: skip


def keep(run: Assessment, at: datetime, number: int, **columns: Any) -> Snapshot:
    snapshot = light_snapshot(run, number, at)
    keep_figures(snapshot, columns, stage="pilot")
    return snapshot


def held_at_the_end_of(day: date, history: History) -> int | None:
    """The place in the history of what held then, without any interval: the newest moment, and of equals the last."""
    moments, archived_at = history
    end = datetime.combine(day + timedelta(days=1), time(0), tzinfo=UTC)
    if archived_at is not None and archived_at < end:
        return None
    taken = [(moment, place) for place, moment in enumerate(moments) if moment < end]
    return max(taken)[1] if taken else None


@pytest.fixture
def make_run(organisation: Organisation, owner: User) -> Callable[[], Assessment]:
    def make() -> Assessment:
        return make_assessment(make_project(organisation, owner), owner)

    return make


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories)
@example([([NOON, NOON, NOON], None)])
@example([([MIDNIGHT, NOON, MIDNIGHT, NOON], None)])
@example([([NOON], NOON), ([NOON], MIDNIGHT), ([MIDNIGHT], None)])
def test_a_past_day_shows_what_held_at_its_end(make_run: Callable[[], Assessment], lives: list[History]) -> None:
    """Whatever the moments and the order in which the snapshots came in."""
    with transaction.atomic():
        expected: dict[date, list[int]] = {day: [] for day in DAYS}
        for moments, archived_at in lives:
            run = make_run()
            taken = [keep(run, moment, number) for number, moment in enumerate(moments, start=1)]
            Project.objects.filter(pk=run.project_id).update(archived_at=archived_at)
            for day in DAYS:
                place = held_at_the_end_of(day, (moments, archived_at))
                expected[day] += [] if place is None else [taken[place].pk]
            reviewed_at = ProjectFigures.objects.get(project=run.project, is_current=True).reviewed_at
            assert reviewed_at == max(moments, default=None)
        shown = {day: list(ProjectFigures.objects.as_of(day).values_list("snapshot", flat=True)) for day in DAYS}
        assert {day: sorted(found) for day, found in shown.items()} == {
            day: sorted(found) for day, found in expected.items()
        }
        transaction.set_rollback(True)


def test_the_end_of_a_day_is_that_of_the_site(make_run: Callable[[], Assessment], settings: Any) -> None:
    run = make_run()
    snapshot = keep(run, datetime(2026, 3, 13, 23, 30, tzinfo=UTC), 1)
    day, next_day = date(2026, 3, 13), date(2026, 3, 14)
    assert ProjectFigures.objects.as_of(day).get().snapshot == snapshot
    settings.TIME_ZONE = "Europe/Berlin"
    assert not ProjectFigures.objects.as_of(day).exists(), "there it was half past midnight already"
    assert ProjectFigures.objects.as_of(next_day).get().snapshot == snapshot


def test_days_of_other_lengths(settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    lengths = [end_of(day).astimezone(UTC) - end_of(day - timedelta(days=1)).astimezone(UTC)
               for day in (date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 25))]  # fmt: skip
    assert [length / timedelta(hours=1) for length in lengths] == [24, 23, 25]


def test_a_far_day_shows_the_newest(make_run: Callable[[], Assessment]) -> None:
    run = make_run()
    snapshot = keep(run, AT, 1)
    assert ProjectFigures.objects.as_of(date(9999, 12, 30)).get().snapshot == snapshot
    assert not ProjectFigures.objects.as_of(date(1, 1, 1)).exists()


def test_current_leaves_archived_ones_out(project: Project, organisation: Organisation, owner: User) -> None:
    other = make_project(organisation, owner)
    assert set(ProjectFigures.objects.current().values_list("project", flat=True)) == {project.pk, other.pk}
    Project.objects.filter(pk=other.pk).update(archived_at=AT)
    assert ProjectFigures.objects.current().get().project == project


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL sorts so few rows, and with many uses the index")
def test_the_worst_case_first_is_read_in_the_order_of_the_index(project: Project) -> None:
    """Now and for a past day, so that fifty of 100,000 rows cost as much as fifty of a hundred."""
    mine = ProjectFigures.objects.filter(organisation=project.organisation)
    for rows, index in ((mine.current(), "figures_now"), (mine.as_of(FIRST), "figures_then")):
        plan = rows.order_by("-high", "-low", "id").explain()
        assert f"{index} (organisation_id=?" in plan, plan
        assert "TEMP B-TREE" not in plan, plan


def test_the_two_kinds_do_not_mix(assessment: Assessment, owner: User) -> None:
    make_snapshot(assessment, owner)
    assert ProjectFigures.objects.current().get().snapshot is None
    assert ProjectFigures.objects.of_snapshots().get().snapshot is not None
    assert ProjectFigures.objects.count() == 2


@pytest.mark.parametrize(
    "columns",
    [{"is_current": False}, {"is_current": False, "from_at": AT}, {"from_at": AT}, {"stage": "later"}, {"level": 5}],
    ids=["then of nothing", "then without a snapshot", "now with a start", "stage", "level"],
)
def test_what_the_database_refuses(project: Project, columns: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ProjectFigures.objects.update(**columns)
    kept = ProjectFigures.objects.get()
    assert (kept.is_current, kept.from_at, kept.stage, kept.level) == (True, None, "pilot", 0)


def test_there_is_one_now(project: Project) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        start_figures(project)
    assert ProjectFigures.objects.count() == 1


def test_a_snapshot_has_one_row(assessment: Assessment, owner: User) -> None:
    snapshot = make_snapshot(assessment, owner)
    with pytest.raises(IntegrityError), transaction.atomic():
        keep_figures(snapshot, {}, stage="pilot")
