"""Nothing of another organisation can be reached, named or counted, whatever part of the request points at it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership
from accounts.roles import Role
from assessments.models import Assessment, Proposal, State
from assessments.proposals import propose_answer
from assessments.services import GivenAnswer
from projects.models import Outcome, Project
from projects.services import record_outcome
from reports.models import Report, ReportState
from tests.access.answers import text_of
from tests.access.dump import changed_tables, dump_tables
from tests.access.test_aggregate_isolation import fill
from tests.access.world import Place, Side
from tests.api.client import ALL_SCOPES
from tests.api.problems import named, wrong_shape
from tests.api.test_access import ROWS, Row
from tests.api.world import PROPOSED, ROUTES, USE_OF_TOKENS, ApiWorld, address, body_for, prepare, token_actor
from tests.make import AT

pytestmark = pytest.mark.django_db

CHILDREN = {"run", "number", "public_id"}
PLAIN = [row for row in ROWS if row.about == ""]
WITH_CHILD = [row for row in PLAIN if CHILDREN & set(ROUTES[row.route].arguments)]
MIGHTY = ("all", "owner")


def send(world: ApiWorld, actor: str, row: Row, place: Place, path: str) -> Any:
    who = world.actors[actor]
    return who.client().send(row.method, path, body_for(who.home, place, row.route, row.method))


@pytest.mark.parametrize("row", WITH_CHILD, ids=str)
def test_a_child_is_found_through_its_own_project_alone(api_world: ApiWorld, row: Row) -> None:
    """One's own project in the address, and in it the id of a run, proposal, snapshot, report or link of another."""
    here = api_world.north.here
    before = dump_tables(hidden=USE_OF_TOKENS)
    for stranger in (api_world.north.there, api_world.south.here, api_world.south.there):
        path = address(api_world, here, row.route, child=stranger)
        for actor in MIGHTY:
            response = send(api_world, actor, row, here, path)
            assert response.status_code == 404, (actor, path)
            assert wrong_shape(response) == ""
            assert stranger.word not in response.content.decode()
    assert changed_tables(before, dump_tables(hidden=USE_OF_TOKENS)) == []


def test_nothing_is_found_that_is_nowhere(api_world: ApiWorld) -> None:
    """What belongs to others is answered with the very bytes of what does not exist."""
    south, here = api_world.south.here, api_world.north.here
    client = api_world.actors["all"].client()
    project = f"/api/v1/projects/{here.project.slug}"
    pairs = [
        (f"/api/v1/projects/{south.project.slug}", "/api/v1/projects/nothing-here-00000000"),
        (f"/api/v1/organisations/{south.organisation.pk}", "/api/v1/organisations/999999999"),
        (f"{project}/assessments/{south.snapshot.assessment_id}", f"{project}/assessments/999999999"),
        (f"{project}/proposals/{api_world.proposals[south.word, '']}", f"{project}/proposals/999999999"),
        (f"{project}/snapshots/{south.snapshot.public_id}", f"{project}/snapshots/nothing-here"),
        (f"{project}/reports/{south.ready.public_id}", f"{project}/reports/nothing-here"),
        (f"{project}/share-links/{south.link.public_id}", f"{project}/share-links/nothing-here"),
    ]
    for theirs, nobodys in pairs:
        answers = [client.get(path) for path in (theirs, nobodys)]
        assert [answer.status_code for answer in answers] == [404, 404], theirs
        first, second = ((answer.content, plain_headers(answer)) for answer in answers)
        assert first == second, theirs


def plain_headers(response: Any) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if not name.startswith("RateLimit-")}


def foreign_bodies(world: ApiWorld) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Operation, method, the field that must be named, and the body with something foreign in that field."""
    north, south = world.north, world.south
    gone = world.actors["removed"].user
    assert gone is not None
    people = [
        south.people["owner"].pk,
        south.people["editor"].pk,
        north.people["memberless"].pk,
        north.people["disabled"].pk,
        gone.pk,
        10**11,
    ]
    snapshots = [
        south.here.snapshot.public_id,
        north.there.snapshot.public_id,
        south.here.ready.public_id,
        south.here.project.slug[:16],
        str(south.here.snapshot.pk),
    ]
    due = {question.id for question in north.here.snapshot.assessment.questions_due()}
    questions = [next(name for name in north.here.snapshot.assessment.checklist.question_by_id if name not in due)]
    questions += ["nothing.here", str(south.here.snapshot.pk), f"../../{south.here.project.slug}/"]
    cases: list[tuple[str, str, str, list[Any]]] = [
        ("api:projects", "POST", "owner", people),
        ("api:project", "PATCH", "owner", people),
        ("api:reports", "POST", "snapshot", snapshots),
        ("api:share_links", "POST", "snapshot", snapshots),
        ("api:proposals", "POST", "question", questions),
    ]
    found = []
    for route, method, place, values in cases:
        body = body_for(north, north.here, route, method)
        assert body is not None
        found += [(route, method, place, {**body, place: value}) for value in values]
    return found


def test_what_is_foreign_in_a_body_is_refused(api_world: ApiWorld) -> None:
    before = dump_tables(hidden=USE_OF_TOKENS)
    for route, method, place, body in foreign_bodies(api_world):
        for actor in MIGHTY:
            path = address(api_world, api_world.north.here, route)
            response = api_world.actors[actor].client().send(method, path, body)
            assert response.status_code == 422, (route, body[place], response.content)
            assert named(response) == [place], (route, body[place])
            assert wrong_shape(response) == ""
            assert "canary-" not in response.content.decode().replace(api_world.south.here.project.slug, "")
    assert changed_tables(before, dump_tables(hidden=USE_OF_TOKENS)) == []


def test_the_same_bodies_are_taken_with_what_is_one_s_own(api_world: ApiWorld) -> None:
    """The control."""
    here = api_world.north.here
    for route, method in sorted({case[:2] for case in foreign_bodies(api_world)}):
        with transaction.atomic():
            body = body_for(api_world.north, here, route, method)
            response = api_world.actors["all"].client().send(method, address(api_world, here, route), body)
            transaction.set_rollback(True)
        assert response.status_code in {200, 201, 202}, (route, response.content)


def test_a_question_that_is_not_asked_takes_no_answer(api_world: ApiWorld) -> None:
    here = api_world.north.here
    due = {question.id for question in here.snapshot.assessment.questions_due()}
    checklist = here.snapshot.assessment.checklist
    not_due = next(name for name in checklist.question_by_id if name not in due)
    body = {"state": "graded", "level": 1, "revision": 0}
    before = dump_tables(hidden=USE_OF_TOKENS)
    client, run = (
        api_world.actors["all"].client(),
        f"projects/{here.project.slug}/assessments/{here.snapshot.assessment_id}",
    )
    refused = client.put(f"{run}/answers/{not_due}", body)
    assert (refused.status_code, named(refused)) == (422, ["question"])
    assert client.put(f"{run}/answers/nothing.here", body).status_code == 404
    assert client.get(f"{run}/answers/{not_due}").status_code == 404
    assert changed_tables(before, dump_tables(hidden=USE_OF_TOKENS)) == []


TAKE_ORGANISATION = {"api:projects", "api:import_project", "api:portfolio", "api:outcomes", "api:activity"}


def test_the_address_takes_no_other_organisation(api_world: ApiWorld) -> None:
    """Where a parameter chooses the organisation, another one is not found; elsewhere it is refused by its name."""
    south, here = api_world.south, api_world.north.here
    names = {
        "organisation": south.organisation.pk,
        "organisation_id": south.organisation.pk,
        "membership": south.member.pk,
        "project": south.here.project.slug,
        "user": south.people["owner"].pk,
        "snapshot": south.here.snapshot.public_id,
        "assessment": south.here.snapshot.assessment_id,
    }
    before = dump_tables(hidden=USE_OF_TOKENS)
    for row in PLAIN:
        path = address(api_world, here, row.route, proposer="all")
        for name, value in names.items():
            response = send(api_world, "all", row, here, f"{path}?{name}={value}")
            is_taken = name == "organisation" and row.route in TAKE_ORGANISATION
            assert (response.status_code, named(response)) == ((404, []) if is_taken else (422, [name])), (row, name)
    assert changed_tables(before, dump_tables(hidden=USE_OF_TOKENS)) == []


def test_a_foreign_value_filters_like_an_unknown_one(api_world: ApiWorld) -> None:
    """Whether it exists somewhere else is not to be seen."""
    south = api_world.south
    cases = [
        ("portfolio", "owner", str(south.people["owner"].pk), "999999999"),
        ("portfolio", "unit", "canary-south-here unit", "no such unit"),
        ("portfolio", "tag", "canary-south-here tag", "no such tag"),
        ("portfolio", "find", "canary-south", "no such text"),
        ("projects", "unit", "canary-south-here unit", "no such unit"),
        ("activity", "thing", south.here.project.slug, "no-such-thing"),
    ]
    for actor in MIGHTY:
        client = api_world.actors[actor].client()
        for path, name, theirs, nobodys in cases:
            answers = [client.send("GET", f"{path}?{name}={value}".replace(" ", "%20")) for value in (theirs, nobodys)]
            assert [answer.status_code for answer in answers] == [200, 200], (path, name)
            assert answers[0].content == answers[1].content == b'{"items":[],"next":null}', (path, name)


def test_a_cursor_opens_nothing_of_others(api_world: ApiWorld) -> None:
    """It says where to go on, not in whose list: taken along to another list it is refused, or shows one's own rows."""
    theirs = api_world.actors["outsider"].client()
    mine, here, there = api_world.actors["all"].client(), api_world.north.here, api_world.north.there
    for path in ("projects", "outcomes", "activity", "portfolio"):
        cursor = theirs.get(f"{path}?limit=1").json()["next"]
        response = mine.get(cursor)
        assert response.status_code == 200
        assert "canary-south" not in text_of(response)
        assert mine.get(cursor.replace("limit=1", "limit=2")).status_code == 200
    next_ = mine.get(f"projects/{here.project.slug}/assessments/latest/changes?limit=1").json()["next"]
    moved = mine.get(next_.replace(here.project.slug, there.project.slug))
    assert (moved.status_code, named(moved)) == (422, ["cursor"])


@pytest.mark.parametrize("row", [row for row in PLAIN if row.has_object], ids=str)
def test_a_token_stays_in_its_organisation(api_world: ApiWorld, row: Row) -> None:
    """Its person owns another organisation too. With the session both are open, with the token one."""
    north, south = api_world.north, api_world.south
    owner = north.people["owner"]
    with transaction.atomic():
        Membership.objects.create(user=owner, organisation=south.organisation, role=Role.OWNER)
        prepare(south.here, row.route, row.method)
        path = address(api_world, south.here, row.route)
        before = dump_tables(hidden=USE_OF_TOKENS)
        refused = api_world.actors["all"].client().send(
            row.method, path, body_for(south, south.here, row.route, row.method)
        )  # fmt: skip
        assert refused.status_code == 404
        assert "canary-" not in refused.content.decode()
        assert changed_tables(before, dump_tables(hidden=USE_OF_TOKENS)) == []
        body = body_for(south, south.here, row.route, row.method)
        opened = api_world.actors["owner"].client().send(row.method, path, body)
        # Nobody takes back what somebody else proposed.
        assert opened.status_code == (403 if str(row) == "DELETE proposal" else int(row.cells["all"][0]))
        transaction.set_rollback(True)


def test_lists_of_a_token_stay_in_its_organisation(api_world: ApiWorld) -> None:
    north, south = api_world.north, api_world.south
    owner = north.people["owner"]
    client = api_world.actors["all"].client()
    lists = [reverse(row.route) for row in PLAIN if row.method == "GET" and not ROUTES[row.route].arguments]
    before = {path: client.get(path).content for path in lists}
    with transaction.atomic():
        Membership.objects.create(user=owner, organisation=south.organisation, role=Role.OWNER)
        assert {path: client.get(path).content for path in lists} == before
        session = api_world.actors["owner"].client()
        assert len(session.get("organisations").json()["items"]) == 2
        other = token_actor(south, owner, *ALL_SCOPES).client()
        for path in lists:
            assert "canary-north-" not in text_of(other.get(path)), path
        slugs = {item["slug"] for item in other.get("projects").json()["items"]}
        assert slugs == {south.here.project.slug, south.there.project.slug}
        made = other.post("projects", {"name": "New", "goal": "Less.", "stage": "idea"}).json()["slug"]
        assert Project.objects.get(slug=made).organisation == south.organisation
        transaction.set_rollback(True)


def answers_of(world: ApiWorld, actors: Collection[str]) -> dict[tuple[str, str], tuple[int, str, dict[str, str]]]:
    """Every reading operation as these actors, byte for byte, with the headers."""
    north = world.north
    routes = [row.route for row in PLAIN if row.effect == "read"]
    paths = {address(world, place, route) for place in (north.here, north.there) for route in routes}
    paths |= {f"/api/v1/{path}" for path in FURTHER}
    seen = {}
    for actor in actors:
        client = world.actors[actor].client()
        for path in sorted(paths):
            response = client.get(path)
            seen[actor, path] = (response.status_code, text_of(response), plain_headers(response))
    return seen


ONLOOKERS = (
    "owner", "editor", "respondent", "viewer", "narrowed", "granted", "memberless", "anonymous", "all",
    "read_portfolio", "propose_answers", "granted_all",
)  # fmt: skip
FURTHER = (
    "projects?limit=1",
    "projects?archived=true",
    "projects?stage=pilot",
    "portfolio?limit=1",
    "portfolio?sort=name",
    "portfolio?sort=-index",
    "portfolio?sort=data",
    "portfolio?find=canary",
    "portfolio?stale=1",
    "portfolio?as_of=2026-03-14",
    "outcomes?limit=1",
    "activity?limit=200",
    "activity?verb=project.created",
)


def grow(world: ApiWorld, side: Side, projects: int) -> None:
    """Projects with everything on them, outcomes, proposals and tokens."""
    owner = side.people["owner"]
    fill(side, projects)
    for number, project in enumerate(Project.objects.filter(organisation=side.organisation, outcome=None)):
        assessment = Assessment.objects.get(project=project, is_latest=True)
        propose_answer(
            assessment=assessment, question=PROPOSED, given=GivenAnswer(State.UNKNOWN), source="more", token=None,
            by=owner, at=AT,
        )  # fmt: skip
        if number % 2:
            kind = Outcome.Kind.CANCELLED
            record_outcome(project=project, kind=kind, on=AT.date(), sentence="more", by=owner, at=AT)
    for _ in range(10):
        token_actor(side, owner, *ALL_SCOPES)


def differing(before: dict[Any, Any], after: dict[Any, Any]) -> list[Any]:
    return [key for key, answer in after.items() if answer != before[key]]


def test_another_organisation_is_nowhere(api_world: ApiWorld) -> None:
    """What is added there changes no byte of any answer here."""
    south = api_world.south
    with transaction.atomic():
        before = answers_of(api_world, ONLOOKERS)
        projects, proposals = Project.objects.count(), Proposal.objects.count()
        grow(api_world, south, 50)
        theirs = Report.objects.filter(snapshot__project__organisation=south.organisation)
        theirs.update(state=ReportState.QUEUED, enqueued_at=timezone.now())
        assert Project.objects.count() == projects + 50
        assert Proposal.objects.count() >= proposals + 50
        cache.clear()
        assert differing(before, answers_of(api_world, ONLOOKERS)) == []
        transaction.set_rollback(True)


def test_one_s_own_projects_are_seen(api_world: ApiWorld) -> None:
    """The control: the same additions on this side do change answers."""
    with transaction.atomic():
        before = answers_of(api_world, ["all"])
        grow(api_world, api_world.north, 2)
        cache.clear()
        changed = {path.partition("?")[0] for _, path in differing(before, answers_of(api_world, ["all"]))}
        transaction.set_rollback(True)
    assert {reverse(f"api:{name}") for name in ("projects", "portfolio", "outcomes", "activity")} <= changed
