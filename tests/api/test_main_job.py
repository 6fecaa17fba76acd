"""From an empty organisation to a report, through the interface alone."""

from __future__ import annotations

import hashlib
import json
import re

import pytest

from assessments.models import Assessment
from reports.models import Report
from tests.access.world import make_ready
from tests.api.conftest import Api
from tests.infrastructure.commands import ROOT

pytestmark = pytest.mark.django_db


def test_from_project_to_pdf(api: Api) -> None:
    made = api.post("projects", {"name": "Forecast", "goal": "Less waste.", "stage": "pilot", "facts": ["real_time"]})
    assert made.status_code == 201, made.content
    project = made.json()
    path = f"projects/{project['slug']}"
    assert made.headers["Location"] == f"/api/v1/{path}"
    assert project["figures"] == project["figures"] | {"index": None, "level": None, "low": 0, "high": 100}

    run = api.post(f"{path}/assessments").json()
    assert run["title"] == "Pilot gate review"
    answers = api.get(f"{path}/assessments/latest/answers").json()["items"]
    assert len(answers) > 50
    assert {answer["revision"] for answer in answers} == {0}
    for answer in answers:
        saved = api.put(
            f"{path}/assessments/{run['id']}/answers/{answer['question']}",
            {"state": "graded", "level": 2, "note": "As agreed.", "revision": 0},
        )
        assert saved.status_code == 200, saved.content
    figures = saved.json()["figures"]
    assert figures["level"] == "moderate"

    result = api.get(f"{path}/assessments/{run['id']}/result").json()
    assert result["index"] == figures["index"]
    assert sum(result["points"].values()) == pytest.approx(result["index"])
    assert result["judgement"] == "final"

    snapshot = api.post(f"{path}/snapshots", {"label": "First review", "closes": True}).json()
    whole = api.get(f"{path}/snapshots/{snapshot['id']}").json()
    assert hashlib.sha256(whole["body"].encode()).hexdigest() == whole["sha256"]

    asked = api.post(f"{path}/reports", {"snapshot": snapshot["id"]})
    assert asked.status_code == 202
    assert asked.headers["Retry-After"]
    report = asked.json()
    assert (report["state"], report["file"]) == ("queued", None)
    assert api.get(f"{path}/reports/{report['id']}/file").status_code == 409
    make_ready(Report.objects.get(public_id=report["id"]), b"%PDF-1.7 made")
    ready = api.get(asked.headers["Location"]).json()
    file = api.get(ready["file"])
    assert file.headers["Content-Type"] == "application/pdf"
    assert hashlib.sha256(file.content).hexdigest() == ready["sha256"]

    rows = api.get("portfolio").json()["items"]
    assert [(row["project"], row["index"]) for row in rows] == [(project["slug"], figures["index"])]


def test_the_proposal_of_the_documentation(api: Api, assessment: Assessment) -> None:
    example = json.loads(re.findall(r'^(\{"question".*\})$', (ROOT / "docs/api.md").read_text(), re.MULTILINE)[0])
    slug = assessment.project.slug
    answer = api.post(f"projects/{slug}/assessments/latest/proposals", example)
    assert answer.status_code == 201, answer.content
    assert api.post(f"projects/{slug}/assessments/latest/proposals", example).status_code == 200
    proposal = api.get(answer.headers["Location"]).json()
    assert (proposal["status"], proposal["source"]) == ("open", "nightly job")
    assert api.delete(answer.headers["Location"]).status_code == 204
    assert api.get(answer.headers["Location"]).json()["status"] == "withdrawn"
    assert api.delete(answer.headers["Location"]).status_code == 409
