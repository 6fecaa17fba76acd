"""The result as it stands: nothing answered, too early, provisional, firm, closed, nothing left to judge."""

from __future__ import annotations

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Organisation, User
from assessments.models import Assessment, State
from assessments.services import GivenAnswer
from projects.models import Project
from tests.make import answer_all, figures_of, make_answer, make_assessment, make_project, make_snapshot
from tests.site.cases import signed_in, text, usual_cases
from tests.site.markup import Response, faults, parse


@pytest.fixture
def url(project: Project) -> str:
    return reverse("assessments:results", args=[project.slug])


def fill(assessment: Assessment, by: User, level: int, share: float = 1, note: str = "") -> None:
    due = assessment.questions_due()
    for question in due[: round(len(due) * share)]:
        make_answer(
            assessment, by, question.id, GivenAnswer(State.GRADED, min(level, len(question.choices) - 1), "", note)
        )


def words(response: Response) -> str:
    assert response.status_code == 200
    assert faults(response.content) == []
    return " ".join(parse(response.content).get_element_by_id("main").text_content().split())


def test_usual_cases(url: str, assessment: Assessment, owner: User) -> None:
    usual_cases(url, owner)


def test_without_a_checklist(url: str, owner: User) -> None:
    assert "no checklist yet, so there is no result" in words(signed_in(owner).get(url))


def test_nothing_answered(url: str, assessment: Assessment, owner: User) -> None:
    response = signed_in(owner).get(url)
    page = words(response)
    assert f"Too early to judge: 0 of {len(assessment.questions_due())} answered" in page
    assert "anywhere from 0.0 to 100.0" in page
    assert "failure risk of 100" not in page
    assert text(response).count("<title>Result - Forecast") == 1


def test_too_early(url: str, assessment: Assessment, owner: User) -> None:
    """Below six answers in ten no number and no level is given, in the heading of the window either."""
    fill(assessment, owner, 2, share=0.55)
    page = words(signed_in(owner).get(url))
    fresh = figures_of(assessment.project)
    assert fresh.answered * 10 < fresh.due * 6
    assert f"Too early to judge: {fresh.answered} of {fresh.due} answered" in page
    assert f"{fresh.index:.1f}failure risk" not in page
    assert f"{fresh.index:.1f}" not in text(signed_in(owner).get(url)).partition("</title>")[0]


def test_from_six_in_ten_on(url: str, assessment: Assessment, owner: User) -> None:
    fill(assessment, owner, 0, share=0.62)
    page = words(signed_in(owner).get(url))
    assert "Too early" not in page
    assert "preliminary" in page
    assert f"{figures_of(assessment.project).index:.1f}" in page


def test_firm(url: str, assessment: Assessment, owner: User) -> None:
    fill(assessment, owner, 9, note="noted")
    response = signed_in(owner).get(url)
    page = words(response)
    assert "firm: both ends of the range lie in one level" in page
    assert "0.0failure risk" in page
    assert "Low" in page
    assert "failure risk 0.0, low" in text(response)


def test_provisional(url: str, assessment: Assessment, owner: User) -> None:
    """Without evidence the range reaches into the next level."""
    fill(assessment, owner, 2)
    page = words(signed_in(owner).get(url))
    assert "provisional: the range touches two levels" in page
    assert "may be" in page


def test_the_points_add_up(url: str, assessment: Assessment, owner: User) -> None:
    fill(assessment, owner, 1)
    table = parse(signed_in(owner).get(url).content).xpath("//table[contains(@class, 'pts')]")[0]
    rows = [float(cell.text_content().strip()) for cell in table.xpath("./tbody//span[contains(@class, 'nowrap r')]")]
    (total,) = [float(cell.text_content()) for cell in table.xpath("./tfoot//span[contains(@class, 'nowrap r')]")]
    assert sum(round(row * 10) for row in rows) == round(total * 10)
    assert total == pytest.approx(figures_of(assessment.project).index, abs=0.05)


def test_closed(url: str, project: Project, assessment: Assessment, owner: User) -> None:
    """It stays as it was closed, also when the project goes on to its next stage."""
    fill(assessment, owner, 0, share=0.7, note="noted")
    snapshot = make_snapshot(assessment, owner, closes=True)
    assert f"{snapshot.index:.1f}failure risk" in words(signed_in(owner).get(url))
    Project.objects.filter(pk=project.pk).update(stage="idea", facts=["real_time"])
    page = words(signed_in(owner).get(url))
    assert f"{snapshot.index:.1f}failure risk" in page
    assert "Take a snapshot" not in page


def test_everything_set_aside(url: str, assessment: Assessment, owner: User) -> None:
    for question in assessment.questions_due():
        make_answer(assessment, owner, question.id, GivenAnswer(State.NOT_APPLICABLE, None, "Not here."))
    page = words(signed_in(owner).get(url))
    assert "Not here." in page


def test_everything_unknown(url: str, assessment: Assessment, owner: User) -> None:
    for question in assessment.questions_due():
        make_answer(assessment, owner, question.id, GivenAnswer(State.UNKNOWN))
    page = words(signed_in(owner).get(url))
    assert "Critical" in page or "range spans three levels" in page
    assert f"{len(assessment.questions_due())} don't know" in page


def test_exclusions_are_not_hidden(url: str, assessment: Assessment, owner: User) -> None:
    fill(assessment, owner, 2)
    excluded = GivenAnswer(State.NOT_APPLICABLE, None, "We have no such data.")
    make_answer(assessment, owner, "data.access", excluded, base=1)
    page = words(signed_in(owner).get(url))
    assert "if each question set aside counted as don't know" in page
    assert "We have no such data." in page


def test_beside_the_last_snapshot(url: str, assessment: Assessment, owner: User) -> None:
    fill(assessment, owner, 1)
    snapshot = make_snapshot(assessment, owner, label="May review")
    make_answer(assessment, owner, "problem.statement", 3, base=1)
    page = words(signed_in(owner).get(url))
    assert f"Before{snapshot.index:.1f}, May review, 14 Mar 2026" in page


def test_an_early_stage(organisation: Organisation, owner: User) -> None:
    project = make_project(organisation, owner, stage="idea")
    answer_all(make_assessment(project, owner), owner)
    page = words(signed_in(owner).get(reverse("assessments:results", args=[project.slug])))
    assert "not yet due" in page.lower() or "no question is due" in page.lower()


def test_buttons_by_role(url: str, assessment: Assessment, owner: User, respondent: User) -> None:
    answer_all(assessment, owner)
    assert "Take a snapshot" in words(signed_in(owner).get(url))
    assert "Take a snapshot" not in words(signed_in(respondent).get(url))


def test_no_number_has_a_percent_sign(url: str, assessment: Assessment, owner: User) -> None:
    """The index is no probability. Published figures are quoted with their source, and stand apart."""
    fill(assessment, owner, 1)
    page = parse(signed_in(owner).get(url).content)
    for section in page.xpath("//section[@aria-labelledby='h-r']"):
        section.getparent().remove(section)
    assert "%" not in page.get_element_by_id("main").text_content()
    assert "no probability is shown" in page.text_content()


def test_queries(
    url: str, assessment: Assessment, owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    answer_all(assessment, owner)
    make_snapshot(assessment, owner)
    client = signed_in(owner)
    with django_assert_num_queries(11):
        client.get(url)
