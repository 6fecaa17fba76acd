"""Taking a project along, bringing one in, and taking everything along."""

from __future__ import annotations

import io
import json
import zipfile
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent, Organisation, User
from accounts.roles import Role
from projects.models import Project
from tests.access.dump import changed_tables, dump_tables
from tests.make import make_member, make_project, make_user
from tests.site.cases import WRITERS, signed_in, text, usual_cases
from tests.site.markup import Response, faults, parse
from tests.transfers.files import changed, content_of, make_rich_project, remove, small_file, upload
from transfers import services
from transfers.document import FILE_LIMIT
from transfers.exporting import export_project, file_bytes

pytestmark = pytest.mark.django_db

IMPORT = "/projects/import/"
EXPORT = "/organisation/export/"


def body_of(response: Response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else bytes(response.content)


def alert(response: Response) -> str:
    [found] = parse(response.content).xpath("//div[@role='alert']//p")
    return " ".join(found.text_content().split())


class TestExport:
    def test_who_may(self, project: Project, owner: User) -> None:
        usual_cases(f"/projects/{project.slug}/export.json", owner, may=WRITERS, other_methods=("post", "put"))

    def test_the_file(self, organisation: Organisation, owner: User, editor: User) -> None:
        project = make_rich_project(organisation, owner, editor)
        response = signed_in(editor).get(reverse("transfers:export", args=[project.slug]))
        assert response.headers["Content-Type"] == "application/json"
        assert response.headers["Content-Disposition"] == f'attachment; filename="{project.slug}.json"'
        assert response.headers["Cache-Control"] == "no-store, private"
        document = json.loads(response.content)
        assert {**document, "made_at": ""} == content_of(project)
        event = AuditEvent.objects.get(verb="project.exported")
        assert (event.actor, event.organisation, event.thing) == (editor, organisation, project.slug)
        assert event.detail == {"sha256": document["sha256"]}

    def test_only_asking_for_the_head_leaves_no_trace(self, project: Project, owner: User) -> None:
        assert signed_in(owner).head(reverse("transfers:export", args=[project.slug])).status_code == 200
        assert not AuditEvent.objects.filter(verb="project.exported").exists()

    def test_an_archived_project_can_be_taken_along(self, project: Project, owner: User) -> None:
        client = signed_in(owner)
        client.post(reverse("projects:archive", args=[project.slug]))
        assert client.get(reverse("transfers:export", args=[project.slug])).status_code == 200

    def test_links(self, project: Project, owner: User, viewer: User) -> None:
        client = signed_in(owner)
        for path, link in (
            (reverse("assessments:edit", args=[project.slug]), reverse("transfers:export", args=[project.slug])),
            (reverse("projects:list"), IMPORT),
            (reverse("assessments:create"), IMPORT),
            (reverse("accounts:organisation_settings"), EXPORT),
        ):
            assert parse(client.get(path).content).xpath(f"//main//a[@href='{link}']"), path
        assert IMPORT not in text(signed_in(viewer).get(reverse("projects:list")))


class TestImport:
    def test_who_may(self, organisation: Organisation, owner: User) -> None:
        for role in Role:
            member = signed_in(make_member(organisation, role))
            assert member.get(IMPORT).status_code == (200 if role in WRITERS else 403)
            status = 302 if role in WRITERS else 403
            file = small_file(role, f"{role}-00000000")
            assert member.post(IMPORT, {"file": upload(file), "do": "import"}).status_code == status
        assert Project.objects.count() == 2
        guest = Client().post(IMPORT, {"file": upload(small_file())})
        assert guest.headers["Location"].startswith(reverse("account_login"))
        assert signed_in(make_user()).get(IMPORT).status_code == 403
        for method in ("put", "delete", "patch"):
            assert getattr(signed_in(owner), method)(IMPORT).status_code == 405

    def test_the_empty_page(self, owner: User) -> None:
        response = signed_in(owner).get(IMPORT)
        assert faults(response.content) == []
        page = parse(response.content)
        assert page.xpath("//form[@enctype='multipart/form-data']//button/@value") == ["check", "import"]
        assert "Names in an imported history are as the file says." in text(response)

    def test_checked_and_nothing_stored(self, organisation: Organisation, owner: User, editor: User) -> None:
        project = make_rich_project(organisation, owner, editor)
        data = file_bytes(export_project(project)).replace(editor.email.encode(), b"gone@example.net")
        remove(project)
        data = changed(json.loads(data), lambda content: None)
        client = signed_in(owner)
        before = dump_tables()
        response = client.post(IMPORT, {"file": upload(data), "do": "check"})
        assert response.status_code == 200
        assert faults(response.content) == []
        assert changed_tables(before, dump_tables()) == []
        page = parse(response.content)
        told = dict(
            zip(
                page.xpath("//dl/dt/text()"),
                (" ".join(one.text_content().split()) for one in page.xpath("//dl/dd")),
                strict=True,
            )
        )
        assert told.pop("Exported").endswith("by Preflight 0.1.0")
        assert told == {
            "Project": "Demand “forecast” Zürich",
            "Runs": "2",
            "Answers": "123 answers, 128 changes in their history",
            "Snapshots": "3",
            "Outcome": "recorded",
            "Members here": owner.name,
            "Only as names": editor.name,
        }
        assert "Names in an imported history are as the file says." in text(response)

    def test_imported(self, organisation: Organisation, owner: User, editor: User) -> None:
        project = make_rich_project(organisation, owner, editor)
        before, data = content_of(project), file_bytes(export_project(project))
        remove(project)
        response = signed_in(editor).post(IMPORT, {"file": upload(data), "do": "import"}, follow=True)
        assert response.redirect_chain == [(reverse("assessments:overview", args=[project.slug]), 302)]
        assert "Imported with 123 answers and 3 snapshots." in text(response)
        again = Project.objects.get()
        assert content_of(again) == before
        event = AuditEvent.objects.get(verb="project.imported")
        assert (event.actor, event.organisation) == (editor, organisation)

    def test_into_the_same_organisation(self, organisation: Organisation, owner: User, editor: User) -> None:
        data = file_bytes(export_project(make_rich_project(organisation, owner, editor)))
        client = signed_in(owner)
        before = dump_tables()
        for do in ("check", "import"):
            response = client.post(IMPORT, {"file": upload(data), "do": do})
            assert response.status_code == 422
            assert alert(response) == "This project, or a copy of it, is here already."
        assert changed_tables(before, dump_tables()) == []

    def test_refused_with_the_place(self, owner: User) -> None:
        document = json.loads(small_file())
        client = signed_in(owner)
        before = dump_tables()
        for data, sentence in (
            (changed(document, lambda content: content["project"].update(goal="x" * 301)),
             "project.goal: at most 300 characters, this has 301."),
            (changed(document, lambda content: content["project"].update({"<script>": 1})),
             "project.<script>: there is no such field in this format."),
            (b"not json", "this is not JSON, see line 1, column 1."),
            (b"\xff\xfe", "this is not text in UTF-8, see byte 0."),
            (b"{}" + b" " * FILE_LIMIT, "File: at most 25 MB."),
            (b"{}" + b" " * (FILE_LIMIT + 5_000_000), "File: at most 25 MB."),
        ):  # fmt: skip
            for do in ("check", "import"):
                response = client.post(IMPORT, {"file": upload(data), "do": do})
                assert response.status_code == 422
                assert faults(response.content) == []
                assert alert(response) == sentence
        assert changed_tables(before, dump_tables()) == []

    def test_no_file(self, owner: User) -> None:
        client = signed_in(owner)
        for response in (
            client.post(IMPORT, {"do": "import"}),
            client.post(IMPORT, {"do": "import", "file": "text"}),
            client.post(IMPORT, urlencode({"do": "import"}), content_type="application/x-www-form-urlencoded"),
            client.post(IMPORT, {"do": "import", "file": upload(b"")}),
        ):
            assert response.status_code == 422
            assert alert(response) in {
                "File: choose the file that Preflight exported.", "this is not JSON, see line 1, column 1."
            }  # fmt: skip

    def test_a_file_larger_than_a_form(self, owner: User) -> None:
        """Forms are held to 2.5 MB, files to their own limit."""
        spaces = b" " * 3_000_000
        response = signed_in(owner).post(IMPORT, {"file": upload(small_file() + spaces), "do": "import"})
        assert response.status_code == 302
        assert Project.objects.count() == 1

    def test_a_narrowed_member_sees_what_they_brought_in(self, organisation: Organisation) -> None:
        narrowed = make_member(organisation, Role.EDITOR, all_projects=False)
        response = signed_in(narrowed).post(IMPORT, {"file": upload(small_file()), "do": "import"}, follow=True)
        project = Project.objects.get()
        assert response.redirect_chain == [(reverse("assessments:overview", args=[project.slug]), 302)]
        assert "Imported with 0 answers and 0 snapshots." in text(response)

    def test_queries_of_the_check(
        self, organisation: Organisation, owner: User, editor: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        project = make_rich_project(organisation, owner, editor)
        data = file_bytes(export_project(project))
        remove(project)
        client = signed_in(owner)
        with django_assert_num_queries(7):
            client.post(IMPORT, {"file": upload(data), "do": "check"})


class TestExportEverything:
    def test_who_may(self, organisation: Organisation, owner: User) -> None:
        for role in Role:
            member, status = signed_in(make_member(organisation, role)), 200 if role == Role.OWNER else 403
            assert member.get(EXPORT).status_code == status
            assert member.post(EXPORT).status_code == status
        assert signed_in(make_user()).get(EXPORT).status_code == 403
        assert Client().post(EXPORT).headers["Location"].startswith(reverse("account_login"))
        for method in ("put", "delete", "patch"):
            assert getattr(signed_in(owner), method)(EXPORT).status_code == 405

    def test_the_page(
        self, organisation: Organisation, owner: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        make_rich_project(organisation, owner, make_member(organisation, Role.EDITOR))
        client = signed_in(owner)
        with django_assert_num_queries(10):
            response = client.get(EXPORT)
        assert faults(response.content) == []
        assert "123" in text(response)
        assert not AuditEvent.objects.filter(verb="organisation.exported").exists()

    def test_the_file(self, organisation: Organisation, owner: User, editor: User, outsider: User) -> None:
        project = make_rich_project(organisation, owner, editor)
        make_project(outsider.memberships.get().organisation, outsider, name="canary-south project")
        response = signed_in(owner).post(EXPORT)
        assert response.headers["Content-Type"] == "application/zip"
        assert response.headers["Content-Disposition"].startswith('attachment; filename="preflight-20')
        with zipfile.ZipFile(io.BytesIO(body_of(response))) as archive:
            assert archive.namelist() == [f"projects/{project.slug}.json", "organisation.json"]
            document = json.loads(archive.read(archive.namelist()[0]))
            assert "canary" not in "".join(archive.read(name).decode() for name in archive.namelist())
        assert {**document, "made_at": ""} == content_of(project)
        event = AuditEvent.objects.get(verb="organisation.exported")
        assert (event.actor, event.organisation, event.detail) == (owner, organisation, {"projects": 1})

    def test_too_many_projects_for_a_page(
        self, organisation: Organisation, owner: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(services, "MOST_PROJECTS", 1)
        for name in ("One", "Two"):
            make_project(organisation, owner, name=name)
        client = signed_in(owner)
        before = dump_tables()
        for response, status in ((client.get(EXPORT), 200), (client.post(EXPORT), 422)):
            assert response.status_code == status
            assert faults(response.content) == []
            said = " ".join(parse(response.content).xpath("//p[@role='alert']")[0].text_content().split())
            assert said == (
                "A page exports at most 1 project. Ask whoever runs this installation for "
                f"manage.py export_organisation {organisation.pk} FILE.zip."
            )
        assert changed_tables(before, dump_tables()) == []
