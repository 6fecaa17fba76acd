"""What another organisation does changes no byte of any page here: no count, no order, no average, no queue."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.http import SimpleCookie
from django.test import Client
from django.utils import timezone

from assessments.models import Answer, AnswerChange, Respondent, State
from reports.models import Report, ReportState
from reports.services import ReportContent, request_report
from tests.access.answers import text_of
from tests.access.routes import all_routes
from tests.access.test_matrix import ROWS
from tests.access.world import Side, World, address, share
from tests.make import AT, make_assessment, make_member, make_project, make_snapshot

pytestmark = pytest.mark.django_db

TOKEN = re.compile(r'(name="csrfmiddlewaretoken" value|data-csrf)="[^"]+"')
AGE = re.compile(r'(<time datetime="[^"]+" title="[^"]+">)[^<]+')
VIEWS = re.compile(r'<td class="r">\d+ times?.*?</td>', re.DOTALL)
MADE = re.compile(r'"made_at":"[^"]*"')
"""When a file was exported."""
READ = [row.route for row in ROWS if row.method == "GET"]
ROUTES = [route for route in all_routes() if route.name in READ and not route.name.startswith("account")]


def pages_of(world: World, actor: str, queued: Report) -> dict[str, tuple[int, str]]:
    client = Client()
    client.cookies = SimpleCookie(world.cookies[actor].output(header="", sep=";"))
    north = world.north
    paths = [address(north, place, route) for place in (north.here, north.there) for route in ROUTES]
    paths += ["/projects/?sort=name", "/projects/?find=canary", "/projects/?stage=pilot", "/projects/?archived=1"]
    paths += [
        "/organisation/members/",
        "/organisation/settings/",
        f"/projects/{north.here.project.slug}/history/?page=2",
    ]
    paths += [f"/projects/{north.here.project.slug}/reports/{queued.public_id}/"]
    seen = {}
    for path in paths:
        response = client.get(path)
        text = TOKEN.sub("", text_of(response))
        seen[path] = (response.status_code, MADE.sub("", VIEWS.sub("", AGE.sub(r"\1", text))))
    return seen


def waiting_report(world: World) -> Report:
    """One of ours that waits since long ago, so that its page asks for itself at the slow pace throughout."""
    north = world.north
    queued = request_report(
        snapshot=north.here.snapshot, content=ReportContent(evidence=False), by=north.people["owner"]
    )
    Report.objects.filter(pk=queued.pk).update(enqueued_at=timezone.now() - timedelta(hours=1))
    return queued


def fill(side: Side, projects: int) -> None:
    """Projects with every question answered, frozen, reported and shared, and people who join and leave."""
    owner = side.people["owner"]
    for number in range(projects):
        make_member(side.organisation, "editor")
        project = make_project(side.organisation, owner, name=f"canary-south more {number}", unit="Units")
        assessment = make_assessment(project, owner)
        sheet = Respondent.objects.get(assessment=assessment, is_sheet=True)
        rows = Answer.objects.bulk_create(
            Answer(
                respondent=sheet, question=question.id, state=State.GRADED, level=number % 4, revision=1,
                answered_by=owner, answered_at=AT,
            )
            for question in assessment.questions_due()
        )  # fmt: skip
        AnswerChange.objects.bulk_create(
            AnswerChange(
                answer=row, assessment=assessment, question=row.question, revision=1, before=None,
                after={"state": "graded", "level": row.level}, by=owner, at=AT, mutation_id=uuid.uuid4(),
            )
            for row in rows
        )  # fmt: skip
        snapshot = make_snapshot(assessment, owner)
        if number % 5 == 0:
            request_report(snapshot=snapshot, content=ReportContent(), by=owner)
            share(snapshot, owner, "Somebody")


def test_another_organisation_is_nowhere(world: World) -> None:
    south = world.south
    queued = waiting_report(world)
    actors = ("owner", "editor", "viewer", "granted", "memberless", "share", "anonymous")
    before = {actor: pages_of(world, actor, queued) for actor in actors}
    fill(south, 30)
    # Their reports that were made before ours wait again, so they stand before ours in the queue.
    Report.objects.filter(snapshot__project__organisation=south.organisation, pk__lt=queued.pk).update(
        state=ReportState.QUEUED, enqueued_at=timezone.now()
    )
    for actor in actors:
        after = pages_of(world, actor, queued)
        differing = [path for path, page in after.items() if page != before[actor][path]]
        assert differing == [], actor


def test_one_s_own_projects_are_seen(world: World) -> None:
    """The control: the same additions on this side do change pages."""
    queued = waiting_report(world)
    before = pages_of(world, "owner", queued)
    fill(world.north, 2)
    after = pages_of(world, "owner", queued)
    assert len([path for path, page in after.items() if page != before[path]]) >= 5
