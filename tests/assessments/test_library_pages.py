"""The checklist and the sources of its questions, for everybody who is signed in."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from checklists.loader import load
from tests.make import make_user
from tests.site.cases import signed_in, text
from tests.site.markup import faults, parse

URL = "/checklists/ml_readiness/1.0/"


@pytest.mark.parametrize("path", [URL, f"{URL}problem.statement/"])
def test_who_may(client: Client, owner: User, viewer: User, outsider: User, path: str) -> None:
    for user in (owner, viewer, outsider):
        response = signed_in(user).get(path)
        assert response.status_code == 200
        assert faults(response.content) == []
    assert client.get(path).status_code == 302
    assert signed_in(make_user()).get(path).status_code == 403
    assert signed_in(owner).post(path).status_code == 405


def test_the_whole_checklist(viewer: User) -> None:
    checklist = load("ml_readiness", "1.0")
    page = parse(signed_in(viewer).get(URL).content)
    content = page.text_content()
    for question in checklist.questions:
        assert question.prompt in content
    for document in checklist.documents:
        assert document.title in content
    marked = page.xpath("//tr[.//span[@class='tag must']]//summary/span[@class='muted']/text()")
    assert marked == [question.number for question in checklist.questions if question.must_have]


@pytest.mark.parametrize("question", [question.id for question in load("ml_readiness", "1.0").questions])
def test_every_question_has_sources(viewer: User, question: str) -> None:
    checklist = load("ml_readiness", "1.0")
    item = checklist.question_by_id[question]
    response = signed_in(viewer).get(reverse("library:question", args=["ml_readiness", "1.0", question]))
    content = parse(response.content).text_content()
    claims = [claim for claim, _ in checklist.sources_of(item)]
    assert claims
    for claim in claims:
        assert claim.text in content
    assert item.remedy.do in content


def test_the_inside_of_the_side_sheet(viewer: User) -> None:
    page = text(signed_in(viewer).get(f"{URL}problem.statement/", headers={"x-fragment": "1"}))
    assert "<html" not in page
    assert "<main" not in page
    assert "What helps" in page


@pytest.mark.parametrize(
    "path",
    ["/checklists/ml_readiness/9.9/", "/checklists/unheard/1.0/", "/checklists/ml_readiness/..%2f1.0/",
     "/checklists/ml_readiness/1.0/no.such/", "/checklists/ml_readiness/latest/", "/checklists/ml_readiness/1.0%0a/",
     f"/checklists/{'x' * 5000}/1.0/", "/checklists/ml_readiness/<script>/", "/checklists/ml_readiness/1.0/%F0%9F/"],
)  # fmt: skip
def test_what_there_is_not(viewer: User, path: str) -> None:
    response = signed_in(viewer).get(path)
    assert response.status_code == 404
    assert "<script>" not in text(response)
