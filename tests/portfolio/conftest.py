"""Projects with answers, made quickly: rows are written at once, the figures by the product's own code."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership, Organisation, User
from assessments.evaluation import evaluate_assessment
from assessments.figures import refresh_figures
from assessments.models import Answer, Assessment, Respondent, State
from assessments.snapshots import take_snapshot
from portfolio.sight import Sight, sight_of
from projects.models import Project, ProjectFigures
from tests.make import make_assessment, make_project

LONG_AGO = datetime(2025, 1, 15, 9, tzinfo=UTC)


def write_answers(assessment: Assessment, by: User, chance: random.Random, *, share: float = 1.0) -> None:
    """Answers a share of the due questions at random around a level of the project's own, and keeps the figures."""
    sheet = Respondent.objects.get(assessment=assessment, is_sheet=True)
    Answer.objects.filter(respondent=sheet).delete()
    due = assessment.questions_due()
    lean = chance.random()
    rows = []
    for question in due[: round(len(due) * share)]:
        best = len(question.choices) - 1
        level = round(min(max(chance.gauss(lean, 0.25), 0), 1) * best)
        is_known = chance.random() > 0.04
        rows.append(
            Answer(
                respondent=sheet, question=question.id, state=State.GRADED if is_known else State.UNKNOWN,
                level=level if is_known else None, revision=1, answered_by=by, answered_at=LONG_AGO,
                evidence_url="https://wiki.example.org/x" if chance.random() > 0.4 else "",
            )
        )  # fmt: skip
    Answer.objects.bulk_create(rows)
    refresh_figures(assessment, evaluate_assessment(assessment))


def make_rated(
    organisation: Organisation,
    by: User,
    chance: random.Random,
    *,
    name: str = "",
    share: float = 1.0,
    reviews: int = 0,
    **more: object,
) -> Project:
    """A project with answers and, if asked for, reviews every sixty days up to ten days ago."""
    stage = chance.choice(["idea", "prototype", "pilot", "production"])
    project = make_project(organisation, by, name=name or f"Project {chance.randrange(10**9)}", stage=stage, **more)
    assessment = make_assessment(project, by, at=LONG_AGO)
    now = timezone.now()
    for back in range(reviews, 0, -1):
        write_answers(assessment, by, chance)
        take_snapshot(assessment=assessment, label="Review", by=by, at=now - timedelta(days=60 * back - 50))
    write_answers(assessment, by, chance, share=share)
    return project


def set_figures(project: Project, **columns: object) -> None:
    """Columns as a test needs them, where how they came about does not matter."""
    ProjectFigures.objects.filter(project=project, is_current=True).update(**columns, changed_at=timezone.now())


def sight(user: User) -> Sight:
    return sight_of(Membership.objects.select_related("organisation").get(user=user))


Rate = Callable[..., Project]


@pytest.fixture
def chance() -> random.Random:
    return random.Random(7)


@pytest.fixture
def rate(organisation: Organisation, owner: User, chance: random.Random) -> Rate:
    def make(**more: object) -> Project:
        return make_rated(organisation, owner, chance, **more)  # type: ignore[arg-type]

    return make
