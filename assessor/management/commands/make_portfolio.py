"""manage.py make_portfolio: a portfolio of any size for benchmarks. Never for an installation that people use."""

from __future__ import annotations

import secrets
import time
from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts.models import Organisation
from assessor.scale import MOST_HISTORY, Portfolio, make_crowd, narrow_last_member

MOST_PROJECTS = 1_000_000
SAY_EVERY = 10_000


def number_between(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and least <= int(text[:12]) <= most):
            raise ArgumentTypeError(f"a whole number from {least:,} to {most:,}, this is {text[:40]!r}")
        return int(text)

    return read


class Command(BaseCommand):
    help = (
        "For benchmarks only: adds an organisation with many invented projects and their history, without any answers "
        "behind them, and prints the account of its owner. Use a database of its own; nothing removes it again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        projects, history = number_between(1, MOST_PROJECTS), number_between(0, MOST_HISTORY)
        parser.add_argument("--projects", type=projects, required=True, help="how many projects to make")
        parser.add_argument(
            "--history", type=history, default=3, help="snapshots of each project (default: %(default)s)"
        )
        parser.add_argument("--seed", type=number_between(0, 2**32), default=1, help="another one makes other projects")

    def handle(self, *args: Any, **options: Any) -> None:
        size, history = options["projects"], options["history"]
        name = f"Benchmark {size:,} projects"
        if Organisation.objects.filter(name=name).exists():
            raise CommandError(f"“{name}” exists already, perhaps half made. Use an empty database.")
        started, said = time.monotonic(), 0
        with transaction.atomic():
            organisation = Organisation.objects.create(name=name)
            crowd = make_crowd(organisation, password=secrets.token_urlsafe(12))
        portfolio = Portfolio(
            organisation, crowd.people, size=size, history=history, seed=options["seed"], at=timezone.now()
        )
        for made in portfolio.fill():
            if made // SAY_EVERY > said:
                said = made // SAY_EVERY
                self.stderr.write(f"{made:,} projects, {made / (time.monotonic() - started):,.0f} a second")
        narrow_last_member(organisation)
        seconds = time.monotonic() - started
        self.stderr.write(f"{size:,} projects in {seconds:.1f} s, {size / seconds:,.0f} a second")
        self.stdout.write(f"{crowd.people[0].email} {crowd.password}")
