"""What the side of the questionnaire says about the dimension that is being answered."""

from __future__ import annotations

from dataclasses import dataclass

from assessments.evaluation import Evaluation
from charts.bars import range_bar
from charts.levels import level_of
from charts.markup import Drawing
from checklists.schema import Question


@dataclass(frozen=True, slots=True)
class Preview:
    """The range of one dimension, 0 to 100. A level is named only from half of the answers on, and when it is firm."""

    dimension: str
    name: str
    low: float | None
    high: float | None
    level: str | None
    open: int
    must_haves_open: int
    narrowest: Question | None
    bar: Drawing | None
    is_half_answered: bool


def preview_dimension(evaluation: Evaluation, dimension: str) -> Preview:
    """The preview of `dimension`. Without a due question low, high and bar are None."""
    found = evaluation.result.dimensions.get(dimension)
    here = evaluation.checklist.dimension_by_id[dimension]
    open_ids = set(evaluation.result.unanswered) | set(evaluation.result.unknown)
    opened = [q for q in evaluation.due if q.dimension == dimension and q.id in open_ids]
    order = [
        key
        for key in evaluation.result.next_questions
        if evaluation.checklist.question_by_id[key].dimension == dimension
    ]
    count = evaluation.progress.dimensions[dimension]
    half = count.answered * 2 >= count.due
    named = found is not None and half and level_of(found.low) is level_of(found.high)
    return Preview(
        dimension=dimension,
        name=here.short,
        low=found.low if found else None,
        high=found.high if found else None,
        level=found.level if found and named else None,
        open=len(opened),
        must_haves_open=sum(q.must_have for q in opened),
        narrowest=evaluation.checklist.question_by_id[order[0]] if order else None,
        bar=range_bar(found.risk if named else None, found.low, found.high) if found else None,
        is_half_answered=half,
    )
