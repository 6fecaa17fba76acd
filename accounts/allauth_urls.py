"""The pages of signing in that we want, and no others. Each declares the methods it answers to."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account import views as allauth_views
from django.http import HttpResponseBase
from django.urls import path, re_path
from django.views.decorators.http import require_http_methods, require_safe

from accounts import allauth_views as our_views
from accounts.views.sessions import sessions

View = Callable[..., HttpResponseBase]
form: Callable[[View], View] = require_http_methods(["GET", "HEAD", "POST"])
page: Callable[[View], View] = require_safe

urlpatterns = [
    path("login/", form(our_views.LoginView.as_view()), name="account_login"),
    path("logout/", form(allauth_views.logout), name="account_logout"),
    path("inactive/", page(allauth_views.account_inactive), name="account_inactive"),
    path("signup/", page(allauth_views.signup), name="account_signup"),
    path("reauthenticate/", form(our_views.ReauthenticateView.as_view()), name="account_reauthenticate"),
    path("password/change/", form(our_views.PasswordChangeView.as_view()), name="account_change_password"),
    path("password/set/", form(our_views.PasswordSetView.as_view()), name="account_set_password"),
    path("password/reset/", form(our_views.PasswordResetView.as_view()), name="account_reset_password"),
    path("password/reset/done/", page(allauth_views.password_reset_done), name="account_reset_password_done"),
    path(
        "password/reset/key/done/",
        page(allauth_views.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        form(our_views.PasswordResetFromKeyView.as_view()),
        name="account_reset_password_from_key",
    ),
    path("sessions/", sessions, name="usersessions_list"),
]
