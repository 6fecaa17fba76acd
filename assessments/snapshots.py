"""Freezing a result: everything a report needs, in one canonical JSON text that never changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from django.db import transaction
from django.db.models import Exists, OuterRef

import scoring
from accounts import audit
from accounts.models import Organisation, User
from accounts.texts import clean_text
from assessments.errors import AssessmentClosed
from assessments.evaluation import AgreedRow, AnswerRow, Evaluation, answers_of, evaluate_assessment, to_engine
from assessments.figures import Columns, columns_of, keep_figures, refresh_figures
from assessments.models import TITLE_LIMIT, AgreedAnswer, Answer, Assessment, Snapshot, new_snapshot_id
from assessments.progress import count_progress, progress_part
from checklists.schema import Checklist
from findings.answers import ANSWERED, has_evidence
from findings.verdict import confidence_of, judge
from projects.models import Outcome, Project

FORMAT = 1
TARGETS = (50, 25)
NARROWINGS = 6
NOTE_LIMIT = 1000


def canonical_json(value: object) -> str:
    """The one text of a value: keys sorted, no spaces, no escapes but those JSON needs, NaN refused."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def take_snapshot(
    *,
    assessment: Assessment,
    label: str,
    note: str = "",
    decision: str = "",
    closes: bool = False,
    by: User,
    at: datetime,
) -> Snapshot:
    """Freezes the answers as they stand. With `closes` the run ends: open questions count as don't know from then on.

    Raises TextRefused for a bad label, note or decision, AssessmentClosed when the run was closed already.
    """
    project = (
        Project.objects.select_for_update(of=("self",))
        .select_related("organisation", "owner")
        .get(pk=assessment.project_id)
    )
    assessment = Assessment.objects.select_for_update(of=("self",)).get(pk=assessment.pk)
    assessment.project = project
    if not assessment.is_open:
        raise AssessmentClosed("This checklist was closed already; its last snapshot holds the result.")
    words = {
        "label": clean_text(label, field="Label", limit=TITLE_LIMIT, required=True),
        "note": clean_text(note, field="Note", limit=NOTE_LIMIT, lines=True),
        "decision": clean_text(decision, field="Decision asked", limit=NOTE_LIMIT, lines=True),
    }
    previous = Snapshot.objects.filter(project=project).order_by("-number").first()
    rows = answers_of(assessment)
    evaluation = evaluate_assessment(assessment, rows, closed=closes)
    public_id, number = new_snapshot_id(), (previous.number + 1 if previous else 1)
    head = {"id": public_id, "number": number, **words, "taken_at": at.isoformat(), "taken_by": by.name}
    record = count_track_record(project.organisation)
    body = canonical_json(
        build_body(assessment, evaluation, rows, head=head, closed=closes, previous=previous, track_record=record)
    )
    snapshot = Snapshot.objects.create(
        project=project,
        assessment=assessment,
        public_id=public_id,
        number=number,
        label=words["label"],
        taken_by=by,
        taken_at=at,
        body=body,
        sha256=sha256_of(body),
        engine=evaluation.result.engine,
        closes=closes,
        answered=evaluation.progress.total.answered,
        due=evaluation.progress.total.due,
        index=evaluation.result.index,
        low=evaluation.result.low,
        high=evaluation.result.high,
    )
    if closes:
        assessment.closed_at = at
        assessment.save(update_fields=["closed_at"])
    columns = refresh_figures(assessment, evaluation)
    keep_figures(snapshot, columns, stage=assessment.stage_and_facts[0])
    audit.record(
        organisation=project.organisation,
        actor=by,
        verb="snapshot.taken",
        thing=public_id,
        project=project.slug,
        sha256=snapshot.sha256,
        closes=closes,
    )
    return snapshot


def count_track_record(organisation: Organisation) -> tuple[int, int]:
    """How many of the organisation's projects have an outcome, and how many have a frozen result."""
    projects = Project.objects.filter(organisation=organisation)
    return (
        Outcome.objects.filter(project__in=projects).count(),
        projects.filter(Exists(Snapshot.objects.filter(project=OuterRef("pk")))).count(),
    )


def build_body(
    assessment: Assessment,
    evaluation: Evaluation,
    rows: Sequence[Answer],
    *,
    head: Mapping[str, Any],
    closed: bool,
    previous: Snapshot | None,
    track_record: tuple[int, int] = (0, 0),
) -> dict[str, Any]:
    """Everything a result page or a report says, as JSON-ready values in format 1. `head` names the snapshot.

    `track_record` counts the organisation's recorded outcomes and its assessed projects.
    """
    project, checklist = assessment.project, evaluation.checklist
    stage, facts = assessment.stage_and_facts
    return {
        "format": FORMAT,
        "organisation": {"name": project.organisation.name},
        "project": _project(project),
        "assessment": {"title": assessment.title, "opened_at": assessment.opened_at.isoformat(), "closed": closed},
        "snapshot": dict(head),
        "checklist": {"id": checklist.id, "version": checklist.version, "sha256": checklist.sha256},
        "engine": evaluation.result.engine,
        "stage": stage,
        "facts": list(facts),
        "answers": [_answer(row) for row in sorted(rows, key=lambda row: (row.question, row.respondent_id))],
        "agreed": [_agreed(row) for row in AgreedAnswer.objects.filter(assessment=assessment).order_by("question")],
        **engine_parts(evaluation.instrument, evaluation.answers, evaluation.result),
        "progress": progress_part(evaluation.progress),
        "previous": _previous(previous),
        "track_record": {"outcomes": track_record[0], "assessed": track_record[1]},
    }


def live_body(
    assessment: Assessment, previous: Snapshot | None, *, at: datetime, track_record: tuple[int, int] = (0, 0)
) -> dict[str, Any]:
    """The body of the answers as they stand, for the page that shows them. It is not stored."""
    rows = answers_of(assessment)
    evaluation = evaluate_assessment(assessment, rows)
    head = {"id": "", "number": 0, "label": "", "note": "", "decision": "", "taken_at": at.isoformat(), "taken_by": ""}
    return build_body(
        assessment,
        evaluation,
        rows,
        head=head,
        closed=not assessment.is_open,
        previous=previous,
        track_record=track_record,
    )


def engine_parts(instrument: scoring.Instrument, answers: scoring.Answers, result: scoring.Result) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for target in TARGETS:
        path = None
        if result.index is not None and result.index >= target:
            path = scoring.shortest_path(instrument, answers, target)
        paths[str(target)] = path and {
            "target": path.target,
            "cost": path.cost,
            "questions": list(path.questions),
            "index": path.index,
            "steps": [
                {"question": s.question, "effort": s.effort, "before": s.before, "after": s.after}
                for s in scoring.path_steps(instrument, answers, path)
            ],
        }
    narrowings = scoring.narrowings(instrument, answers, NARROWINGS)
    return {
        "result": scoring.result_to_dict(result),
        "paths": paths,
        "narrowings": [{"question": n.question, "action": n.action, "points": n.points} for n in narrowings],
    }


def read_body(snapshot: Snapshot) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", json.loads(snapshot.body))


def columns_of_body(body: Mapping[str, Any], checklist: Checklist) -> Columns:
    """What the pages over many projects show of a frozen result."""
    due = frozenset(question.id for question in checklist.questions_due(body["stage"], body["facts"]))
    answers = _frozen_answers(body, due)
    return columns_of(checklist, answers, scoring.result_from_dict(body["result"]), body["progress"])


def recompute(snapshot: Snapshot) -> str:
    """The body again, with result, paths, narrowings and progress computed anew from the frozen answers.

    Equal to the stored body, byte for byte, as long as the checklist version and the engine are what they were.
    """
    body = dict(read_body(snapshot))
    checklist = snapshot.assessment.checklist
    instrument = scoring.instrument_for(checklist, body["stage"], body["facts"])
    answers = _frozen_answers(body, frozenset(item.id for item in instrument.items))
    body.update(engine_parts(instrument, answers, scoring.evaluate(instrument, answers, engine=body["engine"])))
    answered = {row["question"] for row in body["answers"] if row["state"] in ANSWERED}
    answered |= {row["question"] for row in body["agreed"]}
    due = checklist.questions_due(body["stage"], body["facts"])
    body["progress"] = progress_part(count_progress(checklist, due, answered))
    return canonical_json(body)


def _frozen_answers(body: Mapping[str, Any], due: frozenset[str]) -> scoring.Answers:
    rows = [
        AnswerRow(
            question=row["question"],
            respondent=row["respondent"],
            role=row["role"],
            is_sheet=row["sheet"],
            state=row["state"],
            level=row["level"],
            reason=row["reason"],
            has_evidence=has_evidence(row),
        )
        for row in body["answers"]
    ]
    agreed = [
        AgreedRow(row["question"], row["level"], bool(row["evidence_url"] or row["evidence_title"]))
        for row in body["agreed"]
    ]
    return to_engine(rows, agreed, due, closed=body["assessment"]["closed"])


def _project(project: Project) -> dict[str, Any]:
    return {
        "name": project.name,
        "goal": project.goal,
        "stage": project.stage,
        "unit": project.unit,
        "tags": project.tags,
        "planned_date": project.planned_date.isoformat() if project.planned_date else None,
        "owner": project.owner.name if project.owner else "",
    }


def _answer(row: Answer) -> dict[str, Any]:
    return {
        "question": row.question,
        "respondent": str(row.respondent_id),
        "sheet": row.respondent.is_sheet,
        "role": row.respondent.role or None,
        "state": row.state,
        "level": row.level,
        "note": row.note,
        "reason": row.reason,
        "evidence_title": row.evidence_title,
        "evidence_url": row.evidence_url,
        "answered_by": row.answered_by.name if row.answered_by else None,
        "answered_at": row.answered_at.isoformat(),
        "revision": row.revision,
    }


def _agreed(row: AgreedAnswer) -> dict[str, Any]:
    return {
        "question": row.question,
        "level": row.level,
        "reason": row.reason,
        "evidence_title": row.evidence_title,
        "evidence_url": row.evidence_url,
    }


def _previous(snapshot: Snapshot | None) -> dict[str, Any] | None:
    if snapshot is None:
        return None
    body = read_body(snapshot)
    result, progress = body["result"], body["progress"]
    return {
        "number": snapshot.number,
        "label": snapshot.label,
        "taken_at": snapshot.taken_at.isoformat(),
        "index": snapshot.index,
        "low": snapshot.low,
        "high": snapshot.high,
        "judgement": judge(progress["answered"], progress["due"], result["confidence"]),
        "dimensions": {
            key: {"risk": value["risk"], "judgement": _judge_dimension(value, progress["dimensions"][key])}
            for key, value in result["dimensions"].items()
        },
    }


def _judge_dimension(dimension: Mapping[str, Any], progress: Sequence[int]) -> str:
    answered, due = progress
    return judge(answered, due, confidence_of(dimension["low"], dimension["high"]))
