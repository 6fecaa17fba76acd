"""The forms of this package. A refused text says why in a sentence that names its field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import NAME_LIMIT, User
from accounts.roles import Role
from accounts.texts import TextRefused, clean_email, clean_text

PASSWORD_LIMIT = 1000
PASSWORD_HINT = "At least 12 characters. Any characters, also spaces."  # noqa: S105

TYPED = (forms.TextInput, forms.EmailInput, forms.PasswordInput, forms.Textarea)


class LookMixin:
    """Fields with the site's class, without placeholders, and with a sentence of their own when they are left empty."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field.widget, TYPED):
                field.widget.attrs["class"] = "field"
                field.widget.attrs.pop("placeholder", None)
            field.error_messages["required"] = f"{field.label}: please fill this in."


class CleanedField(forms.CharField):
    """A text that passes through one of the functions of accounts.texts."""

    def __init__(self, *, cleaner: Callable[[str], str], **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)
        self.cleaner = cleaner

    def clean(self, value: Any) -> str:
        try:
            return self.cleaner(str(value or ""))
        except TextRefused as error:
            raise ValidationError(str(error), code="refused") from error


def name_field(label: str, *, autocomplete: str = "off", hint: str = "") -> CleanedField:
    return CleanedField(
        label=label,
        help_text=hint,
        widget=forms.TextInput(attrs={"autocomplete": autocomplete}),
        cleaner=lambda value: clean_text(value, field=label, limit=NAME_LIMIT, required=True),
    )


def email_field(*, autocomplete: str = "off") -> CleanedField:
    widget = forms.EmailInput(attrs={"autocomplete": autocomplete})
    return CleanedField(label="E-mail", widget=widget, cleaner=clean_email)


def new_password_field(label: str, hint: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        strip=False,
        max_length=PASSWORD_LIMIT,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class NewPersonForm(LookMixin, forms.Form):
    """Name and password of somebody who has no account yet. `email` is known from elsewhere or a field of its own."""

    name = name_field("Your name", autocomplete="name")
    password1 = new_password_field("Password", PASSWORD_HINT)
    password2 = new_password_field("Password again")

    def __init__(self, *args: Any, email: str = "", **kwargs: Any) -> None:
        self.known_email = email
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        first, second = data.get("password1"), data.get("password2")
        if first and second and first != second:
            self.add_error("password2", "Password again: this differs from the first one.")
        if first:
            person = User(email=data.get("email", self.known_email), name=data.get("name", ""))
            try:
                validate_password(first, person)
            except ValidationError as error:
                self.add_error("password1", error)
        return data


class SetupForm(NewPersonForm):
    organisation_name = name_field("Name of the organisation", autocomplete="organization")
    email = email_field(autocomplete="email")
    start = forms.ChoiceField(label="Start", choices=(("demo", "Demo"), ("empty", "Empty")), initial="demo")

    field_order = ("organisation_name", "name", "email", "password1", "password2", "start")


class RoleForm(LookMixin, forms.Form):
    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.RESPONDENT)
    all_projects = forms.BooleanField(label="All projects", required=False, initial=True)


class InviteForm(RoleForm):
    email = email_field()

    field_order = ("email", "role", "all_projects")


class AccountForm(LookMixin, forms.Form):
    name = name_field("Name", autocomplete="name")
    single_keys = forms.BooleanField(label="Single-key shortcuts", required=False)


class OrganisationForm(LookMixin, forms.Form):
    name = name_field("Name of the organisation", autocomplete="organization")
