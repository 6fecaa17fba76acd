"""The demo portfolio: 40 invented projects that can be loaded, looked at and removed in one step."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, models, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEvent, Membership, Organisation, User
from assessments.evaluation import evaluate_assessment
from assessments.models import Answer, AnswerChange, Assessment, Snapshot
from assessments.snapshots import recompute
from assessor.demo.content import PROJECTS
from assessor.demo.portfolio import remove_demo
from projects.models import Project, ProjectFigures
from reports.models import Report, ShareLink
from reports.services import ReportContent, request_report
from tests.access.dump import changed_tables, dump_tables
from tests.access.world import share
from tests.make import (
    figures_of,
    make_answer,
    make_assessment,
    make_member,
    make_organisation,
    make_project,
    make_snapshot,
)
from tests.site.cases import signed_in, text
from tests.site.markup import faults


@pytest.fixture(scope="module")
def demo(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, str]]:
    """Every fourth project, loaded once through the command, with the data directory and what it printed.

    The whole portfolio is loaded by bin/demo, which has a test of its own.
    """
    folder = tmp_path_factory.mktemp("demo")
    with django_db_blocker.unblock(), transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.DATA_DIR", folder)
        patch.setattr("assessor.demo.portfolio.PROJECTS", PROJECTS[::4])
        printed = StringIO()
        call_command("load_demo", stdout=printed)
        yield folder, printed.getvalue()
        transaction.set_rollback(True)


pytestmark = pytest.mark.django_db


def test_forty_projects() -> None:
    assert len(PROJECTS) == 40
    assert len({project.name for project in PROJECTS}) == 40
    assert {project.stage for project in PROJECTS} == {"idea", "prototype", "pilot", "production"}
    assert all(len(project.name) <= 120 and len(project.goal) <= 300 for project in PROJECTS)


def test_they_look_real(demo: object) -> None:
    projects = Project.objects.all()
    assert [project.name for project in projects.order_by("id")] == [each.name for each in PROJECTS[::4]]
    assert all(project.is_demo for project in projects)
    figures = [kept.index or 0 for kept in ProjectFigures.objects.current()]
    assert max(figures) - min(figures) > 15
    assert max(figures) > 70
    assert Snapshot.objects.count() >= 2 * projects.count()
    assert not Snapshot.objects.filter(taken_at__gt=timezone.now()).exists()


def test_its_figures_are_no_invention(demo: object) -> None:
    for assessment in Assessment.objects.filter(is_latest=True).select_related("project")[:8]:
        evaluation, kept = evaluate_assessment(assessment), figures_of(assessment.project)
        assert kept.index == evaluation.result.index
        assert (kept.answered, kept.due) == (
            evaluation.progress.total.answered, evaluation.progress.total.due,
        )  # fmt: skip
    for snapshot in Snapshot.objects.select_related("assessment")[:8]:
        assert recompute(snapshot) == snapshot.body


def test_its_history_replays(demo: object) -> None:
    for answer in Answer.objects.order_by("id")[:200]:
        changes = list(answer.changes.order_by("revision"))
        assert [change.revision for change in changes] == list(range(1, answer.revision + 1))
        assert (changes[-1].after["state"], changes[-1].after["level"]) == (answer.state, answer.level)
        for one, two in pairwise(changes):
            assert two.before == one.after


def test_the_accounts_are_printed_and_work(demo: tuple[Path, str]) -> None:
    folder, printed = demo
    lines = printed.strip().splitlines()
    assert [line.split()[::2] for line in lines] == [
        ["owner@demo.example", "owner"], ["editor@demo.example", "editor"], ["viewer@demo.example", "viewer"],
    ]  # fmt: skip
    assert stat.S_IMODE((folder / "demo-accounts.txt").stat().st_mode) == 0o600
    passwords = {line.split()[1] for line in lines}
    assert len(passwords) == 3
    for line in lines:
        email, password, _ = line.split()
        client = Client()
        assert client.post("/accounts/login/", {"login": email, "password": password}).status_code == 302
        assert client.get("/projects/").status_code == 200


def test_again_changes_nothing_and_prints_the_same(demo: tuple[Path, str]) -> None:
    _, printed = demo
    before, again = dump_tables(), StringIO()
    call_command("load_demo", stdout=again)
    assert again.getvalue() == printed
    assert changed_tables(before, dump_tables()) == []


def test_every_page_of_it_is_clean(demo: object) -> None:
    client = signed_in(User.objects.get(email="owner@demo.example"))
    for path in ("/projects/", "/organisation/demo/", "/reports/"):
        response = client.get(path)
        assert response.status_code == 200
        assert faults(response.content) == []
    for project in Project.objects.order_by("id")[::3]:
        for page in ("", "results/", "answers/", "history/", "snapshots/", "checklist/problem/"):
            response = client.get(f"/projects/{project.slug}/{page}")
            assert response.status_code == 200
            assert faults(response.content) == [], (project.name, page)


def test_removal_takes_the_demo_and_nothing_else(demo: object) -> None:
    organisation = Organisation.objects.get()
    owner = User.objects.get(email="owner@demo.example")
    own = make_project(organisation, owner, name="A real project")
    assessment = make_assessment(own, owner)
    make_answer(assessment, owner, "problem.statement", 1)
    snapshot = make_snapshot(assessment, owner)
    report = request_report(snapshot=snapshot, content=ReportContent(), by=owner)
    link, _ = share(snapshot, owner, "Board")
    elsewhere = make_organisation("Elsewhere")
    their_owner = make_member(elsewhere, "owner")
    theirs = make_project(elsewhere, their_owner, name="Their demo project")
    Project.objects.filter(pk=theirs.pk).update(is_demo=True)
    demo_snapshot = Snapshot.objects.filter(project__organisation=organisation, project__is_demo=True)[0]
    request_report(snapshot=demo_snapshot, content=ReportContent(), by=owner)
    share(demo_snapshot, owner, "A demo reader")
    kept = {
        model: set(model.objects.values_list("pk", flat=True)) - set(of_demo(model, organisation))
        for model in (Project, Assessment, Answer, AnswerChange, Snapshot, Report, ShareLink)
    }
    audits = AuditEvent.objects.count()

    client = signed_in(owner)
    assert "10 invented projects" in text(client.get("/organisation/demo/"))
    response = client.post("/organisation/demo/", follow=True)
    assert "Removed 10 demo projects" in text(response)

    for model, keys in kept.items():
        assert set(model.objects.values_list("pk", flat=True)) == keys, model
    assert own.pk in kept[Project]
    assert report.pk in kept[Report]
    assert link.pk in kept[ShareLink]
    assert Project.objects.filter(organisation=elsewhere).get() == theirs
    assert AuditEvent.objects.count() == audits + 1
    assert AuditEvent.objects.order_by("-id")[0].detail == {"projects": 10}
    assert "There is no demo data here" in text(client.get("/organisation/demo/"))
    assert remove_demo(organisation=organisation, by=owner) == 0


PATHS: dict[type[Any], str] = {
    Project: "", Assessment: "project__", Answer: "respondent__assessment__project__",
    AnswerChange: "assessment__project__", Snapshot: "project__", Report: "snapshot__project__",
    ShareLink: "snapshot__project__",
}  # fmt: skip


def of_demo(model: type[Any], organisation: Organisation) -> list[int]:
    where = {f"{PATHS[model]}is_demo": True, f"{PATHS[model]}organisation": organisation}
    return list(model.objects.filter(**where).values_list("pk", flat=True))


def test_the_tables_let_demo_rows_alone_go(demo: object) -> None:
    organisation = Organisation.objects.get()
    owner = User.objects.get(email="owner@demo.example")
    assessment = make_assessment(make_project(organisation, owner, name="A real project"), owner)
    make_answer(assessment, owner, "problem.statement", 1)
    real = make_snapshot(assessment, owner)
    attempts: list[models.QuerySet[Any]] = [
        models.QuerySet(Snapshot).filter(pk=real.pk),
        models.QuerySet(Snapshot).all(),
        models.QuerySet(AnswerChange).filter(assessment=assessment),
        models.QuerySet(AnswerChange).all(),
        models.QuerySet(AuditEvent).all(),
    ]
    for rows in attempts:
        before = dump_tables()
        with pytest.raises(DatabaseError), transaction.atomic():
            rows._raw_delete(using=rows.db)
        assert changed_tables(before, dump_tables()) == []
    models.QuerySet(AnswerChange).filter(assessment__project__is_demo=True).delete()
    assert AnswerChange.objects.filter(assessment=assessment).count() == 1
    # Demo rows may go but not change.
    with pytest.raises(DatabaseError), transaction.atomic():
        models.QuerySet(Snapshot).filter(project__is_demo=True).update(label="changed")


def test_only_owners(demo: object) -> None:
    for name in ("editor", "viewer"):
        client = signed_in(User.objects.get(email=f"{name}@demo.example"))
        assert client.get("/organisation/demo/").status_code == 403
        assert client.post("/organisation/demo/").status_code == 403
    assert Project.objects.count() == 10
    assert Membership.objects.count() == 3


def test_not_into_an_installation_that_is_in_use(organisation: Organisation, settings: Any, tmp_path: Path) -> None:
    """The command fills an empty installation alone; here it finds somebody's organisation."""
    settings.DATA_DIR = tmp_path
    before, printed = dump_tables(), StringIO()
    call_command("load_demo", stdout=printed)
    assert printed.getvalue() == ""
    assert changed_tables(before, dump_tables()) == []
