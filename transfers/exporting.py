"""The document of a project: everything that was said in it, who said it and when, and nothing of the place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from accounts.models import User
from assessments.models import AgreedAnswer, Answer, AnswerChange, Assessment, Respondent, Snapshot
from assessments.snapshots import canonical_json, sha256_of
from projects.models import Outcome, Project
from transfers.document import CONTENT, FORMAT, IMPORTED_DOMAIN, PRODUCT, VERSION

Part = dict[str, Any]


class People:
    """Keys for the people whom a document names, in the order in which it names them."""

    def __init__(self) -> None:
        self.keys: dict[int, str] = {}

    def key(self, user_id: int | None) -> str | None:
        return None if user_id is None else self.keys.setdefault(user_id, f"p{len(self.keys) + 1}")

    def parts(self) -> list[Part]:
        users = User.objects.only("name", "email").in_bulk(list(self.keys))
        return [
            {"key": key, "name": users[user_id].name, "email": address_of(users[user_id])}
            for user_id, key in self.keys.items()
        ]


def address_of(user: User) -> str:
    """Nothing for those whom an import brought along: their address is one that this installation made up."""
    return "" if user.email.endswith(f"@{IMPORTED_DOMAIN}") else user.email


def file_bytes(document: Part) -> bytes:
    """The one file of a document."""
    return canonical_json(document).encode()


@transaction.atomic
def export_project(project: Project, *, at: datetime | None = None) -> Part:
    """The whole document, ready to be written as JSON; `at` is when it is made. A number of queries that is fixed.

    Saving waits meanwhile, so that the history always belongs to the answers.
    """
    project = Project.objects.select_for_update(of=("self",), no_key=True).get(pk=project.pk)
    runs = list(Assessment.objects.select_for_update(of=("self",), no_key=True).filter(project=project).order_by("id"))
    people = People()
    content: Part = {"runs": _runs(project, runs, people)}
    outcome = Outcome.objects.filter(project=project).first()
    content["outcome"] = _outcome(outcome, people) if outcome is not None else None
    # Last, so that the other keys stay the same where nobody here is the owner.
    content["project"] = _project(project, people)
    content["people"] = people.parts()
    checklists = {(run.checklist_id, run.checklist_version): run.checklist for run in runs}
    return {
        "format": FORMAT,
        "version": VERSION,
        "made_at": _moment(at or timezone.now()),
        "product": PRODUCT,
        "checklists": [
            {"id": checklist.id, "version": checklist.version, "sha256": checklist.sha256}
            for _, checklist in sorted(checklists.items())
        ],
        "sha256": sha256_of(canonical_json(content)),
        "content": content,
    }


def _project(project: Project, people: People) -> Part:
    return {
        "slug": project.slug,
        "name": project.name,
        "goal": project.goal,
        "stage": project.stage,
        "facts": sorted(project.facts),
        "unit": project.unit,
        "tags": list(project.tags),
        "planned_date": _day(project.planned_date),
        "planned_value": project.planned_value,
        "owner": people.key(project.owner_id),
        "is_demo": project.is_demo,
        "created_at": _moment(project.created_at),
        "archived_at": _moment(project.archived_at),
    }


def _outcome(outcome: Outcome, people: People) -> Part:
    return {
        "kind": outcome.kind,
        "is_delayed": outcome.is_delayed,
        "on": _day(outcome.on),
        "sentence": outcome.sentence,
        "recorded_by": people.key(outcome.recorded_by_id),
        "recorded_at": _moment(outcome.recorded_at),
    }


def _runs(project: Project, runs: Sequence[Assessment], people: People) -> list[Part]:
    mine = {"assessment__project": project}
    respondents = _by_run(Respondent.objects.filter(**mine).order_by("id"), "assessment_id")
    keys = {row.pk: f"r{place}" for rows in respondents.values() for place, row in enumerate(rows, start=1)}
    answers = Answer.objects.filter(respondent__assessment__project=project).select_related("respondent")
    by_run: dict[int, list[Answer]] = defaultdict(list)
    for answer in answers.order_by("respondent_id", "question"):
        by_run[answer.respondent.assessment_id].append(answer)
    answered = {answer.pk: keys[answer.respondent_id] for rows in by_run.values() for answer in rows}
    changes = _by_run(AnswerChange.objects.filter(**mine).order_by("id"), "assessment_id")
    agreed = _by_run(AgreedAnswer.objects.filter(**mine).order_by("question"), "assessment_id")
    snapshots = _by_run(Snapshot.objects.filter(project=project).order_by("number"), "assessment_id")
    return [
        {
            "title": run.title,
            "checklist": {"id": run.checklist_id, "version": run.checklist_version},
            "opened_by": people.key(run.opened_by_id),
            "opened_at": _moment(run.opened_at),
            "closed_at": _moment(run.closed_at),
            "is_latest": run.is_latest,
            "respondents": [_respondent(row, keys[row.pk], people) for row in respondents[run.pk]],
            "answers": [_answer(row, keys[row.respondent_id], people) for row in by_run[run.pk]],
            "changes": [_change(row, answered[row.answer_id], people) for row in changes[run.pk]],
            "agreed": [_agreed(row, people) for row in agreed[run.pk]],
            "snapshots": [_snapshot(row, people) for row in snapshots[run.pk]],
        }
        for run in runs
    ]


def _by_run(rows: Iterable[Any], column: str) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, column)].append(row)
    return found


def _respondent(row: Respondent, key: str, people: People) -> Part:
    return {"key": key, "sheet": row.is_sheet, "person": people.key(row.user_id), "role": row.role}


def _answer(row: Answer, respondent: str, people: People) -> Part:
    return {
        "respondent": respondent,
        "question": row.question,
        **_content(row),
        "revision": row.revision,
        "answered_by": people.key(row.answered_by_id),
        "answered_at": _moment(row.answered_at),
    }


def _content(row: Model) -> Part:
    return {name: getattr(row, name) for name in CONTENT}


def _change(row: AnswerChange, respondent: str, people: People) -> Part:
    return {
        "respondent": respondent,
        "question": row.question,
        "revision": row.revision,
        "before": row.before,
        "after": row.after,
        "by": people.key(row.by_id),
        "at": _moment(row.at),
        "mutation": str(row.mutation_id),
        "through": row.through or "",
    }


def _agreed(row: AgreedAnswer, people: People) -> Part:
    return {
        "question": row.question,
        "level": row.level,
        "reason": row.reason,
        "evidence_title": row.evidence_title,
        "evidence_url": row.evidence_url,
        "agreed_by": people.key(row.agreed_by_id),
        "agreed_at": _moment(row.agreed_at),
    }


def _snapshot(row: Snapshot, people: People) -> Part:
    return {
        "id": row.public_id,
        "number": row.number,
        "label": row.label,
        "taken_by": people.key(row.taken_by_id),
        "taken_at": _moment(row.taken_at),
        "engine": row.engine,
        "closes": row.closes,
        "sha256": row.sha256,
        "body": row.body,
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
