"""manage.py import_organisation: all projects of a ZIP file into an organisation that exists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import Membership
from accounts.roles import Permission
from transfers.archives import ListedFile, OrganisationFile
from transfers.errors import AlreadyHere, TransferRefused
from transfers.importing import import_project
from transfers.management.commands.export_organisation import find_organisation
from transfers.reading import read_project_file


class Command(BaseCommand):
    help = (
        "Adds the projects of a ZIP file that export_organisation made. Members and roles are not taken over: invite "
        "people first, so that the history finds them. Run it again after a break; what is here already stays."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE.zip", type=Path)
        parser.add_argument("--organisation", metavar="NAME_OR_ID", required=True, help="where the projects go")
        parser.add_argument("--by", metavar="EMAIL", required=True, help="a member who may make projects")

    def handle(self, *args: Any, **options: Any) -> None:
        acting = find_member(options["organisation"], options["by"])
        counts = {"imported": 0, "here already": 0, "refused": 0}
        try:
            with options["file"].open("rb") as file:
                archive = OrganisationFile(file)
                for listed, content in archive.contents():
                    counts[self._take(acting, listed, content)] += 1
        except TransferRefused as refused:
            raise CommandError(str(refused)) from refused
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error
        told = ", ".join(f"{count:,} {what}" for what, count in counts.items())
        if counts["refused"]:
            raise CommandError(f"Of {archive.name}: {told}.")
        self.stdout.write(f"Of {archive.name}: {told}.")

    def _take(self, acting: Membership, listed: ListedFile, content: bytes | TransferRefused) -> str:
        """One project in a transaction of its own. Says what became of it."""
        try:
            if isinstance(content, TransferRefused):
                raise content
            document = read_project_file(content)
            project = import_project(
                organisation=acting.organisation, document=document, by=acting.user, at=timezone.now()
            )
        except AlreadyHere:
            self.stdout.write(f"here already: {listed.name} ({listed.file})")
            return "here already"
        except TransferRefused as refused:
            self.stderr.write(f"refused: {listed.name} ({listed.file}): {refused}")
            return "refused"
        self.stdout.write(f"imported: {project.name} ({project.slug})")
        return "imported"


def find_member(organisation: str, email: str) -> Membership:
    """Raises CommandError unless this person may make projects there."""
    found = find_organisation(organisation)
    rows = Membership.objects.filter(organisation=found, user__email=email.strip().lower(), user__is_active=True)
    acting = rows.select_related("user", "organisation").first()
    if acting is None or not acting.allows(Permission.CREATE_PROJECT):
        raise CommandError(f"{email} is no member of {found.name} who may make projects.")
    return acting
