"""What the tests of this package do again and again."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import services
from accounts.models import AuditEvent, Invitation, Membership, Organisation, User

PASSWORD = "correct horse battery"
NEW_PASSWORD = "a different staple 42"

NASTY = {
    "nul": "a%00b",
    "surrogate": "a%ED%A0%80b",
    "long": "x" * 5000,
    "turned": "%E2%80%AEgnp.exe",
    "emoji": "%F0%9F%9A%80 launch",
    "script": "%3Cscript%3Ealert(1)%3C/script%3E",
}
GRABS = {
    "role": "owner",
    "organisation": "1",
    "organisation_id": "1",
    "is_staff": "on",
    "is_superuser": "on",
    "is_active": "",
    "email": "grab@example.com",
    "user": "1",
    "id": "1",
    "pk": "1",
    "groups": "1",
    "user_permissions": "1",
    "password": "grabbed",
}


def signed_in(user: User, password: str = PASSWORD, **headers: Any) -> Client:
    """A browser in which this person signed in through the page."""
    client = Client(**headers)
    response = client.post(reverse("account_login"), {"login": user.email, "password": password})
    assert response.status_code == 302, response.content.decode()
    return client


def is_signed_in(client: Client) -> bool:
    response = client.get(reverse("accounts:account"))
    return response.status_code == 200


def to_login(response: Any) -> bool:
    return bool(response.status_code == 302 and response["Location"].startswith(reverse("account_login")))


def membership_of(user: User, organisation: Organisation) -> Membership:
    return Membership.objects.get(user=user, organisation=organisation)


def make_invitation(
    by: User, organisation: Organisation, email: str = "new@example.com", role: str = "editor", days_ago: float = 0
) -> tuple[Invitation, str]:
    """An invitation made `days_ago`, and the path of its link."""
    at = timezone.now() - timedelta(days=days_ago)
    invited = services.invite(organisation=organisation, email=email, role=role, all_projects=True, by=by, at=at)
    return invited.invitation, reverse("accounts:invitation", args=[invited.token])


def new_person(**changes: str) -> dict[str, str]:
    return {"name": "Nora", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD, **changes}


def last_path(pattern: str) -> str:
    """The path of the link in the last mail."""
    found = re.search(rf"https?://[^/\s]+({pattern}\S*)", str(mail.outbox[-1].body))
    assert found, mail.outbox[-1].body
    return found.group(1)


def verbs() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("verb", flat=True))


def post_raw(client: Client, url: str, **fields: str) -> Any:
    """Posts already encoded values, so that bytes can be sent that are no text."""
    body = "&".join(f"{name}={value}" for name, value in fields.items())
    return client.post(url, body, content_type="application/x-www-form-urlencoded")
