"""An archived project is read and restored, and nothing else."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.roles import Role
from assessments.models import Assessment
from projects.models import Project
from projects.services import ProjectDetails, archive_project, update_project
from tests.make import make_answer, make_member, make_organisation, make_project, make_snapshot
from tests.site.cases import WRITERS, refused_when_archived, signed_in, text, usual_cases


@pytest.fixture
def url(project: Project) -> str:
    return reverse("projects:archive", args=[project.slug])


def test_usual_cases(url: str, owner: User) -> None:
    usual_cases(url, owner, may=WRITERS, form={}, other_methods=("get", "head", "put", "delete", "patch", "options"))


def test_archive_and_restore(url: str, project: Project, owner: User) -> None:
    client = signed_in(owner)
    assert "archived" in text(client.post(url, follow=True))
    assert Project.objects.get().is_archived
    assert "open again" in text(client.post(url, {"restore": "1"}, follow=True))
    assert not Project.objects.get().is_archived
    assert list(AuditEvent.objects.filter(thing=project.slug).order_by("id").values_list("verb", flat=True)[1:]) == [
        "project.archived", "project.restored",
    ]  # fmt: skip


def test_every_page_can_be_read_and_none_written(project: Project, assessment: Assessment, owner: User) -> None:
    make_answer(assessment, owner, "problem.statement", 1)
    snapshot = make_snapshot(assessment, owner)
    archive_project(project=project, by=owner, at=timezone.now())
    client = signed_in(owner)
    for name in ("overview", "edit", "check", "history", "results", "snapshots"):
        response = client.get(reverse(f"assessments:{name}", args=[project.slug]))
        assert response.status_code == 200, name
        assert "archived, read only" in text(response), name
    assert client.get(reverse("assessments:snapshot", args=[project.slug, snapshot.public_id])).status_code == 200
    page = text(client.get(reverse("assessments:dimension", args=[project.slug, "problem"])))
    assert 'type="radio"' not in page
    assert "Save and continue" not in page
    settings = text(client.get(reverse("assessments:edit", args=[project.slug])))
    assert "Restore the project" in settings
    assert ">Save</button>" not in settings
    answer = {"choice": "2", "revision": "1"}
    profile = {"name": "New", "goal": "New", "stage": "idea"}
    refused_when_archived(reverse("assessments:save", args=[project.slug, "problem.statement"]), owner, answer)
    refused_when_archived(reverse("assessments:dimension", args=[project.slug, "problem"]), owner, answer)
    refused_when_archived(reverse("assessments:snapshots", args=[project.slug]), owner, {"label": "x"})
    refused_when_archived(reverse("assessments:start", args=[project.slug]), owner, {})
    refused_when_archived(reverse("assessments:edit", args=[project.slug]), owner, profile)


@pytest.mark.django_db
def test_saving_old_settings_does_not_restore_it(project: Project, owner: User) -> None:
    """Two people: one archives while the other has the settings open."""
    opened_before = Project.objects.get(pk=project.pk)
    archive_project(project=project, by=owner, at=timezone.now())
    update_project(project=opened_before, details=ProjectDetails("New", "New goal", "idea"), by=owner)
    stored = Project.objects.get()
    assert stored.name == "New"
    assert stored.is_archived


def test_at_the_same_moment(transactional_db: None) -> None:
    organisation = make_organisation()
    owner = make_member(organisation, Role.OWNER)
    project = make_project(organisation, owner)
    barrier = threading.Barrier(2, timeout=30)

    def archive() -> None:
        mine = Project.objects.get(pk=project.pk)
        barrier.wait()
        archive_project(project=mine, by=owner, at=timezone.now())
        connection.close()

    def update() -> None:
        mine = Project.objects.get(pk=project.pk)
        barrier.wait()
        update_project(project=mine, details=ProjectDetails("New", "New goal", "idea"), by=owner)
        connection.close()

    threads = [threading.Thread(target=job) for job in (archive, update)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    stored = Project.objects.get()
    assert (stored.name, stored.is_archived) == ("New", True)
