"""The project of a file, checked, and the limits of the format. docs/export.md says the same in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

from assessments.services import GivenAnswer

FORMAT = "preflight-project"
VERSION = 1
PRODUCT = "0.1.0"
IMPORTED_DOMAIN = "imported.invalid"
"""The addresses of people whom an import brought along and who have no account. RFC 2606 keeps it out of use."""

FILE_LIMIT = 25_000_000
DEPTH_LIMIT = 32
VALUES_LIMIT = 2_000_000
PEOPLE_LIMIT = 2_000
RUNS_LIMIT = 500
RESPONDENTS_LIMIT = 1_000
ANSWERS_LIMIT = 50_000
CHANGES_LIMIT = 100_000
SNAPSHOTS_LIMIT = 1_000
NUMBER_LIMIT = 1_000_000
"""Revisions and numbers of snapshots."""

CONTENT = tuple(field.name for field in fields(GivenAnswer))


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the project mentions. `email` is empty where the exporting installation knew none."""

    key: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Description:
    slug: str
    name: str
    goal: str
    stage: str
    facts: tuple[str, ...]
    unit: str
    tags: tuple[str, ...]
    planned_date: date | None
    planned_value: int | None
    owner: str | None
    is_demo: bool
    created_at: datetime
    archived_at: datetime | None


@dataclass(frozen=True, slots=True)
class RespondentPart:
    key: str
    is_sheet: bool
    person: str | None
    role: str


@dataclass(frozen=True, slots=True)
class AnswerPart:
    respondent: str
    question: str
    given: GivenAnswer
    revision: int
    answered_by: str | None
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class ChangePart:
    respondent: str
    question: str
    revision: int
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]
    by: str
    at: datetime
    mutation: UUID
    through: str


@dataclass(frozen=True, slots=True)
class AgreedPart:
    question: str
    level: int
    reason: str
    evidence_title: str
    evidence_url: str
    agreed_by: str | None
    agreed_at: datetime


@dataclass(frozen=True, slots=True)
class SnapshotPart:
    """A frozen result. What stands after `closes` is read from the body.

    `previous` is what the body says of the snapshot before it: number, label, moment and index.
    """

    public_id: str
    number: int
    label: str
    taken_by: str
    taken_at: datetime
    body: str
    sha256: str
    engine: str
    closes: bool
    answered: int
    due: int
    index: float | None
    low: float | None
    high: float | None
    previous: tuple[int, str, datetime, float | None] | None


@dataclass(frozen=True, slots=True)
class RunPart:
    title: str
    checklist_id: str
    checklist_version: str
    opened_by: str | None
    opened_at: datetime
    closed_at: datetime | None
    is_latest: bool
    respondents: tuple[RespondentPart, ...]
    answers: tuple[AnswerPart, ...]
    changes: tuple[ChangePart, ...]
    agreed: tuple[AgreedPart, ...]
    snapshots: tuple[SnapshotPart, ...]

    def people(self) -> Iterator[str | None]:
        """Everybody the run names, with repetitions."""
        yield self.opened_by
        yield from (row.person for row in self.respondents)
        yield from (row.answered_by for row in self.answers)
        yield from (row.by for row in self.changes)
        yield from (row.agreed_by for row in self.agreed)
        yield from (row.taken_by for row in self.snapshots)

    def moments(self) -> Iterator[datetime]:
        """All its moments but those inside snapshots, in no order."""
        yield self.opened_at
        if self.closed_at is not None:
            yield self.closed_at
        yield from (row.answered_at for row in self.answers)
        yield from (row.at for row in self.changes)
        yield from (row.agreed_at for row in self.agreed)
        yield from (row.taken_at for row in self.snapshots)


@dataclass(frozen=True, slots=True)
class OutcomePart:
    kind: str
    is_delayed: bool
    on: date
    sentence: str
    recorded_by: str | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class ProjectDocument:
    """A whole file that was found in order. `sha256` is that of its content."""

    made_at: datetime
    product: str
    sha256: str
    description: Description
    people: tuple[Person, ...]
    runs: tuple[RunPart, ...]
    outcome: OutcomePart | None

    @property
    def snapshots(self) -> tuple[SnapshotPart, ...]:
        """Of all runs, by number."""
        return tuple(sorted((row for run in self.runs for row in run.snapshots), key=lambda row: row.number))

    @property
    def answers_count(self) -> int:
        return sum(len(run.answers) for run in self.runs)

    @property
    def changes_count(self) -> int:
        return sum(len(run.changes) for run in self.runs)

    def mentioned(self) -> frozenset[str]:
        """The keys of the people who did something. The owner alone is not among them."""
        keys = {key for run in self.runs for key in run.people()}
        if self.outcome is not None:
            keys.add(self.outcome.recorded_by)
        return frozenset(key for key in keys if key is not None)

    def newest_moment(self) -> datetime:
        moments = [self.description.created_at, *(moment for run in self.runs for moment in run.moments())]
        if self.description.archived_at is not None:
            moments.append(self.description.archived_at)
        if self.outcome is not None:
            moments.append(self.outcome.recorded_at)
        return max(moments)
