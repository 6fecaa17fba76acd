"""No answer is lost, none is overwritten in silence, and the page says what is true of each."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from itertools import pairwise

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Dialog, Page, Route, expect

from accounts.models import User
from assessments.models import Answer, Assessment, State
from assessments.services import GivenAnswer, start_assessment
from tests.browser.conftest import Desk
from tests.browser.processes import end, start_web
from tests.browser.sheet import UNSENT, Gate, Sheet, history, level, stored, wait_for
from tests.make import AT, PASSWORD, make_answer, make_snapshot
from tests.servers import free_port

pytestmark = pytest.mark.browser

Sit = Callable[..., Page]


@pytest.fixture
def sheet(sit: Sit, editor: User, assessment: Assessment) -> Sheet:
    return Sheet(sit(editor), assessment).open()


@pytest.fixture
def ids(assessment: Assessment) -> list[str]:
    return Sheet(None, assessment).ids  # type: ignore[arg-type]


# Saving


def test_click_is_saved_and_said(sheet: Sheet, ids: list[str], assessment: Assessment) -> None:
    sheet.choose(ids[0], 2)
    sheet.wait_saved(ids[0])
    assert level(assessment, ids[0]) == 2
    expect(sheet.page.locator("#savetext")).to_contain_text("by you")
    expect(sheet.page.locator("#here")).to_contain_text("1 of")
    expect(sheet.page.locator("#announce")).to_have_text("Saved")
    assert not sheet.is_unsent


def test_three_quick_clicks_store_the_third(sheet: Sheet, ids: list[str], assessment: Assessment) -> None:
    gate = Gate(sheet.page).hold()
    for value in (0, 1, 3):
        sheet.choose(ids[0], value)
    expect(sheet.state(ids[0])).to_have_text("Saving")
    gate.release()
    sheet.wait_saved(ids[0])
    assert level(assessment, ids[0]) == 3
    assert [row.after["level"] for row in history(assessment)] == [0, 3]


def test_text_typed_during_a_slow_request_stays(sheet: Sheet, ids: list[str], assessment: Assessment) -> None:
    sheet.choose(ids[0], 1)
    sheet.wait_saved(ids[0])
    sheet.unfold(ids[0], "note")
    note = sheet.field(ids[0], "note")
    gate = Gate(sheet.page).hold()
    note.press_sequentially("The first half ")
    sheet.page.wait_for_timeout(800)
    assert len(gate.held) == 1
    note.press_sequentially("and the second\nwith ‏שלום‏ 👩🏽‍🔬")
    gate.release()
    text = "The first half and the second\nwith ‏שלום‏ 👩🏽‍🔬"
    expect(note).to_have_value(text)
    expect(note).to_be_focused()
    sheet.wait_saved(ids[0])
    sheet.page.wait_for_timeout(800)
    sheet.wait_saved(ids[0])
    answer = stored(assessment, ids[0])
    assert answer is not None
    assert answer.note == text
    expect(note).to_be_focused()


def test_text_counts_as_unsent_from_the_first_letter(sheet: Sheet, ids: list[str]) -> None:
    sheet.unfold(ids[0], "note")
    sheet.field(ids[0], "note").press_sequentially("x")
    assert sheet.is_unsent
    sheet.wait_saved(ids[0])
    assert not sheet.is_unsent


def test_reason_is_asked_before_not_applicable_counts(sheet: Sheet, ids: list[str], assessment: Assessment) -> None:
    sheet.choose(ids[0], "na")
    expect(sheet.state(ids[0])).to_have_text("Say why, then it is saved")
    assert stored(assessment, ids[0]) is None
    assert sheet.is_unsent
    sheet.field(ids[0], "reason").fill("No personal data is used.")
    sheet.wait_saved(ids[0])
    answer = stored(assessment, ids[0])
    assert answer is not None
    assert (answer.state, answer.reason) == (State.NOT_APPLICABLE, "No personal data is used.")


def test_clear_takes_the_answer_back_and_keeps_history(sheet: Sheet, ids: list[str], assessment: Assessment) -> None:
    sheet.choose(ids[0], 1)
    sheet.wait_saved(ids[0])
    sheet.box(ids[0]).locator("[data-clear]").click()
    expect(sheet.page.locator("#here")).to_contain_text("0 of")
    answer = stored(assessment, ids[0])
    assert answer is not None
    assert answer.state == State.BLANK
    assert len(history(assessment)) == 2


def test_click_before_the_script_has_loaded_is_saved(
    sit: Sit, editor: User, ids: list[str], assessment: Assessment
) -> None:
    page = sit(editor)
    slow: list[Route] = []
    page.route("**/questionnaire.js", lambda route: slow.append(route))
    sheet = Sheet(page, assessment)
    page.goto(sheet.path, wait_until="commit")
    sheet.choose(ids[0], 2)
    slow[0].continue_()
    expect(sheet.state(ids[0])).to_have_text("Saved")
    assert level(assessment, ids[0]) == 2


def test_page_of_an_old_run_does_not_write_into_the_next(
    desk: Desk, sheet: Sheet, ids: list[str], assessment: Assessment, owner: User
) -> None:
    desk.expect("status of 423")
    make_snapshot(assessment, owner, closes=True)
    start_assessment(project=assessment.project, by=owner, title="Next review", at=AT)
    sheet.choose(ids[0], 2)
    expect(sheet.box(ids[0]).locator("[data-problem]")).to_contain_text("A newer review has begun")
    assert Answer.objects.count() == 0


# A server that fails, a line that breaks


@pytest.mark.parametrize(
    ("status", "words"), [(500, "Could not save, kept on this page"), (503, "Not sent yet, kept on this page")]
)
def test_broken_server_keeps_answers_in_order(
    desk: Desk, sheet: Sheet, ids: list[str], assessment: Assessment, status: int, words: str
) -> None:
    desk.expect(f"status of {status}")
    sheet.choose(ids[0], 1)
    sheet.wait_saved(ids[0])
    gate = Gate(sheet.page).refuse(status)
    for place, question in enumerate(ids[1:4]):
        sheet.choose(question, place)
    for question in ids[1:4]:
        expect(sheet.state(question)).to_have_text(words)
    expect(sheet.page.locator("#waiting")).to_contain_text("3 answers are waiting on this page")
    assert sheet.is_unsent
    assert [row.question for row in history(assessment)] == ids[:1]
    gate.release()
    sheet.page.get_by_role("button", name="Try now").click()
    sheet.wait_saved(*ids[1:4])
    assert [row.question for row in history(assessment)] == ids[:4]
    expect(sheet.page.locator("#savetext")).to_have_text("Sent 3 answers")
    assert not sheet.is_unsent


def test_one_broken_answer_does_not_hold_up_the_others(
    desk: Desk, sheet: Sheet, ids: list[str], assessment: Assessment
) -> None:
    desk.expect("status of 500")
    sheet.page.route(
        f"**/answers/{ids[0]}/",
        lambda route: route.fulfill(status=500, body="<h1>Error</h1>", content_type="text/html"),
    )
    for place, question in enumerate(ids[:3]):
        sheet.choose(question, place)
    for question in ids[1:3]:
        expect(sheet.state(question)).to_have_text("Saved")
    expect(sheet.state(ids[0])).to_have_text("Could not save, kept on this page")
    assert sheet.is_unsent
    sheet.page.unroute(f"**/answers/{ids[0]}/")
    sheet.wait_saved(ids[0])
    assert level(assessment, ids[0]) == 0


def test_changes_of_different_parts_are_merged(
    desk: Desk, sheet: Sheet, ids: list[str], assessment: Assessment, owner: User
) -> None:
    desk.expect("409")
    make_answer(assessment, owner, ids[0], 1)
    sheet.page.reload()
    stored = Answer.objects.get(question=ids[0])
    make_answer(assessment, owner, ids[0], 3, base=stored.revision)
    sheet.box(ids[0]).get_by_role("button", name="Note").click()
    sheet.box(ids[0]).get_by_label("Note", exact=False).fill("Only here on paper")
    sheet.wait_saved(ids[0])
    expect(sheet.box(ids[0]).locator(".conflict")).to_have_count(0)
    stored.refresh_from_db()
    assert (stored.level, stored.note) == (3, "Only here on paper")


def test_saved_is_not_said_of_an_answer_without_its_reason(
    sheet: Sheet, ids: list[str], assessment: Assessment
) -> None:
    gate = Gate(sheet.page).hold()
    sheet.choose(ids[0], 1)
    sheet.page.wait_for_timeout(100)
    sheet.box(ids[0]).get_by_label("Not applicable").check()
    gate.release()
    sheet.page.wait_for_timeout(1000)
    expect(sheet.state(ids[0])).to_have_text("Say why, then it is saved")
    assert sheet.is_unsent


def test_retries_by_itself(desk: Desk, sheet: Sheet, ids: list[str], assessment: Assessment) -> None:
    desk.expect("status of 500")
    gate = Gate(sheet.page).refuse(500)
    sheet.choose(ids[0], 4)
    expect(sheet.state(ids[0])).to_have_text("Could not save, kept on this page")
    gate.release()
    sheet.wait_saved(ids[0])
    assert level(assessment, ids[0]) == 4


def test_thirty_answers_offline_arrive_in_order(desk: Desk, sit: Sit, editor: User, assessment: Assessment) -> None:
    desk.expect("ERR_INTERNET_DISCONNECTED")
    first = sit(editor)
    sheets = [
        Sheet(page, assessment, dimension).open()
        for page, dimension in zip(
            [first, first.context.new_page(), first.context.new_page()], ("problem", "team", "customer"), strict=True
        )
    ]
    first.context.set_offline(True)
    for sheet in sheets:
        sheet.page.bring_to_front()
        for place, question in enumerate(sheet.ids[:10]):
            sheet.choose(question, place % 4)
        expect(sheet.page.locator("#waiting")).to_contain_text("10 answers are waiting")
        assert sheet.is_unsent
    assert history(assessment) == []
    first.context.set_offline(False)
    for sheet in sheets:
        sheet.wait_saved(*sheet.ids[:10])
    rows = history(assessment)
    assert len(rows) == 30
    for sheet in sheets:
        mine = [(row.question, row.after["level"]) for row in rows if row.question in sheet.ids]
        assert mine == [(question, place % 4) for place, question in enumerate(sheet.ids[:10])]


def test_lost_answer_of_the_server_is_no_conflict(
    desk: Desk, sheet: Sheet, ids: list[str], assessment: Assessment
) -> None:
    desk.expect("ERR_TIMED_OUT")
    gate = Gate(sheet.page).swallow_answers()
    sheet.choose(ids[0], 2)
    expect(sheet.state(ids[0])).to_have_text("Not sent yet, kept on this page")
    assert level(assessment, ids[0]) == 2
    gate.release()
    sheet.wait_saved(ids[0])
    assert len({form["mutation"] for form in gate.posted}) == 1
    assert len(gate.posted) == 2
    assert len(history(assessment)) == 1
    sheet.choose(ids[0], 3)
    sheet.page.wait_for_timeout(200)
    sheet.wait_saved(ids[0])
    expect(sheet.conflict(ids[0])).to_have_count(0)
    assert [row.after["level"] for row in history(assessment)] == [2, 3]


def test_change_after_a_lost_answer_is_told_to_both(
    desk: Desk, sheet: Sheet, ids: list[str], assessment: Assessment, owner: User
) -> None:
    """Ours was stored, its answer was lost, somebody changed it: the repeat must not hide their change from us."""
    desk.expect("ERR_TIMED_OUT", "409")
    gate = Gate(sheet.page).swallow_answers()
    sheet.choose(ids[0], 2)
    expect(sheet.state(ids[0])).to_have_text("Not sent yet, kept on this page")
    make_answer(assessment, owner, ids[0], 0, base=1)
    gate.release()
    expect(sheet.conflict(ids[0])).to_contain_text(owner.name)
    assert level(assessment, ids[0]) == 0
    sheet.conflict(ids[0]).get_by_role("button", name="Keep mine").click()
    sheet.wait_saved(ids[0])
    assert [row.after["level"] for row in history(assessment)] == [2, 0, 2]


# Two people


def test_conflict_shows_both_and_keeps_mine(
    desk: Desk, sit: Sit, sheet: Sheet, ids: list[str], assessment: Assessment, owner: User
) -> None:
    desk.expect("409")
    other = Sheet(sit(owner), assessment).open()
    other.choose(ids[0], 0)
    other.wait_saved(ids[0])
    sheet.choose(ids[0], 3)
    box = sheet.conflict(ids[0])
    expect(box).to_contain_text(owner.name)
    choices = assessment.checklist.question_by_id[ids[0]].choices
    expect(box.locator(".theirs")).to_have_text(choices[0])
    expect(box.locator(".mine")).to_have_text(choices[3])
    expect(sheet.radio(ids[0], "3")).to_be_checked()
    expect(sheet.radio(ids[0], "3")).to_be_focused()
    assert sheet.is_unsent
    box.get_by_role("button", name="Keep mine").click()
    sheet.wait_saved(ids[0])
    assert [row.after["level"] for row in history(assessment)] == [0, 3]
    assert (history(assessment)[1].before or {})["level"] == 0
    assert not sheet.is_unsent


def test_conflict_takes_theirs_with_their_note(
    desk: Desk, sheet: Sheet, ids: list[str], assessment: Assessment, owner: User
) -> None:
    desk.expect("409")
    make_answer(assessment, owner, ids[0], GivenAnswer(State.GRADED, 1, note="Asked the team."))
    sheet.choose(ids[0], 3)
    box = sheet.conflict(ids[0])
    expect(box).to_contain_text("Asked the team.")
    box.get_by_role("button", name="Use theirs").click()
    sheet.wait_saved(ids[0])
    expect(sheet.radio(ids[0], "1")).to_be_checked()
    expect(sheet.field(ids[0], "note")).to_have_value("Asked the team.")
    expect(sheet.radio(ids[0], "1")).to_be_focused()
    assert [row.after["level"] for row in history(assessment)] == [1]
    assert not sheet.is_unsent


def test_different_questions_do_not_meet(
    sit: Sit, sheet: Sheet, ids: list[str], assessment: Assessment, owner: User
) -> None:
    other = Sheet(sit(owner), assessment).open()
    for mine, theirs in zip(ids[0::2], ids[1::2], strict=False):
        sheet.choose(mine, 1)
        other.choose(theirs, 2)
    for mine, theirs in zip(ids[0::2], ids[1::2], strict=False):
        sheet.wait_saved(mine)
        other.wait_saved(theirs)
        assert (level(assessment, mine), level(assessment, theirs)) == (1, 2)


def test_fifty_rounds_without_a_silent_overwrite(
    desk: Desk, sit: Sit, ids: list[str], assessment: Assessment, editor: User, owner: User
) -> None:
    """Two people answer the same question at the same moment, fifty times. Everybody is saved or told."""
    desk.expect("409")
    sheets = [Sheet(sit(person), assessment).open() for person in (editor, owner)]
    question, saved, told = ids[0], 0, 0
    for number in range(50):
        before = len(history(assessment))
        for sheet, value in zip(sheets, (number % 2, 2 + number % 2), strict=True):
            sheet.radio(question, str(value)).evaluate("input => input.click()")
        for sheet in sheets:
            wait_for(sheet.page, f"document.querySelector('.conflict') !== null || !({UNSENT})")
        conflicts = [sheet for sheet in sheets if sheet.conflict(question).count()]
        rows = history(assessment)[before:]
        saved += len(rows)
        told += len(conflicts)
        assert len(rows) + len(conflicts) == 2
        for sheet in conflicts:
            sheet.conflict(question).get_by_role("button", name="Use theirs").click()
            sheet.wait_saved(question)
    rows = history(assessment, question)
    assert all(late.before == early.after for early, late in pairwise(rows))
    assert [row.revision for row in rows] == list(range(1, len(rows) + 1))
    sys.stdout.write(f"\nrounds=50 saved={saved} told={told} silent={100 - saved - told}\n")
    assert saved + told == 100


# Signed out, closed, refused


def sign_in(page: Page, user: User) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/portfolio/")


def test_session_ends_in_the_middle_of_a_note(
    desk: Desk, sheet: Sheet, ids: list[str], assessment: Assessment, editor: User
) -> None:
    desk.expect("status of 401", "status of 403")
    token = sheet.page.locator("#questions [name=csrfmiddlewaretoken]")
    old = token.input_value()
    sheet.unfold(ids[0], "note")
    note = sheet.field(ids[0], "note")
    note.press_sequentially("Half a sentence, ")
    Session.objects.all().delete()
    note.press_sequentially("and the other half.")
    dialog = sheet.page.get_by_role("dialog", name="You are signed out")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("kept on this page")
    assert stored(assessment, ids[0]) is None or stored(assessment, ids[0]).note != note.input_value()  # type: ignore[union-attr]

    with sheet.page.context.expect_page() as opened:
        dialog.get_by_role("link", name="Sign in").click()
    sign_in(opened.value, editor)
    opened.value.close()
    sheet.page.bring_to_front()
    dialog.get_by_role("button", name="Send again").click()

    expect(dialog).to_be_hidden()
    sheet.wait_saved(ids[0])
    expect(note).to_have_value("Half a sentence, and the other half.")
    answer = stored(assessment, ids[0])
    assert answer is not None
    assert answer.note == "Half a sentence, and the other half."
    assert token.input_value() != old
    sheet.choose(ids[1], 1)
    sheet.wait_saved(ids[1])


def test_coming_back_to_the_page_sends_by_itself(
    desk: Desk, sheet: Sheet, ids: list[str], assessment: Assessment, editor: User
) -> None:
    desk.expect("status of 401", "status of 403")
    Session.objects.all().delete()
    sheet.choose(ids[0], 1)
    dialog = sheet.page.get_by_role("dialog", name="You are signed out")
    expect(dialog).to_be_visible()
    sheet.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(sheet.page.locator("#waiting")).to_contain_text("You are signed out. 1 answer is waiting on this page.")
    other = sheet.page.context.new_page()
    sign_in(other, editor)
    other.close()
    sheet.page.evaluate("window.dispatchEvent(new Event('focus'))")
    sheet.wait_saved(ids[0])
    assert level(assessment, ids[0]) == 1


def test_somebody_else_who_signs_in_does_not_send_my_answers(
    desk: Desk, sheet: Sheet, ids: list[str], assessment: Assessment, owner: User
) -> None:
    desk.expect("status of 401", "status of 403")
    Session.objects.all().delete()
    sheet.choose(ids[0], 1)
    dialog = sheet.page.get_by_role("dialog", name="You are signed out")
    expect(dialog).to_be_visible()
    other = sheet.page.context.new_page()
    sign_in(other, owner)
    other.close()
    dialog.get_by_role("button", name="Send again").click()
    expect(dialog).to_be_visible()
    assert stored(assessment, ids[0]) is None
    assert sheet.is_unsent


def test_closed_checklist_gives_the_text_back(
    desk: Desk, sheet: Sheet, ids: list[str], assessment: Assessment, owner: User
) -> None:
    desk.expect("status of 423")
    make_snapshot(assessment, owner, closes=True)
    sheet.unfold(ids[0], "note")
    sheet.field(ids[0], "note").fill("Known only to me.")
    sheet.choose(ids[0], 2)
    problem = sheet.box(ids[0]).locator("[data-problem]")
    expect(problem).to_contain_text("This checklist was closed.")
    expect(problem).to_contain_text(assessment.checklist.question_by_id[ids[0]].choices[2])
    expect(problem).to_contain_text("Known only to me.")
    expect(sheet.state(ids[0])).to_have_text("Not saved")
    assert stored(assessment, ids[0]) is None
    assert sheet.is_unsent


def test_refused_value_is_explained_beside_the_field_and_can_be_mended(
    desk: Desk, sheet: Sheet, ids: list[str], assessment: Assessment
) -> None:
    desk.expect("status of 422")
    sheet.unfold(ids[0], "evidence")
    link = sheet.field(ids[0], "evidence_url")
    link.fill("javascript:alert(1)")
    link.blur()
    problem = sheet.box(ids[0]).locator("[data-problem]")
    expect(problem).to_have_text("Evidence link: this must be an address that starts with http:// or https://.")
    expect(link).to_have_value("javascript:alert(1)")
    assert sheet.is_unsent
    link.fill("https://wiki.example.org/decision")
    sheet.wait_saved(ids[0])
    expect(problem).to_be_hidden()
    assert not sheet.is_unsent
    answer = stored(assessment, ids[0])
    assert answer is not None
    assert answer.evidence_url == "https://wiki.example.org/decision"


def test_title_of_evidence_waits_for_its_link(sheet: Sheet, ids: list[str], assessment: Assessment) -> None:
    sheet.choose(ids[0], 1)
    sheet.wait_saved(ids[0])
    sheet.unfold(ids[0], "evidence")
    sheet.field(ids[0], "evidence_title").fill("The decision")
    sheet.page.keyboard.press("Tab")
    expect(sheet.state(ids[0])).to_have_text("The evidence needs a link")
    expect(sheet.box(ids[0]).locator("[data-problem]")).to_be_hidden()
    assert sheet.is_unsent
    sheet.choose(ids[0], 2)
    expect(sheet.page.locator("#announce")).to_have_text("Saved")
    expect(sheet.state(ids[0])).to_have_text("The evidence needs a link")
    sheet.field(ids[0], "evidence_url").fill("https://wiki.example.org/decision")
    sheet.wait_saved(ids[0])
    answer = stored(assessment, ids[0])
    assert answer is not None
    assert (answer.level, answer.evidence_title) == (2, "The decision")
    assert not sheet.is_unsent


# Leaving


def test_leaving_warns_only_while_something_is_unsent(sheet: Sheet, ids: list[str], assessment: Assessment) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    sheet.page.on("dialog", stay)
    gate = Gate(sheet.page).hold()
    sheet.choose(ids[0], 1)
    sheet.page.close(run_before_unload=True)
    sheet.page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    assert not sheet.page.is_closed()
    gate.release()
    sheet.wait_saved(ids[0])
    with sheet.page.expect_event("close"):
        sheet.page.close(run_before_unload=True)
    assert asked == ["beforeunload"]
    assert level(assessment, ids[0]) == 1


def test_link_waits_for_the_answer_on_its_way(sheet: Sheet, ids: list[str], assessment: Assessment) -> None:
    gate = Gate(sheet.page).hold()
    sheet.choose(ids[0], 1)
    sheet.page.get_by_role("link", name="Continue to").click(no_wait_after=True)
    sheet.page.wait_for_timeout(300)
    assert sheet.page.url.endswith(sheet.path)
    gate.release()
    sheet.page.wait_for_url("**/checklist/data/")
    assert level(assessment, ids[0]) == 1


# Keys


def test_nine_answers_by_keyboard_within_a_minute(sheet: Sheet, ids: list[str], assessment: Assessment) -> None:
    keys = sheet.page.keyboard
    started = time.monotonic()
    sheet.radio(ids[0], "0").focus()
    for place in range(5):
        keys.press(str(place % 4 + 1))
        keys.press("j")
    keys.press("d")
    keys.press("Enter")
    keys.press("n")
    expect(sheet.field(ids[6], "reason")).to_be_focused()
    keys.type("Nothing of it here.")
    keys.press("Shift+Tab")
    keys.press("u")
    keys.press("2")
    keys.press("o")
    expect(sheet.field(ids[7], "note")).to_be_focused()
    keys.type("jkdn are letters here, 1 too")
    keys.press("Shift+Tab")
    keys.press("j")
    keys.press("1")
    keys.press("e")
    expect(sheet.field(ids[8], "evidence_title")).to_be_focused()
    sheet.wait_saved(*ids[:9])
    assert time.monotonic() - started < 60
    rows = [stored(assessment, question) for question in ids[:9]]
    assert [row.level for row in rows if row] == [0, 1, 2, 3, 0, None, None, 1, 0]
    assert [row.state for row in rows if row][5:7] == [State.UNKNOWN, State.NOT_APPLICABLE]
    assert rows[7] is not None
    assert rows[7].note == "jkdn are letters here, 1 too"
    keys.press("Shift+Tab")
    keys.press("k")
    expect(sheet.radio(ids[7], "1")).to_be_focused()


def test_open_question_is_reached_by_key_and_by_tab(sheet: Sheet, ids: list[str]) -> None:
    sheet.radio(ids[0], "0").focus()
    sheet.page.keyboard.press("j")
    expect(sheet.radio(ids[1], "0")).to_be_focused()
    sheet.page.keyboard.press("k")
    expect(sheet.radio(ids[0], "0")).to_be_focused()
    sheet.box(ids[0]).locator(".src a").focus()
    sheet.page.keyboard.press("Tab")
    expect(sheet.radio(ids[0], "0")).to_be_focused()


def test_arrows_and_tab_stay_as_everywhere(sheet: Sheet, ids: list[str], assessment: Assessment) -> None:
    sheet.radio(ids[0], "0").focus()
    sheet.page.keyboard.press("Space")
    sheet.page.keyboard.press("ArrowDown")
    expect(sheet.radio(ids[0], "1")).to_be_checked()
    sheet.page.keyboard.press("Tab")
    expect(sheet.box(ids[0]).locator("[data-open=note]")).to_be_focused()
    sheet.wait_saved(ids[0])
    assert level(assessment, ids[0]) == 1


def test_keys_can_be_switched_off(sit: Sit, ids: list[str], assessment: Assessment, editor: User) -> None:
    editor.single_keys = False
    editor.save()
    sheet = Sheet(sit(editor), assessment).open()
    sheet.radio(ids[0], "0").focus()
    for key in ("2", "d", "j", "e"):
        sheet.page.keyboard.press(key)
    expect(sheet.radio(ids[0], "0")).to_be_focused()
    expect(sheet.box(ids[0]).locator("[data-name=choice]:checked")).to_have_value("")
    expect(sheet.page.get_by_text("Single keys are off for you.")).to_be_visible()
    assert history(assessment) == []


def test_keys_with_ctrl_belong_to_the_browser(sheet: Sheet, ids: list[str], assessment: Assessment) -> None:
    sheet.radio(ids[0], "0").focus()
    for key in ("Control+1", "Alt+2", "Meta+d"):
        sheet.page.keyboard.press(key)
    sheet.page.wait_for_timeout(200)
    assert history(assessment) == []


# Without script


def test_answers_are_saved_without_script(sit: Sit, ids: list[str], assessment: Assessment, editor: User) -> None:
    sheet = Sheet(sit(editor, java_script_enabled=False), assessment).open()
    sheet.choose(ids[0], 2)
    sheet.field(ids[0], "note").fill("Typed without script.")
    sheet.choose(ids[1], "na")
    sheet.field(ids[1], "reason").fill("There is one team.")
    sheet.page.get_by_role("button", name="Save and continue").click()
    sheet.page.wait_for_url("**/checklist/data/")
    expect(sheet.page.get_by_role("status").first).to_contain_text("Saved 2 answers.")
    first, second = stored(assessment, ids[0]), stored(assessment, ids[1])
    assert first is not None
    assert second is not None
    assert (first.level, first.note) == (2, "Typed without script.")
    assert (second.state, second.reason) == (State.NOT_APPLICABLE, "There is one team.")


def test_conflict_without_script(
    desk: Desk, sit: Sit, ids: list[str], assessment: Assessment, editor: User, owner: User
) -> None:
    desk.expect("status of 409", "status of 422")
    sheet = Sheet(sit(editor, java_script_enabled=False), assessment).open()
    make_answer(assessment, owner, ids[0], 0)
    sheet.choose(ids[0], 3)
    sheet.choose(ids[1], 1)
    sheet.choose(ids[2], "na")
    save = sheet.page.get_by_role("button", name="Save and continue")
    save.click()
    alert = sheet.page.get_by_role("alert").first
    expect(alert).to_contain_text("Some answers were not saved")
    expect(sheet.box(ids[0])).to_contain_text(owner.name)
    expect(sheet.radio(ids[0], "3")).to_be_checked()
    expect(sheet.box(ids[2]).locator("[data-problem]")).to_contain_text("Reason: say why")
    assert (level(assessment, ids[0]), level(assessment, ids[1])) == (0, 1)
    sheet.field(ids[2], "reason").fill("There is no data yet.")
    save.click()
    sheet.page.wait_for_url("**/checklist/data/")
    assert [row.after["level"] for row in history(assessment, ids[0])] == [0, 3]


# A server that is killed


def test_server_killed_between_two_answers(
    desk: Desk, sit: Sit, ids: list[str], assessment: Assessment, editor: User
) -> None:
    """The second answer is kept, shown as waiting, and sent after the restart, in order; the third one after it."""
    desk.expect("ERR_CONNECTION_REFUSED", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET")
    port = free_port()
    desk.address = f"http://localhost:{port}"
    server = start_web(port)
    try:
        sheet = Sheet(sit(editor), assessment).open()
        sheet.choose(ids[0], 1)
        sheet.wait_saved(ids[0])
        end(server)
        sheet.choose(ids[1], 2)
        sheet.choose(ids[2], 3)
        for question in ids[1:3]:
            expect(sheet.state(question)).to_have_text("Not sent yet, kept on this page")
        expect(sheet.page.locator("#waiting")).to_contain_text("2 answers are waiting on this page")
        assert [row.question for row in history(assessment)] == ids[:1]
        server = start_web(port)
        sheet.wait_saved(*ids[1:3])
        assert [(row.question, row.after["level"]) for row in history(assessment)] == [
            (ids[0], 1),
            (ids[1], 2),
            (ids[2], 3),
        ]
    finally:
        end(server)
