"""A result as the pages show it: the sentences of `findings`, the charts, and where each row leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from charts.bars import points_bars, range_bar
from charts.markup import Drawing
from charts.scales import zones_scale
from charts.steps import path_steps_bars
from checklists.schema import Checklist, Question
from findings.dimensions import DimensionPage
from findings.document import ReportDocument, ReportOptions, build_document
from findings.plan import PointsRow

EVERYTHING = ReportOptions(names=True, notes=True, evidence=True)
STAGE_TARGETS = {"idea": 50, "prototype": 50, "pilot": 50, "production": 25}


@dataclass(frozen=True, slots=True)
class PointLine:
    row: PointsRow
    question: Question
    bar: Drawing


@dataclass(frozen=True, slots=True)
class NarrowLine:
    question: Question
    to_do: str
    points: float


@dataclass(frozen=True, slots=True)
class DimensionLine:
    page: DimensionPage
    id: str
    bar: Drawing | None


@dataclass(frozen=True, slots=True)
class ResultPage:
    """Everything a result page shows. `target` is what the stage aims at: below 50, in production below 25."""

    document: ReportDocument
    body: Mapping[str, Any]
    target: int
    scale: Drawing | None
    dimensions: tuple[DimensionLine, ...]
    points: tuple[PointLine, ...]
    others_bar: Drawing | None
    narrowings: tuple[NarrowLine, ...]
    steps_chart: Drawing | None
    readiness: float | None
    too_early: bool
    previous_words: str
    ids: Mapping[str, str]

    @property
    def answered(self) -> int:
        """Due questions with an answer, don't know and not applicable among them, as progress counts them."""
        return self.document.counts.due - self.document.counts.unanswered


def present(
    body: Mapping[str, Any], checklist: Checklist, options: ReportOptions = EVERYTHING, sha256: str = ""
) -> ResultPage:
    """The page of a body (format 1), live or frozen. What `options` hide is nowhere in it."""
    document = build_document(body, checklist, options, sha256=sha256)
    result, reading = body["result"], document.reading
    target = STAGE_TARGETS.get(body["stage"], 50)
    previous = body.get("previous")
    by_number = {question.number: question for question in checklist.questions}
    points = document.points
    bars = (
        points_bars([row.tenths / 10 for row in points.rows] + [points.others_tenths / 10], level=result["index"])
        if points
        else ()
    )
    ids = [dimension.id for dimension in checklist.dimensions]
    return ResultPage(
        document=document,
        body=body,
        target=target,
        scale=zones_scale(
            reading.point,
            reading.low,
            reading.high,
            previous=reading.previous,
            previous_name=previous["label"][:18] if previous else "before",
            target=target,
        )
        if reading
        else None,
        dimensions=tuple(DimensionLine(page, ids[page.place - 1], _bar(page)) for page in document.dimensions),
        points=tuple(PointLine(row, by_number[row.number], bar) for row, bar in zip(points.rows, bars, strict=False))
        if points
        else (),
        others_bar=bars[-1] if bars else None,
        narrowings=tuple(
            NarrowLine(
                checklist.question_by_id[row["question"]],
                "add evidence" if row["action"] == "evidence" else "find out and answer",
                row["points"],
            )
            for row in body["narrowings"]
        ),
        steps_chart=path_steps_bars(document.plan.values, target=document.plan.target) if document.plan else None,
        readiness=100 - result["index"] if result["index"] is not None else None,
        too_early=document.counts.due > 0
        and (document.counts.due - document.counts.unanswered) * 10 < document.counts.due * 6,
        previous_words=f"{previous['label']}, {document.previous_day}" if previous else "",
        ids={number: question.id for number, question in by_number.items()},
    )


def _bar(page: DimensionPage) -> Drawing | None:
    reading = page.reading
    return range_bar(reading.point, reading.low, reading.high, previous=reading.previous) if reading else None
