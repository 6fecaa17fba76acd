"""Which business units a member sees whole."""

from __future__ import annotations

from copy import copy

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import member_with, user_of
from accounts.models import Membership
from accounts.roles import Permission, Role
from projects.models import Project
from projects.units import set_units, units_of

GONE = "A unit you chose is no longer there, perhaps because it was renamed. Look at the list and save again."


@require_http_methods(["GET", "HEAD", "POST"])
def member_units(request: HttpRequest, membership_id: int) -> HttpResponse:
    """Owners choose. Units act only while the member does not see all projects; they can be chosen before."""
    acting = member_with(request, Permission.MANAGE_ORGANISATION)
    membership = get_object_or_404(
        acting.organisation.memberships.select_related("user", "organisation"), pk=membership_id
    )
    held = set(membership.unit_grants.values_list("unit", flat=True))
    named = units_of(Project.objects.filter(organisation=acting.organisation))
    units = named + sorted(held - set(named))
    chosen, problem = held, ""
    if request.method == "POST":
        chosen = set(request.POST.getlist("units"))
        if chosen <= set(units):
            set_units(membership=membership, units=chosen, by=user_of(request))
            messages.success(request, "Saved. The change acts from the person's next page on.")
            return redirect("projects:member_units", membership_id=membership.pk)
        problem = GONE
    context = {
        "section": "members",
        "member": membership,
        "is_owner": membership.role == Role.OWNER,
        "units": [(unit, unit in chosen, unit not in named) for unit in units],
        "seen": _seen_while_narrowed(membership),
        "problem": problem,
    }
    return render(request, "projects/member_units.html", context, status=422 if problem else 200)


def _seen_while_narrowed(membership: Membership) -> int:
    """How many open projects the member sees by what is stored, once not all are shown."""
    narrowed = copy(membership)
    narrowed.all_projects = False
    return Project.objects.in_sight_of(narrowed).open().count()
