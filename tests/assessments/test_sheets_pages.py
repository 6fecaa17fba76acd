"""The answers as files, and the pages on which a file comes back: looked at first, then saved."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.texts import clean_text
from assessments.models import Answer, Assessment, State
from assessments.services import GivenAnswer
from assessments.sheets import NO_RUN, RUN
from projects.models import Project, Stage
from spreadsheets.reading import read_csv, read_xlsx
from spreadsheets.sheet import Sheet
from tests.access.dump import changed_tables, dump_tables
from tests.make import AT, answer_all, make_answer, make_project, make_snapshot
from tests.site.cases import refused_when_archived, signed_in, text, usual_cases
from tests.site.markup import Response, faults, parse
from tests.site.test_nasty_input import NASTY, REFUSED
from tests.site.test_user_texts import PAYLOADS, escapes
from tests.spreadsheets.books import book_of

ONE, TWO, THREE = "problem.statement", "problem.objective", "data.access"
ANSWERING = ("owner", "editor", "respondent")
SESSION = {"usersessions_usersession", "accounts_user"}


def upload(user: User, project: Project, data: bytes | str, name: str = "answers.csv") -> Response:
    data = data.encode() if isinstance(data, str) else data
    form = {"file": SimpleUploadedFile(name, data)}
    return signed_in(user).post(reverse("assessments:import_answers", args=[project.slug]), form)


def confirm(user: User, project: Project, page: Response) -> Response:
    """Presses the button of the page, as a browser would."""
    (form,) = parse(page.content).xpath("//main//form")
    fields = {item.get("name"): item.get("value") for item in form.xpath(".//input[@type='hidden']")}
    return signed_in(user).post(form.get("action"), fields)


def has_button(page: Response) -> bool:
    return bool(parse(page.content).xpath("//main//form//button"))


def words(page: Response) -> str:
    return " ".join(" ".join(parse(page.content).xpath("//main")[0].itertext()).split())


def sheet_at(user: User, project: Project, kind: str) -> Sheet:
    response = signed_in(user).get(reverse(f"assessments:answers_{kind}", args=[project.slug]))
    assert response.status_code == 200
    return read_csv(response.content) if kind == "csv" else read_xlsx(response.content)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
class TestFiles:
    def test_usual_cases(self, project: Project, assessment: Assessment, owner: User, kind: str) -> None:
        usual_cases(
            reverse(f"assessments:answers_{kind}", args=[project.slug]),
            owner,
            other_methods=("post", "put", "delete", "patch", "options"),
        )

    def test_as_a_file_with_a_name(self, project: Project, assessment: Assessment, viewer: User, kind: str) -> None:
        response = signed_in(viewer).get(reverse(f"assessments:answers_{kind}", args=[project.slug]))
        day = datetime.now(UTC).date().isoformat()
        assert response.headers["Content-Disposition"] == f'attachment; filename="answers-{project.slug}-{day}.{kind}"'
        assert "no-store" in response.headers["Cache-Control"]

    def test_closed_and_archived_can_be_downloaded(
        self, project: Project, assessment: Assessment, owner: User, kind: str
    ) -> None:
        answer_all(assessment, owner)
        make_snapshot(assessment, owner, closes=True)
        Project.objects.filter(pk=project.pk).update(archived_at=AT, stage=Stage.PRODUCTION)
        assert len(sheet_at(owner, project, kind).rows) == len(assessment.questions_due())

    def test_without_a_checklist(self, project: Project, owner: User, kind: str) -> None:
        assert signed_in(owner).get(reverse(f"assessments:answers_{kind}", args=[project.slug])).status_code == 404

    def test_queries(
        self,
        project: Project,
        assessment: Assessment,
        owner: User,
        kind: str,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        client = signed_in(owner)
        with django_assert_num_queries(5):
            client.get(reverse(f"assessments:answers_{kind}", args=[project.slug]))

    def test_there_and_back(self, project: Project, assessment: Assessment, owner: User, kind: str) -> None:
        make_answer(assessment, owner, ONE, GivenAnswer(State.GRADED, 1, "", "=1+1", "@title", "https://x.example/"))
        data = signed_in(owner).get(reverse(f"assessments:answers_{kind}", args=[project.slug])).content
        before = dump_tables(without=SESSION)
        page = upload(owner, project, data, f"answers.{kind.upper()}")
        assert page.status_code == 200
        assert "Nothing would change." in words(page)
        assert not has_button(page)
        assert changed_tables(before, dump_tables(without=SESSION)) == []


class TestForm:
    @pytest.fixture
    def url(self, project: Project) -> str:
        return reverse("assessments:import_answers", args=[project.slug])

    def test_usual_cases(self, url: str, assessment: Assessment, owner: User) -> None:
        usual_cases(url, owner, may=ANSWERING)

    def test_says_its_limits(self, url: str, assessment: Assessment, owner: User) -> None:
        page = words(signed_in(owner).get(url))
        assert ".csv in UTF-8 or .xlsx, at most 2.5 MB, 2,000 rows and 60 columns." in page

    def test_archived(self, url: str, project: Project, assessment: Assessment, owner: User) -> None:
        Project.objects.filter(pk=project.pk).update(archived_at=AT)
        refused_when_archived(url, owner, {})
        refused_when_archived(reverse("assessments:apply_import", args=[project.slug]), owner, {})
        assert "archived" in text(signed_in(owner).get(url))

    def test_closed(self, url: str, project: Project, assessment: Assessment, owner: User) -> None:
        make_snapshot(assessment, owner, closes=True)
        page = signed_in(owner).get(url)
        assert page.status_code == 200
        assert "This checklist was closed." in words(page)
        assert not has_button(page)
        for address in (url, reverse("assessments:apply_import", args=[project.slug])):
            response = signed_in(owner).post(address, {f"{ONE}:revision": "0", f"{ONE}:choice": "1"})
            assert response.status_code == 422
            assert "This checklist was closed." in words(response)
        assert not Answer.objects.exists()

    def test_without_a_checklist(self, url: str, owner: User) -> None:
        assert "no checklist yet" in words(signed_in(owner).get(url))
        assert signed_in(owner).post(url).status_code == 422

    def test_is_found_from_the_answers(
        self, project: Project, assessment: Assessment, owner: User, viewer: User
    ) -> None:
        check = reverse("assessments:check", args=[project.slug])
        links = ["import_answers", "answers_csv", "answers_xlsx"]
        addresses = [reverse(f"assessments:{name}", args=[project.slug]) for name in links]
        for user, expected in ((owner, addresses), (viewer, addresses[1:])):
            found = parse(signed_in(user).get(check).content).xpath("//a[contains(@class, 'quiet')]/@href")
            assert [link for link in found if link in addresses] == expected

    def test_queries(
        self, url: str, assessment: Assessment, owner: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        client = signed_in(owner)
        with django_assert_num_queries(5):
            client.get(url)


class TestFilesThatAreRefused:
    @pytest.mark.parametrize(
        ("data", "name", "said"),
        [
            (b"", "answers.csv", "there is nothing in it."),
            (b"x", "answers.pdf", "only files that end in .csv or .xlsx can be read."),
            (b"x", "answers", "only files that end in .csv or .xlsx can be read."),
            ("Question\ncafé".encode("latin-1"), "a.csv", "this is not UTF-8."),
            (b"Question\x00", "a.csv", "it holds a NUL character"),
            (b"Question\n" + b"x\n" * 2001, "a.csv", "at most 2,000 rows"),
            (b"not a workbook", "a.xlsx", "this is no workbook"),
            (b"PK\x03\x04", "a.xlsx", "this is no workbook"),
        ],
    )
    def test_with_a_sentence(
        self, project: Project, assessment: Assessment, owner: User, data: bytes, name: str, said: str
    ) -> None:
        before = dump_tables(without=SESSION)
        response = upload(owner, project, data, name)
        assert response.status_code == 422
        (problem,) = parse(response.content).xpath("//*[@role='alert']")
        assert said in problem.text_content()
        assert faults(response.content) == []
        assert changed_tables(before, dump_tables(without=SESSION)) == []

    def test_a_formula_by_its_cell(self, project: Project, assessment: Assessment, owner: User) -> None:
        head = "".join(f'<c t="str"><v>{name}</v></c>' for name in ("Question", "Answer", "Revision", "Mine"))
        cells = f'<c t="str"><v>{ONE}</v></c><c><f>1+1</f><v>2</v></c><c><v>0</v></c><c><f>1+1</f></c>'
        response = upload(owner, project, book_of(f'<row r="1">{head}</row><row r="7">{cells}</row>'), "a.xlsx")
        assert response.status_code == 422
        assert "1 cell" in words(response)
        assert "B7 Answer holds a formula." in words(response)

    def test_no_file(self, project: Project, assessment: Assessment, owner: User) -> None:
        url = reverse("assessments:import_answers", args=[project.slug])
        for form in ({}, {"file": "a text"}):
            response = signed_in(owner).post(url, form)
            assert response.status_code == 422
            assert "File: choose a file that ends in .csv or .xlsx." in words(response)

    @pytest.mark.parametrize("size", [2_500_001, 2_700_000, 30_000_000])
    def test_too_large(self, project: Project, assessment: Assessment, owner: User, size: int) -> None:
        """Also far above what a form may have: the page itself says so."""
        response = upload(owner, project, b"x" * size)
        assert response.status_code == 413
        assert "File: at most 2.5 MB can be read, this has " in words(response)
        assert faults(response.content) == []

    def test_as_large_as_may_be(self, project: Project, assessment: Assessment, owner: User) -> None:
        response = upload(owner, project, b"A\n" + b"," * 2_499_998)
        assert "at most 60 columns can be read." not in words(response)
        assert "There is no column “Question”." in words(response)


class TestPreview:
    def test_before_and_after_in_words(self, project: Project, assessment: Assessment, owner: User) -> None:
        make_answer(assessment, owner, ONE, GivenAnswer(State.GRADED, 1, "", "old note"))
        make_answer(assessment, owner, TWO, 2)
        before = dump_tables(without=SESSION)
        lines = f"Question,Answer,Revision,Note\n{ONE},4,1,new note\n{TWO},2,1,\n{THREE},don't know,0,\n"
        page = upload(owner, project, lines)
        assert page.status_code == 200
        rows = [" ".join(row.text_content().split()) for row in parse(page.content).xpath("//tbody/tr")]
        choices = assessment.checklist.question_by_id[ONE].choices
        assert len(rows) == 2
        for part in (choices[1], choices[4], "note changed", "old note", "new note"):
            assert part in rows[0]
        assert "Not answered" in rows[1]
        assert "Don't know" in rows[1]
        assert "2 answers would change. 1 answer in it is as stored." in words(page)
        assert "Change 2 answers" in words(page)
        assert faults(page.content) == []
        assert changed_tables(before, dump_tables(without=SESSION)) == []

    def test_errors_by_cell_and_no_button(self, project: Project, assessment: Assessment, owner: User) -> None:
        lines = f"Question,Answer,Revision\n{ONE},9,0\n{TWO},1,x\n{THREE},1,0\n"
        page = upload(owner, project, lines)
        assert page.status_code == 422
        assert "B2 Answer holds “9”: write 0 to 4" in words(page)
        assert "C3 Revision holds “x”: this must be the whole number" in words(page)
        assert not has_button(page)
        assert faults(page.content) == []

    def test_what_is_cleared_and_what_is_not_read(self, project: Project, assessment: Assessment, owner: User) -> None:
        make_answer(assessment, owner, ONE, 1)
        page = upload(owner, project, f"Question,Answer,Revision,My <b>\n{ONE},,1,x\n{TWO},1,0,\n")
        assert page.status_code == 200
        assert "2 answers would change. 1 answer would be cleared." in words(page)
        assert [" ".join(tag.itertext()) for tag in parse(page.content).xpath("//main//tbody//*[text()='cleared']")]
        notes = [note.text_content() for note in parse(page.content).xpath("//main//*[@class='note']")]
        expected = (NO_RUN, "Columns that are not read: “My <b>”", "no column “Reason”")
        for note, part in zip(notes, expected, strict=True):
            assert part in note
        assert faults(page.content) == []

    def test_a_file_of_another_project(self, project: Project, assessment: Assessment, owner: User) -> None:
        other = make_project(project.organisation, owner, name="Other")
        signed_in(owner).post(reverse("assessments:start", args=[other.slug]))
        data = signed_in(owner).get(reverse("assessments:answers_xlsx", args=[other.slug])).content
        page = upload(owner, project, data, "answers.xlsx")
        assert page.status_code == 422
        (problem,) = parse(page.content).xpath("//*[@role='alert']")
        assert f"O2: this row belongs to “{other.slug} / " in problem.text_content()
        assert f"this checklist is “{project.slug} / {assessment.pk}”" in problem.text_content()
        assert faults(page.content) == []
        assert not Answer.objects.exists()

    def test_what_no_page_can_hold_is_shown_all_the_same(
        self, project: Project, assessment: Assessment, owner: User
    ) -> None:
        """A workbook writes half of a character as _xD800_."""
        half = '<c t="str"><v>a_xD800_</v></c>'

        def row(*names: str) -> str:
            cells = "".join(f'<c t="str"><v>{name}</v></c>' for name in names)
            return f"<row>{cells}{half}</row>"

        head, run = row("Question", "Answer", "Revision", "Note"), row("Question", "Answer", "Revision", "Note", RUN)
        run = run.replace(half, "") + row(ONE, "1", "0", "")
        for rows in (
            head + f'<row>{half}<c t="str"><v>1</v></c></row>',
            head + f'<row><c t="str"><v>{ONE}</v></c>{half}<c><v>0</v></c></row>',
            head + f'<row><c t="str"><v>{ONE}</v></c><c><v>1</v></c>{half}</row>',
            head + f'<row><c t="str"><v>{ONE}</v></c><c><v>1</v></c><c><v>0</v></c>{half}</row>',
            run,
        ):
            page = upload(owner, project, book_of(rows), "a.xlsx")
            assert page.status_code == 422
            assert faults(page.content) == []

    def test_many_errors(self, project: Project, assessment: Assessment, owner: User) -> None:
        page = upload(owner, project, "Question,Answer,Revision\n" + "no.such,1,0\n" * 70)
        assert len(parse(page.content).xpath("//tbody/tr")) == 50
        assert "And 20 more. The first 50 are shown." in words(page)

    def test_a_conflict_shows_both(self, project: Project, assessment: Assessment, owner: User, editor: User) -> None:
        make_answer(assessment, editor, ONE, GivenAnswer(State.GRADED, 1, "", "theirs"))
        page = upload(owner, project, f"Question,Answer,Revision,Note\n{ONE},4,0,mine\n{TWO},1,0,\n")
        choices = assessment.checklist.question_by_id[ONE].choices
        assert page.status_code == 200
        row = " ".join(parse(page.content).xpath("//tbody/tr")[0].text_content().split())
        for part in (choices[1], choices[4], "theirs", "mine", editor.name):
            assert part in row
        assert "Change 1 answer" in words(page)
        assert faults(page.content) == []
        assert confirm(owner, project, page).status_code == 302
        assert Answer.objects.get(question=ONE).level == 1

    @pytest.mark.parametrize("payload", PAYLOADS)
    def test_texts_are_texts(self, project: Project, assessment: Assessment, owner: User, payload: str) -> None:
        make_answer(assessment, owner, TWO, 1)
        file = io.StringIO()
        writer = csv.writer(file)
        writer.writerow(["Question", "Answer", "Revision", "Note", "Reason", payload])
        writer.writerows([[ONE, 1, 0, payload, "", ""], [TWO, 2, 0, payload, "", ""], [THREE, payload, 0, "", "", ""]])
        writer.writerow([payload, 1, 0, "", "", ""])
        for lines in (file.getvalue(), "\n".join(file.getvalue().split("\n")[:3])):
            page = text(upload(owner, project, lines))
            assert "xss7" in page
            assert escapes(page) == []

    def test_queries(
        self, project: Project, assessment: Assessment, owner: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        answer_all(assessment, owner)
        rows = "".join(f"{question.id},1,1\n" for question in assessment.questions_due())
        url, client = reverse("assessments:import_answers", args=[project.slug]), signed_in(owner)
        file = SimpleUploadedFile("a.csv", b"Question,Answer,Revision\n" + rows.encode())
        with django_assert_num_queries(7):
            client.post(url, {"file": file})


class TestConfirm:
    def test_saves_what_was_shown(self, project: Project, assessment: Assessment, owner: User) -> None:
        make_answer(assessment, owner, ONE, GivenAnswer(State.GRADED, 1, "", "old", "Title", "https://x.example/"))
        note = 'a "note"\n- with <tags>\n= and signs'
        file = io.StringIO()
        writer = csv.writer(file)
        writer.writerow(["Question", "Answer", "Revision", "Note", "Reason"])
        writer.writerows([[ONE, 4, 1, note, ""], [TWO, "not applicable", 0, "", "Nothing of the kind."]])
        page = upload(owner, project, file.getvalue())
        response = confirm(owner, project, page)
        assert response.status_code == 302
        assert response.headers["Location"] == reverse("assessments:check", args=[project.slug])
        one, two = Answer.objects.get(question=ONE), Answer.objects.get(question=TWO)
        assert (one.level, one.note, one.evidence_title, one.revision) == (4, note, "Title", 2)
        assert (two.state, two.reason) == (State.NOT_APPLICABLE, "Nothing of the kind.")

    def test_says_how_many(self, project: Project, assessment: Assessment, owner: User) -> None:
        page = upload(owner, project, f"Question,Answer,Revision\n{ONE},1,0\n{TWO},1,0\n")
        (form,) = parse(page.content).xpath("//main//form")
        fields = {item.get("name"): item.get("value") for item in form.xpath(".//input[@type='hidden']")}
        client = signed_in(owner)
        assert "2 answers changed." in text(client.post(form.get("action"), fields, follow=True))
        assert "Nothing had changed." in text(client.post(form.get("action"), fields, follow=True))

    def test_usual_cases(self, project: Project, assessment: Assessment, owner: User) -> None:
        usual_cases(
            reverse("assessments:apply_import", args=[project.slug]),
            owner,
            may=ANSWERING,
            form={f"{ONE}:revision": "0", f"{ONE}:choice": "1"},
            other_methods=("get", "put", "delete", "patch", "options"),
        )

    def test_a_conflict_in_between_saves_nothing_and_is_shown(
        self, project: Project, assessment: Assessment, owner: User, editor: User
    ) -> None:
        page = upload(owner, project, f"Question,Answer,Revision\n{ONE},4,0\n{TWO},1,0\n")
        make_answer(assessment, editor, ONE, GivenAnswer(State.GRADED, 1))
        before = dump_tables(without=SESSION)
        late = confirm(owner, project, page)
        assert late.status_code == 409
        assert "Nothing was saved." in words(late)
        assert "Somebody else changed some of these answers in the meantime." in words(late)
        assert assessment.checklist.question_by_id[ONE].choices[1] in words(late)
        assert faults(late.content) == []
        assert changed_tables(before, dump_tables(without=SESSION)) == []
        assert confirm(owner, project, late).status_code == 302
        assert Answer.objects.get(question=ONE).level == 1
        assert Answer.objects.get(question=TWO).level == 1

    def test_a_newer_run(self, project: Project, assessment: Assessment, owner: User) -> None:
        page = upload(owner, project, f"Question,Answer,Revision\n{ONE},4,0\n")
        make_snapshot(assessment, owner, closes=True)
        signed_in(owner).post(reverse("assessments:start", args=[project.slug]))
        response = confirm(owner, project, page)
        assert response.status_code == 422
        assert "A newer review has begun" in words(response)
        assert not Answer.objects.exists()

    def test_a_question_that_is_no_longer_asked(self, project: Project, assessment: Assessment, owner: User) -> None:
        later = next(q for q in assessment.questions_due() if q.stage_from == "pilot")
        page = upload(owner, project, f"Question,Answer,Revision\n{ONE},4,0\n{later.id},1,0\n")
        Project.objects.filter(pk=project.pk).update(stage=Stage.IDEA)
        response = confirm(owner, project, page)
        assert response.status_code == 422
        assert f"{later.number} Question: this checklist does not ask this" in words(response)
        assert not Answer.objects.exists()

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"choice": "9", "revision": "0"}, "1.1 Answer: this question has 5 choices."),
            ({"choice": "x", "revision": "0"}, "1.1 Answer: this is not one of the possible answers."),
            ({"choice": "1", "revision": "-1"}, "1.1 Revision: this must be a whole number from 0."),
            ({"choice": "na", "revision": "0"}, "1.1 Reason: say why the question does not apply."),
            ({"choice": "1", "revision": "0", "note": "n" * 4001}, "1.1 Note: at most 4,000 characters"),
            ({"choice": "1", "revision": "0", "evidence_url": "javascript:x"}, "1.1 Evidence link: this must be"),
        ],
    )
    def test_forged_forms(
        self, project: Project, assessment: Assessment, owner: User, fields: dict[str, str], said: str
    ) -> None:
        form = {f"{ONE}:{name}": value for name, value in fields.items()} | {
            f"{TWO}:revision": "0",
            f"{TWO}:choice": "1",
        }
        response = signed_in(owner).post(reverse("assessments:apply_import", args=[project.slug]), form)
        assert response.status_code == 422
        assert said in words(response)
        assert not Answer.objects.exists()

    def test_of_another_project(self, project: Project, assessment: Assessment, owner: User) -> None:
        other = make_project(project.organisation, owner, name="Other")
        page = upload(owner, project, f"Question,Answer,Revision\n{ONE},4,0\n")
        fields = {item.get("name"): item.get("value") for item in parse(page.content).xpath("//main//form//input")}
        response = signed_in(owner).post(reverse("assessments:apply_import", args=[other.slug]), fields)
        assert response.status_code == 422
        assert not Answer.objects.exists()

    @pytest.mark.parametrize("kind", sorted(NASTY))
    def test_nasty_texts_in_a_file(self, project: Project, assessment: Assessment, owner: User, kind: str) -> None:
        """As in every other form: stored as it came, or refused by name."""
        quoted = NASTY[kind].replace(b'"', b'""')
        page = upload(owner, project, b'Question,Answer,Revision,Note\n%s,1,0,"%s"\n' % (ONE.encode(), quoted))
        assert page.status_code in {200, 422}
        if kind in REFUSED:
            assert page.status_code == 422
            assert "Note: " in words(page) or "File: " in words(page) or "D2: " in words(page)
            return
        assert confirm(owner, project, page).status_code == 302
        assert Answer.objects.get().note == clean_text(NASTY[kind].decode(), field="x", limit=10**9, lines=True)


def test_the_largest_file_there_could_be(project: Project, assessment: Assessment, owner: User) -> None:
    """Every text as long as it may be, in letters of four bytes, still fits into the form that confirms it."""
    texts: list[Any] = ["👩" * 4000, "👩" * 120, "https://x.example/" + "👩" * 1900]
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["Question", "Answer", "Revision", "Note", "Evidence title", "Evidence link"])
    writer.writerows([[question.id, 1, 0, *texts] for question in assessment.questions_due()])
    page = upload(owner, project, file.getvalue())
    assert page.status_code == 200
    assert confirm(owner, project, page).status_code == 302
    assert set(Answer.objects.values_list("note", flat=True)) == {texts[0]}
