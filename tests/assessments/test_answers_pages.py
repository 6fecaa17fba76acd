"""All answers on one page, and every change of every answer."""

from __future__ import annotations

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.roles import Role
from assessments.models import Assessment, State
from assessments.services import GivenAnswer
from projects.models import Project
from tests.make import answer_all, make_answer, make_member, make_snapshot
from tests.site.cases import signed_in, text, usual_cases
from tests.site.markup import Response, faults, parse

ONE, TWO = "problem.statement", "problem.objective"


def links(response: Response) -> set[str]:
    """The first word of each row's last link: what one may do with the answer."""
    return {str(link.text) for link in parse(response.content).xpath("//tbody/tr/td[last()]/a")}


class TestCheck:
    @pytest.fixture
    def url(self, project: Project) -> str:
        return reverse("assessments:check", args=[project.slug])

    def test_usual_cases(self, url: str, assessment: Assessment, owner: User) -> None:
        usual_cases(url, owner)

    def test_without_a_checklist(self, url: str, owner: User) -> None:
        assert "no checklist yet" in text(signed_in(owner).get(url))

    def test_every_due_question_once(self, url: str, assessment: Assessment, owner: User) -> None:
        page = parse(signed_in(owner).get(url).content)
        assert len(page.xpath("//tbody/tr")) == len(assessment.questions_due())
        assert len(page.xpath("//span[@class='tag warn'][text()='open']")) == len(assessment.questions_due())

    def test_answers_in_words(self, url: str, assessment: Assessment, owner: User, viewer: User) -> None:
        make_answer(assessment, owner, ONE, GivenAnswer(State.GRADED, 1, "", "n" * 300, "", "https://x.example/"))
        make_answer(assessment, owner, TWO, GivenAnswer(State.NOT_APPLICABLE, None, "Nothing of the kind."))
        make_answer(assessment, owner, "data.access", GivenAnswer(State.UNKNOWN))
        response = signed_in(viewer).get(url)
        page = text(response)
        assert assessment.checklist.question_by_id[ONE].choices[1] in page
        assert "Nothing of the kind." in page
        assert "Don&#x27;t know" in page
        assert "n" * 159 + "…" in page
        assert "n" * 161 not in page
        assert links(response) == {"See"}
        assert faults(response.content) == []

    def test_what_is_open_stands_first(self, url: str, assessment: Assessment, owner: User) -> None:
        """As the sentence on the page says."""
        make_answer(assessment, owner, ONE, 1)
        page = parse(signed_in(owner).get(url).content)
        rows = [row.text_content() for row in page.xpath("(//table)[1]/tbody/tr")]
        assert "What is open stands first in each part" in page.text_content()
        assert assessment.checklist.question_by_id[ONE].prompt in rows[-1]

    def test_buttons(self, url: str, assessment: Assessment, owner: User, respondent: User) -> None:
        assert links(signed_in(owner).get(url)) == {"Change"}
        assert "Next open question" in text(signed_in(owner).get(url))
        assert "Take a snapshot" not in text(signed_in(owner).get(url))
        answer_all(assessment, owner)
        page = text(signed_in(owner).get(url))
        assert "Take a snapshot" in page
        assert "Next open question" not in page
        assert "Take a snapshot" not in text(signed_in(respondent).get(url))

    def test_closed(self, url: str, assessment: Assessment, owner: User) -> None:
        answer_all(assessment, owner)
        make_snapshot(assessment, owner, closes=True)
        response = signed_in(owner).get(url)
        assert links(response) == {"See"}
        assert "Take a snapshot" not in text(response)

    def test_queries(
        self, url: str, assessment: Assessment, owner: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        answer_all(assessment, owner)
        client = signed_in(owner)
        with django_assert_num_queries(7):
            client.get(url)


class TestHistory:
    @pytest.fixture
    def url(self, project: Project) -> str:
        return reverse("assessments:history", args=[project.slug])

    def test_usual_cases(self, url: str, assessment: Assessment, owner: User) -> None:
        usual_cases(url, owner)

    def test_empty(self, url: str, assessment: Assessment, owner: User) -> None:
        assert "No answer was changed yet." in text(signed_in(owner).get(url))

    def test_without_a_checklist(self, url: str, owner: User) -> None:
        assert signed_in(owner).get(url).status_code == 200

    def test_newest_first_with_both_sides(self, url: str, assessment: Assessment, owner: User, editor: User) -> None:
        make_answer(assessment, owner, ONE, GivenAnswer(State.GRADED, 0, "", "first"))
        make_answer(assessment, editor, ONE, GivenAnswer(State.GRADED, 3, "", "second"), base=1)
        make_answer(assessment, editor, ONE, GivenAnswer(State.GRADED, 3), base=2)
        choices = assessment.checklist.question_by_id[ONE].choices
        page = parse(signed_in(owner).get(url).content)
        rows = [" ".join(row.text_content().split()) for row in page.xpath("//tbody/tr")]
        assert len(rows) == 3
        assert "note" in rows[0]
        assert "second" in rows[0]
        assert "same answer" in rows[0]
        assert choices[0] in rows[1]
        assert choices[3] in rows[1]
        assert "first" in rows[1]
        assert "second" in rows[1]
        assert editor.name in rows[1]
        assert "Not answered" in rows[2]
        assert owner.name in rows[2]

    def test_of_one_question(self, url: str, assessment: Assessment, owner: User) -> None:
        make_answer(assessment, owner, ONE, 1)
        make_answer(assessment, owner, TWO, 2)
        page = parse(signed_in(owner).get(url, {"question": TWO}).content)
        assert len(page.xpath("//tbody/tr")) == 1
        assert "Show all questions" in page.text_content()

    @pytest.mark.parametrize("query", ["?question=no.such", "?question=", "?page=999999999", "?page=-1", "?page=abc"])
    def test_odd_queries(self, url: str, assessment: Assessment, owner: User, query: str) -> None:
        make_answer(assessment, owner, ONE, 1)
        response = signed_in(owner).get(url + query)
        assert len(parse(response.content).xpath("//tbody/tr")) == 1

    def test_pages(self, url: str, assessment: Assessment, owner: User) -> None:
        answer_all(assessment, owner)
        count = len(assessment.questions_due())
        assert count > 50
        client = signed_in(owner)
        assert len(parse(client.get(url).content).xpath("//tbody/tr")) == 50
        last = client.get(url, {"page": "2"})
        assert len(parse(last.content).xpath("//tbody/tr")) == count - 50
        assert faults(last.content) == []

    def test_the_pages_of_one_question_stay_with_it(self, url: str, assessment: Assessment, owner: User) -> None:
        make_answer(assessment, owner, TWO, 1)
        for revision in range(60):
            make_answer(assessment, owner, ONE, revision % 4, base=revision)
        client = signed_in(owner)
        first = parse(client.get(url, {"question": ONE}).content)
        (following,) = first.xpath("//nav[@class='pager']//a/@href")
        second = parse(client.get(url + following).content)
        assert len(second.xpath("//tbody/tr")) == 10
        assert "History of 1.1" in second.text_content()

    def test_of_this_run_alone(self, url: str, project: Project, assessment: Assessment, owner: User) -> None:
        make_answer(assessment, owner, ONE, GivenAnswer(State.GRADED, 1, "", "a note of the first run"))
        make_snapshot(assessment, owner, closes=True)
        page = text(signed_in(owner).get(url))
        assert "a note of the first run" in page

    def test_who_left_keeps_the_name(self, url: str, assessment: Assessment, owner: User) -> None:
        leaver = make_member(owner.memberships.get().organisation, Role.EDITOR, name="Lea Leaver")
        make_answer(assessment, leaver, ONE, 1)
        leaver.memberships.get().delete()
        assert "Lea Leaver" in text(signed_in(owner).get(url))

    def test_queries(
        self, url: str, assessment: Assessment, owner: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        answer_all(assessment, owner)
        client = signed_in(owner)
        with django_assert_num_queries(8):
            client.get(url)
