"""What heals every loss: waiting too long, dead workers, lost files, forgotten parts."""

from __future__ import annotations

import hashlib
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from accounts.models import User
from assessments.models import Snapshot
from reports.models import Report, ReportState, WorkerBeat
from reports.reconciler import (
    AT_MOST,
    Reconciled,
    ReconcilerThread,
    beat,
    is_worker_alive,
    reconcile,
    worker_name,
)
from reports.rendering import render_report
from reports.services import ReportContent, request_report
from tests.access.world import make_ready
from tests.make import make_snapshot
from tests.reports.stubs import stub_broker, stub_renderer

Sent = list[tuple[object, ...]]

pytestmark = pytest.mark.usefixtures("reports_dir")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    return stub_broker(monkeypatch)


def set_back(report: Report, **fields: object) -> None:
    Report.objects.filter(pk=report.pk).update(**fields)


def test_nothing_to_do(report: Report, sent: Sent) -> None:
    assert reconcile() == Reconciled(0, 0, 0, 0)
    assert sent == []


def test_queued_too_long(report: Report, sent: Sent) -> None:
    set_back(report, enqueued_at=Now() - timedelta(seconds=16))
    assert reconcile().sent == 1
    assert sent == [(report.pk,)]
    assert reconcile().sent == 0, "it waits its time again before it is sent once more"


def test_at_the_start_everything_that_waits(report: Report, sent: Sent) -> None:
    assert reconcile(at_start=True).sent == 1
    assert sent == [(report.pk,)]


def test_a_dead_worker_s_report(report: Report, sent: Sent) -> None:
    set_back(report, state=ReportState.RUNNING, lease_until=Now() + timedelta(seconds=5), attempts=1)
    assert reconcile(at_start=True).sent == 0
    set_back(report, lease_until=Now() - timedelta(seconds=1))
    assert reconcile().sent == 1
    assert sent == [(report.pk,)]
    report.refresh_from_db()
    assert (report.state, report.attempts) == ("running", 1), "the next worker takes it over by its lease"


def test_hopeless_after_five(report: Report, sent: Sent) -> None:
    set_back(report, state=ReportState.RUNNING, lease_until=Now() - timedelta(seconds=1), attempts=5, step=3)
    assert reconcile() == Reconciled(0, 1, 0, 0)
    assert sent == []
    report.refresh_from_db()
    assert (report.state, report.error_code, report.step) == ("failed", "worker_died", 0)
    assert report.error == "The worker stopped every time it tried. The document may be too big for this machine."


def test_the_fifth_try_is_let_be_while_it_runs(report: Report, sent: Sent) -> None:
    set_back(report, state=ReportState.RUNNING, lease_until=Now() + timedelta(seconds=9), attempts=5)
    assert reconcile() == Reconciled(0, 0, 0, 0)


def test_a_lost_file_is_made_again(report: Report, sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    make_ready(report, b"%PDF there")
    assert reconcile() == Reconciled(0, 0, 0, 0)
    report.path.unlink()
    assert reconcile().remade == 1
    report.refresh_from_db()
    assert (report.state, report.attempts, report.step) == ("queued", 0, 0)
    stub_renderer(monkeypatch)
    assert render_report(report.pk) == "ready"
    assert report.path.parent.parent.exists()
    report.refresh_from_db()
    assert report.path.is_file()


def test_forgotten_parts(report: Report, reports_dir: Path, sent: Sent) -> None:
    make_ready(report, b"%PDF there")
    old, young = reports_dir / ".one-1.part", reports_dir / ".two-2.part"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 3700, time.time() - 3700))
    assert reconcile().removed == 1
    assert not old.exists()
    assert young.exists()
    assert report.path.exists()


def test_at_most_so_many_and_the_oldest_first(snapshot: Snapshot, owner: User, sent: Sent) -> None:
    made = []
    for number in range(AT_MOST + 5):
        frozen = make_snapshot(snapshot.assessment, owner, label=f"S{number}")
        made.append(request_report(snapshot=frozen, content=ReportContent(), by=owner))
    for place, report in enumerate(made):
        set_back(report, enqueued_at=Now() - timedelta(minutes=1 + place))
    assert reconcile().sent == AT_MOST
    assert [pk for (pk,) in sent] == [report.pk for report in reversed(made)][:AT_MOST]
    sent.clear()
    assert reconcile().sent == 5
    assert {pk for (pk,) in sent} == {report.pk for report in made[:5]}


def test_without_a_broker(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    stub_broker(monkeypatch, OperationalError("away"))
    set_back(report, enqueued_at=Now() - timedelta(minutes=5))
    assert reconcile().sent == 1
    assert Report.objects.get(pk=report.pk).state == ReportState.QUEUED


def test_signs_of_life(db: None) -> None:
    assert not is_worker_alive()
    beat("one")
    beat("one")
    beat("two")
    assert is_worker_alive()
    assert WorkerBeat.objects.count() == 2
    WorkerBeat.objects.update(beat_at=Now() - timedelta(seconds=61))
    assert not is_worker_alive()
    WorkerBeat.objects.filter(name="one").update(beat_at=Now() - timedelta(days=2))
    beat("two")
    assert list(WorkerBeat.objects.values_list("name", flat=True)) == ["two"]
    assert len(worker_name("x" * 500)) <= 120


def test_the_thread_goes_on_after_errors(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is away twice; the third pass works, still as the first one."""
    settings.REPORT_RECONCILE_SECONDS = 0.01  # type: ignore[attr-defined]
    calls: list[bool] = []
    errors: list[Exception] = [DatabaseError("away"), OSError("full")]

    def fake(*, at_start: bool = False) -> None:
        calls.append(at_start)
        if errors:
            raise errors.pop(0)
        if len(calls) >= 4:
            thread.stop()

    monkeypatch.setattr("reports.reconciler.beat", lambda name: None)
    monkeypatch.setattr("reports.reconciler.reconcile", fake)
    monkeypatch.setattr("reports.reconciler.connections.close_all", lambda: None)
    thread = ReconcilerThread("test")
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    assert calls[:4] == [True, True, True, False]


def test_files_are_found_by_their_hash(report: Report) -> None:
    make_ready(report, b"%PDF x")
    sha256 = hashlib.sha256(b"%PDF x").hexdigest()
    assert report.path.parts[-2:] == (sha256[:2], f"{sha256}.pdf")
