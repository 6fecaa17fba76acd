"""Projects with something of everything, their files, and files that somebody has tampered with."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.forms.models import model_to_dict

from accounts.models import Membership, Organisation, User
from accounts.roles import Role
from assessments.models import Answer, AnswerChange, Assessment, Respondent, Snapshot, State
from assessments.services import GivenAnswer, record_agreed_answer, start_assessment
from assessments.snapshots import canonical_json, sha256_of
from projects.models import Project, ProjectFigures
from projects.services import record_outcome
from tests.make import AT, answer_all, make_answer, make_assessment, make_project, make_snapshot, make_user
from transfers.exporting import export_project, file_bytes

Document = dict[str, Any]
ONE, TWO = "problem.statement", "problem.objective"
LATER = AT + timedelta(days=30)
NOTE = "Zürich 👩‍👩‍👧 “quoted” \\ back\tslash\nsecond line \u202e مشروع \u2028 end"


def make_rich_project(organisation: Organisation, owner: User, editor: User) -> Project:
    """Two runs: one closed, one open with an excluded, an unknown, an agreed, a blank and a respondent's answer."""
    project = make_project(
        organisation, owner, name="Demand “forecast” Zürich", facts=("personal_data", "real_time"), unit="Retail",
        tags=("north", "2026 plan"), planned_date=date(2027, 2, 28), planned_value=1200,
    )  # fmt: skip
    run = make_assessment(project, owner)
    answer_all(run, editor, level=1)
    make_snapshot(run, owner, label="First look", at=AT + timedelta(hours=1))
    make_answer(run, owner, ONE, 3, base=1, at=AT + timedelta(hours=2))
    make_snapshot(run, editor, label="Gate", closes=True, at=AT + timedelta(days=2))
    run = start_assessment(project=project, by=editor, title="Second review", copy_from=run, at=LATER)
    given = GivenAnswer(State.GRADED, 2, "", NOTE, "Brief", "https://wiki.example.org/brief?a=1&b=%20")
    make_answer(run, owner, ONE, given, base=1, at=LATER)
    make_answer(run, editor, TWO, GivenAnswer(State.NOT_APPLICABLE, None, "Nobody asks."), base=1, at=LATER)
    make_answer(run, editor, "data.access", GivenAnswer(State.UNKNOWN, None), base=1, at=LATER)
    make_answer(run, editor, "team.skills", GivenAnswer(State.BLANK, None, "", "a note alone"), base=1, at=LATER)
    record_agreed_answer(
        assessment=run, question="problem.decision", level=3, reason="After a talk", by=owner, at=LATER,
        evidence_title="Minutes", evidence_url="https://wiki.example.org/minutes",
    )  # fmt: skip
    answer_as(run, editor, "data_scientist", ONE, GivenAnswer(State.GRADED, 0, "", "I see it otherwise"))
    make_snapshot(run, owner, label="Third", at=LATER + timedelta(days=1))
    record_outcome(project=project, kind="no_value", on=date(2026, 4, 12), sentence="It ran.", by=editor, at=LATER)
    return project


def answer_as(run: Assessment, user: User, role: str, question: str, given: GivenAnswer) -> None:
    """An answer of a person beside the shared sheet, with its history."""
    role = next(known.id for known in run.checklist.roles) if role not in {r.id for r in run.checklist.roles} else role
    who = Respondent.objects.create(assessment=run, user=user, role=role)
    content = {name: getattr(given, name) for name in GivenAnswer.__slots__}
    row = Answer.objects.create(
        respondent=who, question=question, **content, revision=1, answered_by=user, answered_at=LATER
    )
    AnswerChange.objects.create(
        answer=row, assessment=run, question=question, revision=1, before=None, after=content, by=user, at=LATER,
        mutation_id="6f1f2c52-3d3b-4f0e-9a54-0a6f6d5f1c11",
    )  # fmt: skip


def resealed(document: Document) -> bytes:
    """The bytes of a document whose hash fits its content again, as somebody who forges a file would make it."""
    document = {**document, "sha256": sha256_of(canonical_json(document["content"]))}
    return file_bytes(document)


def changed(document: Document, change: Callable[[Any], object]) -> bytes:
    """The file of a document after `change` was done to a copy of its content."""
    document = copy.deepcopy(document)
    change(document["content"])
    return resealed(document)


def small_file(name: str = "A project from elsewhere", slug: str = "from-elsewhere-0a1b2c3d") -> bytes:
    """A project without a checklist, described by hand."""
    description: Document = {
        "slug": slug, "name": name, "goal": "Less stock.", "stage": "pilot", "facts": [], "unit": "", "tags": [],
        "planned_date": None, "planned_value": None, "owner": None, "is_demo": False,
        "created_at": "2026-01-02T03:04:05.000006+00:00", "archived_at": None,
    }  # fmt: skip
    content: Document = {"project": description, "people": [], "runs": [], "outcome": None}
    return resealed(
        {
            "format": "preflight-project", "version": 1, "made_at": "2026-03-14T09:30:00+00:00", "product": "0.1.0",
            "checklists": [], "content": content,
        }
    )  # fmt: skip


def upload(data: bytes, name: str = "project.json") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="application/json")


def content_of(project: Project) -> Document:
    """What an export says of a project, without when it was made."""
    document = export_project(project)
    assert document["sha256"] == sha256_of(canonical_json(document["content"]))
    return {**document, "made_at": ""}


def without_addresses(document: Document) -> Document:
    """The content as another installation exports it where none of the people is a member."""
    content = copy.deepcopy(document["content"])
    kept = {row["by"] for run in content["runs"] for row in run["changes"]}
    assert content["project"]["owner"] is None or content["project"]["owner"] in kept
    content["project"]["owner"] = None
    for person in content["people"]:
        person["email"] = ""
    return dict(content)


def figures(project: Project) -> list[Document]:
    """All kept figures but when they were written, and whose they are."""
    rows = ProjectFigures.objects.filter(project=project).order_by("-is_current", "from_at", "id")
    return [model_to_dict(row, exclude=["id", "project", "organisation", "snapshot", "changed_at"]) for row in rows]


def remove(project: Project) -> None:
    """Takes a demo project away, as removing the demo data does."""
    Project.objects.filter(pk=project.pk).update(is_demo=True)
    models.QuerySet(Snapshot).filter(project=project).delete()
    models.QuerySet(AnswerChange).filter(assessment__project=project).delete()
    project.delete()


def add_member(organisation: Organisation, user: User, role: str = Role.EDITOR, **more: Any) -> Membership:
    return Membership.objects.create(user=user, organisation=organisation, role=role, **more)


def make_stranger() -> User:
    return make_user(name="Canary Stranger", email="canary-stranger@example.net")
