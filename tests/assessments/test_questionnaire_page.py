"""The questions of one dimension, and the plain form that works without a script."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Organisation, User
from accounts.roles import Role
from assessments.models import Answer, AnswerChange, Assessment, State
from assessments.services import GivenAnswer, given_of, start_assessment
from projects.models import Project
from tests.access.dump import changed_tables, dump_tables
from tests.make import AT, answer_all, make_answer, make_assessment, make_project, make_snapshot
from tests.site.cases import EVERYBODY, signed_in, text, usual_cases
from tests.site.markup import Response, faults, parse

ONE, TWO, THREE = "problem.statement", "problem.objective", "problem.decision"


@pytest.fixture
def url(project: Project, assessment: Assessment) -> str:
    return reverse("assessments:dimension", args=[project.slug, "problem"])


def form_of(response: Response) -> dict[str, str]:
    """What a browser without script would send back: every field of the page's form as it stands."""
    fields = {}
    for element in parse(response.content).get_element_by_id("questions").iter("input", "textarea"):
        is_left_out = element.get("type") in {"radio", "checkbox"} and element.get("checked") is None
        if element.get("name") != "csrfmiddlewaretoken" and not is_left_out:
            value = element.text if element.tag == "textarea" else element.get("value")
            fields[element.get("name")] = value or ""
    return fields


def given(question: str = ONE) -> GivenAnswer:
    return given_of(Answer.objects.filter(question=question).first())


def shown(response: Response, question: str, field: str) -> str:
    return form_of(response).get(f"{question}:{field}", "")


def test_usual_cases(url: str, owner: User) -> None:
    usual_cases(url, owner)
    usual_cases(url, owner, may=EVERYBODY - {Role.VIEWER}, form={})


@pytest.mark.parametrize("dimension", ["no-such", "PROBLEM", "x" * 300, "problem-"])
def test_parts_that_there_are_not(project: Project, assessment: Assessment, owner: User, dimension: str) -> None:
    path = f"/projects/{project.slug}/checklist/{dimension}/"
    assert signed_in(owner).get(path).status_code == 404
    assert signed_in(owner).post(path).status_code == 404


def test_without_a_checklist(project: Project, owner: User) -> None:
    assert signed_in(owner).get(reverse("assessments:dimension", args=[project.slug, "problem"])).status_code == 404


def test_every_due_question_with_all_its_choices(url: str, assessment: Assessment, owner: User) -> None:
    page = parse(signed_in(owner).get(url).content)
    due = [question for question in assessment.questions_due() if question.dimension == "problem"]
    assert page.xpath("//fieldset[@data-question]/@data-question") == [question.id for question in due]
    for question in due:
        radios = page.xpath(f"//input[@type='radio'][@name='{question.id}:choice']/@value")
        assert radios == [*map(str, range(len(question.choices))), "dk", "na", ""]
        checked = page.xpath(f"//input[@type='radio'][@name='{question.id}:choice'][@checked]/@value")
        assert checked == [""]
        assert page.xpath(f"//input[@name='{question.id}:revision']/@value") == ["0"]


def test_a_part_with_nothing_due(organisation: Organisation, owner: User) -> None:
    project = make_project(organisation, owner, stage="idea")
    make_assessment(project, owner)
    response = signed_in(owner).get(reverse("assessments:dimension", args=[project.slug, "operations"]))
    assert response.status_code == 200
    assert "No question of this dimension is due" in text(response)


def test_readers_see_answers_and_no_form(url: str, assessment: Assessment, owner: User, viewer: User) -> None:
    make_answer(assessment, owner, ONE, GivenAnswer(State.GRADED, 2, "", "a note", "Minutes", "https://x.example/"))
    make_answer(assessment, owner, TWO, GivenAnswer(State.NOT_APPLICABLE, None, "Because of it."))
    response = signed_in(viewer).get(url)
    page = parse(response.content)
    assert page.xpath("//form//input[not(@type='hidden')] | //textarea") == []
    content = page.text_content()
    chosen = assessment.checklist.question_by_id[ONE].choices[2]
    assert f"Chosen: {chosen}" in content
    assert "a note" in content
    assert "Because of it." in content
    assert page.xpath("//a[@href='https://x.example/']/@rel") == ["noopener noreferrer nofollow"]
    assert "You can read the answers but not change them" in content


def test_saving_a_page(url: str, owner: User) -> None:
    client = signed_in(owner)
    form = form_of(client.get(url)) | {
        f"{ONE}:choice": "2", f"{ONE}:note": "first\r\nsecond", f"{TWO}:choice": "dk",
        f"{THREE}:choice": "na", f"{THREE}:reason": "Not here.", "next": "data",
    }  # fmt: skip
    response = client.post(url, form, follow=True)
    assert response.redirect_chain == [(url.replace("problem", "data"), 302)]
    assert "Saved 3 answers." in text(response)
    assert given() == GivenAnswer(State.GRADED, 2, "", "first\nsecond")
    assert given(TWO).state == State.UNKNOWN
    assert given(THREE) == GivenAnswer(State.NOT_APPLICABLE, None, "Not here.")
    assert Answer.objects.count() == 3


def test_what_was_saved_is_shown_again(url: str, assessment: Assessment, owner: User) -> None:
    content = GivenAnswer(State.GRADED, 3, "", "line\n\n  indented <b>", "Minutes & more", "https://x.example/?a=1&b=2")
    make_answer(assessment, owner, ONE, content)
    response = signed_in(owner).get(url)
    assert (shown(response, ONE, "choice"), shown(response, ONE, "revision")) == ("3", "1")
    assert shown(response, ONE, "note") == content.note
    assert shown(response, ONE, "evidence_title") == content.evidence_title
    assert shown(response, ONE, "evidence_url") == content.evidence_url


def test_an_untouched_page_writes_nothing(url: str, assessment: Assessment, owner: User) -> None:
    """Also with texts of several lines, which a browser sends back with its own line ends."""
    make_answer(assessment, owner, ONE, GivenAnswer(State.GRADED, 1, "", "one\ntwo"))
    client = signed_in(owner)
    form = {name: value.replace("\n", "\r\n") for name, value in form_of(client.get(url)).items()}
    before = dump_tables()
    response = client.post(url, form, follow=True)
    assert "Nothing had changed." in text(response)
    assert changed_tables(before, dump_tables()) == []


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1]])
def test_each_question_is_saved_for_itself(url: str, owner: User, order: list[int]) -> None:
    """One is refused, the others are saved, and nothing that was typed is lost."""
    client = signed_in(owner)
    fields = [
        {f"{ONE}:choice": "1"},
        {f"{TWO}:choice": "2", f"{TWO}:note": "kept", f"{TWO}:evidence_url": "nowhere"},
        {f"{THREE}:choice": "na", f"{THREE}:reason": ""},
    ]
    form = form_of(client.get(url))
    for place in order:
        form |= fields[place]
    response = client.post(url, form)
    assert response.status_code == 422
    assert given().level == 1
    assert not Answer.objects.filter(question__in=[TWO, THREE]).exists()
    assert (shown(response, TWO, "choice"), shown(response, TWO, "note")) == ("2", "kept")
    assert shown(response, TWO, "evidence_url") == "nowhere"
    assert shown(response, THREE, "choice") == "na"
    page = parse(response.content)
    problems = [p.text for p in page.xpath("//p[@data-problem][not(@hidden)]")]
    assert [problem.split(":")[0] for problem in problems] == ["Evidence link", "Reason"]
    assert page.xpath("//div[@role='alert'][@class='errors']//a/@href") == ["#problem-objective", "#problem-decision"]
    assert page.findtext(".//title").strip().startswith("Error:")
    assert faults(response.content) == []
    form = form_of(response) | {f"{TWO}:evidence_url": "", f"{THREE}:reason": "Now with one."}
    assert client.post(url, form).status_code == 302
    assert given(TWO) == GivenAnswer(State.GRADED, 2, "", "kept")
    assert given(THREE).reason == "Now with one."


def test_somebody_else_was_faster(url: str, assessment: Assessment, owner: User, editor: User) -> None:
    """Both texts are there: mine in the fields, theirs beside them; sending again keeps mine."""
    client = signed_in(owner)
    form = form_of(client.get(url)) | {f"{ONE}:choice": "3", f"{ONE}:note": "mine", f"{TWO}:choice": "1"}
    make_answer(assessment, editor, ONE, GivenAnswer(State.GRADED, 0, "", "theirs"))
    response = client.post(url, form)
    assert response.status_code == 409
    assert given().note == "theirs"
    assert given(TWO).level == 1
    assert (shown(response, ONE, "choice"), shown(response, ONE, "note")) == ("3", "mine")
    alert = parse(response.content).xpath("//fieldset//div[@role='alert']")[0].text_content()
    assert editor.name in alert
    assert assessment.checklist.question_by_id[ONE].choices[0] in alert
    assert faults(response.content) == []
    assert client.post(url, form_of(response)).status_code == 302
    assert given().note == "mine"
    assert [change.after["note"] for change in AnswerChange.objects.filter(question=ONE).order_by("id")] == [
        "theirs", "mine",
    ]  # fmt: skip


def test_a_stale_page_does_not_undo_what_others_did(
    url: str, assessment: Assessment, owner: User, editor: User
) -> None:
    """The page was opened before, its owner touched another question. Texts of several lines are no touch."""
    make_answer(assessment, owner, ONE, GivenAnswer(State.GRADED, 1, "", "one\ntwo"))
    client = signed_in(owner)
    opened = {name: value.replace("\n", "\r\n") for name, value in form_of(client.get(url)).items()}
    make_answer(assessment, editor, ONE, GivenAnswer(State.GRADED, 3, "", "newer"), base=1)
    make_answer(assessment, editor, THREE, 2)
    response = client.post(url, opened | {f"{TWO}:choice": "2"})
    assert response.status_code == 302, text(response)
    assert given() == GivenAnswer(State.GRADED, 3, "", "newer")
    assert given(TWO).level == 2
    assert given(THREE).level == 2


def test_a_revision_that_never_was(url: str, owner: User) -> None:
    response = signed_in(owner).post(url, {f"{ONE}:revision": "7", f"{ONE}:choice": "2"})
    assert response.status_code == 422
    assert "cleared in the meantime" in text(response)
    assert shown(response, ONE, "choice") == "2"
    assert not Answer.objects.exists()


@pytest.mark.parametrize("revision", ["", "-1", "x", "1.0", "٣", "9" * 30, "\x00", " 0"])
def test_revisions_that_are_none(url: str, owner: User, revision: str) -> None:
    response = signed_in(owner).post(url, {f"{ONE}:revision": revision, f"{ONE}:choice": "2"})
    assert response.status_code == 422
    assert "Revision: this must be a whole number" in text(response)
    assert not Answer.objects.exists()


@pytest.mark.parametrize("choice", ["9", "-1", "x", "00", "dk ", "NA", "1" * 1000, "²", "\x00"])
def test_choices_that_are_none(url: str, owner: User, choice: str) -> None:
    response = signed_in(owner).post(url, {f"{ONE}:revision": "0", f"{ONE}:choice": choice})
    assert response.status_code == 422
    assert "Answer:" in text(response)
    assert not Answer.objects.exists()


def test_questions_of_other_parts_are_ignored(url: str, owner: User) -> None:
    fields = {"data.access:revision": "0", "data.access:choice": "1", "no.such:revision": "0", "no.such:choice": "1"}
    assert signed_in(owner).post(url, fields).status_code == 302
    assert not Answer.objects.exists()


def test_a_closed_run(url: str, assessment: Assessment, owner: User) -> None:
    client = signed_in(owner)
    form = form_of(client.get(url)) | {f"{ONE}:choice": "3", f"{ONE}:note": "too late"}
    make_snapshot(assessment, owner, closes=True)
    response = client.post(url, form)
    assert response.status_code == 422
    assert not Answer.objects.exists()
    page = client.get(url)
    assert "was closed on 14 Mar 2026 and can only be read" in text(page)
    assert parse(page.content).xpath("//input[@type='radio']") == []


def test_a_page_of_an_old_run(url: str, project: Project, assessment: Assessment, owner: User) -> None:
    """What was touched is refused with what was chosen; what was not touched makes no noise; the new run stays."""
    make_answer(assessment, owner, TWO, GivenAnswer(State.GRADED, 1, "", "one\ntwo"))
    client = signed_in(owner)
    form = {name: value.replace("\n", "\r\n") for name, value in form_of(client.get(url)).items()}
    make_snapshot(assessment, owner, closes=True)
    following = start_assessment(project=project, by=owner, title="Next", copy_from=assessment, at=AT)
    make_answer(following, owner, TWO, 3, base=1)
    before = dump_tables()
    response = client.post(url, form | {f"{ONE}:choice": "2", f"{ONE}:note": "typed"})
    assert response.status_code == 422
    assert changed_tables(before, dump_tables()) == []
    page = parse(response.content)
    assert page.xpath("//div[@role='alert'][@class='errors']//a/@href") == ["#problem-statement"]
    content = page.text_content()
    assert "A newer review has begun" in content
    assert assessment.checklist.question_by_id[ONE].choices[2] in content
    assert "typed" in content


@pytest.mark.parametrize("run", ["x", "-1", "9" * 40, "\x00", "٣"])
def test_runs_that_there_are_not(url: str, owner: User, run: str) -> None:
    form = {"assessment": run, f"{ONE}:revision": "0", f"{ONE}:choice": "2"}
    response = signed_in(owner).post(url, form)
    assert response.status_code == 422
    assert not Answer.objects.exists()


def test_where_the_page_leads(url: str, assessment: Assessment, owner: User) -> None:
    client = signed_in(owner)
    first, last = client.get(url), client.get(url.replace("problem", "operations"))
    assert "Continue to" in text(first)
    assert "Back to" not in text(first)
    assert "Check answers" in text(last)
    assert "Back to" in text(last)
    assert client.post(url, {"next": "https://evil.example/"}).headers["Location"] == url
    assert client.post(url, {"next": "team"}).headers["Location"] == url.replace("problem", "team")


def test_the_preview_beside(url: str, assessment: Assessment, owner: User) -> None:
    assert "no level yet" in text(signed_in(owner).get(url))
    for question in assessment.questions_due():
        if question.dimension == "problem":
            best = GivenAnswer(State.GRADED, len(question.choices) - 1, "", "noted")
            make_answer(assessment, owner, question.id, best)
    page = parse(signed_in(owner).get(url).content).get_element_by_id("preview").text_content()
    assert "Low" in page
    assert "no level yet" not in page
    assert "Everything is answered" in page


class TestResume:
    @pytest.fixture
    def start(self, project: Project) -> str:
        return reverse("assessments:resume", args=[project.slug])

    def test_usual_cases(self, start: str, assessment: Assessment, owner: User) -> None:
        usual_cases(start, owner, expected=302)

    def test_to_the_first_open_question(self, start: str, url: str, assessment: Assessment, owner: User) -> None:
        client = signed_in(owner)
        assert client.get(start).headers["Location"] == f"{url}#problem-statement"
        due = assessment.questions_due()
        for question in due[:-1]:
            make_answer(assessment, owner, question.id, 1)
        last = due[-1]
        expected = f"{url.replace('problem', last.dimension)}#{last.id.replace('.', '-')}"
        assert client.get(start).headers["Location"] == expected
        anchor = expected.partition("#")[2]
        assert parse(client.get(expected.partition("#")[0]).content).get_element_by_id(anchor) is not None

    def test_a_note_alone_is_still_open(self, start: str, url: str, assessment: Assessment, owner: User) -> None:
        make_answer(assessment, owner, ONE, GivenAnswer(State.BLANK, None, "", "later"))
        assert signed_in(owner).get(start).headers["Location"] == f"{url}#problem-statement"

    def test_when_all_is_answered(self, start: str, project: Project, assessment: Assessment, owner: User) -> None:
        answer_all(assessment, owner)
        assert signed_in(owner).get(start).headers["Location"] == reverse("assessments:check", args=[project.slug])

    def test_without_a_checklist(self, start: str, project: Project, owner: User, client: Client) -> None:
        assert signed_in(owner).get(start).headers["Location"] == reverse("assessments:overview", args=[project.slug])


def test_queries_of_reading(
    url: str, assessment: Assessment, owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    answer_all(assessment, owner)
    client = signed_in(owner)
    with django_assert_num_queries(8):
        client.get(url)
