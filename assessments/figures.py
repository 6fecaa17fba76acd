"""Keeping the columns that pages over many projects read: one row for now, one for each snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models.functions import Now

import scoring
from assessments.evaluation import Evaluation
from assessments.models import Assessment, Snapshot
from assessments.progress import progress_part
from charts.levels import level_of
from checklists.schema import Checklist
from findings.verdict import confidence_of, judge
from projects.models import DIMENSIONS, WORST, ProjectFigures
from projects.services import start_figures

OPEN_UP_TO = 1
"""Answers at one of their two worst choices are open points."""

KEPT_POINTS = 0.0005
Columns = dict[str, Any]


def columns_of(
    checklist: Checklist, answers: scoring.Answers, result: scoring.Result, progress: Mapping[str, Any]
) -> Columns:
    """The columns of one result. `progress` is {"answered", "due", "dimensions": {id: [answered, due]}}.

    A level is 0 while none may be named: nothing applicable, too little answered, or a range over three levels.
    """
    cells = [
        _cell(result.dimensions.get(dimension.id), *progress["dimensions"][dimension.id])
        for dimension in checklist.dimensions[:DIMENSIONS]
    ]
    answered, due = progress["answered"], progress["due"]
    low = 0.0 if result.low is None else result.low
    high = 100.0 if result.high is None else result.high
    worst = [cell[2] if cell[5] else -1.0 for cell in cells] + [-1.0] * (DIMENSIONS - len(cells))
    return {
        "index": result.index,
        "low": low,
        "high": high,
        "level": _level(result.index, low, high, answered, due),
        "answered": answered,
        "due": due,
        "cells": cells,
        "points": {key: round(value, 4) for key, value in result.points.items() if value >= KEPT_POINTS},
        "open_questions": "".join(f" {key}" for key in open_questions(checklist, answers)) + " ",
        **dict(zip(WORST, worst, strict=True)),
    }


def _cell(dimension: scoring.DimensionResult | None, answered: int, due: int) -> list[float | None]:
    if dimension is None:
        return [None, 0.0, 100.0, 0, answered, due]
    level = _level(dimension.risk, dimension.low, dimension.high, answered, due)
    return [dimension.risk, dimension.low, dimension.high, level, answered, due]


def _level(index: float | None, low: float, high: float, answered: int, due: int) -> int:
    if index is None or not answered or judge(answered, due, confidence_of(low, high)) == "early":
        return 0
    return level_of(index).number


def open_questions(checklist: Checklist, answers: scoring.Answers) -> list[str]:
    """The questions whose answer is one of the two worst, in order: the agreed answer, else the mean of all given."""
    settled = {agreed.question: [agreed.level] for agreed in answers.agreed}
    given: dict[str, list[int]] = {}
    for response in answers.responses:
        if response.level is not None:
            given.setdefault(response.question, []).append(response.level)
    levels = given | settled
    return [
        question.id
        for question in checklist.questions
        if question.id in levels and sum(levels[question.id]) / len(levels[question.id]) <= OPEN_UP_TO
    ]


def refresh_figures(assessment: Assessment, evaluation: Evaluation) -> Columns:
    """Writes what the answers give now. Call it in the transaction that changed them."""
    columns = columns_of(
        evaluation.checklist, evaluation.answers, evaluation.result, progress_part(evaluation.progress)
    )
    project = assessment.project
    values = {**columns, "stage": project.stage, "changed_at": Now()}
    if not ProjectFigures.objects.filter(project=project, is_current=True).update(**values):
        start_figures(project)
        ProjectFigures.objects.filter(project=project, is_current=True).update(**values)
    return columns


def keep_figures(snapshot: Snapshot, columns: Columns, *, stage: str) -> None:
    """Adds the row of a snapshot between its neighbours in time. Call it in the transaction that took the snapshot."""
    project, at = snapshot.project, snapshot.taken_at
    rows = ProjectFigures.objects.of_snapshots().filter(project=project)
    later = rows.filter(from_at__gt=at).order_by("from_at", "id").first()
    earlier = rows.filter(from_at__lte=at).order_by("-from_at", "-id").first()
    if earlier is not None:
        ProjectFigures.objects.filter(pk=earlier.pk).update(until_at=at)
    ProjectFigures.objects.create(
        project=project,
        organisation_id=project.organisation_id,
        snapshot=snapshot,
        is_current=False,
        from_at=at,
        until_at=later.from_at if later else None,
        reviewed_at=at,
        stage=stage,
        **columns,
    )
    if later is None:
        ProjectFigures.objects.filter(project=project, is_current=True).update(reviewed_at=at, changed_at=Now())
