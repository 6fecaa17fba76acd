"""The list of projects: what is shown in which order, and what can be found."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership, Organisation, User
from accounts.roles import Role
from assessments.models import State
from assessments.services import GivenAnswer
from projects.models import Project
from projects.services import archive_project, set_grants
from tests.make import answer_all, figures_of, make_answer, make_assessment, make_member, make_project, make_user
from tests.site.cases import signed_in, text
from tests.site.markup import faults, parse

URL = "/projects/"


def names(html: str) -> list[str]:
    return [link.text_content() for link in parse(html).xpath("//table//a[contains(@class, 'nm')]")]


def listed(user: User, query: str = "") -> list[str]:
    response = signed_in(user).get(URL + query)
    assert response.status_code == 200
    assert faults(response.content) == []
    return names(text(response))


def test_the_first_visit(owner: User, viewer: User) -> None:
    assert "No projects yet" in text(signed_in(owner).get(URL))
    assert reverse("assessments:create") in text(signed_in(owner).get(URL))
    assert reverse("assessments:create") not in text(signed_in(viewer).get(URL))
    assert "no project is shared with you" in text(signed_in(viewer).get(URL))


def test_everybody_of_the_organisation(
    project: Project, owner: User, editor: User, respondent: User, viewer: User, outsider: User
) -> None:
    for user in (owner, editor, respondent, viewer):
        assert listed(user) == ["Forecast"]
    assert listed(outsider) == []


def test_a_guest_signs_in_first(client: Client, db: None) -> None:
    assert client.get(URL).headers["Location"] == f"/accounts/login/?next={URL}"


def test_somebody_without_an_organisation(db: None) -> None:
    response = signed_in(make_user()).get(URL)
    assert response.status_code == 403
    assert "not a member" in text(response)


def test_wrong_methods(owner: User) -> None:
    for method in ("post", "put", "delete", "patch", "options"):
        assert getattr(signed_in(owner), method)(URL).status_code == 405


def test_the_worst_case_comes_first(organisation: Organisation, owner: User) -> None:
    """What is unknown counts as bad: an unanswered project stands above a bad one that is known."""
    good, bad, unanswered = (make_project(organisation, owner, name=name) for name in ("Good", "Bad", "Unanswered"))
    for project, level in ((good, 3), (bad, 1)):
        assessment = make_assessment(project, owner)
        given = GivenAnswer(State.GRADED, level, "", "noted")
        for question in assessment.questions_due():
            make_answer(assessment, owner, question.id, given)
    make_assessment(unanswered, owner)
    without = make_project(organisation, owner, name="Without a checklist")
    assert listed(owner) == ["Unanswered", without.name, "Bad", "Good"]
    page = text(signed_in(owner).get(URL))
    assert "not answered" in page
    assert "no level yet" in page
    assert listed(owner, "?sort=name") == ["Bad", "Good", "Unanswered", without.name]
    assert listed(owner, "?sort=newest") == [without.name, "Unanswered", "Bad", "Good"]


def test_figures_are_cut_and_the_level_agrees(organisation: Organisation, owner: User) -> None:
    assessment = make_assessment(make_project(organisation, owner), owner)
    answer_all(assessment, owner, level=1)
    kept = figures_of(assessment.project)
    row = parse(signed_in(owner).get(URL).content).xpath("//tbody/tr")[0].text_content()
    assert kept.index is not None
    assert str(int(kept.index)) in row
    assert f"{kept.answered} of {kept.due}" in row


@pytest.mark.parametrize(
    ("find", "found"),
    [
        ("churn", ["Churn model"]), ("CHURN", ["Churn model"]), ("  churn ", ["Churn model"]),
        ("Logistics", ["Route"]), ("fewer calls", ["Churn model"]), ("nothing like it", []),
        ("100%", ["100% sure"]), ("%", ["100% sure"]), ("_", ["snake_case"]), ("a_e", []), ("'", ["O'Neill"]),
        ('"', []), ("\\", ["back\\slash"]), ("<b>", ["<b>bold</b>"]), ("\u202e", ["right\u202eleft"]), ("[a-z]", []),
    ],
)  # fmt: skip
def test_find(organisation: Organisation, owner: User, find: str, found: list[str]) -> None:
    make_project(organisation, owner, name="Route", unit="Logistics")
    for name in ("100% sure", "snake_case", "O'Neill", "back\\slash", "<b>bold</b>", "right\u202eleft"):
        make_project(organisation, owner, name=name)
    churn = make_project(organisation, owner, name="Churn model")
    Project.objects.filter(pk=churn.pk).update(goal="Fewer calls")
    response = signed_in(owner).get(URL, {"find": find, "sort": "name"})
    assert names(text(response)) == found
    assert parse(response.content).xpath("//input[@name='find']/@value") == [find]


def test_stage(organisation: Organisation, owner: User) -> None:
    make_project(organisation, owner, name="Early", stage="idea")
    make_project(organisation, owner, name="Late", stage="production")
    assert listed(owner, "?stage=idea") == ["Early"]
    assert listed(owner, "?stage=production&find=late") == ["Late"]
    assert listed(owner, "?stage=pilot") == []


@pytest.mark.parametrize(
    "query",
    ["?sort=unheard", "?stage=unheard", "?page=10000000", "?page=-1", "?page=abc", "?page=", "?page=1e9", "?page=%31",
     "?sort=&stage=&find=", "?sort=name&sort=risk", "?archived=perhaps", "?page=" + "9" * 4000, "?x[]=1&&&=;"],
)  # fmt: skip
def test_odd_queries_show_the_list(project: Project, owner: User, query: str) -> None:
    assert listed(owner, query) == ["Forecast"]


@pytest.mark.parametrize("query", ["?find=" + "x" * 1_000_000, "?find=%00", "?find=%ED%A0%80", "?%00=1", "?find=%FF"])
def test_impossible_queries_are_refused(project: Project, owner: User, query: str) -> None:
    response = signed_in(owner).get(URL + query)
    assert response.status_code == 400
    assert "address" in text(response)
    assert len(response.content) < 500


def test_pages_of_fifty(organisation: Organisation, owner: User) -> None:
    for number in range(51):
        make_project(organisation, owner, name=f"P{number:02}")
    assert len(listed(owner, "?sort=name")) == 50
    assert listed(owner, "?sort=name&page=2") == ["P50"]
    page = parse(signed_in(owner).get(URL + "?sort=name&find=P&stage=pilot").content)
    assert page.xpath("//nav[@class='pager']//a/@href") == ["?sort=name&find=P&stage=pilot&page=2"]


def test_archived_ones_stand_apart(project: Project, organisation: Organisation, owner: User) -> None:
    make_project(organisation, owner, name="Open one")
    archive_project(project=project, by=owner, at=timezone.now())
    assert listed(owner) == ["Open one"]
    assert listed(owner, "?archived=1") == ["Forecast"]


def test_a_narrowed_member_sees_named_projects(project: Project, organisation: Organisation, owner: User) -> None:
    make_project(organisation, owner, name="Another")
    narrowed = make_member(organisation, Role.RESPONDENT, all_projects=False)
    assert listed(narrowed) == []
    membership = Membership.objects.get(user=narrowed)
    set_grants(project=project, grants={membership: Role.RESPONDENT}, by=owner)
    assert listed(narrowed) == ["Forecast"]
    set_grants(project=project, grants={membership: ""}, by=owner)
    assert listed(narrowed) == []


def test_a_long_name(organisation: Organisation, owner: User) -> None:
    name = "Reconciliation " * 8
    project = make_project(organisation, owner, name=name[:120])
    assert len(project.name) == 120
    assert len(project.slug) <= 80
    assert re.fullmatch(r"[a-z-]+-[0-9a-f]{8}", project.slug)
    assert listed(owner) == [project.name]


@pytest.mark.parametrize("name", ["名前", "🏴‍☠️", "---", "ÄÖÜ", "a/b?c#d"])
def test_every_name_has_an_address(organisation: Organisation, owner: User, name: str) -> None:
    project = make_project(organisation, owner, name=name)
    assert signed_in(owner).get(reverse("assessments:overview", args=[project.slug])).status_code == 200
    assert listed(owner) == [name]


@pytest.mark.parametrize("count", [3, 45])
def test_it_asks_the_database_as_often_for_many_as_for_few(
    organisation: Organisation, owner: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        project = make_project(organisation, owner, name=f"P{number}")
        if number % 2:
            make_answer(make_assessment(project, owner), owner, "problem.statement", 1)
    client = signed_in(owner)
    with django_assert_num_queries(5):
        client.get(URL)
