"""Progress is counted by one function, and every page shows its number."""

from __future__ import annotations

import ast
from pathlib import Path

from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import User
from assessments.models import Assessment, State
from assessments.progress import Count, count_progress
from assessments.services import GivenAnswer
from projects.models import Project
from tests.make import make_answer


def test_counts() -> None:
    assert Count(3, 8).open == 5
    assert not Count(3, 8).is_complete
    assert Count(8, 8).is_complete
    assert [Count(n, 59).percent for n in (0, 1, 58, 59)] == [0, 1, 98, 100]
    assert Count(0, 0).percent == 0
    assert Count(999, 1000).percent == 99


def test_by_dimension(assessment: Assessment) -> None:
    due = assessment.questions_due()
    answered = {question.id for question in due if question.dimension == "data"} | {"no.such", due[0].id}
    progress = count_progress(assessment.checklist, due, answered)
    data = sum(question.dimension == "data" for question in due)
    assert progress.dimensions["data"] == Count(data, data)
    assert progress.dimensions["problem"].answered == 1
    assert progress.total == Count(data + 1, len(due))
    assert progress.first_open == due[1].id
    assert sum(count.due for count in progress.dimensions.values()) == progress.total.due
    assert count_progress(assessment.checklist, due, {question.id for question in due}).first_open is None
    assert count_progress(assessment.checklist, (), set()).total == Count(0, 0)


def test_every_page_says_the_same(client: Client, project: Project, assessment: Assessment, owner: User) -> None:
    make_answer(assessment, owner, "problem.statement", 2)
    make_answer(assessment, owner, "problem.objective", GivenAnswer(State.UNKNOWN))
    make_answer(assessment, owner, "data.access", GivenAnswer(State.NOT_APPLICABLE, None, "Because."))
    make_answer(assessment, owner, "data.quality", GivenAnswer(State.BLANK, None, "", "a note is no answer"))
    client.force_login(owner)
    due = len(assessment.questions_due())
    words = f"3 of {due} answered"
    for name in ("overview", "check", "results"):
        assert words in client.get(reverse(f"assessments:{name}", args=[project.slug])).content.decode(), name
    assert f"3 of {due}" in client.get(reverse("projects:list")).content.decode()
    page = client.get(reverse("assessments:dimension", args=[project.slug, "problem"])).content.decode()
    problem = sum(question.dimension == "problem" for question in assessment.questions_due())
    assert f"2 of {problem} answered" in page
    saved = client.post(
        reverse("assessments:save", args=[project.slug, "problem.statement"]), {"choice": "3", "revision": "1"}
    ).json()
    assert saved["total"] == [3, due]
    assert saved["counts"]["problem"] == [2, problem]


def test_nothing_else_counts() -> None:
    """Three callers, for the pages, for what is frozen and for made-up portfolios, and no second way to count."""
    callers = []
    for path in Path(settings.BASE_DIR).glob("*/**/*.py"):
        if path.parts[len(Path(settings.BASE_DIR).parts)] in {"tests", ".venv", "data", "bench"}:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "count_progress":
                callers.append(path.name)
    assert sorted(callers) == ["evaluation.py", "scale.py", "snapshots.py"]
