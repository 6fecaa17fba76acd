"""Audited exports. The caller has checked that `by` may take this along."""

from __future__ import annotations

from datetime import datetime
from typing import BinaryIO

from django.db import transaction

from accounts import audit
from accounts.models import Organisation, User
from projects.models import Project
from transfers.archives import counts_of, write_organisation
from transfers.errors import TransferRefused
from transfers.exporting import Part, export_project

MOST_PROJECTS = 2_000


@transaction.atomic
def take_out_project(*, project: Project, by: User, at: datetime) -> Part:
    """The document of a project. Raises Project.DoesNotExist when it was removed in the meantime."""
    document = export_project(project, at=at)
    audit.record(
        organisation=project.organisation,
        actor=by,
        verb="project.exported",
        thing=project.slug,
        sha256=document["sha256"],
    )
    return document


def take_out_organisation(*, organisation: Organisation, file: BinaryIO, by: User, at: datetime) -> None:
    """Writes the ZIP file of an organisation. Raises TransferRefused for one of more than 2,000 projects."""
    projects = counts_of(organisation)["projects"]
    if projects > MOST_PROJECTS:
        raise TransferRefused(
            f"at most {MOST_PROJECTS:,} projects, these are {projects:,}. Use manage.py export_organisation.", "Export"
        )
    write_organisation(organisation, file, at=at)
    audit.record(
        organisation=organisation,
        actor=by,
        verb="organisation.exported",
        thing=f"organisation:{organisation.pk}",
        projects=projects,
    )
