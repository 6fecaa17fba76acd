"""Audited writes on projects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models.functions import Now

from accounts import audit
from accounts.models import Membership, Organisation, User
from accounts.texts import TextRefused, clean_text
from projects.models import GOAL_LIMIT, FiguresQuerySet, Outcome, Project, ProjectFigures, ProjectGrant, new_slug

# Only these, so that saving the settings does not undo an archiving that came in between.
DETAIL_COLUMNS = ("name", "goal", "stage", "facts", "owner", "unit", "tags", "planned_date", "planned_value")


@dataclass(frozen=True, slots=True)
class ProjectDetails:
    """What a person may set on a project, already cleaned."""

    name: str
    goal: str
    stage: str
    facts: Sequence[str] = ()
    owner: User | None = None
    unit: str = ""
    tags: Sequence[str] = ()
    planned_date: date | None = None
    planned_value: int | None = None


@transaction.atomic
def create_project(*, organisation: Organisation, details: ProjectDetails, by: User, is_demo: bool = False) -> Project:
    """Adds a project. The caller has checked that `by` may create projects in `organisation`."""
    project = Project(organisation=organisation, slug=new_slug(details.name), is_demo=is_demo)
    _apply(project, details)
    project.save(force_insert=True)
    start_figures(project)
    grant_to_maker(project, by)
    audit.record(organisation=organisation, actor=by, verb="project.created", thing=project.slug, name=project.name)
    return project


def grant_to_maker(project: Project, by: User) -> None:
    """Shows the project to a narrowed member who brought it in; nobody else would need a grant for it."""
    membership = Membership.objects.filter(user=by, organisation=project.organisation_id).first()
    if membership is not None and not membership.sees_everything:
        ProjectGrant.objects.create(membership=membership, project=project, role=membership.role)
        audit.record(
            organisation=project.organisation,
            actor=by,
            verb="project.grant",
            thing=project.slug,
            member=by.email,
            role=membership.role,
        )


def start_figures(project: Project) -> None:
    """The row of a project of which nothing is known yet."""
    ProjectFigures.objects.create(
        project=project, organisation_id=project.organisation_id, is_current=True, stage=project.stage
    )


@transaction.atomic
def update_project(*, project: Project, details: ProjectDetails, by: User) -> Project:
    """Changes the description. Stage and facts decide which questions are due from the next page on.

    `assessments.services.follow_project` must come after it in the same transaction. It writes the figures under the
    lock of the checklist, or this and an answer that is saved at the same moment could wait for each other for ever.
    """
    _apply(project, details)
    project.save(update_fields=DETAIL_COLUMNS)
    audit.record(
        organisation=project.organisation, actor=by, verb="project.updated", thing=project.slug, stage=project.stage
    )
    return project


@transaction.atomic
def archive_project(*, project: Project, by: User, at: datetime | None) -> Project:
    """Archives the project at `at`, or restores it when `at` is None. Nothing is removed.

    One that is in that state already stays as it is: since when it is archived decides what a past day shows.
    """
    project.archived_at = Project.objects.select_for_update().values_list("archived_at", flat=True).get(pk=project.pk)
    if (at is None) == (project.archived_at is None):
        return project
    project.archived_at = at
    project.save(update_fields=["archived_at"])
    _current_figures(project).update(changed_at=Now())
    verb = "project.archived" if at else "project.restored"
    audit.record(organisation=project.organisation, actor=by, verb=verb, thing=project.slug)
    return project


class OutcomeRecorded(Exception):
    """The project has an outcome already; it is recorded once."""


@transaction.atomic
def record_outcome(
    *, project: Project, kind: str, on: date, sentence: str = "", is_delayed: bool = False, by: User, at: datetime
) -> Outcome:
    """Records how the project ended: `kind` of Outcome.Kind, on the day `on`, with a sentence on what came of it.

    Raises TextRefused for a bad sentence or a day after today, ValueError for an unknown kind, OutcomeRecorded when
    there is one already.
    """
    if on > at.date():
        raise TextRefused("On: that day is still to come.")
    if kind not in Outcome.Kind.values:
        raise ValueError(f"Outcome: {kind!r} is none of {', '.join(Outcome.Kind.values)}.")
    Project.objects.select_for_update().get(pk=project.pk)
    if Outcome.objects.filter(project=project).exists():
        raise OutcomeRecorded("This project has an outcome already.")
    outcome = Outcome.objects.create(
        project=project,
        kind=kind,
        on=on,
        is_delayed=is_delayed,
        sentence=clean_text(sentence, field="What came of it", limit=GOAL_LIMIT),
        recorded_by=by,
        recorded_at=at,
    )
    _current_figures(project).update(changed_at=Now())
    audit.record(
        organisation=project.organisation,
        actor=by,
        verb="outcome.recorded",
        thing=project.slug,
        kind=kind,
        delayed=is_delayed,
    )
    return outcome


def _apply(project: Project, details: ProjectDetails) -> None:
    project.name, project.goal, project.stage = details.name, details.goal, details.stage
    project.facts, project.tags = sorted(set(details.facts)), list(details.tags)
    project.owner, project.unit = details.owner, details.unit
    project.planned_date, project.planned_value = details.planned_date, details.planned_value


def _current_figures(project: Project) -> FiguresQuerySet:
    return ProjectFigures.objects.filter(project=project, is_current=True)


@transaction.atomic
def set_grants(*, project: Project, grants: Mapping[Membership, str], by: User) -> None:
    """Sets each member's role in this project; an empty role takes the grant away. Only changes are written."""
    held = dict(ProjectGrant.objects.filter(project=project).values_list("membership_id", "role"))
    for membership, role in grants.items():
        if held.get(membership.pk, "") == role:
            continue
        if role:
            ProjectGrant.objects.update_or_create(membership=membership, project=project, defaults={"role": role})
        else:
            ProjectGrant.objects.filter(membership=membership, project=project).delete()
        audit.record(
            organisation=project.organisation,
            actor=by,
            verb="project.grant",
            thing=project.slug,
            member=membership.user.email,
            role=role or None,
        )
