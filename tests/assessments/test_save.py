"""One answer sent by the page's script: the status says what happened, the body what to show."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.roles import Role
from assessments.models import Answer, AnswerChange, Assessment, State
from assessments.services import GivenAnswer, given_of, start_assessment
from projects.models import Project
from tests.access.dump import changed_tables, dump_tables
from tests.make import AT, make_answer, make_snapshot
from tests.site.cases import EVERYBODY, signed_in, usual_cases

ONE = "problem.statement"


@pytest.fixture
def url(project: Project, assessment: Assessment) -> str:
    return reverse("assessments:save", args=[project.slug, ONE])


def send(user: User, url: str, **fields: Any) -> Any:
    return signed_in(user).post(url, {"revision": "0", **fields}, headers={"accept": "application/json"})


def test_usual_cases(url: str, owner: User) -> None:
    form = {"revision": "0", "mutation": str(uuid.uuid4()), "choice": "1"}
    usual_cases(
        url, owner, may=EVERYBODY - {Role.VIEWER}, form=form, expected=200,
        other_methods=("get", "head", "put", "delete", "patch", "options"),
    )  # fmt: skip
    assert AnswerChange.objects.count() == 1


def test_saved(url: str, assessment: Assessment, owner: User) -> None:
    response = send(
        owner, url, choice="2", note=" a\r\nnote ", evidence_title="Minutes", evidence_url="https://x.example/"
    )
    assert response.status_code == 200
    body = response.json()
    problem = sum(q.dimension == "problem" for q in assessment.questions_due())
    assert (body["revision"], body["state"], body["level"]) == (1, "graded", 2)
    assert body["counts"]["problem"] == [1, problem]
    assert body["total"] == [1, len(assessment.questions_due())]
    assert "so far</h2>" in body["preview"]
    stored = Answer.objects.get()
    assert given_of(stored) == GivenAnswer(State.GRADED, 2, "", "a\nnote", "Minutes", "https://x.example/")
    assert stored.answered_by == owner


@pytest.mark.parametrize(
    ("fields", "state"),
    [({"choice": "dk"}, "unknown"), ({"choice": "na", "reason": "Because."}, "not_applicable"),
     ({"choice": "", "note": "a note"}, "blank"), ({"note": "a note"}, "blank")],
)  # fmt: skip
def test_other_kinds(url: str, owner: User, fields: dict[str, str], state: str) -> None:
    assert send(owner, url, **fields).json()["state"] == state


def test_a_conflict_shows_both(url: str, assessment: Assessment, owner: User, editor: User) -> None:
    theirs = GivenAnswer(State.NOT_APPLICABLE, None, "a reason", "their <b>note", "Minutes", "https://x.example/")
    make_answer(assessment, editor, ONE, theirs)
    response = send(owner, url, choice="2", note="mine")
    assert response.status_code == 409
    body = response.json()
    assert body["theirs"] == {
        "choice": "na", "reason": "a reason", "note": "their <b>note", "evidence_title": "Minutes",
        "evidence_url": "https://x.example/",
    }  # fmt: skip
    assert (body["revision"], body["by"], body["words"], body["at"]) == (1, editor.name, "Not applicable", "09:30 UTC")
    assert given_of(Answer.objects.get()) == theirs
    assert send(owner, url, choice="2", note="mine", revision=body["revision"]).json()["revision"] == 2


def test_a_conflict_with_somebody_who_left(url: str, assessment: Assessment, owner: User, editor: User) -> None:
    make_answer(assessment, editor, ONE, 1)
    Answer.objects.update(answered_by=None)
    assert send(owner, url, choice="2").json()["by"] == "A former member"


def test_a_conflict_with_nothing(url: str, owner: User) -> None:
    response = send(owner, url, choice="2", revision="3")
    assert response.status_code == 409
    assert response.json()["revision"] == 0
    assert not Answer.objects.exists()


def test_sent_again_after_a_lost_reply(url: str, owner: User) -> None:
    mutation = str(uuid.uuid4())
    first, second = (send(owner, url, choice="2", mutation=mutation) for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert first.json()["revision"] == second.json()["revision"] == 1
    assert AnswerChange.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"choice": "7"}, "Answer"), ({"choice": "x"}, "Answer"), ({"choice": "na"}, "Reason"),
        ({"choice": "1", "revision": ""}, "Revision"), ({"choice": "1", "revision": "-1"}, "Revision"),
        ({"choice": "1", "mutation": "no uuid"}, "Mutation"), ({"choice": "1", "mutation": "\x00"}, "Mutation"),
        ({"choice": "1", "note": "x" * 4001}, "Note"), ({"choice": "1", "note": "a\x00b"}, "Note"),
        ({"choice": "1", "evidence_url": "javascript:alert(1)"}, "Evidence link"),
        ({"choice": "1", "evidence_title": "alone"}, "Evidence link"),
    ],
)  # fmt: skip
def test_refused(url: str, owner: User, fields: dict[str, str], word: str) -> None:
    response = send(owner, url, **fields)
    assert response.status_code == 422
    assert response.json()["error"].startswith(word)
    assert not Answer.objects.exists()


def test_closed(url: str, assessment: Assessment, owner: User) -> None:
    make_snapshot(assessment, owner, closes=True)
    response = send(owner, url, choice="2")
    assert response.status_code == 423
    assert "closed" in response.json()["error"]


@pytest.mark.parametrize("question", ["no.such", "problem", "<script>", "x" * 300, "%00"])
def test_questions_that_there_are_not(project: Project, assessment: Assessment, owner: User, question: str) -> None:
    response = send(owner, f"/projects/{project.slug}/answers/{question}/", choice="1")
    assert response.status_code in {400, 404, 422}
    assert not Answer.objects.exists()


def test_without_a_checklist(project: Project, owner: User) -> None:
    response = send(owner, reverse("assessments:save", args=[project.slug, ONE]), choice="1")
    assert response.status_code == 404
    assert response.json() == {"error": "This project has no checklist yet."}


def test_signed_out_while_typing(url: str, client: Client) -> None:
    """A script is told with a status of its own; it is not sent a sign-in page to put into a field."""
    response = client.post(url, {"choice": "1", "revision": "0"}, headers={"accept": "application/json"})
    assert response.status_code == 401
    assert response.json() == {"error": "You are signed out."}


def test_nothing_else_can_be_set(url: str, assessment: Assessment, owner: User, editor: User) -> None:
    """Every column of every model sent along: none but the answer's own content changes."""
    extra = {
        "state": "graded", "level": "4", "answered_by": editor.pk, "answered_at": "2020-01-01", "respondent": "99",
        "id": "99", "index": "0", "is_latest": "0", "closed_at": "2020-01-01", "project": "99",
        "question": "data.access", "by": editor.pk, "is_sheet": "0", "role": "product",
        "organisation": "99",
    }  # fmt: skip
    before = dump_tables(without={"usersessions_usersession", "accounts_user"})
    assert send(owner, url, choice="1", **extra).status_code == 200
    after = dump_tables(without={"usersessions_usersession", "accounts_user"})
    assert set(changed_tables(before, after)) == {
        "assessments_answer", "assessments_answerchange", "projects_projectfigures",
    }  # fmt: skip
    stored = Answer.objects.get()
    assert (stored.level, stored.question, stored.answered_by) == (1, ONE, owner)
    assert Assessment.objects.get().is_open


def test_a_page_of_an_old_run(url: str, project: Project, assessment: Assessment, owner: User) -> None:
    """The run was closed and the next one started while the page was open: nothing of it lands in the new run."""
    make_answer(assessment, owner, ONE, 1)
    make_snapshot(assessment, owner, closes=True)
    following = start_assessment(project=project, by=owner, title="Next", copy_from=assessment, at=AT)
    before = dump_tables(without={"usersessions_usersession", "accounts_user"})
    for run in (str(assessment.pk), "0", "x", "\x00", "9" * 500):
        response = send(owner, url, choice="3", revision="1", assessment=run)
        assert response.status_code == 423, run
        assert "newer review" in response.json()["error"]
    assert changed_tables(before, dump_tables(without={"usersessions_usersession", "accounts_user"})) == []
    assert send(owner, url, choice="3", revision="1", assessment=str(following.pk)).json()["revision"] == 2


def test_queries(
    url: str, assessment: Assessment, owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for question in assessment.questions_due()[1:]:
        make_answer(assessment, owner, question.id, 2)
    client = signed_in(owner)
    form = {"revision": "0", "choice": "1", "mutation": str(uuid.uuid4())}
    with django_assert_num_queries(13):
        client.post(url, form)
