"""One dimension of the checklist per page, all its questions open."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from django.contrib import messages
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import user_of
from accounts.roles import Permission
from assessments.errors import AnswerConflict, AnswerError, AnswerRefused, AssessmentClosed
from assessments.evaluation import Evaluation, evaluate_assessment
from assessments.forms import choice_value, read_answer, read_revision
from assessments.models import Answer, AnswerChange, Assessment, State
from assessments.preview import Preview, preview_dimension
from assessments.progress import Count
from assessments.services import GivenAnswer, clean_answer, given_of, submit_answer
from assessments.views.common import answer_words, latest_assessment, page_context
from assessments.views.library import Source, sources_of
from assessments.views.proposals import DONE, Decision, ProposalCard, carry_out, proposal_cards, read_decision
from checklists.schema import Dimension, Question
from projects.access import project_for
from projects.models import Project


@dataclass(frozen=True, slots=True)
class QuestionCard:
    """A question with what is stored for it and, after a refused save, what was typed and why it was refused.

    `overtaken` are the words of what somebody else stored before a proposal was accepted, `said` what became of one.
    """

    question: Question
    given: GivenAnswer
    revision: int
    stored: Answer | None
    source: Source | None
    more_sources: int
    who: tuple[str, ...] = ()
    problem: str = ""
    conflict: Answer | None = None
    conflict_words: str = ""
    refused: GivenAnswer | None = None
    is_due: bool = True
    proposals: Sequence[ProposalCard] = ()
    overtaken: str = ""
    said: str = ""

    @property
    def choice(self) -> str:
        return choice_value(self.given.state, self.given.level)

    @property
    def state(self) -> str:
        return self.given.state

    @property
    def anchor(self) -> str:
        return self.question.id.replace(".", "-")

    @property
    def choice_words(self) -> str:
        return answer_words(self.question, self.given.state, self.given.level)

    @property
    def refused_words(self) -> str:
        """What was chosen and not saved, as a person reads it."""
        return answer_words(self.question, self.refused.state, self.refused.level) if self.refused else ""

    @property
    def their_texts(self) -> list[tuple[str, str]]:
        """What a colleague wrote that differs from what was typed here."""
        if self.conflict is None:
            return []
        theirs = given_of(self.conflict)
        pairs = (("Their reason", "reason"), ("Their note", "note"), ("Their link", "evidence_url"))
        return [
            (words, getattr(theirs, name))
            for words, name in pairs
            if getattr(theirs, name) and getattr(theirs, name) != getattr(self.given, name)
        ]

    @property
    def who_words(self) -> str:
        """Whom to ask, by the roles the checklist names for this question."""
        return f"Ask {' or '.join(self.who)}." if self.who else ""

    @property
    def choices(self) -> list[tuple[str, str]]:
        return [(str(place), words) for place, words in enumerate(self.question.choices)]


@dataclass(frozen=True, slots=True)
class RailItem:
    dimension: Dimension
    count: Count


def make_card(question: Question, evaluation: Evaluation) -> QuestionCard:
    stored = evaluation.by_question.get(question.id)
    sources = sources_of(evaluation.checklist, question)
    return QuestionCard(
        question=question,
        given=given_of(stored),
        revision=stored.revision if stored else 0,
        stored=stored,
        source=sources[0] if sources else None,
        more_sources=max(len(sources) - 1, 0),
        who=tuple(role.name.lower() for role in evaluation.checklist.roles if role.id in question.who),
    )


@require_safe
def resume(request: HttpRequest, slug: str) -> HttpResponse:
    """To the first open question; to the answers when nothing is open."""
    project = project_for(request.user, slug, Permission.VIEW_PROJECT)
    assessment = latest_assessment(project)
    if assessment is None:
        return redirect("assessments:overview", slug=slug)
    evaluation = evaluate_assessment(assessment)
    first = evaluation.progress.first_open
    if first is None:
        return redirect("assessments:check", slug=slug)
    question = evaluation.checklist.question_by_id[first]
    response = redirect("assessments:dimension", slug=slug, dimension=question.dimension)
    response.headers["Location"] += f"#{question.id.replace('.', '-')}"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def dimension(request: HttpRequest, slug: str, dimension: str) -> HttpResponse:
    permission = Permission.ANSWER if request.method == "POST" else Permission.VIEW_PROJECT
    project = project_for(request.user, slug, permission)
    assessment = latest_assessment(project)
    if assessment is None or dimension not in assessment.checklist.dimension_by_id:
        raise Http404("No such part of the checklist.")
    if request.method == "POST":
        return save_page(request, project, assessment, dimension)
    return show_page(request, project, assessment, dimension, {})


@dataclass(slots=True)
class PageSave:
    """What saving a page did: how many answers changed, what was refused, and the revisions this person knows now."""

    saved: int = 0
    changed: dict[str, QuestionCard] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)


def save_page(request: HttpRequest, project: Project, assessment: Assessment, dimension: str) -> HttpResponse:
    """The plain form, sent whole: saves what was touched, then decides on a proposal if that was the button."""
    decision = read_decision(request.POST.get("proposal", ""), project, dimension)
    page = save_answers(request, assessment, dimension)
    if decision is not None and decision.question not in page.changed:
        decide(request, assessment, decision, page)
    if page.changed:
        return show_page(request, project, assessment, dimension, page.changed)
    if decision is None or page.saved:
        saved = f"Saved {page.saved} {'answer' if page.saved == 1 else 'answers'}."
        messages.success(request, saved if page.saved else "Nothing had changed.")
    if decision is not None:
        response = redirect("assessments:dimension", slug=project.slug, dimension=dimension)
        response.headers["Location"] += f"#{decision.question.replace('.', '-')}"
        return response
    address = (
        request.POST.get("next") if request.POST.get("next") in assessment.checklist.dimension_by_id else dimension
    )
    return redirect("assessments:dimension", slug=project.slug, dimension=address)


def save_answers(request: HttpRequest, assessment: Assessment, dimension: str) -> PageSave:
    """Each question is saved for itself; what is refused keeps what was typed."""
    page = PageSave()
    before = evaluate_assessment(assessment)
    shown_run = request.POST.get("assessment", "") or str(assessment.pk)
    for question in before.checklist.questions_of(dimension):
        prefix = f"{question.id}:"
        if f"{prefix}revision" not in request.POST:
            continue
        card = make_card(question, before)
        given, base = card.given, card.revision
        try:
            given, base = read_answer(request.POST, prefix), read_revision(request.POST[f"{prefix}revision"])
            page.revisions[question.id] = base
            if not is_touched(assessment, card, given, base, shown_run):
                continue
            if shown_run != str(assessment.pk):
                raise AssessmentClosed(NEWER_RUN)
            saved = submit_answer(
                assessment=assessment,
                question=question.id,
                given=given,
                base_revision=base,
                mutation_id=uuid.uuid4(),
                by=user_of(request),
                at=timezone.now(),
            )
            page.saved += saved.is_new
            page.revisions[question.id] = saved.answer.revision
        except AnswerConflict as conflict:
            page.changed[question.id] = conflict_card(card, given, conflict.current)
        except AssessmentClosed as error:
            page.changed[question.id] = replace(card, refused=given, problem=str(error))
        except AnswerError as error:
            page.changed[question.id] = replace(card, given=given, revision=base, problem=str(error))
        except (OperationalError, InterfaceError):
            page.changed[question.id] = replace(card, given=given, revision=base, problem=NOT_NOW)
    return page


def decide(request: HttpRequest, assessment: Assessment, decision: Decision, page: PageSave) -> None:
    """Accepts or dismisses, and says what became of it."""
    try:
        base = page.revisions.get(decision.question, 0)
        carry_out(decision, base_revision=base, by=user_of(request), at=timezone.now())
    except AnswerConflict as conflict:
        evaluation = evaluate_assessment(assessment)
        card = make_card(evaluation.checklist.question_by_id[decision.question], evaluation)
        page.changed[decision.question] = replace(card, overtaken=words_of(card.question, conflict.current))
    except AnswerError as error:
        messages.warning(request, str(error))
    except (OperationalError, InterfaceError):
        messages.error(request, UNDECIDED)
    else:
        number = assessment.checklist.question_by_id[decision.question].number
        messages.success(request, f"{DONE[decision.kind]}: question {number}.", extra_tags=decision.question)


def words_of(question: Question, stored: Answer | None) -> str:
    return answer_words(question, stored.state, stored.level) if stored else State.BLANK.label


NEWER_RUN = "A newer review has begun since this page was made. This answer was not saved."
NOT_NOW = "The database did not answer, so this answer was not saved. Press save again."
UNDECIDED = "The database did not answer, so nothing was decided on the proposal. Press the button again."


def is_touched(assessment: Assessment, card: QuestionCard, given: GivenAnswer, base: int, shown_run: str) -> bool:
    """Whether the person changed this question, judged against what the page showed, not what is stored now.

    Compared as it would be stored: a browser sends line breaks in its own way. `shown_run` is the run the page was of.
    """
    try:
        given = clean_answer(card.question, given)
    except AnswerRefused:
        return True
    if base == card.revision and shown_run == str(assessment.pk):
        return given != card.given
    if not shown_run.isdecimal() or len(shown_run) > 18:
        return True
    changes = AnswerChange.objects.filter(assessment__project=assessment.project, assessment=int(shown_run))
    shown = changes.filter(question=card.question.id, revision=base).first()
    return given != (GivenAnswer(**shown.after) if shown else GivenAnswer())


def conflict_card(card: QuestionCard, given: GivenAnswer, current: Answer | None) -> QuestionCard:
    words = words_of(card.question, current)
    revision = current.revision if current else 0
    problem = "" if current else "This answer was cleared in the meantime. Save again to keep yours."
    return replace(
        card, given=given, revision=revision, stored=current, problem=problem, conflict=current, conflict_words=words
    )


def said_of(request: HttpRequest) -> dict[str, str]:
    """The messages that are about one question, by its id. The frame of the page shows them too, out of sight."""
    said = {message.extra_tags: str(message.message) for message in messages.get_messages(request)}
    return {question: words.partition(":")[0] for question, words in said.items() if question}


def show_page(
    request: HttpRequest, project: Project, assessment: Assessment, dimension: str, changed: dict[str, QuestionCard]
) -> HttpResponse:
    evaluation = evaluate_assessment(assessment)
    checklist = evaluation.checklist
    here = checklist.dimension_by_id[dimension]
    cards = [
        changed.get(question.id) or make_card(question, evaluation)
        for question in evaluation.due
        if question.dimension == dimension
    ]
    due = {question.id for question in evaluation.due}
    proposals, said = proposal_cards(assessment, evaluation, dimension), said_of(request)
    cards = [
        replace(card, proposals=proposals.get(card.question.id, ()), said=said.get(card.question.id, ""))
        for card in cards
    ]
    cards += [replace(card, is_due=False) for key, card in changed.items() if key not in due]
    count = evaluation.progress.dimensions[dimension]
    place = checklist.dimensions.index(here)
    due_dimensions = [d for d in checklist.dimensions if evaluation.progress.dimensions[d.id].due]
    later = [d for d in due_dimensions if checklist.dimensions.index(d) > place]
    earlier = [d for d in due_dimensions if checklist.dimensions.index(d) < place]
    preview: Preview = preview_dimension(evaluation, dimension)
    newest = max((row for row in evaluation.by_question.values()), key=lambda row: row.answered_at, default=None)
    context = page_context(
        project,
        "overview",
        assessment,
        dimension=here,
        place=place + 1,
        dimension_total=len(checklist.dimensions),
        cards=cards,
        count=count,
        rail=[RailItem(d, evaluation.progress.dimensions[d.id]) for d in checklist.dimensions],
        next_dimension=later[0] if later else None,
        previous_dimension=earlier[-1] if earlier else None,
        preview=preview,
        newest=newest,
        progress=evaluation.progress,
        has_problems=bool(changed),
        has_proposals=any(card.proposals for card in cards),
    )
    is_conflict = any(card.conflict or card.overtaken for card in changed.values())
    status = 200 if not changed else 409 if is_conflict else 422
    return render(request, "assessments/dimension.html", context, status=status)
