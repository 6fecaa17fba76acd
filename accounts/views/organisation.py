"""What an organisation is called."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import services
from accounts.access import member_with, user_of
from accounts.forms import OrganisationForm
from accounts.roles import Permission


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    acting = member_with(request, Permission.MANAGE_ORGANISATION)
    form = OrganisationForm(
        request.POST if request.method == "POST" else None, initial={"name": acting.organisation.name}
    )
    if request.method == "POST" and form.is_valid():
        services.rename_organisation(
            organisation=acting.organisation, name=form.cleaned_data["name"], by=user_of(request)
        )
        messages.success(request, "Saved.")
        return redirect("accounts:organisation_settings")
    context = {"section": "members", "form": form, "tab": "settings"}
    return render(request, "accounts/organisation.html", context, status=422 if form.errors else 200)
