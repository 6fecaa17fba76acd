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
    PROPOSE = "propose"
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
            P.PROPOSE,
            P.ANSWER,
            P.EDIT_PROJECT,
            P.CREATE_PROJECT,
            P.TAKE_SNAPSHOT,
            P.REQUEST_REPORT,
            P.SHARE,
        }
    ),
    Role.RESPONDENT: frozenset({P.VIEW_PROJECT, P.PROPOSE, P.ANSWER}),
    Role.VIEWER: frozenset({P.VIEW_PORTFOLIO, P.VIEW_PROJECT, P.REQUEST_REPORT}),
}

ROLE_MEANS: dict[str, str] = {
    Role.OWNER: "Sees and changes everything, invites and removes people.",
    Role.EDITOR: "Makes projects, answers, takes snapshots, makes reports and share links.",
    Role.RESPONDENT: "Answers questions in the projects that are shared with them.",
    Role.VIEWER: "Reads results and reports. Changes nothing.",
}


class Scope(TextChoices):
    """What a token may be used for. None contains another but where `SCOPE_ALLOWS` says so."""

    READ_PORTFOLIO = "read_portfolio", "Read the portfolio"
    READ_PROJECTS = "read_projects", "Read projects"
    PROPOSE_ANSWERS = "propose_answers", "Propose answers"
    WRITE_ANSWERS = "write_answers", "Write answers"
    REPORTS = "reports", "Reports"
    ADMIN = "admin", "Administer"


SCOPE_ALLOWS: dict[str, frozenset[Permission]] = {
    Scope.READ_PORTFOLIO: frozenset({P.VIEW_PORTFOLIO}),
    Scope.READ_PROJECTS: frozenset({P.VIEW_PROJECT}),
    Scope.PROPOSE_ANSWERS: frozenset({P.PROPOSE}),
    Scope.WRITE_ANSWERS: frozenset({P.VIEW_PROJECT, P.ANSWER, P.TAKE_SNAPSHOT}),
    Scope.REPORTS: frozenset({P.VIEW_PROJECT, P.REQUEST_REPORT, P.SHARE}),
    Scope.ADMIN: frozenset({P.VIEW_PROJECT, P.CREATE_PROJECT, P.EDIT_PROJECT, P.MANAGE_ORGANISATION}),
}

SCOPE_MEANS: dict[str, str] = {
    Scope.READ_PORTFOLIO: "Reads the figures of all projects, as on the dashboard.",
    Scope.READ_PROJECTS: "Reads projects, answers, results, snapshots and reports.",
    Scope.PROPOSE_ANSWERS: "Offers answers with evidence, which a person accepts or dismisses. Reads no answers.",
    Scope.WRITE_ANSWERS: "Reads projects, starts checklists, saves answers and takes snapshots.",
    Scope.REPORTS: "Reads projects, asks for reports and fetches them, makes and revokes share links.",
    Scope.ADMIN: "Makes and changes projects, records outcomes, imports and exports, reads members and the trail.",
}


def permissions_of(role: str, grant: str | None = None) -> frozenset[Permission]:
    """What a member may do: the role's permissions, narrowed to those of a project grant where there is one."""
    allowed = PERMISSIONS[role]
    return allowed & PERMISSIONS[grant] if grant and role != Role.OWNER else allowed
