"""Reading one run of a file: who answered what, how that changed, what was agreed and frozen."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import TOKEN_NAME_LIMIT
from assessments.models import TITLE_LIMIT
from assessments.snapshots import sha256_of
from checklists.schema import Checklist
from transfers.bodies import read_body
from transfers.contents import take_agreed, take_given, take_question
from transfers.document import (
    ANSWERS_LIMIT,
    CHANGES_LIMIT,
    CONTENT,
    NUMBER_LIMIT,
    RESPONDENTS_LIMIT,
    SNAPSHOTS_LIMIT,
    AgreedPart,
    AnswerPart,
    ChangePart,
    RespondentPart,
    RunPart,
    SnapshotPart,
)
from transfers.errors import TransferRefused
from transfers.fields import Fields

RUN = (
    "title", "checklist", "opened_by", "opened_at", "closed_at", "is_latest", "respondents", "answers", "changes",
    "agreed", "snapshots",
)  # fmt: skip
ANSWER = ("respondent", "question", *CONTENT, "revision", "answered_by", "answered_at")
CHANGE = ("respondent", "question", "revision", "before", "after", "by", "at", "mutation", "through")
AGREED = ("question", "level", "reason", "evidence_title", "evidence_url", "agreed_by", "agreed_at")
SNAPSHOT = ("id", "number", "label", "taken_by", "taken_at", "engine", "closes", "sha256", "body")
_RESPONDENT_KEY = re.compile(r"r[1-9][0-9]{0,4}", re.ASCII)
_SNAPSHOT_ID = re.compile(r"[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}", re.ASCII)

Spot = tuple[str, str]
"""Respondent and question."""


def read_run(
    item: object, place: str, checklists: Mapping[tuple[str, str], Checklist], keys: Collection[str]
) -> RunPart:
    fields = Fields(item, place, RUN)
    used = Fields(fields.data["checklist"], fields.at("checklist"), ("id", "version"))
    checklist = checklists.get((used.raw_text("id"), used.raw_text("version")))
    if checklist is None:
        raise fields.refuse("checklist", "this is none of the checklists that the file names at its beginning.")
    respondents = _read_respondents(fields, checklist, keys)
    mine = {row.key for row in respondents}
    changes, last = _read_changes(fields, checklist, mine, keys)
    closed_at = fields.optional_moment("closed_at")
    return RunPart(
        title=fields.text("title", TITLE_LIMIT, required=True),
        checklist_id=checklist.id,
        checklist_version=checklist.version,
        opened_by=fields.optional_person("opened_by", keys),
        opened_at=fields.moment("opened_at"),
        closed_at=closed_at,
        is_latest=fields.flag("is_latest"),
        respondents=respondents,
        answers=_read_answers(fields, checklist, mine, keys, last),
        changes=changes,
        agreed=_read_agreed(fields, checklist, keys),
        snapshots=_read_snapshots(fields, checklist, keys, closed_at),
    )


def _read_respondents(run: Fields, checklist: Checklist, keys: Collection[str]) -> tuple[RespondentPart, ...]:
    roles = ("", *(role.id for role in checklist.roles))
    rows: dict[str, RespondentPart] = {}
    people: set[str] = set()
    for item, place in run.items("respondents", RESPONDENTS_LIMIT):
        fields = Fields(item, place, ("key", "sheet", "person", "role"))
        key = fields.raw_text("key")
        if not _RESPONDENT_KEY.fullmatch(key) or key in rows:
            raise fields.refuse("key", "a key of its own such as r1 is expected here.")
        person = fields.optional_person("person", keys)
        if person is not None:
            if person in people:
                raise fields.refuse("person", "a person answers once in a run.")
            people.add(person)
        rows[key] = RespondentPart(key, fields.flag("sheet"), person, fields.word("role", roles))
    if sum(row.is_sheet for row in rows.values()) != 1:
        raise run.refuse("respondents", "a run has one shared sheet.")
    return tuple(rows.values())


def _take_spot(fields: Fields, checklist: Checklist, respondents: Collection[str]) -> Spot:
    respondent = fields.raw_text("respondent")
    if respondent not in respondents:
        raise fields.refuse("respondent", "none of the respondents of this run has this key.")
    return respondent, take_question(fields, checklist).id


def _read_changes(
    run: Fields, checklist: Checklist, respondents: Collection[str], keys: Collection[str]
) -> tuple[tuple[ChangePart, ...], dict[Spot, ChangePart]]:
    """The history in its order, and the last change of each answer."""
    changes: list[ChangePart] = []
    last: dict[Spot, ChangePart] = {}
    mutations: set[tuple[Spot, UUID]] = set()
    for item, place in run.items("changes", CHANGES_LIMIT):
        fields = Fields(item, place, CHANGE)
        spot = _take_spot(fields, checklist, respondents)
        earlier = last.get(spot)
        expected = earlier.revision + 1 if earlier else 1
        if fields.whole("revision", 1, NUMBER_LIMIT) != expected:
            raise fields.refuse("revision", f"the changes before this one make it revision {expected:,}.")
        if fields.data["before"] != (earlier.after if earlier else None):
            raise fields.refuse("before", "this is not what the change before it left.")
        after = Fields(fields.data["after"], fields.at("after"), CONTENT)
        mutation = _take_uuid(fields, "mutation")
        if (spot, mutation) in mutations:
            raise fields.refuse("mutation", "another change of this answer has this id.")
        mutations.add((spot, mutation))
        change = ChangePart(
            respondent=spot[0],
            question=spot[1],
            revision=expected,
            before=earlier.after if earlier else None,
            after=asdict(take_given(after, checklist.question_by_id[spot[1]])),
            by=fields.person("by", keys),
            at=fields.moment("at"),
            mutation=mutation,
            through=fields.text("through", TOKEN_NAME_LIMIT),
        )
        last[spot] = change
        changes.append(change)
    return tuple(changes), last


def _take_uuid(fields: Fields, name: str) -> UUID:
    text = fields.raw_text(name)
    try:
        found = UUID(text)
    except ValueError:
        found = None
    if found is None or str(found) != text:
        raise fields.refuse(name, "a UUID such as 7f2c1d3e-5b6a-4c8d-9e0f-1a2b3c4d5e6f is expected here.")
    return found


def _read_answers(
    run: Fields,
    checklist: Checklist,
    respondents: Collection[str],
    keys: Collection[str],
    last: Mapping[Spot, ChangePart],
) -> tuple[AnswerPart, ...]:
    """The answers, each the one that its history ends with."""
    rows: dict[Spot, AnswerPart] = {}
    for item, place in run.items("answers", ANSWERS_LIMIT):
        fields = Fields(item, place, ANSWER)
        spot = _take_spot(fields, checklist, respondents)
        if spot in rows:
            raise fields.refuse("question", "this respondent answers the question twice.")
        given = take_given(fields, checklist.question_by_id[spot[1]])
        revision, change = fields.whole("revision", 1, NUMBER_LIMIT), last.get(spot)
        if change is None or change.revision != revision:
            ends = f"ends with revision {change.revision:,}" if change else "does not know it"
            raise fields.refuse("revision", f"the history of this answer {ends}.")
        if change.after != asdict(given):
            raise TransferRefused("this is not what its history ends with.", place)
        rows[spot] = AnswerPart(
            respondent=spot[0],
            question=spot[1],
            given=given,
            revision=revision,
            answered_by=fields.optional_person("answered_by", keys),
            answered_at=fields.moment("answered_at"),
        )
    for spot in last:
        if spot not in rows:
            raise run.refuse("changes", f"there is a history of {spot[1]} by {spot[0]}, and no answer.")
    return tuple(rows.values())


def _read_agreed(run: Fields, checklist: Checklist, keys: Collection[str]) -> tuple[AgreedPart, ...]:
    rows: dict[str, AgreedPart] = {}
    for item, place in run.items("agreed", len(checklist.questions)):
        fields = Fields(item, place, AGREED)
        question = take_question(fields, checklist)
        if question.id in rows:
            raise fields.refuse("question", "there are two agreed answers to it.")
        rows[question.id] = AgreedPart(
            question=question.id,
            **take_agreed(fields, question),
            agreed_by=fields.optional_person("agreed_by", keys),
            agreed_at=fields.moment("agreed_at"),
        )
    return tuple(rows.values())


def _read_snapshots(
    run: Fields, checklist: Checklist, keys: Collection[str], closed_at: datetime | None
) -> tuple[SnapshotPart, ...]:
    rows: list[SnapshotPart] = []
    for item, place in run.items("snapshots", SNAPSHOTS_LIMIT):
        row = _read_snapshot(Fields(item, place, SNAPSHOT), checklist, keys)
        if rows and row.number <= rows[-1].number:
            raise TransferRefused("the snapshots of a run stand in the order of their numbers.", f"{place}.number")
        if rows and rows[-1].closes:
            raise TransferRefused("the snapshot before it closed the run.", place)
        if row.closes and closed_at != row.taken_at:
            raise TransferRefused("the run was not closed at the moment of this snapshot.", f"{place}.closes")
        rows.append(row)
    return tuple(rows)


def _read_snapshot(fields: Fields, checklist: Checklist, keys: Collection[str]) -> SnapshotPart:
    text = fields.raw_text("body")
    if sha256_of(text) != fields.data["sha256"]:
        raise fields.refuse("sha256", "this is not the hash of the body: the snapshot was changed.")
    body = read_body(text, checklist, fields.at("body"))
    head, previous = body["snapshot"], body["previous"]
    public_id = fields.raw_text("id")
    if not _SNAPSHOT_ID.fullmatch(public_id):
        raise fields.refuse("id", "an id such as 3f9a-07c1-be52 is expected here.")
    taken_at = fields.moment("taken_at")
    said: dict[str, Any] = {
        "id": head["id"],
        "number": head["number"],
        "label": head["label"],
        "engine": body["engine"],
        "closes": body["assessment"]["closed"],
    }
    for name, value in said.items():
        if fields.data[name] != value or type(fields.data[name]) is not type(value):
            raise fields.refuse(name, "the body says something else.")
    if datetime.fromisoformat(head["taken_at"]) != taken_at:
        raise fields.refuse("taken_at", "the body says something else.")
    return SnapshotPart(
        public_id=public_id,
        number=said["number"],
        label=said["label"],
        taken_by=fields.person("taken_by", keys),
        taken_at=taken_at,
        body=text,
        sha256=fields.data["sha256"],
        engine=said["engine"],
        closes=said["closes"],
        answered=body["progress"]["answered"],
        due=body["progress"]["due"],
        index=body["result"]["index"],
        low=body["result"]["low"],
        high=body["result"]["high"],
        previous=previous
        and (previous["number"], previous["label"], datetime.fromisoformat(previous["taken_at"]), previous["index"]),
    )
