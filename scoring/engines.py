"""Which engines there are. A released engine never changes; a new formula is a new engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from scoring import v1
from scoring.errors import UnknownEngine, quoted
from scoring.inputs import Answers, Instrument
from scoring.results import Result

CURRENT = "1"
ENGINES: Mapping[str, Callable[[Instrument, Answers], Result]] = MappingProxyType({v1.VERSION: v1.evaluate})


def evaluate(instrument: Instrument, answers: Answers, *, engine: str = CURRENT) -> Result:
    """Scores `answers` to `instrument`. What-if is the same call with some answers replaced.

    Raises UnknownEngine for an engine that does not exist, and another ScoringError (a ValueError whose message is a
    sentence) for answers that do not fit the instrument.
    """
    try:
        score = ENGINES[engine]
    except KeyError:
        raise UnknownEngine(f"There is no scoring engine {quoted(engine)}.") from None
    return score(instrument, answers)
