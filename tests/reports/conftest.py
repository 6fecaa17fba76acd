from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from assessments.models import Assessment, Snapshot, State
from assessments.services import GivenAnswer
from reports.models import Report
from reports.services import ReportContent, request_report
from tests.make import make_answer, make_snapshot


@pytest.fixture
def reports_dir(settings: Any, tmp_path: Path) -> Path:
    folder = settings.REPORTS_DIR = tmp_path / "reports"
    folder.mkdir()
    return Path(folder)


@pytest.fixture
def snapshot(assessment: Assessment, owner: User) -> Snapshot:
    given = GivenAnswer(State.GRADED, 1, "", "a private note", "Private minutes", "https://wiki.example.org/private")
    make_answer(assessment, owner, "problem.statement", given)
    return make_snapshot(assessment, owner)


@pytest.fixture
def report(snapshot: Snapshot, owner: User) -> Report:
    return request_report(snapshot=snapshot, content=ReportContent(), by=owner)
