"""Makes the pictures of the README from a running demo: `python docs/pictures.py http://localhost:8000 EMAIL PASSWORD`.

Needs Chromium (CHROMIUM names another path), pdftoppm and convert. Opens the project "Claims triage" and asks for its
report.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent / "img"
SIZE = {"width": 1440, "height": 900}


def sign_in(page: Page, base: str, email: str, password: str) -> None:
    page.goto(f"{base}/accounts/login/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", password)
    page.click("main button.primary")
    page.wait_for_url(f"{base}/portfolio/")


def take_pictures(base: str, email: str, password: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport=SIZE)
        sign_in(page, base, email, password)
        page.screenshot(path=FOLDER / "portfolio.png")
        page.goto(f"{base}/projects/")
        page.click("text=Claims triage")
        project = page.url
        page.goto(f"{project}checklist/data/")
        page.screenshot(path=FOLDER / "questionnaire.png")
        page.goto(f"{project}checklist/operations/")
        page.locator("fieldset", has_text="Proposed by").first.screenshot(path=FOLDER / "proposal.png")
        page.goto(f"{base}/api/docs/#op-save_answer")
        page.screenshot(path=FOLDER / "api.png")
        page.goto(f"{project}snapshots/")
        page.click("main tbody a >> nth=0")
        page.screenshot(path=FOLDER / "results.png")
        page.click("text=PDF report")
        with page.expect_download() as download:
            page.click("text=Download the PDF", timeout=60_000)
        draw_report(download.value.path())
        browser.close()


def draw_report(pdf: Path) -> None:
    """The cover, the summary and one dimension side by side."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["pdftoppm", "-r", "50", "-l", "4", "-png", str(pdf), f"{folder}/page"], check=True)  # noqa: S603, S607
        pages = sorted(Path(folder).glob("page-*.png"))
        chosen = [str(pages[0]), str(pages[1]), str(pages[3])]
        subprocess.run(["convert", *chosen, "+append", str(FOLDER / "report.png")], check=True)  # noqa: S603, S607


if __name__ == "__main__":
    take_pictures(*sys.argv[1:4])
