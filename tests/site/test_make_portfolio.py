"""Made-up portfolios for benchmarks keep every rule that real ones keep."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from itertools import pairwise
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Organisation, User
from accounts.roles import Role
from assessments.models import Assessment, Respondent, Snapshot
from assessments.rebuilding import projects_without_figures
from assessments.snapshots import canonical_json, read_body, sha256_of
from assessor.management.commands.make_portfolio import Command
from assessor.scale import BATCH, Portfolio, make_crowd
from charts import level_of
from checklists.loader import load
from findings.verdict import confidence_of, judge
from projects.models import WORST, Outcome, Project, ProjectFigures
from projects.units import units_of
from tests.make import AT, make_organisation

SIZE, HISTORY = 50, 3
QUESTIONS = set(load("ml_readiness", "1.0").question_by_id)


@pytest.fixture(autouse=True)
def _few_patterns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Computing hundreds of results takes seconds; a few say the same here."""
    monkeypatch.setattr("assessor.scale.KNOWN", 25)
    monkeypatch.setattr("assessor.scale.EARLY", 6)


@pytest.fixture
def printed(db: None) -> str:
    return make()


def make(size: int = SIZE, history: int = HISTORY, *more: str) -> str:
    out = StringIO()
    arguments = ["--projects", str(size), "--history", str(history), *more]
    call_command("make_portfolio", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_how_many_of_what(printed: str) -> None:
    organisation = Organisation.objects.get(name="Benchmark 50 projects")
    assert Project.objects.filter(organisation=organisation).count() == SIZE
    assert Snapshot.objects.count() == SIZE * HISTORY
    assert ProjectFigures.objects.count() == SIZE * (HISTORY + 1)
    assert Assessment.objects.filter(is_latest=True, closed_at=None).count() == SIZE
    assert Respondent.objects.filter(is_sheet=True).count() == SIZE
    assert Membership.objects.filter(organisation=organisation).count() == 30
    assert 1 <= len(units_of(Project.objects.filter(organisation=organisation))) <= 4
    assert Project.objects.values("name").distinct().count() == SIZE
    assert projects_without_figures() == []


def test_one_row_of_now_and_a_line_of_rows_of_then(printed: str) -> None:
    now = timezone.now()
    for project in Project.objects.all():
        current = project.figures.get(is_current=True)
        then = list(project.figures.of_snapshots().order_by("from_at"))
        assert [row.snapshot.number for row in then if row.snapshot] == [1, 2, 3]
        assert [row.until_at for row in then] == [*(row.from_at for row in then[1:]), None]
        assert all(one.from_at < two.from_at for one, two in pairwise(then))
        assert [row.snapshot.taken_at for row in then if row.snapshot] == [row.from_at for row in then]
        assert current.reviewed_at == then[-1].from_at <= current.changed_at < now
        assert project.created_at < then[0].from_at
        assert project.archived_at is None or then[-1].from_at <= project.archived_at <= now
        assert current.stage == project.stage
        assert {row.organisation_id for row in [current, *then]} == {project.organisation_id}


def test_the_figures_hold(printed: str) -> None:
    for row in ProjectFigures.objects.all():
        assert row.index is not None
        assert 0 <= row.low <= row.index <= row.high <= 100
        assert 0 < row.answered <= row.due
        assert sum(row.points.values()) == pytest.approx(row.index, abs=0.01)
        assert set(row.points) | set(row.open_questions.split()) <= QUESTIONS
        is_early = judge(row.answered, row.due, confidence_of(row.low, row.high)) == "early"
        assert row.level == (0 if is_early else level_of(row.index).number)
        assert len(row.cells) == len(WORST)
        for name, (risk, low, high, level, answered, due) in zip(WORST, row.cells, strict=True):
            assert getattr(row, name) == (high if due else -1)
            assert risk is None or low <= risk <= high
            assert 0 <= level <= 4
            assert answered <= due
        assert sum(cell[5] for cell in row.cells) == row.due


def test_the_snapshots_are_sealed(printed: str) -> None:
    for snapshot in Snapshot.objects.select_related("figures"):
        assert sha256_of(snapshot.body) == snapshot.sha256
        assert canonical_json(read_body(snapshot)) == snapshot.body
        kept = snapshot.figures
        assert (snapshot.index, snapshot.low, snapshot.high) == (kept.index, kept.low, kept.high)
        assert "benchmark" in snapshot.label


def test_texts_fit_their_columns(printed: str) -> None:
    for project in Project.objects.all():
        project.full_clean(exclude={"facts", "tags", "owner"})
    for snapshot in Snapshot.objects.all():
        snapshot.full_clean(validate_unique=False)


@pytest.mark.django_db
def test_a_larger_one_is_spread_as_in_life(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every level and stage, some early, stale, archived and ended."""
    monkeypatch.setattr("assessor.scale.BATCH", 120)
    make(300, 1)
    now = ProjectFigures.objects.filter(is_current=True)
    assert {row.level for row in now} == {0, 1, 2, 3, 4}
    assert {row.stage for row in now} == {"idea", "prototype", "pilot", "production"}
    stale = now.filter(reviewed_at__lt=timezone.now() - timedelta(days=90)).count()
    assert 30 < stale < 150
    assert 0 < Project.objects.exclude(archived_at=None).count() < 20
    assert 3 < Outcome.objects.count() < 40
    assert not Outcome.objects.filter(recorded_at__gt=timezone.now()).exists()
    assert len({row.index for row in now}) > 290


def rows_of(organisation: Organisation) -> list[tuple[Any, ...]]:
    rows = ProjectFigures.objects.filter(organisation=organisation).order_by("project", "is_current", "from_at")
    columns = ("project__name", "project__unit", "project__tags", "project__owner__name", "from_at", "index", "points")
    return list(rows.values_list(*columns))


@pytest.mark.django_db
def test_the_same_seed_gives_the_same() -> None:
    made = []
    for seed in (1, 1, 2):
        organisation = make_organisation()
        crowd = make_crowd(organisation, password="x")
        assert list(Portfolio(organisation, crowd.people, size=8, history=2, seed=seed, at=AT).fill()) == [8]
        made.append(rows_of(organisation))
    assert made[0] == made[1]
    assert made[0] != made[2]
    assert BATCH > 8


def test_the_owner_can_sign_in_and_nobody_else(printed: str) -> None:
    email, password = printed.split()
    client = Client()
    assert client.post("/accounts/login/", {"login": email, "password": password}).status_code == 302
    assert client.get("/projects/").status_code == 200
    assert Membership.objects.get(user__email=email).role == Role.OWNER
    assert not any(user.has_usable_password() for user in User.objects.exclude(email=email))


def test_one_viewer_sees_two_units_alone(printed: str) -> None:
    member = Membership.objects.get(all_projects=False)
    units = set(member.unit_grants.values_list("unit", flat=True))
    assert len(units) == 2
    seen = Project.objects.in_sight_of(member)
    assert 0 < seen.count() < SIZE
    assert set(seen.values_list("unit", flat=True)) == units


@pytest.mark.django_db
def test_without_history() -> None:
    make(5, 0)
    assert not Snapshot.objects.exists()
    assert set(ProjectFigures.objects.values_list("is_current", "reviewed_at")) == {(True, None)}


def test_not_a_second_time(printed: str) -> None:
    with pytest.raises(CommandError, match="exists already"):
        make()
    assert Project.objects.count() == SIZE


@pytest.mark.django_db
@pytest.mark.parametrize(
    "arguments",
    [(), ("--projects", "0"), ("--projects", "-1"), ("--projects", "many"), ("--projects", "1e3"),
     ("--projects", "9" * 400), ("--projects", "1", "--history", "41"), ("--projects", "1", "--seed", "x")],
)  # fmt: skip
def test_bad_arguments(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        call_command("make_portfolio", *arguments)
    assert not Organisation.objects.exists()


def test_it_says_what_it_is_for() -> None:
    words = " ".join(Command().create_parser("manage.py", "make_portfolio").format_help().split())
    assert "For benchmarks only" in words
