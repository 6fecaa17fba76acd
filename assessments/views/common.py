"""What the pages of one project share."""

from __future__ import annotations

from typing import Any

from accounts.roles import Permission
from assessments.models import Assessment, State
from checklists.schema import Question
from projects.models import Project

TABS = (
    ("overview", "assessments:overview", "Checklist"),
    ("results", "assessments:results", "Results"),
    ("snapshots", "assessments:snapshots", "Snapshots"),
    ("reports", "reports:project", "Reports"),
    ("history", "assessments:history", "History"),
)


def latest_assessment(project: Project) -> Assessment | None:
    """The run that is open, or the last one. Carries the project, so that reading stage and facts costs nothing."""
    assessment = Assessment.objects.filter(project=project, is_latest=True).first()
    if assessment is not None:
        assessment.project = project
    return assessment


def page_context(project: Project, tab: str, assessment: Assessment | None = None, **more: Any) -> dict[str, Any]:
    """The project's head with its tabs, and what the person may do."""
    allowed = project.permissions()
    can_write = not project.is_archived
    return {
        "section": "projects",
        "project": project,
        "assessment": assessment,
        "tab": tab,
        "tabs": TABS,
        "can_edit": Permission.EDIT_PROJECT in allowed,
        "can_answer": Permission.ANSWER in allowed and can_write and assessment is not None and assessment.is_open,
        "can_snapshot": Permission.TAKE_SNAPSHOT in allowed and can_write,
        "can_report": Permission.REQUEST_REPORT in allowed,
        "can_share": Permission.SHARE in allowed,
        "can_grant": Permission.MANAGE_ORGANISATION in allowed,
        **more,
    }


def answer_words(question: Question, state: str, level: int | None) -> str:
    """An answer as a person reads it."""
    if state == State.GRADED and level is not None:
        return question.choices[level]
    return State(state).label
