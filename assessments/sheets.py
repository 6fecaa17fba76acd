"""The answers of a run as a sheet for a spreadsheet, and what a sheet that comes back would change."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from django.db import transaction

from accounts import audit
from accounts.models import User
from assessments.errors import AnswerConflict, AnswerError, AnswerRefused
from assessments.forms import read_revision
from assessments.models import Answer, AnswerChange, Assessment, State
from assessments.services import GivenAnswer, clean_answer, given_of, submit_answer
from checklists.schema import Question
from spreadsheets import sheet as read
from spreadsheets import writing
from spreadsheets.escaping import safe_text
from spreadsheets.writing import Look

COLUMNS = (
    "Question", "Number", "Dimension", "Question text", "Must-have", "Answer", "Answer in words", "Reason", "Note",
    "Evidence title", "Evidence link", "Revision", "Answered by", "Answered on", "Checklist run",
)  # fmt: skip
REQUIRED = ("Question", "Answer", "Revision")
WORDS, RUN = "Answer in words", "Checklist run"
TEXTS = {"Reason": "reason", "Note": "note", "Evidence title": "evidence_title", "Evidence link": "evidence_url"}
STATE_WORDS = {State.UNKNOWN: "don't know", State.NOT_APPLICABLE: "not applicable"}
WORD_STATES = {
    **{words: state for state, words in STATE_WORDS.items()},
    "dont know": State.UNKNOWN, "unknown": State.UNKNOWN, "n/a": State.NOT_APPLICABLE, "na": State.NOT_APPLICABLE,
}  # fmt: skip
WHOLE = re.compile(r"([0-9]{1,10})(?:\.0{1,10})?")
DECIMAL = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,20})?")
MOST_PROBLEMS = 50
MOST_HEADINGS_NAMED = 10
CHOICE = re.compile(r"choice [0-9]", re.IGNORECASE)
NO_RUN = (
    f"Nothing in the file says which project and run it was made from, as column “{RUN}” does. "
    "Check that it belongs here."
)
LOOKS = {
    "Question": Look(14), "Number": Look(8), "Dimension": Look(18, wraps=True), "Question text": Look(50, wraps=True),
    "Must-have": Look(7), WORDS: Look(40, wraps=True), "Reason": Look(40, wraps=True, is_input=True),
    "Note": Look(50, wraps=True, is_input=True), "Evidence title": Look(28, wraps=True, is_input=True),
    "Evidence link": Look(40, wraps=True, is_input=True), "Revision": Look(9), "Answered by": Look(18, wraps=True),
    "Answered on": Look(12), RUN: Look(12),
}  # fmt: skip


class SheetOutdated(AnswerError):
    """Somebody changed some of the answers since the sheet was looked at. Nothing of it was written."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a sheet says about one question. `texts` holds the fields that it has a column for; `cells` where from.

    `words` is what its column “Answer in words” says, where that is an answer to the question.
    """

    question: Question
    base_revision: int
    state: str
    level: int | None
    texts: Mapping[str, str]
    cells: Mapping[str, str] = field(default_factory=dict)
    words: str = ""

    def onto(self, given: GivenAnswer) -> GivenAnswer:
        """The answer with what the sheet says put over it. Raises AnswerRefused.

        A text with the apostrophes of the CSV file still in it, as programs keep them on the way to a workbook, is
        the text that is stored.
        """
        texts = dict(self.texts)
        for name, text in texts.items():
            stored = getattr(given, name)
            if text.replace("\r\n", "\n") == safe_text(stored):
                texts[name] = stored
        return clean_answer(self.question, replace(given, state=self.state, level=self.level, **texts))


@dataclass(frozen=True, slots=True)
class Change:
    question: Question
    before: GivenAnswer
    after: GivenAnswer
    base_revision: int

    @property
    def is_cleared(self) -> bool:
        return self.before.state != State.BLANK and self.after.state == State.BLANK


@dataclass(frozen=True, slots=True)
class Conflict:
    """The sheet and somebody else changed the same answer since the sheet was made."""

    question: Question
    stored: GivenAnswer
    wanted: GivenAnswer
    row: Answer | None


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one cell. Without one it is about the whole file."""

    cell: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a sheet would change. `kept` counts answers that changed here since and that the sheet left alone.

    `warnings` are sentences about what is not read and cannot be checked.
    """

    changes: tuple[Change, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    problems: tuple[Problem, ...] = ()
    unchanged: int = 0
    kept: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def cleared(self) -> int:
        return sum(change.is_cleared for change in self.changes)

    @property
    def problems_shown(self) -> tuple[Problem, ...]:
        return self.problems[:MOST_PROBLEMS]

    @property
    def problems_left(self) -> int:
        return max(0, len(self.problems) - MOST_PROBLEMS)


# Out


def headings(assessment: Assessment) -> list[str]:
    most = max(len(question.choices) for question in assessment.checklist.questions)
    return [*COLUMNS, *(f"Choice {level}" for level in range(most))]


def looks(assessment: Assessment) -> dict[str, Look]:
    """How the columns of `headings` look in a workbook."""
    choices = headings(assessment)[len(COLUMNS) :]
    offered = (*(str(level) for level in range(len(choices))), *STATE_WORDS.values())
    return {
        **LOOKS,
        "Answer": Look(16, is_input=True, choices=offered),
        **dict.fromkeys(choices, Look(40, wraps=True)),
    }


def run_name(assessment: Assessment) -> str:
    """The run and its project, as every row of a file names them."""
    return f"{assessment.project.slug} / {assessment.pk}"


def sheet_rows(assessment: Assessment) -> Iterator[list[writing.Value]]:
    """The due questions in the order of the checklist, in the order of `headings`. One query."""
    dimensions, stored = assessment.checklist.dimension_by_id, stored_answers(assessment)
    width, run = len(headings(assessment)), run_name(assessment)
    for question in assessment.questions_due():
        row = stored.get(question.id)
        given = given_of(row)
        cells: list[writing.Value] = [
            question.id, question.number, dimensions[question.dimension].name, question.prompt,
            "yes" if question.must_have else None, *_answer_cells(question, given), given.reason, given.note,
            given.evidence_title, given.evidence_url, row.revision if row else 0, *_who_and_when(row), run,
            *question.choices,
        ]  # fmt: skip
        yield cells + [None] * (width - len(cells))


def _answer_cells(question: Question, given: GivenAnswer) -> tuple[writing.Value, writing.Value]:
    if given.level is not None:
        return given.level, question.choices[given.level]
    words = STATE_WORDS.get(State(given.state))
    return words, words.capitalize() if words else None


def _who_and_when(row: Answer | None) -> tuple[str | None, date | None]:
    if row is None:
        return None, None
    return row.answered_by.name if row.answered_by else "A former member", row.answered_at.astimezone(UTC).date()


def stored_answers(assessment: Assessment) -> dict[str, Answer]:
    """The answers of the shared sheet by question."""
    rows = Answer.objects.filter(respondent__assessment=assessment, respondent__is_sheet=True)
    return {row.question: row for row in rows.select_related("answered_by")}


# In


def read_sheet(sheet: read.Sheet, assessment: Assessment) -> Outcome:
    """What the sheet would change. Everything that is wrong with it is found at once; nothing is written.

    Raises SheetRefused for the sheet of another run.
    """
    places, problems = _find_columns(sheet.headings)
    if problems:
        return Outcome(problems=tuple(problems), warnings=tuple(_columns_left_out(sheet, places)))
    names_run = _names_run(sheet, places, assessment)
    due = {question.id: question for question in assessment.questions_due()}
    entries: list[Entry] = []
    seen: dict[str, str] = {}
    for row in sheet.rows:
        cells = {name: row[place] for name, place in places.items()}
        if all(cell.value is None for name, cell in cells.items() if name not in {WORDS, RUN}):
            continue
        found, wrong = _read_row(cells, due, seen, assessment)
        problems += wrong
        if found is not None:
            entries.append(found)
    outcome = judge_entries(entries, assessment, problems)
    warnings = [*([] if names_run else [NO_RUN]), *_columns_left_out(sheet, places)]
    return replace(outcome, problems=tuple(sorted(outcome.problems, key=_place)), warnings=tuple(warnings))


def _place(problem: Problem) -> tuple[int, int, str]:
    """As one reads: by row, then by column."""
    column = problem.cell.rstrip("0123456789")
    return int(problem.cell.removeprefix(column)), len(column), column


def _find_columns(heads: Sequence[read.Cell]) -> tuple[dict[str, int], list[Problem]]:
    wanted = {name.casefold(): name for name in (*REQUIRED, *TEXTS, WORDS, RUN)}
    places: dict[str, int] = {}
    problems = []
    for place, cell in enumerate(heads):
        name = wanted.get(_one_line(cell.value).casefold())
        if name in places:
            problems.append(Problem(cell.reference, f"The heading “{name}” is there twice. Keep one of the columns."))
        elif name is not None:
            places[name] = place
    problems += [
        Problem("", f"There is no column “{name}”. The first row must hold the headings.")
        for name in REQUIRED
        if name not in places
    ]
    return places, problems


def _names_run(sheet: read.Sheet, places: Mapping[str, int], assessment: Assessment) -> bool:
    """Whether any row names its run. Raises SheetRefused where one names another."""
    cells = [row[places[RUN]] for row in sheet.rows] if RUN in places else []
    expected, is_named = run_name(assessment), False
    for cell in cells:
        name = _one_line(cell.value)
        if name and name != expected:
            raise read.SheetRefused(
                f"this row belongs to “{_cut(name, 120)}”, and this checklist is “{expected}”. A file is read only "
                "into the project and the run that it was made from.",
                cell.reference,
            )
        is_named = is_named or bool(name)
    return is_named


def _columns_left_out(sheet: read.Sheet, places: Mapping[str, int]) -> list[str]:
    """Sentences on columns that are not read, but for those that every file has, and on texts without a column."""
    usual = {name.casefold() for name in COLUMNS}
    foreign = []
    for cell in sheet.headings:
        name = _one_line(cell.value)
        if cell.value is not None and name.casefold() not in usual and not CHOICE.fullmatch(name):
            foreign.append(f"“{_cut(name, 40)}”" if name else cell.reference)
    foreign += [f"{letter} (without a heading)" for letter in sheet.unheaded]
    warnings = []
    if foreign:
        left = len(foreign) - MOST_HEADINGS_NAMED
        more = f" and {left} more" if left > 0 else ""
        warnings.append(f"Columns that are not read: {', '.join(foreign[:MOST_HEADINGS_NAMED])}{more}.")
    if missing := [f"“{name}”" for name in TEXTS if name not in places]:
        warnings.append(f"The file has no column {', '.join(missing)}. What is stored there stays.")
    return warnings


def _read_row(
    cells: Mapping[str, read.Cell], due: Mapping[str, Question], seen: dict[str, str], assessment: Assessment
) -> tuple[Entry | None, list[Problem]]:
    where = {name: cell.reference for name, cell in cells.items()}
    problems = [
        Problem(cell.reference, f"{name} {cell.value.sentence}")
        for name, cell in cells.items()
        if name != WORDS and isinstance(cell.value, read.Unreadable)
    ]
    if isinstance(cells["Question"].value, read.Unreadable):
        return None, problems
    key = text_of(cells["Question"].value).strip()
    question = due.get(key)
    if question is None:
        return None, [*problems, Problem(where["Question"], _unknown_question(key, assessment))]
    if key in seen:
        return None, [*problems, Problem(where["Question"], f"Question: {key} stands in {seen[key]} already.")]
    seen[key] = where["Question"]
    state, level, revision = State.BLANK, None, 0
    try:
        state, level = read_choice(question, cells["Answer"].value)
    except AnswerRefused as error:
        problems.append(Problem(where["Answer"], str(error)))
    try:
        if not isinstance(cells["Revision"].value, read.Unreadable):
            revision = _read_revision(cells["Revision"].value)
    except AnswerRefused as error:
        problems.append(Problem(where["Revision"], str(error)))
    texts = {attribute: text_of(cells[name].value) for name, attribute in TEXTS.items() if name in cells}
    words = _one_line(cells[WORDS].value) if WORDS in cells else ""
    if words.casefold() not in _sentences(question):
        words = ""
    return (None if problems else Entry(question, revision, state, level, texts, where, words)), problems


def _sentences(question: Question) -> set[str]:
    return {_one_line(words).casefold() for words in (*question.choices, *STATE_WORDS.values())}


def _unknown_question(key: str, assessment: Assessment) -> str:
    if not key:
        return "Question: this row does not say which question it is about."
    if key in assessment.checklist.question_by_id:
        return f"Question: {key} is not asked at the project's stage."
    return f"Question: the checklist has none with the name “{_cut(key, 80)}”."


def read_choice(question: Question, value: read.Value) -> tuple[State, int | None]:
    """State and level of a level, a word for no level, or the whole sentence of a choice. Raises AnswerRefused."""
    text = _one_line(value)
    if not text:
        return State.BLANK, None
    if (level := _level(value, text)) is not None and level < len(question.choices):
        return State.GRADED, level
    if (state := WORD_STATES.get(text.replace("’", "'").casefold())) is not None:
        return state, None
    if text in question.choices:
        return State.GRADED, question.choices.index(text)
    raise AnswerRefused(
        f"Answer holds “{_cut(text)}”: write 0 to {len(question.choices) - 1}, don't know, not applicable, "
        "the whole sentence of a choice, or nothing."
    )


def _level(value: read.Value, text: str) -> int | None:
    """The whole number that a program meant, also where its arithmetic left a billionth over."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        number = float(value)
    elif DECIMAL.fullmatch(text):
        number = float(text)
    else:
        return None
    level = round(number)
    return level if level >= 0 and abs(number - level) <= 1e-9 else None


def _read_revision(value: read.Value) -> int:
    text = text_of(value).strip()
    found = None if isinstance(value, bool) else WHOLE.fullmatch(text)
    if found is None:
        holds = f"holds “{_cut(text)}”" if text else "is empty"
        raise AnswerRefused(
            f"Revision {holds}: this must be the whole number that came with the file, 0 for no answer yet."
        )
    return read_revision(found.group(1))


def text_of(value: read.Value) -> str:
    """What a person reads in a cell."""
    if value is None or isinstance(value, read.Unreadable):
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    return value.isoformat() if isinstance(value, date) else str(value)


def _one_line(value: read.Value) -> str:
    return " ".join(text_of(value).split())


def _cut(text: str, most: int = 60) -> str:
    """As it can be shown in a sentence: a workbook can hold what no page can."""
    text = "".join(letter if letter.isprintable() else "\ufffd" for letter in text[: most + 1])
    return text if len(text) <= most else f"{text[: most - 1]}…"


def judge_entries(entries: Sequence[Entry], assessment: Assessment, problems: Iterable[Problem] = ()) -> Outcome:
    """Holds entries against what is stored now. Two queries.

    An answer that somebody changed since the sheet was made is a conflict only if the sheet changed it as well: rows
    that nobody touched there must not fight with the work of others here.
    """
    stored, bases = stored_answers(assessment), _bases(entries, assessment)
    changes, conflicts, wrong = [], [], list(problems)
    unchanged = kept = 0
    for entry in entries:
        row = stored.get(entry.question.id)
        before, revision = given_of(row), row.revision if row else 0
        base = before if entry.base_revision == revision else _base_of(entry, bases)
        if _is_only_in_words(entry, before if base is None else base):
            wrong.append(_only_in_words(entry))
            continue
        try:
            if entry.base_revision != revision and base is not None and entry.onto(base) == base:
                kept += 1
                continue
            after = entry.onto(before)
        except AnswerRefused as error:
            wrong.append(_problem(entry, error))
            continue
        if after == before:
            unchanged += 1
        elif entry.base_revision == revision:
            changes.append(Change(entry.question, before, after, revision))
        else:
            conflicts.append(Conflict(entry.question, before, after, row))
    return Outcome(tuple(changes), tuple(conflicts), tuple(wrong), unchanged, kept)


def _bases(entries: Sequence[Entry], assessment: Assessment) -> dict[tuple[str, int], GivenAnswer]:
    """What the answers were when the sheet was made."""
    revisions = {entry.base_revision for entry in entries}
    rows = AnswerChange.objects.filter(assessment=assessment, revision__in=revisions)
    return {(row.question, row.revision): GivenAnswer(**row.after) for row in rows}


def _base_of(entry: Entry, bases: Mapping[tuple[str, int], GivenAnswer]) -> GivenAnswer | None:
    return GivenAnswer() if entry.base_revision == 0 else bases.get((entry.question.id, entry.base_revision))


def _is_only_in_words(entry: Entry, base: GivenAnswer) -> bool:
    """Whether somebody changed the answer in the column that is not read, and only there."""
    if not entry.words or (entry.state, entry.level) != (base.state, base.level):
        return False
    _, words = _answer_cells(entry.question, base)
    return entry.words.casefold() != _one_line(words).casefold()


def _only_in_words(entry: Entry) -> Problem:
    answer, _ = _answer_cells(entry.question, GivenAnswer(entry.state, entry.level))
    says = "is empty" if answer is None else f"says {answer}"
    where, other = entry.cells[WORDS], entry.cells["Answer"]
    return Problem(where, f"{where} says “{_cut(entry.words)}”, but {other} {says}: change column Answer.")


def _problem(entry: Entry, error: AnswerRefused) -> Problem:
    """At the cell of the field that the sentence names, or at the answer where the sheet has no such column."""
    name = str(error).partition(":")[0]
    return Problem(entry.cells.get(name) or entry.cells.get("Answer", entry.question.number), str(error))


@transaction.atomic
def apply_sheet(*, assessment: Assessment, changes: Sequence[Change], by: User, at: datetime) -> int:
    """Saves the changes of a sheet, all or none, and returns how many answers are different now.

    Raises SheetOutdated, and like submit_answer AnswerRefused and AssessmentClosed. Then nothing is written.
    """
    count, outdated = 0, 0
    for change in changes:
        try:
            count += submit_answer(
                assessment=assessment,
                question=change.question.id,
                given=change.after,
                base_revision=change.base_revision,
                mutation_id=uuid.uuid4(),
                by=by,
                at=at,
            ).is_new
        except AnswerConflict:
            outdated += 1
    if outdated:
        raise SheetOutdated(f"Nothing was saved: {outdated} of these answers changed in the meantime.")
    if count:
        project = assessment.project
        audit.record(
            organisation=project.organisation, actor=by, verb="answers.imported", thing=project.slug, count=count
        )
    return count
