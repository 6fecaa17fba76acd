"""Making a report: who holds it, what happens when a worker dies, and that a late one cannot spoil anything."""

from __future__ import annotations

import hashlib
import threading
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from accounts.models import User
from accounts.roles import Role
from reports.leases import Heartbeat, claim
from reports.models import Report, report_path
from reports.pdf import RenderFailed, inspect_pdf
from reports.rendering import render_report
from reports.services import ReportContent, request_report
from reports.tasks import render
from tests.make import make_assessment, make_member, make_organisation, make_project, make_snapshot
from tests.reports.stubs import PDF, stub_renderer

pytestmark = pytest.mark.usefixtures("reports_dir")


def let_lease_run_out(report: Report) -> None:
    Report.objects.filter(pk=report.pk).update(lease_until=Now() - timedelta(minutes=1))


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


class TestClaim:
    def test_only_one_gets_it(self, report: Report) -> None:
        token = claim(report.pk)
        assert token is not None
        assert claim(report.pk) is None
        report.refresh_from_db()
        assert (report.state, report.lease_token, report.attempts, report.step) == ("running", token, 1, 1)
        assert Report.objects.filter(pk=report.pk, lease_until__gt=Now()).exists()

    def test_after_the_lease_ran_out(self, report: Report) -> None:
        first = claim(report.pk)
        let_lease_run_out(report)
        second = claim(report.pk)
        assert second not in {None, first}
        report.refresh_from_db()
        assert (report.lease_token, report.attempts) == (second, 2)
        assert claim(report.pk) is None

    def test_not_a_sixth_time(self, report: Report) -> None:
        """A worker that died five times over it is enough; the reconciler says so."""
        claim(report.pk)
        Report.objects.filter(pk=report.pk).update(attempts=5)
        let_lease_run_out(report)
        assert claim(report.pk) is None

    @pytest.mark.parametrize("state", ["ready", "failed"])
    def test_what_is_finished_is_not_taken(self, report: Report, state: str) -> None:
        Report.objects.filter(pk=report.pk).update(state=state, sha256="0" * 64, lease_until=Now() - timedelta(days=1))
        assert claim(report.pk) is None

    def test_what_there_is_not(self, db: None) -> None:
        assert claim(987654) is None
        assert render_report(987654) == "not mine"

    def test_the_lease_lasts_as_long_as_set(self, report: Report, settings: Any) -> None:
        settings.REPORT_LEASE_SECONDS = 50
        claim(report.pk)
        near = {"lease_until__gt": Now() + timedelta(seconds=40), "lease_until__lt": Now() + timedelta(seconds=60)}
        assert Report.objects.filter(pk=report.pk, **near).exists()


class TestHeartbeat:
    """On tables that other connections see, because the heart beats in a thread."""

    @pytest.fixture
    def report(self, transactional_db: None) -> Report:
        organisation = make_organisation()
        owner = make_member(organisation, Role.OWNER)
        snapshot = make_snapshot(make_assessment(make_project(organisation, owner), owner), owner)
        return request_report(snapshot=snapshot, content=ReportContent(), by=owner)

    def wait_for(self, is_true: Any) -> None:
        deadline = time.monotonic() + 20
        while not is_true():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def test_it_keeps_the_lease(self, report: Report, settings: Any) -> None:
        settings.REPORT_LEASE_SECONDS = 0.3
        token = claim(report.pk)
        assert token is not None
        first = Report.objects.get(pk=report.pk).lease_until
        with Heartbeat(report.pk, token) as heartbeat:
            self.wait_for(Report.objects.filter(pk=report.pk, lease_until__gt=first).exists)
            assert not heartbeat.lost.is_set()
        after = Report.objects.get(pk=report.pk).lease_until
        time.sleep(0.3)
        assert Report.objects.get(pk=report.pk).lease_until == after, "it stops with its worker"

    def test_it_notices_that_somebody_else_took_over(self, report: Report, settings: Any) -> None:
        settings.REPORT_LEASE_SECONDS = 0.3
        token = claim(report.pk)
        assert token is not None
        other = uuid.uuid4()
        Report.objects.filter(pk=report.pk).update(lease_token=other, lease_until=Now() + timedelta(hours=1))
        with Heartbeat(report.pk, token) as heartbeat:
            self.wait_for(heartbeat.lost.is_set)
        taken = Report.objects.get(pk=report.pk)
        assert taken.lease_token == other
        assert Report.objects.filter(pk=report.pk, lease_until__gt=Now() + timedelta(minutes=30)).exists()

    def test_delivered_five_times_at_once(
        self, report: Report, monkeypatch: pytest.MonkeyPatch, reports_dir: Path
    ) -> None:
        calls = stub_renderer(monkeypatch, during=lambda: time.sleep(0.2))
        barrier, results = threading.Barrier(5, timeout=60), []

        def work() -> None:
            barrier.wait()
            results.append(render(report.pk))
            connection.close()

        threads = [threading.Thread(target=work) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sorted(results) == ["not mine"] * 4 + ["ready"]
        assert len(calls) == 1
        assert Report.objects.get(pk=report.pk).attempts == 1


def test_from_row_to_file(report: Report, monkeypatch: pytest.MonkeyPatch, reports_dir: Path) -> None:
    calls = stub_renderer(monkeypatch)
    assert render_report(report.pk) == "ready"
    report.refresh_from_db()
    sha256 = hashlib.sha256(PDF).hexdigest()
    assert (report.state, report.step, report.sha256, report.size, report.pages) == ("ready", 5, sha256, len(PDF), 3)
    assert (report.lease_token, report.lease_until, report.error) == (None, None, "")
    assert report.ready_at is not None
    assert report.path.read_bytes() == PDF
    assert files(reports_dir) == [f"{sha256[:2]}/{sha256}.pdf"]
    assert len(calls) == 1
    # A second delivery of the same message does nothing.
    assert render_report(report.pk) == "not mine"
    assert len(calls) == 1


def test_steps_on_the_way(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, int]] = []
    stub_renderer(
        monkeypatch, during=lambda: seen.append(Report.objects.values_list("state", "step").get(pk=report.pk))
    )
    render_report(report.pk)
    assert seen == [("running", 3)]


def test_a_late_worker_is_fenced_off(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    """It loses its lease in the middle, the next one finishes, and then it comes back with its own file."""
    inner: list[str] = []

    def meanwhile() -> None:
        let_lease_run_out(report)
        with monkeypatch.context() as second:
            stub_renderer(second, content=b"%PDF the second worker's")
            inner.append(render_report(report.pk))

    stub_renderer(monkeypatch, content=b"%PDF the first worker's", during=meanwhile)
    assert render_report(report.pk) == "not mine"
    assert inner == ["ready"]
    report.refresh_from_db()
    assert report.path.read_bytes() == b"%PDF the second worker's"
    assert (report.state, report.attempts, report.step) == ("ready", 2, 5)


def test_a_late_failure_is_fenced_off_too(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    def meanwhile() -> None:
        let_lease_run_out(report)
        with monkeypatch.context() as second:
            stub_renderer(second)
            render_report(report.pk)
        raise RenderFailed("too_big")

    stub_renderer(monkeypatch, during=meanwhile)
    render_report(report.pk)
    report.refresh_from_db()
    assert (report.state, report.error) == ("ready", "")


@pytest.mark.parametrize("code", ["too_big", "broken", "library_missing"])
def test_failures_for_good(report: Report, monkeypatch: pytest.MonkeyPatch, reports_dir: Path, code: str) -> None:
    def fail() -> None:
        raise RenderFailed(code)

    stub_renderer(monkeypatch, during=fail)
    assert render_report(report.pk) == "failed"
    report.refresh_from_db()
    assert (report.state, report.error_code, report.attempts) == ("failed", code, 1)
    assert report.error.endswith(".")
    assert files(reports_dir) == []


@pytest.mark.parametrize("code", ["time", "no_space"])
def test_failures_that_may_pass(report: Report, monkeypatch: pytest.MonkeyPatch, reports_dir: Path, code: str) -> None:
    def fail() -> None:
        raise RenderFailed(code)

    with monkeypatch.context() as broken:
        stub_renderer(broken, during=fail)
        for attempt in range(1, 5):
            assert render_report(report.pk) == "again"
            report.refresh_from_db()
            assert (report.state, report.attempts, report.error_code) == ("queued", attempt, code)
        assert render_report(report.pk) == "failed"
    report.refresh_from_db()
    assert (report.state, report.attempts) == ("failed", 5)
    assert files(reports_dir) == []


def test_it_gets_well(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    Report.objects.filter(pk=report.pk).update(attempts=2, error="The disk is full.", error_code="no_space")
    stub_renderer(monkeypatch)
    assert render_report(report.pk) == "ready"
    report.refresh_from_db()
    assert (report.error, report.error_code) == ("", "")


def test_a_crash_leaves_no_half_file(report: Report, monkeypatch: pytest.MonkeyPatch, reports_dir: Path) -> None:
    def crash() -> None:
        raise SystemExit

    stub_renderer(monkeypatch, during=crash)
    with pytest.raises(SystemExit):
        render_report(report.pk)
    report.refresh_from_db()
    assert report.state == "running", "the lease runs out and the reconciler sends it again"
    assert files(reports_dir) == []


def test_what_is_not_a_tagged_pdf_is_no_report(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    stub_renderer(monkeypatch)
    monkeypatch.setattr("reports.rendering.inspect_pdf", lambda path: type("F", (), {"pages": 3, "tagged": False})())
    assert render_report(report.pk) == "failed"
    report.refresh_from_db()
    assert report.error_code == "broken"


def test_what_is_hidden_never_reaches_the_renderer(
    report: Report, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = stub_renderer(monkeypatch)
    bare = request_report(snapshot=report.snapshot, content=ReportContent(False, False, False), by=owner)
    render_report(report.pk)
    render_report(bare.pk)
    full, hidden = calls
    for word in ("a private note", "Private minutes", owner.name):
        assert word in full
        assert word not in hidden
    assert "wiki.example.org" not in hidden


def test_the_same_content_lies_there_once(
    report: Report, owner: User, monkeypatch: pytest.MonkeyPatch, reports_dir: Path
) -> None:
    stub_renderer(monkeypatch)
    other = request_report(snapshot=report.snapshot, content=ReportContent(notes=False), by=owner)
    render_report(report.pk)
    render_report(other.pk)
    assert len(files(reports_dir)) == 1


def test_a_real_file(report: Report) -> None:
    """The whole way once, with nothing in place of the renderer."""
    assert render_report(report.pk) == "ready"
    report.refresh_from_db()
    content = report.path.read_bytes()
    assert content.startswith(b"%PDF-")
    assert report.path == report_path(hashlib.sha256(content).hexdigest())
    facts = inspect_pdf(report.path)
    assert (facts.pages, facts.tagged, facts.size) == (report.pages, True, len(content))
    assert report.size == len(content)
    assert report.pages is not None
    assert report.pages >= 5
