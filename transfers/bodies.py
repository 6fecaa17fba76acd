"""Checking the body of a snapshot from a file: every field, and that its figures follow from its answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import scoring
from accounts.models import NAME_LIMIT
from assessments.models import TITLE_LIMIT, Assessment, Snapshot
from assessments.snapshots import FORMAT, NOTE_LIMIT, canonical_json, recompute
from checklists.schema import Checklist
from findings.verdict import Judgement
from projects.models import GOAL_LIMIT, TAG_LIMIT, TAGS_LIMIT, UNIT_LIMIT, Stage
from scoring.engines import ENGINES
from transfers.contents import take_agreed, take_given, take_question
from transfers.document import ANSWERS_LIMIT, CONTENT, NUMBER_LIMIT
from transfers.errors import TransferRefused
from transfers.fields import Fields, stored_text
from transfers.strict_json import read_json

PARTS = (
    "agreed", "answers", "assessment", "checklist", "engine", "facts", "format", "narrowings", "organisation", "paths",
    "previous", "progress", "project", "result", "snapshot", "stage", "track_record",
)  # fmt: skip
ANSWER = (*CONTENT, "answered_at", "answered_by", "question", "respondent", "revision", "role", "sheet")
AGREED = ("evidence_title", "evidence_url", "level", "question", "reason")
FACT_LIMIT, FACTS_LIMIT = 64, 100
COUNT_LIMIT = 1_000_000_000


def read_body(text: str, checklist: Checklist, place: str) -> Mapping[str, Any]:
    """The body in `text`. Raises TransferRefused for one that this installation would not have made of these answers.

    So pages, reports and figures can be made of it as of a body that was frozen here.
    """
    body = read_json(text.encode(), place)
    parts = Fields(body, place, PARTS)
    parts.whole("format", FORMAT, FORMAT)
    if canonical_json(body) != text:
        raise TransferRefused("this is not the canonical JSON of its content.", place)
    _check_head(parts, checklist)
    _check_answers(parts, checklist)
    _check_previous(parts)
    snapshot = Snapshot(
        body=text, assessment=Assessment(checklist_id=checklist.id, checklist_version=checklist.version)
    )
    try:
        again = recompute(snapshot)
    except scoring.ScoringError as error:
        raise TransferRefused(str(error), place) from None
    if again != text:
        raise TransferRefused("its figures do not follow from its answers.", place)
    return parts.data


def _check_head(parts: Fields, checklist: Checklist) -> None:
    Fields(parts.data["organisation"], parts.at("organisation"), ("name",)).text("name", NAME_LIMIT)
    project = Fields(
        parts.data["project"],
        parts.at("project"),
        ("name", "goal", "stage", "unit", "tags", "planned_date", "owner"),
    )
    project.text("name", NAME_LIMIT, required=True)
    project.text("goal", GOAL_LIMIT)
    project.word("stage", Stage.values)
    project.text("unit", UNIT_LIMIT)
    project.optional_day("planned_date")
    project.text("owner", NAME_LIMIT)
    for tag, place in project.items("tags", TAGS_LIMIT):
        stored_text(tag, place, TAG_LIMIT, required=True)
    run = Fields(parts.data["assessment"], parts.at("assessment"), ("title", "opened_at", "closed"))
    run.text("title", TITLE_LIMIT, required=True)
    run.local_moment("opened_at")
    run.flag("closed")
    head = Fields(
        parts.data["snapshot"],
        parts.at("snapshot"),
        ("id", "number", "label", "note", "decision", "taken_at", "taken_by"),
    )
    head.text("id", 16, required=True)
    head.whole("number", 1, NUMBER_LIMIT)
    head.text("label", TITLE_LIMIT, required=True)
    head.text("note", NOTE_LIMIT, lines=True)
    head.text("decision", NOTE_LIMIT, lines=True)
    head.local_moment("taken_at")
    head.text("taken_by", NAME_LIMIT)
    used = Fields(parts.data["checklist"], parts.at("checklist"), ("id", "version", "sha256"))
    for name, value in (("id", checklist.id), ("version", checklist.version), ("sha256", checklist.sha256)):
        if used.data[name] != value:
            raise used.refuse(name, f"this is not the checklist of the run, {checklist.id} {checklist.version}.")
    parts.word("engine", tuple(ENGINES))
    parts.word("stage", tuple(checklist.stage_order))
    for fact, place in parts.items("facts", FACTS_LIMIT):
        stored_text(fact, place, FACT_LIMIT, required=True)
    record = Fields(parts.data["track_record"], parts.at("track_record"), ("outcomes", "assessed"))
    record.whole("outcomes", 0, COUNT_LIMIT)
    record.whole("assessed", 0, COUNT_LIMIT)


def _check_answers(parts: Fields, checklist: Checklist) -> None:
    roles = {role.id for role in checklist.roles}
    people: dict[str, tuple[bool, str | None]] = {}
    seen: set[tuple[str, str]] = set()
    for item, place in parts.items("answers", ANSWERS_LIMIT):
        row = Fields(item, place, ANSWER)
        question = take_question(row, checklist)
        take_given(row, question)
        respondent = row.text("respondent", 20, required=True)
        if not (row.is_null("role") or row.word("role", roles)):
            raise row.refuse("role", "a role or null is expected here.")
        who = (row.flag("sheet"), row.data["role"])
        if people.setdefault(respondent, who) != who:
            raise row.refuse("respondent", "another answer gives this respondent another role.")
        if (respondent, question.id) in seen:
            raise row.refuse("question", "this respondent answers the question twice.")
        seen.add((respondent, question.id))
        if not row.is_null("answered_by"):
            row.text("answered_by", NAME_LIMIT)
        row.local_moment("answered_at")
        row.whole("revision", 1, NUMBER_LIMIT)
    settled: set[str] = set()
    for item, place in parts.items("agreed", len(checklist.questions)):
        row = Fields(item, place, AGREED)
        question = take_question(row, checklist)
        take_agreed(row, question)
        if question.id in settled:
            raise row.refuse("question", "there are two agreed answers to it.")
        settled.add(question.id)


def _check_previous(parts: Fields) -> None:
    if parts.is_null("previous"):
        return
    previous = Fields(
        parts.data["previous"],
        parts.at("previous"),
        ("number", "label", "taken_at", "index", "low", "high", "judgement", "dimensions"),
    )
    previous.whole("number", 1, NUMBER_LIMIT)
    previous.text("label", TITLE_LIMIT, required=True)
    previous.local_moment("taken_at")
    previous.word("judgement", get_args(Judgement))
    for name in ("index", "low", "high"):
        if not previous.is_null(name):
            _take_risk(previous, name)
    dimensions = previous.data["dimensions"]
    if not isinstance(dimensions, Mapping) or len(dimensions) > 100:
        raise previous.refuse("dimensions", "an object with at most 100 fields is expected here.")
    for key, value in dimensions.items():
        stored_text(key, previous.at("dimensions"), 64, required=True)
        dimension = Fields(value, f"{previous.at('dimensions')}.{key}", ("risk", "judgement"))
        _take_risk(dimension, "risk")
        dimension.word("judgement", get_args(Judgement))


def _take_risk(fields: Fields, name: str) -> None:
    value = fields.data[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise fields.refuse(name, "a number from 0 to 100 is expected here.")
