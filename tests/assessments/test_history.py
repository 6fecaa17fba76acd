"""The history is complete: replayed from the start it ends at what is stored, whatever was done in between."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Organisation, User
from assessments.errors import AnswerConflict, AnswerRefused
from assessments.models import Answer, AnswerChange, Assessment, State
from assessments.services import GivenAnswer, given_of, start_assessment, submit_answer
from projects.models import Project
from tests.make import AT, make_assessment, make_project, make_snapshot

QUESTIONS = ("problem.statement", "problem.objective", "data.access", "operations.monitoring", "no.such")
TEXTS = st.sampled_from(["", "a note", " spaced ", "two\r\nlines", "\x00", "x" * 4001, "<b>&", "\u202e"])
ANSWERS = st.builds(
    GivenAnswer,
    state=st.sampled_from(State.values),
    level=st.one_of(st.none(), st.integers(-1, 6)),
    reason=TEXTS,
    note=TEXTS,
    evidence_title=st.sampled_from(["", "Minutes"]),
    evidence_url=st.sampled_from(["", "https://wiki.example.org/", "ftp://x"]),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(QUESTIONS),
        ANSWERS,
        st.one_of(st.none(), st.integers(0, 4)),  # None stands for the present revision, a number for what a page had
        st.booleans(),  # whether it is sent twice
    ),
    min_size=1,
    max_size=14,
)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_the_history_replays_to_the_state(
    owner: User, editor: User, organisation: Organisation, steps: list[Any]
) -> None:
    assessment = make_assessment(make_project(organisation, owner), owner)
    held: dict[str, tuple[int, GivenAnswer]] = {}
    accepted = 0
    for place, (question, content, base, is_repeated) in enumerate(steps):
        revision, current = held.get(question, (0, GivenAnswer()))
        arguments = {
            "assessment": assessment, "question": question, "given": content,
            "base_revision": revision if base is None else base, "mutation_id": uuid.uuid4(),
            "by": (owner, editor)[place % 2], "at": AT + timedelta(minutes=place),
        }  # fmt: skip
        try:
            saved = submit_answer(**arguments)
        except (AnswerConflict, AnswerRefused):
            assert base not in {None, revision} or question == "no.such" or not is_legal(content)
            continue
        assert saved.is_new == (given_of(saved.answer) != current)
        accepted += saved.is_new
        held[question] = (saved.answer.revision, given_of(saved.answer))
        if is_repeated and saved.is_new:
            assert not submit_answer(**arguments).is_new
    check_replay(assessment)
    rows = Answer.objects.filter(respondent__assessment=assessment)
    assert {row.question: (row.revision, given_of(row)) for row in rows} == {
        question: state for question, state in held.items() if state[0]
    }
    assert AnswerChange.objects.filter(assessment=assessment).count() == accepted


def is_legal(content: GivenAnswer) -> bool:
    """The rules once more, in the words of the page: what must be accepted when nobody else was faster."""
    texts = (content.reason, content.note)
    return not (
        any("\x00" in text for text in texts)
        or len(content.note) > 4000
        or len(content.reason) > 500
        or (content.state == State.GRADED) != (content.level is not None)
        or (content.level is not None and not 0 <= content.level <= 4)
        # Some questions have four choices: what is refused there cannot be told apart here.
        or content.level == 4
        or (content.state == State.NOT_APPLICABLE and not content.reason.strip())
        or (content.evidence_title and not content.evidence_url)
        or content.evidence_url.startswith("ftp")
    )


def check_replay(assessment: Assessment) -> None:
    """Every change starts where the one before ended, revisions count 1, 2, 3, and the last one is what is stored."""
    state: dict[str, tuple[int, dict[str, Any]]] = {}
    for change in AnswerChange.objects.filter(assessment=assessment).order_by("id"):
        revision, before = state.get(change.question, (0, None))
        assert change.revision == revision + 1
        assert change.before == before
        assert change.after != before
        state[change.question] = (change.revision, change.after)
    for row in Answer.objects.filter(respondent__assessment=assessment):
        assert state.pop(row.question) == (row.revision, asdict(given_of(row)))
    assert state == {}


def test_copied_answers_have_a_history_too(assessment: Assessment, project: Project, owner: User) -> None:
    for question in QUESTIONS[:3]:
        submit_answer(
            assessment=assessment, question=question, given=GivenAnswer(State.GRADED, 1, "", "a note"),
            base_revision=0, mutation_id=uuid.uuid4(), by=owner, at=AT,
        )  # fmt: skip
    make_snapshot(assessment, owner, closes=True)
    following = start_assessment(project=project, by=owner, title="Next", copy_from=assessment, at=AT)
    check_replay(following)
    assert AnswerChange.objects.filter(assessment=following).count() == 3
