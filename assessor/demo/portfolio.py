"""Loading the invented portfolio, and removing it in one step."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models.functions import Now

import scoring
from accounts import audit
from accounts.models import Membership, Organisation, User
from assessments.models import Answer, AnswerChange, Assessment, Snapshot, State
from assessments.proposals import propose_answer
from assessments.services import GivenAnswer, start_assessment, submit_answer
from assessments.snapshots import take_snapshot
from assessor.demo.content import CHECK, EVIDENCE, NOTES, PROJECTS, REASON, DemoProject
from checklists.schema import Question
from projects.models import Project, ProjectFigures
from projects.services import ProjectDetails, create_project, record_outcome
from reports.files import delete_files
from reports.models import Report, ShareLink

Levels = dict[str, int | None]
NOT_APPLICABLE = -1


def after_setup(*, membership: Membership, with_demo: bool) -> None:
    """Called when the first organisation was made."""
    if with_demo:
        load_demo(organisation=membership.organisation, people=[membership.user], at=membership.created_at)


def load_demo(*, organisation: Organisation, people: Sequence[User], at: datetime) -> int:
    """Adds the 40 projects, with answers, history and snapshots that end at `at`. Returns how many there are now."""
    if not Project.objects.filter(organisation=organisation, is_demo=True).exists():
        for place, demo in enumerate(PROJECTS):
            with transaction.atomic():
                _load_project(organisation, people, demo, random.Random(100 + place), at)  # noqa: S311
    return Project.objects.filter(organisation=organisation, is_demo=True).count()


def _load_project(
    organisation: Organisation, people: Sequence[User], demo: DemoProject, chance: random.Random, at: datetime
) -> None:
    by = people[chance.randrange(len(people))]
    ended = demo.outcome.days_ago if demo.outcome else -chance.randrange(20, 200)
    details = ProjectDetails(
        name=demo.name,
        goal=demo.goal,
        stage=demo.stage,
        facts=demo.facts,
        owner=by,
        unit=demo.unit,
        tags=("demo",),
        planned_date=(at - timedelta(days=ended)).date(),
        planned_value=_planned_value(demo),
    )
    project = create_project(organisation=organisation, details=details, by=by, is_demo=True)
    moments = _moments(demo, chance, at)
    run = start_assessment(project=project, by=by, title=_title(project), at=moments[0] - timedelta(days=20))
    run.project = project
    due = run.questions_due()
    shape = _shape(due, chance)
    for place, moment in enumerate(moments):
        if demo.outcome and place and place == len(moments) - 1:
            run = start_assessment(
                project=project, by=by, title=_title(project), copy_from=run, at=moment - timedelta(days=9)
            )
            run.project = project
        levels = _levels_at(run, demo, due, shape, place / max(len(moments) - 1, 1), chance)
        _write_answers(run, due, levels, people, chance, moment - timedelta(days=1))
        if demo.share_answered == 1:
            closes = bool(demo.outcome) and place == len(moments) - 2
            take_snapshot(assessment=run, label=f"Review of {moment:%B %Y}", by=by, closes=closes, at=moment)
    _propose(run, demo, by, at)
    if demo.outcome:
        record_outcome(
            project=project,
            kind=demo.outcome.kind,
            on=(at - timedelta(days=demo.outcome.days_ago)).date(),
            sentence=demo.outcome.sentence,
            is_delayed=demo.outcome.is_delayed,
            by=by,
            at=at,
        )


def _propose(run: Assessment, demo: DemoProject, by: User, at: datetime) -> None:
    """What a program offers, as it would stand there in the morning."""
    for offered in demo.proposals:
        given = GivenAnswer(State.GRADED, offered.level, "", offered.note, offered.title, offered.link)
        propose_answer(
            assessment=run,
            question=offered.question,
            given=given,
            source=CHECK,
            token=None,
            by=by,
            at=at - timedelta(hours=9),
        )


def _planned_value(demo: DemoProject) -> int:
    """Thousands a year, between some tens and some thousands. A chance of its own, so that the answers stay."""
    return max(round(random.Random(demo.name).lognormvariate(6.2, 0.9) / 10) * 10, 20)  # noqa: S311


def _title(project: Project) -> str:
    return f"{project.get_stage_display()} gate review"


def _moments(demo: DemoProject, chance: random.Random, at: datetime) -> list[datetime]:
    """The days of the reviews, oldest first, over up to two years. A project in the middle of its first one has one."""
    newest = at - timedelta(days=demo.age)
    if demo.share_answered < 1:
        return [newest]
    count = {"idea": 2, "prototype": 3, "pilot": 4, "production": 5}[demo.stage] + chance.randrange(2)
    gap = float(chance.randrange(80, 130))
    if demo.stage == "production":
        gap = (730 - demo.age - chance.randrange(30)) / (count - 1)
    return [newest - timedelta(days=round(gap * back)) for back in range(count - 1, -1, -1)]


def _levels_at(
    run: Assessment,
    demo: DemoProject,
    due: Sequence[Question],
    shape: dict[str, float],
    way: float,
    chance: random.Random,
) -> Levels:
    """The answers at a point of the way from the first review (0) to the newest (1)."""
    if demo.written:
        levels = _levels_written(due, demo.written)
        kept = round(len(demo.earlier) * (1 - way))
        levels.update(list(demo.earlier.items())[:kept])
    else:
        noise = chance.gauss(0, 1.2) if 0 < way < 1 else 0
        levels = _levels_near(run, due, shape, demo.risk - demo.drift * (1 - way) + noise)
    for question in due[int(len(due) * demo.share_answered) :]:
        levels.pop(question.id)
    return levels


def _shape(due: Sequence[Question], chance: random.Random) -> dict[str, float]:
    lean = {question.dimension: chance.gauss(0, 0.09) for question in due}
    return {q.id: lean[q.dimension] + chance.gauss(0, 0.17) + (0.08 if q.must_have else 0) for q in due}


def _levels_written(due: Sequence[Question], written: Mapping[str, str]) -> Levels:
    """The answers as written down, None for don't know; questions marked na are left to `_answer`."""
    words = {dimension: [word for word in line.split() if word != "-"] for dimension, line in written.items()}
    order = {dimension: [q.id for q in due if q.dimension == dimension] for dimension in written}
    given = {key: word for dimension in written for key, word in zip(order[dimension], words[dimension], strict=True)}
    return {key: NOT_APPLICABLE if word == "na" else None if word == "dk" else int(word) for key, word in given.items()}


def _levels_near(run: Assessment, due: Sequence[Question], shape: dict[str, float], risk: float) -> Levels:
    """The answers, of one family, whose index lies nearest to `risk`. One ordinary question in twenty is not known."""
    instrument = scoring.instrument_for(run.checklist, run.project.stage, run.project.facts)
    unknown = {q.id for q in due if not q.must_have and abs(shape[q.id] * 1000) % 20 < 1}

    def at(tilt: float) -> Levels:
        best = {q.id: len(q.choices) - 1 for q in due}
        return {q.id: None if q.id in unknown else round(min(max(tilt + shape[q.id], 0), 1) * best[q.id]) for q in due}

    def index(levels: Levels) -> float:
        responses = tuple(
            scoring.Response(key, level=value, dont_know=value is None, evidence=True) for key, value in levels.items()
        )
        return scoring.evaluate(instrument, scoring.Answers(responses)).index or 0.0

    return min((at(step / 25) for step in range(33)), key=lambda levels: abs(index(levels) - risk))


def _write_answers(
    run: Assessment,
    due: Sequence[Question],
    levels: Levels,
    people: Sequence[User],
    chance: random.Random,
    at: datetime,
) -> None:
    """Submits what differs from the sheet, one answer after the other, as a person would."""
    held = {row.question: row for row in Answer.objects.filter(respondent__assessment=run, respondent__is_sheet=True)}
    for question in due:
        if question.id not in levels:
            continue
        row = held.get(question.id)
        given = _answer(question, levels[question.id], _given(row) if row else None, chance)
        if row is not None and given == _given(row):
            continue
        submit_answer(
            assessment=run,
            question=question.id,
            given=given,
            base_revision=row.revision if row else 0,
            mutation_id=uuid.UUID(int=chance.getrandbits(128), version=4),
            by=people[chance.randrange(len(people))],
            at=at - timedelta(minutes=chance.randrange(1, 600)),
        )


def _given(row: Answer) -> GivenAnswer:
    return GivenAnswer(row.state, row.level, row.reason, row.note, row.evidence_title, row.evidence_url)


def _answer(question: Question, level: int | None, before: GivenAnswer | None, chance: random.Random) -> GivenAnswer:
    """A first answer with notes and links here and there; a later one keeps what was written and moves the level."""
    if level == NOT_APPLICABLE:
        return GivenAnswer(State.NOT_APPLICABLE, None, reason=REASON)
    state = State.UNKNOWN if level is None else State.GRADED
    if before is not None:
        return GivenAnswer(state, level, "", before.note, before.evidence_title, before.evidence_url)
    note = NOTES[chance.randrange(len(NOTES))] if chance.random() < 0.12 else ""
    linked = level is not None and chance.random() < (0.6 if question.must_have else 0.35)
    title = EVIDENCE[chance.randrange(len(EVIDENCE))] if linked else ""
    return GivenAnswer(
        state,
        level,
        "",
        note,
        title,
        f"https://wiki.example.org/{question.short.lower().replace(' ', '-')}" if linked else "",
    )


@transaction.atomic
def remove_demo(*, organisation: Organisation, by: User) -> int:
    """Removes every demo project of the organisation with all that hangs on it. Returns how many there were.

    The tables that are written once refuse this for any other project.
    """
    projects = Project.objects.filter(organisation=organisation, is_demo=True)
    count = projects.count()
    reports = Report.objects.filter(snapshot__project__in=projects)
    files = list(reports.exclude(sha256="").values_list("sha256", flat=True))
    ShareLink.objects.filter(snapshot__project__in=projects).delete()
    reports.delete()
    models.QuerySet(Snapshot).filter(project__in=projects).delete()
    models.QuerySet(AnswerChange).filter(assessment__project__in=projects).delete()
    projects.delete()
    # The figures that remain count as changed, so that no page shows the removed projects any longer.
    ProjectFigures.objects.filter(organisation=organisation, is_current=True).update(changed_at=Now())
    transaction.on_commit(lambda: delete_files(files))
    audit.record(organisation=organisation, actor=by, verb="demo.removed", thing=str(organisation.pk), projects=count)
    return count
