"""Asking for a report: one row for one content, whoever asks how often, with or without a broker."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from celery import Celery
from django.db import connection, transaction
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from accounts.models import AuditEvent, User
from accounts.roles import Role
from assessments.models import Snapshot
from reports.models import Report, ReportState
from reports.services import ReportContent, ReportRefused, request_report
from tests.make import make_assessment, make_member, make_organisation, make_project, make_snapshot
from tests.reports.stubs import stub_broker
from tests.servers import free_port


def test_the_same_again_is_the_same_report(snapshot: Snapshot, owner: User, viewer: User) -> None:
    first = request_report(snapshot=snapshot, content=ReportContent(), by=owner)
    second = request_report(snapshot=snapshot, content=ReportContent(), by=viewer)
    assert first == second
    assert (second.created_by, second.state, second.attempts) == (owner, ReportState.QUEUED, 0)
    assert AuditEvent.objects.filter(verb="report.requested").count() == 1


def test_another_content_is_another_report(snapshot: Snapshot, owner: User) -> None:
    contents = [ReportContent(a, b, c) for a in (True, False) for b in (True, False) for c in (True, False)]
    reports = {request_report(snapshot=snapshot, content=content, by=owner).pk for content in contents}
    assert len(reports) == 8


@pytest.mark.parametrize("state", [ReportState.QUEUED, ReportState.RUNNING, ReportState.READY])
def test_one_that_is_under_way_is_left_alone(report: Report, owner: User, state: str) -> None:
    Report.objects.filter(pk=report.pk).update(state=state, sha256="0" * 64, attempts=2)
    again = request_report(snapshot=report.snapshot, content=ReportContent(), by=owner)
    assert (again.pk, again.state, again.attempts) == (report.pk, state, 2)


def test_a_failed_one_is_tried_again(report: Report, owner: User) -> None:
    Report.objects.filter(pk=report.pk).update(
        state=ReportState.FAILED, attempts=5, error="Too big", error_code="too_big", step=3
    )
    again = request_report(snapshot=report.snapshot, content=ReportContent(), by=owner)
    assert (again.pk, again.state, again.attempts, again.step) == (report.pk, ReportState.QUEUED, 0, 0)
    assert (again.error, again.error_code) == ("", "")
    assert AuditEvent.objects.filter(verb="report.requested").count() == 2


def test_the_worker_is_woken_after_the_commit(
    snapshot: Snapshot, owner: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent = stub_broker(monkeypatch)
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        report = request_report(snapshot=snapshot, content=ReportContent(), by=owner)
        assert sent == []
    assert len(callbacks) == 1
    assert sent == [(report.pk,)]


def test_nobody_is_woken_for_what_was_taken_back(
    snapshot: Snapshot, owner: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent = stub_broker(monkeypatch)
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        request_report(snapshot=snapshot, content=ReportContent(), by=owner)
        transaction.set_rollback(True)
    assert sent == []
    assert not Report.objects.exists()


@pytest.mark.parametrize(
    "error",
    [OperationalError("away"), ConnectionRefusedError(111, "refused"), TimeoutError("slow"), OSError(28, "full")],
)
def test_without_a_broker(
    snapshot: Snapshot,
    owner: User,
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    stub_broker(monkeypatch, error)
    with django_capture_on_commit_callbacks(execute=True):
        report = request_report(snapshot=snapshot, content=ReportContent(), by=owner)
    assert Report.objects.get(pk=report.pk).state == ReportState.QUEUED
    assert "The broker did not take report" in caplog.text


def test_a_closed_port(
    snapshot: Snapshot, owner: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    """With the real client: nothing listens there, and the request is through all the same, within seconds."""
    app = Celery("nobody", broker=f"redis://127.0.0.1:{free_port()}/0", set_as_current=False)
    app.conf.broker_transport_options = {"socket_timeout": 1, "socket_connect_timeout": 1}
    app.conf.broker_connection_timeout = 1
    monkeypatch.setattr("reports.queue.current_app", app)
    started = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        report = request_report(snapshot=snapshot, content=ReportContent(), by=owner)
    assert len(callbacks) == 1
    assert time.monotonic() - started < 5
    assert Report.objects.get(pk=report.pk).state == ReportState.QUEUED


def test_not_more_than_so_many_wait(snapshot: Snapshot, owner: User, outsider: User, settings: Any) -> None:
    settings.REPORTS_RUNNING_PER_ORGANISATION = 2
    first = request_report(snapshot=snapshot, content=ReportContent(), by=owner)
    request_report(snapshot=snapshot, content=ReportContent(notes=False), by=owner)
    with pytest.raises(ReportRefused, match="2 reports are waiting already"):
        request_report(snapshot=snapshot, content=ReportContent(names=False), by=owner)
    assert Report.objects.count() == 2
    # What is there already is given, another organisation is not held up, and a finished one makes room.
    assert request_report(snapshot=snapshot, content=ReportContent(), by=owner) == first
    theirs = make_project(outsider.memberships.get().organisation, outsider)
    their_snapshot = make_snapshot(make_assessment(theirs, outsider), outsider)
    request_report(snapshot=their_snapshot, content=ReportContent(), by=outsider)
    Report.objects.filter(pk=first.pk).update(state=ReportState.READY, sha256="0" * 64)
    request_report(snapshot=snapshot, content=ReportContent(names=False), by=owner)


def test_a_failed_one_is_not_tried_again_beyond_the_quota(report: Report, owner: User, settings: Any) -> None:
    settings.REPORTS_RUNNING_PER_ORGANISATION = 1
    Report.objects.filter(pk=report.pk).update(state=ReportState.FAILED)
    request_report(snapshot=report.snapshot, content=ReportContent(notes=False), by=owner)
    with pytest.raises(ReportRefused):
        request_report(snapshot=report.snapshot, content=ReportContent(), by=owner)
    report.refresh_from_db()
    assert report.state == ReportState.FAILED


@pytest.mark.parametrize("round_", range(5))
def test_two_ask_at_the_same_moment(transactional_db: None, monkeypatch: pytest.MonkeyPatch, round_: int) -> None:
    stub_broker(monkeypatch)
    organisation = make_organisation()
    owner = make_member(organisation, Role.OWNER)
    snapshot = make_snapshot(make_assessment(make_project(organisation, owner), owner), owner)
    barrier, found, errors = threading.Barrier(4, timeout=60), [], []

    def ask() -> None:
        try:
            barrier.wait()
            found.append(request_report(snapshot=snapshot, content=ReportContent(), by=owner).pk)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert len(found) == 4
    assert len(set(found)) == Report.objects.count() == 1
    assert AuditEvent.objects.filter(verb="report.requested").count() == 1


def test_the_queue_keeps_the_clock_of_the_database(report: Report) -> None:
    assert Report.objects.filter(pk=report.pk, enqueued_at__lte=Now(), created_at__lte=Now()).exists()
