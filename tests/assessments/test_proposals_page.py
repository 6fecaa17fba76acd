"""Proposals in the questionnaire: shown beside the choices, decided with the page's own form."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Organisation, User
from assessments.models import Answer, AnswerChange, Assessment, Proposal, ProposalStatus, State
from assessments.proposals import dismiss_proposal, propose_answer
from assessments.services import GivenAnswer, start_assessment
from projects.models import Project
from tests.access.dump import changed_tables, dump_tables
from tests.assessments.test_questionnaire_page import form_of, given, shown
from tests.make import AT, answer_all, make_answer, make_assessment, make_project, make_snapshot
from tests.site.cases import signed_in, text
from tests.site.markup import Response, faults, parse

ONE, TWO, THREE = "problem.statement", "problem.objective", "problem.decision"
LINK = "https://ci.example.org/7"
FULL = GivenAnswer(State.GRADED, 2, "", "All tests\npass.", "Run 7", LINK)


@pytest.fixture
def url(project: Project, assessment: Assessment) -> str:
    return reverse("assessments:dimension", args=[project.slug, "problem"])


@pytest.fixture
def proposal(assessment: Assessment, owner: User) -> Proposal:
    return propose(assessment, owner)


def propose(
    assessment: Assessment, by: User, given: GivenAnswer = FULL, question: str = ONE, source: str = "ml-ci"
) -> Proposal:
    return propose_answer(
        assessment=assessment, question=question, given=given, source=source, token=None, by=by, at=AT
    )


def groups(response: Response) -> list[Any]:
    return list(parse(response.content).xpath("//div[@role='group'][@class='proposal']"))


def status(proposal: Proposal) -> str:
    return Proposal.objects.get(pk=proposal.pk).status


def test_shown_under_the_choices(url: str, assessment: Assessment, proposal: Proposal, editor: User) -> None:
    response = signed_in(editor).get(url)
    (group,) = groups(response)
    name = parse(response.content).get_element_by_id(group.get("aria-labelledby")).text_content()
    sentence = assessment.checklist.question_by_id[ONE].choices[2]
    assert name == f"Proposed by ml-ci on 14 Mar 2026: {sentence}"
    assert group.getparent().get("data-question") == ONE
    assert group.getprevious().get("class") == "scale"
    assert "All tests\npass." in group.text_content()
    assert [(a.get("href"), a.get("rel"), a.text_content()) for a in group.iter("a")] == [
        (LINK, "noopener noreferrer nofollow", "Run 7")
    ]
    buttons = [(b.get("name"), b.get("value"), b.text_content()) for b in group.iter("button")]
    assert buttons == [
        ("proposal", f"accept:{proposal.pk}", "Accept what ml-ci proposes for 1.1"),
        ("proposal", f"dismiss:{proposal.pk}", "Dismiss what ml-ci proposes for 1.1"),
    ]
    assert faults(response.content) == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (GivenAnswer(State.UNKNOWN), "Don't know"),
        (GivenAnswer(State.NOT_APPLICABLE, None, "Out of\nscope."), "Not applicable"),
        (GivenAnswer(State.GRADED, 1, "", "", "", LINK), LINK),
    ],
)
def test_other_contents(url: str, assessment: Assessment, owner: User, given: GivenAnswer, words: str) -> None:
    propose(assessment, owner, given)
    (group,) = groups(signed_in(owner).get(url))
    assert words in group.text_content()
    assert given.reason in group.text_content()


def test_readers_see_it_without_buttons(url: str, proposal: Proposal, viewer: User) -> None:
    response = signed_in(viewer).get(url)
    (group,) = groups(response)
    assert "Proposed by ml-ci" in group.text_content()
    assert list(group.iter("button")) == []
    assert "Accepting" not in group.text_content()
    assert faults(response.content) == []


def test_an_archived_project_shows_no_buttons(url: str, project: Project, proposal: Proposal, owner: User) -> None:
    Project.objects.filter(pk=project.pk).update(archived_at=AT)
    (group,) = groups(signed_in(owner).get(url))
    assert list(group.iter("button")) == []
    assert signed_in(owner).post(url, {"proposal": f"accept:{proposal.pk}"}).status_code == 403
    assert status(proposal) == ProposalStatus.OPEN


def test_what_accepting_replaces(url: str, assessment: Assessment, proposal: Proposal, owner: User) -> None:
    client = signed_in(owner)
    assert "Accepting replaces" not in text(client.get(url))
    make_answer(assessment, owner, ONE, GivenAnswer(State.GRADED, 0, "", "ours", "", "https://x.example/"))
    assert "Accepting replaces the note and the link of the answer." in text(client.get(url))
    make_answer(assessment, owner, ONE, GivenAnswer(State.GRADED, 0, "", "ours", "", LINK), base=1)
    assert "Accepting replaces the note of the answer." in text(client.get(url))
    make_answer(assessment, owner, ONE, FULL, base=2)
    assert "The answer says the same already." in text(client.get(url))


def test_accepting(url: str, assessment: Assessment, proposal: Proposal, editor: User) -> None:
    client = signed_in(editor)
    form = form_of(client.get(url)) | {"proposal": f"accept:{proposal.pk}"}
    response = client.post(url, form)
    assert response.headers["Location"] == f"{url}#problem-statement"
    assert given() == FULL
    assert Answer.objects.get().answered_by == editor
    assert status(proposal) == ProposalStatus.ACCEPTED
    page = client.get(url)
    assert "Proposal accepted and saved: question 1.1." in text(page)
    state = parse(page.content).xpath("//fieldset[@id='problem-statement']//span[@data-statetext]")[0]
    assert state.text_content() == "Proposal accepted and saved"
    assert groups(page) == []
    assert shown(page, ONE, "choice") == "2"
    assert "Proposal accepted" not in text(client.get(url))


def test_dismissing(url: str, proposal: Proposal, respondent: User) -> None:
    client = signed_in(respondent)
    form = form_of(client.get(url)) | {"proposal": f"dismiss:{proposal.pk}"}
    response = client.post(url, form, follow=True)
    assert "Proposal dismissed: question 1.1." in text(response)
    assert groups(response) == []
    assert not Answer.objects.exists()
    assert status(proposal) == ProposalStatus.DISMISSED


@pytest.mark.parametrize("kind", ["accept", "dismiss"])
def test_the_page_is_saved_first(url: str, proposal: Proposal, owner: User, kind: str) -> None:
    """Nothing that was typed without a script is lost by pressing a button of a proposal."""
    client = signed_in(owner)
    form = form_of(client.get(url)) | {f"{TWO}:choice": "1", f"{THREE}:choice": "dk", f"{THREE}:note": "typed"}
    response = client.post(url, form | {"proposal": f"{kind}:{proposal.pk}"}, follow=True)
    assert "Saved 2 answers." in text(response)
    assert given(TWO).level == 1
    assert given(THREE).note == "typed"
    assert status(proposal) == {"accept": "accepted", "dismiss": "dismissed"}[kind]


def test_what_was_typed_for_the_same_question(url: str, proposal: Proposal, owner: User) -> None:
    """It is saved and then replaced, so it is in the history; the note is kept if the proposal brings none."""
    client = signed_in(owner)
    form = form_of(client.get(url)) | {f"{ONE}:choice": "0", f"{ONE}:note": "typed"}
    client.post(url, form | {"proposal": f"accept:{proposal.pk}"})
    assert given() == FULL
    assert [change.after["note"] for change in AnswerChange.objects.order_by("id")] == ["typed", FULL.note]


def test_a_refusal_elsewhere_does_not_stop_it(url: str, proposal: Proposal, owner: User) -> None:
    client = signed_in(owner)
    form = form_of(client.get(url)) | {f"{TWO}:choice": "1", f"{TWO}:evidence_url": "nowhere"}
    response = client.post(url, form | {"proposal": f"accept:{proposal.pk}"})
    assert response.status_code == 422
    assert shown(response, TWO, "evidence_url") == "nowhere"
    assert "Proposal accepted and saved: question 1.1." in text(response)
    assert status(proposal) == ProposalStatus.ACCEPTED
    assert shown(response, ONE, "choice") == "2"
    assert client.post(url, form_of(response) | {f"{TWO}:evidence_url": ""}).status_code == 302


def test_a_refusal_of_the_same_question_stops_it(url: str, proposal: Proposal, owner: User) -> None:
    client = signed_in(owner)
    form = form_of(client.get(url)) | {f"{ONE}:choice": "na", f"{ONE}:reason": "", f"{ONE}:note": "typed"}
    response = client.post(url, form | {"proposal": f"accept:{proposal.pk}"})
    assert response.status_code == 422
    assert shown(response, ONE, "note") == "typed"
    assert len(groups(response)) == 1
    assert status(proposal) == ProposalStatus.OPEN
    assert not Answer.objects.exists()


def test_the_answer_changed_meanwhile(
    url: str, assessment: Assessment, proposal: Proposal, owner: User, editor: User
) -> None:
    """The person sees what is stored now and decides again."""
    client = signed_in(owner)
    form = form_of(client.get(url)) | {f"{TWO}:choice": "1"}
    make_answer(assessment, editor, ONE, GivenAnswer(State.GRADED, 0, "", "theirs"))
    response = client.post(url, form | {"proposal": f"accept:{proposal.pk}"})
    assert response.status_code == 409
    assert given().note == "theirs"
    assert given(TWO).level == 1
    assert status(proposal) == ProposalStatus.OPEN
    alert = parse(response.content).xpath("//fieldset//div[@role='alert']")[0].text_content()
    assert f"It is now “{assessment.checklist.question_by_id[ONE].choices[0]}”" in alert
    assert editor.name in alert
    assert (shown(response, ONE, "choice"), shown(response, ONE, "note")) == ("0", "theirs")
    assert shown(response, ONE, "revision") == "1"
    assert parse(response.content).xpath("//div[@class='errors']//a/@href") == ["#problem-statement"]
    assert faults(response.content) == []
    again = client.post(url, form_of(response) | {"proposal": f"accept:{proposal.pk}"})
    assert again.status_code == 302
    assert given() == FULL


def test_both_changed_the_same_question(
    url: str, assessment: Assessment, proposal: Proposal, owner: User, editor: User
) -> None:
    """The conflict about what was typed comes first; the proposal waits."""
    client = signed_in(owner)
    form = form_of(client.get(url)) | {f"{ONE}:choice": "3", f"{ONE}:note": "mine"}
    make_answer(assessment, editor, ONE, 0)
    response = client.post(url, form | {"proposal": f"accept:{proposal.pk}"})
    assert response.status_code == 409
    assert shown(response, ONE, "note") == "mine"
    assert status(proposal) == ProposalStatus.OPEN
    assert given().level == 0


def test_decided_by_somebody_else(url: str, proposal: Proposal, owner: User, editor: User) -> None:
    client = signed_in(owner)
    form = form_of(client.get(url))
    dismiss_proposal(proposal=proposal, by=editor, at=AT)
    for kind in ("accept", "dismiss"):
        response = client.post(url, form | {"proposal": f"{kind}:{proposal.pk}"}, follow=True)
        assert "This proposal was decided or replaced already." in text(response)
    assert not Answer.objects.exists()


def test_a_page_of_an_old_run(
    url: str, project: Project, assessment: Assessment, proposal: Proposal, owner: User
) -> None:
    client = signed_in(owner)
    form = form_of(client.get(url)) | {"proposal": f"accept:{proposal.pk}"}
    make_snapshot(assessment, owner, closes=True)
    assert groups(client.get(url)) == []
    assert "This checklist was closed." in text(client.post(url, form, follow=True))
    start_assessment(project=project, by=owner, title="Next", copy_from=assessment, at=AT)
    assert groups(client.get(url)) == []
    before = dump_tables()
    assert "This checklist was closed." in text(client.post(url, form, follow=True))
    assert changed_tables(before, dump_tables()) == []


def test_a_question_that_is_no_longer_due(url: str, project: Project, assessment: Assessment, owner: User) -> None:
    early = assessment.checklist.questions_due("idea", ())
    late = next(q for q in assessment.questions_due() if q not in early)
    proposal = propose(assessment, owner, GivenAnswer(State.UNKNOWN), late.id)
    path = url.replace("problem", late.dimension)
    client = signed_in(owner)
    assert len(groups(client.get(path))) == 1
    Project.objects.filter(pk=project.pk).update(stage="idea")
    assert groups(client.get(path)) == []
    response = client.post(path, {"proposal": f"accept:{proposal.pk}"}, follow=True)
    assert "does not ask this" in text(response)
    assert status(proposal) == ProposalStatus.OPEN


def test_whose_proposals(
    url: str, proposal: Proposal, organisation: Organisation, owner: User, outsider: User, viewer: User, client: Client
) -> None:
    theirs = make_project(outsider.memberships.get().organisation, outsider)
    foreign = propose(make_assessment(theirs, outsider), outsider)
    other = propose(make_assessment(make_project(organisation, owner, name="Other"), owner), owner)
    elsewhere = propose(proposal.assessment, owner, GivenAnswer(State.GRADED, 1), "data.access")
    before = dump_tables()
    for kind in ("accept", "dismiss"):
        for wrong in (foreign, other, elsewhere):
            form = {"proposal": f"{kind}:{wrong.pk}", f"{TWO}:revision": "0", f"{TWO}:choice": "1"}
            assert signed_in(owner).post(url, form).status_code == 404
        form = {"proposal": f"{kind}:{proposal.pk}"}
        assert signed_in(viewer).post(url, form).status_code == 403
        assert signed_in(outsider).post(url, form).status_code == 404
        assert client.post(url, form).status_code == 302
    after = dump_tables()
    assert set(changed_tables(before, after)) <= {"accounts_user", "usersessions_usersession"}


@pytest.mark.parametrize(
    "value",
    ["accept", "accept:", "accept:x", "accept:-1", "accept:0", "accept:" + "9" * 18, "accept:" + "9" * 40, "accept:٣",
     "grab:1", ":1", "accept:1:2", "\x00"],
)  # fmt: skip
def test_proposals_that_there_are_not(url: str, proposal: Proposal, owner: User, value: str) -> None:
    value = value.replace(":1", f":{proposal.pk}") if value.startswith("grab") else value
    form = {"proposal": value, f"{TWO}:revision": "0", f"{TWO}:choice": "1"}
    assert signed_in(owner).post(url, form).status_code == 404
    assert not Answer.objects.exists()


def test_enter_in_a_field_presses_no_accept(url: str, proposal: Proposal, owner: User) -> None:
    """The first submit button of a form is the one that Enter presses."""
    page = parse(signed_in(owner).get(url).content)
    first = next(b for b in page.get_element_by_id("questions").iter("button") if b.get("type", "submit") == "submit")
    assert first.get("name") == "next"


def test_texts_are_text(url: str, project: Project, assessment: Assessment, owner: User, viewer: User) -> None:
    nasty = '"><script>alert(1)</script>'
    content = GivenAnswer(State.GRADED, 2, "", nasty, nasty, f"{LINK}?x={nasty.replace(' ', '')}")
    proposal = propose(assessment, owner, content, source=nasty)
    propose(assessment, owner, GivenAnswer(State.NOT_APPLICABLE, None, nasty), TWO, source="\u202egnp")
    client = signed_in(owner)
    pages = [client.get(url), signed_in(viewer).get(url)]
    pages.append(client.post(url, form_of(pages[0]) | {"proposal": f"accept:{proposal.pk}"}, follow=True))
    pages.append(client.get(reverse("assessments:history", args=[project.slug])))
    for page in pages:
        assert "<script>alert" not in text(page)
        assert faults(page.content) == []
    assert "&lt;script&gt;alert" in text(pages[-1])


def test_history_names_the_source(
    project: Project, assessment: Assessment, url: str, owner: User, editor: User
) -> None:
    client = signed_in(editor)
    proposal = propose(assessment, owner)
    client.post(url, form_of(client.get(url)) | {"proposal": f"accept:{proposal.pk}"})
    make_answer(assessment, owner, ONE, 3, base=1)
    path = reverse("assessments:history", args=[project.slug])
    cells = [
        " ".join(cell.text_content().split())
        for cell in parse(client.get(path).content).xpath("//table[contains(@class,'hist')]/tbody/tr/td[2]")
    ]
    assert cells == [owner.name, f"{editor.name} proposed by ml-ci".replace(" proposed", "proposed")]


class TestOverview:
    @pytest.fixture
    def path(self, project: Project) -> str:
        return reverse("assessments:overview", args=[project.slug])

    def test_none(self, path: str, assessment: Assessment, owner: User) -> None:
        assert "for an answer" not in text(signed_in(owner).get(path))

    def test_how_many_and_where(self, path: str, url: str, assessment: Assessment, owner: User, viewer: User) -> None:
        last = assessment.questions_due()[-1]
        propose(assessment, owner, GivenAnswer(State.UNKNOWN), last.id)
        response = signed_in(owner).get(path)
        assert "1 proposal waits for a decision." in text(response)
        for question in (TWO, THREE):
            propose(assessment, owner, GivenAnswer(State.UNKNOWN), question)
        response = signed_in(owner).get(path)
        assert "3 proposals wait for a decision." in text(response)
        (link,) = parse(response.content).xpath("//a[contains(., 'Decide on the first')]")
        assert link.get("href") == f"{url}#problem-objective"
        assert faults(response.content) == []
        assert "See the first" in text(signed_in(viewer).get(path))

    def test_a_closed_run(self, path: str, assessment: Assessment, proposal: Proposal, owner: User) -> None:
        make_snapshot(assessment, owner, closes=True)
        assert "for an answer" not in text(signed_in(owner).get(path))


def test_queries(
    url: str, assessment: Assessment, owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    answer_all(assessment, owner)
    for number, question in enumerate(assessment.questions_due()):
        propose(assessment, owner, GivenAnswer(State.GRADED, 0, "", "noted"), question.id, f"check {number}")
    client = signed_in(owner)
    for path in (url, url.replace("problem", "data")):
        with django_assert_num_queries(8):
            client.get(path)
    history = reverse("assessments:history", args=[assessment.project.slug])
    with django_assert_num_queries(8):
        client.get(history)


def test_a_proposal_of_today(url: str, assessment: Assessment, owner: User) -> None:
    at = timezone.now() - timedelta(minutes=1)
    propose_answer(assessment=assessment, question=ONE, given=FULL, source="ml-ci", token=None, by=owner, at=at)
    assert f"on {at.day} {at:%b %Y}" in groups(signed_in(owner).get(url))[0].text_content()
