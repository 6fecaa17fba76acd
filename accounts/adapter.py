"""What differs from allauth's defaults: nobody signs up without an invitation, and the words are ours."""

from __future__ import annotations

import ipaddress
import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.links import absolute_url
from accounts.models import User

logger = logging.getLogger("preflight.mail")

NO_ADDRESS = "0.0.0.0"  # noqa: S104 - stands for "unknown" where the database wants an address


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "The e-mail address or the password is wrong.",
        "too_many_login_attempts": "Too many tries. Wait 15 minutes, then try again.",
        "enter_current_password": "This is not your current password.",
        "incorrect_password": "The password is wrong.",
        "invalid_password_reset": "This link was used or its time is over.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The peer's address. A proxy's header is believed only when one is configured, and then its last entry."""
        forwarded = request.headers.get("X-Forwarded-For", "") if settings.TRUSTED_PROXY else ""
        for candidate in (forwarded.rpartition(",")[2].strip(), str(request.META.get("REMOTE_ADDR") or "")):
            try:
                return str(ipaddress.ip_address(candidate))
            except ValueError:
                continue
        return NO_ADDRESS

    def is_ajax(self, request: HttpRequest) -> bool:
        """These pages are HTML whatever the request asks for."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Only paths of this site: a page never needs to send people to another host after signing in."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None) and url.startswith("/")

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account_login")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:account")

    def get_reset_password_from_key_url(self, key: str) -> str:
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return absolute_url(self.request, path.replace("UID-KEY", key))

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """A mail server that is away must not show which addresses have an account: the answer stays the same."""
        minutes = settings.PASSWORD_RESET_TIMEOUT // 60
        try:
            super().send_password_reset_mail(user, email, {**context, "minutes": minutes})
        except (OSError, SMTPException) as error:
            logger.error("A link for a new password could not be mailed: %s", error)

    def format_email_subject(self, subject: str) -> str:
        return subject

    def add_message(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """allauth's own pop-up messages repeat what the pages say already."""

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Tries are counted per address alone. allauth adds the Host header, and its port is the visitor's choice."""
        return str(credentials.get("email", "")).lower()
