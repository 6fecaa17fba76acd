"""Projects: what is to be built, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Prefetch
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import NAME_LIMIT, Organisation, User
from accounts.roles import Permission
from api.access import acting_of, acting_with, project_of
from api.fields import Body, Choice, Day, Text, Texts, Whole
from api.operations import (
    IF_MATCH,
    OF_ORGANISATION,
    PORTION,
    Endpoint,
    check_match,
    etag_of,
    list_of,
    operation,
    read_body,
)
from api.pages import portion_of
from api.problems import refused
from api.shapes import FiguresShape, PersonShape, figures, person
from assessments.models import Assessment
from assessments.services import CHECKLIST, follow_project
from checklists.loader import load
from projects.access import ARCHIVED
from projects.forms import VALUE_LIMIT
from projects.models import (
    GOAL_LIMIT,
    NO_UNIT,
    TAG_LIMIT,
    TAGS_LIMIT,
    UNIT_LIMIT,
    Project,
    ProjectFigures,
    ProjectQuerySet,
    Stage,
)
from projects.services import ProjectDetails, archive_project, create_project, update_project
from projects.units import spelled_unit

FACTS = tuple(fact.id for fact in load(*CHECKLIST).facts)


class ProjectFiguresShape(FiguresShape):
    """Where the failure risk of a project stands now."""

    reviewed_at = serializers.DateTimeField(
        allow_null=True, help_text="When the newest snapshot was taken, in UTC. Null for none."
    )
    changed_at = serializers.DateTimeField(help_text="When anything of this last changed, in UTC.")


class ProjectShape(serializers.Serializer[Any]):
    organisation = serializers.IntegerField(help_text="The number of its organisation.")
    slug = serializers.CharField(help_text="The project's part of addresses. It never changes.")
    name = serializers.CharField(help_text="What the project is called.")
    goal = serializers.CharField(help_text="What is to be reached, in one sentence.")
    stage = serializers.ChoiceField(Stage.choices, help_text="The stage that it wants to enter.")
    facts = serializers.ListField(child=serializers.CharField(), help_text="Ids of the facts that are true of it.")
    unit = serializers.CharField(help_text="Business unit, empty for none.")
    tags = serializers.ListField(child=serializers.CharField(), help_text="Words by which projects are grouped.")
    owner = PersonShape(allow_null=True, help_text="The person who owns the project, null for none.")
    planned_date = serializers.DateField(allow_null=True, help_text="When it is to enter the stage.")
    planned_value = serializers.IntegerField(allow_null=True, help_text="Planned value a year, in thousands.")
    is_demo = serializers.BooleanField(help_text="Part of the invented portfolio.")
    created_at = serializers.DateTimeField(help_text="When the project was first made, in UTC.")
    archived_at = serializers.DateTimeField(
        allow_null=True, help_text="When it was archived, in UTC. Null while it is not."
    )
    assessment = serializers.IntegerField(allow_null=True, help_text="The newest run of the checklist.")
    figures = ProjectFiguresShape(help_text="What the answers give now.")


class ProjectBody(Body):
    name = Text(say="Name", limit=NAME_LIMIT, help_text="What the project is called.")
    goal = Text(say="Goal", limit=GOAL_LIMIT, help_text="In one sentence.")
    stage = Choice(Stage.choices, help_text="The stage that it wants to enter.")
    facts = Texts(child=Choice(FACTS), default=list, max_length=len(FACTS), help_text="What is true of it.")
    unit = Text(say="Unit", limit=UNIT_LIMIT, required=False, help_text="Business unit, empty for none.")
    tags = Texts(
        child=Text(say="Tag", limit=TAG_LIMIT),
        default=list,
        max_length=TAGS_LIMIT,
        help_text="Words by which projects are grouped, none with a comma. Repetitions are left out.",
    )
    owner = Whole(
        allow_null=True, default=None, min_value=1, max_value=10**12, help_text="The number of a member, null for none."
    )
    planned_date = Day(allow_null=True, default=None, help_text="When it is to enter the stage.")
    planned_value = Whole(
        allow_null=True, default=None, min_value=0, max_value=VALUE_LIMIT, help_text="A year, in thousands."
    )

    def validate_tags(self, value: list[str]) -> list[str]:
        """As on the page, where a comma parts two tags."""
        if any("," in tag for tag in value):
            raise serializers.ValidationError("A tag holds no comma.")
        return list(dict.fromkeys(" ".join(tag.split()) for tag in value))

    def validate_unit(self, value: str) -> str:
        value = " ".join(value.split())
        if value == NO_UNIT:
            raise serializers.ValidationError(f"“{NO_UNIT}” stands for no unit. Leave the field empty.")
        return value


def with_parts(projects: ProjectQuerySet) -> ProjectQuerySet:
    """The projects with what their shape shows: three queries for any number."""
    return projects.select_related("owner").prefetch_related(
        Prefetch("figures", ProjectFigures.objects.filter(is_current=True), to_attr="now"),
        Prefetch("assessments", Assessment.objects.filter(is_latest=True), to_attr="newest"),
    )


def project_shape(project: Project) -> dict[str, Any]:
    """`project` is a row of `with_parts`."""
    now, newest = vars(project)["now"], vars(project)["newest"]
    plain = (
        "slug", "name", "goal", "stage", "facts", "unit", "tags", "planned_date", "planned_value", "is_demo",
        "created_at", "archived_at",
    )  # fmt: skip
    shape = {
        **{name: getattr(project, name) for name in plain},
        "organisation": project.organisation_id,
        "owner": person(project.owner),
        "assessment": newest[0].pk if newest else None,
        "figures": {**figures(now[0]), "reviewed_at": now[0].reviewed_at, "changed_at": now[0].changed_at},
    }
    return dict(ProjectShape(shape).data)


def read_project(pk: int) -> dict[str, Any]:
    return project_shape(with_parts(Project.objects.filter(pk=pk)).get())


def details_of(
    values: Mapping[str, Any], organisation: Organisation, seen: ProjectQuerySet, before: Project | None = None
) -> ProjectDetails:
    """The values of a body. Raises Problem for an owner who is no member."""
    owner = before.owner if before is not None and "owner" not in values else None
    if values.get("owner") is not None:
        owner = User.objects.filter(pk=values["owner"], is_active=True, memberships__organisation=organisation).first()
        if owner is None:
            raise refused("owner", "owner: no member of the organisation has this number.")
    kept = {} if before is None else {name: getattr(before, name) for name in DETAILS}
    merged = kept | {name: value for name, value in values.items() if name != "owner"}
    if "unit" in values:
        merged["unit"] = spelled_unit(seen, values["unit"])
    return ProjectDetails(**merged, owner=owner)


DETAILS = ("name", "goal", "stage", "facts", "unit", "tags", "planned_date", "planned_value")
FILTERS = (
    *PORTION,
    OF_ORGANISATION,
    OpenApiParameter(
        "archived", bool, description="`true` for the archived ones alone, `false` (the default) for the others."
    ),
    OpenApiParameter("stage", str, enum=Stage.values, description="Those that want to enter this stage."),
    OpenApiParameter("unit", str, description=f"Those of this business unit; `{NO_UNIT}` for those of none."),
)


class Projects(Endpoint):
    @operation(
        "list_projects",
        "Projects",
        needs=Permission.VIEW_PROJECT,
        returns=list_of(ProjectShape),
        query=FILTERS,
    )
    def get(self, request: Request) -> Response:
        """Those of the organisation that you may see, oldest first."""
        acting = acting_with(request, Permission.VIEW_PROJECT)
        archived = request.query_params.get("archived", "false")
        if archived not in {"true", "false"}:
            raise refused("archived", "archived: true or false.")
        stage, unit = request.query_params.get("stage"), request.query_params.get("unit")
        rows = Project.objects.in_sight_of(acting.membership).filter(archived_at__isnull=archived == "false")
        if stage is not None:
            if stage not in Stage.values:
                raise refused("stage", f"stage: one of {', '.join(Stage.values)}.")
            rows = rows.filter(stage=stage)
        if unit is not None:
            rows = rows.filter(unit="" if unit == NO_UNIT else unit)
        portion = portion_of(request, with_parts(rows).order_by("id"), project_shape)
        return Response({"items": portion.items, "next": portion.next})

    @operation(
        "create_project",
        "Make a project",
        needs=Permission.CREATE_PROJECT,
        takes=ProjectBody,
        returns=ProjectShape,
        status=201,
        query=(OF_ORGANISATION,),
    )
    def post(self, request: Request) -> Response:
        """It has no checklist yet: start one with `start_assessment`."""
        acting = acting_with(request, Permission.CREATE_PROJECT)
        values = read_body(request, ProjectBody)
        details = details_of(values, acting.organisation, Project.objects.in_sight_of(acting.membership))
        project = create_project(organisation=acting.organisation, details=details, by=acting.user)
        headers = {"Location": reverse("api:project", args=[project.slug])}
        return Response(read_project(project.pk), status=201, headers=headers)


class OneProject(Endpoint):
    @operation("read_project", "One project", needs=Permission.VIEW_PROJECT, returns=ProjectShape)
    def get(self, request: Request, slug: str) -> Response:
        return Response(read_project(project_of(request, slug, Permission.VIEW_PROJECT).pk))

    @operation(
        "change_project",
        "Change a project",
        needs=Permission.EDIT_PROJECT,
        takes=ProjectBody,
        returns=ProjectShape,
        query=(IF_MATCH,),
        also=(412,),
    )
    def patch(self, request: Request, slug: str) -> Response:
        """Only the fields that are sent change. Stage and facts decide which questions are due. Takes If-Match."""
        project = project_of(request, slug, Permission.EDIT_PROJECT)
        values = read_body(request, ProjectBody, partial=True)
        values = {name: value for name, value in values.items() if name in request.data}
        by = acting_of(request).user
        with transaction.atomic():
            projects = Project.objects.select_for_update(of=("self",)).select_related("organisation", "owner")
            locked = projects.get(pk=project.pk)
            if locked.is_archived:
                raise PermissionDenied(ARCHIVED)
            stored = read_project(locked.pk)
            check_match(request, etag_of(stored), stored=stored)
            if values:
                seen = Project.objects.visible_to(by).filter(organisation=locked.organisation)
                update_project(project=locked, details=details_of(values, locked.organisation, seen, locked), by=by)
                follow_project(project=locked)
            changed = read_project(locked.pk)
        return Response(changed, headers={"ETag": etag_of(changed)})


class Archive(Endpoint):
    @operation("archive_project", "Archive a project", needs=Permission.EDIT_PROJECT, returns=ProjectShape)
    def post(self, request: Request, slug: str) -> Response:
        """It can be read and restored. Nothing is removed."""
        project = project_of(request, slug, Permission.EDIT_PROJECT)
        archive_project(project=project, by=acting_of(request).user, at=timezone.now())
        return Response(read_project(project.pk))


class Restore(Endpoint):
    @operation("restore_project", "Restore an archived project", needs=Permission.EDIT_PROJECT, returns=ProjectShape)
    def post(self, request: Request, slug: str) -> Response:
        project = project_of(request, slug, Permission.EDIT_PROJECT)
        archive_project(project=project, by=acting_of(request).user, at=None)
        return Response(read_project(project.pk))
