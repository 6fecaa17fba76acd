"""What can be wrong with an instrument or with answers. Every message is one sentence fit to be shown."""

from __future__ import annotations

import json

_LONGEST_NAME = 80


class ScoringError(ValueError):
    """The root of all errors of this package."""


class InvalidInstrument(ScoringError):
    """The instrument contradicts itself or holds a number that the formulas do not allow."""


class UnknownQuestion(ScoringError):
    """An answer, an agreed answer or an exclusion names a question that the instrument does not ask."""


class LevelOutOfRange(ScoringError):
    """A level is not one of 0 .. K-1."""


class DuplicateAnswer(ScoringError):
    """One respondent answered a question twice, or a question was agreed or excluded twice."""


class UnclearAnswer(ScoringError):
    """An answer gives none, or more than one, of a level, "don't know" and "pass"."""


class UnknownEngine(ScoringError):
    """No such engine version."""


class InvalidTarget(ScoringError):
    """A target outside 0 to 100."""


class InvalidOutcomes(ScoringError):
    """Indices and outcomes that cannot be used for calibration."""


def quoted(name: object) -> str:
    """`name` in quotation marks, on one line and not too long, whatever it holds."""
    text = name if isinstance(name, str) else str(name)
    if len(text) > _LONGEST_NAME:
        text = text[:_LONGEST_NAME] + "..."
    return json.dumps(text, ensure_ascii=False)
