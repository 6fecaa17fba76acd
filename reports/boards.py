"""Freezing the portfolio for the board: one canonical text that never changes, like the snapshot of a project."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, cast

from django.db import transaction

from accounts import audit
from accounts.models import Organisation, User
from accounts.texts import clean_text
from assessments.models import new_snapshot_id
from assessments.snapshots import canonical_json, sha256_of
from portfolio.board import MOST_ROWS
from reports.models import LABEL_LIMIT, SCOPE_LIMIT, BoardSnapshot


@transaction.atomic
def take_board(
    *,
    organisation: Organisation,
    label: str,
    body: Mapping[str, Any],
    as_of: date | None,
    scope: str,
    sight: str,
    by: User,
    at: datetime,
) -> BoardSnapshot:
    """Freezes a portfolio. `body` is in format 1 without its head "snapshot", which is added here.

    `sight` is the key of what who takes it can see. Raises TextRefused for a bad label, ValueError for a body with
    more rows than a board holds.
    """
    label = clean_text(label, field="Label", limit=LABEL_LIMIT, required=True)
    if len(body["rows"]) > MOST_ROWS:
        raise ValueError(f"A board holds at most {MOST_ROWS} rows, this has {len(body['rows'])}.")
    public_id = new_snapshot_id()
    head = {"id": public_id, "label": label, "taken_at": at.isoformat(), "taken_by": by.name}
    text = canonical_json({**body, "snapshot": head})
    board = BoardSnapshot.objects.create(
        organisation=organisation,
        public_id=public_id,
        label=label,
        taken_by=by,
        taken_at=at,
        as_of=as_of,
        scope=scope[:SCOPE_LIMIT],
        sight=sight,
        body=text,
        sha256=sha256_of(text),
        rows=len(body["rows"]),
        projects=len(body["rows"]) + body["left_out"],
    )
    audit.record(
        organisation=organisation,
        actor=by,
        verb="board.taken",
        thing=public_id,
        sha256=board.sha256,
        projects=board.projects,
        sight=sight,
    )
    return board


def read_board(board: BoardSnapshot) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", json.loads(board.body))
