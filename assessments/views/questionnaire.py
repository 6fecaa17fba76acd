"""One dimension of the checklist per page, all its questions open."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

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
from assessments.views.common import latest_assessment, page_context
from assessments.views.library import Source, sources_of
from checklists.schema import Dimension, Question
from projects.access import project_for
from projects.models import Project


@dataclass(frozen=True, slots=True)
class QuestionCard:
    """A question with what is stored for it and, after a refused save, what was typed and why it was refused."""

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


def answer_words(question: Question, state: str, level: int | None) -> str:
    """An answer as a person reads it."""
    if state == State.GRADED and level is not None:
        return question.choices[level]
    return State(state).label


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


def save_page(request: HttpRequest, project: Project, assessment: Assessment, dimension: str) -> HttpResponse:
    """The plain form, sent whole. Each question is saved for itself; what is refused keeps what was typed."""
    changed: dict[str, QuestionCard] = {}
    before = evaluate_assessment(assessment)
    shown_run = request.POST.get("assessment", "") or str(assessment.pk)
    saved = 0
    for question in before.checklist.questions_of(dimension):
        prefix = f"{question.id}:"
        if f"{prefix}revision" not in request.POST:
            continue
        card = make_card(question, before)
        given, base = card.given, card.revision
        try:
            given, base = read_answer(request.POST, prefix), read_revision(request.POST[f"{prefix}revision"])
            if not is_touched(assessment, card, given, base, shown_run):
                continue
            if shown_run != str(assessment.pk):
                raise AssessmentClosed(NEWER_RUN)
            saved += submit_answer(
                assessment=assessment,
                question=question.id,
                given=given,
                base_revision=base,
                mutation_id=uuid.uuid4(),
                by=user_of(request),
                at=timezone.now(),
            ).is_new
        except AnswerConflict as conflict:
            changed[question.id] = conflict_card(card, given, conflict.current)
        except AssessmentClosed as error:
            changed[question.id] = replace(card, refused=given, problem=str(error))
        except AnswerError as error:
            changed[question.id] = replace(card, given=given, revision=base, problem=str(error))
        except (OperationalError, InterfaceError):
            changed[question.id] = replace(card, given=given, revision=base, problem=NOT_NOW)
    if changed:
        return show_page(request, project, assessment, dimension, changed)
    messages.success(
        request, f"Saved {saved} {'answer' if saved == 1 else 'answers'}." if saved else "Nothing had changed."
    )
    address = (
        request.POST.get("next") if request.POST.get("next") in assessment.checklist.dimension_by_id else dimension
    )
    return redirect("assessments:dimension", slug=project.slug, dimension=address)


NEWER_RUN = "A newer review has begun since this page was made. This answer was not saved."
NOT_NOW = "The database did not answer, so this answer was not saved. Press save again."


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
    words = answer_words(card.question, current.state, current.level) if current else State.BLANK.label
    revision = current.revision if current else 0
    problem = "" if current else "This answer was cleared in the meantime. Save again to keep yours."
    return replace(
        card, given=given, revision=revision, stored=current, problem=problem, conflict=current, conflict_words=words
    )


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
    )
    status = 200 if not changed else 409 if any(card.conflict for card in changed.values()) else 422
    return render(request, "assessments/dimension.html", context, status=status)
