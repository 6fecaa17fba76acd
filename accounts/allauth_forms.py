"""allauth's forms in our words and look."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth_forms
from django import forms
from django.core.validators import MaxLengthValidator

from accounts.forms import PASSWORD_HINT, PASSWORD_LIMIT, LookMixin

LABELS = {
    "login": "E-mail",
    "email": "E-mail",
    "password": "Password",
    "oldpassword": "Current password",
    "password1": "New password",
    "password2": "New password again",
}


class WordsMixin(LookMixin):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            label = LABELS[name]
            field.label, field.help_text = label, PASSWORD_HINT if name == "password1" else ""
            field.error_messages["required"] = f"{label}: please fill this in."
            if isinstance(field.widget, forms.PasswordInput):
                field.validators.append(MaxLengthValidator(PASSWORD_LIMIT))

    def add_error(self, field: str | None, error: Any) -> None:
        """A plain string is allauth's remark on a repeated password that differs; ours says where."""
        if field == "password2" and not isinstance(error, forms.ValidationError):
            error = "New password again: this differs from the first one."
        super().add_error(field, error)  # type: ignore[misc]


class LoginForm(WordsMixin, allauth_forms.LoginForm):  # type: ignore[misc]
    pass


class ReauthenticateForm(WordsMixin, allauth_forms.ReauthenticateForm):  # type: ignore[misc]
    pass


class ChangePasswordForm(WordsMixin, allauth_forms.ChangePasswordForm):  # type: ignore[misc]
    pass


class SetPasswordForm(WordsMixin, allauth_forms.SetPasswordForm):  # type: ignore[misc]
    pass


class ResetPasswordForm(WordsMixin, allauth_forms.ResetPasswordForm):  # type: ignore[misc]
    pass


class ResetPasswordKeyForm(WordsMixin, allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]
    pass
