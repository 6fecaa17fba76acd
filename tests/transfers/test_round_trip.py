"""What goes out comes in again: the same content, scores, hashes and figures."""

from __future__ import annotations

import json

import pytest
from django.db.models import Model
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Organisation, User
from assessments.evaluation import evaluate_assessment
from assessments.models import AgreedAnswer, Answer, AnswerChange, Assessment, Respondent, Snapshot
from assessments.snapshots import recompute, sha256_of
from assessor.demo.portfolio import load_demo, remove_demo
from projects.models import Outcome, Project
from tests.make import figures_of, make_assessment, make_member, make_organisation, make_project, make_snapshot
from tests.transfers.files import (
    NOTE,
    add_member,
    content_of,
    figures,
    make_rich_project,
    remove,
    without_addresses,
)
from transfers.exporting import export_project, file_bytes
from transfers.importing import import_project
from transfers.reading import read_project_file

pytestmark = pytest.mark.django_db


def moved(project: Project, target: Organisation, by: User) -> Project:
    """The project after it was written, taken away and read again."""
    data = file_bytes(export_project(project))
    remove(project)
    return import_project(organisation=target, document=read_project_file(data), by=by, at=timezone.now())


@pytest.fixture
def rich(organisation: Organisation, owner: User, editor: User) -> Project:
    return make_rich_project(organisation, owner, editor)


def test_the_same_where_the_same_people_are_members(rich: Project, owner: User, editor: User) -> None:
    before, rows = content_of(rich), figures(rich)
    target = make_organisation("Elsewhere")
    add_member(target, owner)
    add_member(target, editor)
    project = moved(rich, target, owner)
    assert content_of(project) == before
    assert figures(project) == rows
    assert project.organisation == target
    assert project.owner == owner
    assert NOTE in {row.note for row in Answer.objects.filter(respondent__assessment__project=project)}


def test_the_same_but_for_addresses_where_nobody_is_known(rich: Project, outsider: User) -> None:
    before, rows = content_of(rich), figures(rich)
    target = outsider.memberships.get().organisation
    project = moved(rich, target, outsider)
    assert content_of(project)["content"] == without_addresses(before)
    assert figures(project) == rows
    assert project.owner is None


def test_snapshots_recompute_to_the_same_bytes(rich: Project, outsider: User) -> None:
    bodies = list(Snapshot.objects.order_by("number").values_list("body", "sha256", "index", "low", "high", "answered"))
    assert len(bodies) == 3
    project = moved(rich, outsider.memberships.get().organisation, outsider)
    rows = Snapshot.objects.filter(project=project).order_by("number")
    assert list(rows.values_list("body", "sha256", "index", "low", "high", "answered")) == bodies
    for row in rows:
        assert recompute(row) == row.body
        assert sha256_of(row.body) == row.sha256


@pytest.mark.usefixtures("transactional_db")
def test_the_whole_demo_organisation() -> None:
    """With transactions of its own, because thousands of nested ones in one are slow on PostgreSQL."""
    organisation = make_organisation("North")
    owner, editor = make_member(organisation, "owner"), make_member(organisation, "editor")
    load_demo(organisation=organisation, people=[owner, editor], at=timezone.now())
    projects = list(Project.objects.order_by("id"))
    before = [(content_of(project), figures(project)) for project in projects]
    files = [file_bytes(export_project(project)) for project in projects]
    counts = {model: model._default_manager.count() for model in (Assessment, Answer, AnswerChange, Snapshot, Outcome)}
    remove_demo(organisation=organisation, by=owner)
    target = make_organisation("Elsewhere")
    add_member(target, owner)
    add_member(target, editor)
    for data in files:
        import_project(organisation=target, document=read_project_file(data), by=owner, at=timezone.now())
    projects = list(Project.objects.order_by("id"))
    assert [(content_of(project), figures(project)) for project in projects] == before
    assert {model: model._default_manager.count() for model in counts} == counts
    assert all(recompute(row) == row.body for row in Snapshot.objects.select_related("assessment"))
    for run in Assessment.objects.filter(is_latest=True).select_related("project"):
        assert evaluate_assessment(run).result.index == figures_of(run.project).index


def test_the_same_data_gives_the_same_bytes(rich: Project) -> None:
    at = timezone.now()
    assert file_bytes(export_project(rich, at=at)) == file_bytes(export_project(rich, at=at))
    assert json.loads(file_bytes(export_project(rich, at=at)))["made_at"] == at.isoformat()


def test_a_project_that_has_no_checklist(organisation: Organisation, owner: User) -> None:
    project = make_project(organisation, owner)
    before = content_of(project)
    assert before["content"]["runs"] == before["checklists"] == []
    again = moved(project, organisation, owner)
    assert content_of(again) == before
    assert figures(again) == figures(make_project(organisation, owner, name="Another"))


def test_an_archived_project_stays_archived(rich: Project, owner: User) -> None:
    Project.objects.filter(pk=rich.pk).update(archived_at=timezone.now())
    before = content_of(rich)
    assert content_of(moved(rich, rich.organisation, owner)) == before


def test_nothing_of_another_organisation_is_in_it(rich: Project, outsider: User) -> None:
    south = outsider.memberships.get().organisation
    south.name = "canary-south"
    south.save()
    theirs = make_project(south, outsider, name="canary-south project", unit="canary-south unit")
    make_snapshot(make_assessment(theirs, outsider), outsider, label="canary-south snapshot")
    make_member(south, "editor", name="canary-south person")
    text = file_bytes(export_project(rich)).decode()
    assert "canary" not in text
    assert outsider.email not in text


def test_a_fixed_number_of_queries(
    rich: Project, organisation: Organisation, owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for project in (rich, make_project(organisation, owner)):
        make_assessment(project, owner) if project is not rich else None
        with django_assert_num_queries(11):
            export_project(project)


MOVED = {
    Project: {"slug", "name", "goal", "stage", "facts", "owner", "unit", "tags", "planned_date", "planned_value",
              "is_demo", "created_at", "archived_at"},
    Outcome: {"kind", "is_delayed", "on", "sentence", "recorded_by", "recorded_at"},
    Assessment: {"checklist_id", "checklist_version", "title", "opened_by", "opened_at", "closed_at", "is_latest"},
    Respondent: {"user", "role", "is_sheet"},
    Answer: {"respondent", "question", "state", "level", "reason", "note", "evidence_title", "evidence_url", "revision",
             "answered_by", "answered_at"},
    AnswerChange: {"answer", "question", "revision", "before", "after", "by", "at", "mutation_id", "through"},
    AgreedAnswer: {"question", "level", "reason", "evidence_title", "evidence_url", "agreed_by", "agreed_at"},
    Snapshot: {"public_id", "number", "label", "taken_by", "taken_at", "body", "sha256", "engine", "closes"},
}  # fmt: skip
OF_THE_PLACE = {"id", "organisation", "project", "assessment"}
READ_FROM_THE_BODY = {"answered", "due", "index", "low", "high"}


@pytest.mark.parametrize("model", MOVED, ids=lambda model: model.__name__)
def test_no_column_is_forgotten(model: type[Model]) -> None:
    """A new column is either moved, or left out on purpose and named here."""
    columns = {field.name for field in model._meta.concrete_fields}
    left_out = OF_THE_PLACE | (READ_FROM_THE_BODY if model is Snapshot else set())
    assert columns - left_out == MOVED[model]
