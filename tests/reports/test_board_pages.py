"""The board inside the application: made from the dashboard's filters, watched, fetched, shared."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership, Organisation, User
from accounts.roles import Role
from assessments.models import Assessment, Snapshot
from projects.models import Project
from projects.services import set_grants
from reports.boards import read_board
from reports.models import BoardSnapshot, Report, ReportState, ShareLink
from reports.reconciler import beat
from reports.services import ReportContent, ShareTerms, create_board_link, request_board_report
from tests.access.dump import changed_tables, dump_tables
from tests.access.world import make_ready
from tests.make import answer_all, make_assessment, make_member, make_project, make_snapshot
from tests.reports.test_boards import sight_key, take
from tests.site.cases import signed_in, text
from tests.site.markup import faults, is_page, parse

CREATE = "/reports/board/"
SESSION = {"usersessions_usersession", "accounts_user"}


@pytest.fixture
def board(organisation: Organisation, owner: User) -> BoardSnapshot:
    return take(organisation, owner, rows=13)


@pytest.fixture
def board_report(board: BoardSnapshot, owner: User) -> Report:
    return request_board_report(board=board, names=True, by=owner)


@pytest.fixture
def narrowed(organisation: Organisation) -> User:
    return make_member(organisation, Role.EDITOR, all_projects=False, name="Narrowed editor")


def cases(
    path: str, organisation: Organisation, *, may: set[str], form: dict[str, str] | None = None, expected: int
) -> None:
    """Every role, an outsider, a guest, and a member whose sight is narrowed, on a board that the owner took."""
    people: dict[str, User] = {role.value: make_member(organisation, role) for role in Role}
    outsider = make_member(Organisation.objects.create(name="Elsewhere"), Role.OWNER)
    narrowed = make_member(organisation, Role.EDITOR, all_projects=False)

    def ask(client: Client) -> Any:
        return client.get(path) if form is None else client.post(path, form)

    before = dump_tables(without=SESSION)
    assert ask(Client()).headers["Location"].startswith(reverse("account_login"))
    for user in (outsider, narrowed):
        assert ask(signed_in(user)).status_code == 404
    for role in set(people) - may:
        assert ask(signed_in(people[role])).status_code == 403, role
    others = ("put", "delete", "patch") + (("get", "head") if form is not None and "share" not in path else ())
    for method in others:
        assert getattr(signed_in(people["owner"]), method)(path).status_code == 405, method
    assert changed_tables(before, dump_tables(without=SESSION)) == []
    for role in may:
        response = ask(signed_in(people[role]))
        assert response.status_code == expected, role
        if is_page(response):
            assert faults(response.content) == [], role


class TestMaking:
    def test_who_may(self, organisation: Organisation, owner: User, outsider: User) -> None:
        assert Client().post(CREATE).headers["Location"].startswith(reverse("account_login"))
        respondent = make_member(organisation, Role.RESPONDENT)
        assert signed_in(respondent).post(CREATE).status_code == 403
        assert not BoardSnapshot.objects.exists()
        for role in (Role.OWNER, Role.EDITOR, Role.VIEWER):
            assert signed_in(make_member(organisation, role)).post(CREATE).status_code == 302
        assert BoardSnapshot.objects.count() == Report.objects.count() == 3
        for method in ("put", "delete", "patch", "options"):
            assert getattr(signed_in(owner), method)(CREATE).status_code == 405

    def test_it_freezes_the_portfolio_and_leads_to_the_report(
        self, assessment: Assessment, owner: User, outsider: User
    ) -> None:
        answer_all(assessment, owner)
        make_snapshot(assessment, owner)
        make_project(outsider.memberships.get().organisation, outsider, name="Of somebody else")
        response = signed_in(owner).post(CREATE, follow=True)
        report = Report.objects.get()
        board = report.board
        assert board is not None
        assert response.redirect_chain[0][0] == f"/reports/board/{report.public_id}/"
        assert (report.names, report.state, board.sight, board.rows) == (
            True,
            "queued",
            f"{board.organisation_id}:all",
            1,
        )
        body = read_board(board)
        assert [row["name"] for row in body["rows"]] == ["Forecast"]
        assert body["organisation"] == {"name": "North"}
        assert re.fullmatch(r"Portfolio on \d{1,2} \w{3} \d{4}", board.label)
        page = text(response)
        assert body["finding"]["title"] in parse(page).text_content()
        assert "Of somebody else" not in board.body

    def test_what_is_typed_and_ticked(self, project: Project, owner: User) -> None:
        signed_in(owner).post(f"{CREATE}?stage=pilot", {"label": " Meeting ", "choice": "1"})
        signed_in(owner).post(CREATE, {"choice": "1", "names": "1"})
        plain, named = Report.objects.order_by("id")
        assert (plain.names, named.names) == (False, True)
        assert plain.frozen.label == "Meeting"
        assert plain.board is not None
        assert plain.board.scope == "Stage pilot"

    def test_the_form(self, organisation: Organisation, owner: User, project: Project) -> None:
        page = text(signed_in(owner).get(f"{CREATE}?stage=pilot&owner={owner.pk}&level=high"))
        assert "Stage pilot, of one owner" in page
        assert owner.name in page
        assert "holds every project of the selection" in page
        assert 'name="label" value="Portfolio on ' in page

    def test_a_bad_label_is_shown_again(self, owner: User, project: Project) -> None:
        response = signed_in(owner).post(CREATE, {"label": "x" * 121, "choice": "1"})
        assert response.status_code == 422
        assert "Label: at most 120 characters" in text(response)
        assert "x" * 121 in text(response)
        assert not BoardSnapshot.objects.exists()

    def test_the_owner_is_named_only_with_names(self, owner: User, project: Project) -> None:
        for form in ({"label": "A", "choice": "1"}, {"label": "B", "choice": "1", "names": "1"}):
            signed_in(owner).post(f"{CREATE}?owner={owner.pk}", form)
        plain, named = Report.objects.order_by("id")
        client = signed_in(owner)
        assert f"owner {owner.name}" not in text(client.get(plain.addresses.page))
        assert f"owner {owner.name}" in text(client.get(named.addresses.page))

    def test_the_filters_of_the_address(self, organisation: Organisation, owner: User, project: Project) -> None:
        make_project(organisation, owner, name="Another", stage="idea")
        signed_in(owner).post(f"{CREATE}?stage=idea&sort=name")
        board = BoardSnapshot.objects.get()
        assert (board.scope, board.rows, board.as_of) == ("Stage idea", 1, None)
        assert "Forecast" not in board.body

    def test_a_day_in_the_past(self, project: Project, owner: User) -> None:
        signed_in(owner).post(f"{CREATE}?as_of=2026-01-31")
        board = BoardSnapshot.objects.get()
        assert (str(board.as_of), board.label, board.rows) == ("2026-01-31", "Portfolio on 31 Jan 2026", 0)

    def test_a_bad_label_makes_nothing(self, project: Project, owner: User) -> None:
        client = signed_in(owner)
        before = dump_tables(without=SESSION)
        response = client.post(CREATE, {"label": "x" * 121}, follow=True)
        assert "Label: at most 120 characters, this has 121." in text(response)
        assert changed_tables(before, dump_tables(without=SESSION)) == []

    def test_too_many_make_nothing(self, project: Project, owner: User, settings: Any) -> None:
        settings.REPORTS_RUNNING_PER_ORGANISATION = 0
        response = signed_in(owner).post(CREATE, follow=True)
        assert "0 reports are waiting already." in text(response)
        assert not BoardSnapshot.objects.exists()

    def test_a_narrowed_member_freezes_what_they_see(
        self, organisation: Organisation, owner: User, project: Project, narrowed: User
    ) -> None:
        make_project(organisation, owner, name="Hidden from some")
        set_grants(project=project, grants={Membership.objects.get(user=narrowed): Role.EDITOR}, by=owner)
        response = signed_in(narrowed).post(CREATE, follow=True)
        assert response.status_code == 200
        board = BoardSnapshot.objects.get()
        assert board.sight == sight_key(narrowed)
        assert "Forecast" in board.body
        assert "Hidden from some" not in board.body


class TestList:
    def test_boards_stand_among_the_reports(
        self, board_report: Report, snapshot: Snapshot, owner: User, narrowed: User, outsider: User, respondent: User
    ) -> None:
        page = parse(signed_in(owner).get("/reports/").content)
        assert "For the board" in page.text_content()
        assert "with names of owners" in page.text_content()
        assert page.xpath(f"//a[@href='/reports/board/{board_report.public_id}/']")
        for user in (narrowed, outsider, respondent):
            assert "For the board" not in text(signed_in(user).get("/reports/"))

    def test_download(self, board_report: Report, owner: User, reports_dir: Path) -> None:
        make_ready(board_report, b"%PDF")
        assert f"/reports/board/{board_report.public_id}/board.pdf" in text(signed_in(owner).get("/reports/"))

    def test_queries_do_not_grow(
        self, organisation: Organisation, owner: User, snapshot: Snapshot,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:  # fmt: skip
        for _ in range(5):
            request_board_report(board=take(organisation, owner), names=True, by=owner)
        client = signed_in(owner)
        with django_assert_num_queries(5):
            client.get("/reports/")


class TestOne:
    @pytest.fixture
    def url(self, board_report: Report) -> str:
        return reverse("reports:board", args=[board_report.public_id])

    def test_cases(self, url: str, organisation: Organisation) -> None:
        cases(url, organisation, may={"owner", "editor", "viewer"}, expected=200)

    def test_one_s_own_is_seen_by_the_narrowed(self, organisation: Organisation, narrowed: User) -> None:
        report = request_board_report(
            board=take(organisation, narrowed, sight=sight_key(narrowed)), names=True, by=narrowed
        )
        assert signed_in(narrowed).get(report.addresses.page).status_code == 200
        other = make_member(organisation, Role.EDITOR, all_projects=False)
        assert signed_in(other).get(report.addresses.page).status_code == 404

    def test_a_report_of_a_project_is_none_of_a_board(self, report: Report, board_report: Report, owner: User) -> None:
        client = signed_in(owner)
        assert client.get(f"/reports/board/{report.public_id}/").status_code == 404
        assert report.snapshot is not None
        slug = report.snapshot.project.slug
        assert client.get(f"/projects/{slug}/reports/{board_report.public_id}/").status_code == 404

    def test_it_asks_for_itself_until_it_is_finished(
        self, url: str, board_report: Report, owner: User, reports_dir: Path
    ) -> None:
        client = signed_in(owner)
        assert "No worker is running" in text(client.get(url))
        beat("a worker")
        fragment = client.get(url, headers={"hx-request": "true"})
        assert fragment.status_code == 200
        assert f'hx-get="{url}"' in text(fragment)
        assert "<html" not in text(fragment)
        make_ready(board_report, b"%PDF")
        finished = client.get(url, headers={"hx-request": "true"})
        assert finished.status_code == 286
        assert "hx-get" not in text(finished)

    def test_the_numbers(self, url: str, owner: User, board: BoardSnapshot) -> None:
        response = signed_in(owner).get(url)
        page = parse(response.content)
        words = page.text_content()
        for part in ("projects are at high or critical risk", "Median failure risk", "Track record", board.sha256):
            assert part in words
        assert page.xpath("//*[local-name()='svg'][starts-with(@aria-label, 'Projects by failure risk')]")
        assert "As of 25 Nov 2026" not in words, "the moment it was taken, not that of the sample"

    def test_ready(self, url: str, board_report: Report, owner: User, viewer: User, reports_dir: Path) -> None:
        make_ready(board_report, b"%PDF")
        page = text(signed_in(owner).get(url))
        assert f"/reports/board/{board_report.public_id}/board.pdf" in page
        assert "Share the board" in page
        assert "Share the board" not in text(signed_in(viewer).get(url))

    def test_failed(self, url: str, board_report: Report, owner: User) -> None:
        Report.objects.filter(pk=board_report.pk).update(state=ReportState.FAILED, error="Too <b>big.")
        assert "Too <b>big." in parse(signed_in(owner).get(url).content).text_content()
        assert reverse("reports:retry_board", args=[board_report.public_id]) in text(signed_in(owner).get(url))

    def test_queries(self, url: str, owner: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        client = signed_in(owner)
        with django_assert_num_queries(8):
            client.get(url)


class TestDownload:
    @pytest.fixture
    def url(self, board_report: Report) -> str:
        return reverse("reports:download_board", args=[board_report.public_id])

    def test_cases(self, url: str, board_report: Report, organisation: Organisation, reports_dir: Path) -> None:
        make_ready(board_report, b"%PDF of a board")
        cases(url, organisation, may={"owner", "editor", "viewer"}, expected=200)

    def test_the_file(
        self, url: str, board_report: Report, board: BoardSnapshot, owner: User, reports_dir: Path
    ) -> None:
        client = signed_in(owner)
        assert client.get(url).headers["Location"] == reverse("reports:board", args=[board_report.public_id])
        make_ready(board_report, b"%PDF of a board")
        response = client.get(url)
        assert response.content == b"%PDF of a board"
        name = f"north-portfolio-2026-03-14-{board.public_id}.pdf"
        assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'

    def test_a_damaged_file_is_made_again(self, url: str, board_report: Report, owner: User, reports_dir: Path) -> None:
        make_ready(board_report, b"%PDF of a board")
        board_report.path.write_bytes(b"%PDF changed")
        assert signed_in(owner).get(url).status_code == 302
        board_report.refresh_from_db()
        assert board_report.state == ReportState.QUEUED


class TestAgain:
    def test_cases(self, board_report: Report, organisation: Organisation) -> None:
        Report.objects.filter(pk=board_report.pk).update(state=ReportState.FAILED, attempts=5)
        path = reverse("reports:retry_board", args=[board_report.public_id])
        cases(path, organisation, may={"owner", "editor", "viewer"}, form={}, expected=302)
        board_report.refresh_from_db()
        assert (board_report.state, board_report.attempts) == ("queued", 0)


class TestSharing:
    @pytest.fixture
    def url(self, board: BoardSnapshot) -> str:
        return reverse("reports:share_board", args=[board.public_id])

    def test_cases(self, url: str, organisation: Organisation) -> None:
        cases(url, organisation, may={"owner", "editor"}, expected=200)
        cases(url, organisation, may={"owner", "editor"}, form={"label": "A reader", "days": "10"}, expected=200)
        assert ShareLink.objects.count() == 2

    def test_the_address_is_shown_once(self, url: str, owner: User) -> None:
        client = signed_in(owner)
        page = parse(client.get(url).content)
        assert not page.xpath("//input[@name='notes' or @name='evidence']")
        assert not page.xpath("//input[@name='names']/@checked"), "names of owners are hidden by default"
        response = client.post(url, {"label": "The <b>board", "days": "10", "with_pdf": "1", "notes": "1"})
        (address,) = parse(response.content).xpath("//input[@id='address']/@value")
        assert address not in text(client.get(url))
        assert "The <b>board" in parse(client.get(url).content).text_content()
        link = ShareLink.objects.get()
        assert (link.names, link.notes, link.evidence) == (False, False, False)
        assert client.get(address.removeprefix("http://testserver"), follow=True).status_code == 200

    @pytest.mark.parametrize("form", [{"label": ""}, {"days": "0"}, {"days": "x"}, {"passphrase": "short"}])
    def test_refused(self, url: str, owner: User, form: dict[str, str]) -> None:
        client = signed_in(owner)
        before = dump_tables()
        response = client.post(url, {"label": "Board", "days": "30", "names": "1"} | form)
        assert response.status_code == 422
        assert changed_tables(before, dump_tables()) == []
        page = parse(response.content)
        assert page.xpath("//*[@role='alert']")
        assert page.xpath("//input[@name='names']/@checked"), "what was ticked is still ticked"
        assert faults(response.content) == []

    def test_revoking(self, board: BoardSnapshot, organisation: Organisation, owner: User) -> None:
        terms = ShareTerms("The board", 30, ReportContent(names=False))
        link, _ = create_board_link(board=board, terms=terms, by=owner, at=timezone.now())
        path = reverse("reports:revoke_board", args=[link.public_id])
        assert path in text(signed_in(owner).get(reverse("reports:share_board", args=[board.public_id])))
        cases(path, organisation, may={"owner", "editor"}, form={}, expected=302)
        link.refresh_from_db()
        assert link.revoked_at is not None
        assert not link.is_active(at=timezone.now())

    def test_a_link_of_a_project_is_not_revoked_here(self, snapshot: Snapshot, owner: User, board: Any) -> None:
        terms = ShareTerms("Somebody", 30, ReportContent(notes=False))
        link, _ = create_board_link(board=board, terms=terms, by=owner, at=timezone.now())
        slug = snapshot.project.slug
        assert signed_in(owner).post(f"/projects/{slug}/links/{link.public_id}/revoke/").status_code == 404
        link.refresh_from_db()
        assert link.revoked_at is None


def test_the_place_in_the_queue_counts_boards_too(
    board_report: Report, assessment: Assessment, organisation: Organisation, owner: User
) -> None:
    later = request_board_report(board=take(organisation, owner), names=True, by=owner)
    assert "Waiting for a worker, 1 report before yours" in text(signed_in(owner).get(later.addresses.page))
    Report.objects.filter(pk=board_report.pk).update(state=ReportState.READY, sha256="0" * 64, ready_at=Now())
    assert "before yours" not in text(signed_in(owner).get(later.addresses.page))


def test_a_member_without_projects_gets_an_empty_board(organisation: Organisation, narrowed: User) -> None:
    make_assessment(make_project(organisation, make_member(organisation, Role.OWNER)), narrowed)
    response = signed_in(narrowed).post(CREATE, follow=True)
    assert response.status_code == 200
    assert faults(response.content) == []
    assert BoardSnapshot.objects.get().rows == 0
