"""Giving out a file: checked against its hash each time, made again when it is lost or damaged."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from projects.models import Project
from reports.models import Report, ReportState
from reports.rendering import render_report
from tests.access.world import make_ready
from tests.make import make_member, make_organisation, make_project
from tests.reports.stubs import stub_broker, stub_renderer
from tests.site.cases import signed_in, text, usual_cases

CONTENT = b"%PDF-1.7 the whole report"


@pytest.fixture
def ready(report: Report, reports_dir: object) -> Report:
    make_ready(report, CONTENT)
    return report


@pytest.fixture
def url(ready: Report, project: Project) -> str:
    return reverse("reports:download", args=[project.slug, ready.public_id])


def test_usual_cases(url: str, owner: User) -> None:
    usual_cases(url, owner)


def test_the_file(url: str, ready: Report, viewer: User) -> None:
    response = signed_in(viewer).get(url)
    assert response.content == CONTENT
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Content-Disposition"] == (
        f'attachment; filename="forecast-2026-03-14-{ready.snapshot.public_id}.pdf"'
    )
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "name",
    [
        '"; filename="evil.exe',
        "名前",
        "a\u202egnp.exe",
        "../../etc/passwd",
        "x" * 120,
        "<b>",
        "🏴‍☠️",
        "CON",
        "%0d%0aX: y",
    ],
)
def test_file_names_every_system_can_store(url: str, project: Project, owner: User, name: str) -> None:
    Project.objects.filter(pk=project.pk).update(name=name)
    header = signed_in(owner).get(url).headers["Content-Disposition"]
    assert re.fullmatch(r'attachment; filename="[a-z0-9_-]{1,60}-2026-03-14-[0-9a-f-]{14}\.pdf"', header)


@pytest.mark.parametrize("place", [0, len(CONTENT) // 2, len(CONTENT) - 1])
def test_one_flipped_bit(url: str, ready: Report, owner: User, monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    sent = stub_broker(monkeypatch)
    damaged = bytearray(CONTENT)
    damaged[place] ^= 1
    ready.path.write_bytes(damaged)
    response = signed_in(owner).get(url, follow=True)
    assert response.redirect_chain == [(url.replace("report.pdf", ""), 302)]
    assert "being made" in text(response)
    ready.refresh_from_db()
    assert (ready.state, ready.attempts) == (ReportState.QUEUED, 0)
    assert sent == [(ready.pk,)]
    stub_renderer(monkeypatch, content=CONTENT)
    assert render_report(ready.pk) == "ready"
    assert signed_in(owner).get(url).content == CONTENT


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "longer", "folder"])
def test_other_damage(url: str, ready: Report, owner: User, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    stub_broker(monkeypatch)
    path = ready.path
    if damage in {"missing", "folder"}:
        path.unlink()
    if damage == "folder":
        (path.parent / "other").mkdir()
    else:
        contents = {"empty": b"", "cut": CONTENT[:-1], "longer": CONTENT + b" "}
        if damage in contents:
            path.write_bytes(contents[damage])
    assert signed_in(owner).get(url).status_code == 302
    ready.refresh_from_db()
    assert ready.state == ReportState.QUEUED


@pytest.mark.parametrize("state", [ReportState.QUEUED, ReportState.RUNNING, ReportState.FAILED])
def test_not_ready(url: str, ready: Report, owner: User, state: str) -> None:
    Report.objects.filter(pk=ready.pk).update(state=state)
    response = signed_in(owner).get(url, follow=True)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/html")
    ready.refresh_from_db()
    assert ready.state == state
    assert ready.path.exists()


def test_not_under_another_project(ready: Report, owner: User) -> None:
    other = make_project(owner.memberships.get().organisation, owner, name="Other")
    path = reverse("reports:download", args=[other.slug, ready.public_id])
    assert signed_in(owner).get(path).status_code == 404
    foreign = make_member(make_organisation("Other"), Role.OWNER)
    theirs = make_project(foreign.memberships.get().organisation, foreign)
    path = reverse("reports:download", args=[theirs.slug, ready.public_id])
    assert signed_in(foreign).get(path).status_code == 404
