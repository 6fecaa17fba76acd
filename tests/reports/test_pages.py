"""Reports and links inside the application."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership, Organisation, User
from accounts.roles import Role
from assessments.models import Snapshot
from projects.models import Project
from projects.services import set_grants
from reports.models import Report, ReportState, ShareLink
from reports.reconciler import beat
from reports.services import ReportContent, request_report, revoke_share_link
from tests.access.dump import changed_tables, dump_tables
from tests.access.world import make_ready, share
from tests.make import make_assessment, make_member, make_project, make_snapshot
from tests.site.cases import WRITERS, signed_in, text, usual_cases
from tests.site.markup import faults, parse

MAY_REPORT = {Role.OWNER, Role.EDITOR, Role.VIEWER}
POST_ONLY = ("get", "head", "put", "delete", "patch", "options")


def set_state(report: Report, **fields: object) -> None:
    Report.objects.filter(pk=report.pk).update(**fields)


class TestAll:
    def test_by_organisation_and_grant(
        self, report: Report, project: Project, organisation: Organisation, owner: User, viewer: User, outsider: User
    ) -> None:
        assert "First review" in text(signed_in(viewer).get("/reports/"))
        assert "First review" not in text(signed_in(outsider).get("/reports/"))
        narrowed = make_member(organisation, Role.RESPONDENT, all_projects=False)
        client = signed_in(narrowed)
        assert "First review" not in text(client.get("/reports/"))
        set_grants(project=project, grants={Membership.objects.get(user=narrowed): Role.VIEWER}, by=owner)
        assert "First review" in text(client.get("/reports/"))

    def test_empty(self, owner: User) -> None:
        assert "No report was asked for yet" in text(signed_in(owner).get("/reports/"))

    def test_states(self, report: Report, owner: User, reports_dir: object) -> None:
        client = signed_in(owner)
        assert "Waiting" in text(client.get("/reports/"))
        set_state(report, state=ReportState.FAILED)
        assert "Failed" in text(client.get("/reports/"))
        make_ready(report, b"%PDF")
        page = text(client.get("/reports/"))
        assert "Ready, 1 page" in page
        assert reverse("reports:download", args=[report.snapshot.project.slug, report.public_id]) in page

    def test_pages(self, snapshot: Snapshot, owner: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        Report.objects.bulk_create(
            Report(snapshot=snapshot, template_version=f"old {n}", created_by=owner) for n in range(55)
        )
        client = signed_in(owner)
        assert len(parse(client.get("/reports/").content).xpath("//tbody/tr")) == 50
        for page, rows in (("2", 5), ("999999", 5), ("-3", 5), ("abc", 50)):
            assert len(parse(client.get("/reports/", {"page": page}).content).xpath("//tbody/tr")) == rows
        with django_assert_num_queries(5):
            client.get("/reports/")

    def test_wrong_method(self, owner: User) -> None:
        assert signed_in(owner).post("/reports/").status_code == 405


class TestOfAProject:
    @pytest.fixture
    def url(self, project: Project) -> str:
        return reverse("reports:project", args=[project.slug])

    def test_usual_cases(self, url: str, report: Report, owner: User) -> None:
        usual_cases(url, owner)

    def test_before_a_snapshot(self, url: str, owner: User, viewer: User) -> None:
        page = text(signed_in(owner).get(url))
        assert "Take a snapshot first" in page
        assert "Nobody outside has a link to this project" in page
        assert "Report of the newest snapshot" not in page

    def test_reports_and_links(self, url: str, report: Report, snapshot: Snapshot, owner: User, viewer: User) -> None:
        share(snapshot, owner, "Steering <b>committee")
        dead, _ = share(snapshot, owner, "Former reader")
        revoke_share_link(link=dead, by=owner, at=timezone.now())
        response = signed_in(owner).get(url)
        page = parse(response.content).text_content()
        for words in ("First review", "Steering <b>committee", "works until", "Former reader", "revoked"):
            assert words in page
        assert text(response).count("/revoke/") == 1
        assert "/revoke/" not in text(signed_in(viewer).get(url))

    def test_queries(
        self, url: str, snapshot: Snapshot, owner: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for number in range(8):
            request_report(snapshot=snapshot, content=ReportContent(notes=bool(number % 2)), by=owner)
            share(snapshot, owner, f"Reader {number}")
        client = signed_in(owner)
        with django_assert_num_queries(9):
            client.get(url)


class TestAsking:
    def test_usual_cases(self, project: Project, snapshot: Snapshot, owner: User) -> None:
        path = reverse("reports:create", args=[project.slug, snapshot.public_id])
        usual_cases(path, owner, may=MAY_REPORT, form={}, other_methods=POST_ONLY)
        assert Report.objects.count() == 1

    def test_it_leads_to_the_report(self, project: Project, snapshot: Snapshot, owner: User) -> None:
        path = reverse("reports:create", args=[project.slug, snapshot.public_id])
        response = signed_in(owner).post(path, {"names": "0", "state": "ready"}, follow=True)
        report = Report.objects.get()
        assert (report.names, report.notes, report.evidence, report.state) == (True, True, True, "queued")
        assert response.redirect_chain[0][0].endswith(f"/reports/{report.public_id}/")

    def test_too_many(self, project: Project, snapshot: Snapshot, owner: User, settings: Any) -> None:
        settings.REPORTS_RUNNING_PER_ORGANISATION = 0
        path = reverse("reports:create", args=[project.slug, snapshot.public_id])
        response = signed_in(owner).post(path, follow=True)
        assert "0 reports are waiting already. Ask again when some of them are ready." in text(response)
        assert not Report.objects.exists()

    def test_a_snapshot_of_another_project(self, snapshot: Snapshot, owner: User) -> None:
        other = make_project(owner.memberships.get().organisation, owner, name="Other")
        path = reverse("reports:create", args=[other.slug, snapshot.public_id])
        assert signed_in(owner).post(path).status_code == 404


class TestOne:
    @pytest.fixture
    def url(self, report: Report) -> str:
        return reverse("reports:detail", args=[report.snapshot.project.slug, report.public_id])

    def test_usual_cases(self, url: str, owner: User) -> None:
        usual_cases(url, owner)

    def test_waiting(self, url: str, report: Report, owner: User) -> None:
        page = text(signed_in(owner).get(url))
        assert "Waiting for a worker" in page
        assert "No worker is running at the moment" in page
        beat("a worker")
        assert "No worker is running" not in text(signed_in(owner).get(url))

    def test_it_asks_for_itself_until_it_is_finished(
        self, url: str, report: Report, owner: User, reports_dir: object
    ) -> None:
        client = signed_in(owner)
        fragment = client.get(url, headers={"hx-request": "true"})
        assert fragment.status_code == 200
        assert "<html" not in text(fragment)
        assert 'hx-trigger="every 2s"' in text(fragment)
        set_state(report, enqueued_at=Now() - timedelta(minutes=1))
        assert 'hx-trigger="every 5s"' in text(client.get(url, headers={"hx-request": "true"}))
        make_ready(report, b"%PDF")
        finished = client.get(url, headers={"hx-request": "true"})
        assert finished.status_code == 286, "which stops the asking"
        assert "hx-get" not in text(finished)
        assert client.get(url).status_code == 200

    def test_running(self, url: str, report: Report, owner: User) -> None:
        set_state(report, state=ReportState.RUNNING, step=3, lease_until=Now() + timedelta(minutes=1))
        page = parse(signed_in(owner).get(url).content)
        assert "Setting the pages, step 3 of 5" in page.text_content()
        assert page.xpath("//li[@aria-current='step']/text()")[0].strip().startswith("Setting the pages")

    def test_trying_again_after_a_failure_that_may_pass(self, url: str, report: Report, owner: User) -> None:
        set_state(report, error="There is no space left on the disk for the report.", error_code="no_space")
        assert "The last try failed: There is no space left" in text(signed_in(owner).get(url))

    def test_ready(self, url: str, report: Report, owner: User, respondent: User, reports_dir: object) -> None:
        make_ready(report, b"%PDF")
        page = text(signed_in(owner).get(url))
        assert "Download the PDF" in page
        assert "Share the result" in page
        report.refresh_from_db()
        assert report.sha256 in page
        assert "Share the result" not in text(signed_in(respondent).get(url))

    def test_failed(self, url: str, report: Report, owner: User, respondent: User) -> None:
        set_state(report, state=ReportState.FAILED, error="Too <b>big.", error_code="too_big", attempts=1)
        response = signed_in(owner).get(url)
        assert faults(response.content) == []
        page = parse(response.content).text_content()
        assert "This report could not be made" in page
        assert "Too <b>big." in page
        assert "after 1 try" in page
        assert "Try again" in page
        assert "Try again" not in text(signed_in(respondent).get(url))

    def test_the_place_in_the_queue(self, url: str, snapshot: Snapshot, report: Report, owner: User) -> None:
        later = request_report(snapshot=snapshot, content=ReportContent(notes=False), by=owner)
        path = url.replace(report.public_id, later.public_id)
        assert "Waiting for a worker, 1 report before yours" in text(signed_in(owner).get(path))
        assert "before yours" not in text(signed_in(owner).get(url))

    def test_nobody_else_s_queue_is_told(self, owner: User, outsider: User, snapshot: Snapshot) -> None:
        theirs = make_project(outsider.memberships.get().organisation, outsider)
        their_snapshot = make_snapshot(make_assessment(theirs, outsider), outsider)
        request_report(snapshot=their_snapshot, content=ReportContent(), by=outsider)
        mine = request_report(snapshot=snapshot, content=ReportContent(), by=owner)
        path = reverse("reports:detail", args=[snapshot.project.slug, mine.public_id])
        assert "before yours" not in text(signed_in(owner).get(path))

    def test_queries(self, url: str, owner: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        client = signed_in(owner)
        with django_assert_num_queries(7):
            client.get(url)


class TestAgain:
    @pytest.fixture
    def url(self, report: Report) -> str:
        return reverse("reports:retry", args=[report.snapshot.project.slug, report.public_id])

    def test_usual_cases(self, url: str, owner: User) -> None:
        usual_cases(url, owner, may=MAY_REPORT, form={}, other_methods=POST_ONLY)

    def test_it_is_queued_with_the_same_content(self, snapshot: Snapshot, owner: User) -> None:
        bare = request_report(snapshot=snapshot, content=ReportContent(False, True, False), by=owner)
        set_state(bare, state=ReportState.FAILED, attempts=5)
        signed_in(owner).post(reverse("reports:retry", args=[snapshot.project.slug, bare.public_id]))
        assert Report.objects.count() == 1
        bare.refresh_from_db()
        assert (bare.state, bare.attempts, bare.names, bare.notes) == ("queued", 0, False, True)

    def test_a_ready_one_is_left(self, url: str, report: Report, owner: User, reports_dir: object) -> None:
        make_ready(report, b"%PDF")
        client, before = signed_in(owner), dump_tables(without={"usersessions_usersession", "accounts_user"})
        assert client.post(url).status_code == 302
        assert changed_tables(before, dump_tables(without={"usersessions_usersession", "accounts_user"})) == []


class TestSharing:
    @pytest.fixture
    def url(self, project: Project, snapshot: Snapshot) -> str:
        return reverse("reports:share", args=[project.slug, snapshot.public_id])

    def test_usual_cases(self, url: str, owner: User) -> None:
        usual_cases(url, owner, may=WRITERS)
        usual_cases(url, owner, may=WRITERS, form={"label": "Board", "days": "30"}, expected=200)

    def test_the_address_is_shown_once(self, url: str, owner: User) -> None:
        client = signed_in(owner)
        response = client.post(url, {"label": "Board", "days": "10", "with_pdf": "1"})
        (address,) = parse(response.content).xpath("//input[@id='address']/@value")
        assert re.fullmatch(r"http://testserver/s/[A-Za-z0-9_-]{43}/", address)
        assert address not in text(client.get(url))
        link = ShareLink.objects.get()
        assert (link.names, link.notes, link.evidence, link.passphrase) == (False, False, False, "")
        assert 9 <= (link.expires_at - timezone.now()).days <= 10
        assert client.get(address.removeprefix("http://testserver")).status_code == 303

    def test_the_address_of_the_site(self, url: str, owner: User, settings: Any) -> None:
        settings.PUBLIC_URL = "https://preflight.example.org/"
        response = signed_in(owner).post(url, {"label": "Board", "days": "10"})
        (address,) = parse(response.content).xpath("//input[@id='address']/@value")
        assert address.startswith("https://preflight.example.org/s/")

    def test_what_is_ticked(self, url: str, owner: User) -> None:
        form = {"label": "Board", "days": "1", "names": "1", "notes": "1", "evidence": "1", "passphrase": "x" * 10}
        signed_in(owner).post(url, form)
        link = ShareLink.objects.get()
        assert (link.names, link.notes, link.evidence, bool(link.passphrase), link.report) == (True,) * 4 + (None,)

    @pytest.mark.parametrize(
        ("form", "sentence"),
        [
            ({"label": ""}, "For whom"), ({"days": ""}, "Days"), ({"days": "0"}, "Days"), ({"days": "366"}, "Days"),
            ({"days": "1.5"}, "Days"), ({"days": "-1"}, "Days"), ({"days": "٣"}, "Days"), ({"days": "99999"}, "Days"),
            ({"notes": "1"}, "Passphrase: a link that shows notes needs one."), ({"passphrase": "short"}, "Passphrase"),
        ],
    )  # fmt: skip
    def test_refused(self, url: str, owner: User, form: dict[str, str], sentence: str) -> None:
        client = signed_in(owner)
        before = dump_tables()
        response = client.post(url, {"label": "Board", "days": "30", "evidence": "1", **form})
        assert response.status_code == 422
        assert changed_tables(before, dump_tables()) == []
        page = parse(response.content)
        assert sentence in page.xpath("//p[@role='alert']")[0].text_content()
        assert page.xpath("//input[@name='evidence']/@checked")
        assert page.xpath("//input[@name='passphrase']/@value") == []
        assert page.xpath("//input[@id='label']/@value") == [form.get("label", "Board")]
        assert faults(response.content) == []

    def test_only_the_days_in_the_settings(self, url: str, owner: User, settings: Any) -> None:
        settings.SHARE_LINK_DAYS = 7
        page = parse(signed_in(owner).get(url).content)
        assert page.xpath("//input[@id='days']/@value") == ["7"]

    def test_queries(
        self, url: str, snapshot: Snapshot, owner: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for number in range(5):
            share(snapshot, owner, f"Reader {number}")
        client = signed_in(owner)
        with django_assert_num_queries(6):
            client.get(url)


class TestRevoking:
    def test_usual_cases(self, project: Project, snapshot: Snapshot, owner: User) -> None:
        link, _ = share(snapshot, owner, "Board")
        path = reverse("reports:revoke", args=[project.slug, link.public_id])
        usual_cases(path, owner, may=WRITERS, form={}, other_methods=POST_ONLY)
        link.refresh_from_db()
        assert link.revoked_at is not None

    def test_a_link_of_another_project(self, snapshot: Snapshot, owner: User) -> None:
        link, _ = share(snapshot, owner, "Board")
        other = make_project(owner.memberships.get().organisation, owner, name="Other")
        assert signed_in(owner).post(reverse("reports:revoke", args=[other.slug, link.public_id])).status_code == 404
        link.refresh_from_db()
        assert link.revoked_at is None
