"""A person's own settings."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts import services
from accounts.access import user_of
from accounts.forms import AccountForm
from accounts.middleware import SESSION_KEY


@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    form = AccountForm(
        request.POST if request.method == "POST" else None, initial={"name": user.name, "single_keys": user.single_keys}
    )
    if request.method == "POST" and form.is_valid():
        services.update_account(user=user, **form.cleaned_data)
        messages.success(request, "Saved.")
        return redirect("accounts:account")
    memberships = user.memberships.select_related("organisation").order_by("organisation__name", "id")
    context = {"section": "account", "form": form, "memberships": memberships}
    return render(request, "accounts/account.html", context, status=422 if form.errors else 200)


@require_POST
def switch_organisation(request: HttpRequest) -> HttpResponse:
    """Acts for another of the person's organisations from the next page on."""
    chosen = request.POST.get("organisation", "")
    memberships = user_of(request).memberships.select_related("organisation")
    membership = next((m for m in memberships if str(m.organisation_id) == chosen), None)
    if membership is None:
        raise Http404("No such organisation.")
    request.session[SESSION_KEY] = membership.organisation_id
    messages.success(request, f"You now see {membership.organisation}.")
    return redirect("home")
