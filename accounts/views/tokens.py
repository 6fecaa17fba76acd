"""Tokens with which programs use the interface: made once, listed, revoked."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, F, IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import member_with, user_of
from accounts.links import absolute_url
from accounts.models import ApiToken, Membership
from accounts.roles import SCOPE_MEANS, Permission, Scope
from accounts.texts import TextRefused
from accounts.tokens import (
    TOKEN_DAYS,
    TOKEN_MAX_DAYS,
    MadeToken,
    TokenRefused,
    make_token,
    revoke_all_tokens,
    revoke_token,
)

PAGE = 50
EXAMPLE = "/api/v1/projects"
USED_FORMS = "token_forms"
"""Which forms of this session have made a token, so that reloading the answer makes no second one."""

MOST_FORMS = 50
FIELDS = {"Name": "name", "Scopes": "scopes", "Days": "days"}


@dataclass(frozen=True, slots=True)
class TokenRow:
    token: ApiToken
    state: str
    is_forgotten: bool


@dataclass(frozen=True, slots=True)
class TypedToken:
    """The form as it was filled, so that a refusal loses nothing."""

    name: str = ""
    days: str = str(TOKEN_DAYS)
    scopes: tuple[str, ...] = ()


@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """Answers a new token with the page itself instead of a redirect: its secret is shown once and kept nowhere."""
    acting = member_with(request, Permission.MANAGE_ORGANISATION)
    if request.method != "POST":
        return _tokens_page(request, acting, TypedToken())
    form, used = request.POST.get("form", "")[:40], request.session.get(USED_FORMS, [])
    if form and form in used:
        messages.warning(request, "This form has made its token already. The token itself is not shown again.")
        return redirect("accounts:tokens")
    typed = TypedToken(
        request.POST.get("name", ""), request.POST.get("days", ""), tuple(request.POST.getlist("scopes"))
    )
    try:
        made = make_token(
            membership=acting,
            name=typed.name,
            scopes=typed.scopes,
            days=_read_days(typed.days),
            by=user_of(request),
            at=timezone.now(),
        )
    except (TextRefused, TokenRefused) as error:
        return _tokens_page(request, acting, typed, problem=str(error), status=422)
    request.session[USED_FORMS] = [*used, form][-MOST_FORMS:]
    return _tokens_page(request, acting, TypedToken(), made=made, status=201)


@require_POST
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    acting = member_with(request, Permission.MANAGE_ORGANISATION)
    token = get_object_or_404(
        ApiToken.objects.select_related("membership__organisation"),
        membership__organisation=acting.organisation,
        pk=token_id,
    )
    revoke_token(token=token, by=user_of(request), at=timezone.now())
    messages.success(request, f"The token {token.name} no longer works.")
    return redirect("accounts:tokens")


@require_POST
def revoke_all(request: HttpRequest) -> HttpResponse:
    acting = member_with(request, Permission.MANAGE_ORGANISATION)
    count = revoke_all_tokens(organisation=acting.organisation, by=user_of(request), at=timezone.now())
    words = f"{count} tokens no longer work." if count > 1 else "The one live token no longer works."
    messages.success(request, words if count else "There was no live token.")
    return redirect("accounts:tokens")


def _read_days(text: str) -> int:
    """A whole number as typed; 0, which no token may last, for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else 0


def _tokens_page(
    request: HttpRequest,
    acting: Membership,
    typed: TypedToken,
    *,
    problem: str = "",
    made: MadeToken | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    rows = ApiToken.objects.filter(membership__organisation=acting.organisation)
    page = Paginator(_live_first(rows, now), PAGE).get_page(request.GET.get("page"))
    context = {
        "section": "members",
        "tab": "tokens",
        "typed": typed,
        "form_id": secrets.token_urlsafe(12),
        "problem": problem,
        "problem_field": FIELDS.get(problem.partition(":")[0], "name"),
        "made": made,
        "can_read_projects": made is not None and Permission.VIEW_PROJECT in made.token.permissions,
        "example": absolute_url(request, EXAMPLE),
        "scopes": [(scope.value, scope.label, SCOPE_MEANS[scope]) for scope in Scope],
        "max_days": TOKEN_MAX_DAYS,
        "page": page,
        "rows": [TokenRow(token, _state(token, now), token.is_forgotten(at=now)) for token in page.object_list],
        "live": rows.filter(revoked_at=None, expires_at__gt=now).count(),
    }
    return render(request, "accounts/tokens.html", context, status=status)


def _live_first(rows: QuerySet[ApiToken], now: datetime) -> QuerySet[ApiToken]:
    is_over = Case(
        When(revoked_at=None, expires_at__gt=now, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    return rows.select_related("membership__user", "created_by").order_by(is_over, F("id").desc())


def _state(token: ApiToken, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    if not token.is_active(at=now):
        return "expired"
    return "live" if token.membership.user.is_active else "resting"
