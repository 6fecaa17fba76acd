"""From stored answers to figures: one sheet, several people who answer blind, agreed answers, questions set aside."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

import scoring
from accounts.models import Organisation, User
from assessments.evaluation import evaluate_assessment
from assessments.models import AgreedAnswer, Answer, Assessment, Respondent, State
from assessments.services import GivenAnswer, record_agreed_answer
from checklists.loader import load
from tests.make import AT, answer_all, make_answer, make_assessment, make_project, make_user

QUESTION = "problem.statement"


def respondent(assessment: Assessment, role: str) -> Respondent:
    return Respondent.objects.create(assessment=assessment, user=make_user(), role=role)


def answer(who: Respondent, question: str, state: str, level: int | None = None, **more: str) -> Answer:
    return Answer.objects.create(
        respondent=who, question=question, state=state, level=level, revision=1, answered_by=who.user, answered_at=AT,
        **more,
    )  # fmt: skip


def by_hand(assessment: Assessment, *responses: scoring.Response, **more: object) -> scoring.Result:
    project = assessment.project
    instrument = scoring.instrument_for(assessment.checklist, project.stage, project.facts)
    return scoring.evaluate(instrument, scoring.Answers(tuple(responses), **more))  # type: ignore[arg-type]


def test_the_sheet_equals_the_engine_called_by_hand(assessment: Assessment, owner: User) -> None:
    kinds = {
        "problem.statement": GivenAnswer(State.GRADED, 1, "", "", "", "https://wiki.example.org/"),
        "problem.objective": GivenAnswer(State.GRADED, 2, "", "only a note"),
        "data.access": GivenAnswer(State.UNKNOWN, None, "", "with a note"),
        "data.quality": GivenAnswer(State.NOT_APPLICABLE, None, "No data yet."),
        "team.skills": GivenAnswer(State.BLANK, None, "", "a note alone"),
        "team.perspectives": GivenAnswer(State.PASSED, None),
    }
    for question, given_ in kinds.items():
        make_answer(assessment, owner, question, given_)
    sheet = str(Respondent.objects.get(assessment=assessment).pk)
    expected = by_hand(
        assessment,
        scoring.Response("problem.statement", level=1, respondent=sheet, evidence=True),
        scoring.Response("problem.objective", level=2, respondent=sheet, evidence=True),
        scoring.Response("data.access", dont_know=True, respondent=sheet, evidence=True),
        scoring.Response("team.perspectives", passed=True, respondent=sheet),
        not_applicable=(scoring.Exclusion("data.quality", "No data yet."),),
    )
    evaluation = evaluate_assessment(assessment)
    assert evaluation.result == expected
    assert evaluation.result.not_applicable == ("data.quality",)
    assert evaluation.result.unknown == ("data.access",)
    assert "team.skills" in evaluation.result.unanswered
    # Progress counts what the person has dealt with: graded, don't know, not applicable.
    assert evaluation.progress.total.answered == 4


def test_answers_to_questions_that_are_not_due_do_not_count(assessment: Assessment, owner: User) -> None:
    answer_all(assessment, owner)
    assessment.project.stage = "idea"
    evaluation = evaluate_assessment(assessment)
    due = assessment.questions_due()
    assert evaluation.progress.total.answered == evaluation.progress.total.due == len(due)
    assert set(evaluation.result.points) == {question.id for question in due}


def test_five_engineers_do_not_outvote_one_product_manager(organisation: Organisation, owner: User) -> None:
    """Squared risks are averaged within each role and then over roles."""

    def low(*people: tuple[str, int]) -> float:
        assessment = make_assessment(make_project(organisation, owner), owner)
        for role, level in people:
            answer(respondent(assessment, role), item.id, State.GRADED, level)
        return evaluate_assessment(assessment).result.dimensions[item.dimension].low

    checklist = load("ml_readiness", "1.0")
    item = next(q for q in checklist.questions_due("pilot", ()) if len(q.who) == 2)
    one, two = item.who
    best = len(item.choices) - 1
    assert low(*[(one, best)] * 5, (two, 0)) == low((one, best), (two, 0))
    assert low(*[(one, best)] * 5, (one, 0)) < low((one, best), (two, 0))


def test_who_is_not_asked_does_not_count(assessment: Assessment) -> None:
    question = assessment.checklist.question_by_id[QUESTION]
    other = next(role.id for role in assessment.checklist.roles if role.id not in question.who)
    answer(respondent(assessment, question.who[0]), QUESTION, State.GRADED, 3)
    before = evaluate_assessment(assessment).result
    answer(respondent(assessment, other), QUESTION, State.GRADED, 0)
    after = evaluate_assessment(assessment).result
    assert (after.index, after.low, after.high) == (before.index, before.low, before.high)


def test_disagreement_within_a_role(assessment: Assessment) -> None:
    """One best and one worst of the same role: the risk is the root of one half, 0.71, and not 0.5."""
    question = assessment.checklist.question_by_id[QUESTION]
    role, best = question.who[0], len(question.choices) - 1
    answer(respondent(assessment, role), QUESTION, State.GRADED, best)
    answer(respondent(assessment, role), QUESTION, State.GRADED, 0)
    mixed = evaluate_assessment(assessment).result
    squared = {}
    for level in (0, best):
        squared[level] = by_hand(assessment, scoring.Response(QUESTION, level=level, role=role)).dimensions["problem"]
    middle = (squared[0].low / 100) ** 2 / 2 + (squared[best].low / 100) ** 2 / 2
    assert mixed.dimensions["problem"].low == pytest.approx(100 * math.sqrt(middle), abs=1e-9)


def test_second_hand(assessment: Assessment) -> None:
    question = assessment.checklist.question_by_id[QUESTION]
    other = next(role.id for role in assessment.checklist.roles if role.id not in question.who)
    answer(respondent(assessment, other), QUESTION, State.GRADED, 1)
    assert evaluate_assessment(assessment).result.second_hand == (QUESTION,)
    third = next(role.id for role in assessment.checklist.roles if role.id not in {*question.who, other})
    answer(respondent(assessment, third), "problem.objective", State.UNKNOWN)
    assert "problem.objective" not in evaluate_assessment(assessment).result.second_hand


def test_one_person_cannot_take_a_question_away(assessment: Assessment) -> None:
    """Not applicable on the sheet leaves a question out for all; said by one of several people it is a pass."""
    question = assessment.checklist.question_by_id[QUESTION]
    answer(respondent(assessment, question.who[0]), QUESTION, State.NOT_APPLICABLE, reason="Not for us.")
    evaluation = evaluate_assessment(assessment)
    assert evaluation.result.not_applicable == ()
    assert QUESTION in evaluation.result.unanswered
    sheet = Respondent.objects.get(assessment=assessment, is_sheet=True)
    answer(sheet, QUESTION, State.NOT_APPLICABLE, reason="Not for us.")
    assert evaluate_assessment(assessment).result.not_applicable == (QUESTION,)


PEOPLE = st.lists(
    st.tuples(
        st.sampled_from(["product", "data-science", "platform", ""]),
        st.dictionaries(
            st.sampled_from(["problem.statement", "problem.objective", "data.access", "team.skills"]),
            st.one_of(
                st.integers(0, 3).map(lambda level: (State.GRADED, level)),
                st.sampled_from([(State.UNKNOWN, None), (State.PASSED, None), (State.NOT_APPLICABLE, None)]),
            ),
        ),
    ),
    min_size=1,
    max_size=5,
)


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=PEOPLE, agreed=st.dictionaries(st.sampled_from(["problem.statement", "team.skills"]), st.integers(0, 3)))
def test_any_group_equals_the_engine(
    organisation: Organisation, owner: User, people: list[Any], agreed: dict[str, int]
) -> None:
    assessment = make_assessment(make_project(organisation, owner), owner)
    responses = []
    for role, answers in people:
        who = respondent(assessment, role)
        for question, (state, level) in answers.items():
            answer(who, question, state, level, reason="Because." if state == State.NOT_APPLICABLE else "")
            is_pass = state in {State.PASSED, State.NOT_APPLICABLE}
            content = {"level": level, "dont_know": state == State.UNKNOWN, "passed": is_pass}
            responses.append(scoring.Response(question, **content, role=role or None, respondent=str(who.pk)))
    for question, level in agreed.items():
        AgreedAnswer.objects.create(assessment=assessment, question=question, level=level, agreed_by=owner)
    settled = tuple(scoring.Agreed(question, level) for question, level in agreed.items())
    assert evaluate_assessment(assessment).result == by_hand(assessment, *responses, agreed=settled)


def test_an_agreed_answer_settles_a_disagreement(assessment: Assessment, owner: User) -> None:
    question = assessment.checklist.question_by_id[QUESTION]
    for level in (0, 3):
        answer(respondent(assessment, question.who[0]), QUESTION, State.GRADED, level)
    record_agreed_answer(assessment=assessment, question=QUESTION, level=3, reason="Settled.", by=owner, at=AT)
    settled = evaluate_assessment(assessment)
    alone = by_hand(assessment, scoring.Response(QUESTION, level=3, role=question.who[0]))
    assert settled.result.index == alone.index
    assert settled.progress.total.answered == 1


def test_it_takes_two_queries(
    assessment: Assessment, owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    answer_all(assessment, owner)
    assessment.project.stage  # noqa: B018 - read beforehand, as every page does
    with django_assert_num_queries(2):
        evaluate_assessment(assessment)
