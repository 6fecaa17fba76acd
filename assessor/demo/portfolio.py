"""Loading the invented portfolio, and removing it in one step."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import models, transaction

import scoring
from accounts import audit
from accounts.models import Membership, Organisation, User
from assessments.models import Answer, AnswerChange, Assessment, Respondent, Snapshot, State
from assessments.services import GivenAnswer, start_assessment
from assessments.snapshots import take_snapshot
from assessor.demo.content import EVIDENCE, NOTES, PROJECTS, REASON, DemoProject
from checklists.schema import Question
from projects.models import Project
from projects.services import ProjectDetails, create_project
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
    details = ProjectDetails(
        name=demo.name,
        goal=demo.goal,
        stage=demo.stage,
        facts=demo.facts,
        owner=by,
        unit=demo.unit,
        tags=("demo",),
        planned_date=(at + timedelta(days=chance.randrange(20, 200))).date(),
    )
    project = create_project(organisation=organisation, details=details, by=by, is_demo=True)
    newest = at - timedelta(days=demo.age)
    oldest = newest - timedelta(days=chance.randrange(120, 190))
    run = start_assessment(
        project=project, by=by, title=f"{project.get_stage_display()} gate review", at=oldest - timedelta(days=9)
    )
    run.project = project
    due = run.questions_due()
    shape = _shape(due, chance)
    for moment, risk, earlier in ((oldest, demo.risk - demo.drift, demo.earlier), (newest, demo.risk, {})):
        levels = (
            {**_levels_written(due, demo.written), **earlier} if demo.written else _levels_near(run, due, shape, risk)
        )
        for question in due[int(len(due) * demo.share_answered) :]:
            levels.pop(question.id)
        _write_answers(run, due, levels, people, chance, moment - timedelta(days=1))
        take_snapshot(assessment=run, label=f"Review of {moment:%B %Y}", by=by, at=moment)


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
    sheet = Respondent.objects.get(assessment=run, is_sheet=True)
    held = {row.question: row for row in Answer.objects.filter(respondent=sheet)}
    new, changes = [], []
    for question in due:
        if question.id not in levels:
            continue
        row = held.get(question.id)
        before = _given(row) if row else None
        given = _answer(question, levels[question.id], before, chance)
        if given == before:
            continue
        by = people[chance.randrange(len(people))]
        moment = at - timedelta(minutes=chance.randrange(1, 600))
        if row is None:
            row = Answer(respondent=sheet, question=question.id, revision=0)
            new.append(row)
        for name, value in asdict(given).items():
            setattr(row, name, value)
        row.revision, row.answered_by, row.answered_at = row.revision + 1, by, moment
        changes.append((row, before, given, by, moment))
    Answer.objects.bulk_create(new)
    Answer.objects.bulk_update(
        [row for row, *_ in changes if row not in new],
        [
            "state",
            "level",
            "reason",
            "note",
            "evidence_title",
            "evidence_url",
            "revision",
            "answered_by",
            "answered_at",
        ],
    )
    AnswerChange.objects.bulk_create(
        AnswerChange(
            answer=row,
            assessment=run,
            question=row.question,
            revision=row.revision,
            before=asdict(before) if before else None,
            after=asdict(given),
            by=by,
            at=moment,
            mutation_id=uuid.UUID(int=chance.getrandbits(128), version=4),
        )
        for row, before, given, by, moment in changes
    )


def _given(row: Answer) -> GivenAnswer:
    return GivenAnswer(row.state, row.level, row.reason, row.note, row.evidence_title, row.evidence_url)


def _answer(question: Question, level: int | None, before: GivenAnswer | None, chance: random.Random) -> GivenAnswer:
    """A first answer with notes and links here and there; a later one keeps what was written and moves the level."""
    if before is not None and before.state == State.NOT_APPLICABLE:
        return before
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
    ShareLink.objects.filter(snapshot__project__in=projects).delete()
    Report.objects.filter(snapshot__project__in=projects).delete()
    models.QuerySet(Snapshot).filter(project__in=projects).delete()
    models.QuerySet(AnswerChange).filter(assessment__project__in=projects).delete()
    projects.delete()
    audit.record(organisation=organisation, actor=by, verb="demo.removed", thing=str(organisation.pk), projects=count)
    return count
