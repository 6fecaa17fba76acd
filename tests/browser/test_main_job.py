"""The whole job in a browser: from signing in to a report in the hands of somebody without an account."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from projects.models import Project
from reports.models import Report, ReportState
from tests.browser.conftest import Desk
from tests.browser.processes import worker
from tests.make import PASSWORD, make_project
from tests.servers import need

pytestmark = pytest.mark.browser

Sit = Callable[..., Page]
NAME, GOAL = "Shelf forecast", "Fewer empty shelves with a tenth less stock."
NOTE, EVIDENCE = "Agreed with the board in May.", "https://wiki.example.org/shelf/decision"
WHY_NOT = "The stores have one warehouse only."


def sign_in(page: Page, user: User) -> None:
    page.goto("/")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1, name="No projects yet")).to_be_visible()


def make_the_project(page: Page) -> Project:
    page.get_by_role("link", name="New project").first.click()
    page.get_by_label("Name", exact=True).fill(NAME)
    page.locator("#id_goal").fill(GOAL)
    page.get_by_label("Prototype").check()
    page.get_by_role("button", name="Make the project").click()
    expect(page.get_by_role("heading", level=1, name=NAME)).to_be_visible()
    return Project.objects.get(name=NAME)


def answer_box(box: Locator, place: int) -> None:
    """One answer by clicking: the second is unknown, the third does not apply, the fourth comes with note and link."""
    if place == 1:
        box.get_by_label("Don't know").check()
        expect(box.get_by_text("Who would know?")).to_be_visible()
    elif place == 2:
        box.get_by_label("Not applicable").check()
        box.get_by_label("Why does it not apply?").fill(WHY_NOT)
    else:
        box.locator(".opt").nth((place * 2) % 4).click()
    if place == 3:
        box.get_by_role("button", name="Note", exact=True).click()
        box.locator("[data-name=note]").fill(NOTE)
        box.get_by_role("button", name="Evidence", exact=True).click()
        box.locator("[data-name=evidence_title]").fill("The decision")
        box.locator("[data-name=evidence_url]").fill(EVIDENCE)


def answer_everything(page: Page) -> int:
    """Answers all due questions, one part after the other, as a person would. Returns how many there were."""
    page.get_by_role("link", name="Start", exact=True).first.click()
    place, boxes = 0, page.locator(".q")
    while True:
        expect(boxes.first).to_be_visible()
        count = boxes.count()
        for number in range(count):
            answer_box(boxes.nth(number), place)
            place += 1
        for number in range(count):
            expect(boxes.nth(number).locator("[data-statetext]")).to_have_text("Saved")
        expect(page.locator("#left")).to_have_text("All answered here")
        onward = page.get_by_role("link", name=re.compile("^Continue to"))
        if not onward.count():
            expect(page.locator("#finished")).to_be_visible()
            return place
        part = page.locator("#h1").inner_text()
        onward.click()
        expect(page.locator("#h1")).not_to_have_text(part)


def text_of(pdf: Path) -> str:
    need(shutil.which("pdftotext"), "pdftotext (the Debian package poppler-utils)")
    return subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True).stdout


def test_from_signing_in_to_a_shared_report(desk: Desk, sit: Sit, owner: User, tmp_path: Path) -> None:
    page = sit()
    sign_in(page, owner)
    project = make_the_project(page)
    count = answer_everything(page)
    assert count == 48

    page.locator("#finished").get_by_role("link", name="Check answers").click()
    expect(page.get_by_text(f"{count} of {count} answered.")).to_be_visible()
    page.get_by_role("link", name="Results", exact=True).click()
    expect(page).to_have_title(re.compile(rf"{NAME}: failure risk \d+\.\d"))

    answers = page.locator("#answers + .stack")
    for words in (WHY_NOT, NOTE, "Don't know"):
        expect(answers).to_contain_text(words)
    page.get_by_role("link", name="Take a snapshot").click()
    page.get_by_label("Label").fill("Before the prototype")
    page.get_by_role("button", name="Freeze").click()
    expect(page.get_by_text("The result is frozen.")).to_be_visible()
    snapshot = page.url

    with worker():
        page.get_by_role("button", name="PDF report").click()
        link = page.get_by_role("link", name="Download the PDF")
        expect(link).to_be_visible(timeout=40_000)
        assert page.evaluate("performance.getEntriesByType('navigation').length") == 1
        with page.expect_download() as download:
            link.click()
        pdf = tmp_path / "report.pdf"
        download.value.save_as(pdf)
        words = text_of(pdf)
        for expected in (NAME, NOTE, "Before the prototype", owner.name):
            assert expected in words
        assert re.match(r"shelf-forecast-\d{4}-\d\d-\d\d-", download.value.suggested_filename)

        page.goto(snapshot)
        page.get_by_role("link", name="Share").click()
        page.get_by_label("For whom").fill("Steering committee")
        page.get_by_role("button", name="Make the link").click()
        address = page.get_by_label("Address").input_value()
        shared_report = Report.objects.filter(names=False).get()
        guest = sit()
        look_as_a_guest(guest, address, owner)
        wait_for_shared_pdf(guest, shared_report, tmp_path, owner)

    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("The link for Steering committee no longer works.")).to_be_visible()
    desk.expect("status of 404")
    for place in (guest.url, address):
        answer = guest.goto(place)
        assert answer is not None
        assert answer.status == 404
        expect(guest.get_by_role("heading", name="This link is not active")).to_be_visible()
        assert NAME not in guest.content()
    assert Project.objects.get().pk == project.pk


def look_as_a_guest(guest: Page, address: str, owner: User) -> None:
    """The figures are there. Names, notes and links to evidence are not."""
    answer = guest.goto(address)
    assert answer is not None
    assert answer.status == 200
    assert "/shared/" in guest.url
    body = guest.content()
    expect(guest.get_by_role("heading", level=1, name=NAME)).to_be_visible()
    expect(guest.locator(".big").first).to_have_text(re.compile(r"\d"))
    assert WHY_NOT in body
    for hidden in (owner.name, owner.email, NOTE, EVIDENCE):
        assert hidden not in body
    assert {cookie["name"] for cookie in guest.context.cookies()} == {"shared"}
    assert "noindex" in (answer.header_value("x-robots-tag") or "")


def wait_for_shared_pdf(guest: Page, report: Report, folder: Path, owner: User) -> None:
    for _ in range(80):
        report.refresh_from_db()
        if report.state == ReportState.READY:
            break
        guest.wait_for_timeout(500)
    guest.reload()
    with guest.expect_download() as download:
        guest.get_by_role("link", name="PDF report").click()
    pdf = folder / "shared.pdf"
    download.value.save_as(pdf)
    words = text_of(pdf)
    assert NAME in words
    assert owner.name not in words
    assert NOTE not in words


def test_report_page_without_script(sit: Sit, owner: User) -> None:
    """Everything from the snapshot to the file by plain forms and links."""
    make_project(owner.memberships.get().organisation, owner, name=NAME)
    page = sit(owner, java_script_enabled=False)
    page.goto("/projects/")
    page.get_by_role("link", name=NAME).click()
    if page.get_by_role("button", name="Start the checklist").count():
        page.get_by_role("button", name="Start the checklist").click()
    page.get_by_role("link", name="Start", exact=True).first.click()
    page.locator(".q").first.locator(".opt").first.click()
    page.get_by_role("button", name="Save and continue").click()
    page.goto(f"/projects/{Project.objects.get().slug}/snapshots/")
    page.get_by_label("Label").fill("First look")
    page.get_by_role("button", name="Freeze").click()
    page.get_by_role("button", name="PDF report").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    again = page.get_by_role("link", name="Load this page again")
    expect(again).to_be_visible()
    with worker():
        for _ in range(60):
            if Report.objects.get().is_finished:
                break
            page.wait_for_timeout(500)
        again.click()
        expect(page.get_by_role("link", name="Download the PDF")).to_be_visible()
