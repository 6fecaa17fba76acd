"""Runs inside the site's settings: makes what is measured, and measures the report, which needs no server."""

# ruff: noqa: E402 - the settings come before the models

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assessor.settings")

import django

django.setup()

from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.tokens import make_token
from assessments.models import Snapshot
from assessments.snapshots import read_body
from findings.document import ReportOptions, build_document
from reports.pdf import render_html, render_pdf
from reports.rendering import render_report
from reports.services import ReportContent, request_report
from tests.make import answer_all, make_assessment, make_member, make_organisation, make_project, make_snapshot

EVERYTHING = ReportContent()


def make_clients(count: int) -> list[dict[str, object]]:
    """As many signed-in people, each with an answered project of their own."""
    organisation = make_organisation("Bench")
    clients = []
    for number in range(count):
        person = make_member(organisation, "owner", name=f"Person {number}")
        assessment = make_assessment(make_project(organisation, person, name=f"Project {number}"), person)
        answer_all(assessment, person)
        client = Client(HTTP_HOST="localhost")
        client.force_login(person)
        client.get(f"/projects/{assessment.project.slug}/checklist/problem/")
        clients.append(
            {
                "cookies": "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items()),
                "token": client.cookies[settings.CSRF_COOKIE_NAME].value,
                "secret": make_token(
                    membership=person.memberships.get(),
                    name="bench",
                    scopes=["write_answers"],
                    days=1,
                    by=person,
                    at=timezone.now(),
                ).secret,
                "slug": assessment.project.slug,
                "run": assessment.pk,
                "questions": [question.id for question in assessment.questions_due()],
            }
        )
        if number == 0:
            for place in range(6):
                make_snapshot(assessment, person, label=f"Review {place}")
    return clients


def time_reports(html_path: Path) -> dict[str, object]:
    """Seconds from a claimed row to the file, and of the child process alone. Leaves the HTML for others to measure."""
    owner = User.objects.order_by("id")[0]
    whole, child = [], []
    for snapshot in Snapshot.objects.order_by("number"):
        report = request_report(snapshot=snapshot, content=EVERYTHING, by=owner)
        before = time.perf_counter()
        if render_report(report.pk) != "ready":
            raise RuntimeError("The report was not made.")
        whole.append(time.perf_counter() - before)
    document = build_document(
        read_body(snapshot),
        snapshot.assessment.checklist,
        ReportOptions(names=True, notes=True, evidence=True),
        sha256=snapshot.sha256,
    )
    html = render_html(document)
    html_path.write_text(html)
    for _ in whole:
        before = time.perf_counter()
        render_pdf(html, html_path.with_suffix(".pdf"))
        child.append(time.perf_counter() - before)
    report.refresh_from_db()
    return {"whole": whole, "child": child, "pages": report.pages, "size": report.size}


if __name__ == "__main__":
    if sys.argv[1] == "clients":
        print(json.dumps(make_clients(int(sys.argv[2]))))
    else:
        print(json.dumps(time_reports(Path(sys.argv[2]))))
