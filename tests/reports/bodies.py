"""Snapshot bodies for tests: as the product writes them, from answers that are chosen by rule or by a seed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import scoring
from assessments.progress import count_progress, progress_part
from checklists.loader import load
from checklists.schema import Checklist, Question

SHA256 = "3f7a9c0e5d1b8246a0c4e8f27d6b5913e0a1f4c8b7d2956483c1e0f9a8b7c6d5"
FACTS = ("personal_data", "multiple_sources", "other_teams_data", "labelled_data", "affects_people", "people_act")

Choose = Callable[[Question], int | str | None]
"""The answer to a question: a level, "unknown", "not_applicable", or None for no answer."""


@dataclass(frozen=True)
class Person:
    """Somebody who answers. `choose` gives the person's answer to a question."""

    name: str
    role: str | None
    choose: Choose


@dataclass(frozen=True)
class Sample:
    """What a body is made from."""

    people: tuple[Person, ...]
    stage: str = "pilot"
    facts: tuple[str, ...] = FACTS
    project: str = "Claims sorting"
    goal: str = "Sort incoming claims so that simple ones are paid on the day they arrive."
    organisation: str = "Sample organisation"
    owner: str = "Project owner"
    closed: bool = True
    decision: str = ""
    label: str = "Review before the pilot"
    note: str = ""
    note_of: Callable[[Question], str] = field(default=lambda question: "")
    evidence_of: Callable[[Question], tuple[str, str]] = field(default=lambda question: ("", ""))
    reason: str = "All data belongs to the team that uses it."
    agreed: Mapping[str, int] = field(default_factory=dict)
    previous: Mapping[str, Any] | None = None
    track_record: tuple[int, int] = (0, 0)


def checklist() -> Checklist:
    return load("ml_readiness", "1.0")


def make_body(sample: Sample) -> dict[str, Any]:
    """The body of a snapshot, passed through JSON so that it holds what a stored one holds."""
    definition = checklist()
    due = definition.questions_due(sample.stage, sample.facts)
    rows = [_row(question, person, sample) for question in due for person in sample.people]
    agreed = [
        {"question": q, "level": level, "reason": "Settled in the meeting.", "evidence_title": "", "evidence_url": ""}
        for q, level in sorted(sample.agreed.items())
    ]
    instrument = scoring.instrument_for(definition, sample.stage, sample.facts)
    answers = _to_engine([row for row in rows if row["state"] != "blank"], agreed, sample.closed)
    result = scoring.evaluate(instrument, answers)
    answered = {row["question"] for row in rows if row["state"] != "blank"} | set(sample.agreed)
    body = {
        "format": 1,
        "organisation": {"name": sample.organisation},
        "project": {
            "name": sample.project,
            "goal": sample.goal,
            "stage": sample.stage,
            "unit": "Operations",
            "tags": ["claims", "service"],
            "planned_date": "2027-01-20",
            "owner": sample.owner,
        },
        "assessment": {"title": "Pilot gate", "opened_at": "2026-11-02T08:00:00+00:00", "closed": sample.closed},
        "snapshot": {
            "id": "7f3a-19c2-84de",
            "number": 3,
            "label": sample.label,
            "note": sample.note,
            "decision": sample.decision,
            "taken_at": "2026-11-22T10:42:00+00:00",
            "taken_by": "Review lead",
        },
        "checklist": {"id": definition.id, "version": definition.version, "sha256": definition.sha256},
        "engine": result.engine,
        "stage": sample.stage,
        "facts": list(sample.facts),
        "answers": rows,
        "agreed": agreed,
        "result": scoring.result_to_dict(result),
        "paths": {str(target): _path(instrument, answers, result, target) for target in (50, 25)},
        "narrowings": [
            {"question": n.question, "action": n.action, "points": n.points}
            for n in scoring.narrowings(instrument, answers, 8)
        ],
        "progress": progress_part(count_progress(definition, due, answered)),
        "previous": sample.previous,
        "track_record": {"outcomes": sample.track_record[0], "assessed": sample.track_record[1]},
    }
    stored: dict[str, Any] = json.loads(json.dumps(body))
    return stored


def _row(question: Question, person: Person, sample: Sample) -> dict[str, Any]:
    chosen = person.choose(question)
    state = "blank" if chosen is None else chosen if isinstance(chosen, str) else "graded"
    title, url = sample.evidence_of(question) if state == "graded" else ("", "")
    return {
        "question": question.id,
        "respondent": f"r-{person.name}",
        "role": person.role,
        "state": state,
        "level": chosen if state == "graded" else None,
        "note": sample.note_of(question) if state != "blank" else "",
        "reason": sample.reason if state == "not_applicable" else "",
        "evidence_title": title,
        "evidence_url": url,
        "answered_by": person.name if state != "blank" else None,
        "answered_at": "2026-11-12T09:00:00+00:00" if state != "blank" else None,
        "revision": 1 if state != "blank" else 0,
    }


def _to_engine(rows: Iterable[Mapping[str, Any]], agreed: Iterable[Mapping[str, Any]], closed: bool) -> scoring.Answers:
    responses, exclusions = [], []
    for row in rows:
        if row["state"] == "not_applicable":
            exclusions.append(scoring.Exclusion(row["question"], row["reason"]))
            continue
        responses.append(
            scoring.Response(
                question=row["question"],
                level=row["level"],
                dont_know=row["state"] == "unknown",
                role=row["role"],
                respondent=row["respondent"],
                evidence=bool(row["evidence_url"] or row["note"]),
            )
        )
    settled = tuple(scoring.Agreed(row["question"], row["level"], False) for row in agreed)
    return scoring.Answers(tuple(responses), settled, tuple(exclusions), closed)


def _path(
    instrument: scoring.Instrument, answers: scoring.Answers, result: scoring.Result, target: int
) -> dict[str, Any] | None:
    if result.index is None or result.index < target:
        return None
    path = scoring.shortest_path(instrument, answers, target)
    if path is None:
        return None
    return {
        "target": path.target,
        "cost": path.cost,
        "questions": list(path.questions),
        "index": path.index,
        "steps": [
            {"question": s.question, "effort": s.effort, "before": s.before, "after": s.after}
            for s in scoring.path_steps(instrument, answers, path)
        ],
    }


def evidence_for_most(question: Question) -> tuple[str, str]:
    """Evidence on two of three questions, with titles of different lengths."""
    place = sum(map(ord, question.id))
    titles = ("Brief, May 2026", "Wiki page", "Minutes, 3 Nov", "Ticket 412", "Run of 14 Nov", "Access list")
    return ("", "") if place % 3 == 0 else (titles[place % 6], f"https://wiki.example.org/page/{place}")


def mostly_good(question: Question) -> int | str | None:
    """A typical pilot: most answers good, some in the middle, two must-haves open, some not known."""
    fixed: dict[str, int | str] = {
        "operations.owner": 0,
        "customer.recourse": "unknown",
        "data.groups": "unknown",
        "operations.outside-range": "unknown",
        "data.sharing": "not_applicable",
        "platform.production-home": 2,
    }
    if question.id in fixed:
        return fixed[question.id]
    best = len(question.choices) - 1
    return max(best - (0, 1, 1, 0, 2, 1, 0)[sum(map(ord, question.id)) % 7], 0)


def typical_pilot(**changes: Any) -> dict[str, Any]:
    """A closed pilot review with one sheet, evidence, an exclusion and a previous snapshot."""
    previous = {
        "number": 2,
        "label": "Review in June",
        "taken_at": "2026-06-22T09:00:00+00:00",
        "index": 80.0,
        "low": 70.0,
        "high": 85.0,
        "judgement": "final",
        "dimensions": {
            name: {"risk": risk, "judgement": "final"}
            for name, risk in (
                ("problem", 45.2),
                ("data", 66.1),
                ("team", 65.0),
                ("customer", 79.3),
                ("platform", 64.0),
                ("operations", 89.9),
            )
        },
    }
    people = (Person("Team member one", None, mostly_good),)
    defaults: dict[str, Any] = {"people": people, "evidence_of": evidence_for_most, "previous": previous}
    return make_body(Sample(**(defaults | changes)))


def early_idea(**changes: Any) -> dict[str, Any]:
    """An open idea with five answers."""

    def choose(question: Question) -> int | None:
        return 1 if question.number in {"1.1", "1.2", "1.3", "2.1", "3.1"} else None

    defaults: dict[str, Any] = {
        "people": (Person("Team member one", None, choose),),
        "stage": "idea",
        "closed": False,
        "facts": (),
        "label": "First look",
    }
    return make_body(Sample(**(defaults | changes)))


def nothing_answered(**changes: Any) -> dict[str, Any]:
    """An open pilot review without an answer."""
    defaults: dict[str, Any] = {"people": (Person("Team member one", None, lambda question: None),), "closed": False}
    return make_body(Sample(**(defaults | changes)))


def all_best(**changes: Any) -> dict[str, Any]:
    """Everything at its best choice, with evidence."""
    defaults: dict[str, Any] = {
        "people": (Person("Team member one", None, lambda question: len(question.choices) - 1),),
        "evidence_of": lambda question: ("Record", "https://wiki.example.org/record"),
    }
    return make_body(Sample(**(defaults | changes)))


def all_excluded(**changes: Any) -> dict[str, Any]:
    """Every question declared not applicable: there is no index."""
    defaults: dict[str, Any] = {"people": (Person("Team member one", None, lambda question: "not_applicable"),)}
    return make_body(Sample(**(defaults | changes)))


def three_roles(**changes: Any) -> dict[str, Any]:
    """A blind round of three roles that see things differently, with one agreed answer."""

    def chooser(shift: int) -> Choose:
        def choose(question: Question) -> int:
            best = len(question.choices) - 1
            return max(min(best - (sum(map(ord, question.id)) + shift) % 3, best), 0)

        return choose

    people = (
        Person("Team member one", "product", chooser(0)),
        Person("Team member two", "data-science", chooser(1)),
        Person("Team member three", "platform", chooser(2)),
    )
    defaults: dict[str, Any] = {"people": people, "agreed": {"problem.statement": 3}, "evidence_of": evidence_for_most}
    return make_body(Sample(**(defaults | changes)))


def random_body(seed: int) -> dict[str, Any]:
    """A body with random answers, stage and facts; the same for the same seed."""
    source = random.Random(seed)
    spread = source.choice((0.0, 0.1, 0.3, 0.9))

    def choose(question: Question) -> int | str | None:
        draw = source.random()
        if draw < spread / 3:
            return None
        if draw < spread / 2:
            return "unknown"
        if draw < spread / 2 + 0.05:
            return "not_applicable"
        return source.randrange(len(question.choices))

    return make_body(
        Sample(
            people=(Person("Team member one", None, choose),),
            stage=source.choice(("idea", "prototype", "pilot", "production")),
            facts=tuple(source.sample(FACTS, source.randrange(len(FACTS)))),
            closed=source.random() < 0.5,
            evidence_of=lambda question: ("Record", "") if source.random() < 0.4 else ("", ""),
        )
    )
