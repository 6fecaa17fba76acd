"""Mails about people. A mail that cannot be sent never undoes what it is about."""

from __future__ import annotations

import logging
from smtplib import SMTPException

from django.core.mail import send_mail
from django.template.loader import render_to_string

from accounts.models import Invitation

logger = logging.getLogger("preflight.mail")


def send_invitation(*, invitation: Invitation, link: str) -> bool:
    """Whether the mail server took it."""
    body = render_to_string("accounts/email/invitation.txt", {"invitation": invitation, "link": link})
    name = " ".join(invitation.organisation.name.split())
    try:
        send_mail(f"Invitation to {name} on Preflight", body, None, [invitation.email])
    except (OSError, SMTPException) as error:
        logger.error("An invitation could not be mailed: %s", error)
        return False
    return True
