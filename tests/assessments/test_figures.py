"""Figures follow the answers: whatever is written, the row of now says what a fresh evaluation says, or nothing is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string
from pytest_django import DjangoAssertNumQueries

import scoring
from accounts.models import User
from assessments.evaluation import evaluate_assessment
from assessments.figures import columns_of, open_questions, refresh_figures
from assessments.models import Assessment, Snapshot, State
from assessments.progress import progress_part
from assessments.rebuilding import projects_without_figures, rebuild_figures
from assessments.services import GivenAnswer, follow_project, record_agreed_answer, start_assessment
from assessments.snapshots import columns_of_body, read_body
from charts import level_of
from checklists.loader import load
from projects.models import WORST, Project, ProjectFigures
from projects.services import ProjectDetails, archive_project, create_project, record_outcome, update_project
from projects.units import rename_unit
from tests.access.dump import changed_tables, dump_tables
from tests.make import AT, answer_all, figures_of, make_answer, make_snapshot

ONE, TWO = "problem.statement", "problem.objective"
CHECKLIST = load("ml_readiness", "1.0")
LONG_AGO = AT - timedelta(days=700)
Act = Callable[[], object]


class Broken(Exception):
    pass


def columns_now(project: Project) -> dict[str, Any]:
    """Computed from the answers, past everything that is kept."""
    run = Assessment.objects.select_related("project").get(project=project, is_latest=True)
    evaluation = evaluate_assessment(run)
    return columns_of(evaluation.checklist, evaluation.answers, evaluation.result, progress_part(evaluation.progress))


def assert_fresh(project: Project) -> ProjectFigures:
    kept = figures_of(project)
    columns = columns_now(project)
    assert {name: getattr(kept, name) for name in columns} == columns
    assert kept.stage == Project.objects.get(pk=project.pk).stage
    assert kept.organisation_id == project.organisation_id
    return kept


def details(**changes: Any) -> ProjectDetails:
    return ProjectDetails(**{"name": "Forecast", "goal": "Less stock.", "stage": "pilot", "unit": "Retail"} | changes)


class TestEveryWrite:
    def test_a_new_project(self, project: Project) -> None:
        kept = figures_of(project)
        assert (kept.index, kept.low, kept.high, kept.level) == (None, 0, 100, 0)
        assert (kept.answered, kept.due, kept.cells, kept.points, kept.open_questions) == (0, 0, [], {}, "")
        assert (kept.stage, kept.organisation_id, kept.reviewed_at) == ("pilot", project.organisation_id, None)

    def test_a_first_run(self, project: Project, assessment: Assessment) -> None:
        kept = assert_fresh(project)
        assert (kept.answered, kept.due) == (0, len(assessment.questions_due()))

    def test_every_answer(self, project: Project, assessment: Assessment, owner: User) -> None:
        given = [
            GivenAnswer(State.GRADED, 0), GivenAnswer(State.UNKNOWN), GivenAnswer(State.GRADED, 3, "", "noted"),
            GivenAnswer(State.NOT_APPLICABLE, None, "No."), GivenAnswer(State.GRADED, 1), GivenAnswer(),
        ]  # fmt: skip
        seen = set()
        for place, question in enumerate(assessment.questions_due()):
            make_answer(assessment, owner, question.id, given[place % len(given)])
            kept = assert_fresh(project)
            seen.add((kept.index, kept.answered, kept.level))
        assert len(seen) > 30, "the figures moved with the answers"

    def test_an_agreed_answer(self, project: Project, assessment: Assessment, owner: User) -> None:
        make_answer(assessment, owner, ONE, 0)
        assert figures_of(project).open_questions == f" {ONE} "
        record_agreed_answer(assessment=assessment, question=ONE, level=3, reason="Settled.", by=owner, at=AT)
        assert assert_fresh(project).open_questions == " "

    def test_another_stage_and_other_facts(self, project: Project, assessment: Assessment, owner: User) -> None:
        answer_all(assessment, owner, level=1)
        dues = {figures_of(project).due}
        for changes in ({"stage": "idea"}, {"stage": "production"}, {"facts": ["personal_data", "real_time"]}):
            update_project(project=project, details=details(**changes), by=owner)
            follow_project(project=project)
            dues.add(assert_fresh(project).due)
        assert len(dues) > 2

    def test_the_settings_page(self, project: Project, assessment: Assessment, owner: User) -> None:
        make_answer(assessment, owner, ONE, 1)
        before = figures_of(project).due
        client = Client()
        client.force_login(owner)
        form = {"name": "Forecast", "goal": "Less stock.", "stage": "idea", "facts": ["real_time"]}
        assert client.post(reverse("assessments:edit", args=[project.slug]), form).status_code == 302
        assert assert_fresh(project).due < before

    def test_a_snapshot(self, project: Project, assessment: Assessment, owner: User) -> None:
        answer_all(assessment, owner)
        snapshot = make_snapshot(assessment, owner)
        kept = assert_fresh(project)
        assert (kept.reviewed_at, kept.index) == (snapshot.taken_at, snapshot.index)
        then = ProjectFigures.objects.get(snapshot=snapshot)
        assert (then.from_at, then.until_at, then.reviewed_at) == (AT, None, AT)
        assert {name: getattr(then, name) for name in columns_now(project)} == columns_now(project)
        make_answer(assessment, owner, ONE, 0, base=1)
        then.refresh_from_db()
        assert then.index == snapshot.index != assert_fresh(project).index

    def test_closing_counts_what_is_open(self, project: Project, assessment: Assessment, owner: User) -> None:
        make_answer(assessment, owner, ONE, 3)
        before = figures_of(project)
        snapshot = make_snapshot(assessment, owner, closes=True)
        kept = assert_fresh(project)
        assert kept.index == snapshot.index == ProjectFigures.objects.get(snapshot=snapshot).index
        assert kept.index != before.index

    def test_the_next_run(self, project: Project, assessment: Assessment, owner: User) -> None:
        answer_all(assessment, owner)
        snapshot = make_snapshot(assessment, owner, closes=True)
        copy = start_assessment(project=project, by=owner, title="Next", copy_from=assessment, at=AT)
        kept = assert_fresh(project)
        assert (kept.answered, kept.reviewed_at) == (kept.due, snapshot.taken_at)
        make_answer(copy, owner, ONE, 0, base=1)
        assert assert_fresh(project).index != snapshot.index
        make_snapshot(copy, owner, closes=True)
        start_assessment(project=project, by=owner, title="An empty one", at=AT)
        assert assert_fresh(project).answered == 0

    def test_a_later_stage_of_a_closed_run(self, project: Project, assessment: Assessment, owner: User) -> None:
        """The result stays that of the run; the stage is the project's."""
        answer_all(assessment, owner)
        make_snapshot(assessment, owner, closes=True)
        before = figures_of(project)
        update_project(project=project, details=details(stage="production"), by=owner)
        follow_project(project=project)
        kept = assert_fresh(project)
        assert (kept.index, kept.due, kept.stage) == (before.index, before.due, "production")

    def test_the_same_answer_again(self, project: Project, assessment: Assessment, owner: User) -> None:
        make_answer(assessment, owner, ONE, 2)
        ProjectFigures.objects.update(changed_at=LONG_AGO)
        make_answer(assessment, owner, ONE, 2, base=1)
        assert figures_of(project).changed_at == LONG_AGO


def act_on(name: str, project: Project, run: Assessment, owner: User) -> Act:
    """One of everything that changes what pages over many projects show of this one."""
    if name == "restore":
        Project.objects.filter(pk=project.pk).update(archived_at=AT)
    acts: dict[str, Act] = {
        "answer": lambda: make_answer(run, owner, ONE, 3, base=1),
        "first answer": lambda: make_answer(run, owner, TWO, 1),
        "agreed answer": lambda: record_agreed_answer(
            assessment=run, question=ONE, level=3, reason="", by=owner, at=AT
        ),
        "details": lambda: change_details(project, owner, stage="idea"),
        "snapshot": lambda: make_snapshot(run, owner),
        "closing": lambda: make_snapshot(run, owner, closes=True),
        "archive": lambda: archive_project(project=project, by=owner, at=AT),
        "restore": lambda: archive_project(project=project, by=owner, at=None),
        "outcome": lambda: record_outcome(project=project, kind="value", on=AT.date(), by=owner, at=AT),
        "unit": lambda: rename_unit(organisation=project.organisation, unit="Retail", name="Shops", by=owner),
    }  # fmt: skip
    return acts[name]


@transaction.atomic
def change_details(project: Project, owner: User, **changes: Any) -> None:
    update_project(project=project, details=details(**changes), by=owner)
    follow_project(project=project)


ACTS = [
    "answer", "first answer", "agreed answer", "details", "snapshot", "closing", "archive", "restore",
    "outcome", "unit",
]  # fmt: skip


@pytest.fixture
def answered(project: Project, assessment: Assessment, owner: User) -> Assessment:
    Project.objects.filter(pk=project.pk).update(unit="Retail")
    make_answer(assessment, owner, ONE, 1)
    return assessment


@pytest.mark.parametrize("name", ACTS)
def test_each_moves_the_moment_of_the_last_change(
    name: str, project: Project, answered: Assessment, owner: User
) -> None:
    """Pages keep what they added up until this moment moves."""
    ProjectFigures.objects.update(changed_at=LONG_AGO)
    act_on(name, project, answered, owner)()
    assert figures_of(project).changed_at > timezone.now() - timedelta(hours=1)


def break_after(monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    """The function does its work, and then an error comes."""
    original = import_string(target)

    def broken(*args: Any, **kwargs: Any) -> None:
        original(*args, **kwargs)
        raise Broken

    monkeypatch.setattr(target, broken)


@pytest.mark.parametrize("name", [name for name in ACTS if name not in {"answer", "first answer", "refresh"}])
def test_an_error_at_the_end_leaves_nothing(
    name: str, project: Project, answered: Assessment, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    act, before = act_on(name, project, answered, owner), dump_tables()
    break_after(monkeypatch, "accounts.audit.record")
    with pytest.raises(Broken):
        act()
    assert changed_tables(before, dump_tables()) == []


@pytest.mark.parametrize("name", ["answer", "first answer", "agreed answer", "snapshot", "closing"])
def test_an_error_after_the_figures_leaves_nothing(
    name: str, project: Project, answered: Assessment, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    act, before = act_on(name, project, answered, owner), dump_tables()
    module = "snapshots" if name in {"snapshot", "closing"} else "services"
    break_after(monkeypatch, f"assessments.{module}.refresh_figures")
    with pytest.raises(Broken):
        act()
    assert changed_tables(before, dump_tables()) == []


def test_a_project_comes_with_its_figures_or_not_at_all(
    owner: User, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_after(monkeypatch, "accounts.audit.record")
    with pytest.raises(Broken):
        create_project(organisation=project.organisation, details=details(), by=owner)
    assert Project.objects.get() == ProjectFigures.objects.get().project == project


def test_the_settings_page_writes_both_or_none(
    project: Project, answered: Assessment, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(owner)
    before = dump_tables()
    break_after(monkeypatch, "assessments.services.refresh_figures")
    form = {"name": "Renamed", "goal": "Less stock.", "stage": "idea"}
    assert client.post(reverse("assessments:edit", args=[project.slug]), form).status_code == 500
    assert changed_tables(before, dump_tables()) == []


class TestColumns:
    def test_none_before_six_in_ten(self, project: Project, assessment: Assessment, owner: User) -> None:
        """The level is named from the very answer on from which the result page names it."""
        due = assessment.questions_due()
        for place, question in enumerate(due, start=1):
            make_answer(assessment, owner, question.id, GivenAnswer(State.GRADED, 0, "", "noted"))
            kept = figures_of(project)
            assert kept.index is not None
            if place * 10 < len(due) * 6:
                assert kept.level == 0
        assert kept.level == level_of(kept.index).number == 4

    def test_none_while_the_range_is_open(self, project: Project, assessment: Assessment, owner: User) -> None:
        for question in assessment.questions_due():
            make_answer(assessment, owner, question.id, GivenAnswer(State.UNKNOWN))
        kept = figures_of(project)
        assert (kept.answered, kept.level) == (kept.due, 0)
        assert level_of(kept.high).number - level_of(kept.low).number > 1

    def test_none_where_nothing_applies(self, project: Project, assessment: Assessment, owner: User) -> None:
        for question in assessment.questions_due():
            make_answer(assessment, owner, question.id, GivenAnswer(State.NOT_APPLICABLE, None, "Because."))
        kept = figures_of(project)
        assert (kept.index, kept.low, kept.high, kept.level) == (None, 0, 100, 0)
        assert kept.points == {}

    def test_cells_are_the_dimensions_in_order(self, project: Project, assessment: Assessment, owner: User) -> None:
        answer_all(assessment, owner, level=1)
        kept, evaluation = figures_of(project), evaluate_assessment(assessment)
        assert len(kept.cells) == len(CHECKLIST.dimensions) == len(WORST)
        for place, dimension in enumerate(CHECKLIST.dimensions):
            risk, low, high, level, answered, due = kept.cells[place]
            found, count = evaluation.result.dimensions[dimension.id], evaluation.progress.dimensions[dimension.id]
            assert (risk, low, high) == (found.risk, found.low, found.high)
            assert (answered, due) == (count.answered, count.due)
            assert level in {0, level_of(found.risk).number}
            assert getattr(kept, WORST[place]) == high

    def test_worst_is_below_all_where_nothing_is_due(self) -> None:
        result = scoring.evaluate(scoring.instrument_for(CHECKLIST, "pilot", []), scoring.Answers(()))
        counts = {dimension.id: [0, 0] for dimension in CHECKLIST.dimensions}
        counts[CHECKLIST.dimensions[1].id] = [0, 3]
        columns = columns_of(CHECKLIST, scoring.Answers(()), result, {"answered": 0, "due": 3, "dimensions": counts})
        assert [columns[name] for name in WORST] == [-1, 100, -1, -1, -1, -1]

    def test_points_are_the_parts_of_the_index(self, project: Project, assessment: Assessment, owner: User) -> None:
        answer_all(assessment, owner, level=1)
        kept = figures_of(project)
        assert sum(kept.points.values()) == pytest.approx(kept.index, abs=0.01)
        assert set(kept.points) <= {question.id for question in assessment.questions_due()}
        assert min(kept.points.values()) > 0


class TestOpenQuestions:
    @pytest.mark.parametrize(
        ("levels", "agreed", "is_open"),
        [([0], None, True), ([1], None, True), ([2], None, False), ([3], None, False), ([], None, False),
         ([0, 2], None, True), ([1, 2], None, False), ([None, 1], None, True), ([None], None, False),
         ([0], 3, False), ([3], 1, True), ([], 0, True)],
    )  # fmt: skip
    def test_the_rule(self, levels: list[int | None], agreed: int | None, is_open: bool) -> None:
        """The mean of the answers given is one of the two worst; an agreed answer stands for all of them."""
        responses = tuple(
            scoring.Response(ONE, level=level, dont_know=level is None, respondent=str(place))
            for place, level in enumerate(levels)
        )
        settled = () if agreed is None else (scoring.Agreed(ONE, agreed, False),)
        assert open_questions(CHECKLIST, scoring.Answers(responses, settled)) == ([ONE] if is_open else [])

    def test_one_is_found_by_its_whole_id(self, project: Project, assessment: Assessment, owner: User) -> None:
        answer_all(assessment, owner, level=0)
        kept = figures_of(project)
        ids = [question.id for question in CHECKLIST.questions if question in assessment.questions_due()]
        assert kept.open_questions == f" {' '.join(ids)} "
        found = ProjectFigures.objects.filter(open_questions__contains=f" {ids[3]} ")
        assert found.get() == kept
        assert not ProjectFigures.objects.filter(open_questions__contains=f" {ids[3][:-1]} ").exists()


class TestRebuilding:
    @pytest.fixture
    def lived(self, project: Project, assessment: Assessment, owner: User) -> Project:
        """A project with three snapshots, one out of order, of two runs and two stages."""
        for question in assessment.questions_due()[::2]:
            make_answer(assessment, owner, question.id, GivenAnswer(State.GRADED, 1, "", "noted"))
        make_snapshot(assessment, owner, label="One", at=AT)
        make_answer(assessment, owner, ONE, 3, base=1)
        make_snapshot(assessment, owner, label="Before it", at=AT - timedelta(days=3))
        make_snapshot(assessment, owner, label="Last", closes=True, at=AT + timedelta(days=3))
        update_project(project=project, details=details(stage="production", facts=["real_time"]), by=owner)
        start_assessment(project=project, by=owner, title="Next", copy_from=assessment, at=AT)
        return project

    def rows(self) -> list[dict[str, Any]]:
        """All but the row's own number and the moment of the last change."""
        return [
            {name: value for name, value in row.items() if name not in {"id", "changed_at"}}
            for row in ProjectFigures.objects.order_by("project", "is_current", "snapshot").values()
        ]

    def test_it_gives_the_same_rows(self, lived: Project) -> None:
        before = self.rows()
        assert [row["until_at"] is None for row in before] == [False, False, True, True]
        rebuild_figures(lived.pk)
        assert self.rows() == before
        assert projects_without_figures() == []

    @pytest.mark.parametrize("kind", [{}, {"is_current": True}, {"is_current": False}])
    def test_it_fills_what_is_missing(self, lived: Project, kind: dict[str, bool]) -> None:
        before = self.rows()
        ProjectFigures.objects.filter(**kind).delete()
        assert projects_without_figures() == [lived.pk]
        rebuild_figures(lived.pk)
        assert self.rows() == before

    def test_a_frozen_body_gives_the_columns_of_its_day(self, lived: Project) -> None:
        for snapshot in Snapshot.objects.select_related("assessment"):
            kept = ProjectFigures.objects.get(snapshot=snapshot)
            columns = columns_of_body(read_body(snapshot), snapshot.assessment.checklist)
            assert {name: getattr(kept, name) for name in columns} == columns
            assert kept.stage == "pilot"

    def test_others_are_left_alone(self, lived: Project, owner: User) -> None:
        other = create_project(organisation=lived.organisation, details=details(), by=owner)
        ProjectFigures.objects.filter(project=other).update(answered=7)
        rebuild_figures(lived.pk)
        assert figures_of(other).answered == 7


def test_refreshing_is_one_write(assessment: Assessment, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    evaluation = evaluate_assessment(assessment)
    with django_assert_num_queries(1):
        refresh_figures(assessment, evaluation)
