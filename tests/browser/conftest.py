"""Headless Chromium before a live server. Whatever the console says, and a request to elsewhere, fails the test."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.servers import need

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
ARTIFACTS = Path(__file__).parents[1] / "artifacts"
LIMIT_MS = 10_000


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    need(Path(CHROMIUM).exists(), "Chromium (the Debian package chromium)")
    # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(SWITCHES))
        yield browser
        browser.close()


@dataclass
class Desk:
    """Opens browsers for one test, each with cookies of its own, and notes what went wrong in any of them."""

    browser: Browser
    address: str
    contexts: list[BrowserContext] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    expected: list[re.Pattern[str]] = field(default_factory=list)

    def sit(self, user: User | None = None, **options: Any) -> Page:
        """A page in a new browser, signed in as `user` if there is one."""
        # Without motion, or a colour that is just changing would be judged.
        context = self.browser.new_context(base_url=self.address, **{"reduced_motion": "reduce", **options})
        context.set_default_timeout(LIMIT_MS)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self._note(f"error: {error.error}"))
        context.on("request", self._look)
        self.contexts.append(context)
        if user is not None:
            context.add_cookies(
                [{"name": settings.SESSION_COOKIE_NAME, "value": session_of(user), "url": self.address}]
            )
        return context.new_page()

    def expect(self, *patterns: str) -> None:
        """Console messages that belong to the test, such as the browser's line about a refused request."""
        self.expected += [re.compile(pattern) for pattern in patterns]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._note(f"console: {message.text}")

    def _look(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https"} and parts.netloc != urlsplit(self.address).netloc:
            self._note(f"a request to elsewhere: {request.url}")

    def _note(self, problem: str) -> None:
        self.problems.append(problem)

    @property
    def unexpected(self) -> list[str]:
        return [text for text in self.problems if not any(pattern.search(text) for pattern in self.expected)]


def session_of(user: User) -> str:
    """The cookie of a new session."""
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture
def desk(chromium: Browser, live_server: LiveServer, request: pytest.FixtureRequest) -> Iterator[Desk]:
    desk = Desk(chromium, live_server.url)
    yield desk
    if getattr(request.node, "has_failed", False):
        _photograph(desk, request.node.name)
    for context in desk.contexts:
        context.close()
    assert desk.unexpected == []


@pytest.fixture
def sit(desk: Desk) -> Callable[..., Page]:
    return desk.sit


def _photograph(desk: Desk, name: str) -> None:
    ARTIFACTS.mkdir(exist_ok=True)
    for place, page in enumerate(page for context in desk.contexts for page in context.pages):
        page.screenshot(path=ARTIFACTS / f"{re.sub(r'[^a-z0-9_-]+', '-', name.lower())}-{place}.png", full_page=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    if report.when == "call":
        item.has_failed = report.failed  # type: ignore[attr-defined]
    return report
