"""Which projects a member may see, and the figures of those and no others."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.db.models import Q

from accounts.models import Membership
from projects.models import FiguresQuerySet, ProjectFigures, ProjectGrant, UnitGrant


@dataclass(frozen=True, slots=True)
class Sight:
    """What one member sees of one organisation. Every query of this package starts here.

    `project_ids` and `units` are empty where nothing is hidden.
    """

    membership: Membership
    is_whole: bool
    project_ids: tuple[int, ...] = ()
    units: tuple[str, ...] = ()

    @property
    def organisation_id(self) -> int:
        return self.membership.organisation_id

    def figures(self) -> FiguresQuerySet:
        mine = ProjectFigures.objects.filter(organisation=self.organisation_id)
        if self.is_whole:
            return mine
        return mine.filter(Q(project__in=self.project_ids) | Q(project__unit__in=self.units))

    @property
    def key(self) -> str:
        """The same for everybody who sees the same projects of the same organisation."""
        if self.is_whole:
            return f"{self.organisation_id}:all"
        seen = repr((self.project_ids, self.units)).encode()
        return f"{self.organisation_id}:{hashlib.sha256(seen).hexdigest()[:32]}"


def sight_of(membership: Membership) -> Sight:
    """Read anew for every request: a narrowed membership narrows the next page. No query where nothing is hidden."""
    if membership.sees_everything:
        return Sight(membership, is_whole=True)
    granted = ProjectGrant.objects.filter(membership=membership, project__organisation=membership.organisation_id)
    units = UnitGrant.objects.filter(membership=membership)
    return Sight(
        membership,
        is_whole=False,
        project_ids=tuple(granted.order_by("project_id").values_list("project_id", flat=True)),
        units=tuple(units.order_by("unit").values_list("unit", flat=True)),
    )
