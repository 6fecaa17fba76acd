"""A project's first page: where it stands, and exactly one next step."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Organisation, User
from accounts.roles import Role
from assessments.models import State
from assessments.services import GivenAnswer
from projects.models import Project
from projects.services import set_grants
from tests.make import (
    AT,
    answer_all,
    figures_of,
    make_answer,
    make_assessment,
    make_member,
    make_project,
    make_snapshot,
)
from tests.site.cases import signed_in, text, usual_cases
from tests.site.markup import faults, parse


@pytest.fixture
def url(project: Project) -> str:
    return reverse("assessments:overview", args=[project.slug])


def next_step(user: User, url: str) -> str:
    response = signed_in(user).get(url)
    assert response.status_code == 200
    assert faults(response.content) == []
    steps = parse(response.content).xpath("//div[@class='nextstep']")
    assert len(steps) <= 1
    return " ".join(steps[0].text_content().split()) if steps else ""


def test_usual_cases(url: str, assessment: object, owner: User) -> None:
    usual_cases(url, owner)


def test_without_a_checklist(url: str, owner: User, viewer: User) -> None:
    assert "no checklist yet" in text(signed_in(owner).get(url))
    assert "Start the checklist" in text(signed_in(owner).get(url))
    assert "Start the checklist" not in text(signed_in(viewer).get(url))


def test_the_one_next_step(url: str, project: Project, owner: User, respondent: User, viewer: User) -> None:
    assessment = make_assessment(project, owner)
    assert next_step(owner, url) == next_step(respondent, url) == "Next: Start the checklist.Start"
    assert next_step(viewer, url) == ""
    make_answer(assessment, owner, "problem.statement", 2)
    left = len(assessment.questions_due()) - 1
    assert next_step(owner, url).startswith(f"Next: Finish the checklist: {left} of {left + 1} questions are open.")
    for question in assessment.questions_due()[1:]:
        make_answer(assessment, owner, question.id, 2)
    assert "Freeze the result" in next_step(owner, url)
    assert next_step(respondent, url) == ""
    make_snapshot(assessment, owner, label="May review", at=AT + timedelta(hours=1))
    assert "frozen as “May review”" in next_step(owner, url)
    assert "frozen as “May review”" in next_step(viewer, url)
    make_answer(assessment, owner, "problem.statement", 3, base=1, at=AT + timedelta(hours=2))
    assert "Freeze the result" in next_step(owner, url)


def test_tasks(url: str, project: Project, organisation: Organisation, owner: User) -> None:
    idea = make_project(organisation, owner, name="Early", stage="idea")
    assessment = make_assessment(idea, owner)
    page = parse(signed_in(owner).get(reverse("assessments:overview", args=[idea.slug])).content)
    tasks = [" ".join(item.text_content().split()) for item in page.xpath("//ol[@class='tasks']/li")]
    assert len(tasks) == 6
    assert sum("not yet due" in task for task in tasks) == sum(
        not any(q.dimension == d.id for q in assessment.questions_due()) for d in assessment.checklist.dimensions
    )
    assert "0 of 5" in tasks[0] or "0 of " in tasks[0]
    assert "must-have" in tasks[0]


def test_the_risk_now(url: str, assessment: object, owner: User) -> None:
    assert "every result is possible: 0 to 100" in text(signed_in(owner).get(url))


def test_too_early_for_a_level(url: str, project: Project, owner: User) -> None:
    assessment = make_assessment(project, owner)
    make_answer(assessment, owner, "problem.statement", 3)
    page = text(signed_in(owner).get(url))
    assert "Too early for a level" in page
    for question in assessment.questions_due()[1:]:
        make_answer(assessment, owner, question.id, GivenAnswer(State.GRADED, 2, "", "noted"))
    page = text(signed_in(owner).get(url))
    assert "Too early for a level" not in page
    assert f"{figures_of(project).index:.1f}" in page


def test_a_closed_run_offers_the_next(url: str, project: Project, owner: User, viewer: User) -> None:
    assessment = make_assessment(project, owner)
    answer_all(assessment, owner)
    make_snapshot(assessment, owner, closes=True)
    assert "Start the next review" in text(signed_in(owner).get(url))
    assert "Start the next review" not in text(signed_in(viewer).get(url))
    response = signed_in(owner).post(reverse("assessments:start", args=[project.slug]), follow=True)
    assert f"{assessment.questions_due().__len__()} of" in text(response)
    assert project.assessments.filter(closed_at=None).count() == 1


def test_start(project: Project, owner: User) -> None:
    usual_cases(
        reverse("assessments:start", args=[project.slug]), owner, may={Role.OWNER, Role.EDITOR}, form={},
        other_methods=("get", "head", "put", "delete", "patch", "options"),
    )  # fmt: skip
    assert project.assessments.count() == 1
    response = signed_in(owner).post(reverse("assessments:start", args=[project.slug]), follow=True)
    assert "has an open checklist already" in text(response)
    assert project.assessments.count() == 1


def test_tabs_by_role(url: str, assessment: object, owner: User, viewer: User) -> None:
    def tabs(user: User) -> list[str]:
        return list(parse(signed_in(user).get(url).content).xpath("//nav[@aria-label='Project']/a/text()"))

    everybody = ["Checklist", "Results", "Snapshots", "Reports", "History"]
    assert tabs(viewer) == everybody
    assert tabs(owner) == [*everybody, "Settings"]


def test_a_narrowed_editor(url: str, project: Project, assessment: object, owner: User, editor: User) -> None:
    set_grants(project=project, grants={editor.memberships.get(): Role.VIEWER}, by=owner)
    assert next_step(editor, url) == ""
    assert "Settings</a>" not in text(signed_in(editor).get(url))


def test_a_long_name(organisation: Organisation, owner: User) -> None:
    project = make_project(organisation, owner, name=("Reconciliation of everything " * 5)[:120].strip())
    make_assessment(project, owner)
    for name in ("overview", "results", "check", "history", "snapshots", "edit"):
        response = signed_in(owner).get(reverse(f"assessments:{name}", args=[project.slug]))
        assert project.name in text(response)
        assert faults(response.content) == []


def test_a_former_member_s_change_is_shown(url: str, project: Project, owner: User, organisation: Organisation) -> None:
    leaver = make_member(organisation, Role.EDITOR, name="Lea Leaver")
    make_answer(make_assessment(project, owner), leaver, "problem.statement", 1)
    leaver.memberships.get().delete()
    assert "Lea Leaver" in text(signed_in(owner).get(url))


def test_queries(url: str, project: Project, owner: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    assessment = make_assessment(project, owner)
    answer_all(assessment, owner)
    make_snapshot(assessment, owner)
    client = signed_in(owner)
    with django_assert_num_queries(11):
        client.get(url)
