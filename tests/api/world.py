"""The two organisations of the page tests, with what the interface adds: tokens, outcomes, proposals of everybody.

A new route needs its values in `address`, a new write its body in `body_for`. Where a request needs something to be
there or not to be there before, `prepare` sees to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.http import SimpleCookie
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiToken, Membership, User
from accounts.roles import Role
from accounts.services import remove_member
from accounts.tokens import make_token, revoke_token
from assessments.models import Assessment, State
from assessments.proposals import propose_answer
from assessments.services import GivenAnswer
from projects.models import Outcome, Project
from projects.services import archive_project, record_outcome
from tests.access.routes import Route, all_routes, is_of_interface
from tests.access.world import QUESTION, Place, Side, build_world
from tests.api.client import ALL_SCOPES, Api
from tests.make import AT, make_member, make_snapshot
from tests.transfers.files import small_file

ROUTES: dict[str, Route] = {route.name: route for route in all_routes() if is_of_interface(route.name)}
PROPOSED = "problem.decision"
# When a token was last used is noted, and nothing else, with a request that only reads.
USE_OF_TOKENS: Mapping[str, frozenset[str]] = {"accounts_apitoken": frozenset({"used_at", "used_from"})}
SESSIONS = ("owner", "editor", "respondent", "viewer", "narrowed", "granted", "memberless", "disabled", "outsider")
GONE = ("removed", "memberless")
PASSPHRASE = "a long quiet passphrase"


@dataclass(frozen=True)
class Actor:
    """Whoever asks: with a session, with a token, or with the cookie of a share link. `home` is their organisation."""

    home: Side
    user: User | None = None
    cookies: SimpleCookie = field(default_factory=SimpleCookie)
    secret: str = ""
    token: ApiToken | None = None

    def client(self, *, csrf: bool = False) -> Api:
        return Api(secret=self.secret, cookies=self.cookies, csrf=csrf)


@dataclass
class ApiWorld:
    north: Side
    south: Side
    actors: dict[str, Actor] = field(default_factory=dict)
    proposals: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def places(self) -> Iterator[tuple[Side, Place]]:
        for side in (self.north, self.south):
            for place in (side.here, side.there):
                yield side, place


def build_api_world() -> ApiWorld:
    base = build_world()
    world = ApiWorld(base.north, base.south)
    north, south = world.north, world.south
    for name in SESSIONS:
        side = south if name == "outsider" else north
        world.actors[name] = Actor(side, side.people["owner" if name == "outsider" else name], base.cookies[name])
    world.actors["anonymous"] = Actor(north)
    world.actors["share"] = Actor(north, cookies=base.cookies["share"])
    world.actors |= token_actors(north)
    for side, place in world.places:
        record_outcome(
            project=place.project, kind=Outcome.Kind.NO_VALUE, on=date(2026, 3, 1),
            sentence=f"{place.word} outcome", by=side.people["owner"], at=AT,
        )  # fmt: skip
        propose_for_everybody(world, side, place)
    return world


def token_actors(side: Side) -> dict[str, Actor]:
    """Tokens of the owner with one scope each, tokens with all scopes, and four that no longer open anything."""
    owner = side.people["owner"]
    actors = {scope: token_actor(side, owner, scope) for scope in ALL_SCOPES}
    actors["all"] = token_actor(side, owner, *ALL_SCOPES)
    for name in ("viewer", "editor", "granted"):
        actors[f"{name}_all"] = token_actor(side, side.people[name], *ALL_SCOPES)
    actors["revoked"] = token_actor(side, owner, *ALL_SCOPES)
    actors["expired"] = token_actor(side, owner, *ALL_SCOPES, at=timezone.now() - timedelta(days=31))
    leaver = make_member(side.organisation, Role.OWNER, name=f"{side.organisation.name} former person")
    actors["removed"] = token_actor(side, leaver, *ALL_SCOPES)
    sleeper = make_member(side.organisation, Role.OWNER, name=f"{side.organisation.name} sleeping person")
    actors["deactivated"] = token_actor(side, sleeper, *ALL_SCOPES)
    revoked = actors["revoked"].token
    assert revoked is not None
    revoke_token(token=revoked, by=owner, at=timezone.now())
    remove_member(membership=Membership.objects.get(user=leaver), by=owner)
    User.objects.filter(pk=sleeper.pk).update(is_active=False)
    return actors


def token_actor(side: Side, user: User, *scopes: str, at: datetime | None = None) -> Actor:
    membership = Membership.objects.get(user=user, organisation=side.organisation)
    name = f"{side.organisation.name} program"
    made = make_token(membership=membership, name=name, scopes=scopes, days=30, by=user, at=at or timezone.now())
    return Actor(side, user, secret=made.secret, token=made.token)


def propose_for_everybody(world: ApiWorld, side: Side, place: Place) -> None:
    """One proposal of each actor, and one, under the empty name, of somebody who is no actor."""
    assessment = place.snapshot.assessment
    given = GivenAnswer(State.GRADED, 2, "", f"{place.word} offer", f"{place.word} offered evidence", "https://e.org/x")
    proposers = {"": Actor(side, side.member.user)}
    proposers |= {name: actor for name, actor in world.actors.items() if actor.home is side and name not in GONE}
    for name, actor in proposers.items():
        if actor.user is not None:
            row = propose_answer(
                assessment=assessment, question=PROPOSED, given=given, source=f"{place.word} source",
                token=actor.token, by=actor.user, at=AT,
            )  # fmt: skip
            world.proposals[place.word, name] = row.pk


def latest(place: Place) -> Assessment:
    return Assessment.objects.get(project=place.project, is_latest=True)


def address(world: ApiWorld, place: Place, name: str, *, proposer: str = "", child: Place | None = None) -> str:
    """The address of a route about this place. `proposer` is the actor whose proposal is meant.

    With `child` what hangs on a project is that of another place.
    """
    child = child or place
    public_ids = {
        "api:snapshot": child.snapshot.public_id,
        "api:report": child.ready.public_id,
        "api:report_file": child.ready.public_id,
        "api:share_link": child.link.public_id,
    }
    values: dict[str, Any] = {
        "slug": place.project.slug,
        "organisation_id": place.organisation.pk,
        "checklist_id": "ml_readiness",
        "version": "1.0",
        "run": child.snapshot.assessment_id,
        "question": QUESTION,
        "number": world.proposals.get((child.word, proposer), world.proposals[child.word, ""]),
        "public_id": public_ids.get(name),
    }
    return reverse(name, kwargs={part: values[part] for part in ROUTES[name].arguments})


def body_for(home: Side, place: Place, route: str, method: str) -> dict[str, Any] | None:
    """A valid body with every field, about people of `home` and things of `place`. None for what takes none."""
    project = {
        "name": "A new name",
        "goal": "A new goal",
        "stage": "production",
        "facts": ["real_time"],
        "unit": "A new unit",
        "tags": ["new"],
        "owner": home.people["editor"].pk,
        "planned_date": "2027-01-31",
        "planned_value": 12,
    }
    answer = {
        "state": "graded",
        "level": 3,
        "reason": "",
        "note": "typed",
        "evidence_title": "A page",
        "evidence_url": "https://wiki.example.org/a",
    }
    content = {"names": True, "notes": False, "evidence": False}
    bodies: dict[tuple[str, str], dict[str, Any]] = {
        ("api:projects", "POST"): project,
        ("api:project", "PATCH"): project,
        ("api:import_project", "POST"): json.loads(small_file()),
        ("api:outcome", "POST"): {
            "kind": "no_value", "on": "2026-09-30", "sentence": "Nobody used it.", "is_delayed": True,
        },
        ("api:assessments", "POST"): {"title": "Next review", "copy_answers": False},
        ("api:answer", "PUT"): {**answer, "revision": 1},
        ("api:proposals", "POST"): {**answer, "question": PROPOSED},
        ("api:snapshots", "POST"): {"label": "Frozen", "note": "Changed.", "decision": "Go on?", "closes": True},
        ("api:reports", "POST"): {"snapshot": place.snapshot.public_id, **content},
        ("api:share_links", "POST"): {
            "snapshot": place.snapshot.public_id, "label": "A reader", "days": 10, **content, "with_pdf": False,
            "passphrase": PASSPHRASE,
        },
    }  # fmt: skip
    return bodies.get((route, method))


def prepare(place: Place, route: str, method: str, about: str = "") -> None:
    """Brings a place into the state in which the request has something to do."""
    project = Project.objects.select_related("organisation").get(pk=place.project.pk)
    owner = project.owner
    assert owner is not None
    if (route, method) == ("api:assessments", "POST"):
        make_snapshot(place.snapshot.assessment, owner, label="Closing", closes=True)
    if (route, method) == ("api:outcome", "POST"):
        Outcome.objects.filter(project=project).delete()
    if about == "archived" or (route, method) == ("api:restore", "POST"):
        archive_project(project=project, by=owner, at=AT)
