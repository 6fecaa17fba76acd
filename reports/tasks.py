"""Thin: a task takes an id and calls the function that does the work."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from celery.signals import worker_ready, worker_shutting_down

from reports.queue import TASK
from reports.reconciler import ReconcilerThread, worker_name
from reports.rendering import render_report

_threads: list[ReconcilerThread] = []


@shared_task(name=TASK, ignore_result=True)  # type: ignore[untyped-decorator]
def render(report_id: int) -> str:
    return render_report(report_id)


def start_reconciler(sender: Any, **kwargs: Any) -> None:
    thread = ReconcilerThread(worker_name(sender.hostname))
    _threads.append(thread)
    thread.start()


def stop_reconciler(**kwargs: Any) -> None:
    for thread in _threads:
        thread.stop()


worker_ready.connect(start_reconciler)
worker_shutting_down.connect(stop_reconciler)
