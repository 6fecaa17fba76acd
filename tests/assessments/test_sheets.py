"""What a sheet of answers says, what one that comes back would change, and that nothing is lost on the way."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from accounts.models import AuditEvent, User
from assessments.errors import AnswerRefused, AssessmentClosed
from assessments.models import Answer, AnswerChange, Assessment, State
from assessments.services import GivenAnswer, given_of
from assessments.sheets import (
    COLUMNS,
    NO_RUN,
    RUN,
    Change,
    Outcome,
    SheetOutdated,
    apply_sheet,
    headings,
    looks,
    read_sheet,
    run_name,
    sheet_rows,
    stored_answers,
)
from projects.models import Project
from spreadsheets.escaping import FORMULA_STARTS
from spreadsheets.reading import read_csv, read_xlsx
from spreadsheets.sheet import Sheet, SheetRefused
from spreadsheets.writing import csv_lines, write_xlsx
from tests.make import AT, answer_all, figures_of, make_answer, make_assessment, make_project, make_snapshot

ONE, TWO, THREE = "problem.statement", "problem.objective", "data.access"
PERHAPS = (
    "Answer holds “perhaps”: write 0 to 4, don't know, not applicable, the whole sentence of a choice, or nothing."
)
LATER = datetime(2026, 5, 2, 8, 0, tzinfo=UTC)
Rows = list[dict[str, Any]]


def as_csv(assessment: Assessment) -> bytes:
    return "".join(csv_lines(headings(assessment), sheet_rows(assessment))).encode()


def as_xlsx(assessment: Assessment) -> bytes:
    file = io.BytesIO()
    write_xlsx(file, "Answers", headings(assessment), sheet_rows(assessment), looks(assessment))
    return file.getvalue()


KINDS = {"csv": (as_csv, read_csv), "xlsx": (as_xlsx, read_xlsx)}
both = pytest.mark.parametrize("kind", list(KINDS))


def exported(assessment: Assessment, kind: str) -> Sheet:
    write, read = KINDS[kind]
    return read(write(assessment))


def sheet_of(rows: Rows) -> Sheet:
    """A sheet as a person would make it by hand."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    file = io.StringIO()
    writer = csv.DictWriter(file, names)
    writer.writeheader()
    writer.writerows(rows)
    return read_csv(file.getvalue().encode())


def row(question: str = ONE, answer: object = 3, revision: object = 0, **more: object) -> dict[str, object]:
    named = {name.capitalize().replace("_", " "): value for name, value in more.items()}
    return {"Question": question, "Answer": answer, "Revision": revision, **named}


def said(outcome: Outcome) -> list[tuple[str, str]]:
    return [(problem.cell, problem.sentence) for problem in outcome.problems]


def quiet(outcome: Outcome) -> Outcome:
    return replace(outcome, warnings=())


def book_of(rows: list[list[Any]]) -> Sheet:
    book = Workbook()
    for cells in rows:
        book.active.append(cells)
    file = io.BytesIO()
    book.save(file)
    return read_xlsx(file.getvalue())


def through_a_program(assessment: Assessment) -> Workbook:
    """The CSV file, opened as spreadsheet programs do: numbers become numbers, the apostrophes stay."""
    book = Workbook()
    for cells in csv.reader(io.StringIO(as_csv(assessment).decode().removeprefix("\ufeff"), newline="")):
        book.active.append([int(cell) if cell.isdecimal() else cell or None for cell in cells])
    return book


def csv_lines_of(book: Workbook) -> list[list[Any]]:
    return [[cell.value for cell in cells] for cells in book.active.iter_rows()]


def saved(book: Workbook) -> Sheet:
    file = io.BytesIO()
    book.save(file)
    return read_xlsx(file.getvalue())


def after(outcome: Outcome) -> Mapping[str, GivenAnswer]:
    return {change.question.id: change.after for change in outcome.changes}


def apply(outcome: Outcome, assessment: Assessment, by: User) -> int:
    return apply_sheet(assessment=assessment, changes=outcome.changes, by=by, at=LATER)


def given_now(assessment: Assessment) -> dict[str, GivenAnswer]:
    return {question: given_of(stored) for question, stored in stored_answers(assessment).items()}


@pytest.fixture
def answered(assessment: Assessment, owner: User) -> Assessment:
    """An answer of every kind, with texts that are hard to carry."""
    nasty = GivenAnswer(
        State.GRADED, 2, "", '=1+1; -2\n\'=3\t@x "q" a,b 👩‍👩‍👧‍👦 _x0041_', "+evidence", "https://x.example/?a=1;=2"
    )
    make_answer(assessment, owner, ONE, nasty)
    make_answer(assessment, owner, TWO, GivenAnswer(State.NOT_APPLICABLE, None, "-none"))
    make_answer(assessment, owner, THREE, GivenAnswer(State.UNKNOWN, note="'@quoted"))
    make_answer(assessment, owner, "data.inventory", GivenAnswer(State.BLANK, note="only a note"))
    return assessment


class TestOut:
    def test_every_due_question_in_order(self, answered: Assessment) -> None:
        heads, rows = headings(answered), list(sheet_rows(answered))
        assert heads == [*COLUMNS, "Choice 0", "Choice 1", "Choice 2", "Choice 3", "Choice 4"]
        assert [cells[0] for cells in rows] == [question.id for question in answered.questions_due()]
        assert {len(cells) for cells in rows} == {len(heads)}

    def test_what_a_row_says(self, answered: Assessment, owner: User) -> None:
        question = answered.checklist.question_by_id[ONE]
        lines = [dict(zip(headings(answered), cells, strict=True)) for cells in sheet_rows(answered)]
        first = next(line for line in lines if line["Question"] == ONE)
        assert first["Number"] == "1.1"
        assert first["Question text"] == question.prompt
        assert (first["Answer"], first["Answer in words"]) == (2, question.choices[2])
        assert first[RUN] == f"{answered.project.slug} / {answered.pk}"
        assert (first["Revision"], first["Answered by"], first["Answered on"]) == (1, owner.name, AT.date())
        assert [first[f"Choice {level}"] for level in range(len(question.choices))] == list(question.choices)
        words = {line["Question"]: (line["Answer"], line["Answer in words"]) for line in lines}
        assert words[TWO] == ("not applicable", "Not applicable")
        assert words[THREE] == ("don't know", "Don't know")
        assert words["data.inventory"] == (None, None)
        untouched = next(line for line in lines if line["Question"] == "data.quality")
        assert (untouched["Revision"], untouched["Answered by"], untouched["Answered on"]) == (0, None, None)

    def test_who_left(self, answered: Assessment) -> None:
        Answer.objects.filter(question=ONE).update(answered_by=None)
        assert next(iter(sheet_rows(answered)))[12] == "A former member"

    def test_types_in_a_workbook(self, answered: Assessment) -> None:
        sheet = load_workbook(io.BytesIO(as_xlsx(answered))).active
        cells = dict(zip(headings(answered), sheet[2], strict=True))
        assert [cells[name].data_type for name in ("Number", "Answer", "Note", "Revision", "Answered on")] == list(
            "snsnd"
        )
        assert cells["Answer"].value == 2

    def test_how_a_workbook_looks(self, answered: Assessment) -> None:
        sheet = load_workbook(io.BytesIO(as_xlsx(answered))).active
        place = {name: number for number, name in enumerate(headings(answered))}
        head, first = sheet[1], sheet[2]
        assert all(cell.font.bold for cell in head)
        widths = {name: sheet.column_dimensions[head[number].column_letter].width for name, number in place.items()}
        assert max(widths[name] for name in ("Question", "Revision", RUN)) < 15
        assert min(widths[name] for name in ("Question text", "Reason", "Note", "Choice 0", "Choice 4")) >= 40
        for name in ("Question text", "Answer in words", "Note", "Reason", "Choice 0"):
            assert first[place[name]].alignment.wrap_text
        shaded = {name for name, number in place.items() if first[number].fill.fill_type == "solid"}
        assert shaded == {"Answer", "Reason", "Note", "Evidence title", "Evidence link"}
        (listed,) = sheet.data_validations.dataValidation
        assert listed.formula1 == '"0,1,2,3,4,don\'t know,not applicable"'
        assert str(listed.sqref) == f"F2:F{len(answered.questions_due()) + 1}"
        assert not listed.showErrorMessage

    def test_no_cell_is_a_formula(self, answered: Assessment) -> None:
        for cells in csv.reader(io.StringIO(as_csv(answered).decode().removeprefix("\ufeff"), newline="")):
            assert not [cell for cell in cells if cell.startswith(FORMULA_STARTS)]
        book = load_workbook(io.BytesIO(as_xlsx(answered)))
        assert not [cell for cells in book.active.iter_rows() for cell in cells if cell.data_type == "f"]

    def test_queries(self, answered: Assessment, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(1):
            list(sheet_rows(answered))


class TestRoundTrip:
    @both
    def test_nothing_changes(self, answered: Assessment, kind: str) -> None:
        outcome = read_sheet(exported(answered, kind), answered)
        assert outcome == Outcome(unchanged=len(answered.questions_due()))

    @both
    def test_an_empty_checklist_changes_nothing(self, assessment: Assessment, kind: str) -> None:
        assert read_sheet(exported(assessment, kind), assessment).changes == ()

    def test_csv_that_a_program_saved_as_a_workbook(self, answered: Assessment) -> None:
        book = through_a_program(answered)
        assert any(cell.value == "'+evidence" for cells in book.active.iter_rows() for cell in cells)
        assert read_sheet(saved(book), answered) == Outcome(unchanged=len(answered.questions_due()))

    def test_csv_that_a_program_saved_with_its_apostrophes(self, answered: Assessment) -> None:
        file = io.StringIO()
        csv.writer(file).writerows(csv_lines_of(through_a_program(answered)))
        again = "".join(csv_lines([], csv_lines_of(through_a_program(answered)))).encode()
        for data in (file.getvalue().encode(), again):
            assert read_sheet(read_csv(data), answered) == Outcome(unchanged=len(answered.questions_due()))

    def test_only_they_changed_what_has_apostrophes(self, answered: Assessment, editor: User) -> None:
        book = through_a_program(answered)
        make_answer(answered, editor, ONE, 4, base=1)
        assert read_sheet(saved(book), answered) == Outcome(unchanged=len(answered.questions_due()) - 1, kept=1)

    def test_edited_in_a_workbook(self, answered: Assessment, owner: User) -> None:
        book = load_workbook(io.BytesIO(as_xlsx(answered)))
        sheet, heads = book.active, headings(answered)
        wanted: dict[str, dict[str, Any]] = {}
        for place, cells in enumerate(sheet.iter_rows(min_row=2)):
            edited = {
                "Answer": place % 4,
                "Note": f"=note {place}\n- item",
                "Evidence link": f"https://x.example/{place}",
            }
            for name, value in edited.items():
                cell = cells[heads.index(name)]
                cell.value = value
                if isinstance(value, str):
                    cell.data_type = "s"
            wanted[cells[0].value] = edited
        file = io.BytesIO()
        book.save(file)
        outcome = read_sheet(read_xlsx(file.getvalue()), answered)
        assert (outcome.problems, outcome.conflicts) == ((), ())
        assert apply(outcome, answered, owner) == len(outcome.changes)
        for kind in KINDS:
            again = exported(answered, kind)
            for cells in again.rows:
                values = dict(zip(heads, (cell.value for cell in cells), strict=True))
                edited = wanted[str(values["Question"])]
                assert {name: str(values[name]) for name in edited} == {k: str(v) for k, v in edited.items()}
            assert read_sheet(again, answered).changes == ()

    def test_edited_in_csv_with_semicolons(self, answered: Assessment, owner: User) -> None:
        lines = list(csv.reader(io.StringIO(as_csv(answered).decode().removeprefix("\ufeff"), newline="")))
        heads = lines[0]
        for cells in lines[1:]:
            cells[heads.index("Answer")] = "don’t know"
            cells[heads.index("Reason")] = ""
        file = io.StringIO()
        csv.writer(file, delimiter=";").writerows(lines)
        outcome = read_sheet(read_csv(file.getvalue().encode()), answered)
        assert outcome.problems == ()
        apply(outcome, answered, owner)
        assert {given.state for given in given_now(answered).values()} == {State.UNKNOWN}
        assert given_now(answered)[ONE].note == '=1+1; -2\n\'=3\t@x "q" a,b 👩‍👩‍👧‍👦 _x0041_'
        assert read_sheet(exported(answered, "csv"), answered).changes == ()


class TestReading:
    @pytest.mark.parametrize(
        ("answer", "state", "level"),
        [
            (3, State.GRADED, 3),
            ("3.0", State.GRADED, 3),
            (" 0 ", State.GRADED, 0),
            ("don't know", State.UNKNOWN, None),
            ("Don’t  know", State.UNKNOWN, None),
            ("dont know", State.UNKNOWN, None),
            ("Unknown", State.UNKNOWN, None),
            ("2.9999999999999996", State.GRADED, 3),
        ],
    )
    def test_answers(self, assessment: Assessment, answer: object, state: str, level: int | None) -> None:
        outcome = read_sheet(sheet_of([row(ONE, answer)]), assessment)
        assert after(outcome) == {ONE: GivenAnswer(state, level)}

    def test_numbers_of_a_workbook(self, assessment: Assessment) -> None:
        book = Workbook()
        book.active.append(["Revision", "ANSWER", " question ", "Mine"])
        for question, answer in ((ONE, 3), (TWO, 3.0), (THREE, "3")):
            book.active.append([0.0, answer, question, "ignored"])
        file = io.BytesIO()
        book.save(file)
        outcome = read_sheet(read_xlsx(file.getvalue()), assessment)
        assert {given.level for given in after(outcome).values()} == {3}
        assert len(outcome.changes) == 3

    @pytest.mark.parametrize("answer", ["n/a", "N/A", "na", "NA", "Not applicable"])
    def test_words_for_not_applicable(self, assessment: Assessment, answer: str) -> None:
        outcome = read_sheet(sheet_of([row(ONE, answer, reason="None here.")]), assessment)
        assert after(outcome) == {ONE: GivenAnswer(State.NOT_APPLICABLE, None, "None here.")}

    @pytest.mark.parametrize(("number", "level"), [(2.9999999999999996, 3), (1e-17, 0), (2.0000000001, 2)])
    def test_what_arithmetic_leaves_over(self, assessment: Assessment, number: float, level: int) -> None:
        sheet = book_of([["Question", "Answer", "Revision"], [ONE, number, 0]])
        assert after(read_sheet(sheet, assessment))[ONE].level == level

    def test_the_sentence_of_a_choice(self, assessment: Assessment) -> None:
        choice = assessment.checklist.question_by_id[ONE].choices[1]
        assert after(read_sheet(sheet_of([row(ONE, choice)]), assessment))[ONE].level == 1

    @pytest.mark.parametrize("answer", ["9", "-1", "3.5", "3.00001", "yes", "dk", "3 ", "²", "٣", "TRUE"])
    def test_what_is_no_answer(self, assessment: Assessment, answer: str) -> None:
        outcome = read_sheet(sheet_of([row(ONE, answer)]), assessment)
        if answer == "3 ":
            assert after(outcome)[ONE].level == 3
            return
        (problem,) = outcome.problems
        assert problem.cell == "B2"
        assert problem.sentence.startswith(f"Answer holds “{answer}”: write 0 to 4, ")

    @pytest.mark.parametrize("revision", ["", "-1", "x", "1.5", "9" * 11, "3000000000"])
    def test_what_is_no_revision(self, assessment: Assessment, revision: str) -> None:
        (problem,) = read_sheet(sheet_of([row(ONE, 3, revision)]), assessment).problems
        assert problem.cell == "C2"
        found = "" if revision == "3000000000" else f" holds “{revision}”" if revision else " is empty"
        assert problem.sentence.startswith(f"Revision{found}: this must be ")

    def test_a_missing_column_keeps_what_is_stored(self, answered: Assessment) -> None:
        before = given_now(answered)[ONE]
        (changed,) = read_sheet(sheet_of([row(ONE, 4, 1)]), answered).changes
        assert changed.before == before
        assert (changed.after.level, changed.after.note) == (4, before.note)

    def test_an_empty_cell_clears_it(self, answered: Assessment) -> None:
        outcome = read_sheet(sheet_of([row(ONE, "", 1, note="", evidence_title="", evidence_link="")]), answered)
        assert after(outcome) == {ONE: GivenAnswer()}

    def test_a_row_that_is_missing_changes_nothing(self, answered: Assessment) -> None:
        outcome = read_sheet(sheet_of([row(TWO, "not applicable", 1)]), answered)
        assert quiet(outcome) == Outcome(unchanged=1)

    def test_formulas_and_errors_by_cell_with_the_rest(self, assessment: Assessment) -> None:
        formula = "holds a formula. Put the value itself there."
        sheet = book_of(
            [
                ["Question", "Answer", "Revision", "Note", "Mine", "Answer in words"],
                [ONE, "=1+1", 0, "=A1", "=A1", "=A1"],
                [TWO, "#N/A", "=1", "x", "#REF!", None],
                ["=1", 9, 0, "#NAME?", None, None],
                [THREE, 9, 0, None, "=1", None],
                ["data.quality", 3, 0, None, "=1", "=1"],
                [None, None, None, None, "=1", "=1"],
            ]
        )
        outcome = read_sheet(sheet, assessment)
        assert said(outcome) == [
            ("B2", f"Answer {formula}"),
            ("D2", f"Note {formula}"),
            ("B3", "Answer holds the error #N/A. Put a value there."),
            ("C3", f"Revision {formula}"),
            ("A4", f"Question {formula}"),
            ("D4", "Note holds the error #NAME?. Put a value there."),
            (
                "B5",
                "Answer holds “9”: write 0 to 4, don't know, not applicable, the whole sentence of a choice, "
                "or nothing.",
            ),
        ]
        assert list(after(outcome)) == ["data.quality"]

    def test_a_formula_as_a_heading(self, assessment: Assessment) -> None:
        sheet = book_of([["Question", "Answer", "Revision", "=1"], [ONE, 3, 0, "x"]])
        outcome = read_sheet(sheet, assessment)
        assert after(outcome)[ONE].level == 3
        assert "Columns that are not read: D1." in outcome.warnings

    def test_an_answer_that_is_changed_only_in_words(self, answered: Assessment) -> None:
        choices = answered.checklist.question_by_id[ONE].choices
        rows = [
            row(ONE, 2, 1, answer_in_words=f" {choices[4]}"),
            row(TWO, "not applicable", 1, answer_in_words="Don't know"),
            row("data.quality", "", 0, answer_in_words="Don't know"),
        ]
        start = choices[4] if len(choices[4]) <= 60 else f"{choices[4][:59]}…"
        assert said(read_sheet(sheet_of(rows), answered)) == [
            ("D2", f"D2 says “{start}”, but B2 says 2: change column Answer."),
            ("D3", "D3 says “Don't know”, but B3 says not applicable: change column Answer."),
            ("D4", "D4 says “Don't know”, but B4 is empty: change column Answer."),
        ]

    def test_words_that_do_not_contradict(self, answered: Assessment, editor: User) -> None:
        choices = answered.checklist.question_by_id[ONE].choices
        for answer, words in ((4, choices[2]), (4, choices[4]), (2, choices[2]), (2, ""), (2, "our own words")):
            assert said(read_sheet(sheet_of([row(ONE, answer, 1, answer_in_words=words)]), answered)) == []
        make_answer(answered, editor, ONE, 4, base=1)
        assert said(read_sheet(sheet_of([row(ONE, 4, 1, answer_in_words=choices[2])]), answered)) == []
        (problem,) = read_sheet(sheet_of([row(ONE, 2, 1, answer_in_words=choices[3])]), answered).problems
        assert problem.cell == "D2"

    def test_answers_that_would_be_cleared_are_counted(self, answered: Assessment) -> None:
        rows = [row(ONE, "", 1), row(THREE, "", 1), row("data.quality", 2, 0), row("data.inventory", "", 1, note="n")]
        outcome = read_sheet(sheet_of(rows), answered)
        assert outcome.cleared == 2
        assert [change.question.id for change in outcome.changes if change.is_cleared] == [ONE, THREE]

    def test_what_is_not_read_is_named(self, assessment: Assessment) -> None:
        head = ["Question", "ANSWER", "Revision", "Commentary", None, "Choice 1", "Number", RUN, "Reason"]
        cells: list[object] = [ONE, 3, 0, "lost", "lost", "x", "1.1", run_name(assessment), None, "lost"]
        assert read_sheet(book_of([head, cells]), assessment).warnings == (
            "Columns that are not read: “Commentary”, E (without a heading), J (without a heading).",
            "The file has no column “Note”, “Evidence title”, “Evidence link”. What is stored there stays.",
        )
        many = read_sheet(sheet_of([row(ONE, 3, 0, **{f"mine{place}": "" for place in range(12)})]), assessment)
        assert many.warnings[1].endswith("“Mine9” and 2 more.")

    def test_everything_wrong_at_once_by_cell(self, assessment: Assessment) -> None:
        later = next(q for q in assessment.checklist.questions if q not in assessment.questions_due())
        rows = [
            row("no.such", 3, note="", evidence_title="", evidence_link="", reason=""),
            row(later.id, 3),
            row(ONE, "perhaps", "soon"),
            row(ONE, 3),
            row(TWO, "not applicable"),
            row(THREE, 1, note="n" * 4001),
            row("data.inventory", 1, evidence_link="ftp://x.example"),
            row("", 2),
        ]
        assert said(read_sheet(sheet_of(rows), assessment)) == [
            ("A2", "Question: the checklist has none with the name “no.such”."),
            ("A3", f"Question: {later.id} is not asked at the project's stage."),
            ("B4", PERHAPS),
            (
                "C4",
                "Revision holds “soon”: this must be the whole number that came with the file, 0 for no answer yet.",
            ),
            ("A5", f"Question: {ONE} stands in A4 already."),
            ("G6", "Reason: say why the question does not apply. It is printed in the report."),
            ("D7", "Note: at most 4,000 characters, this has 4,001."),
            ("F8", "Evidence link: this must be an address that starts with http:// or https://."),
            ("A9", "Question: this row does not say which question it is about."),
        ]

    def test_a_field_without_a_column_is_named_at_the_answer(self, assessment: Assessment) -> None:
        assert said(read_sheet(sheet_of([row(ONE, "not applicable")]), assessment))[0][0] == "B2"

    def test_at_most_fifty_are_shown(self, assessment: Assessment) -> None:
        outcome = read_sheet(sheet_of([row(f"no.such{place}") for place in range(70)]), assessment)
        assert len(outcome.problems_shown) == 50
        assert outcome.problems_left == 20

    @pytest.mark.parametrize(
        ("heads", "expected"),
        [
            ("Question,Revision", [("", "There is no column “Answer”. The first row must hold the headings.")]),
            (
                "Question,Answer,Revision,answer",
                [("D1", "The heading “Answer” is there twice. Keep one of the columns.")],
            ),
        ],
    )
    def test_headings(self, assessment: Assessment, heads: str, expected: list[tuple[str, str]]) -> None:
        assert said(read_sheet(read_csv(f"{heads}\n{ONE},1,0,2\n".encode()), assessment)) == expected

    def test_other_kinds_of_cells_in_texts(self, assessment: Assessment) -> None:
        book = Workbook()
        book.active.append(["Question", "Answer", "Revision", "Note"])
        notes = {ONE: 12, TWO: 2.5, THREE: date(2026, 3, 14), "data.inventory": True}
        for question, note in notes.items():
            book.active.append([question, 1, 0, note])
        file = io.BytesIO()
        book.save(file)
        outcome = read_sheet(read_xlsx(file.getvalue()), assessment)
        assert [given.note for given in after(outcome).values()] == ["12", "2.5", "2026-03-14", "TRUE"]

    def test_queries(self, answered: Assessment, django_assert_num_queries: Any) -> None:
        sheet = exported(answered, "csv")
        with django_assert_num_queries(2):
            read_sheet(sheet, answered)


class TestMeanwhile:
    def test_both_changed_it(self, answered: Assessment, editor: User) -> None:
        make_answer(answered, editor, ONE, GivenAnswer(State.GRADED, 0, "", "theirs"), base=1)
        outcome = read_sheet(sheet_of([row(ONE, 4, 1, note="mine")]), answered)
        assert outcome.changes == ()
        (conflict,) = outcome.conflicts
        assert (conflict.stored.level, conflict.stored.note) == (0, "theirs")
        assert (conflict.wanted.level, conflict.wanted.note) == (4, "mine")
        assert conflict.row is not None
        assert conflict.row.answered_by == editor

    def test_both_said_the_same(self, answered: Assessment, editor: User) -> None:
        make_answer(answered, editor, ONE, GivenAnswer(State.GRADED, 4), base=1)
        outcome = read_sheet(sheet_of([row(ONE, 4, 1, note="", evidence_title="", evidence_link="")]), answered)
        assert quiet(outcome) == Outcome(unchanged=1)

    @both
    def test_only_they_changed_it(self, answered: Assessment, editor: User, kind: str) -> None:
        """A row that nobody touched in the file does not take their work back."""
        sheet = exported(answered, kind)
        make_answer(answered, editor, ONE, 4, base=1)
        make_answer(answered, editor, "data.quality", 4)
        outcome = read_sheet(sheet, answered)
        assert outcome == Outcome(unchanged=len(answered.questions_due()) - 2, kept=2)

    def test_a_revision_that_never_was(self, answered: Assessment) -> None:
        assert len(read_sheet(sheet_of([row(ONE, 4, 7)]), answered).conflicts) == 1
        assert len(read_sheet(sheet_of([row("data.quality", 4, 7)]), answered).conflicts) == 1


class TestOfAnotherRun:
    @both
    def test_another_project(self, answered: Assessment, owner: User, kind: str) -> None:
        other = make_assessment(make_project(answered.project.organisation, owner, name="Other"), owner)
        with pytest.raises(SheetRefused) as caught:
            read_sheet(exported(other, kind), answered)
        assert str(caught.value) == (
            f"O2: this row belongs to “{other.project.slug} / {other.pk}”, and this checklist is "
            f"“{answered.project.slug} / {answered.pk}”. A file is read only into the project and the run that it was "
            "made from."
        )

    def test_an_earlier_run(self, answered: Assessment, owner: User) -> None:
        sheet = exported(answered, "csv")
        make_snapshot(answered, owner, closes=True)
        newer = make_assessment(answered.project, owner)
        with pytest.raises(SheetRefused, match=f"“{run_name(answered)}”, and this checklist is “{run_name(newer)}”"):
            read_sheet(sheet, newer)

    def test_one_row_of_another_run(self, answered: Assessment) -> None:
        rows = [row(ONE, 3, 1) | {RUN: name} for name in (run_name(answered), "", "a / 1")]
        with pytest.raises(SheetRefused, match="D4: this row belongs to “a / 1”"):
            read_sheet(sheet_of(rows), answered)

    def test_a_file_that_does_not_say(self, answered: Assessment) -> None:
        for more in ({}, {RUN: ""}):
            outcome = read_sheet(sheet_of([row(ONE, 3, 1) | more]), answered)
            assert not outcome.problems
            assert outcome.warnings[0] == NO_RUN
        outcome = read_sheet(sheet_of([row(ONE, 3, 1) | {RUN: f" {run_name(answered)}"}]), answered)
        assert (outcome.problems, NO_RUN in outcome.warnings) == ((), False)

    def test_rows_with_nothing_but_the_run_are_empty(self, answered: Assessment) -> None:
        outcome = read_sheet(sheet_of([{**row("", "", ""), RUN: run_name(answered)}, row(ONE, 3, 1)]), answered)
        assert (outcome.problems, len(outcome.changes)) == ((), 1)


class TestApply:
    def test_saved_with_history_and_one_row_in_the_trail(self, answered: Assessment, editor: User) -> None:
        before = figures_of(answered.project).answered
        sheet = sheet_of([row(ONE, 4, 1), row("data.quality", 1), row(TWO, "not applicable", 1)])
        outcome = read_sheet(sheet, answered)
        assert apply(outcome, answered, editor) == 2
        stored = stored_answers(answered)
        assert (stored[ONE].level, stored[ONE].revision, stored[ONE].answered_by) == (4, 2, editor)
        assert stored[ONE].answered_at == LATER
        assert AnswerChange.objects.filter(by=editor, at=LATER).count() == 2
        assert figures_of(answered.project).answered == before + 1
        event = AuditEvent.objects.get(verb="answers.imported")
        assert (event.actor, event.thing, event.detail) == (editor, answered.project.slug, {"count": 2})

    def test_a_second_time_nothing_happens(self, answered: Assessment, owner: User) -> None:
        outcome = read_sheet(sheet_of([row(ONE, 4, 1)]), answered)
        assert apply(outcome, answered, owner) == 1
        assert apply(outcome, answered, owner) == 0
        assert AuditEvent.objects.filter(verb="answers.imported").count() == 1
        assert stored_answers(answered)[ONE].revision == 2

    def test_one_conflict_undoes_everything(self, answered: Assessment, owner: User, editor: User) -> None:
        outcome = read_sheet(sheet_of([row("data.quality", 1), row(ONE, 4, 1), row(THREE, 4, 1)]), answered)
        make_answer(answered, editor, ONE, 0, base=1)
        make_answer(answered, editor, THREE, 0, base=1)
        before = given_now(answered)
        with pytest.raises(SheetOutdated, match="2 of these answers changed in the meantime"):
            apply(outcome, answered, owner)
        assert given_now(answered) == before
        assert not AuditEvent.objects.filter(verb="answers.imported").exists()
        assert not AnswerChange.objects.filter(at=LATER).exists()

    def test_one_refusal_undoes_everything(self, answered: Assessment, owner: User) -> None:
        outcome = read_sheet(sheet_of([row("data.quality", 1)]), answered)
        bad = Change(outcome.changes[0].question, GivenAnswer(), GivenAnswer(State.GRADED, 9), 1)
        before = given_now(answered)
        with pytest.raises(AnswerRefused):
            apply_sheet(assessment=answered, changes=[*outcome.changes, bad], by=owner, at=LATER)
        assert given_now(answered) == before

    def test_closed_meanwhile(self, answered: Assessment, owner: User) -> None:
        outcome = read_sheet(sheet_of([row("data.quality", 1)]), answered)
        make_snapshot(answered, owner, closes=True)
        with pytest.raises(AssessmentClosed):
            apply(outcome, answered, owner)

    def test_a_whole_checklist(self, assessment: Assessment, project: Project, owner: User) -> None:
        rows = [row(question.id, "3", 0, note=str(uuid.uuid4())) for question in assessment.questions_due()]
        outcome = read_sheet(sheet_of(rows), assessment)
        assert apply(outcome, assessment, owner) == len(rows)
        assert figures_of(project).answered == len(rows)

    def test_over_a_whole_checklist(self, assessment: Assessment, owner: User) -> None:
        answer_all(assessment, owner)
        lines = exported(assessment, "csv")
        rows = [row(str(cells[0].value), 1, 1) for cells in lines.rows]
        assert apply(read_sheet(sheet_of(rows), assessment), assessment, owner) == len(rows)
