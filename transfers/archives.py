"""A whole organisation as a ZIP file: organisation.json, and the file of each project under projects/."""

from __future__ import annotations

import hashlib
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO

from django.db.models import Prefetch

from accounts.models import NAME_LIMIT, Membership, Organisation
from assessments.models import Answer, AnswerChange, Assessment, Snapshot
from projects.models import Outcome, Project, ProjectGrant, UnitGrant
from transfers.document import FILE_LIMIT, PRODUCT
from transfers.errors import TransferRefused
from transfers.exporting import Part, address_of, export_project, file_bytes
from transfers.fields import Fields
from transfers.strict_json import read_json

FORMAT = "preflight-organisation"
VERSION = 1
LIST = "organisation.json"
LIST_LIMIT = 50_000_000
ENTRIES_LIMIT = 50_001
TOTAL_LIMIT = 20_000_000_000
"""Bytes of all files of a ZIP file once they are unpacked."""

ONE_DATE = (1980, 1, 1, 0, 0, 0)
"""Of every entry, so that the same data gives the same bytes."""

OWNER_ONLY = 0o600 << 16
UNIX = 3
CENTRAL_HEADER = b"PK\x01\x02"
CHUNK = 1 << 20
_FILE = re.compile(r"projects/[a-z0-9_-]{1,80}\.json", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


def write_organisation(organisation: Organisation, file: BinaryIO, *, at: datetime) -> None:
    """Writes the ZIP file. Each project is as it was at one moment, though not all at the same one."""
    rows: list[Part] = []
    projects = Project.objects.filter(organisation=organisation).order_by("slug").values_list("pk", flat=True)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for project in map(Project, list(projects)):
            try:
                document = export_project(project, at=at)
            except Project.DoesNotExist:
                # Demo projects can be removed while this runs.
                continue
            about, content = document["content"]["project"], file_bytes(document)
            name = f"projects/{about['slug']}.json"
            archive.writestr(_entry(name), content)
            sha256 = hashlib.sha256(content).hexdigest()
            rows.append({"file": name, "name": about["name"], "bytes": len(content), "sha256": sha256})
        archive.writestr(_entry(LIST), file_bytes(_list(organisation, rows, at)))


def _entry(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, ONE_DATE)
    info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, UNIX, OWNER_ONLY
    return info


def _list(organisation: Organisation, rows: Sequence[Part], at: datetime) -> Part:
    members = _members(organisation)
    return {
        "format": FORMAT,
        "version": VERSION,
        "made_at": at.astimezone(UTC).isoformat(),
        "product": PRODUCT,
        "organisation": {"name": organisation.name},
        "members": members,
        "counts": {**counts_of(organisation), "members": len(members), "projects": len(rows)},
        "projects": list(rows),
    }


def counts_of(organisation: Organisation) -> dict[str, int]:
    mine = {"assessment__project__organisation": organisation}
    return {
        "members": Membership.objects.filter(organisation=organisation).count(),
        "projects": Project.objects.filter(organisation=organisation).count(),
        "runs": Assessment.objects.filter(project__organisation=organisation).count(),
        "answers": Answer.objects.filter(respondent__assessment__project__organisation=organisation).count(),
        "changes": AnswerChange.objects.filter(**mine).count(),
        "snapshots": Snapshot.objects.filter(project__organisation=organisation).count(),
        "outcomes": Outcome.objects.filter(project__organisation=organisation).count(),
    }


def _members(organisation: Organisation) -> list[Part]:
    """Who may do what, by address. For people to read: an import does not take it over."""
    grants = Prefetch("grants", ProjectGrant.objects.select_related("project").order_by("project__slug"))
    units = Prefetch("unit_grants", UnitGrant.objects.order_by("unit"))
    rows = Membership.objects.filter(organisation=organisation).select_related("user").prefetch_related(grants, units)
    return [
        {
            "name": row.user.name,
            "email": address_of(row.user),
            "active": row.user.is_active,
            "role": row.role,
            "all_projects": row.all_projects,
            "units": [grant.unit for grant in row.unit_grants.all()],
            "grants": [{"project": grant.project.slug, "role": grant.role} for grant in row.grants.all()],
        }
        for row in rows.order_by("user__email")
    ]


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A project as organisation.json names it."""

    file: str
    name: str
    sha256: str


class OrganisationFile:
    """A ZIP file of an organisation, opened for reading. Nothing is unpacked to disk; names are only compared.

    Raises TransferRefused for what is not such a file, or would be too large.
    """

    def __init__(self, file: BinaryIO) -> None:
        _refuse_many_entries(file)
        try:
            self.archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, struct.error, ValueError, OSError, EOFError, NotImplementedError) as error:
            raise TransferRefused(f"This is not a ZIP file that can be read: {error}.") from None
        entries = self.archive.infolist()
        self.entries = {entry.filename: entry for entry in entries}
        if len(self.entries) < len(entries):
            raise TransferRefused("A file of the same name is in this ZIP file twice.")
        if sum(entry.file_size for entry in entries) > TOTAL_LIMIT:
            raise TransferRefused(f"Unpacked this would be more than {TOTAL_LIMIT // 10**9} GB.")
        self.name, self.files = _read_list(self._bytes(LIST, LIST_LIMIT))
        named = {LIST, *(row.file for row in self.files)}
        for name in self.entries:
            if name not in named:
                raise TransferRefused(f"The ZIP file holds a file that {LIST} does not name.")

    def contents(self) -> Iterator[tuple[ListedFile, bytes | TransferRefused]]:
        """The bytes of each project in the order of the list, or why they cannot be used."""
        for row in self.files:
            try:
                content = self._bytes(row.file, FILE_LIMIT)
                if hashlib.sha256(content).hexdigest() != row.sha256:
                    raise TransferRefused("the file is damaged or was changed.", row.file)
            except TransferRefused as refused:
                yield row, refused
            else:
                yield row, content

    def _bytes(self, name: str, limit: int) -> bytes:
        entry = self.entries.get(name)
        if entry is None:
            raise TransferRefused("the ZIP file does not hold this file.", name)
        if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise TransferRefused("this is packed in a way that is not read here.", name)
        try:
            with self.archive.open(entry) as content:
                # What the entry says of its size is not believed.
                data = content.read(limit + 1)
        except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError) as error:
            raise TransferRefused(f"this cannot be unpacked: {error}.", name) from None
        if len(data) > limit:
            raise TransferRefused(f"this is larger than {limit // 1_000_000} MB.", name)
        return data


def _refuse_many_entries(file: BinaryIO) -> None:
    """Counts the entries before the library makes an object of each."""
    count, tail = 0, b""
    file.seek(0)
    while chunk := file.read(CHUNK):
        data = tail + chunk
        count += data.count(CENTRAL_HEADER)
        tail = data[-len(CENTRAL_HEADER) + 1 :]
        if count > ENTRIES_LIMIT:
            raise TransferRefused(f"More than {ENTRIES_LIMIT:,} files are in this ZIP file.")
    file.seek(0)


def _read_list(data: bytes) -> tuple[str, tuple[ListedFile, ...]]:
    value: Any = read_json(data, LIST)
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise TransferRefused("this is not the list of an organisation that Preflight exported.", LIST)
    fields = Fields(
        value,
        LIST,
        ("format", "version", "made_at", "product", "organisation", "members", "counts", "projects"),
    )
    if fields.whole("version", 1, 10**6) != VERSION:
        raise fields.refuse("version", f"this installation reads version {VERSION} of the format.")
    name = Fields(fields.data["organisation"], fields.at("organisation"), ("name",)).text("name", NAME_LIMIT)
    rows: dict[str, ListedFile] = {}
    for item, place in fields.items("projects", ENTRIES_LIMIT - 1):
        row = Fields(item, place, ("file", "name", "bytes", "sha256"))
        file, sha256 = row.raw_text("file"), row.raw_text("sha256")
        if not _FILE.fullmatch(file) or file in rows:
            raise row.refuse("file", "a name of its own such as projects/forecast-3f9a07c1.json is expected here.")
        if not _SHA256.fullmatch(sha256):
            raise row.refuse("sha256", "64 hexadecimal digits are expected here.")
        row.whole("bytes", 1, TOTAL_LIMIT)
        rows[file] = ListedFile(file, row.text("name", NAME_LIMIT), sha256)
    return name, tuple(rows.values())
