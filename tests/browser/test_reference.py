"""The reference page in the browser: anchors that open, and a console that is fetched by a click under the policy."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from accounts.models import Membership, User
from accounts.roles import Scope
from accounts.tokens import make_token
from projects.models import Project
from tests.browser.conftest import Desk

pytestmark = pytest.mark.browser

PAGE = "/api/docs/"
PATIENCE = 30_000
"""Milliseconds. The console is a megabyte and a half, and the machine may do other things as well."""
AXE = Axe().axe_script
FIND = """() => axe.run(document, { resultTypes: ["violations"] }).then((found) => found.violations.map(
  (rule) => `${rule.id}: ${rule.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`))"""
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


def open_console(page: Page) -> None:
    page.get_by_role("button", name="Open the console").click()
    expect(page.locator(".swagger-ui .opblock-tag").first).to_be_visible(timeout=PATIENCE)


def expand(page: Page, tag: str, path: str) -> None:
    page.locator(f".opblock-tag[data-tag='{tag}']").click()
    page.locator(f".opblock-summary:has([data-path='{path}']) .opblock-summary-control").first.click()
    page.get_by_role("button", name="Try it out").click()


def token_of(user: User) -> str:
    membership = Membership.objects.get(user=user)
    return make_token(
        membership=membership, name="console", scopes=Scope.values, days=1, by=user, at=timezone.now()
    ).secret


def test_nothing_of_the_console_before_the_click(desk: Desk, owner: User) -> None:
    page = desk.sit(owner)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(PAGE)
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if "swagger" in url or "openapi" in url]
    open_console(page)
    assert sorted(Path(url).name for url in asked if "swagger" in url or "openapi" in url) == [
        "openapi.json",
        "swagger-ui-bundle.js",
        "swagger-ui.css",
    ]


def test_a_stranger_tries_an_operation_with_a_token(desk: Desk, owner: User) -> None:
    """The desk fails the test for every breach of the policy and every request to elsewhere."""
    secret = token_of(owner)
    page = desk.sit()
    page.goto(PAGE)
    open_console(page)
    page.get_by_role("button", name="Authorize").click()
    dialog = page.locator(".dialog-ux")
    expect(dialog.locator(".auth-container")).to_have_count(1)
    dialog.get_by_role("textbox").fill(secret)
    dialog.get_by_role("button", name="Apply credentials").click()
    dialog.get_by_role("button", name="Close").first.click()
    expand(page, "checklists", "/api/v1/checklists")
    with page.expect_response("**/api/v1/checklists") as answer:
        page.get_by_role("button", name="Execute").click()
    assert answer.value.status == 200
    assert answer.value.request.headers["authorization"] == f"Bearer {secret}"
    live = page.locator(".live-responses-table")
    expect(live.locator("tbody .response-col_status").first).to_contain_text("200")
    expect(live).to_contain_text("ml_readiness")
    assert page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])") == "[{},{}]"
    page.reload()
    open_console(page)
    expect(page.locator(".authorize.unlocked")).to_be_visible()


def test_who_is_signed_in_changes_something_with_the_session(desk: Desk, owner: User, project: Project) -> None:
    page = desk.sit(owner)
    page.goto(PAGE)
    open_console(page)
    expand(page, "projects", "/api/v1/projects/{slug}/archive")
    page.get_by_placeholder("slug").fill(project.slug)
    with page.expect_response("**/archive") as answer:
        page.get_by_role("button", name="Execute").click()
    assert answer.value.status == 200, answer.value.text()
    project.refresh_from_db()
    assert project.archived_at is not None


def test_without_the_session_s_token_it_would_be_refused(desk: Desk, owner: User, project: Project) -> None:
    """The control: what the test above shows is the work of the page's script."""
    desk.expect("status of 403")
    page = desk.sit(owner)
    page.goto(PAGE)
    page.evaluate("delete document.querySelector('#console').dataset.csrf")
    open_console(page)
    expand(page, "projects", "/api/v1/projects/{slug}/archive")
    page.get_by_placeholder("slug").fill(project.slug)
    with page.expect_response("**/archive") as answer:
        page.get_by_role("button", name="Execute").click()
    assert answer.value.status == 403
    project.refresh_from_db()
    assert project.archived_at is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_everybody_can_use_it(desk: Desk, owner: User, width: int, scheme: str) -> None:
    page = desk.sit(owner, viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.goto(PAGE)
    page.evaluate(AXE)
    everything = "(open) => { for (const e of document.querySelectorAll('details.op')) e.open = open; }"
    page.evaluate(everything, True)
    assert page.evaluate(FIND) == []
    assert page.evaluate(FITS)
    page.evaluate(everything, False)
    open_console(page)
    expand(page, "checklists", "/api/v1/checklists")
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table")).to_contain_text("ml_readiness")
    assert page.evaluate(FIND) == []
    assert page.evaluate(FITS)


def test_the_console_follows_the_colour_scheme(desk: Desk) -> None:
    page = desk.sit(color_scheme="light")
    page.goto(PAGE)
    open_console(page)
    tag = page.locator(".swagger-ui .opblock-tag").first
    expect(tag).to_have_css("color", "rgb(22, 32, 46)")
    page.emulate_media(color_scheme="dark")
    expect(tag).to_have_css("color", "rgb(243, 245, 248)")
    page.emulate_media(color_scheme="light")
    expect(tag).to_have_css("color", "rgb(22, 32, 46)")


@pytest.mark.parametrize("what", ["**/swagger-ui-bundle.js", "**/swagger-ui.css", "**/openapi.json"])
def test_a_failed_download_is_said_and_can_be_repeated(desk: Desk, what: str) -> None:
    desk.expect("net::ERR_FAILED", "did not load", "Failed to fetch")
    page = desk.sit()
    page.goto(PAGE)
    page.route(what, lambda route: route.abort())
    page.get_by_role("button", name="Open the console").click()
    expect(page.get_by_role("alert")).to_contain_text("could not be loaded")
    again = page.get_by_role("button", name="Try again")
    expect(again).to_be_focused()
    page.unroute(what)
    again.press("Enter")
    expect(page.locator(".swagger-ui .opblock-tag").first).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_waiting_is_shown(desk: Desk) -> None:
    page = desk.sit()
    page.goto(PAGE)
    held: list[Route] = []
    page.route("**/swagger-ui-bundle.js", lambda route: held.append(route))
    page.get_by_role("button", name="Open the console").press("Enter")
    busy = page.get_by_role("button", name="Loading the console")
    expect(busy).to_have_attribute("aria-busy", "true")
    busy.press("Enter")
    expect(page.locator("script[src*=swagger]")).to_have_count(1)
    held[0].continue_()
    expect(page.locator(".swagger-ui .opblock-tag").first).to_be_visible(timeout=PATIENCE)
    assert len(held) == 1


@pytest.mark.parametrize("has_script", [True, False])
def test_an_address_opens_its_operation(desk: Desk, has_script: bool) -> None:
    page = desk.sit(java_script_enabled=has_script)
    page.goto(f"{PAGE}#op-save_answer")
    box = page.locator("#op-save_answer")
    expect(box).to_be_visible()
    expect(box.locator("pre")).to_be_in_viewport()
    expect(page.locator("#op-list_answers")).to_be_hidden()
    page.get_by_role("navigation", name="Contents").get_by_role("link", name="Make a project").click()
    expect(page.locator("#op-create_project pre")).to_be_in_viewport()


def test_without_script_everything_but_the_console_is_there(desk: Desk) -> None:
    page = desk.sit(java_script_enabled=False)
    page.goto(PAGE)
    expect(page.get_by_text("The console needs scripts.")).to_be_visible()
    expect(page.get_by_role("button", name="Open the console")).to_be_hidden()
    page.locator("summary", has_text="Propose an answer").click()
    expect(page.locator("#op-propose_answer")).to_contain_text("evidence_url")


def test_on_paper_everything_is_open(desk: Desk) -> None:
    page = desk.sit()
    page.goto(PAGE)
    page.emulate_media(media="print")
    expect(page.locator("#op-save_answer")).to_be_visible()
    expect(page.locator("#shape-Question")).to_be_visible()
    for gone in (".contents", "#console", ".top"):
        expect(page.locator(gone)).to_be_hidden()
