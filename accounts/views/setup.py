"""The first start of an installation: an organisation and its owner."""

from __future__ import annotations

from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import services
from accounts.errors import EmailTaken, SetupClosed
from accounts.forms import SetupForm
from accounts.models import Membership


@login_not_required
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest, token: str) -> HttpResponse:
    """Open with the token from the console, and only until there is an organisation."""
    if not services.is_setup_open(token):
        raise Http404("This link was used, or a newer one was made.")
    form = SetupForm(request.POST if request.method == "POST" else None, initial={"start": "demo"})
    if request.method == "POST" and form.is_valid():
        try:
            owner = _make(token, form)
        except SetupClosed as error:
            raise Http404(str(error)) from error
        except EmailTaken as error:
            form.add_error("email", str(error))
        else:
            response: HttpResponse = perform_login(request, owner.user, redirect_url=reverse("home"))
            return response
    return render(request, "accounts/setup.html", {"form": form}, status=422 if form.errors else 200)


@transaction.atomic
def _make(token: str, form: SetupForm) -> Membership:
    """Organisation, owner and demo data together or not at all, so that a failed start can be tried again.

    AFTER_SETUP names a function `(*, membership, with_demo)` of a higher layer.
    """
    data = form.cleaned_data
    owner = services.set_up_organisation(
        token=token,
        organisation_name=data["organisation_name"],
        name=data["name"],
        email=data["email"],
        password=data["password1"],
        at=timezone.now(),
    )
    if hook := getattr(settings, "AFTER_SETUP", ""):
        import_string(hook)(membership=owner, with_demo=data["start"] == "demo")
    return owner
