"""Who sees one project, and as what."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import user_of
from accounts.models import Membership
from accounts.roles import Permission, Role
from projects.access import project_for
from projects.services import set_grants


@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest, slug: str) -> HttpResponse:
    """Who sees this project and as what. Owners decide."""
    project = project_for(request.user, slug, Permission.MANAGE_ORGANISATION)
    members = list(
        Membership.objects.filter(organisation=project.organisation, user__is_active=True)
        .exclude(role=Role.OWNER)
        .select_related("user")
        .order_by("user__name", "id")[:500]
    )
    choices = [(role.value, role.label) for role in Role if role != Role.OWNER]
    if request.method == "POST":
        grants = {}
        for member in members:
            role = request.POST.get(f"role-{member.pk}", "")
            if role and role not in dict(choices):
                raise Http404("No such role.")
            grants[member] = role
        set_grants(project=project, grants=grants, by=user_of(request))
        messages.success(request, "Saved. The change acts from each person's next page on.")
        return redirect("projects:people", slug=project.slug)
    held = dict(project.grants.values_list("membership_id", "role"))
    rows = [(member, held.get(member.pk, "")) for member in members]
    return render(
        request,
        "projects/people.html",
        {"section": "projects", "project": project, "tab": "settings", "rows": rows, "choices": choices},
    )
