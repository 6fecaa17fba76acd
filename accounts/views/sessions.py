"""Where a person is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts import services
from accounts.access import user_of
from accounts.models import User

BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Row:
    device: str
    ip: str
    since: datetime
    is_current: bool


@require_http_methods(["GET", "HEAD", "POST"])
def sessions(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    current = request.session.session_key
    if request.method == "POST":
        if request.POST.get("where") == "everywhere":
            services.end_sessions(user=user)
            logout(request)
            return redirect("account_login")
        services.end_sessions(user=user, keep=current)
        messages.success(request, "You are signed out everywhere else.")
        return redirect("usersessions_list")
    rows = _rows(user, current)
    return render(request, "usersessions/usersession_list.html", {"section": "account", "rows": rows})


def _rows(user: User, current: str | None) -> list[Row]:
    found = list(UserSession.objects.filter(user=user).order_by("-id"))
    keys = [session.session_key for session in found]
    alive = set(
        Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now()).values_list(
            "session_key", flat=True
        )
    )
    return [
        Row(device_of(session.user_agent), session.ip, session.created_at, session.session_key == current)
        for session in found
        if session.session_key in alive
    ]


def device_of(user_agent: str) -> str:
    """Browser and system as far as the browser tells them."""
    browser = next((word for sign, word in BROWSERS if sign in user_agent), "")
    system = next((word for sign, word in SYSTEMS if sign in user_agent), "")
    return " on ".join(part for part in (browser, system) if part) or "Another program"
