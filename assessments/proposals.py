"""Audited writes on proposals: answers that a program or a person offers and that count once somebody accepts them.

The caller has checked that `by` may propose, answer, or take back. Every function is one transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime

from django.db import transaction

from accounts import audit
from accounts.models import NAME_LIMIT, ApiToken, User
from accounts.texts import TextRefused, clean_text
from assessments.errors import AnswerRefused, AssessmentClosed, ProposalClosed, TooManyProposals
from assessments.models import PROPOSABLE, Answer, Assessment, Proposal, ProposalStatus
from assessments.services import GivenAnswer, SavedAnswer, clean_answer, given_of, submit_answer
from checklists.schema import Question
from projects.models import Project

OPEN_LIMIT = 500
SETTLED = (ProposalStatus.ACCEPTED, ProposalStatus.DISMISSED)
CLOSED = "This proposal was decided or replaced already."


@transaction.atomic
def propose_answer(
    *,
    assessment: Assessment,
    question: str,
    given: GivenAnswer,
    source: str,
    token: ApiToken | None,
    by: User,
    at: datetime,
) -> Proposal:
    """Offers one answer in the name of `source`. It replaces what the same token has open for the question.

    Returns what there is instead of a new row when the same token offers the same again while it is open, and the same
    choice, whatever the evidence, after it was accepted or dismissed, as long as nobody changed the answer since. So a
    nightly check does not ask twice.

    Raises AssessmentClosed, and AnswerRefused for a question that is not due, an answer it does not take, a bad source,
    or more than 500 open proposals in the run.
    """
    assessment = _lock(assessment.pk)
    if not assessment.is_open:
        raise AssessmentClosed("This checklist was closed. The proposal was not kept.")
    due = {item.id: item for item in assessment.questions_due()}
    if question not in due:
        raise AnswerRefused("Question: this checklist does not ask this at the project's stage.")
    given = _clean(due[question], given)
    source = _clean_source(source)
    mine = Proposal.objects.filter(assessment=assessment, question=question, token=token)
    if token is None:
        mine = mine.filter(proposed_by=by)
    newest = mine.order_by("-id").first()
    if newest is not None and _says_the_same(newest, given) and _still_stands(newest):
        return newest
    mine.open().update(status=ProposalStatus.REPLACED, decided_by=by, decided_at=at)
    if Proposal.objects.open().filter(assessment=assessment).count() >= OPEN_LIMIT:
        raise TooManyProposals(
            f"Proposals: at most {OPEN_LIMIT} may wait in one checklist. Ask for some to be decided."
        )
    proposal = Proposal.objects.create(
        assessment=assessment,
        question=question,
        source=source,
        token=token,
        proposed_by=by,
        proposed_at=at,
        **asdict(given),
    )
    replaced = newest.pk if newest is not None and newest.is_open else None
    _record("proposal.made", proposal, by, replaced=replaced)
    return proposal


@transaction.atomic
def accept_proposal(*, proposal: Proposal, base_revision: int, by: User, at: datetime) -> SavedAnswer:
    """Saves the proposed answer as one of `by`, if nobody changed the stored one since `base_revision`.

    The choice and its reason come from the proposal. Its note and its link replace the stored ones; where it has none,
    the stored ones are kept. Raises ProposalClosed, and like submit_answer AssessmentClosed, AnswerRefused for a
    question that is no longer due, and AnswerConflict. Then the proposal stays open.
    """
    assessment = _lock(proposal.assessment_id)
    _decide(proposal, ProposalStatus.ACCEPTED, by=by, at=at)
    stored = Answer.objects.filter(
        respondent__assessment=assessment, respondent__is_sheet=True, question=proposal.question
    ).first()
    saved = submit_answer(
        assessment=assessment,
        question=proposal.question,
        given=answer_after(proposal, stored),
        base_revision=base_revision,
        mutation_id=uuid.uuid4(),
        by=by,
        at=at,
    )
    revision = saved.answer.revision if saved.is_new else None
    Proposal.objects.filter(pk=proposal.pk).update(revision=revision)
    proposal.assessment, proposal.revision = assessment, revision
    _note_decision(proposal, ProposalStatus.ACCEPTED, by=by, at=at)
    return saved


@transaction.atomic
def dismiss_proposal(*, proposal: Proposal, by: User, at: datetime) -> None:
    """Says no to a proposal. The answer stays as it is. Raises ProposalClosed, and AssessmentClosed."""
    proposal.assessment = _lock(proposal.assessment_id)
    if not proposal.assessment.is_open:
        raise AssessmentClosed("This checklist was closed. Its proposals are not decided any more.")
    _decide(proposal, ProposalStatus.DISMISSED, by=by, at=at)
    _note_decision(proposal, ProposalStatus.DISMISSED, by=by, at=at)


@transaction.atomic
def withdraw_proposal(*, proposal: Proposal, by: User, at: datetime) -> None:
    """Takes a proposal back, also in a closed run. Raises ProposalClosed."""
    proposal.assessment = _lock(proposal.assessment_id)
    _decide(proposal, ProposalStatus.WITHDRAWN, by=by, at=at)
    _note_decision(proposal, ProposalStatus.WITHDRAWN, by=by, at=at)


def content_of(proposal: Proposal) -> GivenAnswer:
    """What the proposal says."""
    return GivenAnswer(
        proposal.state,
        proposal.level,
        proposal.reason,
        proposal.note,
        proposal.evidence_title,
        proposal.evidence_url,
    )


def answer_after(proposal: Proposal, stored: Answer | None) -> GivenAnswer:
    """What the answer says once the proposal is accepted."""
    offered, kept = content_of(proposal), given_of(stored)
    answer = replace(offered, note=offered.note or kept.note)
    if not offered.evidence_url:
        answer = replace(answer, evidence_title=kept.evidence_title, evidence_url=kept.evidence_url)
    return answer


def open_proposals(assessment: Assessment, questions: Sequence[Question]) -> list[Proposal]:
    """Those of these questions that wait for a person, in their order, the newest of a question first. One query.

    None in a closed run. Pass due questions alone: of others none is shown.
    """
    if not assessment.is_open:
        return []
    place = {question.id: number for number, question in enumerate(questions)}
    rows = Proposal.objects.open().filter(assessment=assessment, question__in=place).order_by("-id")
    return sorted(rows, key=lambda row: place[row.question])


def _lock(assessment_id: int) -> Assessment:
    """The row, held until the transaction ends, and its project read afterwards. Always before a proposal's row."""
    locked = Assessment.objects.select_for_update().get(pk=assessment_id)
    locked.project = Project.objects.select_related("organisation").get(pk=locked.project_id)
    return locked


def _clean(question: Question, given: GivenAnswer) -> GivenAnswer:
    if given.state not in PROPOSABLE:
        raise AnswerRefused("Answer: a proposal names one of the choices, don't know or not applicable.")
    return clean_answer(question, given)


def _clean_source(source: str) -> str:
    try:
        return clean_text(source, field="Source", limit=NAME_LIMIT, required=True)
    except TextRefused as error:
        raise AnswerRefused(str(error)) from error


def _says_the_same(proposal: Proposal, given: GivenAnswer) -> bool:
    """While it is open, word by word, so that newer evidence takes its place; once decided, by the choice alone."""
    said = content_of(proposal)
    return said == given if proposal.is_open else (said.state, said.level) == (given.state, given.level)


def _still_stands(proposal: Proposal) -> bool:
    """Whether it is open, or was decided and nobody changed the answer since."""
    if proposal.is_open or proposal.status not in SETTLED:
        return proposal.is_open
    changed = Answer.objects.filter(
        respondent__assessment=proposal.assessment_id,
        respondent__is_sheet=True,
        question=proposal.question,
        answered_at__gt=proposal.decided_at,
    )
    return not changed.exists()


def _decide(proposal: Proposal, status: ProposalStatus, *, by: User, at: datetime) -> None:
    rows = Proposal.objects.open().filter(pk=proposal.pk)
    if not rows.update(status=status, decided_by=by, decided_at=at):
        raise ProposalClosed(CLOSED)


def _note_decision(proposal: Proposal, status: ProposalStatus, *, by: User, at: datetime) -> None:
    proposal.status, proposal.decided_by, proposal.decided_at = status, by, at
    _record(f"proposal.{status}", proposal, by)


def _record(verb: str, proposal: Proposal, by: User, **more: int | None) -> None:
    project = proposal.assessment.project
    audit.record(
        organisation=project.organisation,
        actor=by,
        verb=verb,
        thing=project.slug,
        proposal=proposal.pk,
        question=proposal.question,
        source=proposal.source,
        **more,
    )
