"""Two people, one question, the same moment: one is saved, the other is told, nothing is lost in silence."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from assessments.errors import AnswerConflict, AssessmentClosed
from assessments.evaluation import evaluate_assessment
from assessments.models import Answer, AnswerChange, Assessment, Snapshot, State
from assessments.services import (
    GivenAnswer,
    follow_project,
    given_of,
    start_assessment,
    submit_answer,
)
from assessments.snapshots import take_snapshot
from projects.models import Project, ProjectFigures
from projects.services import ProjectDetails, update_project
from projects.units import rename_unit
from tests.assessments.test_history import check_replay
from tests.make import (
    AT,
    figures_of,
    make_answer,
    make_assessment,
    make_member,
    make_organisation,
    make_project,
    make_snapshot,
)

PAIRS = 50
QUESTION = "problem.statement"


@pytest.fixture
def people(transactional_db: None) -> tuple[User, User]:
    organisation = make_organisation()
    return make_member(organisation, Role.OWNER), make_member(organisation, Role.EDITOR)


@pytest.fixture
def run(people: tuple[User, User]) -> Assessment:
    organisation = people[0].memberships.get().organisation
    return make_assessment(make_project(organisation, people[0]), people[0])


def together(*jobs: Callable[[], None]) -> None:
    """Runs each job in a thread with a connection of its own. An error in one fails the test."""
    errors: list[BaseException] = []

    def work(job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)
    if errors:
        raise errors[0]


def test_one_is_saved_and_the_other_is_told(run: Assessment, people: tuple[User, User]) -> None:
    """Fifty times both start from the same revision; odd rounds change an answer, the first one makes it."""
    barrier = threading.Barrier(2, timeout=60)
    outcomes: list[list[tuple[str, GivenAnswer]]] = [[] for _ in range(PAIRS)]
    revisions = [0]

    def writer(place: int) -> Callable[[], None]:
        def write() -> None:
            for number in range(PAIRS):
                barrier.wait()
                base = revisions[0]
                given = GivenAnswer(State.GRADED, place + 2 * (number % 2), "", f"pair {number} of {place}")
                barrier.wait()
                try:
                    submit_answer(
                        assessment=run, question=QUESTION, given=given, base_revision=base,
                        mutation_id=uuid.uuid4(), by=people[place], at=AT + timedelta(seconds=number),
                    )  # fmt: skip
                    outcomes[number].append(("saved", given))
                except AnswerConflict as conflict:
                    outcomes[number].append(("told", given_of(conflict.current)))
                barrier.wait()
                revisions[0] = base + 1

        return write

    together(writer(0), writer(1))
    for outcome in outcomes:
        assert sorted(word for word, _ in outcome) == ["saved", "told"]
        saved, shown = (dict(outcome)[word] for word in ("saved", "told"))
        assert shown == saved, "who is told sees what was saved"
    changes = list(AnswerChange.objects.filter(assessment=run).order_by("revision"))
    assert [change.after["note"] for change in changes] == [dict(outcome)["saved"].note for outcome in outcomes]
    check_replay(run)
    answer = Answer.objects.get(respondent__assessment=run)
    assert answer.revision == PAIRS
    fresh = Assessment.objects.select_related("project").get(pk=run.pk)
    assert figures_of(fresh.project).index == evaluate_assessment(fresh).result.index


def test_different_questions_do_not_disturb_one_another(run: Assessment, people: tuple[User, User]) -> None:
    due = [question.id for question in run.questions_due()]
    halves = due[:20], due[20:40]

    def writer(place: int) -> Callable[[], None]:
        def write() -> None:
            for question in halves[place]:
                make_answer(run, people[place], question, 1)

        return write

    together(writer(0), writer(1))
    assert set(Answer.objects.values_list("question", flat=True)) == set(due[:40])
    fresh = Assessment.objects.select_related("project").get(pk=run.pk)
    assert figures_of(fresh.project).answered == 40
    assert figures_of(fresh.project).index == evaluate_assessment(fresh).result.index
    check_replay(run)


def test_the_same_change_sent_twice_at_once(run: Assessment, people: tuple[User, User]) -> None:
    barrier, results = threading.Barrier(2, timeout=60), []

    for number in range(10):
        mutation = uuid.uuid4()

        def send(mutation: uuid.UUID = mutation, number: int = number) -> None:
            barrier.wait()
            saved = submit_answer(
                assessment=run, question=QUESTION, given=GivenAnswer(State.GRADED, number % 4), base_revision=number,
                mutation_id=mutation, by=people[0], at=AT,
            )  # fmt: skip
            results.append(saved.is_new)

        together(send, send)
    assert sorted(results) == [False] * 10 + [True] * 10
    check_replay(run)


def test_an_answer_that_waited_for_a_new_stage(run: Assessment, people: tuple[User, User]) -> None:
    """Whoever comes second is judged by the new stage, and the figures are right in either order."""
    make_answer(run, people[0], QUESTION, 1)
    holding, go_on = threading.Event(), threading.Event()

    def change_stage() -> None:
        project = Project.objects.get(pk=run.project_id)
        with transaction.atomic():
            project.stage = "idea"
            project.save()
            follow_project(project=project)
            holding.set()
            go_on.wait(1.5)  # long enough for the other one to stand in the queue

    def answer() -> None:
        assert holding.wait(60)
        make_answer(run, people[1], "problem.objective", 2)
        go_on.set()

    together(change_stage, answer)
    fresh = Assessment.objects.select_related("project").get(pk=run.pk)
    evaluation = evaluate_assessment(fresh)
    assert fresh.project.stage == "idea"
    kept = figures_of(fresh.project)
    assert (kept.due, kept.answered) == (len(evaluation.due), 2)
    assert kept.index == evaluation.result.index


def test_freezing_while_somebody_answers(run: Assessment, people: tuple[User, User]) -> None:
    """A closing snapshot holds every answer that was confirmed before it, and none is accepted after it."""
    confirmed: list[str] = []
    started = threading.Event()

    def answer() -> None:
        for question in run.questions_due():
            try:
                make_answer(run, people[1], question.id, 2)
            except AssessmentClosed:
                return
            confirmed.append(question.id)
            if len(confirmed) == 5:
                started.set()

    def freeze() -> None:
        assert started.wait(60)
        take_snapshot(assessment=run, label="Closing", closes=True, by=people[0], at=AT)

    together(answer, freeze)
    stored = set(Answer.objects.values_list("question", flat=True))
    assert set(confirmed) == stored
    body = Snapshot.objects.get().body
    assert all(f'"question":"{question}"' in body for question in stored)


def test_two_start_the_next_run(run: Assessment, people: tuple[User, User]) -> None:
    make_snapshot(run, people[0], closes=True)
    barrier, refused = threading.Barrier(2, timeout=60), []

    def start() -> None:
        project = Project.objects.get(pk=run.project_id)
        barrier.wait()
        try:
            start_assessment(project=project, by=people[0], title="Next", at=AT)
        except AssessmentClosed as error:
            refused.append(error)

    together(start, start)
    assert len(refused) == 1
    assert Assessment.objects.filter(project=run.project, closed_at=None).count() == 1


def test_two_freeze_at_once(run: Assessment, people: tuple[User, User]) -> None:
    barrier = threading.Barrier(2, timeout=60)

    def freeze() -> None:
        barrier.wait()
        take_snapshot(assessment=run, label="Frozen", by=people[0], at=AT)

    together(freeze, freeze)
    assert sorted(Snapshot.objects.values_list("number", flat=True)) == [1, 2]


def test_settings_and_answers_at_once_never_wait_for_each_other(people: tuple[User, User], run: Assessment) -> None:
    """Both write the figures. Taken in two orders, the locks on the checklist and on them would deadlock."""
    assessment, project, owner = run, run.project, people[0]
    stages = ["pilot", "production"]

    def edit() -> None:
        for number in range(25):
            details = ProjectDetails(f"Name {number}", "A goal.", stages[number % 2], owner=owner)
            with transaction.atomic():
                update_project(project=Project.objects.get(pk=project.pk), details=details, by=owner)
                follow_project(project=Project.objects.get(pk=project.pk))

    def answer() -> None:
        for number in range(25):
            make_answer(assessment, owner, "problem.statement", number % 4, base=number)

    together(edit, answer)
    figures = ProjectFigures.objects.get(project=project, is_current=True)
    now = Project.objects.get(pk=project.pk)
    fresh = Assessment.objects.get(pk=assessment.pk)
    fresh.project = now
    assert figures.stage == now.stage
    assert figures.index == evaluate_assessment(fresh).result.index


def test_renaming_a_unit_while_snapshots_are_taken(people: tuple[User, User], run: Assessment) -> None:
    assessment, project, owner = run, run.project, people[0]
    Project.objects.filter(pk=project.pk).update(unit="A")

    def rename() -> None:
        for number in range(20):
            rename_unit(organisation=project.organisation, unit="AB"[number % 2], name="BA"[number % 2], by=owner)

    def freeze() -> None:
        for number in range(20):
            make_snapshot(assessment, owner, label=f"Review {number}", at=timezone.now())

    together(rename, freeze)
    rows = ProjectFigures.objects.of_snapshots().filter(project=project).order_by("from_at")
    assert rows.count() == 20
    assert [row.until_at for row in rows][:-1] == [row.from_at for row in rows][1:]
