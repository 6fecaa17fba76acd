"""As an executive would: from the front page to the riskiest project, why it is that, and what would help."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Organisation, User
from tests.make import make_member
from tests.portfolio.conftest import make_rated
from tests.reports.printing import text_of

pytestmark = pytest.mark.browser

Sit = Callable[..., Page]


@pytest.fixture
def portfolio(organisation: Organisation, owner: User) -> None:
    chance = random.Random(21)
    for number in range(12):
        make_rated(organisation, owner, chance, name=f"Project {number:02}", reviews=2)


def test_the_riskiest_project_why_and_what_would_help(portfolio: None, organisation: Organisation, sit: Sit) -> None:
    """From the address alone: the finding, then one click for the riskiest project's reasons and its way out."""
    page = sit(make_member(organisation, "viewer"))
    page.goto("/")
    expect(page.locator("h1")).to_contain_text(re.compile(r"of 12 projects (is|are) at high or critical risk"))
    first = page.locator(".heat tbody tr").first
    name, risk = first.locator("th").inner_text(), first.locator(".v").inner_text()
    ranges = " ".join(page.locator(".heat tbody .vl .vh").all_inner_texts())
    highest = max(int(end) for end in re.findall(r"to (\d+)", ranges))
    assert f"to {highest}" in first.locator(".vl .vh").inner_text()
    first.get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    expect(page.locator(".big").first).to_contain_text(risk)
    reason = page.locator(".pts tbody tr").first
    expect(reason).to_be_visible()
    expect(reason.locator(".contrib")).to_contain_text(re.compile(r"\d+\.\d"))
    way_out = page.locator(".steps > li").first
    expect(way_out).to_be_visible()
    assert len(way_out.inner_text()) > 20


def test_a_driver_leads_to_its_projects(portfolio: None, owner: User, sit: Sit) -> None:
    page = sit(owner)
    page.goto("/portfolio/")
    driver = page.locator(".drivers li").first
    count = int(re.findall(r"(\d+) at worst two", driver.inner_text())[0])
    driver.get_by_role("link").click()
    expect(page.get_by_text("is at one of its two worst answers")).to_be_visible()
    expect(page.locator(".heat tbody tr")).to_have_count(count)


def test_a_part_of_the_bar_filters(portfolio: None, owner: User, sit: Sit) -> None:
    page = sit(owner)
    page.goto("/portfolio/")
    part = page.locator(".ds a").first
    words = part.get_attribute("aria-label") or ""
    count = int(words.split()[0])
    part.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**level=**")
    expect(page.locator(".heat tbody tr")).to_have_count(count)
    level = page.url.partition("level=")[2]
    for text in page.locator(".heat .lv").all_inner_texts():
        assert text.lower() == level


def test_without_script_by_keyboard_and_on_paper(
    portfolio: None, owner: User, sit: Sit, organisation: Organisation, tmp_path: Path
) -> None:
    chance = random.Random(3)
    for number in range(28):
        make_rated(organisation, owner, chance, name=f"More {number:02}")
    page = sit(owner)
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto("/portfolio/")
    assert not [url for url in requested if "plotly" in url or url.endswith(".js")]
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to content")).to_be_focused()
    table = page.get_by_role("table", name=re.compile("40 projects, worst case first"))
    expect(table.get_by_role("rowheader")).to_have_count(40)
    expect(table.get_by_role("columnheader", name="Failure risk and range")).to_have_attribute(
        "aria-sort", "descending"
    )
    table.get_by_role("link", name="Data", exact=True).click()
    page.wait_for_url("**sort=data**")
    page.goto("/portfolio/")
    page.pdf(path=tmp_path / "page.pdf", format="A4", prefer_css_page_size=True)
    first_page = text_of(tmp_path / "page.pdf", "-f", "1", "-l", "1")
    assert len(set(re.findall(r"(?:Project|More) \d\d", first_page))) == 40
