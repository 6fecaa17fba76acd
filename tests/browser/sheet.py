"""The questionnaire as a person uses it, and what the server has of it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.parser import BytesParser
from typing import Any

from django.urls import reverse
from playwright.sync_api import Locator, Page, Request, Route, expect

from assessments.models import Answer, AnswerChange, Assessment

UNSENT = "!window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"
SAVE = re.compile(r"/answers/[^/]+/$")


@dataclass
class Sheet:
    """One dimension of the checklist on one page."""

    page: Page
    assessment: Assessment
    dimension: str = "problem"

    @property
    def path(self) -> str:
        return reverse("assessments:dimension", args=[self.assessment.project.slug, self.dimension])

    @property
    def ids(self) -> list[str]:
        return [q.id for q in self.assessment.questions_due() if q.dimension == self.dimension]

    def open(self) -> Sheet:
        self.page.goto(self.path)
        return self

    def box(self, question: str) -> Locator:
        return self.page.locator(f'.q[data-question="{question}"]')

    def radio(self, question: str, value: str) -> Locator:
        return self.box(question).locator(f'[data-name=choice][value="{value}"]')

    def choose(self, question: str, value: str | int) -> None:
        self.radio(question, str(value)).check()

    def unfold(self, question: str, part: str) -> None:
        self.box(question).locator(f"[data-open={part}]").click()

    def field(self, question: str, name: str) -> Locator:
        return self.box(question).locator(f"[data-name={name}]")

    def state(self, question: str) -> Locator:
        return self.box(question).locator("[data-statetext]")

    def wait_saved(self, *questions: str) -> None:
        """The word alone would not do: it may still stand there from before."""
        wait_for(self.page, f"!({UNSENT})")
        for question in questions:
            expect(self.state(question)).to_have_text("Saved")

    def conflict(self, question: str) -> Locator:
        return self.box(question).locator(".conflict")

    @property
    def is_unsent(self) -> bool:
        """Whether the page would warn before it is left."""
        return bool(self.page.evaluate(UNSENT))


def wait_for(page: Page, expression: str, limit: float = 15) -> None:
    """Waits until the expression is true. Playwright's own way needs `eval`, which the pages forbid."""
    deadline = time.monotonic() + limit
    while not page.evaluate(expression):
        if time.monotonic() > deadline:
            raise TimeoutError(f"Not within {limit:g} s: {expression}")
        page.wait_for_timeout(20)


def stored(assessment: Assessment, question: str) -> Answer | None:
    return Answer.objects.filter(respondent__assessment=assessment, question=question).first()


def level(assessment: Assessment, question: str) -> int | None:
    answer = stored(assessment, question)
    return answer.level if answer else None


def history(assessment: Assessment, question: str | None = None) -> list[AnswerChange]:
    rows = AnswerChange.objects.filter(assessment=assessment).order_by("id")
    return list(rows.filter(question=question) if question else rows)


def form_of(request: Request) -> dict[str, str]:
    """The fields of a posted form."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + (request.post_data_buffer or b""))
    parts: Sequence[Any] = message.get_payload()  # type: ignore[assignment]
    return {
        str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True).decode()
        for part in parts
    }


@dataclass
class Gate:
    """Stands between a page and the server's saving of answers. Open at first: it only notes what is sent."""

    page: Page
    posted: list[dict[str, str]] = field(default_factory=list)
    held: list[Route] = field(default_factory=list)
    _act: Callable[[Route], None] | None = None

    def __post_init__(self) -> None:
        self.page.route(SAVE, self._meet)

    def hold(self) -> Gate:
        """Keeps every request until `release`: a slow line."""
        self._act = self.held.append
        return self

    def refuse(self, status: int) -> Gate:
        """Answers every request with an error page, as a broken server does."""
        self._act = lambda route: route.fulfill(status=status, body="<h1>Error</h1>", content_type="text/html")
        return self

    def swallow_answers(self) -> Gate:
        """Lets the server do its work, and loses the answer: the page cannot know what happened."""
        self._act = self._swallow
        return self

    def release(self) -> None:
        """Lets everything through, first what was held."""
        self._act = None
        while self.held:
            self.held.pop(0).continue_()

    def _meet(self, route: Route) -> None:
        self.posted.append(form_of(route.request))
        (self._act or Route.continue_)(route)

    def _swallow(self, route: Route) -> None:
        route.fetch()
        route.abort("timedout")
