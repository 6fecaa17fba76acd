"""A result as the pages show it: the sentences of `findings`, the charts, and where each row leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from charts.bars import points_bars, range_bar
from charts.levels import shown
from charts.markup import Drawing
from charts.scales import zones_scale
from charts.steps import path_steps_bars
from checklists.schema import Checklist, Question
from findings.dimensions import DimensionPage
from findings.document import ReportDocument, ReportOptions, build_document
from findings.plan import PointsRow
from findings.words import UserText, note_text, user_text

EVERYTHING = ReportOptions(names=True, notes=True, evidence=True)


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
    """Everything a result page shows, without what the options hide.

    `decision` and `note` are those of the snapshot, empty where none were written. `previous_index` goes with
    `previous_words`, the label and the day of the snapshot before.
    """

    document: ReportDocument
    organisation: UserText
    project_name: UserText
    goal: UserText
    checklist_id: str
    checklist_version: str
    decision: UserText
    note: UserText
    track_record: str
    scale: Drawing | None
    dimensions: tuple[DimensionLine, ...]
    points: tuple[PointLine, ...]
    others_bar: Drawing | None
    narrowings: tuple[NarrowLine, ...]
    steps_chart: Drawing | None
    previous_index: str
    previous_words: str
    ids: Mapping[str, str]


def present(
    body: Mapping[str, Any],
    checklist: Checklist,
    options: ReportOptions = EVERYTHING,
    sha256: str = "",
) -> ResultPage:
    """The page of a body (format 1), live or frozen. What `options` hide is nowhere in it."""
    document = build_document(body, checklist, options, sha256=sha256)
    reading, head = document.reading, document.head
    previous = body["previous"] if reading and reading.previous is not None else None
    by_number = {question.number: question for question in checklist.questions}
    points = document.points
    bars = (
        points_bars([row.tenths / 10 for row in points.rows] + [points.others_tenths / 10], level=reading.point)
        if points and reading
        else ()
    )
    ids = [dimension.id for dimension in checklist.dimensions]
    return ResultPage(
        document=document,
        organisation=head.organisation,
        project_name=head.project,
        goal=user_text(body["project"]["goal"]),
        checklist_id=body["checklist"]["id"],
        checklist_version=body["checklist"]["version"],
        decision=note_text(body["snapshot"]["decision"]),
        note=head.snapshot_note,
        track_record=document.track_record,
        scale=zones_scale(
            reading.point,
            reading.low,
            reading.high,
            previous=reading.previous,
            previous_name=previous["label"][:18] if previous else "before",
            target=document.target,
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
        previous_index=shown(previous["index"]) if previous else "",
        previous_words=f"{previous['label']}, {document.previous_day}" if previous else "",
        ids={number: question.id for number, question in by_number.items()},
    )


def _bar(page: DimensionPage) -> Drawing | None:
    reading = page.reading
    return range_bar(reading.point, reading.low, reading.high, previous=reading.previous) if reading else None
