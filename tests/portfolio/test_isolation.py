"""What happens in another organisation changes no byte of any page, file, chart or report of this one."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Organisation, User
from assessments.services import CHECKLIST
from checklists.loader import load
from findings.board import build_board
from portfolio.board import build_body
from portfolio.filters import Filters
from projects.services import archive_project, record_outcome
from projects.units import rename_unit
from reports.board_pdf import render_board
from tests.access.answers import text_of
from tests.make import make_member, make_organisation
from tests.portfolio.conftest import make_rated, sight
from tests.site.cases import signed_in

pytestmark = pytest.mark.django_db

PAGES = (
    "/portfolio/",
    "/portfolio/?sort=change",
    "/portfolio/?unit=Retail",
    "/portfolio/?find=Project&level=high",
    "/portfolio/?as_of={day}",
    "/portfolio/drivers/",
    "/portfolio/units/",
    "/portfolio/projects.csv",
    "/portfolio/projects.xlsx",
    "/reports/board/",
    "/reports/",
    "/portfolio/explore/?chart=time",
    "/portfolio/explore/?chart=bubble",
    "/portfolio/explore/?chart=profile",
    "/portfolio/explore/?chart=stages",
    "/portfolio/explore/data.csv?chart=time",
)


def content(client: Client, path: str) -> bytes:
    response = client.get(path)
    assert response.status_code == 200, path
    return without_tokens(text_of(response).encode())


def without_tokens(page: bytes) -> bytes:
    """A form's token is new for every answer."""
    parts = page.split(b'name="csrfmiddlewaretoken" value="')
    return parts[0] + b"".join(part.partition(b'"')[2] for part in parts[1:])


def everything(owner: User, client: Client, now: object) -> Iterator[tuple[str, bytes]]:
    day = (timezone.now() - timedelta(days=30)).date()
    for path in PAGES:
        yield path, content(client, path.format(day=day))
    body = build_body(sight=sight(owner), filters=Filters(), checklist=load(*CHECKLIST), at=now)  # type: ignore[arg-type]
    yield "board", json.dumps(body).encode()
    head = {"id": "0000-0000-0000", "label": "Board", "taken_at": "2026-11-25T10:00:00+00:00", "taken_by": "Ana"}
    document = build_board(body | {"snapshot": head}, names=True, sha256="0" * 64)
    yield "document of the PDF", render_board(document).encode()


def test_fifty_projects_elsewhere_change_nothing_here(organisation: Organisation, owner: User) -> None:
    chance = random.Random(50)
    for _ in range(4):
        make_rated(organisation, owner, chance, unit="Retail", reviews=1, tags=["north"])
    client, now = signed_in(owner), timezone.now()
    before = dict(everything(owner, client, now))
    elsewhere = make_organisation("Elsewhere")
    stranger = make_member(elsewhere, "owner", name="Stranger Canary")
    for number in range(50):
        project = make_rated(elsewhere, stranger, chance, name=f"Canary {number}", unit="Retail", tags=["north"],
                             reviews=number % 10 == 0)  # fmt: skip
    record_outcome(project=project, kind="value", on=now.date(), by=stranger, at=now)
    archive_project(project=project, by=stranger, at=now)
    rename_unit(organisation=elsewhere, unit="Retail", name="Shops", by=stranger)
    assert signed_in(stranger).get("/portfolio/").status_code == 200
    after = dict(everything(owner, client, now))
    for path, page in before.items():
        assert after[path] == page, path
        assert b"Canary" not in after[path]
