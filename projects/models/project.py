"""A project: what is to be built, for whom, and how far it has come."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Now
from django.utils.text import slugify

from accounts.models import NAME_LIMIT, Membership, Organisation, User
from accounts.roles import Permission, Role, permissions_of

GOAL_LIMIT = 300
UNIT_LIMIT = 80
NO_UNIT = "-"
"""Asks for the projects that name no unit; no unit is called so."""
TAG_LIMIT = 40
TAGS_LIMIT = 12


class Stage(models.TextChoices):
    """The stage whose entry is assessed; the same ids as in the checklist."""

    IDEA = "idea", "Idea"
    PROTOTYPE = "prototype", "Prototype"
    PILOT = "pilot", "Pilot"
    PRODUCTION = "production", "Production"


def new_slug(name: str) -> str:
    """Readable and not guessable: the name's letters and eight random ones."""
    return f"{slugify(name)[:60].strip('-') or 'project'}-{secrets.token_hex(4)}"


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, user: User) -> ProjectQuerySet:
        """The projects of the user's organisations; where the membership is narrowed, those with a grant or of a unit.

        Each row carries `member_role` and `grant_role` (None without a grant), from which the permissions follow.
        """
        membership = Membership.objects.filter(user=user, organisation=OuterRef("organisation"))
        grant = ProjectGrant.objects.filter(membership__user=user, project=OuterRef("pk"))
        unit = UnitGrant.objects.filter(
            membership__user=user, membership__organisation=OuterRef("organisation"), unit=OuterRef("unit")
        )
        return self.annotate(
            member_role=Subquery(membership.values("role")[:1]),
            grant_role=Subquery(grant.values("role")[:1]),
        ).filter(
            Exists(membership.filter(Q(all_projects=True) | Q(role=Role.OWNER)))
            | Q(Exists(membership), grant_role__isnull=False)
            | Q(Exists(unit))
        )

    def in_sight_of(self, membership: Membership) -> ProjectQuerySet:
        """The projects of one organisation that this member may see; the same as `visible_to`, and quicker."""
        mine = self.filter(organisation=membership.organisation_id)
        if membership.sees_everything:
            return mine
        return mine.filter(
            Q(Exists(ProjectGrant.objects.filter(membership=membership, project=OuterRef("pk"))))
            | Q(Exists(UnitGrant.objects.filter(membership=membership, unit=OuterRef("unit"))))
        )

    def open(self) -> ProjectQuerySet:
        return self.filter(archived_at=None)


class Project(models.Model):
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="projects")
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=NAME_LIMIT)
    goal = models.CharField(max_length=GOAL_LIMIT)
    stage = models.CharField(max_length=16, choices=Stage.choices)
    facts = models.JSONField(default=list)
    owner = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="owned_projects")
    unit = models.CharField(max_length=UNIT_LIMIT, blank=True)
    tags = models.JSONField(default=list)
    planned_date = models.DateField(null=True, blank=True)
    planned_value = models.PositiveBigIntegerField(null=True, blank=True)
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())
    archived_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ProjectQuerySet] = ProjectQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = (
            models.Index(fields=("organisation", "name", "id"), name="project_by_name"),
            models.Index(fields=("organisation", "unit"), name="project_by_unit"),
        )
        constraints = (models.CheckConstraint(condition=Q(stage__in=Stage.values), name="project_stage_known"),)

    def __str__(self) -> str:
        return self.name

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    def permissions(self) -> frozenset[Permission]:
        """What the person this row was read for may do. Only on rows from `visible_to`."""
        row = vars(self)
        return permissions_of(row["member_role"], row["grant_role"])


OUTCOMES = ("value", "no_value", "cancelled", "not_delivered")


class Outcome(models.Model):
    """How a project ended, recorded once. Everything but production with value counts as failure."""

    class Kind(models.TextChoices):
        VALUE = "value", "In production with value"
        NO_VALUE = "no_value", "In production without value"
        CANCELLED = "cancelled", "Cancelled"
        NOT_DELIVERED = "not_delivered", "Not delivered 12 months after the planned date"

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="outcome")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    is_delayed = models.BooleanField(default=False)
    on = models.DateField()
    sentence = models.CharField(max_length=GOAL_LIMIT, blank=True)
    recorded_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(kind__in=OUTCOMES), name="outcome_kind_known"),)

    def __str__(self) -> str:
        return f"{self.project}: {self.get_kind_display()}"

    @property
    def is_failure(self) -> bool:
        return self.kind != self.Kind.VALUE


class ProjectGrant(models.Model):
    """Narrows a membership to a project and, there, to a role."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="grants")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=16, choices=[(r.value, r.label) for r in Role if r != Role.OWNER])

    class Meta:
        constraints = (models.UniqueConstraint(fields=("membership", "project"), name="one_grant_per_project"),)

    def __str__(self) -> str:
        return f"{self.membership} on {self.project}"


class UnitGrant(models.Model):
    """Shows a narrowed membership every project of one business unit, whatever is added to the unit later."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="unit_grants")
    unit = models.CharField(max_length=UNIT_LIMIT)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("membership", "unit"), name="one_grant_per_unit"),
            models.CheckConstraint(condition=~Q(unit=""), name="unit_grant_names_a_unit"),
        )

    def __str__(self) -> str:
        return f"{self.membership} on unit {self.unit}"
