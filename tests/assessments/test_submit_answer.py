"""Saving one answer: what is stored, what is refused, and who wins when two people change the same one."""

from __future__ import annotations

import uuid
from dataclasses import asdict, replace
from typing import Any

import pytest

from accounts.models import AuditEvent, Organisation, User
from assessments.errors import AnswerConflict, AnswerRefused, AssessmentClosed
from assessments.evaluation import evaluate_assessment
from assessments.models import Answer, AnswerChange, Assessment, State
from assessments.services import GivenAnswer, follow_project, given_of, record_agreed_answer, submit_answer
from projects.models import Project
from tests.access.dump import changed_tables, dump_tables
from tests.make import AT, answer_all, figures_of, make_answer, make_assessment, make_project, make_snapshot

ONE, TWO = "problem.statement", "problem.objective"
LINK = "https://wiki.example.org/page"


def stored(assessment: Assessment, question: str = ONE) -> GivenAnswer:
    return given_of(Answer.objects.filter(respondent__assessment=assessment, question=question).first())


def changes(assessment: Assessment, question: str = ONE) -> list[AnswerChange]:
    return list(AnswerChange.objects.filter(assessment=assessment, question=question).order_by("revision"))


@pytest.mark.parametrize(
    "given",
    [
        GivenAnswer(State.GRADED, 0),
        GivenAnswer(State.GRADED, 3, "", "A note\nof two lines", "Minutes", LINK),
        GivenAnswer(State.UNKNOWN, None, "", "Who knows?"),
        GivenAnswer(State.NOT_APPLICABLE, None, "One source alone."),
        GivenAnswer(State.BLANK, None, "", "Only a note so far"),
        GivenAnswer(State.BLANK, None, "", "", "", LINK),
        GivenAnswer(State.PASSED, None),
    ],
    ids=lambda given: str(given.state),
)
def test_every_kind_is_stored(assessment: Assessment, owner: User, given: GivenAnswer) -> None:
    saved = make_answer(assessment, owner, ONE, given)
    assert saved.is_new
    assert stored(assessment) == given
    assert (saved.answer.revision, saved.answer.answered_by, saved.answer.answered_at) == (1, owner, AT)
    (change,) = changes(assessment)
    assert (change.before, change.after, change.by, change.at, change.revision) == (None, asdict(given), owner, AT, 1)


def test_text_is_cleaned_and_otherwise_kept(assessment: Assessment, owner: User) -> None:
    make_answer(assessment, owner, ONE, GivenAnswer(State.GRADED, 1, "", "  one\r\ntwo\rthree \u202e<b>🏴‍☠️ "))
    assert stored(assessment).note == "one\ntwo\nthree \u202e<b>🏴‍☠️"


def test_a_reason_is_kept_for_not_applicable_alone(assessment: Assessment, owner: User) -> None:
    make_answer(assessment, owner, ONE, GivenAnswer(State.GRADED, 1, "left over"))
    assert stored(assessment).reason == ""


def test_a_second_change_counts_on(assessment: Assessment, owner: User, editor: User) -> None:
    make_answer(assessment, owner, ONE, 1)
    saved = make_answer(assessment, editor, ONE, 2, base=1)
    assert (saved.answer.revision, saved.answer.answered_by) == (2, editor)
    first, second = changes(assessment)
    assert second.before == first.after
    assert second.after["level"] == 2


def test_who_comes_second_is_told(assessment: Assessment, owner: User, editor: User) -> None:
    make_answer(assessment, owner, ONE, GivenAnswer(State.GRADED, 1, "", "theirs"))
    before = dump_tables()
    for base in (0, 2, 99):
        with pytest.raises(AnswerConflict) as conflict:
            make_answer(assessment, editor, ONE, 3, base=base)
        assert conflict.value.current is not None
        assert (conflict.value.current.note, conflict.value.current.revision) == ("theirs", 1)
        assert conflict.value.current.answered_by == owner
    assert changed_tables(before, dump_tables()) == []


def test_a_made_up_revision_of_nothing(assessment: Assessment, owner: User) -> None:
    with pytest.raises(AnswerConflict) as conflict:
        make_answer(assessment, owner, ONE, 3, base=4)
    assert conflict.value.current is None


def test_sent_twice_counts_once(assessment: Assessment, owner: User) -> None:
    mutation = uuid.uuid4()

    def send(level: int, base: int) -> bool:
        return submit_answer(
            assessment=assessment, question=ONE, given=GivenAnswer(State.GRADED, level), base_revision=base,
            mutation_id=mutation, by=owner, at=AT,
        ).is_new  # fmt: skip

    assert send(1, 0)
    before = dump_tables()
    assert not send(1, 0)
    assert not send(3, 0)  # the same id is the same change, whatever comes with it
    assert changed_tables(before, dump_tables()) == []
    make_answer(assessment, owner, ONE, 2, base=1)
    assert not send(1, 0)  # also after somebody else went on
    assert stored(assessment).level == 2


def test_sent_twice_after_closing(assessment: Assessment, owner: User) -> None:
    """The answer arrived, its confirmation was lost, and the run was closed: that is a saved answer and no refusal."""
    mutation = uuid.uuid4()
    arguments: dict[str, Any] = {
        "assessment": assessment, "question": ONE, "given": GivenAnswer(State.GRADED, 1), "base_revision": 0,
        "mutation_id": mutation, "by": owner, "at": AT,
    }  # fmt: skip
    submit_answer(**arguments)
    make_snapshot(assessment, owner, closes=True)
    assert not submit_answer(**arguments).is_new


def test_the_same_again_is_no_change(assessment: Assessment, owner: User, editor: User) -> None:
    given = GivenAnswer(State.GRADED, 2, "", "a note")
    make_answer(assessment, owner, ONE, given)
    before = dump_tables()
    saved = make_answer(assessment, editor, ONE, replace(given, note=" a note "), base=1)
    assert not saved.is_new
    assert saved.answer.answered_by == owner
    assert changed_tables(before, dump_tables()) == []


def test_two_who_say_the_same_do_not_disagree(assessment: Assessment, owner: User, editor: User) -> None:
    make_answer(assessment, owner, ONE, 2)
    before = dump_tables()
    for base in (0, 1, 7):
        saved = make_answer(assessment, editor, ONE, 2, base=base)
        assert not saved.is_new
        assert saved.answer.revision == 1
    assert changed_tables(before, dump_tables()) == []


def test_blank_on_nothing_is_no_change(assessment: Assessment, owner: User) -> None:
    before = dump_tables()
    saved = make_answer(assessment, owner, ONE, GivenAnswer())
    assert not saved.is_new
    assert saved.answer.revision == 0
    assert changed_tables(before, dump_tables()) == []


def test_clearing_keeps_the_history(assessment: Assessment, owner: User) -> None:
    make_answer(assessment, owner, ONE, 2)
    saved = make_answer(assessment, owner, ONE, GivenAnswer(), base=1)
    assert saved.is_new
    assert stored(assessment) == GivenAnswer()
    assert [change.after["state"] for change in changes(assessment)] == ["graded", "blank"]
    assert saved.evaluation.progress.total.answered == 0


def test_closed_is_closed(assessment: Assessment, owner: User) -> None:
    make_answer(assessment, owner, ONE, 2)
    make_snapshot(assessment, owner, closes=True)
    before = dump_tables()
    with pytest.raises(AssessmentClosed, match="closed"):
        make_answer(assessment, owner, ONE, 3, base=1)
    with pytest.raises(AssessmentClosed):
        record_agreed_answer(assessment=assessment, question=ONE, level=1, reason="", by=owner, at=AT)
    assert changed_tables(before, dump_tables()) == []


@pytest.mark.parametrize("question", ["no.such", "", "problem", "operations.monitoring", "x" * 500, "a\x00b"])
def test_questions_that_are_not_asked(organisation: Organisation, owner: User, question: str) -> None:
    project = make_project(organisation, owner, stage="idea")
    assessment = make_assessment(project, owner)
    assert "operations.monitoring" in assessment.checklist.question_by_id
    with pytest.raises(AnswerRefused, match="Question"):
        make_answer(assessment, owner, question, 1)
    assert not Answer.objects.exists()


REFUSED = {
    "level too high": (GivenAnswer(State.GRADED, 5), "choices"),
    "level far too high": (GivenAnswer(State.GRADED, 10**9), "choices"),
    "level below": (GivenAnswer(State.GRADED, -1), "choices"),
    "graded without level": (GivenAnswer(State.GRADED, None), "level"),
    "level without graded": (GivenAnswer(State.UNKNOWN, 2), "level"),
    "unknown state": (GivenAnswer("perhaps", None), "Answer"),
    "no reason": (GivenAnswer(State.NOT_APPLICABLE, None), "Reason"),
    "blank reason": (GivenAnswer(State.NOT_APPLICABLE, None, " \n "), "Reason"),
    "long reason": (GivenAnswer(State.NOT_APPLICABLE, None, "x" * 501), "Reason: at most 500"),
    "long note": (GivenAnswer(State.GRADED, 1, "", "x" * 4001), "Note: at most 4,000"),
    "nul in note": (GivenAnswer(State.GRADED, 1, "", "a\x00b"), "Note"),
    "surrogate in note": (GivenAnswer(State.GRADED, 1, "", "a\ud800b"), "Note"),
    "long title": (GivenAnswer(State.GRADED, 1, "", "", "x" * 121, LINK), "Evidence title: at most 120"),
    "line in title": (GivenAnswer(State.GRADED, 1, "", "", "a\nb", LINK), "Evidence title"),
    "title without link": (GivenAnswer(State.GRADED, 1, "", "", "Minutes"), "Evidence link"),
    "long link": (GivenAnswer(State.GRADED, 1, "", "", "", LINK + "x" * 2000), "Evidence link: at most 2,000"),
}


@pytest.mark.parametrize(("given", "words"), REFUSED.values(), ids=REFUSED)
def test_refused(assessment: Assessment, owner: User, given: GivenAnswer, words: str) -> None:
    make_answer(assessment, owner, TWO, 1)
    before = dump_tables()
    with pytest.raises(AnswerRefused, match=words):
        make_answer(assessment, owner, ONE, given)
    assert changed_tables(before, dump_tables()) == []


def test_the_highest_level_of_each_question(assessment: Assessment, owner: User) -> None:
    for question in assessment.questions_due():
        best = len(question.choices) - 1
        make_answer(assessment, owner, question.id, best)
        with pytest.raises(AnswerRefused):
            make_answer(assessment, owner, question.id, best + 1, base=1)


LINKS = {
    "https://wiki.example.org/a?b=c#d": True,
    "http://10.0.0.1:8080/": True,
    "HTTPS://EXAMPLE.ORG": True,
    "https://münchen.example/Straße": True,
    "ftp://example.org/": False,
    "javascript:alert(1)": False,
    "JaVaScRiPt://example.org/%0aalert(1)": False,
    "data:text/html,x": False,
    "//example.org/": False,
    "example.org": False,
    "https://": False,
    "https:///path": False,
    "http://a b.example/": False,
    "https://[::1": False,
    "file:///etc/passwd": False,
    "mailto:a@example.org": False,
}


@pytest.mark.parametrize(("link", "is_taken"), LINKS.items(), ids=LINKS)
def test_links(assessment: Assessment, owner: User, link: str, is_taken: bool) -> None:
    given = GivenAnswer(State.GRADED, 1, "", "", "Minutes", link)
    if is_taken:
        make_answer(assessment, owner, ONE, given)
        assert stored(assessment).evidence_url == link
    else:
        with pytest.raises(AnswerRefused, match="Evidence link"):
            make_answer(assessment, owner, ONE, given)


def test_the_figures_are_those_of_a_new_computation(assessment: Assessment, owner: User) -> None:
    """After every single save, also of kinds that score differently."""
    kinds = [
        GivenAnswer(State.GRADED, 0), GivenAnswer(State.UNKNOWN), GivenAnswer(State.NOT_APPLICABLE, None, "No."),
        GivenAnswer(State.GRADED, 2, "", "a note"), GivenAnswer(State.BLANK, None, "", "a note"), GivenAnswer(),
    ]  # fmt: skip
    for place, question in enumerate(assessment.questions_due()):
        saved = make_answer(assessment, owner, question.id, kinds[place % len(kinds)])
        evaluation = evaluate_assessment(Assessment.objects.select_related("project").get(pk=assessment.pk))
        fresh = figures_of(assessment.project)
        result, total = evaluation.result, evaluation.progress.total
        assert (fresh.index, fresh.low, fresh.high) == (result.index, result.low, result.high)
        assert (fresh.answered, fresh.due) == (total.answered, total.due)
        assert saved.evaluation.result == result
        assert saved.evaluation.progress == evaluation.progress
    assert 0 < fresh.answered < fresh.due


def test_another_stage_refreshes_the_open_run(project: Project, owner: User) -> None:
    assessment = make_assessment(project, owner)
    answer_all(assessment, owner)
    due = figures_of(project).due
    project.stage = "idea"
    project.save()
    follow_project(project=project)
    fresh = Assessment.objects.select_related("project").get(pk=assessment.pk)
    assert figures_of(project).due < due
    assert figures_of(project).index == evaluate_assessment(fresh).result.index


def test_an_agreed_answer_replaces_in_the_score_alone(assessment: Assessment, owner: User) -> None:
    make_answer(assessment, owner, ONE, 0)
    low_point = figures_of(assessment.project).index
    agreed = record_agreed_answer(
        assessment=assessment, question=ONE, level=3, reason=" Settled ", by=owner, at=AT,
        evidence_title="Minutes", evidence_url=LINK,
    )  # fmt: skip
    assert (agreed.level, agreed.reason, agreed.evidence_url) == (3, "Settled", LINK)
    assert stored(assessment) == GivenAnswer(State.GRADED, 0)
    fresh = figures_of(assessment.project)
    assert low_point is not None
    assert fresh.index is not None
    assert fresh.index < low_point
    assert fresh.answered == 1
    assert fresh.index == evaluate_assessment(Assessment.objects.get(pk=assessment.pk)).result.index
    assert AuditEvent.objects.filter(verb="answer.agreed").get().detail == {"question": ONE, "level": 3}
    record_agreed_answer(assessment=assessment, question=ONE, level=2, reason="", by=owner, at=AT)
    assert assessment.agreed_answers.get().level == 2


@pytest.mark.parametrize(
    ("changes_", "words"),
    [
        ({"level": 9}, "choices"), ({"level": -1}, "choices"), ({"question": "no.such"}, "Question"),
        ({"evidence_url": "ftp://x"}, "Evidence link"), ({"evidence_title": "alone"}, "Evidence link"),
        ({"reason": "x" * 501}, "Reason"), ({"reason": "\x00"}, "Reason"),
    ],
)  # fmt: skip
def test_refused_agreed_answers(assessment: Assessment, owner: User, changes_: dict[str, object], words: str) -> None:
    before = dump_tables()
    arguments = {"question": ONE, "level": 1, "reason": "", **changes_}
    with pytest.raises((AnswerRefused, ValueError), match=words):
        record_agreed_answer(assessment=assessment, by=owner, at=AT, **arguments)  # type: ignore[arg-type]
    assert changed_tables(before, dump_tables()) == []
