"""A whole organisation out and in, by page and by command, and ZIP files that are not what they say."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import AuditEvent, Membership, Organisation, User
from accounts.roles import Role
from assessments.snapshots import canonical_json
from projects.models import Project, UnitGrant
from projects.services import set_grants
from tests.access.dump import changed_tables, dump_tables
from tests.make import AT, make_member, make_organisation, make_project
from tests.transfers.files import content_of, make_rich_project, remove, small_file
from transfers.archives import OrganisationFile, write_organisation
from transfers.errors import TransferRefused

pytestmark = pytest.mark.django_db


@pytest.fixture
def full(organisation: Organisation, owner: User, editor: User, outsider: User) -> Organisation:
    """Two projects, a narrowed member with a grant and a unit, and another organisation beside it."""
    rich = make_rich_project(organisation, owner, editor)
    make_project(organisation, owner, name="Empty")
    narrowed = make_member(organisation, Role.RESPONDENT, all_projects=False, name="Nora Narrowed")
    membership = Membership.objects.get(user=narrowed)
    set_grants(project=rich, grants={membership: Role.VIEWER}, by=owner)
    UnitGrant.objects.create(membership=membership, unit="Retail")
    south = outsider.memberships.get().organisation
    make_project(south, outsider, name="canary-south project")
    return organisation


def written(organisation: Organisation) -> bytes:
    file = io.BytesIO()
    write_organisation(organisation, file, at=AT)
    return file.getvalue()


def unpacked(data: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


def packed(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def listing(files: dict[str, bytes], **changes: Any) -> bytes:
    rows = [
        {"file": name, "name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in files.items()
    ]
    found = {
        "format": "preflight-organisation", "version": 1, "made_at": AT.isoformat(), "product": "0.1.0",
        "organisation": {"name": "North"}, "members": [], "counts": {}, "projects": rows, **changes,
    }  # fmt: skip
    return canonical_json(found).encode()


class TestWriting:
    def test_what_is_in_it(self, full: Organisation, owner: User, editor: User) -> None:
        found = unpacked(written(full))
        slugs = sorted(Project.objects.filter(organisation=full).values_list("slug", flat=True))
        assert list(found) == [*(f"projects/{slug}.json" for slug in slugs), "organisation.json"]
        listed = found["organisation.json"]
        assert listed["organisation"] == {"name": "North"}
        assert [row["file"] for row in listed["projects"]] == [f"projects/{slug}.json" for slug in slugs]
        assert listed["counts"] == {
            "members": 3, "projects": 2, "runs": 2, "answers": 123, "changes": 128, "snapshots": 3, "outcomes": 1
        }  # fmt: skip
        rich = next(slug for slug in slugs if slug.startswith("demand"))
        people = {row["email"]: row for row in listed["members"]}
        assert list(people) == sorted(people)
        assert people[owner.email]["role"] == "owner"
        narrowed = next(row for row in listed["members"] if row["name"] == "Nora Narrowed")
        assert narrowed["grants"] == [{"project": rich, "role": "viewer"}]
        assert narrowed["units"] == ["Retail"]
        assert (narrowed["all_projects"], narrowed["active"]) == (False, True)
        for project in Project.objects.filter(organisation=full):
            document = found[f"projects/{project.slug}.json"]
            assert {**document, "made_at": ""} == content_of(project)
            assert document["made_at"] == AT.isoformat()

    def test_the_same_bytes_twice(self, full: Organisation) -> None:
        assert written(full) == written(full)

    def test_nothing_of_another_organisation(self, full: Organisation, outsider: User) -> None:
        text = json.dumps(unpacked(written(full)))
        assert "canary" not in text
        assert outsider.email not in text
        assert "canary-south project" in json.dumps(unpacked(written(outsider.memberships.get().organisation)))

    def test_an_empty_organisation(self) -> None:
        assert list(unpacked(written(make_organisation("Empty")))) == ["organisation.json"]


class TestCommands:
    def test_out_and_in(self, full: Organisation, owner: User, tmp_path: Path, capsys: Any) -> None:
        file, again = tmp_path / "all of it.zip", tmp_path / "again.zip"
        call_command("export_organisation", "North", str(file))
        assert "North: 2 projects, 2 runs, 123 answers, 3 snapshots in" in capsys.readouterr().out
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert sorted(path.name for path in tmp_path.iterdir()) == ["all of it.zip"]
        before = [content_of(project) for project in Project.objects.filter(organisation=full).order_by("slug")]
        for project in Project.objects.filter(organisation=full):
            remove(project)
        arguments = (str(file), "--organisation", str(full.pk), "--by", owner.email.upper())
        call_command("import_organisation", *arguments)
        said = capsys.readouterr().out
        assert said.count("imported: ") == 2
        assert said.endswith("Of North: 2 imported, 0 here already, 0 refused.\n")
        projects = Project.objects.filter(organisation=full).order_by("slug")
        assert [content_of(project) for project in projects] == before
        call_command("import_organisation", *arguments)
        assert capsys.readouterr().out.endswith("Of North: 0 imported, 2 here already, 0 refused.\n")
        assert projects.count() == 2
        call_command("export_organisation", str(full.pk), str(again))
        one, two = (unpacked(path.read_bytes()) for path in (file, again))
        one["organisation.json"]["made_at"] = two["organisation.json"]["made_at"] = ""
        for found in (one, two):
            found["organisation.json"]["members"] = found["organisation.json"].pop("projects") and None
            for name in found:
                found[name]["made_at"] = ""
        assert one == two
        verbs = AuditEvent.objects.filter(organisation=full).values_list("verb", flat=True)
        assert list(verbs).count("organisation.exported") == 2
        assert list(verbs).count("project.imported") == 2

    def test_members_and_roles_are_not_smuggled_in(
        self, full: Organisation, outsider: User, tmp_path: Path, capsys: Any
    ) -> None:
        file = tmp_path / "all.zip"
        call_command("export_organisation", "North", str(file))
        for project in Project.objects.filter(organisation=full):
            remove(project)
        south = outsider.memberships.get().organisation
        before = list(Membership.objects.values_list("pk", "role"))
        call_command("import_organisation", str(file), "--organisation", "South", "--by", outsider.email)
        assert Project.objects.filter(organisation=south).count() == 3
        assert list(Membership.objects.values_list("pk", "role")) == before

    def test_one_bad_project_does_not_stop_the_others(
        self, organisation: Organisation, owner: User, tmp_path: Path, capsys: Any
    ) -> None:
        good, bad = small_file("Good"), small_file("Bad", "bad-00000000").replace(b"Less stock.", b"More stock.")
        files = {"projects/a.json": bad, "projects/b.json": good}
        path = tmp_path / "x.zip"
        path.write_bytes(packed({"organisation.json": listing(files), **files}))
        with pytest.raises(CommandError, match=r"^Of North: 1 imported, 0 here already, 1 refused\.$"):
            call_command("import_organisation", str(path), "--organisation", "North", "--by", owner.email)
        told = capsys.readouterr()
        assert "imported: Good" in told.out
        assert "refused: projects/a.json (projects/a.json): sha256: the content is not what was exported" in told.err
        assert Project.objects.get().name == "Good"

    def test_what_the_commands_refuse(self, full: Organisation, viewer: User, outsider: User, tmp_path: Path) -> None:
        file = tmp_path / "all.zip"
        for arguments, sentence in (
            (("export_organisation", "Nowhere", str(file)), "There is no organisation “Nowhere”. There are: "),
            (("export_organisation", "North", str(tmp_path)), "exists already."),
            (("export_organisation", "North", str(tmp_path / "no" / "x.zip")), "cannot be written: No such file"),
        ):
            with pytest.raises(CommandError, match=sentence):
                call_command(*arguments)
        call_command("export_organisation", "North", str(file))
        before = dump_tables()
        for where, by, sentence in (
            ("Nowhere", viewer.email, "There is no organisation"),
            ("North", viewer.email, "is no member of North who may make projects."),
            ("North", outsider.email, "is no member of North who may make projects."),
            ("North", "x", "x is no member of North"),
        ):
            with pytest.raises(CommandError, match=sentence):
                call_command("import_organisation", str(file), "--organisation", where, "--by", by)
        with pytest.raises(CommandError, match="cannot be read: No such file"):
            call_command("import_organisation", str(tmp_path / "y"), "--organisation", "South", "--by", outsider.email)
        assert changed_tables(before, dump_tables()) == []
        make_organisation("North")
        with pytest.raises(CommandError, match="Several organisations are called “North”"):
            call_command("export_organisation", "North", str(tmp_path / "z.zip"))


ONE = {"projects/a-00000000.json": small_file()}


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: b"", "This is not a ZIP file that can be read"),
        (lambda: b"PK\x03\x04" + b"x" * 100, "This is not a ZIP file that can be read"),
        (lambda: packed({}), "organisation.json: the ZIP file does not hold this file."),
        (lambda: packed({"organisation.json": b"{}"}), "organisation.json: this is not the list of an organisation"),
        (lambda: packed({"organisation.json": listing({}, version=2)}), "organisation.json.version: this installation"),
        (lambda: packed({"organisation.json": listing({}, more=2)}), "organisation.json.more: there is no such field"),
        (lambda: packed({"organisation.json": listing({}), "../../etc/x": b""}),
         "The ZIP file holds a file that organisation.json does not name."),
        (lambda: packed({"organisation.json": listing({"../x.json": b"{}"}), "../x.json": b"{}"}),
         "organisation.json.projects[0].file: a name of its own"),
        (lambda: packed({"organisation.json": listing({}, projects=[{"file": "projects/a.json", "name": "a", "bytes": 1,
                                                                      "sha256": "x"}])}),
         "organisation.json.projects[0].sha256: 64 hexadecimal digits"),
        (lambda: packed({"organisation.json": b" " * 50_000_001}), "organisation.json: this is larger than 50 MB."),
        (lambda: packed({"organisation.json": listing(ONE), **ONE}, zipfile.ZIP_BZIP2),
         "organisation.json: this is packed in a way that is not read here."),
        (lambda: packed({"organisation.json": listing(ONE), **ONE}) [:-30], "This is not a ZIP file"),
        (lambda: b"PK\x01\x02" * 50_002, "More than 50,001 files are in this ZIP file."),
    ],
)  # fmt: skip
def test_zip_files_that_are_refused(make: Callable[[], bytes], sentence: str) -> None:
    with pytest.raises(TransferRefused) as refused:
        OrganisationFile(io.BytesIO(make()))
    assert str(refused.value).startswith(sentence)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "projects/a-00000000.json: the ZIP file does not hold this file."),
        (b"other", "projects/a-00000000.json: the file is damaged or was changed."),
        (b" " * 25_000_001, "projects/a-00000000.json: this is larger than 25 MB."),
    ],
)
def test_projects_that_are_not_what_the_list_says(content: bytes | None, sentence: str) -> None:
    files = {"organisation.json": listing(ONE)} | ({} if content is None else dict.fromkeys(ONE, content))
    [(row, refused)] = OrganisationFile(io.BytesIO(packed(files))).contents()
    assert row.file == "projects/a-00000000.json"
    assert str(refused) == sentence


def test_a_size_that_lies() -> None:
    """What unpacks to more than its entry says is damage, and never more than the limit is read."""
    data = bytearray(packed({"organisation.json": listing({}) + b" " * 2_000_000}))
    place = data.rindex(b"PK\x01\x02") + 24
    data[place : place + 4] = (100).to_bytes(4, "little")
    with pytest.raises(TransferRefused) as refused:
        OrganisationFile(io.BytesIO(bytes(data)))
    assert str(refused.value).startswith("organisation.json: ")


@given(data=st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_damaged_zip_files(data: st.DataObject) -> None:
    whole = bytearray(packed({"organisation.json": listing(ONE), **ONE}))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        contents = list(OrganisationFile(io.BytesIO(bytes(whole))).contents())
    except TransferRefused:
        return
    for _, content in contents:
        assert isinstance(content, TransferRefused) or content == next(iter(ONE.values()))
