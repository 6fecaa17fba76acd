"""The buttons of a proposal beside answers that save themselves: nothing is lost, nothing warns for no reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import Dialog, Page, expect

from accounts.models import User
from assessments.models import Assessment, Proposal, ProposalStatus, State
from assessments.proposals import propose_answer
from assessments.services import GivenAnswer
from tests.browser.conftest import Desk
from tests.browser.sheet import Gate, Sheet, level, stored

pytestmark = pytest.mark.browser

Sit = Callable[..., Page]


@pytest.fixture
def proposal(assessment: Assessment, owner: User) -> Proposal:
    return propose_answer(
        assessment=assessment,
        question="problem.statement",
        given=GivenAnswer(State.GRADED, 2, "", "All tests pass.", "Run 7", "https://ci.example.org/7"),
        source="ml-ci",
        token=None,
        by=owner,
        at=timezone.now(),
    )


@pytest.fixture
def sheet(sit: Sit, editor: User, assessment: Assessment, proposal: Proposal) -> Iterator[Sheet]:
    """No test of this sheet may meet a warning before the page is left."""
    page, warnings = sit(editor), []

    def note(dialog: Dialog) -> None:
        warnings.append(dialog.type)
        dialog.accept()

    page.on("dialog", note)
    yield Sheet(page, assessment).open()
    assert warnings == []


def press(sheet: Sheet, word: str, question: str = "problem.statement") -> None:
    sheet.box(question).locator(".proposal").get_by_role("button", name=word).click()


def status(proposal: Proposal) -> str:
    return Proposal.objects.get(pk=proposal.pk).status


def test_accepted(sheet: Sheet, assessment: Assessment, proposal: Proposal) -> None:
    box = sheet.box("problem.statement")
    expect(box.get_by_role("group", name="Proposed by ml-ci on")).to_be_visible()
    press(sheet, "Accept")
    expect(sheet.page).to_have_url(f"{sheet.page.url.partition('#')[0]}#problem-statement")
    expect(sheet.state("problem.statement")).to_have_text("Proposal accepted and saved")
    expect(sheet.radio("problem.statement", "2")).to_be_checked()
    expect(sheet.field("problem.statement", "note")).to_have_value("All tests pass.")
    expect(box.locator(".proposal")).to_have_count(0)
    assert level(assessment, "problem.statement") == 2
    assert not sheet.is_unsent
    sheet.choose("problem.statement", 3)
    sheet.wait_saved("problem.statement")
    assert level(assessment, "problem.statement") == 3


def test_dismissed(sheet: Sheet, assessment: Assessment, proposal: Proposal) -> None:
    press(sheet, "Dismiss")
    expect(sheet.state("problem.statement")).to_have_text("Proposal dismissed")
    assert status(proposal) == ProposalStatus.DISMISSED
    assert stored(assessment, "problem.statement") is None


def test_an_answer_on_its_way_is_waited_for(sheet: Sheet, assessment: Assessment, proposal: Proposal) -> None:
    gate = Gate(sheet.page).hold()
    sheet.choose("problem.objective", 1)
    sheet.choose("problem.statement", 0)
    press(sheet, "Accept")
    sheet.page.wait_for_timeout(300)
    assert status(proposal) == ProposalStatus.OPEN
    gate.release()
    expect(sheet.state("problem.statement")).to_have_text("Proposal accepted and saved")
    assert level(assessment, "problem.objective") == 1
    assert level(assessment, "problem.statement") == 2


def test_what_the_script_holds_back_goes_with_the_page(sheet: Sheet, desk: Desk, assessment: Assessment) -> None:
    """A missing reason is no answer yet. The page carries it, says what is missing, and keeps what was typed."""
    desk.expect("status of 422")
    sheet.choose("problem.objective", "na")
    sheet.unfold("problem.objective", "note")
    sheet.field("problem.objective", "note").fill("typed")
    assert sheet.is_unsent
    press(sheet, "Accept")
    expect(sheet.state("problem.statement")).to_have_text("Proposal accepted and saved")
    expect(sheet.field("problem.objective", "note")).to_have_value("typed")
    expect(sheet.radio("problem.objective", "na")).to_be_checked()
    assert level(assessment, "problem.statement") == 2


def test_nothing_is_decided_while_the_server_is_away(
    sheet: Sheet, desk: Desk, assessment: Assessment, proposal: Proposal
) -> None:
    desk.expect("ERR_INTERNET_DISCONNECTED")
    sheet.page.context.set_offline(True)
    sheet.choose("problem.objective", 1)
    press(sheet, "Accept")
    problem = sheet.box("problem.statement").locator("[data-problem]")
    expect(problem).to_have_text(
        "The proposal was not decided, because the server does not answer. Your answers are kept on this page."
    )
    expect(sheet.radio("problem.objective", "1")).to_be_checked()
    assert status(proposal) == ProposalStatus.OPEN
    sheet.page.context.set_offline(False)
    sheet.wait_saved("problem.objective")
    press(sheet, "Accept")
    expect(sheet.state("problem.statement")).to_have_text("Proposal accepted and saved")
    assert level(assessment, "problem.objective") == 1


def test_without_script(sit: Sit, editor: User, assessment: Assessment, proposal: Proposal) -> None:
    sheet = Sheet(sit(editor, java_script_enabled=False), assessment).open()
    title = sheet.field("problem.objective", "evidence_title")
    sheet.field("problem.objective", "evidence_url").fill("https://x.example/1")
    title.fill("typed")
    title.press("Enter")
    sheet.page.wait_for_load_state()
    assert status(proposal) == ProposalStatus.OPEN
    answer = stored(assessment, "problem.objective")
    assert answer is not None
    assert answer.evidence_title == "typed"
    sheet.open()
    sheet.choose("problem.objective", 1)
    press(sheet, "Accept")
    expect(sheet.page.get_by_text("Proposal accepted and saved: question 1.1.")).to_be_visible()
    assert level(assessment, "problem.objective") == 1
    assert level(assessment, "problem.statement") == 2


def test_large_enough_for_a_finger(sit: Sit, editor: User, assessment: Assessment, proposal: Proposal) -> None:
    sheet = Sheet(sit(editor, viewport={"width": 360, "height": 800}), assessment).open()
    for word in ("Accept", "Dismiss"):
        box = sheet.box("problem.statement").locator(".proposal").get_by_role("button", name=word).bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44, word
