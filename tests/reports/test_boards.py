"""Freezing a portfolio, who sees it, and its report and links: through the services, past the model, by raw SQL."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.utils import timezone

from accounts.models import AuditEvent, ImmutableError, Membership, Organisation, User
from accounts.roles import Role
from accounts.texts import TextRefused
from assessments.models import Snapshot
from portfolio.sight import sight_of
from reports.boards import read_board, take_board
from reports.files import file_name
from reports.models import BoardSnapshot, Report, ShareLink
from reports.rendering import render_report
from reports.services import (
    ReportContent,
    ReportRefused,
    ShareTerms,
    ask_again,
    create_board_link,
    create_share_link,
    request_board_report,
    request_report,
    revoke_share_link,
)
from tests.make import AT, make_member, make_organisation
from tests.reports.board_body import make_board_body
from tests.reports.stubs import stub_broker, stub_renderer


def take(organisation: Organisation, by: User, **changes: Any) -> BoardSnapshot:
    body = make_board_body(changes.pop("rows", 3))
    del body["snapshot"]
    arguments = {
        "label": "For the board",
        "as_of": None,
        "scope": "All projects",
        "sight": f"{organisation.pk}:all",
    } | changes
    return take_board(organisation=organisation, body=arguments.pop("body", body), by=by, at=AT, **arguments)


def sight_key(user: User) -> str:
    return sight_of(Membership.objects.get(user=user)).key


@pytest.fixture
def board(organisation: Organisation, owner: User) -> BoardSnapshot:
    return take(organisation, owner)


class TestTaking:
    def test_what_is_kept(self, organisation: Organisation, owner: User) -> None:
        board = take(organisation, owner, as_of=date(2026, 3, 1), scope="Stage pilot", sight="1:few")
        board.refresh_from_db()
        body = read_board(board)
        assert body["snapshot"] == {
            "id": board.public_id, "label": "For the board", "taken_at": AT.isoformat(), "taken_by": owner.name,
        }  # fmt: skip
        assert board.sha256 == hashlib.sha256(board.body.encode()).hexdigest()
        assert board.body == json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert (board.rows, board.projects, board.as_of, board.scope) == (3, 3, date(2026, 3, 1), "Stage pilot")
        assert (board.sight, board.taken_by, board.taken_at) == ("1:few", owner, AT)

    def test_the_others_are_counted(self, organisation: Organisation, owner: User) -> None:
        body = make_board_body(3, projects=500)
        assert take(organisation, owner, body=body).projects == 500

    def test_it_is_on_record(self, board: BoardSnapshot, owner: User) -> None:
        event = AuditEvent.objects.get(verb="board.taken")
        assert (event.thing, event.actor, event.organisation) == (board.public_id, owner, board.organisation)
        assert event.detail == {"sha256": board.sha256, "projects": 3, "sight": board.sight}

    @pytest.mark.parametrize("label", ["", "  ", "x" * 121, "a\x00b"])
    def test_a_bad_label(self, organisation: Organisation, owner: User, label: str) -> None:
        with pytest.raises(TextRefused, match="Label"):
            take(organisation, owner, label=label)
        assert not BoardSnapshot.objects.exists()
        assert not AuditEvent.objects.filter(verb="board.taken").exists()

    def test_more_rows_than_a_board_holds(self, organisation: Organisation, owner: User) -> None:
        with pytest.raises(ValueError, match="at most 300 rows, this has 301"):
            take(organisation, owner, rows=301)

    def test_a_long_scope_is_cut(self, organisation: Organisation, owner: User) -> None:
        assert len(take(organisation, owner, scope="x" * 900).scope) == 400

    def test_numbers_that_json_does_not_know(self, organisation: Organisation, owner: User) -> None:
        body = make_board_body(1)
        body["rows"][0]["index"] = float("nan")
        with pytest.raises(ValueError, match="JSON"):
            take(organisation, owner, body=body)


class TestWrittenOnce:
    def test_through_the_model(self, board: BoardSnapshot) -> None:
        attempts = [
            board.save, board.delete, lambda: BoardSnapshot.objects.update(label="x"),
            lambda: BoardSnapshot.objects.all().delete(), lambda: BoardSnapshot.objects.bulk_update([board], ["label"]),
        ]  # fmt: skip
        for attempt in attempts:
            with pytest.raises(ImmutableError):
                attempt()

    def test_past_the_model(self, board: BoardSnapshot) -> None:
        plain: models.QuerySet[Any] = models.QuerySet(BoardSnapshot)
        for attempt in (
            lambda: plain.update(label="changed"),
            lambda: plain._raw_delete(using=plain.db),
            lambda: models.Model.save(BoardSnapshot(pk=board.pk, label="changed")),
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                attempt()
        assert BoardSnapshot.objects.get().label == "For the board"

    @pytest.mark.parametrize(
        "statement",
        ["UPDATE reports_boardsnapshot SET body = ''", "DELETE FROM reports_boardsnapshot"],
    )
    def test_raw_sql(self, board: BoardSnapshot, statement: str) -> None:
        with pytest.raises(DatabaseError, match="written once"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert BoardSnapshot.objects.get().body == board.body


class TestWhoSees:
    def test_by_sight(self, organisation: Organisation, owner: User, outsider: User) -> None:
        narrowed = make_member(organisation, Role.EDITOR, all_projects=False)
        other = make_member(organisation, Role.EDITOR, all_projects=False)
        whole, own = take(organisation, owner), take(organisation, narrowed, sight=sight_key(narrowed))
        formerly_whole = take(organisation, narrowed)
        elsewhere = take(outsider.memberships.get().organisation, outsider)
        viewer = make_member(organisation, Role.VIEWER)

        def seen(user: User) -> set[BoardSnapshot]:
            return set(BoardSnapshot.objects.visible_to(Membership.objects.get(user=user)))

        assert seen(owner) == seen(viewer) == {whole, own, formerly_whole}
        assert seen(narrowed) == {own}, "not what they took while they saw everything"
        assert seen(other) == set()
        assert seen(make_member(organisation, Role.RESPONDENT)) == set(), "who may not see the portfolio"
        assert seen(outsider) == {elsewhere}

    def test_an_owner_sees_all_whatever_the_membership_says(self, organisation: Organisation, owner: User) -> None:
        board = take(organisation, make_member(organisation, Role.EDITOR))
        Membership.objects.filter(user=owner).update(all_projects=False)
        assert set(BoardSnapshot.objects.visible_to(Membership.objects.get(user=owner))) == {board}


class TestRows:
    """A report or a link is about one thing, and the database says so."""

    def test_neither_or_both(self, board: BoardSnapshot, snapshot: Snapshot, owner: User) -> None:
        link = {"token_hash": "x", "label": "x", "expires_at": timezone.now()}
        for of in ({}, {"board": board, "snapshot": snapshot}):
            with pytest.raises(IntegrityError, match="report_of_one_thing"), transaction.atomic():
                Report.objects.create(**of)
            with pytest.raises(IntegrityError, match="share_link_of_one_thing"), transaction.atomic():
                ShareLink.objects.create(**of, **link)

    def test_one_report_for_each_content(self, board: BoardSnapshot) -> None:
        for names in (True, False):
            Report.objects.create(board=board, names=names, notes=False, evidence=False)
            with pytest.raises(IntegrityError), transaction.atomic():
                Report.objects.create(board=board, names=names, notes=True)

    def test_a_board_with_reports_stays(self, board: BoardSnapshot, organisation: Organisation, owner: User) -> None:
        request_board_report(board=board, names=True, by=owner)
        for thing in (organisation, owner):
            with pytest.raises(models.ProtectedError), transaction.atomic():
                thing.delete()


class TestReports:
    def test_asking_twice_gives_the_same(
        self, board: BoardSnapshot, owner: User, monkeypatch: pytest.MonkeyPatch,
        django_capture_on_commit_callbacks: Any,
    ) -> None:  # fmt: skip
        sent = stub_broker(monkeypatch)
        with django_capture_on_commit_callbacks(execute=True):
            first = request_board_report(board=board, names=True, by=owner)
            assert request_board_report(board=board, names=True, by=owner) == first
            other = request_board_report(board=board, names=False, by=owner)
        assert other != first
        assert sent == [(first.pk,), (other.pk,)]
        assert (first.names, first.notes, first.evidence, first.snapshot) == (True, False, False, None)
        assert first.left_out == "with names of owners"
        assert other.left_out == "without names of owners"
        event = AuditEvent.objects.filter(verb="report.requested").latest("id")
        assert (event.thing, event.detail) == (other.public_id, {"board": board.public_id})

    def test_boards_and_projects_share_the_limit(
        self, board: BoardSnapshot, snapshot: Snapshot, owner: User, outsider: User, settings: Any
    ) -> None:
        settings.REPORTS_RUNNING_PER_ORGANISATION = 2
        request_report(snapshot=snapshot, content=ReportContent(), by=owner)
        request_board_report(board=board, names=True, by=owner)
        with pytest.raises(ReportRefused, match="2 reports are waiting already"):
            request_board_report(board=board, names=False, by=owner)
        with pytest.raises(ReportRefused, match="2 reports are waiting already"):
            request_report(snapshot=snapshot, content=ReportContent(notes=False), by=owner)
        request_board_report(board=take(make_organisation("Other"), outsider), names=True, by=outsider)

    def test_a_failed_one_is_tried_again(self, board: BoardSnapshot, owner: User) -> None:
        report = request_board_report(board=board, names=False, by=owner)
        Report.objects.filter(pk=report.pk).update(state="failed", error="x", attempts=5)
        report = Report.objects.get(pk=report.pk)
        assert ask_again(report=report, by=owner) == report
        report.refresh_from_db()
        assert (report.state, report.attempts, report.error, report.names) == ("queued", 0, "", False)

    def test_it_is_made_by_the_worker_from_the_frozen_text(
        self, board: BoardSnapshot, owner: User, reports_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calls = stub_renderer(monkeypatch)
        report = request_board_report(board=board, names=False, by=owner)
        Organisation.objects.update(name="Renamed")
        assert render_report(report.pk) == "ready"
        (html,) = calls
        assert "Halden Group" in html
        assert board.sha256 in html
        assert "Owner 1" not in html
        report.refresh_from_db()
        assert report.path.is_file()

    def test_the_whole_way_to_a_tagged_file(self, board: BoardSnapshot, owner: User, reports_dir: Path) -> None:
        report = request_board_report(board=board, names=True, by=owner)
        assert render_report(report.pk) == "ready"
        report.refresh_from_db()
        assert report.pages == 2
        assert report.path.read_bytes().startswith(b"%PDF-")

    def test_the_name_of_the_file(self, organisation: Organisation, owner: User) -> None:
        for name, words in (("Halden Group", "halden-group-portfolio"), ("日本", "organisation-portfolio")):
            organisation.name = name
            organisation.save()
            board = take(organisation, owner)
            report = request_board_report(board=board, names=True, by=owner)
            assert file_name(report) == f"{words}-2026-03-14-{board.public_id}.pdf"


class TestLinks:
    def terms(self, **changes: Any) -> ShareTerms:
        content = changes.pop("content", ReportContent(names=False, notes=True, evidence=True))
        return ShareTerms(**({"label": "The board", "days": 30, "content": content} | changes))

    def test_only_names_count(self, board: BoardSnapshot, owner: User) -> None:
        link, token = create_board_link(board=board, terms=self.terms(), by=owner, at=AT)
        assert (link.names, link.notes, link.evidence, link.snapshot) == (False, False, False, None)
        assert link.frozen == board
        assert link.expires_at == AT + timedelta(days=30)
        assert link.report is not None
        assert (link.report.board, link.report.names) == (board, False)
        assert token not in repr(vars(link))
        event = AuditEvent.objects.get(verb="share.created")
        assert event.detail == {"board": board.public_id, "days": 30, "notes": False, "names": False}

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [({"label": ""}, "For whom"), ({"days": 0}, "Days"), ({"days": 366}, "Days"),
         ({"passphrase": "short"}, "Passphrase")],
    )  # fmt: skip
    def test_refused(self, board: BoardSnapshot, owner: User, changes: dict[str, Any], sentence: str) -> None:
        with pytest.raises((TextRefused, ReportRefused), match=sentence):
            create_board_link(board=board, terms=self.terms(**changes), by=owner, at=AT)
        assert not ShareLink.objects.exists()
        assert not Report.objects.exists()

    def test_without_a_pdf(self, board: BoardSnapshot, owner: User) -> None:
        link, _ = create_board_link(board=board, terms=self.terms(with_pdf=False), by=owner, at=AT)
        assert link.report is None
        assert not Report.objects.exists()

    def test_revoking_is_on_record_once(self, board: BoardSnapshot, owner: User) -> None:
        link, _ = create_board_link(board=board, terms=self.terms(), by=owner, at=AT)
        for _ in range(2):
            revoke_share_link(link=link, by=owner, at=timezone.now())
        event = AuditEvent.objects.get(verb="share.revoked")
        assert (event.thing, event.organisation) == (link.public_id, board.organisation)

    def test_the_notes_of_a_project_still_need_a_passphrase(self, snapshot: Snapshot, owner: User) -> None:
        with pytest.raises(ReportRefused, match="Passphrase: a link that shows notes needs one"):
            create_share_link(snapshot=snapshot, terms=self.terms(), by=owner, at=AT)


def test_a_board_is_no_longer_seen_by_who_sees_something_else(organisation: Organisation, owner: User) -> None:
    narrowed = make_member(organisation, Role.EDITOR, all_projects=False)
    membership = Membership.objects.get(user=narrowed)
    membership.unit_grants.create(unit="Retail")
    board = take(organisation, narrowed, sight=sight_key(narrowed))
    assert list(BoardSnapshot.objects.visible_to(membership)) == [board]
    membership.unit_grants.update(unit="Energy")
    assert list(BoardSnapshot.objects.visible_to(membership)) == []
