"""Whatever is sent: a sentence that names the place, nothing stored, never an error of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.models import AuditEvent, Membership, User
from assessments.models import Answer, AnswerChange, Assessment
from projects.models import Outcome, Project
from tests.access.dump import changed_tables, dump_tables
from tests.api.conftest import Api

pytestmark = pytest.mark.django_db

QUESTION = "problem.statement"
VALID = {"state": "graded", "level": 1, "revision": 0}


@pytest.fixture
def path(assessment: Assessment) -> str:
    return f"projects/{assessment.project.slug}/assessments/{assessment.pk}/answers/{QUESTION}"


def refuses(api: Api, method: str, path: str, raw: bytes, status: int, words: str, **headers: str) -> dict[str, Any]:
    """Sends bytes, and checks that they are refused in these words and that no table changed."""
    api.get("checklists")
    before = dump_tables()
    answer = api.send(method, path, raw=raw, **headers)
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert set(problem) >= {"type", "title", "status", "detail"}
    assert problem["status"] == status
    assert words in problem["detail"], problem
    assert not changed_tables(before, dump_tables())
    return problem


@pytest.mark.parametrize(
    ("raw", "status", "words"),
    [
        (b"", 422, "This field is required"),
        (b"{", 400, "Body: this is not JSON, see line 1, column 2"),
        (b"\xff\xfe", 400, "Body: this is not text in UTF-8, see byte 0."),
        (b"[]", 422, "Body: must be a JSON object."),
        (b'"text"', 422, "Body: must be a JSON object."),
        (b"7", 422, "Body: must be a JSON object."),
        (b"[" * 100_000 + b"]" * 100_000, 400, "Body: nested deeper than 32 levels."),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400, "Body: nested deeper than 32 levels."),
        (b"[" * 100_000, 400, "Body: nested deeper than 32 levels."),
        (b'{"note":"' + b'\\"' * 500_000, 400, "Body: this is not JSON"),
        (b'"' * 1_000_000, 400, "Body: this is not JSON"),
        (b"{" + b'"a":1,' * 300_000 + b'"b":2}', 400, "a: this name stands twice in one object."),
        (b'{"state":"graded","state":"unknown","revision":0}', 400, "state: this name stands twice in one object."),
        (b'{"state":"graded","level":NaN,"revision":0}', 400, "level: NaN is not a number that can be used."),
        (b'{"state":"graded","level":-Infinity,"revision":0}', 400, "level: -Infinity is not a number"),
        (b'{"state":"graded","level":1e999,"revision":0}', 400, "level: a number is too large."),
        (b'{"state":"graded","level":' + b"9" * 5000 + b',"revision":0}', 400, "at most 18 digits."),
        (rb'{"state":"unknown","note":"\ud800","revision":0}', 400, "note: a lone surrogate cannot be stored."),
        (rb'{"state":"unknown","note":"a\u0000b","revision":0}', 400, "note: NUL cannot be stored."),
        (rb'{"state":"unknown","\u0000":"b","revision":0}', 400, "Body: NUL cannot be stored."),
        (b'{"state":"graded","level":"1","revision":0}', 422, "Must be a whole number."),
        (b'{"state":"graded","level":1.0,"revision":0}', 422, "Must be a whole number."),
        (b'{"state":"graded","level":true,"revision":0}', 422, "Must be a whole number."),
        (b'{"state":"graded","level":9,"revision":0}', 422, "Answer: this question has 5 choices."),
        (b'{"state":"graded","level":-1,"revision":0}', 422, "greater than or equal to 0"),
        (b'{"state":"graded","revision":0}', 422, "Answer: a choice and its level belong together."),
        (b'{"state":"unknown","level":1,"revision":0}', 422, "Answer: a choice and its level belong together."),
        (b'{"state":"passed","revision":0}', 422, "Must be one of blank, graded, unknown, not_applicable."),
        (b'{"state":["graded"],"level":1,"revision":0}', 422, "Must be one of"),
        (b'{"state":"not_applicable","revision":0}', 422, "Reason: say why the question does not apply."),
        (b'{"state":"unknown","note":7,"revision":0}', 422, "Note: must be a text."),
        (b'{"state":"unknown","note":null,"revision":0}', 422, "may not be null"),
        (b'{"state":"unknown","note":"' + b"x" * 4001 + b'","revision":0}', 422, "Note: at most 4,000 characters"),
        (rb'{"state":"unknown","note":"a\u0007b","revision":0}', 422, "Note: the control character U+0007"),
        (b'{"state":"unknown","evidence_url":"javascript:x","revision":0}', 422, "Evidence link: this must be"),
        (b'{"state":"unknown","answered_by":1,"revision":0}', 422, "There is no such field here. Known: "),
        (b'{"state":"unknown","revision":-1}', 422, "greater than or equal to 0"),
        (b'{"state":"unknown","revision":99999999999}', 422, "less than or equal to"),
        (b'{"state":"unknown"}', 428, "revision: send the revision that you saw, or If-Match."),
    ],
)
def test_bodies_of_an_answer(api: Api, path: str, raw: bytes, status: int, words: str) -> None:
    refuses(api, "PUT", path, raw, status, words)


def test_a_body_above_the_limit(api: Api, path: str) -> None:
    refuses(api, "PUT", path, b'{"note":"' + b"x" * 2_621_440 + b'"}', 413, "Body: at most 2,621,440 bytes.")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_other_media_types(api: Api, path: str, kind: str) -> None:
    refuses(api, "PUT", path, json.dumps(VALID).encode(), 415, "Unsupported media type", Content_Type=kind)


def test_the_place_of_a_refused_field_is_named(api: Api, assessment: Assessment) -> None:
    body = {"name": "", "goal": "x", "stage": "later", "tags": ["fine", "x" * 41], "owner": "me", "score": 1}
    answer = api.post("projects", {name: value for name, value in body.items() if name != "score"})
    assert {error["field"] for error in answer.json()["errors"]} == {"name", "stage", "tags[1]", "owner"}
    assert [error["field"] for error in api.post("projects", body).json()["errors"]] == ["score"]


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ("limit=0", "limit", "from 1 to 200"),
        ("limit=x", "limit", "from 1 to 200"),
        ("limit=99999999999", "limit", "from 1 to 200"),
        ("cursor=x", "cursor", "take it from “next”"),
        ("cursor=", "cursor", "take it from “next”"),
        ("limit=1&limit=2", "limit", "given twice"),
        ("archived=1", "archived", "true or false"),
        ("stage=later", "stage", "one of idea"),
        ("page=2", "page", "there is no such parameter here. Known: "),
        ("token=pf_x", "token", "a token belongs in the header Authorization"),
        ("access_token=pf_x", "access_token", "revoke this one"),
    ],
)
def test_parameters(api: Api, project: Project, query: str, field: str, words: str) -> None:
    answer = api.get(f"projects?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    assert words in answer.json()["detail"]


@pytest.mark.parametrize("query", ["find=%00", "find=%ff", "find=%ed%a0%80", "find=" + "x" * 5000])
def test_what_no_address_may_hold(api: Api, query: str) -> None:
    answer = api.get(f"portfolio?{query}")
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("query", ["sort=nonsense", "level=fine", "as_of=yesterday", "open=no.such", "owner=me"])
def test_filters_that_make_no_sense(api: Api, query: str) -> None:
    answer = api.get(f"portfolio?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == query.partition("=")[0]


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "projects/",
        "projects/no-such-project",
        "projects/no-such-project/assessments/latest/answers/x",
        "organisations/999999999999999999",
        "organisations/9999999999999999999999",
        "checklists/ml_readiness/9.9",
        "checklists/..%2f/1.0",
    ],
)
def test_addresses_of_nothing(api: Api, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 404
    assert answer.json()["type"] == "/api/docs/#problem-not-found"


def test_an_unknown_question(api: Api, path: str) -> None:
    refuses(api, "PUT", path.replace(QUESTION, "no.such"), json.dumps(VALID).encode(), 404, "no such thing")


def test_a_question_that_is_not_due(api: Api, owner: User, assessment: Assessment) -> None:
    due = {question.id for question in assessment.questions_due()}
    other = next(question.id for question in assessment.checklist.questions if question.id not in due)
    path = f"projects/{assessment.project.slug}/assessments/{assessment.pk}/answers/{other}"
    problem = refuses(api, "PUT", path, json.dumps(VALID).encode(), 422, "Question: this checklist does not ask this")
    assert problem["errors"][0]["field"] == "question"


@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS", "TRACE", "PATCH"])
def test_methods_that_an_address_does_not_take(api: Api, path: str, method: str) -> None:
    answer = api.send(method, path, {})
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, PUT"
    assert answer.json()["type"] == "/api/docs/#problem-wrong-method"


def test_an_operation_without_a_body_takes_none(api: Api, project: Project) -> None:
    answer = api.post(f"projects/{project.slug}/archive", {"archived_at": "2020-01-01"})
    assert answer.status_code == 422
    project.refresh_from_db()
    assert not project.is_archived


@pytest.mark.parametrize(
    "match",
    [
        "1-0-0123456789ab",
        '"x"',
        '"1-0"',
        '"1--1-0123456789ab"',
        '"1-9999999999-0123456789ab"',
        "*",
        'W/"1-0-0123456789ab"',
    ],
)
def test_if_match_that_is_no_revision(api: Api, path: str, match: str) -> None:
    body = json.dumps({"state": "unknown"}).encode()
    refuses(api, "PUT", path, body, 400, "If-Match: the ETag of one answer", If_Match=match)


def test_a_closed_run_is_read_only(api: Api, path: str, assessment: Assessment) -> None:
    assert api.put(path, VALID).status_code == 200
    slug = assessment.project.slug
    assert api.post(f"projects/{slug}/snapshots", {"label": "End", "closes": True}).status_code == 201
    answer = api.put(path, {"state": "unknown", "revision": 1})
    assert answer.status_code == 409
    assert answer.json()["type"] == "/api/docs/#problem-closed"
    assert Answer.objects.get().level == 1
    assert AnswerChange.objects.count() == 1


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH"])
def test_a_body_without_a_length(api: Api, project: Project, method: str) -> None:
    """A server hands on a body by its length, so this one would be taken for none, and its fields for left out."""
    answer = api.send(method, f"projects/{project.slug}", {"name": "New"}, Transfer_Encoding="chunked")
    assert answer.status_code == 411
    assert answer.json()["type"] == "/api/docs/#problem-no-length"


def test_a_day_to_come_is_no_outcome(api: Api, project: Project) -> None:
    answer = api.post(f"projects/{project.slug}/outcome", {"kind": "value", "on": "9999-12-31"})
    assert answer.status_code == 422
    assert answer.json()["detail"] == "On: that day is still to come."
    assert not Outcome.objects.exists()


def test_tags_and_units_are_as_on_the_page(api: Api, project: Project) -> None:
    path = f"projects/{project.slug}"
    assert api.patch(path, {"tags": ["a,b"]}).json()["detail"] == "A tag holds no comma."
    changed = api.patch(path, {"tags": ["a  b", "a b"], "unit": " The \t  unit "}).json()
    assert (changed["tags"], changed["unit"]) == (["a b"], "The unit")
    assert len(api.get("portfolio?tag=a%20b&unit=The%20unit").json()["items"]) == 1


def test_changing_nothing_leaves_no_trace(api: Api, project: Project) -> None:
    path = f"projects/{project.slug}"
    api.post(f"{path}/archive")
    archived = api.get(path).json()["archived_at"]
    events = AuditEvent.objects.count()
    assert api.post(f"{path}/archive").json()["archived_at"] == archived
    assert api.patch(path, {"name": "Other"}).status_code == 403
    api.post(f"{path}/restore")
    api.post(f"{path}/restore")
    api.patch(path, {})
    assert AuditEvent.objects.count() == events + 1


def test_a_second_run_waits_for_the_first(api: Api, assessment: Assessment) -> None:
    answer = api.post(f"projects/{assessment.project.slug}/assessments")
    assert answer.status_code == 409
    assert answer.json()["type"] == "/api/docs/#problem-conflict"


@pytest.mark.parametrize("query", ["stage=", "owner=", "sort=-", "level=", "find="])
def test_an_empty_filter_is_none(api: Api, query: str) -> None:
    assert api.get(f"portfolio?{query}").json()["errors"][0]["field"] == query.partition("=")[0]


def test_a_result_too_early_names_nothing_that_adds_up_to_it(api: Api, path: str) -> None:
    api.put(path, VALID)
    result = api.get(path.replace(f"answers/{QUESTION}", "result")).json()
    assert (result["judgement"], result["index"], result["points"], result["gain"]) == ("early", None, {}, {})
    assert set(result["paths"].values()) == {None}
    assert {(one["risk"], one["level"]) for one in result["dimensions"].values()} == {(None, None)}


def test_a_narrowed_editor_sees_what_they_made(api: Api, editor: User, project: Project) -> None:
    Membership.objects.filter(user=editor).update(all_projects=False)
    mine = Api(user=editor)
    made = mine.post("projects", {"name": "Mine", "goal": "Less waste.", "stage": "pilot"})
    assert mine.get(made.headers["Location"]).status_code == 200
    assert mine.patch(made.headers["Location"], {"name": "Still mine"}).status_code == 200
    assert mine.get(f"projects/{project.slug}").status_code == 404
