"""Every page for everybody: by keyboard, by screen reader, in the dark, on a phone, on paper, with long names."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Membership, Organisation, User
from accounts.roles import Scope
from accounts.services import invite, make_setup_token
from accounts.tokens import make_token, note_use, revoke_token
from assessments.models import Assessment, Snapshot, State
from assessments.proposals import propose_answer
from assessments.services import CHECKLIST, GivenAnswer
from checklists.loader import load
from portfolio.board import build_body
from portfolio.filters import Filters
from portfolio.sight import sight_of
from reports.boards import take_board
from reports.models import BoardSnapshot, Report, ReportState
from reports.services import ReportContent, ShareTerms, create_board_link, create_share_link, request_board_report
from tests.access.routes import is_of_interface
from tests.browser.conftest import Desk
from tests.browser.sheet import Sheet
from tests.make import make_answer, make_assessment, make_member, make_project, make_snapshot
from tests.servers import need

pytestmark = pytest.mark.browser

Sit = Callable[..., Page]
CHARTS = ("time", "bubble", "profile", "stages")
LONG, HEBREW, ARABIC = "W" * 120, "מערכת חיזוי מלאי (v2)", "نظام التنبؤ بالمخزون"
AXE = Axe().axe_script
FIND = """() => axe.run(document, { resultTypes: ["violations"] }).then((found) => found.violations.map(
  (rule) => `${rule.id}: ${rule.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`))"""
OVERFLOW = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const clips = (e) => { for (let p = e.parentElement; p; p = p.parentElement) {
    if (getComputedStyle(p).overflowX !== "visible") return true; } return false; };
  return [...document.body.querySelectorAll("*")]
    .filter((e) => e.getBoundingClientRect().right > width + 1 && !clips(e)).slice(-3)
    .map((e) => `wider than ${width}: ${e.outerHTML.slice(0, 160)}`)
    .concat([`scrolls to ${document.documentElement.scrollWidth}`]);
}"""


@dataclass
class World:
    """One of everything, with names as long as they may be."""

    organisation: Organisation
    owner: User
    assessment: Assessment
    snapshot: Snapshot
    reports: dict[str, Report]
    shared: tuple[str, str]
    locked: tuple[str, str]
    invitation: str
    checklist: tuple[str, str]
    board: BoardSnapshot
    board_reports: dict[str, Report]
    shared_board: str

    @property
    def slug(self) -> str:
        return self.assessment.project.slug


@pytest.fixture
def world(organisation: Organisation, owner: User) -> World:
    organisation.name = LONG
    organisation.save()
    other = make_member(organisation, "editor", name=LONG)
    make_member(organisation, "respondent", all_projects=False, name=ARABIC)
    project = make_project(organisation, other, name=LONG, unit="U" * 80, tags=["t" * 40, HEBREW])
    assessment = make_assessment(project, other)
    answer_in_every_way(assessment, other)
    propose_in_every_way(assessment, other, owner)
    make_tokens(organisation, owner)
    snapshot = make_snapshot(assessment, other, label=LONG)
    for name in (HEBREW, ARABIC):
        make_project(organisation, owner, name=name)
    now = timezone.now()
    new = invite(organisation=organisation, email="new@example.org", role="editor", all_projects=True, by=owner, at=now)
    links = [
        create_share_link(snapshot=snapshot, terms=terms, by=owner, at=now)
        for terms in (
            ShareTerms(LONG, 30, ReportContent(True, False, True)),
            ShareTerms(HEBREW, 30, ReportContent(True, True, True), passphrase="long enough for us"),
        )
    ]
    return World(
        organisation, owner, assessment, snapshot, make_reports(snapshot, owner),
        (links[0][0].public_id, links[0][1]), (links[1][0].public_id, links[1][1]),
        new.token, (assessment.checklist_id, assessment.checklist_version), *make_boards(organisation, owner),
    )  # fmt: skip


def make_boards(organisation: Organisation, owner: User) -> tuple[BoardSnapshot, dict[str, Report], str]:
    """The portfolio frozen, with a report that waits and one that is ready, and the token of a link to it."""
    membership = Membership.objects.select_related("organisation").get(user=owner)
    now, checklist = timezone.now(), load(*CHECKLIST)
    body = build_body(sight=sight_of(membership), filters=Filters(), checklist=checklist, at=now)
    board = take_board(
        organisation=organisation, label=LONG, body=body, as_of=None, scope=LONG, sight="all", by=owner, at=now
    )
    reports = {"queued": request_board_report(board=board, names=True, by=owner)}
    _, token = create_board_link(
        board=board, terms=ShareTerms(ARABIC, 30, ReportContent(False, False, False)), by=owner, at=now
    )
    ready = Report.objects.get(board=board, names=False)
    Report.objects.filter(pk=ready.pk).update(
        state=ReportState.READY, sha256="b" * 64, size=123_456, pages=3, ready_at=now, step=5
    )
    return board, reports | {"ready": ready}, token


def answer_in_every_way(assessment: Assessment, by: User) -> None:
    given = [
        GivenAnswer(State.GRADED, 0, note=LONG + "\n" + ARABIC, evidence_title=LONG, evidence_url=f"https://example.org/{LONG}"),
        GivenAnswer(State.UNKNOWN),
        GivenAnswer(State.NOT_APPLICABLE, reason=LONG),
        GivenAnswer(State.GRADED, 3, note=HEBREW),
    ]  # fmt: skip
    due = assessment.questions_due()
    for place, question in enumerate(due[: len(due) - 3]):
        make_answer(assessment, by, question.id, given[place % 4])


def propose_in_every_way(assessment: Assessment, one: User, other: User) -> None:
    """Beside an answered question, an excluded one and an open one."""
    due = assessment.questions_due()
    link = f"https://example.org/{LONG}"
    for by, question, given in (
        (one, due[0], GivenAnswer(State.GRADED, 3, "", LONG, LONG, link)),
        (other, due[0], GivenAnswer(State.NOT_APPLICABLE, None, ARABIC)),
        (one, due[2], GivenAnswer(State.UNKNOWN, None, "", HEBREW)),
        (one, due[-1], GivenAnswer(State.GRADED, 0)),
    ):
        propose_answer(
            assessment=assessment, question=question.id, given=given, source=LONG, token=None, by=by,
            at=timezone.now(),
        )  # fmt: skip


def make_tokens(organisation: Organisation, owner: User) -> None:
    """A live one, one that nobody used for long, one that expired and one that was revoked."""
    membership, now = Membership.objects.get(user=owner, organisation=organisation), timezone.now()
    made = [
        make_token(
            membership=membership, name=name, scopes=Scope.values, days=days, by=owner, at=now - timedelta(days=age)
        ).token
        for name, days, age in ((LONG[:60], 90, 0), (ARABIC, 365, 100), (HEBREW, 10, 50), ("ci", 90, 1))
    ]
    note_use(made[0], address="2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", at=now)
    revoke_token(token=made[3], by=owner, at=now)


def make_reports(snapshot: Snapshot, by: User) -> dict[str, Report]:
    """One in every state. They differ in content, as the database demands."""
    ready = {"sha256": "a" * 64, "size": 123_456, "pages": 12, "ready_at": timezone.now(), "step": 5}
    failed = {"error": "The report is too big to be made.", "error_code": "too_big", "attempts": 5}
    states: tuple[tuple[str, dict[str, Any]], ...] = (
        (ReportState.READY, ready | {"notes": False, "evidence": False}),
        (ReportState.FAILED, failed),
        (ReportState.QUEUED, {"notes": False}),
    )
    return {
        str(state): Report.objects.create(snapshot=snapshot, state=state, names=False, created_by=by, **fields)
        for state, fields in states
    }


Where = Callable[[World], str]


def at(name: str, *arguments: str) -> Where:
    return lambda world: reverse(name, args=[*arguments])


def of_project(name: str, *arguments: str) -> Where:
    return lambda world: reverse(name, args=[world.slug, *arguments])


def of_snapshot(name: str) -> Where:
    return lambda world: reverse(name, args=[world.slug, world.snapshot.public_id])


def of_report(state: str) -> Where:
    return lambda world: reverse("reports:detail", args=[world.slug, world.reports[state].public_id])


def of_member(name: str) -> Where:
    return lambda world: reverse(name, args=[world.organisation.memberships.exclude(user=world.owner)[0].pk])


# Every route that answers GET with a page, and where to look at it; a few in several states.
SIGNED_IN: dict[str, list[Where]] = {
    "method": [at("method")],
    "api:docs": [at("api:docs"), lambda world: "/api/docs/#op-save_answer"],
    "demo_data": [at("demo_data")],
    "account_logout": [at("account_logout")],
    "account_reauthenticate": [at("account_reauthenticate")],
    "account_change_password": [at("account_change_password")],
    "usersessions_list": [at("usersessions_list")],
    "accounts:account": [at("accounts:account")],
    "accounts:members": [at("accounts:members")],
    "accounts:member": [of_member("accounts:member")],
    "accounts:remove_member": [of_member("accounts:remove_member")],
    "accounts:organisation_settings": [at("accounts:organisation_settings")],
    "accounts:tokens": [at("accounts:tokens")],
    "projects:list": [
        at("projects:list"),
        lambda world: "/projects/?find=nothing",
        lambda world: "/projects/?archived=1",
    ],
    "transfers:import": [at("transfers:import")],
    "transfers:export_organisation": [at("transfers:export_organisation")],
    "projects:people": [of_project("projects:people")],
    "projects:member_units": [of_member("projects:member_units")],
    "portfolio:dashboard": [
        at("portfolio:dashboard"),
        lambda world: "/portfolio/?find=nothing",
        lambda world: "/portfolio/?as_of=2001-01-01&level=purple",
    ],
    "portfolio:explore": [lambda world, chart=chart: f"/portfolio/explore/?chart={chart}" for chart in CHARTS],
    "portfolio:drivers": [at("portfolio:drivers")],
    "portfolio:units": [at("portfolio:units")],
    "assessments:create": [at("assessments:create")],
    "assessments:overview": [of_project("assessments:overview")],
    "assessments:edit": [of_project("assessments:edit")],
    "assessments:dimension": [of_project("assessments:dimension", "problem")],
    "assessments:check": [of_project("assessments:check")],
    "assessments:import_answers": [of_project("assessments:import_answers")],
    "assessments:history": [of_project("assessments:history")],
    "assessments:results": [of_project("assessments:results")],
    "assessments:snapshots": [of_project("assessments:snapshots")],
    "assessments:snapshot": [of_snapshot("assessments:snapshot")],
    "library:checklist": [lambda world: reverse("library:checklist", args=world.checklist)],
    "library:question": [lambda world: reverse("library:question", args=[*world.checklist, "problem.statement"])],
    "reports:all": [at("reports:all")],
    "reports:project": [of_project("reports:project")],
    "reports:detail": [of_report(state) for state in ("ready", "failed", "queued")],
    "reports:share": [of_snapshot("reports:share")],
    "reports:create_board": [at("reports:create_board"), lambda world: "/reports/board/?level=high&unit=x"],
    "reports:board": [
        lambda world, state=state: reverse("reports:board", args=[world.board_reports[state].public_id])
        for state in ("queued", "ready")
    ],
    "reports:share_board": [lambda world: reverse("reports:share_board", args=[world.board.public_id])],
}
GUEST: dict[str, list[Where]] = {
    "account_login": [at("account_login")],
    "account_signup": [at("account_signup")],
    "account_inactive": [at("account_inactive")],
    "account_reset_password": [at("account_reset_password")],
    "account_reset_password_done": [at("account_reset_password_done")],
    "account_reset_password_from_key": [at("account_reset_password_from_key", "1", "x")],
    "account_reset_password_from_key_done": [at("account_reset_password_from_key_done")],
    "accounts:invitation": [lambda world: reverse("accounts:invitation", args=[world.invitation])],
    "reports:exchange": [lambda world: reverse("reports:exchange", args=["x" * 43])],
    "reports:shared": [
        lambda world: reverse("reports:exchange", args=[world.shared[1]]),
        lambda world: reverse("reports:exchange", args=[world.locked[1]]),
        lambda world: reverse("reports:exchange", args=[world.shared_board]),
    ],
}
ELSEWHERE = {"accounts:setup": "test_first_start", "account_set_password": "only for people without a password"}
NO_PAGE = {
    "home": "leads on", "healthz": "JSON", "readyz": "JSON", "api:openapi": "JSON", "assessments:resume": "leads on",
    "assessments:start": "POST",
    "transfers:export": "a file",
    "assessments:answers_csv": "a file", "assessments:answers_xlsx": "a file", "assessments:apply_import": "POST",
    "assessments:save": "POST", "projects:archive": "POST", "accounts:switch_organisation": "POST",
    "accounts:invite": "POST", "accounts:revoke_invitation": "POST", "accounts:revoke_token": "POST",
    "accounts:revoke_all_tokens": "POST", "reports:create": "POST", "reports:retry": "POST",
    "portfolio:rename_unit": "POST", "portfolio:csv": "a file", "portfolio:xlsx": "a file",
    "portfolio:explore_data": "a file",
    "reports:revoke": "POST", "reports:download": "a file", "reports:shared_pdf": "a file",
    "reports:retry_board": "POST", "reports:revoke_board": "POST",
    "reports:download_board": "a file",
}  # fmt: skip


def routes(patterns: list[Any] | None = None, space: str = "") -> Iterator[str]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else space)
        elif isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}"


def test_no_route_is_forgotten() -> None:
    known = [*SIGNED_IN, *GUEST, *ELSEWHERE, *NO_PAGE]
    assert sorted(known) == sorted(name for name in set(routes()) if not is_of_interface(name))


def problems_of(page: Page) -> Iterator[str]:
    """What is wrong with the open page in light, in the dark, and on a phone."""
    page.set_viewport_size({"width": 1280, "height": 900})
    page.evaluate(AXE)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        yield from (f"{scheme}: {found}" for found in page.evaluate(FIND))
    page.set_viewport_size({"width": 360, "height": 740})
    yield from (f"360 px: {found}" for found in [*page.evaluate(FIND), *page.evaluate(OVERFLOW)])
    page.set_viewport_size({"width": 320, "height": 640})
    yield from (f"320 px: {found}" for found in page.evaluate(OVERFLOW))


def look_at(page: Page, addresses: list[str]) -> dict[str, list[str]]:
    found = {}
    for address in addresses:
        page.goto(address)
        expect(page.locator("h1")).to_have_count(1)
        if problems := list(problems_of(page)):
            found[address] = problems
    return found


@pytest.mark.parametrize("half", [0, 1])
def test_pages_of_members(desk: Desk, sit: Sit, world: World, half: int) -> None:
    desk.expect("status of 404")
    addresses = [where(world) for wheres in SIGNED_IN.values() for where in wheres] + ["/nowhere/"]
    assert look_at(sit(world.owner), addresses[half::2]) == {}


def test_pages_of_guests(desk: Desk, sit: Sit, world: World) -> None:
    desk.expect("status of 404")
    addresses = [where(world) for wheres in GUEST.values() for where in wheres]
    assert look_at(sit(), addresses) == {}


def test_first_start(sit: Sit, live_server: Any) -> None:
    assert look_at(sit(), [reverse("accounts:setup", args=[make_setup_token()])]) == {}


def test_page_that_is_only_read_and_page_with_errors(desk: Desk, sit: Sit, world: World) -> None:
    viewer = make_member(world.organisation, "viewer")
    read_only = Sheet(sit(viewer), world.assessment).open()
    assert list(problems_of(read_only.page)) == []
    desk.expect("status of 422")
    page = sit(world.owner)
    page.goto(reverse("assessments:create"))
    page.get_by_role("button", name="Make the project").click()
    expect(page).to_have_title("Error: New project - Preflight")
    assert list(problems_of(page)) == []
    page = sit(world.owner, java_script_enabled=True)
    sheet = Sheet(page, world.assessment).open()
    make_answer(world.assessment, viewer, sheet.ids[0], 2, base=1)
    desk.expect("status of 409")
    sheet.choose(sheet.ids[0], 1)
    sheet.choose(sheet.ids[1], "na")
    expect(sheet.conflict(sheet.ids[0])).to_be_visible()
    assert list(problems_of(page)) == []


# Keyboard

TABBABLE = """() => {
  const first = (all, e) => all.find((o) => o.name === e.name && o.checked) || all.find((o) => o.name === e.name);
  return [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
    .filter((e) => !e.disabled && e.type !== "hidden" && e.tabIndex >= 0)
    .filter((e) => e.checkVisibility({ visibilityProperty: true }))
    .filter((e, _, all) => e.type !== "radio" || e === first(all, e))
    .map((e, place) => { e.dataset.stop = place; return place; });
}"""
FOCUSED = """() => {
  const e = document.activeElement, box = e.closest(".opt, .alt") || e, r = e.getBoundingClientRect();
  const style = getComputedStyle(box), under = document.querySelector(".top").getBoundingClientRect().bottom;
  return { stop: Number(e.dataset.stop ?? -1), html: e.outerHTML.slice(0, 120),
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    hidden: !e.closest(".top, .skip") && (r.bottom <= under || r.top >= innerHeight) };
}"""


@pytest.mark.parametrize(
    "name",
    ["projects:list", "assessments:overview", "assessments:dimension", "assessments:results", "reports:share"],
)
def test_tab_reaches_everything_in_order(sit: Sit, world: World, name: str) -> None:
    page = sit(world.owner)
    page.goto(SIGNED_IN[name][0](world))
    stops = page.evaluate(TABBABLE)
    seen = []
    for _ in stops:
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        assert focused["ring"], f"no visible focus: {focused['html']}"
        assert not focused["hidden"], f"focus is covered: {focused['html']}"
        seen.append(focused["stop"])
    assert seen == stops


def test_skip_link_leads_to_the_content(sit: Sit, world: World) -> None:
    page = sit(world.owner)
    page.goto("/projects/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    box = skip.bounding_box()
    assert box is not None
    assert box["y"] >= 0
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_source_sheet_closes_with_escape_and_returns_focus(sit: Sit, world: World) -> None:
    sheet = Sheet(sit(world.owner), world.assessment).open()
    link = sheet.box(sheet.ids[0]).locator(".src a")
    link.focus()
    sheet.page.keyboard.press("Enter")
    dialog = sheet.page.get_by_role("dialog", name="Where this question comes from")
    expect(dialog).to_be_visible()
    assert dialog.evaluate("dialog => dialog.contains(document.activeElement)")
    sheet.page.evaluate(AXE)
    assert sheet.page.evaluate(FIND) == []
    sheet.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(link).to_be_focused()


def test_targets_are_large_enough_on_a_phone(sit: Sit, world: World) -> None:
    sheet = Sheet(sit(world.owner, viewport={"width": 360, "height": 740}, has_touch=True), world.assessment).open()
    heights = sheet.page.locator(".opt").evaluate_all("all => all.map((e) => e.getBoundingClientRect().height)")
    assert min(heights) >= 40
    heights = sheet.page.locator(".q .btn, .alt:not(.nojs)").evaluate_all(
        "all => all.map((e) => e.getBoundingClientRect().height)"
    )
    assert min(heights) >= 24


# Other ways of looking


def test_results_on_paper(sit: Sit, world: World, tmp_path: Path) -> None:
    need(shutil.which("pdftotext"), "pdftotext (the Debian package poppler-utils)")
    page = sit(world.owner)
    page.goto(reverse("assessments:snapshot", args=[world.slug, world.snapshot.public_id]))
    page.emulate_media(media="print")
    for gone in (".top", ".tabs", ".btn", ".foot", ".skip"):
        for item in page.locator(gone).all():
            expect(item).to_be_hidden()
    assert page.evaluate(OVERFLOW) == []
    page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    read = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "page.pdf", "-"], capture_output=True, text=True, check=True
    )
    words = " ".join(read.stdout.split())
    for expected in ("Failure risk", "All answers", "Not applicable", "Don't know"):
        assert expected in words


def test_forced_colours_keep_the_choice_visible(sit: Sit, world: World) -> None:
    sheet = Sheet(sit(world.owner, forced_colors="active"), world.assessment).open()
    styles = sheet.page.locator(".opt").evaluate_all(
        "all => all.map((e) => [e.matches(':has(:checked)'), getComputedStyle(e).outlineStyle])"
    )
    assert ["solid" if chosen else "none" for chosen, _ in styles] == [style for _, style in styles]
    sheet.page.goto(reverse("assessments:results", args=[world.slug]))
    expect(sheet.page.locator(".lv").first).to_be_visible()


def test_long_and_foreign_names_fit(sit: Sit, world: World) -> None:
    """On a wide screen too; the narrow ones are looked at with every page."""
    page = sit(world.owner)
    for width in (1280, 900):
        page.set_viewport_size({"width": width, "height": 900})
        for name in (
            "projects:list",
            "assessments:overview",
            "assessments:results",
            "assessments:dimension",
            "reports:all",
        ):
            page.goto(SIGNED_IN[name][0](world))
            assert page.evaluate(OVERFLOW) == [], (name, width)
    page.goto("/projects/")
    for name in (HEBREW, ARABIC):
        direction = page.locator("bdi", has_text=name).first.evaluate("e => getComputedStyle(e).direction")
        assert direction == "rtl"


def test_wider_spacing_loses_nothing(sit: Sit, world: World) -> None:
    """The spacing of WCAG 1.4.12, also on a page that is enlarged to twice its size."""
    page = sit(world.owner)
    for name in ("projects:list", "assessments:dimension", "assessments:results"):
        page.goto(SIGNED_IN[name][0](world))
        page.evaluate(
            """() => { const s = new CSSStyleSheet();
            s.replaceSync("* { line-height: 1.5 !important; letter-spacing: .12em !important;"
              + " word-spacing: .16em !important }");
            document.adoptedStyleSheets = [s]; }"""
        )
        for width in (1280, 640):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(OVERFLOW) == [], (name, width)
