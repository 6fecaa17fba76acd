"""From stored answers to the engine's result."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

import scoring
from assessments.models import AgreedAnswer, Answer, AnswerChange, Assessment, State
from assessments.progress import Progress, count_progress
from checklists.schema import Checklist, Question


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result of the answers as they stand, with what it was made from."""

    checklist: Checklist
    due: tuple[Question, ...]
    instrument: scoring.Instrument
    answers: scoring.Answers
    result: scoring.Result
    progress: Progress
    by_question: Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """What the engine needs of one stored or frozen answer."""

    question: str
    respondent: str
    role: str | None
    is_sheet: bool
    state: str
    level: int | None
    reason: str
    has_evidence: bool


@dataclass(frozen=True, slots=True)
class AgreedRow:
    question: str
    level: int
    has_evidence: bool


def to_engine(
    rows: Iterable[AnswerRow], agreed: Iterable[AgreedRow], due: frozenset[str], *, closed: bool
) -> scoring.Answers:
    """The engine's answers. Answers to questions that are not due are left out; a blank one is no answer.

    On the shared sheet "not applicable" leaves a question out for everybody. A single respondent's is a pass: one
    person cannot take a question away from the others.
    """
    responses, exclusions = [], []
    for row in rows:
        if row.question not in due or row.state == State.BLANK:
            continue
        if row.state == State.NOT_APPLICABLE and row.is_sheet:
            exclusions.append(scoring.Exclusion(row.question, row.reason))
            continue
        responses.append(
            scoring.Response(
                question=row.question,
                level=row.level,
                dont_know=row.state == State.UNKNOWN,
                passed=row.state in {State.PASSED, State.NOT_APPLICABLE},
                role=row.role,
                respondent=row.respondent,
                evidence=row.has_evidence,
            )
        )
    settled = tuple(scoring.Agreed(row.question, row.level, row.has_evidence) for row in agreed if row.question in due)
    return scoring.Answers(tuple(responses), settled, tuple(exclusions), closed)


def _row(answer: Answer) -> AnswerRow:
    return AnswerRow(
        question=answer.question,
        respondent=str(answer.respondent_id),
        role=answer.respondent.role or None,
        is_sheet=answer.respondent.is_sheet,
        state=answer.state,
        level=answer.level,
        reason=answer.reason,
        has_evidence=answer.has_evidence,
    )


def answers_of(assessment: Assessment, *, mutation_id: uuid.UUID | None = None) -> list[Answer]:
    """All answers of a run: one query. With `mutation_id` each row says as `is_repeated` whether that one made it."""
    rows = Answer.objects.filter(respondent__assessment=assessment).select_related("respondent", "answered_by")
    if mutation_id is not None:
        change = AnswerChange.objects.filter(answer=OuterRef("pk"), mutation_id=mutation_id)
        rows = rows.annotate(is_repeated=Exists(change))
    return list(rows)


def evaluate_assessment(
    assessment: Assessment, rows: list[Answer] | None = None, *, closed: bool | None = None
) -> Evaluation:
    """Evaluates with engine 1. Reads answers and agreed answers: two queries, one if `rows` are given."""
    rows = answers_of(assessment) if rows is None else rows
    agreed = list(AgreedAnswer.objects.filter(assessment=assessment))
    checklist, due = assessment.checklist, assessment.questions_due()
    due_ids = frozenset(question.id for question in due)
    closed = not assessment.is_open if closed is None else closed
    answers = to_engine(
        (_row(row) for row in rows),
        (AgreedRow(row.question, row.level, bool(row.evidence_url or row.evidence_title)) for row in agreed),
        due_ids,
        closed=closed,
    )
    instrument = scoring.instrument_for(checklist, *assessment.stage_and_facts)
    sheet = {row.question: row for row in rows if row.respondent.is_sheet}
    answered = {row.question for row in rows if row.is_answered} | {row.question for row in agreed}
    return Evaluation(
        checklist=checklist,
        due=due,
        instrument=instrument,
        answers=answers,
        result=scoring.evaluate(instrument, answers),
        progress=count_progress(checklist, due, answered),
        by_question=sheet,
    )
