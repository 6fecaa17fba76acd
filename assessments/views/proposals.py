"""Proposals on the pages: what the questionnaire shows of them, and the two buttons that decide."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404

from accounts.models import User
from assessments.evaluation import Evaluation
from assessments.models import Assessment, Proposal
from assessments.proposals import accept_proposal, answer_after, content_of, dismiss_proposal, open_proposals
from assessments.services import given_of
from assessments.views.common import answer_words
from checklists.schema import Question
from projects.models import Project

ACCEPT, DISMISS = "accept", "dismiss"
DONE = {ACCEPT: "Proposal accepted and saved", DISMISS: "Proposal dismissed"}


@dataclass(frozen=True, slots=True)
class ProposalCard:
    """A proposal as the questionnaire shows it. `effect` says what accepting does to texts that stand there already."""

    proposal: Proposal
    words: str
    effect: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person said to a proposal."""

    kind: str
    proposal: Proposal

    @property
    def question(self) -> str:
        return self.proposal.question


def proposal_cards(assessment: Assessment, evaluation: Evaluation, dimension: str) -> dict[str, list[ProposalCard]]:
    """The open proposals of a dimension by question. One query, none for a closed run."""
    found = defaultdict(list)
    asked = [question for question in evaluation.due if question.dimension == dimension]
    for proposal in open_proposals(assessment, asked):
        question = evaluation.checklist.question_by_id[proposal.question]
        words = answer_words(question, proposal.state, proposal.level)
        found[question.id].append(ProposalCard(proposal, words, _effect(proposal, question, evaluation)))
    return found


def _effect(proposal: Proposal, question: Question, evaluation: Evaluation) -> str:
    stored, offered = given_of(evaluation.by_question.get(question.id)), content_of(proposal)
    if answer_after(proposal, evaluation.by_question.get(question.id)) == stored:
        return "The answer says the same already."
    lost = [
        words
        for words, new, old in (
            ("note", offered.note, stored.note),
            ("link", offered.evidence_url, stored.evidence_url),
        )
        if new and old and new != old
    ]
    return f"Accepting replaces the {' and the '.join(lost)} of the answer. The history keeps it." if lost else ""


def read_decision(text: str, project: Project, dimension: str) -> Decision | None:
    """What the pressed button says, such as "accept:17". Raises Http404 for a proposal that is not on this page."""
    if not text:
        return None
    kind, _, number = text.partition(":")
    if kind not in DONE or not number.isascii() or not number.isdecimal() or len(number) > 18:
        raise Http404("No such proposal.")
    rows = Proposal.objects.select_related("assessment").filter(assessment__project=project)
    proposal = rows.filter(pk=int(number)).first()
    if proposal is None or proposal.assessment.checklist.question_by_id[proposal.question].dimension != dimension:
        raise Http404("No such proposal.")
    return Decision(kind, proposal)


def carry_out(decision: Decision, *, base_revision: int, by: User, at: datetime) -> None:
    """Accepts or dismisses. Raises what the services raise."""
    if decision.kind == ACCEPT:
        accept_proposal(proposal=decision.proposal, base_revision=base_revision, by=by, at=at)
    else:
        dismiss_proposal(proposal=decision.proposal, by=by, at=at)
