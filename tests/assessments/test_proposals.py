"""Proposals: offered, replaced, decided and taken back, and counted for nothing before."""

from __future__ import annotations

import itertools
import threading
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from accounts.models import ApiToken, AuditEvent, Membership, User
from accounts.roles import Role
from accounts.tokens import make_token
from assessments.errors import AnswerConflict, AnswerRefused, AssessmentClosed, ProposalClosed
from assessments.evaluation import answers_of, evaluate_assessment
from assessments.models import Answer, AnswerChange, Assessment, Proposal, ProposalStatus, State
from assessments.proposals import (
    OPEN_LIMIT,
    accept_proposal,
    content_of,
    dismiss_proposal,
    open_proposals,
    propose_answer,
    withdraw_proposal,
)
from assessments.services import GivenAnswer, SavedAnswer, given_of, start_assessment
from assessments.snapshots import build_body, canonical_json
from assessor.demo.content import PROJECTS
from assessor.demo.portfolio import load_demo, remove_demo
from projects.models import Project, ProjectFigures
from tests.access.answers import text_of
from tests.access.dump import changed_tables, dump_tables
from tests.make import (
    AT,
    answer_all,
    make_answer,
    make_assessment,
    make_member,
    make_organisation,
    make_project,
    make_snapshot,
)
from tests.site.cases import signed_in

ONE, TWO = "problem.statement", "problem.objective"
LINK = "https://ci.example.org/7"
FULL = GivenAnswer(State.GRADED, 2, "", "All tests pass.", "Run 7", LINK)
LATER = AT + timedelta(hours=1)


@pytest.fixture
def token(owner: User) -> ApiToken:
    return make_ci(owner, "ml-ci")


def make_ci(by: User, name: str) -> ApiToken:
    membership = Membership.objects.get(user=by)
    return make_token(membership=membership, name=name, scopes=["propose_answers"], days=90, by=by, at=AT).token


def propose(
    assessment: Assessment,
    by: User,
    given: GivenAnswer = FULL,
    *,
    token: ApiToken | None = None,
    question: str = ONE,
    source: str = "ml-ci",
    at: Any = AT,
) -> Proposal:
    return propose_answer(
        assessment=assessment, question=question, given=given, source=source, token=token, by=by, at=at
    )


def accept(proposal: Proposal, by: User, base: int = 0, at: Any = LATER) -> SavedAnswer:
    return accept_proposal(proposal=proposal, base_revision=base, by=by, at=at)


def given_now(question: str = ONE) -> GivenAnswer:
    return given_of(Answer.objects.filter(question=question).first())


def fresh(proposal: Proposal) -> Proposal:
    return Proposal.objects.get(pk=proposal.pk)


@pytest.mark.parametrize(
    "given",
    [
        FULL,
        GivenAnswer(State.GRADED, 0),
        GivenAnswer(State.UNKNOWN, None, "", "No data yet."),
        GivenAnswer(State.NOT_APPLICABLE, None, "Out of scope."),
    ],
)
def test_every_kind_is_kept(assessment: Assessment, owner: User, token: ApiToken, given: GivenAnswer) -> None:
    proposal = propose(assessment, owner, given, token=token)
    stored = fresh(proposal)
    assert content_of(stored) == given
    assert (stored.assessment, stored.question, stored.source) == (assessment, ONE, "ml-ci")
    assert (stored.token, stored.proposed_by, stored.proposed_at) == (token, owner, AT)
    assert (stored.status, stored.decided_by, stored.decided_at) == (ProposalStatus.OPEN, None, None)
    event = AuditEvent.objects.get(verb="proposal.made")
    assert (event.actor, event.thing) == (owner, assessment.project.slug)
    assert event.detail == {"proposal": proposal.pk, "question": ONE, "source": "ml-ci", "replaced": None}
    assert not Answer.objects.exists()


def test_texts_are_cleaned(assessment: Assessment, owner: User) -> None:
    given = GivenAnswer(State.GRADED, 1, "left over", "  one\r\ntwo ")
    assert content_of(propose(assessment, owner, given)) == GivenAnswer(State.GRADED, 1, "", "one\ntwo")


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"question": "no.such"}, "Question: this checklist does not ask this at the project's stage."),
        ({"question": ""}, "Question"),
        ({"given": GivenAnswer()}, "Answer: a proposal names one of the choices"),
        ({"given": GivenAnswer(State.PASSED)}, "Answer: a proposal names one of the choices"),
        ({"given": GivenAnswer("nonsense")}, "Answer: a proposal names one of the choices"),
        ({"given": GivenAnswer(State.GRADED, 9)}, "Answer: this question has"),
        ({"given": GivenAnswer(State.GRADED)}, "Answer: a choice and its level belong together."),
        ({"given": GivenAnswer(State.NOT_APPLICABLE)}, "Reason: say why the question does not apply."),
        ({"given": GivenAnswer(State.GRADED, 1, "", "x" * 4001)}, "Note: at most 4,000 characters"),
        ({"given": GivenAnswer(State.GRADED, 1, "", "a\x00b")}, "Note: the control character U\\+0000"),
        ({"given": GivenAnswer(State.GRADED, 1, "", "", "", "javascript:x()")}, "Evidence link: this must be an"),
        ({"given": GivenAnswer(State.GRADED, 1, "", "", "Title")}, "Evidence link: a title needs an address"),
        ({"source": ""}, "Source: please fill this in."),
        ({"source": "x" * 121}, "Source: at most 120 characters"),
        ({"source": "a\x00b"}, "Source: the control character"),
    ],
)
def test_refused(assessment: Assessment, owner: User, more: dict[str, Any], sentence: str) -> None:
    before = dump_tables()
    with pytest.raises(AnswerRefused, match=sentence):
        propose(assessment, owner, **more)
    assert changed_tables(before, dump_tables()) == []


def test_a_question_that_is_not_due(organisation: Any, owner: User) -> None:
    run = make_assessment(make_project(organisation, owner, stage="idea"), owner)
    due = {question.id for question in run.questions_due()}
    other = next(question for question in run.checklist.questions if question.id not in due)
    with pytest.raises(AnswerRefused, match="does not ask this"):
        propose(run, owner, question=other.id)


def test_a_closed_run_takes_none(assessment: Assessment, owner: User) -> None:
    make_snapshot(assessment, owner, closes=True)
    before = dump_tables()
    with pytest.raises(AssessmentClosed, match=r"This checklist was closed\. The proposal was not kept"):
        propose(assessment, owner)
    assert changed_tables(before, dump_tables()) == []


def test_the_same_again_is_the_same(assessment: Assessment, owner: User, token: ApiToken) -> None:
    first = propose(assessment, owner, token=token)
    before = dump_tables()
    assert propose(assessment, owner, token=token, at=LATER) == first
    assert changed_tables(before, dump_tables()) == []


def test_a_newer_one_replaces_that_of_the_same_token(assessment: Assessment, owner: User, token: ApiToken) -> None:
    other = make_ci(owner, "other")
    kept = [propose(assessment, owner, token=other), propose(assessment, owner, token=token, question=TWO)]
    first = propose(assessment, owner, token=token)
    second = propose(assessment, owner, GivenAnswer(State.GRADED, 3), token=token, at=LATER)
    assert (fresh(first).status, fresh(first).decided_at) == (ProposalStatus.REPLACED, LATER)
    assert [fresh(proposal).status for proposal in (*kept, second)] == [ProposalStatus.OPEN] * 3
    assert AuditEvent.objects.order_by("-id")[0].detail["replaced"] == first.pk


def test_people_replace_their_own_alone(assessment: Assessment, owner: User, editor: User) -> None:
    first, other = propose(assessment, owner), propose(assessment, editor)
    propose(assessment, owner, GivenAnswer(State.GRADED, 3))
    assert fresh(first).status == ProposalStatus.REPLACED
    assert fresh(other).is_open


def test_the_database_lets_a_token_have_one(assessment: Assessment, owner: User, token: ApiToken) -> None:
    proposal = propose(assessment, owner, token=token)
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.create(
            assessment=assessment, question=ONE, source="x", token=token, proposed_at=AT, state=State.UNKNOWN
        )
    for broken in ({"state": "blank"}, {"level": None}, {"state": "unknown"}, {"status": "accepted"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Proposal.objects.filter(pk=proposal.pk).update(**broken)


def test_at_most_500_wait(assessment: Assessment, owner: User, token: ApiToken) -> None:
    mine = propose(assessment, owner, token=token)
    row = {"assessment": assessment, "question": TWO, "source": "x", "proposed_at": AT, "state": State.UNKNOWN}
    Proposal.objects.bulk_create(Proposal(**row) for _ in range(OPEN_LIMIT - 1))
    with pytest.raises(AnswerRefused, match=r"Proposals: at most 500 may wait in one checklist\."):
        propose(assessment, owner, question="problem.decision", token=token)
    assert propose(assessment, owner, GivenAnswer(State.GRADED, 3), token=token) != mine
    withdraw_proposal(proposal=Proposal.objects.open().filter(question=TWO)[0], by=owner, at=LATER)
    propose(assessment, owner, question="problem.decision", token=token)


def test_accepting_saves_the_answer_of_the_person(
    assessment: Assessment, owner: User, editor: User, token: ApiToken
) -> None:
    proposal = propose(assessment, owner, token=token)
    saved = accept(proposal, editor)
    assert saved.is_new
    assert given_now() == FULL
    assert (saved.answer.answered_by, saved.answer.answered_at, saved.answer.revision) == (editor, LATER, 1)
    (change,) = AnswerChange.objects.all()
    assert (change.by, change.after) == (editor, asdict(FULL))
    for row in (proposal, fresh(proposal)):
        assert (row.status, row.decided_by, row.decided_at, row.revision) == ("accepted", editor, LATER, 1)
    event = AuditEvent.objects.get(verb="proposal.accepted")
    assert (event.actor, event.thing) == (editor, assessment.project.slug)
    assert event.detail == {"proposal": proposal.pk, "question": ONE, "source": "ml-ci"}


def test_texts_that_a_proposal_lacks_are_kept(assessment: Assessment, owner: User) -> None:
    make_answer(assessment, owner, ONE, GivenAnswer(State.GRADED, 0, "", "ours", "Minutes", "https://x.example/"))
    accept(propose(assessment, owner, GivenAnswer(State.GRADED, 3)), owner, 1)
    assert given_now() == GivenAnswer(State.GRADED, 3, "", "ours", "Minutes", "https://x.example/")
    accept(propose(assessment, owner, GivenAnswer(State.GRADED, 2, "", "theirs")), owner, 2)
    assert given_now() == GivenAnswer(State.GRADED, 2, "", "theirs", "Minutes", "https://x.example/")
    accept(propose(assessment, owner, GivenAnswer(State.UNKNOWN, None, "", "", "", LINK)), owner, 3)
    assert given_now() == GivenAnswer(State.UNKNOWN, None, "", "theirs", "", LINK)
    accept(propose(assessment, owner, GivenAnswer(State.NOT_APPLICABLE, None, "Gone.")), owner, 4)
    assert given_now() == GivenAnswer(State.NOT_APPLICABLE, None, "Gone.", "theirs", "", LINK)


def test_accepting_what_is_stored_already(assessment: Assessment, owner: User) -> None:
    make_answer(assessment, owner, ONE, FULL)
    proposal = propose(assessment, owner)
    assert not accept(proposal, owner, 0).is_new
    assert (fresh(proposal).status, fresh(proposal).revision) == (ProposalStatus.ACCEPTED, None)
    assert AnswerChange.objects.count() == 1


def test_a_changed_answer_is_a_conflict_and_the_proposal_stays(
    assessment: Assessment, owner: User, editor: User
) -> None:
    proposal = propose(assessment, owner)
    make_answer(assessment, editor, ONE, 0)
    before = dump_tables()
    with pytest.raises(AnswerConflict) as conflict:
        accept(proposal, owner, 0)
    assert conflict.value.current is not None
    assert conflict.value.current.answered_by == editor
    assert changed_tables(before, dump_tables()) == []
    assert proposal.is_open
    assert accept(proposal, owner, 1).answer.level == 2


def test_dismissing(assessment: Assessment, owner: User, editor: User) -> None:
    proposal = propose(assessment, owner)
    dismiss_proposal(proposal=proposal, by=editor, at=LATER)
    assert (fresh(proposal).status, fresh(proposal).decided_by) == (ProposalStatus.DISMISSED, editor)
    assert AuditEvent.objects.get(verb="proposal.dismissed").actor == editor
    assert not Answer.objects.exists()


def test_withdrawing(assessment: Assessment, owner: User) -> None:
    proposal = propose(assessment, owner)
    make_snapshot(assessment, owner, closes=True)
    withdraw_proposal(proposal=proposal, by=owner, at=LATER)
    assert fresh(proposal).status == ProposalStatus.WITHDRAWN
    assert AuditEvent.objects.get(verb="proposal.withdrawn").detail["proposal"] == proposal.pk


@pytest.mark.parametrize("status", [status for status in ProposalStatus if status != ProposalStatus.OPEN])
def test_a_closed_proposal_stays_closed(assessment: Assessment, owner: User, status: str) -> None:
    proposal = propose(assessment, owner)
    Proposal.objects.filter(pk=proposal.pk).update(status=status, decided_at=AT)
    before = dump_tables()
    with pytest.raises(ProposalClosed, match=r"This proposal was decided or replaced already\."):
        accept(proposal, owner)
    for close in (dismiss_proposal, withdraw_proposal):
        with pytest.raises(ProposalClosed):
            close(proposal=proposal, by=owner, at=LATER)
    assert changed_tables(before, dump_tables()) == []


def test_in_a_closed_run_nothing_is_decided(assessment: Assessment, owner: User) -> None:
    proposal = propose(assessment, owner)
    make_snapshot(assessment, owner, closes=True)
    before = dump_tables()
    with pytest.raises(AssessmentClosed):
        accept(proposal, owner)
    with pytest.raises(AssessmentClosed):
        dismiss_proposal(proposal=proposal, by=owner, at=LATER)
    assert changed_tables(before, dump_tables()) == []
    closed = Assessment.objects.get(pk=assessment.pk)
    assert open_proposals(closed, closed.questions_due()) == []


def test_the_next_run_starts_without_them(assessment: Assessment, owner: User) -> None:
    propose(assessment, owner)
    make_snapshot(assessment, owner, closes=True)
    following = start_assessment(project=assessment.project, by=owner, title="Next", copy_from=assessment, at=LATER)
    assert open_proposals(following, following.questions_due()) == []


def test_a_question_that_is_no_longer_due(assessment: Assessment, owner: User) -> None:
    early = assessment.checklist.questions_due("idea", ())
    late = next(q for q in assessment.questions_due() if q not in early)
    proposal = propose(assessment, owner, GivenAnswer(State.UNKNOWN), question=late.id)
    Project.objects.filter(pk=assessment.project_id).update(stage="idea")
    run = Assessment.objects.select_related("project").get(pk=assessment.pk)
    assert open_proposals(run, run.questions_due()) == []
    before = dump_tables()
    with pytest.raises(AnswerRefused, match="does not ask this"):
        accept(proposal, owner)
    assert changed_tables(before, dump_tables()) == []


def test_order_is_that_of_the_questions(assessment: Assessment, owner: User, editor: User) -> None:
    last = propose(assessment, owner, GivenAnswer(State.UNKNOWN), question=assessment.questions_due()[-1].id)
    older, newer = propose(assessment, owner), propose(assessment, editor)
    assert open_proposals(assessment, assessment.questions_due()) == [newer, older, last]


class TestANightlyCheck:
    """It says the same every night, and asks people once."""

    def test_after_it_was_dismissed(self, assessment: Assessment, owner: User, token: ApiToken) -> None:
        first = propose(assessment, owner, token=token)
        dismiss_proposal(proposal=first, by=owner, at=LATER)
        again = propose(assessment, owner, token=token, at=LATER + timedelta(days=1))
        assert (again, again.status) == (first, ProposalStatus.DISMISSED)
        assert Proposal.objects.count() == 1

    def test_after_it_was_accepted(self, assessment: Assessment, owner: User, token: ApiToken) -> None:
        first = propose(assessment, owner, token=token)
        accept(first, owner)
        assert propose(assessment, owner, token=token, at=LATER + timedelta(days=1)) == first

    @pytest.mark.parametrize("decide", [dismiss_proposal, None])
    def test_after_the_answer_changed(self, assessment: Assessment, owner: User, token: ApiToken, decide: Any) -> None:
        first = propose(assessment, owner, token=token)
        if decide:
            decide(proposal=first, by=owner, at=LATER)
        else:
            accept(first, owner)
        make_answer(assessment, owner, ONE, 0, base=0 if decide else 1, at=LATER + timedelta(hours=1))
        again = propose(assessment, owner, token=token, at=LATER + timedelta(days=1))
        assert again != first
        assert again.is_open

    def test_when_it_says_something_else(self, assessment: Assessment, owner: User, token: ApiToken) -> None:
        dismiss_proposal(proposal=propose(assessment, owner, token=token), by=owner, at=LATER)
        assert propose(assessment, owner, GivenAnswer(State.GRADED, 3), token=token).is_open

    def test_what_was_withdrawn_may_come_again(self, assessment: Assessment, owner: User, token: ApiToken) -> None:
        withdraw_proposal(proposal=propose(assessment, owner, token=token), by=owner, at=LATER)
        assert propose(assessment, owner, token=token).is_open


def test_it_outlives_its_token(assessment: Assessment, owner: User, token: ApiToken) -> None:
    tokens = [token, make_ci(owner, "other")]
    proposals = [propose(assessment, owner, token=each, source=each.name) for each in tokens]
    ApiToken.objects.all().delete()
    assert [(fresh(p).token, fresh(p).source, fresh(p).is_open) for p in proposals] == [
        (None, "ml-ci", True), (None, "other", True),
    ]  # fmt: skip
    accept(proposals[0], owner)


def everything_counted(assessment: Assessment, owner: User) -> dict[str, Any]:
    """Whatever is made of answers: figures, a snapshot's body, pages and files."""
    run = Assessment.objects.select_related("project__organisation", "project__owner").get(pk=assessment.pk)
    rows = answers_of(run)
    evaluation = evaluate_assessment(run, rows)
    result = evaluation.result
    client, slug = signed_in(owner), run.project.slug
    return {
        "result": (result.index, result.low, result.high),
        "progress": evaluation.progress,
        "body": canonical_json(build_body(run, evaluation, rows, head={}, closed=False, previous=None)),
        "figures": list(ProjectFigures.objects.values()),
        "results": text_of(client.get(reverse("assessments:results", args=[slug]))),
        "check": text_of(client.get(reverse("assessments:check", args=[slug]))),
        "csv": text_of(client.get(reverse("portfolio:csv"))),
        "xlsx": text_of(client.get(reverse("portfolio:xlsx"))),
    }


@pytest.mark.parametrize("has_answers", [True, False])
def test_counted_for_nothing(assessment: Assessment, owner: User, token: ApiToken, has_answers: bool) -> None:
    if has_answers:
        answer_all(assessment, owner, level=1)
    before = everything_counted(assessment, owner)
    kinds = itertools.cycle([FULL, GivenAnswer(State.UNKNOWN), GivenAnswer(State.NOT_APPLICABLE, None, "Why.")])
    for question, given in zip(assessment.questions_due(), kinds, strict=False):
        given = GivenAnswer(State.GRADED, 0, "", "noted", "", LINK) if given is FULL else given
        propose(assessment, owner, given, question=question.id, token=token)
    after = everything_counted(assessment, owner)
    assert [name for name in before if before[name] != after[name]] == []
    snapshot = make_snapshot(assessment, owner)
    assert LINK not in snapshot.body
    assert snapshot.answered == before["progress"].total.answered


def test_two_people_accept_at_once(transactional_db: None) -> None:
    organisation = make_organisation()
    owner, editor = make_member(organisation, Role.OWNER), make_member(organisation, Role.EDITOR)
    assessment = make_assessment(make_project(organisation, owner), owner)
    proposals = [propose(assessment, owner, question=q.id, given=GivenAnswer(State.GRADED, 1))
                 for q in assessment.questions_due()[:10]]  # fmt: skip
    outcomes: list[str] = []
    barrier = threading.Barrier(2, timeout=60)

    def work(person: User) -> None:
        try:
            for proposal in proposals:
                barrier.wait()
                try:
                    accept(fresh(proposal), person)
                    outcomes.append("accepted")
                except ProposalClosed:
                    outcomes.append("closed")
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(person,)) for person in (owner, editor)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sorted(outcomes) == ["accepted"] * 10 + ["closed"] * 10
    assert AnswerChange.objects.count() == 10


def test_the_demo_has_some_and_loses_them(organisation: Any, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assessor.demo.portfolio.PROJECTS", PROJECTS[:1])
    load_demo(organisation=organisation, people=[owner], at=AT)
    found = list(Proposal.objects.open().select_related("assessment__project"))
    assert 2 <= len(found) <= 3
    for proposal in found:
        run = proposal.assessment
        assert run.is_open
        assert run.project.is_demo
        assert proposal.source == "nightly check (demo)"
        assert proposal in open_proposals(run, run.questions_due())
    remove_demo(organisation=organisation, by=owner)
    assert not Proposal.objects.exists()
