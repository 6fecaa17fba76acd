"""Explore in the browser: no Plotly before a click, the same picture with and without the policy, files to keep."""

from __future__ import annotations

import io
import random
import re
from datetime import date, timedelta
from pathlib import Path
from xml.dom import minidom

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.urls import reverse
from PIL import Image, ImageChops
from playwright.sync_api import Page, Route, expect

from accounts.models import Organisation, User
from projects.models import Project
from tests.browser.conftest import Desk
from tests.portfolio.conftest import make_rated

pytestmark = pytest.mark.browser

CHARTS = {
    "units": "?chart=time",
    "courses": "?chart=time&by=project",
    "values": "?chart=bubble",
    "dates": "?chart=bubble&x=date",
    "radar": "?chart=profile",
    "bars": "?chart=profile&view=bars",
    "stages": "?chart=stages",
}
HOSTILE = '<b>Bold</b> & <a href="https://elsewhere.example">link</a> with a name of many words'
PATIENCE = 30_000
"""Milliseconds. Plotly is five megabytes, and the machine may do other things as well."""
AXE = Axe().axe_script
FIND = """() => axe.run(document, { resultTypes: ["violations"] }).then((found) => found.violations.map(
  (rule) => `${rule.id}: ${rule.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`))"""
# The page's script as it would be where nothing forbids style elements: Plotly writes its own.
UNAIDED = (
    (settings.BASE_DIR / "static/js/explore.js")
    .read_text("utf-8")
    .replace("plotly.js-style-global", "unused-1")
    .replace("9f215cf", "unused-2")
)


@pytest.fixture
def seven(organisation: Organisation, owner: User) -> list[Project]:
    chance = random.Random(5)
    units = ("Retail banking", "Claims", "", "Logistics & fleet")
    return [
        make_rated(
            organisation,
            owner,
            chance,
            name=HOSTILE if place == 3 else f"Project {place}",
            unit=units[place % 4],
            share=0.3 if place == 5 else 1.0,
            reviews=place % 4,
            planned_value=[40, 900, None, 5200, 75, 600, 0][place],
            planned_date=None if place == 1 else date(2027, 1, 1) + timedelta(days=60 * place),
        )
        for place in range(7)
    ]


def go(page: Page, query: str) -> Page:
    page.goto(f"{reverse('portfolio:explore')}{query}")
    return page


def draw(page: Page) -> None:
    page.get_by_role("button", name="Draw the chart").click()
    expect(page.locator("[data-part=plot] .main-svg").first).to_be_visible(timeout=PATIENCE)
    expect(page.locator("[data-part=plot]")).to_be_focused(timeout=PATIENCE)


def picture(page: Page) -> Image.Image:
    return Image.open(io.BytesIO(page.locator("[data-part=plot]").screenshot())).convert("RGB")


def test_nothing_of_plotly_before_the_click(desk: Desk, owner: User, seven: object) -> None:
    page = desk.sit(owner)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    go(page, "")
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if "plotly" in url]
    before = page.locator(".plotbox").bounding_box()
    draw(page)
    assert [Path(url).name for url in asked if "plotly" in url] == ["plotly.css", "plotly.min.js"]
    assert page.locator(".plotbox").bounding_box() == before
    assert page.locator(".modebar").count() == 0


def test_the_chart_is_an_image_that_says_its_finding(desk: Desk, owner: User, seven: object) -> None:
    page = go(desk.sit(owner), CHARTS["stages"])
    draw(page)
    image = page.get_by_role("img", name=re.compile("with a level (is|are) at high or critical risk"))
    expect(image).to_be_visible()
    assert page.locator("main").get_by_text(image.get_attribute("aria-label") or "").count() == 1
    expect(page.get_by_role("table")).to_be_visible()


@pytest.mark.parametrize(("chart", "scheme"), [*((chart, "light") for chart in CHARTS), ("values", "dark")])
def test_the_policy_changes_no_pixel(desk: Desk, owner: User, seven: object, chart: str, scheme: str) -> None:
    strict = go(desk.sit(owner, color_scheme=scheme), CHARTS[chart])
    draw(strict)
    free = desk.sit(owner, color_scheme=scheme, bypass_csp=True)
    free.route("**/explore.js", lambda route: route.fulfill(body=UNAIDED, content_type="text/javascript"))
    go(free, CHARTS[chart])
    draw(free)
    assert free.locator("style[id^='plotly.js-style']").count() == 1
    one, other = picture(strict), picture(free)
    assert one.size == other.size
    assert ImageChops.difference(one, other).getbbox() is None
    assert len(one.resize((200, 100)).getcolors(20_000) or []) > 20


def test_without_the_stand_ins_the_policy_would_be_broken(desk: Desk, owner: User, seven: object) -> None:
    """Shows that the comparison above would notice: the policy is in force, and Plotly does try."""
    desk.expect("Content Security Policy", "probably due to strict CSP")
    page = desk.sit(owner)
    page.route("**/explore.js", lambda route: route.fulfill(body=UNAIDED, content_type="text/javascript"))
    draw(go(page, CHARTS["stages"]))
    assert any("Content Security Policy" in problem for problem in desk.problems)


def test_the_sheet_holds_the_rules_that_plotly_writes_itself(desk: Desk, owner: User, seven: object) -> None:
    page = desk.sit(owner, bypass_csp=True)
    page.route("**/explore.js", lambda route: route.fulfill(body=UNAIDED, content_type="text/javascript"))
    draw(go(page, CHARTS["stages"]))
    rules = """(element) => [...element.sheet.cssRules].map((rule) => rule.cssText)"""
    written = page.locator("style[id='plotly.js-style-global']").evaluate(rules)
    ours = page.locator("link[id='unused-1']").evaluate(rules)
    assert len(written) > 60
    assert ours == written


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_the_picture_can_be_kept(desk: Desk, owner: User, seven: object, kind: str) -> None:
    page = go(desk.sit(owner, color_scheme="dark"), CHARTS["values"])
    expect(page.get_by_role("button", name="PNG")).to_be_hidden()
    draw(page)
    with page.expect_download() as download:
        page.get_by_role("button", name=kind.upper()).click()
    assert re.fullmatch(rf"explore-bubble-value-\d{{4}}-\d\d-\d\d\.{kind}", download.value.suggested_filename)
    content = Path(download.value.path()).read_bytes()
    if kind == "png":
        image = Image.open(io.BytesIO(content)).convert("RGB")
        assert image.size == (2400, 1400)
        assert image.getpixel((3, 3)) == (255, 255, 255)  # light, whatever the screen
        assert len(image.getcolors(2**20) or []) > 50
    else:
        root = minidom.parseString(content).documentElement  # noqa: S318 - our own drawing
        assert root is not None
        assert (root.tagName, root.getAttribute("width")) == ("svg", "1200")
        assert "font/woff2;base64," in content.decode()
        assert not root.getElementsByTagName("script")


def test_the_picture_has_our_typeface(desk: Desk, owner: User, seven: object) -> None:
    """The PNG is drawn from an SVG that cannot ask for anything, so the typeface must be inside."""
    page = go(desk.sit(owner), CHARTS["stages"])
    draw(page)
    pictures = []
    for is_broken in (False, True):
        if is_broken:
            page.evaluate("document.querySelector('#explore').dataset.font = '/static/favicon.svg'")
        with page.expect_download() as download:
            page.get_by_role("button", name="PNG").click()
        pictures.append(Image.open(Path(download.value.path())).convert("RGB"))
    assert ImageChops.difference(*pictures).getbbox() is not None


def test_names_are_drawn_as_they_are(desk: Desk, owner: User, seven: list[Project]) -> None:
    page = go(desk.sit(owner), f"{CHARTS['radar']}&p={seven[3].slug}")
    draw(page)
    assert page.locator("[data-part=plot] .legendtext").first.text_content() == '<b>Bold</b> & <a href="ht…'
    assert page.locator("[data-part=plot] a").count() == 0


def test_the_chart_follows_the_colour_scheme(desk: Desk, owner: User, seven: object) -> None:
    page = go(desk.sit(owner, color_scheme="light"), CHARTS["units"])
    draw(page)
    ground = page.locator("[data-part=plot] .main-svg").first
    for scheme, colour in (
        ("light", "rgb(255, 255, 255)"),
        ("dark", "rgb(24, 31, 41)"),
        ("light", "rgb(255, 255, 255)"),
    ):
        page.emulate_media(color_scheme=scheme)
        expect(ground).to_have_css("background-color", colour)


def test_a_failed_download_is_said_and_can_be_repeated(desk: Desk, owner: User, seven: object) -> None:
    desk.expect("net::ERR_FAILED", "did not load")
    page = go(desk.sit(owner), CHARTS["stages"])
    page.route("**/plotly.min.js", lambda route: route.abort())
    page.get_by_role("button", name="Draw the chart").click()
    expect(page.get_by_role("alert")).to_contain_text("The table below holds the same numbers.")
    again = page.get_by_role("button", name="Try again")
    expect(again).to_be_focused()
    page.unroute("**/plotly.min.js")
    again.press("Enter")
    expect(page.locator("[data-part=plot] .main-svg").first).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_waiting_is_shown(desk: Desk, owner: User, seven: object) -> None:
    page = go(desk.sit(owner), CHARTS["stages"])
    held: list[Route] = []
    page.route("**/plotly.min.js", lambda route: held.append(route))
    button = page.get_by_role("button", name="Draw the chart")
    button.press("Enter")
    busy = page.get_by_role("button", name="Loading the chart")
    expect(busy).to_have_attribute("aria-busy", "true")
    expect(busy.locator(".spin")).to_be_visible()
    busy.press("Enter")
    expect(page.locator("script[src*=plotly]")).to_have_count(1)
    held[0].continue_()
    expect(page.locator("[data-part=plot] .main-svg").first).to_be_visible(timeout=PATIENCE)
    assert len(held) == 1


def test_without_script_the_table_is_there(desk: Desk, owner: User, seven: object) -> None:
    page = go(desk.sit(owner, java_script_enabled=False), CHARTS["radar"])
    expect(page.get_by_role("table")).to_be_visible()
    expect(page.get_by_role("link", name="CSV")).to_be_visible()
    expect(page.locator(".plotbox")).to_be_hidden()
    assert page.get_by_role("button", name="Draw the chart").count() == 0
    page.locator("summary", has_text="Choose projects").click()
    page.get_by_role("checkbox", name="Project 6").check()
    page.get_by_role("button", name="Show these").click()
    assert "chart=profile" in page.url
    expect(page.get_by_role("row")).to_have_count(5)


@pytest.mark.parametrize(
    ("size", "chart"), [*(("phone", chart) for chart in CHARTS), ("desk", "units"), ("desk", "radar")]
)
def test_everybody_can_use_it(desk: Desk, owner: User, seven: object, chart: str, size: str) -> None:
    viewport = {"phone": {"width": 360, "height": 740}, "desk": {"width": 1280, "height": 900}}[size]
    page = go(desk.sit(owner, viewport=viewport, color_scheme="dark" if size == "phone" else "light"), CHARTS[chart])
    page.evaluate(AXE)
    for step in ("asked", "drawn"):
        if step == "drawn":
            draw(page)
        assert page.evaluate(FIND) == []
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
