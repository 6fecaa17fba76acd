"""manage.py setup_token: print the address that makes the first organisation. It works once."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from accounts.errors import SetupClosed
from accounts.services import make_setup_token


class Command(BaseCommand):
    help = "Print the one-time address of the first start. An address printed earlier stops working."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--base-url",
            default=settings.PUBLIC_URL or "http://localhost:8000",
            help="where the site answers (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            token = make_setup_token()
        except SetupClosed as error:
            raise CommandError(str(error)) from error
        self.stdout.write(options["base_url"].rstrip("/") + reverse("accounts:setup", args=[token]))
