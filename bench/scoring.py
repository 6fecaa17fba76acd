"""How long scoring takes: `python bench/scoring.py` prints milliseconds.

The answers are mixed but always the same, and so is what is measured from run to run.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from checklists.loader import UnknownChecklist, load
from scoring import Answers, Instrument, Item, Response, evaluate, instrument_for, narrowings, shortest_path

ROUNDS = 30
QUESTIONS = 68


def measure() -> dict[str, float]:
    """Milliseconds, the best of several rounds, by what was measured; and the number of questions."""
    instrument = _instrument()
    alone = _answers(instrument, evidence=True, people=1)
    several = _answers(instrument, evidence=False, people=3)
    return {
        "questions": float(len(instrument.items)),
        "evaluate": _best(lambda: evaluate(instrument, alone)),
        "evaluate, three people": _best(lambda: evaluate(instrument, several)),
        "path to 50": _best(lambda: shortest_path(instrument, alone, 50)),
        "path to 25": _best(lambda: shortest_path(instrument, alone, 25)),
        "narrowings": _best(lambda: narrowings(instrument, several, 5)),
    }


def _instrument() -> Instrument:
    """Every question of the released checklist, or a made-up checklist of the same size where it cannot be read."""
    try:
        checklist = load("ml_readiness", "1.0")
    except UnknownChecklist:
        items = tuple(
            Item(f"q{i}", f"d{i % 6}", 4 + i % 2, i % 5 == 0, 1 + i % 4 / 2, "SML"[i % 3]) for i in range(QUESTIONS)
        )
        return Instrument(tuple(f"d{i}" for i in range(6)), items, {"S": 1, "M": 3, "L": 8})
    return instrument_for(checklist, checklist.stages[-1].id, [fact.id for fact in checklist.facts])


def _answers(instrument: Instrument, *, evidence: bool, people: int) -> Answers:
    roles = ("product", "data-science", "platform")
    return Answers(
        tuple(
            Response(
                item.id,
                level=(sum(map(ord, item.id)) + person) % item.choices,
                role=roles[person],
                respondent=roles[person],
                evidence=evidence,
            )
            for item in instrument.items
            for person in range(people)
        )
    )


def _best(call: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        before = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - before)
    return best * 1000


def main() -> None:
    for name, figure in measure().items():
        print(f"{name:24}{figure:8.2f}{'' if name == 'questions' else ' ms'}")


if __name__ == "__main__":
    main()
