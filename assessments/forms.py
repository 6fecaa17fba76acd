"""Reading answers from a posted form: one question sent by the page's script, or a whole page without script."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from assessments.errors import AnswerRefused
from assessments.models import State
from assessments.services import GivenAnswer

FIELDS = ("choice", "reason", "note", "evidence_title", "evidence_url")
WORD_TO_STATE = {"": State.BLANK, "dk": State.UNKNOWN, "na": State.NOT_APPLICABLE}
REVISION_LIMIT = 2_000_000_000


def choice_value(state: str, level: int | None) -> str:
    """The value of the radio button for a stored answer: "0" to "4", "dk", "na" or nothing."""
    if state == State.GRADED:
        return str(level)
    return {State.UNKNOWN: "dk", State.NOT_APPLICABLE: "na"}.get(State(state), "")


def read_answer(data: Mapping[str, str], prefix: str = "") -> GivenAnswer:
    """The answer in a posted form. Raises AnswerRefused for a choice that is none."""
    choice = data.get(f"{prefix}choice", "")
    texts = {name: data.get(f"{prefix}{name}", "") for name in FIELDS[1:]}
    if choice in WORD_TO_STATE:
        return GivenAnswer(WORD_TO_STATE[choice], None, **texts)
    if len(choice) == 1 and choice in "0123456789":
        return GivenAnswer(State.GRADED, int(choice), **texts)
    raise AnswerRefused("Answer: this is not one of the possible answers.")


def read_revision(text: str) -> int:
    """The revision the page was made from; 0 for no answer. Raises AnswerRefused for anything but a whole number."""
    if not text.isascii() or not text.isdecimal() or len(text) > 10 or int(text) > REVISION_LIMIT:
        raise AnswerRefused("Revision: this must be a whole number from 0.")
    return int(text)


def read_mutation_id(text: str) -> uuid.UUID:
    """The id a script gives to one change, so that sending it twice does no harm; a new one if there is none."""
    if not text:
        return uuid.uuid4()
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise AnswerRefused("Mutation: this must be a UUID.") from error
