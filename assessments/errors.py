"""What can go wrong when answers are written. Pages turn these into sentences, an interface into status codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assessments.models import Answer


class AnswerError(Exception):
    """Base of the errors of this module; the message is a sentence for the person."""


class AnswerRefused(AnswerError):
    """The answer is not one that this question takes. The message names the field and the limit."""


class AssessmentClosed(AnswerError):
    """The checklist was closed; nothing in it changes any more."""


class ProposalClosed(AnswerError):
    """The proposal was decided, replaced or withdrawn already."""


class AssessmentStillOpen(AssessmentClosed):
    """Another run of the project is open; it must be closed before the next one begins."""


class TooManyProposals(AnswerRefused):
    """So many proposals wait already that no more are taken."""


class AnswerConflict(AnswerError):
    """Somebody changed the answer since the page was made. `current` is what is stored now, None for nothing."""

    def __init__(self, current: Answer | None) -> None:
        super().__init__("Somebody else changed this answer in the meantime.")
        self.current = current
