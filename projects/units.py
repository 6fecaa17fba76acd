"""Business units: a simple list, made of the names that stand on projects."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models.functions import Now

from accounts import audit
from accounts.models import Membership, Organisation, User
from accounts.texts import TextRefused, clean_text
from projects.models import NO_UNIT, UNIT_LIMIT, Project, ProjectFigures, ProjectQuerySet, UnitGrant

MOST_UNITS = 200


class UnknownUnit(Exception):
    """No project of the organisation names this unit."""


def units_of(projects: ProjectQuerySet) -> list[str]:
    """The names of the units of these projects in order, at most 200."""
    named = projects.exclude(unit="").order_by("unit")
    return list(named.values_list("unit", flat=True).distinct()[:MOST_UNITS])


def spelled_unit(projects: ProjectQuerySet, name: str) -> str:
    """The name as one of these projects spells it, whatever the case; the name itself if it is new."""
    if not name or projects.filter(unit=name).exists():
        return name
    return projects.filter(unit__iexact=name).values_list("unit", flat=True).first() or name


@transaction.atomic
def rename_unit(*, organisation: Organisation, unit: str, name: str, by: User) -> int:
    """Gives a unit another name on all its projects and grants; an existing name merges the two.

    Returns how many projects it has moved. Raises TextRefused for a bad name, UnknownUnit for one that no project has.
    """
    unit = clean_text(unit, field="Unit", limit=UNIT_LIMIT)
    name = clean_text(name, field="New name", limit=UNIT_LIMIT, required=True)
    if name == NO_UNIT:
        raise TextRefused(f"New name: “{NO_UNIT}” stands for no unit.")
    if not unit or not Project.objects.filter(organisation=organisation, unit=unit).exists():
        raise UnknownUnit("No project is of this unit any more.")
    mine = Project.objects.filter(organisation=organisation)
    if name.casefold() != unit.casefold():
        name = spelled_unit(mine, name)
    # Projects before figures, as everywhere: who takes a snapshot holds the project and waits for its figures.
    moved = Project.objects.filter(organisation=organisation, unit=unit).update(unit=name)
    ProjectFigures.objects.filter(organisation=organisation, is_current=True, project__unit=name).update(
        changed_at=Now()
    )
    grants = UnitGrant.objects.filter(membership__organisation=organisation, unit=unit)
    held = UnitGrant.objects.filter(membership__organisation=organisation, unit=name).values("membership")
    if name != unit:
        grants.filter(membership__in=list(held.values_list("membership", flat=True))).delete()
        grants.update(unit=name)
        audit.record(organisation=organisation, actor=by, verb="unit.renamed", thing=name, before=unit, projects=moved)
    return moved


@transaction.atomic
def set_units(*, membership: Membership, units: Collection[str], by: User) -> None:
    """Which units a narrowed member sees whole. Only changes are written."""
    held = set(membership.unit_grants.values_list("unit", flat=True))
    wanted = set(units)
    if held == wanted:
        return
    membership.unit_grants.filter(unit__in=held - wanted).delete()
    UnitGrant.objects.bulk_create(UnitGrant(membership=membership, unit=unit) for unit in sorted(wanted - held))
    audit.record(
        organisation=membership.organisation,
        actor=by,
        verb="member.units",
        thing=f"user:{membership.user_id}",
        units=", ".join(sorted(wanted)),
    )
