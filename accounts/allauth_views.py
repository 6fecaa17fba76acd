"""allauth's views with what this site adds: clear status codes, and no session that outlives its password."""

from __future__ import annotations

from typing import Any, cast

from allauth.account import views as allauth_views
from allauth.core.ratelimit import respond_429
from django.http import HttpResponse

from accounts import services
from accounts.access import user_of
from accounts.allauth_forms import (
    ChangePasswordForm,
    LoginForm,
    ReauthenticateForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SetPasswordForm,
)
from accounts.models import Organisation


class RefusedMixin:
    def form_invalid(self, form: Any) -> HttpResponse:
        """422 for a form with errors, 429 when the tries are used up."""
        if form.has_error("__all__", "too_many_login_attempts") or form.has_error(
            "password", "too_many_login_attempts"
        ):
            return cast("HttpResponse", respond_429(self.request))  # type: ignore[attr-defined]
        response = cast("HttpResponse", super().form_invalid(form))  # type: ignore[misc]
        response.status_code = 422
        return response


class LoginView(RefusedMixin, allauth_views.LoginView):  # type: ignore[misc]
    form_class = LoginForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "is_set_up": Organisation.objects.exists()}


class ReauthenticateView(RefusedMixin, allauth_views.ReauthenticateView):  # type: ignore[misc]
    form_class = ReauthenticateForm


class PasswordChangeView(RefusedMixin, allauth_views.PasswordChangeView):  # type: ignore[misc]
    form_class = ChangePasswordForm

    def form_valid(self, form: Any) -> HttpResponse:
        response = cast("HttpResponse", super().form_valid(form))
        services.end_sessions(user=user_of(self.request), keep=self.request.session.session_key)
        return response


class PasswordSetView(RefusedMixin, allauth_views.PasswordSetView):  # type: ignore[misc]
    form_class = SetPasswordForm


class PasswordResetView(RefusedMixin, allauth_views.PasswordResetView):  # type: ignore[misc]
    form_class = ResetPasswordForm


class PasswordResetFromKeyView(RefusedMixin, allauth_views.PasswordResetFromKeyView):  # type: ignore[misc]
    form_class = ResetPasswordKeyForm

    def form_valid(self, form: Any) -> HttpResponse:
        response = cast("HttpResponse", super().form_valid(form))
        services.end_sessions(user=self.reset_user)
        return response
