"""The table of rights against one written out by hand. A change here is a change of the product's promises."""

from __future__ import annotations

import pytest

from accounts.roles import PERMISSIONS, ROLE_MEANS, Permission, Role, permissions_of

EXPECTED = {
    "owner": {
        "view_portfolio", "view_project", "propose", "answer", "edit_project", "create_project", "take_snapshot",
        "request_report", "share", "manage_organisation",
    },
    "editor": {
        "view_portfolio", "view_project", "propose", "answer", "edit_project", "create_project", "take_snapshot",
        "request_report", "share",
    },
    "respondent": {"view_project", "propose", "answer"},
    "viewer": {"view_portfolio", "view_project", "request_report"},
}  # fmt: skip


def test_table() -> None:
    assert {str(role): {str(p) for p in allowed} for role, allowed in PERMISSIONS.items()} == EXPECTED


def test_nothing_is_left_out() -> None:
    assert set(Role.values) == set(EXPECTED) == set(ROLE_MEANS)
    assert set(Permission.values) == EXPECTED["owner"]


@pytest.mark.parametrize("role", ["owner", "editor", "respondent", "viewer"])
@pytest.mark.parametrize("grant", ["editor", "respondent", "viewer"])
def test_a_grant_narrows_and_never_widens(role: str, grant: str) -> None:
    allowed = {str(p) for p in permissions_of(role, grant)}
    assert allowed == (EXPECTED[role] if role == "owner" else EXPECTED[role] & EXPECTED[grant])


def test_an_unknown_role_may_nothing() -> None:
    with pytest.raises(KeyError):
        permissions_of("admin")
