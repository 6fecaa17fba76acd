"""manage.py export_organisation: all projects of an organisation as one ZIP file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts import audit
from accounts.models import Organisation
from transfers.archives import counts_of, write_organisation


class Command(BaseCommand):
    help = "Writes an organisation with all its projects into a ZIP file. docs/export.md says what is in it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organisation", metavar="NAME_OR_ID", help="its name, or its number")
        parser.add_argument("file", metavar="FILE.zip", type=Path, help="a file that does not exist yet")

    def handle(self, *args: Any, **options: Any) -> None:
        organisation, path = find_organisation(options["organisation"]), options["file"]
        part = path.with_name(f"{path.name}.part")
        if path.exists():
            raise CommandError(f"{path} exists already.")
        try:
            # Only whoever runs this may read the file: it holds names, addresses and notes.
            with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as file:
                write_organisation(organisation, file, at=timezone.now())
            part.rename(path)
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
        finally:
            part.unlink(missing_ok=True)
        counts = counts_of(organisation)
        audit.record(
            organisation=organisation,
            actor=None,
            verb="organisation.exported",
            thing=f"organisation:{organisation.pk}",
            projects=counts["projects"],
        )
        told = ", ".join(f"{counts[name]:,} {name}" for name in ("projects", "runs", "answers", "snapshots"))
        self.stdout.write(f"{organisation.name}: {told} in {path}, {path.stat().st_size:,} bytes.")


def find_organisation(wanted: str) -> Organisation:
    """By number, or by name where one alone has it. Raises CommandError."""
    found = list(Organisation.objects.filter(name=wanted)[:2])
    if wanted.isascii() and wanted.isdecimal() and len(wanted) < 18:
        found = list(Organisation.objects.filter(pk=int(wanted))) or found
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{row.pk} ({row.name})" for row in Organisation.objects.order_by("pk")[:20])
    which = "Several organisations are called" if found else "There is no organisation"
    raise CommandError(f"{which} “{wanted}”. There are: {known or 'none'}.")
