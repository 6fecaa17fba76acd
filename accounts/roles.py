"""The one table of who may do what. Project grants narrow a role, nothing widens it."""

from __future__ import annotations

from django.db.models import TextChoices


class Role(TextChoices):
    OWNER = "owner", "Owner"
    EDITOR = "editor", "Editor"
    RESPONDENT = "respondent", "Respondent"
    VIEWER = "viewer", "Viewer"


class Permission(TextChoices):
    VIEW_PORTFOLIO = "view_portfolio"
    VIEW_PROJECT = "view_project"
    ANSWER = "answer"
    EDIT_PROJECT = "edit_project"
    CREATE_PROJECT = "create_project"
    TAKE_SNAPSHOT = "take_snapshot"
    REQUEST_REPORT = "request_report"
    SHARE = "share"
    MANAGE_ORGANISATION = "manage_organisation"


P = Permission
PERMISSIONS: dict[str, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.EDITOR: frozenset(
        {
            P.VIEW_PORTFOLIO,
            P.VIEW_PROJECT,
            P.ANSWER,
            P.EDIT_PROJECT,
            P.CREATE_PROJECT,
            P.TAKE_SNAPSHOT,
            P.REQUEST_REPORT,
            P.SHARE,
        }
    ),
    Role.RESPONDENT: frozenset({P.VIEW_PROJECT, P.ANSWER}),
    Role.VIEWER: frozenset({P.VIEW_PORTFOLIO, P.VIEW_PROJECT, P.REQUEST_REPORT}),
}

ROLE_MEANS: dict[str, str] = {
    Role.OWNER: "Sees and changes everything, invites and removes people.",
    Role.EDITOR: "Makes projects, answers, takes snapshots, makes reports and share links.",
    Role.RESPONDENT: "Answers questions in the projects that are shared with them.",
    Role.VIEWER: "Reads results and reports. Changes nothing.",
}


def permissions_of(role: str, grant: str | None = None) -> frozenset[Permission]:
    """What a member may do: the role's permissions, narrowed to those of a project grant where there is one."""
    allowed = PERMISSIONS[role]
    return allowed & PERMISSIONS[grant] if grant and role != Role.OWNER else allowed
