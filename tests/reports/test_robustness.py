"""What goes wrong around a report: leases that are lost, disks that are full, files that rot, buttons pressed twice."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, connection
from django.db.models.functions import Now
from django.test import Client

from accounts.models import AuditEvent, User
from accounts.roles import Role
from projects.models import Project
from reports import leases, pdf, reconciler, rendering
from reports.files import delete_files, pdf_response
from reports.leases import Heartbeat, claim
from reports.models import Report, ReportState, ShareLink, report_path
from reports.pdf import RenderCancelled, render_pdf
from reports.queue import wake_worker
from reports.reconciler import CHECKED_AT_ONCE, ReconcilerThread, reconcile
from reports.rendering import render_report
from reports.services import ReportContent, request_report, requeue
from tests.access.world import make_ready
from tests.make import make_assessment, make_member, make_organisation, make_project, make_snapshot
from tests.reports.stubs import PDF, stub_broker, stub_renderer

pytestmark = pytest.mark.usefixtures("reports_dir")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    return stub_broker(monkeypatch)


def change(report: Report, **fields: object) -> None:
    Report.objects.filter(pk=report.pk).update(**fields)


def take_over(report: Report) -> str:
    """Another worker holds the report from now on."""
    change(report, lease_token=uuid.uuid4(), lease_until=Now() + timedelta(hours=1))
    return "html"


def parts(folder: Path) -> list[Path]:
    return list(folder.glob(".*.part"))


class TestALostLease:
    def test_it_stops_before_the_pages_are_set(
        self, report: Report, monkeypatch: pytest.MonkeyPatch, reports_dir: Path
    ) -> None:
        calls = stub_renderer(monkeypatch)
        monkeypatch.setattr("reports.rendering.render_html", lambda document: take_over(report))
        assert render_report(report.pk) == "not mine"
        assert calls == []
        assert list(reports_dir.iterdir()) == []

    def test_it_stops_before_the_file_is_moved(
        self, report: Report, monkeypatch: pytest.MonkeyPatch, reports_dir: Path
    ) -> None:
        """Nothing but the event says so here, as when the heart has noticed and this thread has not yet."""
        hearts: list[Heartbeat] = []

        class Watched(Heartbeat):
            def __enter__(self) -> Heartbeat:
                hearts.append(self)
                return super().__enter__()

        stub_renderer(monkeypatch)

        def inspect_and_lose(path: Path) -> pdf.PdfFacts:
            hearts[0].lost.set()
            return pdf.PdfFacts(pages=3, tagged=True, size=len(PDF))

        monkeypatch.setattr(rendering, "Heartbeat", Watched)
        monkeypatch.setattr(rendering, "inspect_pdf", inspect_and_lose)
        assert render_report(report.pk) == "not mine"
        assert list(reports_dir.iterdir()) == []

    def test_the_child_is_told(self, report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
        given: list[object] = []

        def fake(html: str, path: Path, *, cancelled: threading.Event) -> None:
            given.append(cancelled)
            raise RenderCancelled

        monkeypatch.setattr(rendering, "render_pdf", fake)
        assert render_report(report.pk) == "not mine"
        assert isinstance(given[0], threading.Event)
        report.refresh_from_db()
        assert report.error == ""

    def test_the_child_is_killed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        children: list[subprocess.Popen[bytes]] = []
        popen = subprocess.Popen

        def watched(*args: Any, **options: Any) -> subprocess.Popen[bytes]:
            children.append(popen(*args, **options))
            return children[-1]

        monkeypatch.setattr(subprocess, "Popen", watched)
        cancelled, out = threading.Event(), tmp_path / "out.pdf"
        timer = threading.Timer(0.5, cancelled.set)
        timer.start()
        started = time.monotonic()
        with pytest.raises(RenderCancelled):
            render_pdf("<p>word</p>" * 50_000, out, cancelled=cancelled)
        assert time.monotonic() - started < 4
        assert [child.returncode for child in children] == [-9]
        assert not out.exists()
        assert not any(thread.name.startswith("watch-") for thread in threading.enumerate())

    def test_the_heart_beats_again_after_the_database_was_away(
        self, transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        organisation = make_organisation()
        owner = make_member(organisation, Role.OWNER)
        snapshot = make_snapshot(make_assessment(make_project(organisation, owner), owner), owner)
        report = request_report(snapshot=snapshot, content=ReportContent(), by=owner)
        settings.REPORT_LEASE_SECONDS = 0.15
        token = claim(report.pk)
        assert token is not None
        errors: list[Exception] = [OperationalError("gone"), InterfaceError("closed")]
        lease_end, renewed = leases.lease_end, threading.Event()

        def away_twice() -> Any:
            if errors:
                raise errors.pop(0)
            renewed.set()
            return lease_end()

        monkeypatch.setattr(leases, "lease_end", away_twice)
        before = Report.objects.get(pk=report.pk).lease_until
        with Heartbeat(report.pk, token) as heartbeat:
            assert renewed.wait(15)
            deadline = time.monotonic() + 15
            while Report.objects.get(pk=report.pk).lease_until == before:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            assert not heartbeat.lost.is_set()
            take_over(report)
            assert heartbeat.lost.wait(15)


class TestUnforeseenErrors:
    @pytest.mark.parametrize(
        ("error", "code", "result"),
        [
            (KeyError("secret-internal-name"), "broken", "failed"),
            (PermissionError(errno.EACCES, "Permission denied", "/srv/secret-internal-name"), "not_stored", "again"),
            (OSError(errno.ENOSPC, "No space left", "/srv/secret-internal-name"), "no_space", "again"),
            (SoftTimeLimitExceeded("secret-internal-name"), "time", "again"),
            (MemoryError(), "too_big", "failed"),
        ],
        ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
    )
    @pytest.mark.parametrize("place", ["build_document", "_move"])
    def test_each_has_its_own_reason(
        self,
        report: Report,
        monkeypatch: pytest.MonkeyPatch,
        reports_dir: Path,
        caplog: pytest.LogCaptureFixture,
        place: str,
        error: Exception,
        code: str,
        result: str,
    ) -> None:
        def fail(*args: object, **options: object) -> None:
            raise error

        stub_renderer(monkeypatch)
        monkeypatch.setattr(rendering, place, fail)
        assert render_report(report.pk) == result
        report.refresh_from_db()
        assert (report.error_code, report.lease_token, report.lease_until) == (code, None, None)
        assert report.state == (ReportState.FAILED if result == "failed" else ReportState.QUEUED)
        assert report.error == pdf.RenderFailed(code).sentence
        assert "secret-internal-name" not in report.error
        assert "Traceback" in caplog.text
        assert parts(reports_dir) == []

    def test_a_folder_that_cannot_be_made(self, report: Report, settings: Any, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")
        settings.REPORTS_DIR = tmp_path / "file" / "reports"
        assert render_report(report.pk) == "again"
        report.refresh_from_db()
        assert (report.state, report.error_code) == (ReportState.QUEUED, "not_stored")

    def test_a_database_that_is_away_is_no_fault_of_the_report(
        self, report: Report, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*args: object, **options: object) -> None:
            raise OperationalError("gone away")

        stub_renderer(monkeypatch)
        with monkeypatch.context() as away:
            away.setattr(rendering, "_move", fail)
            assert render_report(report.pk) == "again"
        report.refresh_from_db()
        assert (report.state, report.error) == (ReportState.RUNNING, "")
        change(report, lease_until=Now() - timedelta(seconds=1))
        assert render_report(report.pk) == "ready"

    def test_the_log_says_what_the_child_said(
        self, report: Report, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail() -> None:
            raise pdf.RenderFailed("broken", detail="ValueError: the child's line")

        stub_renderer(monkeypatch, during=fail)
        render_report(report.pk)
        assert "the child's line" in caplog.text
        report.refresh_from_db()
        assert "child" not in report.error

    def test_a_report_that_is_removed_meanwhile(self, report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
        token = uuid.uuid4()

        def claim_and_lose(pk: int) -> uuid.UUID:
            Report.objects.all().delete()
            return token

        monkeypatch.setattr(rendering, "claim", claim_and_lose)
        assert render_report(report.pk) == "not mine"

    def test_a_new_folder_survives_a_power_cut(
        self, report: Report, monkeypatch: pytest.MonkeyPatch, reports_dir: Path
    ) -> None:
        synced: list[str] = []
        fsync = os.fsync

        def watched(descriptor: int) -> None:
            synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
            fsync(descriptor)

        stub_renderer(monkeypatch)
        monkeypatch.setattr("os.fsync", watched)
        render_report(report.pk)
        report.refresh_from_db()
        assert synced == [str(report.path.parent), str(reports_dir)]


class TestTries:
    def test_the_last_try_is_the_last(self, report: Report, sent: list[tuple[object, ...]], settings: Any) -> None:
        gone = Now() - timedelta(seconds=1)
        change(report, state=ReportState.RUNNING, lease_until=gone, attempts=settings.REPORT_MAX_ATTEMPTS - 1)
        assert claim(report.pk) is not None
        change(report, lease_until=gone)
        assert claim(report.pk) is None
        assert reconcile().failed == 1
        report.refresh_from_db()
        assert (report.state, report.attempts) == (ReportState.FAILED, settings.REPORT_MAX_ATTEMPTS)
        assert report.error_code == "worker_died"

    def test_two_clicks_on_try_again(self, report: Report) -> None:
        """The second one saw the failure as well, but a worker has the report by now."""
        change(report, state=ReportState.FAILED, attempts=5)
        first, second = Report.objects.get(pk=report.pk), Report.objects.get(pk=report.pk)
        assert requeue(first)
        token = claim(report.pk)
        assert token is not None
        assert not requeue(second)
        report.refresh_from_db()
        assert (report.state, report.lease_token, report.attempts) == (ReportState.RUNNING, token, 1)

    def test_the_second_click_writes_no_second_line(
        self, report: Report, owner: User, monkeypatch: pytest.MonkeyPatch, sent: list[tuple[object, ...]]
    ) -> None:
        change(report, state=ReportState.FAILED)
        before = AuditEvent.objects.count()
        requeued = requeue

        def late(seen: Report) -> bool:
            requeued(Report.objects.get(pk=seen.pk))
            claim(seen.pk)
            return requeued(seen)

        monkeypatch.setattr("reports.services.requeue", late)
        again = request_report(snapshot=report.snapshot, content=ReportContent(), by=owner)
        assert again.state == ReportState.RUNNING
        assert AuditEvent.objects.count() == before

    def test_a_file_that_was_made_anew_is_left_alone(self, report: Report) -> None:
        make_ready(report, b"%PDF old")
        stale = Report.objects.get(pk=report.pk)
        make_ready(report, b"%PDF new")
        assert not requeue(stale)
        assert Report.objects.get(pk=report.pk).state == ReportState.READY

    @pytest.mark.parametrize("state", [ReportState.QUEUED, ReportState.RUNNING])
    def test_what_is_under_way_is_not_put_back(self, report: Report, state: str) -> None:
        change(report, state=state)
        report.refresh_from_db()
        assert not requeue(report)


class TestFilesThatRot:
    def damage(self, report: Report) -> None:
        data = bytearray(report.path.read_bytes())
        data[-1] ^= 1
        report.path.write_bytes(bytes(data))

    def make_many(self, report: Report, owner: User, count: int) -> list[Report]:
        reports = []
        for number in range(count):
            snapshot = make_snapshot(report.snapshot.assessment, owner, label=f"S{number}")
            made = request_report(snapshot=snapshot, content=ReportContent(), by=owner)
            make_ready(made, b"%PDF " + str(number).encode())
            reports.append(made)
        return reports

    def test_one_flipped_bit(self, report: Report, sent: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
        make_ready(report, PDF)
        self.damage(report)
        assert reconcile().remade == 1
        report.refresh_from_db()
        assert (report.state, report.attempts) == (ReportState.QUEUED, 0)
        stub_renderer(monkeypatch)
        assert render_report(report.pk) == "ready"
        report.refresh_from_db()
        assert report.path.read_bytes() == PDF
        assert report.checked_at is not None

    def test_a_few_in_a_pass_and_all_in_time(
        self, report: Report, owner: User, sent: list[object], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reports = self.make_many(report, owner, CHECKED_AT_ONCE * 2 + 1)
        read: list[int] = []

        def note(row: Report) -> bool:
            read.append(row.pk)
            return False

        monkeypatch.setattr(reconciler, "is_damaged", note)
        for expected in (CHECKED_AT_ONCE, CHECKED_AT_ONCE * 2, len(reports), len(reports)):
            assert reconcile().remade == 0
            assert len(read) == len(set(read)) == expected
        # After a day they are due again, the one that was not read for the longest time first.
        change(reports[3], checked_at=Now() - timedelta(days=2))
        change(reports[7], checked_at=Now() - timedelta(days=3))
        read.clear()
        reconcile()
        assert read == [reports[7].pk, reports[3].pk]

    def test_an_old_one_that_is_gone_is_found_too(
        self, report: Report, owner: User, sent: list[object], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reconciler, "NEWEST", 1)
        first, _ = self.make_many(report, owner, 2)
        first.path.unlink()
        assert reconcile().remade == 1

    def test_a_folder_that_may_not_be_read_sends_nothing_back(
        self, report: Report, sent: list[object], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_ready(report, PDF)
        refused = PermissionError(errno.EACCES, "Permission denied")

        def refuse(self: Path, *args: object, **options: object) -> None:
            raise refused

        monkeypatch.setattr(Path, "open", refuse)
        monkeypatch.setattr(Path, "stat", refuse)
        assert reconciler._remake_lost_files() == 0
        assert reconciler._remake_damaged_files() == 0

    def test_trouble_with_files_keeps_no_report_from_being_made(
        self, report: Report, sent: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse() -> int:
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr(reconciler, "_remake_lost_files", refuse)
        with pytest.raises(PermissionError):
            reconcile(at_start=True)
        assert sent == [(report.pk,)]

    def test_a_download_finds_it_and_wakes_a_worker_once(
        self, report: Report, sent: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_ready(report, PDF)
        stale = Report.objects.select_related("snapshot__project").get(pk=report.pk)
        self.damage(report)
        assert pdf_response(report) is None
        assert sent == [(report.pk,)]
        # Somebody else asked at the same moment; the worker has it by then.
        claim(report.pk)
        assert pdf_response(stale) is None
        assert sent == [(report.pk,)]
        assert Report.objects.get(pk=report.pk).state == ReportState.RUNNING

    def test_the_file_is_read_once(self, report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is sent is what was checked, whatever happens to the file in between."""
        make_ready(report, PDF)
        reads: list[Path] = []
        read_bytes = Path.read_bytes

        def watched(path: Path) -> bytes:
            reads.append(path)
            return read_bytes(path)

        monkeypatch.setattr(Path, "read_bytes", watched)
        response = pdf_response(report)
        assert response is not None
        assert response.content == PDF
        assert reads == [report.path]


class TestFilesWithoutAReport:
    def put(self, content: bytes, days: float = 0) -> Path:
        path = report_path(hashlib.sha256(content).hexdigest())
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        at = time.time() - days * 86_400
        os.utime(path, (at, at))
        return path

    def turn_to(self, path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
        turn = int(path.parent.name, 16)
        age = reconciler._age_seconds
        ages = {one: age(one) for one in path.parent.iterdir()}
        monkeypatch.setattr(reconciler, "_age_seconds", ages.__getitem__)
        monkeypatch.setattr("reports.reconciler.time.time", lambda: turn * settings.REPORT_RECONCILE_SECONDS + 0.5)

    def test_what_a_report_names_stays(self, report: Report) -> None:
        make_ready(report, b"%PDF named")
        other = self.put(b"%PDF not named")
        gone = "0" * 64
        assert delete_files([report.sha256, other.stem, gone, ""]) == 1
        assert report.path.exists()
        assert not other.exists()
        Report.objects.all().delete()
        assert delete_files([report.sha256]) == 1
        assert not report.path.exists()

    def test_what_cannot_be_removed_is_no_error(
        self, db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        path = self.put(b"%PDF not named")

        def refuse(self: Path, missing_ok: bool = False) -> None:
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr(Path, "unlink", refuse)
        assert delete_files([path.stem]) == 0
        assert "cannot be removed" in caplog.text

    def test_the_reconciler_removes_them_after_a_day(
        self, db: None, monkeypatch: pytest.MonkeyPatch, settings: Any, sent: list[object]
    ) -> None:
        old = self.put(b"%PDF old", days=1.1)
        stranger = old.with_name("notes.txt")
        stranger.write_text("not ours")
        os.utime(stranger, (1, 1))
        self.turn_to(old, monkeypatch, settings)
        assert reconciler._remove_unnamed_files() == 1
        assert not old.exists()
        assert stranger.exists()

    def test_young_and_named_ones_stay(
        self, report: Report, monkeypatch: pytest.MonkeyPatch, settings: Any, sent: list[object]
    ) -> None:
        young = self.put(b"%PDF young", days=0.9)
        self.turn_to(young, monkeypatch, settings)
        assert reconciler._remove_unnamed_files() == 0
        monkeypatch.undo()
        make_ready(report, b"%PDF named")
        named = self.put(b"%PDF named", days=30)
        self.turn_to(named, monkeypatch, settings)
        assert reconciler._remove_unnamed_files() == 0
        assert young.exists()
        assert named.exists()

    def test_not_too_many_in_one_pass(self, db: None, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
        monkeypatch.setattr(reconciler, "REMOVED_AT_ONCE", 2)
        folder = report_path("ab" + "0" * 62).parent
        folder.mkdir(parents=True)
        for number in range(5):
            path = folder / f"ab{number:062x}.pdf"
            path.write_bytes(b"x")
            os.utime(path, (1, 1))
        now = time.time()
        turn = 0xAB
        monkeypatch.setattr(reconciler, "_age_seconds", lambda path: now)
        monkeypatch.setattr("reports.reconciler.time.time", lambda: turn * settings.REPORT_RECONCILE_SECONDS)
        assert [reconciler._remove_unnamed_files() for _ in range(4)] == [2, 2, 1, 0]

    def test_a_part_that_vanishes_meanwhile(self, db: None, reports_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Path, "glob", lambda path, pattern: iter([reports_dir / ".gone.part"]))
        assert reconciler._remove_orphans() == 0


def run_thread(settings: Any, monkeypatch: pytest.MonkeyPatch, act: Callable[[int], None]) -> int:
    """Runs passes of a reconciler thread that do `act` with their number. Returns how many there were."""
    settings.REPORT_RECONCILE_SECONDS = 0.01
    passes: list[bool] = []

    def fake(*, at_start: bool = False) -> None:
        passes.append(at_start)
        if len(passes) >= 3:
            thread.stop()
        act(len(passes))

    monkeypatch.setattr(reconciler, "beat", lambda name: None)
    monkeypatch.setattr(reconciler, "reconcile", fake)
    monkeypatch.setattr("reports.reconciler.connections.close_all", lambda: None)
    thread = ReconcilerThread("test")
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    return len(passes)


@pytest.mark.parametrize("error", [InterfaceError("closed"), Report.DoesNotExist("gone"), ValueError("a mistake")])
def test_no_error_ends_the_reconciler(
    settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def act(number: int) -> None:
        if number == 1:
            raise error

    assert run_thread(settings, monkeypatch, act) == 3
    assert "will try again" in caplog.text


def test_no_error_of_a_broker_becomes_an_error_page(
    report: Report, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stub_broker(monkeypatch, ValueError("what a client library may raise"))
    wake_worker(report.pk)
    assert "The broker did not take report" in caplog.text


class TestPages:
    def ask(self, client: Client, report: Report, **fields: str) -> Report:
        snapshot = report.snapshot
        answer = client.post(f"/projects/{snapshot.project.slug}/snapshots/{snapshot.public_id}/reports/", fields)
        assert answer.status_code == 302
        return Report.objects.get(public_id=answer.headers["Location"].rstrip("/").rpartition("/")[2])

    def test_with_or_without_names_notes_and_evidence(self, report: Report, owner: User, client: Client) -> None:
        client.force_login(owner)
        page = client.get(f"/projects/{report.snapshot.project.slug}/reports/").content.decode()
        assert 'name="choice"' in page
        for name in ("names", "notes", "evidence"):
            assert f'<input type="checkbox" name="{name}" value="1" checked>' in page
        made = self.ask(client, report, choice="1", names="1")
        assert (made.names, made.notes, made.evidence) == (True, False, False)
        bare = self.ask(client, report, choice="1")
        assert (bare.names, bare.notes, bare.evidence) == (False, False, False)
        assert bare.left_out == "without names, notes and evidence links"

    def test_the_form_of_one_button_asks_for_everything(self, report: Report, viewer: User, client: Client) -> None:
        client.force_login(viewer)
        assert self.ask(client, report) == report

    def test_links_are_for_those_who_may_share(self, report: Report, owner: User, viewer: User, client: Client) -> None:
        ShareLink.objects.create(
            snapshot=report.snapshot,
            label="The tax office",
            token_hash="0" * 64,
            created_by=owner,
            expires_at=Now() + timedelta(days=1),
        )
        address = f"/projects/{report.snapshot.project.slug}/reports/"
        client.force_login(owner)
        assert "The tax office" in client.get(address).content.decode()
        client.force_login(viewer)
        with connection.execute_wrapper(refuse_share_links):
            page = client.get(address).content.decode()
        assert "The tax office" not in page
        assert "Share links" not in page

    def test_the_address_of_a_link_is_that_of_the_site(
        self, report: Report, owner: User, client: Client, settings: Any, project: Project
    ) -> None:
        client.force_login(owner)
        address = f"/projects/{project.slug}/snapshots/{report.snapshot.public_id}/share/"
        fields = {"label": "Board", "days": "10"}
        assert 'value="http://testserver/s/' in client.post(address, fields).content.decode()
        settings.PUBLIC_URL = "https://preflight.example.org/"
        assert 'value="https://preflight.example.org/s/' in client.post(address, fields).content.decode()


def refuse_share_links(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    assert "reports_sharelink" not in sql
    return execute(sql, params, many, context)
