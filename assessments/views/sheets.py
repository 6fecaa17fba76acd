"""The answers as a file, and a file that comes back: first what it would change, then the change itself."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from datetime import UTC

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import user_of
from accounts.roles import Permission
from assessments.errors import AnswerError, AnswerRefused
from assessments.forms import choice_value, read_answer, read_revision
from assessments.models import Answer, Assessment
from assessments.services import GivenAnswer
from assessments.sheets import (
    MOST_PROBLEMS,
    TEXTS,
    Change,
    Conflict,
    Entry,
    Outcome,
    Problem,
    SheetOutdated,
    apply_sheet,
    headings,
    judge_entries,
    looks,
    read_sheet,
    sheet_rows,
)
from assessments.views.common import answer_words, latest_assessment, page_context
from assessments.views.questionnaire import NEWER_RUN
from checklists.schema import Question
from projects.access import project_for
from projects.models import Project
from spreadsheets.reading import read_csv, read_xlsx
from spreadsheets.sheet import MOST_COLUMNS, MOST_ROWS, Sheet, SheetRefused
from spreadsheets.writing import CSV, XLSX, csv_lines, write_xlsx

MOST_BYTES = 2_500_000
NO_CHECKLIST = "This project has no checklist yet. Start one, then its answers can come from a file."
CLOSED = "This checklist was closed. Its answers can be read and downloaded, but not changed."


class TooLarge(SheetRefused):
    """The file is larger than the page takes."""


@dataclass(frozen=True, slots=True)
class Line:
    """An answer before and after, in words, with the texts that differ: name, before, after."""

    question: Question
    before: str
    after: str
    texts: tuple[tuple[str, str, str], ...]
    row: Answer | None = None
    is_cleared: bool = False

    @property
    def is_choice_changed(self) -> bool:
        return self.before != self.after


@require_safe
def as_csv(request: HttpRequest, slug: str) -> HttpResponse:
    project = project_for(request.user, slug, Permission.VIEW_PROJECT)
    assessment = _run_of(project)
    response = HttpResponse("".join(csv_lines(headings(assessment), sheet_rows(assessment))), content_type=CSV)
    response.headers["Content-Disposition"] = f'attachment; filename="{_file_name(project)}.csv"'
    return response


@require_safe
def as_xlsx(request: HttpRequest, slug: str) -> HttpResponse:
    project = project_for(request.user, slug, Permission.VIEW_PROJECT)
    assessment = _run_of(project)
    file = io.BytesIO()
    write_xlsx(file, "Answers", headings(assessment), sheet_rows(assessment), looks(assessment))
    response = HttpResponse(file.getvalue(), content_type=XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="{_file_name(project)}.xlsx"'
    return response


def _run_of(project: Project) -> Assessment:
    assessment = latest_assessment(project)
    if assessment is None:
        raise Http404("This project has no checklist yet.")
    return assessment


def _file_name(project: Project) -> str:
    return f"answers-{project.slug}-{timezone.now().astimezone(UTC).date().isoformat()}"


@require_http_methods(["GET", "HEAD", "POST"])
def import_answers(request: HttpRequest, slug: str) -> HttpResponse:
    """A form for a file, and with a file what it would change. Writes nothing."""
    project = project_for(request.user, slug, Permission.ANSWER)
    assessment = latest_assessment(project)
    if assessment is None or not assessment.is_open or request.method != "POST":
        return _show_form(request, project, assessment)
    try:
        outcome = read_sheet(read_upload(request), assessment)
    except SheetRefused as error:
        return _show_form(request, project, assessment, str(error), 413 if isinstance(error, TooLarge) else 422)
    return _show_outcome(request, project, assessment, outcome)


def read_upload(request: HttpRequest) -> Sheet:
    """The sheet in the posted file. Raises SheetRefused with a sentence, TooLarge for too many bytes."""
    file = request.FILES.get("file")
    size = file.size if file is not None else int(request.META.get("CONTENT_LENGTH") or 0)
    if (size or 0) > MOST_BYTES:
        raise TooLarge(f"at most {_megabytes(MOST_BYTES)} can be read, this has {_megabytes(size or 0)}.")
    if file is None:
        raise SheetRefused("choose a file that ends in .csv or .xlsx.")
    name = (file.name or "").lower()
    if name.endswith(".csv"):
        return read_csv(file.read())
    if name.endswith(".xlsx"):
        return read_xlsx(file.read())
    raise SheetRefused("only files that end in .csv or .xlsx can be read.")


def _megabytes(size: int) -> str:
    """Cut upwards, so that what is too large never reads as the limit."""
    return f"{-(-size // 100_000) / 10:.1f} MB"


@require_POST
def apply_import(request: HttpRequest, slug: str) -> HttpResponse:
    """Saves what the page before showed, judged anew. All of it or nothing."""
    project = project_for(request.user, slug, Permission.ANSWER)
    assessment = latest_assessment(project)
    if assessment is None or not assessment.is_open:
        return _show_form(request, project, assessment)
    if request.POST.get("assessment", str(assessment.pk)) != str(assessment.pk):
        return _show_form(request, project, assessment, NEWER_RUN)
    entries, problems = _posted_entries(request, assessment)
    outcome = judge_entries(entries, assessment, problems)
    if outcome.problems or outcome.conflicts:
        return _show_outcome(request, project, assessment, outcome, is_late=True)
    try:
        count = apply_sheet(assessment=assessment, changes=outcome.changes, by=user_of(request), at=timezone.now())
    except SheetOutdated:
        return _show_outcome(request, project, assessment, judge_entries(entries, assessment), is_late=True)
    except AnswerError as error:
        return _show_form(request, project, assessment, str(error))
    messages.success(request, f"{_answers(count)} changed." if count else "Nothing had changed.")
    return redirect("assessments:check", slug=project.slug)


def _posted_entries(request: HttpRequest, assessment: Assessment) -> tuple[list[Entry], list[Problem]]:
    """The hidden fields of the page, named as in the questionnaire. Judged like a sheet that has every column."""
    entries, problems = [], []
    due = {question.id for question in assessment.questions_due()}
    for question in assessment.checklist.questions:
        prefix = f"{question.id}:"
        if f"{prefix}revision" not in request.POST:
            continue
        try:
            if question.id not in due:
                raise AnswerRefused("Question: this checklist does not ask this at the project's stage.")
            given, base = read_answer(request.POST, prefix), read_revision(request.POST[f"{prefix}revision"])
            texts = {name: getattr(given, name) for name in TEXTS.values()}
            entries.append(Entry(question, base, given.state, given.level, texts))
        except AnswerRefused as error:
            problems.append(Problem(question.number, str(error)))
    return entries, problems


def _show_form(
    request: HttpRequest, project: Project, assessment: Assessment | None, problem: str = "", status: int = 422
) -> HttpResponse:
    refusal = NO_CHECKLIST if assessment is None else "" if assessment.is_open else CLOSED
    context = page_context(
        project, "overview", assessment, problem=problem, refusal=refusal,
        most_bytes=_megabytes(MOST_BYTES), most_rows=MOST_ROWS, most_columns=MOST_COLUMNS,
    )  # fmt: skip
    is_fine = not problem and (not refusal or request.method != "POST")
    return render(request, "assessments/sheet_form.html", context, status=200 if is_fine else status)


def _show_outcome(
    request: HttpRequest, project: Project, assessment: Assessment, outcome: Outcome, *, is_late: bool = False
) -> HttpResponse:
    """`is_late` after a refused save: what still could be saved may be confirmed again."""
    context = page_context(
        project, "overview", assessment, outcome=outcome, is_late=is_late, most_problems=MOST_PROBLEMS,
        changes=[_change_line(change) for change in outcome.changes],
        conflicts=[_conflict_line(conflict) for conflict in outcome.conflicts],
        fields=[_fields(change) for change in outcome.changes],
        can_confirm=bool(outcome.changes) and not outcome.problems,
    )  # fmt: skip
    status = 422 if outcome.problems else 409 if is_late else 200
    return render(request, "assessments/sheet_outcome.html", context, status=status)


def _answers(count: int) -> str:
    return f"{count} {'answer' if count == 1 else 'answers'}"


def _change_line(change: Change) -> Line:
    return replace(_line(change.question, change.before, change.after), is_cleared=change.is_cleared)


def _conflict_line(conflict: Conflict) -> Line:
    return _line(conflict.question, conflict.stored, conflict.wanted, conflict.row)


def _line(question: Question, before: GivenAnswer, after: GivenAnswer, row: Answer | None = None) -> Line:
    texts = tuple(
        (name.lower(), getattr(before, attribute), getattr(after, attribute))
        for name, attribute in TEXTS.items()
        if getattr(before, attribute) != getattr(after, attribute)
    )
    words = [answer_words(question, given.state, given.level) for given in (before, after)]
    return Line(question, words[0], words[1], texts, row)


def _fields(change: Change) -> list[tuple[str, str]]:
    """The hidden fields that carry a change to the confirmation."""
    after, prefix = change.after, f"{change.question.id}:"
    texts = [(f"{prefix}{name}", getattr(after, name)) for name in TEXTS.values() if getattr(after, name)]
    return [
        (f"{prefix}revision", str(change.base_revision)),
        (f"{prefix}choice", choice_value(after.state, after.level)),
        *texts,
    ]
