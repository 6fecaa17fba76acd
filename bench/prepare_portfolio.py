"""Runs inside the site's settings: signs people in to a made-up portfolio, writes down its page query, forgets sums."""

# ruff: noqa: E402 - the settings come before the models

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assessor.settings")

import django

django.setup()

from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Membership
from accounts.roles import Role
from assessments.models import Assessment
from assessments.services import CHECKLIST
from checklists.loader import load
from portfolio.filters import Filters
from portfolio.queries import PAGE, matching, ordered, page_columns
from portfolio.sight import sight_of
from projects.models import Project


def sign_in(count: int) -> dict[str, object]:
    """The cookies of as many sessions of the portfolio's owner, and what to ask for."""
    owner = Membership.objects.select_related("user").filter(role=Role.OWNER).order_by("-id")[0]
    sessions, tokens = [], []
    for _ in range(count):
        client = Client(HTTP_HOST="localhost")
        client.force_login(owner.user)
        client.get("/account/")
        sessions.append("; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items()))
        tokens.append(client.cookies[settings.CSRF_COOKIE_NAME].value)
    projects = Project.objects.filter(organisation=owner.organisation_id)
    unit = Counter(projects.exclude(unit="").values_list("unit", flat=True)).most_common(1)[0][0]
    run = Assessment.objects.filter(project__in=projects.open()).order_by("id").select_related("project")[0]
    return {
        "sessions": sessions,
        "token": tokens[0],
        "unit": unit,
        "day": (timezone.now() - timedelta(days=100)).date().isoformat(),
        "save": f"/projects/{run.project.slug}/answers/{run.questions_due()[0].id}/",
        "pages": -(-projects.open().count() // PAGE),
    }


def write_page_query() -> str:
    """The statement with which the dashboard reads its first page, as it is sent to this database. Returns its plan."""
    owner = Membership.objects.filter(role=Role.OWNER).order_by("-id")[0]
    at, filters = timezone.now(), Filters()
    found = ordered(matching(sight_of(owner), filters, at=at), filters, load(*CHECKLIST), at=at)
    sql, parameters = page_columns(found, filters)[:PAGE].query.sql_with_params()
    file = Path(settings.DATA_DIR) / "page_query.json"
    file.write_text(json.dumps([sql, parameters]))
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{sql}", parameters)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def settle() -> None:
    """What PostgreSQL does by itself within minutes of so many new rows."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    if sys.argv[1] == "sign-in":
        settle()
        print(json.dumps(sign_in(int(sys.argv[2])) | {"plan": write_page_query()}))
    else:
        caches["portfolio"].clear()
