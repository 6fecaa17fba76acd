"""Freezing a result, the list of frozen ones, and one of them."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from assessments.models import Assessment, Snapshot, State
from assessments.services import GivenAnswer
from projects.models import Project
from tests.access.dump import changed_tables, dump_tables
from tests.make import AT, answer_all, make_answer, make_assessment, make_project, make_snapshot
from tests.site.cases import WRITERS, signed_in, text, usual_cases
from tests.site.markup import Response, faults, parse


@pytest.fixture
def url(project: Project) -> str:
    return reverse("assessments:snapshots", args=[project.slug])


def test_usual_cases(url: str, assessment: Assessment, owner: User) -> None:
    usual_cases(url, owner)
    usual_cases(url, owner, may=WRITERS, form={"label": "Frozen"})


def test_empty(url: str, assessment: Assessment, owner: User, viewer: User) -> None:
    page = text(signed_in(owner).get(url))
    assert "Nothing is frozen yet" in page
    assert "No question has an answer yet" in page
    assert "Freeze the result" in page
    assert "Freeze the result" not in text(signed_in(viewer).get(url))


def test_without_a_checklist(url: str, owner: User) -> None:
    client = signed_in(owner)
    assert client.get(url).status_code == 200
    response = client.post(url, {"label": "x"})
    assert response.status_code == 422
    assert not Snapshot.objects.exists()


def test_the_label_is_suggested(url: str, assessment: Assessment, owner: User) -> None:
    (label,) = parse(signed_in(owner).get(url).content).xpath("//input[@id='label']/@value")
    assert label.startswith("Gate review, ")


def test_taking_one(url: str, assessment: Assessment, owner: User) -> None:
    answer_all(assessment, owner)
    response = signed_in(owner).post(
        url, {"label": " May ", "note": "one\r\ntwo", "decision": "Go on?", "closes": ""}, follow=True
    )
    snapshot = Snapshot.objects.get()
    assert (snapshot.label, snapshot.taken_by, snapshot.closes, snapshot.number) == ("May", owner, False, 1)
    assert response.redirect_chain[0][0].endswith(f"/snapshots/{snapshot.public_id}/")
    page = text(response)
    assert "The result is frozen." in page
    assert snapshot.sha256 in page
    assert Assessment.objects.get().is_open


def test_closing(url: str, assessment: Assessment, owner: User) -> None:
    client = signed_in(owner)
    client.post(url, {"label": "Last", "closes": "1"})
    assert not Assessment.objects.get().is_open
    page = text(client.get(url))
    assert "closed the run" in page
    assert "Start the next review" in page
    response = client.post(url, {"label": "Again"})
    assert response.status_code == 422
    assert Snapshot.objects.count() == 1


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"label": ""}, "Label: please fill this in."), ({}, "Label: please fill this in."),
        ({"label": "x" * 121}, "Label: at most 120 characters, this has 121."),
        ({"label": "a\nb"}, "Label: a line break"), ({"label": "a\x00b"}, "Label"),
        ({"label": "x", "note": "x" * 1001}, "Note: at most 1,000"),
        ({"label": "x", "decision": "x" * 1001}, "Decision asked: at most 1,000"),
    ],
)  # fmt: skip
def test_errors_keep_what_was_typed(
    url: str, assessment: Assessment, owner: User, form: dict[str, str], words: str
) -> None:
    client = signed_in(owner)
    before = dump_tables()
    response = client.post(url, {"note": "a long thought", "decision": "Shall we?", "closes": "1", **form})
    assert response.status_code == 422
    assert words in text(response)
    assert changed_tables(before, dump_tables()) == []
    page = parse(response.content)
    assert page.findtext(".//title").strip().startswith("Error:")
    fields = {"note": "a long thought", "decision": "Shall we?", **form}
    for name in ("note", "decision"):
        assert page.get_element_by_id(name).text == fields[name]
    assert page.xpath("//input[@name='closes']/@checked")
    assert faults(response.content) == []


def test_the_list(url: str, assessment: Assessment, owner: User) -> None:
    make_answer(assessment, owner, "problem.statement", 1)
    first = make_snapshot(assessment, owner, label="First <b>")
    second = make_snapshot(assessment, owner, label="Second")
    page = parse(signed_in(owner).get(url).content)
    assert [link.text_content() for link in page.xpath("//tbody//a")] == ["Second", "First <b>"]
    content = page.text_content()
    assert first.public_id in content
    assert second.public_id in content
    assert content.count("too early") == 2  # one answer says next to nothing
    assert "14 Mar 2026, 09:30 UTC" in content


def test_pages_of_fifty(url: str, assessment: Assessment, owner: User) -> None:
    model = make_snapshot(assessment, owner)
    names = {f.attname for f in Snapshot._meta.concrete_fields} - {"id", "public_id", "number"}
    values = {name: getattr(model, name) for name in names}
    Snapshot.objects.bulk_create(Snapshot(**values, number=number, public_id=f"p{number}") for number in range(2, 53))
    client = signed_in(owner)
    assert len(parse(client.get(url).content).xpath("//tbody/tr")) == 50
    for page, rows in (("2", 2), ("99999999", 2), ("-1", 2), ("abc", 50)):
        assert len(parse(client.get(url, {"page": page}).content).xpath("//tbody/tr")) == rows


def without_token(response: Response) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", text(response))


class TestOne:
    @pytest.fixture
    def snapshot(self, assessment: Assessment, owner: User) -> Snapshot:
        make_answer(assessment, owner, "problem.statement", GivenAnswer(State.GRADED, 1, "", "a frozen note"))
        return make_snapshot(assessment, owner)

    @pytest.fixture
    def url(self, project: Project, snapshot: Snapshot) -> str:
        return reverse("assessments:snapshot", args=[project.slug, snapshot.public_id])

    def test_usual_cases(self, url: str, owner: User) -> None:
        usual_cases(url, owner)

    def test_it_says_the_same_for_ever(self, url: str, assessment: Assessment, owner: User, viewer: User) -> None:
        client = signed_in(viewer)
        before = without_token(client.get(url))
        make_answer(assessment, owner, "problem.statement", GivenAnswer(State.GRADED, 0, "", "a newer note"), base=1)
        make_answer(assessment, owner, "data.access", 0)
        make_snapshot(assessment, owner, label="Later")
        assert without_token(client.get(url)) == before

    @pytest.mark.parametrize("public_id", ["0000-0000-0000", "x", "1"])
    def test_ids_that_there_are_not(self, url: str, project: Project, owner: User, public_id: str) -> None:
        path = reverse("assessments:snapshot", args=[project.slug, public_id])
        assert signed_in(owner).get(path).status_code == 404

    def test_not_under_another_project(self, url: str, snapshot: Snapshot, owner: User) -> None:
        other = make_project(owner.memberships.get().organisation, owner, name="Other")
        path = reverse("assessments:snapshot", args=[other.slug, snapshot.public_id])
        assert signed_in(owner).get(path).status_code == 404

    def test_buttons_by_role(self, url: str, owner: User, viewer: User, respondent: User) -> None:
        pages = {user: text(signed_in(user).get(url)) for user in (owner, viewer, respondent)}
        assert ["PDF report" in page for page in pages.values()] == [True, True, False]
        assert ["/share/" in page for page in pages.values()] == [True, False, False]

    def test_of_an_earlier_run(self, url: str, project: Project, assessment: Assessment, owner: User) -> None:
        make_snapshot(assessment, owner, closes=True)
        assessment.refresh_from_db()
        Assessment.objects.filter(pk=assessment.pk).update(is_latest=False)
        make_assessment(project, owner, at=AT)
        assert "a frozen note" in text(signed_in(owner).get(url))

    def test_queries(self, url: str, owner: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        client = signed_in(owner)
        with django_assert_num_queries(5):
            client.get(url)


def test_queries_of_the_list(
    url: str, assessment: Assessment, owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(10):
        make_snapshot(assessment, owner)
    client = signed_in(owner)
    with django_assert_num_queries(7):
        client.get(url)
