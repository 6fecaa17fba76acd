"""The page behind an invitation's link. Whoever holds the link may read it; only the invited address may accept."""

from __future__ import annotations

from datetime import datetime

from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import services
from accounts.access import user_of
from accounts.errors import AlreadyMember, EmailTaken, InvitationClosed
from accounts.forms import NewPersonForm
from accounts.middleware import SESSION_KEY
from accounts.models import Invitation, Membership, User, token_hash
from accounts.roles import ROLE_MEANS


@login_not_required
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    found = get_object_or_404(
        Invitation.objects.select_related("organisation", "invited_by"), token_hash=token_hash(token)
    )
    at = timezone.now()
    if not found.is_open(at=at):
        return _closed(request, found)
    try:
        if request.user.is_authenticated:
            return _for_signed_in(request, found, at)
        if User.objects.filter(email=found.email).exists():
            return _sign_in_first(request, found)
        return _for_new_person(request, found, at)
    except InvitationClosed:
        found.refresh_from_db()
        return _closed(request, found)
    except EmailTaken:
        return redirect(request.path)


def _for_signed_in(request: HttpRequest, found: Invitation, at: datetime) -> HttpResponse:
    person = user_of(request)
    if person.email.lower() != found.email:
        return _page(request, found, "other_person", status=403)
    if request.method != "POST":
        return _page(request, found, "accept")
    try:
        membership = services.accept_invitation(invitation=found, by=person, at=at)
    except AlreadyMember as error:
        messages.info(request, str(error))
        return redirect("home")
    return _welcome(request, membership, redirect("home"))


def _sign_in_first(request: HttpRequest, found: Invitation) -> HttpResponse:
    login = f"{reverse('account_login')}?{urlencode({'next': request.path})}"
    if request.method == "POST":
        return redirect(login)
    return _page(request, found, "sign_in", login=login)


def _for_new_person(request: HttpRequest, found: Invitation, at: datetime) -> HttpResponse:
    form = NewPersonForm(request.POST if request.method == "POST" else None, email=found.email)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        membership = services.accept_invitation_as_new_person(
            invitation=found, name=data["name"], password=data["password1"], at=at
        )
        response = perform_login(request, membership.user, redirect_url=reverse("home"))
        return _welcome(request, membership, response)
    return _page(request, found, "new", status=422 if form.errors else 200, form=form)


def _welcome(request: HttpRequest, membership: Membership, response: HttpResponse) -> HttpResponse:
    request.session[SESSION_KEY] = membership.organisation_id
    messages.success(request, f"You are now a member of {membership.organisation}.")
    return response


def _page(request: HttpRequest, found: Invitation, state: str, *, status: int = 200, **more: object) -> HttpResponse:
    context = {"invitation": found, "state": state, "means": ROLE_MEANS[found.role], **more}
    return render(request, "accounts/invitation.html", context, status=status)


def _closed(request: HttpRequest, found: Invitation) -> HttpResponse:
    return _page(request, found, "closed", status=410)
