"""Business units: a simple list, made of the names that stand on projects."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models.functions import Now

from accounts import audit
from accounts.models import Membership, Organisation, User
from accounts.texts import clean_text
from projects.models import UNIT_LIMIT, Project, ProjectFigures, UnitGrant

MOST_UNITS = 200


def units_of(organisation: Organisation) -> list[str]:
    """The names of the organisation's units in order, at most 200."""
    rows = Project.objects.filter(organisation=organisation).exclude(unit="")
    return list(rows.order_by("unit").values_list("unit", flat=True).distinct()[:MOST_UNITS])


def spelled_unit(organisation: Organisation, name: str) -> str:
    """The name as another project of the organisation spells it, whatever the case; the name itself if it is new."""
    if not name or Project.objects.filter(organisation=organisation, unit=name).exists():
        return name
    rows = Project.objects.filter(organisation=organisation, unit__iexact=name)
    return rows.values_list("unit", flat=True).first() or name


@transaction.atomic
def rename_unit(*, organisation: Organisation, unit: str, name: str, by: User) -> int:
    """Gives a unit another name on all its projects and grants; an existing name merges the two.

    Returns how many projects it has moved. Raises TextRefused for a bad name.
    """
    name = clean_text(name, field="New name", limit=UNIT_LIMIT, required=True)
    if spelled_unit(organisation, name).casefold() != unit.casefold():
        name = spelled_unit(organisation, name)
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
