"""Audited writes on assessments and answers."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Now

from accounts import audit
from accounts.models import User
from accounts.texts import TextRefused, clean_text
from assessments.errors import AnswerConflict, AnswerRefused, AssessmentClosed, AssessmentStillOpen
from assessments.evaluation import Evaluation, answers_of, evaluate_assessment
from assessments.figures import refresh_figures
from assessments.models import (
    EVIDENCE_TITLE_LIMIT,
    EVIDENCE_URL_LIMIT,
    NOTE_LIMIT,
    REASON_LIMIT,
    TITLE_LIMIT,
    AgreedAnswer,
    Answer,
    AnswerChange,
    Assessment,
    Respondent,
    State,
)
from checklists.schema import Question
from projects.models import Project, ProjectFigures

CHECKLIST = ("ml_readiness", "1.0")


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """What a person said about one question."""

    state: str = State.BLANK
    level: int | None = None
    reason: str = ""
    note: str = ""
    evidence_title: str = ""
    evidence_url: str = ""


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """The stored answer, the figures after it, and whether this request changed anything."""

    answer: Answer
    evaluation: Evaluation
    is_new: bool


def given_of(answer: Answer | None) -> GivenAnswer:
    """The content of a stored answer; blank for none."""
    if answer is None:
        return GivenAnswer()
    return GivenAnswer(
        answer.state, answer.level, answer.reason, answer.note, answer.evidence_title, answer.evidence_url
    )


@transaction.atomic
def start_assessment(
    *, project: Project, by: User, title: str, copy_from: Assessment | None = None, at: datetime
) -> Assessment:
    """Opens a run of the current checklist with an empty sheet, or with the answers of an earlier run as a start.

    Raises AssessmentStillOpen when another run of this project is open.
    """
    Project.objects.select_for_update().get(pk=project.pk)
    if Assessment.objects.filter(project=project, closed_at=None).exists():
        raise AssessmentStillOpen("This project has an open checklist already. Close it before you start the next one.")
    Assessment.objects.filter(project=project, is_latest=True).update(is_latest=False)
    title = clean_text(title, field="Title", limit=TITLE_LIMIT, required=True)
    assessment = Assessment.objects.create(
        project=project,
        checklist_id=CHECKLIST[0],
        checklist_version=CHECKLIST[1],
        title=title,
        opened_by=by,
        opened_at=at,
    )
    sheet = Respondent.objects.create(assessment=assessment, is_sheet=True)
    if copy_from is not None:
        _copy_answers(copy_from, sheet, by=by, at=at)
    refresh_figures(assessment, evaluate_assessment(assessment))
    audit.record(
        organisation=project.organisation, actor=by, verb="assessment.started", thing=project.slug, title=title
    )
    return assessment


def _copy_answers(source: Assessment, sheet: Respondent, *, by: User, at: datetime) -> None:
    known = sheet.assessment.checklist.question_by_id
    rows = Answer.objects.filter(respondent__assessment=source, respondent__is_sheet=True)
    copies = Answer.objects.bulk_create(
        Answer(
            respondent=sheet,
            question=row.question,
            revision=1,
            answered_by=row.answered_by,
            answered_at=row.answered_at,
            **asdict(given_of(row)),
        )
        for row in rows
        if row.question in known
    )
    AnswerChange.objects.bulk_create(
        AnswerChange(
            answer=copy,
            assessment=sheet.assessment,
            question=copy.question,
            revision=1,
            before=None,
            after=asdict(given_of(copy)),
            by=by,
            at=at,
            mutation_id=uuid.uuid4(),
        )
        for copy in copies
    )


@transaction.atomic
def submit_answer(
    *,
    assessment: Assessment,
    question: str,
    given: GivenAnswer,
    base_revision: int,
    mutation_id: uuid.UUID,
    by: User,
    at: datetime,
) -> SavedAnswer:
    """Stores one answer on the shared sheet, if nobody changed it since `base_revision` (0 for no answer yet).

    A repeated `mutation_id` changes nothing and returns what is stored. Raises AnswerRefused for a question that is not
    due or a value it does not take, AssessmentClosed, and AnswerConflict with the stored answer. One transaction: the
    answer, its history row and the assessment's figures are written together or not at all.
    """
    assessment = _lock(assessment)
    due = {item.id: item for item in assessment.questions_due()}
    if question not in due:
        raise AnswerRefused("Question: this checklist does not ask this at the project's stage.")
    rows = answers_of(assessment, mutation_id=mutation_id)
    current = next((row for row in rows if row.question == question and row.respondent.is_sheet), None)
    if current and vars(current)["is_repeated"]:
        return SavedAnswer(current, evaluate_assessment(assessment, rows), is_new=False)
    if not assessment.is_open:
        raise AssessmentClosed("This checklist was closed. The answer was not saved.")
    if assessment.project.is_archived:
        raise AssessmentClosed("This project was archived. The answer was not saved.")
    given = clean_answer(due[question], given)
    if given == given_of(current):
        saved = current or Answer(question=question, state=State.BLANK, revision=0)
        return SavedAnswer(saved, evaluate_assessment(assessment, rows), is_new=False)
    if base_revision != (current.revision if current else 0):
        raise AnswerConflict(current)
    saved = _write(assessment, current, question, given, by=by, at=at, mutation_id=mutation_id)
    rows = [row for row in rows if row is not current] + [saved]
    evaluation = evaluate_assessment(assessment, rows)
    refresh_figures(assessment, evaluation)
    return SavedAnswer(saved, evaluation, is_new=True)


def _lock(assessment: Assessment) -> Assessment:
    """The row, held until the transaction ends, and its project read afterwards.

    A joined project would be as old as the wait for the lock, and its stage decides what is due.
    """
    sheet = Respondent.objects.filter(assessment=OuterRef("pk"), is_sheet=True).values("pk")[:1]
    locked = Assessment.objects.select_for_update(of=("self",)).annotate(sheet_id=Subquery(sheet)).get(pk=assessment.pk)
    locked.project = Project.objects.select_related("organisation").get(pk=locked.project_id)
    return locked


def _write(
    assessment: Assessment,
    current: Answer | None,
    question: str,
    given: GivenAnswer,
    *,
    by: User,
    at: datetime,
    mutation_id: uuid.UUID,
) -> Answer:
    before = asdict(given_of(current)) if current else None
    fields = {**asdict(given), "answered_by": by, "answered_at": at}
    if current is None:
        # Nobody else can add it meanwhile: the lock on the assessment is held.
        sheet = Respondent(pk=vars(assessment)["sheet_id"], assessment=assessment, is_sheet=True)
        saved = Answer(respondent=sheet, question=question, revision=1, **fields)
        saved.save(force_insert=True)
    else:
        revision = current.revision
        if not Answer.objects.filter(pk=current.pk, revision=revision).update(revision=revision + 1, **fields):
            raise AnswerConflict(Answer.objects.select_related("answered_by").get(pk=current.pk))
        for name, value in fields.items():
            setattr(current, name, value)
        current.revision = revision + 1
        saved = current
    AnswerChange.objects.create(
        answer=saved,
        assessment=assessment,
        question=question,
        revision=saved.revision,
        before=before,
        after=asdict(given),
        by=by,
        at=at,
        mutation_id=mutation_id,
        through=audit.token_at_work() or None,
    )
    return saved


def clean_answer(question: Question, given: GivenAnswer) -> GivenAnswer:
    """The answer as it may be stored. Raises AnswerRefused with a sentence that names the field and the limit."""
    try:
        cleaned = replace(
            given,
            reason=clean_text(given.reason, field="Reason", limit=REASON_LIMIT, lines=True),
            note=clean_text(given.note, field="Note", limit=NOTE_LIMIT, lines=True),
            evidence_title=clean_text(given.evidence_title, field="Evidence title", limit=EVIDENCE_TITLE_LIMIT),
            evidence_url=clean_text(given.evidence_url, field="Evidence link", limit=EVIDENCE_URL_LIMIT),
        )
    except TextRefused as error:
        raise AnswerRefused(str(error)) from error
    _check_choice(question, cleaned)
    _check_link(cleaned)
    if cleaned.state != State.NOT_APPLICABLE:
        cleaned = replace(cleaned, reason="")
    return cleaned


def _clean_reason(reason: str) -> str:
    try:
        return clean_text(reason, field="Reason", limit=REASON_LIMIT, lines=True)
    except TextRefused as error:
        raise AnswerRefused(str(error)) from error


def _check_choice(question: Question, given: GivenAnswer) -> None:
    if given.state not in State.values:
        raise AnswerRefused("Answer: this is not one of the possible answers.")
    if (given.state == State.GRADED) != (given.level is not None):
        raise AnswerRefused("Answer: a choice and its level belong together.")
    if given.level is not None and not 0 <= given.level < len(question.choices):
        raise AnswerRefused(f"Answer: this question has {len(question.choices)} choices.")
    if given.state == State.NOT_APPLICABLE and not given.reason:
        raise AnswerRefused("Reason: say why the question does not apply. It is printed in the report.")


def _check_link(given: GivenAnswer) -> None:
    if given.evidence_title and not given.evidence_url:
        raise AnswerRefused("Evidence link: a title needs an address that starts with http:// or https://.")
    if not given.evidence_url:
        return
    try:
        parts = urlsplit(given.evidence_url)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and " " not in given.evidence_url
    except ValueError:
        valid = False
    if not valid:
        raise AnswerRefused("Evidence link: this must be an address that starts with http:// or https://.")


@transaction.atomic
def follow_project(*, project: Project) -> None:
    """Brings the figures in line with a description that `update_project` has just changed."""
    assessment = Assessment.objects.select_for_update().filter(project=project, closed_at=None).first()
    if assessment is not None:
        assessment.project = project
        refresh_figures(assessment, evaluate_assessment(assessment))
    else:
        figures = ProjectFigures.objects.filter(project=project, is_current=True)
        figures.update(stage=project.stage, changed_at=Now())


@transaction.atomic
def record_agreed_answer(
    *,
    assessment: Assessment,
    question: str,
    level: int,
    reason: str,
    by: User,
    at: datetime,
    evidence_title: str = "",
    evidence_url: str = "",
) -> AgreedAnswer:
    """Stores the level a group settled on. It replaces the single answers in the score; they stay as they are."""
    assessment = _lock(assessment)
    if not assessment.is_open:
        raise AssessmentClosed("This checklist was closed. The agreed answer was not saved.")
    due = {item.id: item for item in assessment.questions_due()}
    if question not in due:
        raise AnswerRefused("Question: this checklist does not ask this at the project's stage.")
    given = clean_answer(due[question], GivenAnswer(State.GRADED, level, "", "", evidence_title, evidence_url))
    agreed, _ = AgreedAnswer.objects.update_or_create(
        assessment=assessment,
        question=question,
        defaults={
            "level": level,
            "reason": _clean_reason(reason),
            "evidence_title": given.evidence_title,
            "evidence_url": given.evidence_url,
            "agreed_by": by,
            "agreed_at": at,
        },
    )
    refresh_figures(assessment, evaluate_assessment(assessment))
    audit.record(
        organisation=assessment.project.organisation,
        actor=by,
        verb="answer.agreed",
        thing=assessment.project.slug,
        question=question,
        level=level,
    )
    return agreed
