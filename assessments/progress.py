"""Progress, counted once for every page: graded, don't know and not applicable are answered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from checklists.schema import Checklist, Question


@dataclass(frozen=True, slots=True)
class Count:
    """`answered` of `due` questions."""

    answered: int
    due: int

    @property
    def open(self) -> int:
        return self.due - self.answered

    @property
    def is_complete(self) -> bool:
        return self.answered == self.due

    @property
    def percent(self) -> int:
        """Whole percent, cut: 100 only when nothing is open. 0 when nothing is due."""
        return self.answered * 100 // self.due if self.due else 0


@dataclass(frozen=True, slots=True)
class Progress:
    """The whole and each dimension, in the order of the checklist; dimensions with nothing due count 0 of 0."""

    total: Count
    dimensions: Mapping[str, Count]
    first_open: str | None


def count_progress(checklist: Checklist, due: Iterable[Question], answered: Collection[str]) -> Progress:
    """Counts `due` questions whose id is in `answered`. `first_open` is the first due question without an answer."""
    questions = tuple(due)
    counts = {}
    for dimension in checklist.dimensions:
        mine = [question.id for question in questions if question.dimension == dimension.id]
        counts[dimension.id] = Count(sum(question in answered for question in mine), len(mine))
    total = Count(sum(c.answered for c in counts.values()), sum(c.due for c in counts.values()))
    first_open = next((question.id for question in questions if question.id not in answered), None)
    return Progress(total, counts, first_open)


def progress_part(progress: Progress) -> dict[str, Any]:
    """Progress as plain values: {"answered", "due", "dimensions": {id: [answered, due]}}."""
    return {
        "answered": progress.total.answered,
        "due": progress.total.due,
        "dimensions": {key: [count.answered, count.due] for key, count in progress.dimensions.items()},
    }
