"""Who belongs to the organisation, and as what."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import logout
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import services
from accounts.access import member_with, user_of
from accounts.errors import AccountsError, AlreadyMember, InvitationClosed, LastOwner
from accounts.forms import InviteForm, RoleForm
from accounts.links import absolute_url
from accounts.mails import send_invitation
from accounts.models import Membership
from accounts.roles import ROLE_MEANS, Permission, Role

PAGE = 50
FIND_LIMIT = 120
ROLES = [(role.value, role.label, ROLE_MEANS[role]) for role in Role]


@require_safe
def members(request: HttpRequest) -> HttpResponse:
    acting = member_with(request, Permission.MANAGE_ORGANISATION)
    return _members_page(request, acting, InviteForm())


@require_POST
def invite(request: HttpRequest) -> HttpResponse:
    """Answers with the link itself instead of a redirect: it is shown once and kept nowhere."""
    acting = member_with(request, Permission.MANAGE_ORGANISATION)
    form = InviteForm(request.POST)
    if form.is_valid():
        data, by = form.cleaned_data, user_of(request)
        try:
            invited = services.invite(organisation=acting.organisation, by=by, at=timezone.now(), **data)
        except AlreadyMember as error:
            form.add_error("email", str(error))
        else:
            link = absolute_url(request, reverse("accounts:invitation", args=[invited.token]))
            is_sent = send_invitation(invitation=invited.invitation, link=link)
            context = {"section": "members", "invitation": invited.invitation, "link": link, "is_sent": is_sent}
            return render(request, "accounts/invited.html", context)
    return _members_page(request, acting, form, status=422)


@require_POST
def revoke(request: HttpRequest, invitation_id: int) -> HttpResponse:
    acting = member_with(request, Permission.MANAGE_ORGANISATION)
    invitation = get_object_or_404(acting.organisation.invitations, pk=invitation_id)
    try:
        services.revoke_invitation(invitation=invitation, by=user_of(request), at=timezone.now())
    except InvitationClosed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"The invitation for {invitation.email} is withdrawn. Its link no longer works.")
    return redirect("accounts:members")


@require_http_methods(["GET", "HEAD", "POST"])
def member(request: HttpRequest, membership_id: int) -> HttpResponse:
    acting = member_with(request, Permission.MANAGE_ORGANISATION)
    membership = get_object_or_404(
        acting.organisation.memberships.select_related("user", "organisation"), pk=membership_id
    )
    form = RoleForm(
        request.POST if request.method == "POST" else None,
        initial={"role": membership.role, "all_projects": membership.all_projects},
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.change_role(membership=membership, by=user_of(request), **form.cleaned_data)
        except LastOwner as error:
            form.add_error("role", str(error))
        else:
            messages.success(request, "Saved. The change acts from the person's next page on.")
            return redirect("home" if membership == acting else "accounts:members")
    context = {"section": "members", "member": membership, "form": form, "roles": ROLES}
    return render(request, "accounts/member.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, membership_id: int) -> HttpResponse:
    acting = member_with(request, Permission.MANAGE_ORGANISATION)
    membership = get_object_or_404(
        acting.organisation.memberships.select_related("user", "organisation"), pk=membership_id
    )
    is_self, person, problem = membership == acting, membership.user, ""
    if request.method == "POST":
        try:
            services.remove_member(membership=membership, by=user_of(request))
        except AccountsError as error:
            problem = str(error)
        else:
            return _after_removal(request, person.name, is_self=is_self)
    context = {
        "section": "members",
        "member": membership,
        "is_self": is_self,
        "is_last": not person.memberships.exclude(pk=membership_id).exists(),
        "problem": problem,
    }
    return render(request, "accounts/remove_member.html", context, status=422 if problem else 200)


def _after_removal(request: HttpRequest, name: str, *, is_self: bool) -> HttpResponse:
    if is_self and not user_of(request).memberships.exists():
        logout(request)
        return redirect("account_login")
    messages.success(request, f"{name} is no longer a member.")
    return redirect("accounts:account" if is_self else "accounts:members")


def _members_page(request: HttpRequest, acting: Membership, form: InviteForm, status: int = 200) -> HttpResponse:
    find = request.GET.get("find", "").strip()[:FIND_LIMIT]
    rows = acting.organisation.memberships.select_related("user").order_by("user__name", "id")
    if find:
        rows = rows.filter(Q(user__name__icontains=find) | Q(user__email__icontains=find))
    now = timezone.now()
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "section": "members",
        "tab": "members",
        "form": form,
        "roles": ROLES,
        "page": page,
        "find": find,
        "query": urlencode({"find": find}) if find else "",
        "invitations": acting.organisation.invitations.pending().select_related("invited_by").order_by("-id")[:500],
        "now": now,
    }
    return render(request, "accounts/members.html", context, status=status)
