"""Two organisations with two projects each. Every text says whose it is, so that a leak can be seen in any answer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.functions import Now
from django.http import SimpleCookie
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import services as accounts_services
from accounts.models import Membership, Organisation, User
from accounts.roles import Role
from accounts.tokens import make_token
from assessments.models import Snapshot, State
from assessments.proposals import propose_answer
from assessments.services import CHECKLIST, GivenAnswer, start_assessment
from assessments.snapshots import take_snapshot
from checklists.loader import load
from portfolio.board import build_body
from portfolio.filters import Filters
from portfolio.sight import sight_of
from projects.models import Project
from projects.services import ProjectDetails, create_project, set_grants
from reports.boards import take_board
from reports.models import BoardSnapshot, Report, ReportState, ShareLink, report_path
from reports.services import (
    ReportContent,
    ShareTerms,
    create_board_link,
    create_share_link,
    request_board_report,
    request_report,
    revoke_share_link,
)
from tests.access.routes import Route
from tests.make import AT, PASSWORD, make_answer, make_member, make_snapshot, make_user
from tests.transfers.files import small_file, upload

QUESTION = "problem.statement"
NEW = "another quiet long password"


@dataclass
class Place:
    """One project with everything that can hang on it."""

    organisation: Organisation
    word: str
    project: Project
    snapshot: Snapshot
    ready: Report
    failed: Report
    link: ShareLink
    token: str
    dead_link: ShareLink
    dead_token: str
    board: BoardSnapshot
    board_ready: Report
    board_failed: Report
    board_link: ShareLink


@dataclass
class Side:
    """One organisation: its people, an open invitation, and two places."""

    organisation: Organisation
    people: dict[str, User]
    member: Membership
    invitation_id: int
    invitation_token: str
    invited: User
    reset_key: str
    token_id: int
    here: Place
    there: Place


@dataclass
class World:
    north: Side
    south: Side
    cookies: dict[str, SimpleCookie] = field(default_factory=dict)


def build_world() -> World:
    """Texts hold `canary-north`, `canary-south` and for projects `canary-north-here` and so on."""
    north, south = build_side("canary-north"), build_side("canary-south")
    world = World(north, south)
    for name, user in north.people.items():
        world.cookies[name] = signed_in(user)
    world.cookies["outsider"] = signed_in(south.people["owner"])
    world.cookies["anonymous"] = SimpleCookie()
    disabled = north.people["disabled"]
    disabled.is_active = False
    disabled.save(update_fields=["is_active"])
    world.cookies["share"] = visited(north.here.token)
    world.cookies["dead_share"] = visited(north.here.dead_token)
    for side in (north, south):
        for place in (side.here, side.there):
            revoke_share_link(link=place.dead_link, by=side.people["owner"], at=timezone.now())
    return world


def build_side(word: str, ends: tuple[str, str] = ("-here", "-there")) -> Side:
    """An organisation whose texts all hold `word`, and those of its two projects also one of `ends`."""
    organisation = Organisation.objects.create(name=word)
    people = {role.value: make_member(organisation, role, name=f"{word} {role.value} person") for role in Role}
    people["narrowed"] = make_member(organisation, Role.EDITOR, name=f"{word} narrowed person")
    people["granted"] = make_member(organisation, Role.RESPONDENT, all_projects=False, name=f"{word} granted person")
    people["disabled"] = make_member(organisation, Role.EDITOR, name=f"{word} disabled person")
    people["memberless"] = make_user(name="Nobody in particular")
    member = Membership.objects.get(user=make_member(organisation, Role.EDITOR, name=f"{word} other editor"))
    owner = people["owner"]
    invited = make_user(name=f"{word} invited person", email=f"invited-{organisation.pk}@example.org")
    made = accounts_services.invite(
        organisation=organisation, email=invited.email, role=Role.EDITOR, all_projects=True, by=owner, at=timezone.now()
    )
    acting = Membership.objects.get(user=owner, organisation=organisation)
    token = make_token(
        membership=acting, name=word, scopes=["propose_answers"], days=30, by=owner, at=timezone.now()
    ).token
    here, there = (build_place(organisation, f"{word}{end}", people) for end in ends)
    grants = {people["granted"]: Role.RESPONDENT, people["narrowed"]: Role.VIEWER}
    memberships = {Membership.objects.get(user=user, organisation=organisation): role for user, role in grants.items()}
    set_grants(project=here.project, grants=memberships, by=owner)
    return Side(
        organisation, people, member, made.invitation.pk, made.token, invited, reset_key_of(invited), token.pk,
        here, there,
    )  # fmt: skip


def build_place(organisation: Organisation, word: str, people: dict[str, User]) -> Place:
    owner = people["owner"]
    details = ProjectDetails(
        f"{word} project", f"{word} goal", "pilot", owner=owner, unit=f"{word} unit", tags=(f"{word} tag",)
    )
    project = create_project(organisation=organisation, details=details, by=owner)
    assessment = start_assessment(project=project, by=owner, title=f"{word} review", at=AT)
    link_to_evidence = f"https://wiki.example.org/{word.replace(' ', '/')}-evidence"
    given = GivenAnswer(State.GRADED, 1, "", f"{word} note", f"{word} evidence", link_to_evidence)
    make_answer(assessment, owner, QUESTION, given)
    excluded = GivenAnswer(State.NOT_APPLICABLE, None, f"{word} reason")
    make_answer(assessment, people["editor"], "problem.objective", excluded)
    for content in (given, excluded):
        propose_answer(
            assessment=assessment, question="problem.decision", given=content, source=f"{word} check", token=None,
            by=people["editor" if content is given else "owner"], at=AT,
        )  # fmt: skip
    snapshot = take_snapshot(
        assessment=assessment,
        label=f"{word} snapshot",
        note=f"{word} change",
        decision=f"{word} decision",
        by=owner,
        at=AT,
    )
    ready = request_report(snapshot=snapshot, content=ReportContent(), by=owner)
    make_ready(ready, f"%PDF-1.7 {word} report".encode())
    failed = request_report(snapshot=snapshot, content=ReportContent(names=False), by=owner)
    Report.objects.filter(pk=failed.pk).update(state=ReportState.FAILED, error=f"{word} error", error_code="broken")
    link, token = share(snapshot, owner, f"{word} reader")
    dead_link, dead_token = share(snapshot, owner, f"{word} former reader")
    for shared in (link, dead_link):
        assert shared.report is not None
        make_ready(shared.report, f"%PDF-1.7 {word} shared".encode())
    boards = build_board(organisation, word, owner)
    return Place(organisation, word, project, snapshot, ready, failed, link, token, dead_link, dead_token, *boards)


def build_board(organisation: Organisation, word: str, owner: User) -> tuple[BoardSnapshot, Report, Report, ShareLink]:
    """A frozen portfolio with a report that is ready, one that failed, and a link."""
    membership = Membership.objects.select_related("organisation").get(user=owner, organisation=organisation)
    body = build_body(sight=sight_of(membership), filters=Filters(), checklist=load(*CHECKLIST), at=timezone.now())
    board = take_board(
        organisation=organisation, label=f"{word} board", body=body, as_of=None, scope="All projects", sight="all",
        by=owner, at=AT,
    )  # fmt: skip
    ready = request_board_report(board=board, names=True, by=owner)
    make_ready(ready, f"%PDF-1.7 {word} board".encode())
    terms = ShareTerms(f"{word} board reader", 30, ReportContent(names=False))
    link, _ = create_board_link(board=board, terms=terms, by=owner, at=timezone.now())
    assert link.report is not None
    failed = link.report
    Report.objects.filter(pk=failed.pk).update(state=ReportState.FAILED, error=f"{word} error", error_code="broken")
    return board, ready, failed, link


def share(snapshot: Snapshot, by: User, label: str, **more: Any) -> tuple[ShareLink, str]:
    content = ReportContent(names=False, notes=False, evidence=False)
    return create_share_link(snapshot=snapshot, terms=ShareTerms(label, 30, content, **more), by=by, at=timezone.now())


def make_ready(report: Report, content: bytes) -> None:
    """Puts a file under the report, as a finished worker would."""
    sha256 = hashlib.sha256(content).hexdigest()
    path = report_path(sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    Report.objects.filter(pk=report.pk).update(
        state=ReportState.READY, step=5, sha256=sha256, size=len(content), pages=1, ready_at=Now()
    )
    report.refresh_from_db()


def signed_in(user: User) -> SimpleCookie:
    client = Client()
    client.force_login(user)
    return client.cookies


def visited(token: str) -> SimpleCookie:
    client = Client()
    response = client.get(reverse("reports:exchange", args=[token]))
    assert response.status_code == 303
    return client.cookies


def reset_key_of(user: User) -> str:
    return f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"


def address(side: Side, place: Place, route: Route, *, dead: bool = False) -> str:
    """The address of a route about this place. `dead` takes the link that was revoked."""
    link, token = (place.dead_link, place.dead_token) if dead else (place.link, place.token)
    arguments: dict[str, Any] = {
        "slug": place.project.slug,
        "dimension": "problem",
        "question": QUESTION,
        "checklist_id": "ml_readiness",
        "version": "1.0",
        "membership_id": side.member.pk,
        "invitation_id": side.invitation_id,
        "token_id": side.token_id,
        "public_id": place.snapshot.public_id,
        "token": token,
    }
    uidb36, key = side.reset_key.split("-", 1)
    arguments |= {
        "accounts:invitation": {"token": side.invitation_token},
        "accounts:setup": {"token": "no-such-token"},
        "account_reset_password_from_key": {"uidb36": uidb36, "key": key},
        "reports:detail": {"public_id": place.ready.public_id},
        "reports:download": {"public_id": place.ready.public_id},
        "reports:retry": {"public_id": place.failed.public_id},
        "reports:revoke": {"public_id": place.link.public_id},
        "reports:board": {"public_id": place.board_ready.public_id},
        "reports:download_board": {"public_id": place.board_ready.public_id},
        "reports:retry_board": {"public_id": place.board_failed.public_id},
        "reports:share_board": {"public_id": place.board.public_id},
        "reports:revoke_board": {"public_id": place.board_link.public_id},
        "reports:shared": {"public_id": link.public_id},
        "reports:shared_pdf": {"public_id": link.public_id},
    }.get(route.name, {})
    return reverse(route.name, kwargs={name: arguments[name] for name in route.arguments})


def body_for(side: Side, place: Place, route: str) -> dict[str, Any]:
    """A valid form for the route."""
    profile = {"name": "A new name", "goal": "A new goal", "stage": "idea"}
    if route == "accounts:switch_organisation":
        return {"organisation": side.organisation.pk}
    if route == "transfers:import":
        return {"file": upload(small_file()), "do": "import"}
    if route == "assessments:save":
        return {"choice": "3", "note": "typed", "revision": "1"}
    if route == "assessments:import_answers":
        return {"file": SimpleUploadedFile("answers.csv", f"Question,Answer,Revision\n{QUESTION},3,1\n".encode())}
    if route in {"assessments:dimension", "assessments:apply_import"}:
        return {f"{QUESTION}:revision": "1", f"{QUESTION}:choice": "3", f"{QUESTION}:note": "typed"}
    bodies: dict[str, dict[str, Any]] = {
        "account_login": {"login": side.people["owner"].email, "password": PASSWORD},
        "account_reauthenticate": {"password": PASSWORD},
        "account_change_password": {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW},
        "account_set_password": {"password1": NEW, "password2": NEW},
        "account_reset_password": {"email": side.people["owner"].email},
        "account_reset_password_from_key": {"password1": NEW, "password2": NEW},
        "accounts:account": {"name": "A new name"},
        "accounts:member": {"role": "viewer", "all_projects": "on"},
        "accounts:invite": {"email": "somebody@example.net", "role": "viewer", "all_projects": "on"},
        "accounts:organisation_settings": {"name": "A new name"},
        "accounts:tokens": {"name": "A program", "scopes": "read_projects", "days": "10"},
        "accounts:setup": {"organisation_name": "Seized", "name": "X", "email": "x@example.net"},
        "assessments:create": profile,
        "assessments:edit": profile,
        "assessments:snapshots": {"label": "Frozen"},
        "projects:people": {f"role-{side.member.pk}": "viewer"},
        "portfolio:rename_unit": {"unit": f"{place.word} unit", "name": f"{place.word} other unit"},
        "projects:member_units": {"units": f"{place.word} unit"},
        "reports:share": {"label": "A reader", "days": "10", "names": "1"},
        "reports:share_board": {"label": "A reader", "days": "10", "names": "1"},
    }
    return bodies.get(route, {})


def prepare(place: Place, route: str) -> None:
    """Brings a place into the state in which the route's form has something to do."""
    if route == "assessments:start":
        make_snapshot(place.snapshot.assessment, place.snapshot.taken_by, label="Closing", closes=True)
    if route == "reports:create":
        Report.objects.filter(pk=place.ready.pk).delete()
