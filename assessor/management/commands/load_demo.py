"""Loads the demo portfolio into an empty installation and prints its accounts."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from accounts.models import Membership, Organisation, User
from accounts.roles import Role
from assessor.demo.portfolio import load_demo

ACCOUNTS = (
    ("owner@demo.example", "Olga Owner (demo)", Role.OWNER),
    ("editor@demo.example", "Eddie Editor (demo)", Role.EDITOR),
    ("viewer@demo.example", "Vera Viewer (demo)", Role.VIEWER),
)


class Command(BaseCommand):
    help = "Loads 40 invented projects and three accounts into an empty installation. Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        passwords = Path(settings.DATA_DIR) / "demo-accounts.txt"
        if not Organisation.objects.exists():
            self._fill(passwords)
        if passwords.exists():
            self.stdout.write(passwords.read_text().rstrip())

    @transaction.atomic
    def _fill(self, passwords: Path) -> None:
        """All of it or nothing: a first start that was broken off begins anew."""
        organisation = Organisation.objects.create(name="Demo organisation")
        people, lines = [], []
        for email, name, role in ACCOUNTS:
            password = secrets.token_urlsafe(12)
            user = User.objects.create_user(email, password, name=name)
            Membership.objects.create(user=user, organisation=organisation, role=role)
            lines.append(f"{email} {password} {role.value}")
            if role != Role.VIEWER:
                people.append(user)
        passwords.touch(mode=0o600)
        passwords.write_text("\n".join(lines) + "\n")
        load_demo(organisation=organisation, people=people, at=timezone.now())
