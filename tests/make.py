"""Factories: each makes one thing through the same services as the pages."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from accounts.models import Membership, Organisation, User
from accounts.roles import Role
from assessments.models import Assessment, Snapshot, State
from assessments.services import GivenAnswer, SavedAnswer, start_assessment, submit_answer
from assessments.snapshots import take_snapshot
from projects.models import Project, ProjectFigures
from projects.services import ProjectDetails, create_project

PASSWORD = "a quiet long password"
AT = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
_numbers = itertools.count(1)


def make_organisation(name: str = "North") -> Organisation:
    return Organisation.objects.create(name=name)


def make_user(name: str = "", email: str = "", **fields: Any) -> User:
    number = next(_numbers)
    return User.objects.create_user(
        email or f"person{number}@example.org", PASSWORD, name=name or f"Person {number}", **fields
    )


def make_member(organisation: Organisation, role: str, *, all_projects: bool = True, name: str = "") -> User:
    user = make_user(name=name or f"{organisation.name} {Role(role).label}")
    Membership.objects.create(user=user, organisation=organisation, role=role, all_projects=all_projects)
    return user


def make_project(
    organisation: Organisation,
    by: User,
    *,
    name: str = "Forecast",
    stage: str = "pilot",
    facts: Sequence[str] = (),
    **more: Any,
) -> Project:
    details = ProjectDetails(
        name=name, goal="Shelves are full with less stock.", stage=stage, facts=facts, owner=by, **more
    )
    return create_project(organisation=organisation, details=details, by=by)


def make_assessment(project: Project, by: User, *, at: datetime = AT) -> Assessment:
    return start_assessment(project=project, by=by, title="Gate review", at=at)


def figures_of(project: Project) -> ProjectFigures:
    """What the database holds of the project's risk now."""
    return ProjectFigures.objects.select_related("project").get(project_id=project.pk, is_current=True)


def make_answer(
    assessment: Assessment,
    by: User,
    question: str,
    given: GivenAnswer | int | None = None,
    *,
    base: int = 0,
    at: datetime = AT,
) -> SavedAnswer:
    """Saves one answer: a level, or any content."""
    if given is None or isinstance(given, int):
        given = GivenAnswer(State.GRADED, given or 0)
    return submit_answer(
        assessment=assessment,
        question=question,
        given=given,
        base_revision=base,
        mutation_id=uuid.uuid4(),
        by=by,
        at=at,
    )


def answer_all(assessment: Assessment, by: User, *, level: int = 2, at: datetime = AT) -> None:
    for question in assessment.questions_due():
        make_answer(assessment, by, question.id, level, at=at)


def make_snapshot(
    assessment: Assessment, by: User, *, label: str = "First review", closes: bool = False, at: datetime = AT
) -> Snapshot:
    return take_snapshot(assessment=assessment, label=label, by=by, closes=closes, at=at)
