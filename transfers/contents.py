"""The content of an answer in a file: legal for its question and spelled as it would be stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assessments.errors import AnswerRefused
from assessments.models import (
    EVIDENCE_TITLE_LIMIT,
    EVIDENCE_URL_LIMIT,
    NOTE_LIMIT,
    QUESTION_ID_LIMIT,
    REASON_LIMIT,
    State,
)
from assessments.services import GivenAnswer, clean_answer
from checklists.schema import Checklist, Question
from transfers.errors import TransferRefused
from transfers.fields import Fields


def take_question(fields: Fields, checklist: Checklist) -> Question:
    """The question that the field "question" names."""
    found = checklist.question_by_id.get(fields.text("question", QUESTION_ID_LIMIT, required=True))
    if found is None:
        raise fields.refuse("question", f"the checklist {checklist.id} {checklist.version} has no such question.")
    return found


def take_level(fields: Fields, question: Question) -> int:
    return fields.whole("level", 0, len(question.choices) - 1)


def take_given(fields: Fields, question: Question) -> GivenAnswer:
    """The six fields of an answer's content. Raises TransferRefused for what could not be saved on a page."""
    given = GivenAnswer(
        state=fields.word("state", State.values),
        level=None if fields.is_null("level") else take_level(fields, question),
        reason=fields.text("reason", REASON_LIMIT, lines=True),
        note=fields.text("note", NOTE_LIMIT, lines=True),
        evidence_title=fields.text("evidence_title", EVIDENCE_TITLE_LIMIT),
        evidence_url=fields.text("evidence_url", EVIDENCE_URL_LIMIT),
    )
    _check(question, given, fields.place)
    return given


def take_agreed(fields: Fields, question: Question) -> Mapping[str, Any]:
    """Level, reason and evidence of an agreed answer."""
    agreed: dict[str, Any] = {
        "level": take_level(fields, question),
        "reason": fields.text("reason", REASON_LIMIT, lines=True),
        "evidence_title": fields.text("evidence_title", EVIDENCE_TITLE_LIMIT),
        "evidence_url": fields.text("evidence_url", EVIDENCE_URL_LIMIT),
    }
    link = GivenAnswer(State.GRADED, agreed["level"], "", "", agreed["evidence_title"], agreed["evidence_url"])
    _check(question, link, fields.place)
    return agreed


def _check(question: Question, given: GivenAnswer, place: str) -> None:
    try:
        if clean_answer(question, given) != given:
            raise TransferRefused("a reason belongs to not applicable alone.", f"{place}.reason")
    except AnswerRefused as error:
        raise TransferRefused(str(error), place) from None
