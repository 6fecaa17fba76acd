"""Saving one answer: revisions, ETags, and both values when somebody was faster."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from assessments.models import Answer, AnswerChange, Assessment
from tests.api.conftest import Api
from tests.make import make_answer

pytestmark = pytest.mark.django_db

QUESTION = "problem.statement"


@pytest.fixture
def path(assessment: Assessment) -> str:
    return f"projects/{assessment.project.slug}/assessments/{assessment.pk}/answers/{QUESTION}"


def run_of(path: str) -> int:
    return int(path.split("/")[3])


def test_an_answer_that_is_not_there_yet(api: Api, path: str) -> None:
    answer = api.get(path)
    assert answer.json() == {
        "assessment": run_of(path),
        "state": "blank", "level": None, "reason": "", "note": "", "evidence_title": "", "evidence_url": "",
        "question": QUESTION, "revision": 0, "answered_by": None, "answered_at": None,
    }  # fmt: skip
    assert answer.headers["ETag"].startswith(f'"{run_of(path)}-0-')


def test_saving_by_revision(api: Api, path: str, owner: User) -> None:
    body = {"state": "graded", "level": 3, "note": " Two\r\nlines ", "evidence_title": "Plan",
            "evidence_url": "https://wiki.example.org/plan", "revision": 0}  # fmt: skip
    saved = api.put(path, body)
    assert saved.status_code == 200
    assert saved.headers["ETag"] == api.get(path).headers["ETag"]
    assert saved.json() == saved.json() | {
        "level": 3, "note": "Two\nlines", "revision": 1, "answered_by": {"id": owner.pk, "name": owner.name},
    }  # fmt: skip
    assert saved.json()["figures"]["answered"] == 1
    stored = api.get(path).json()
    assert stored == {name: value for name, value in saved.json().items() if name != "figures"}


def test_a_stale_revision_shows_both_values(api: Api, path: str, assessment: Assessment, owner: User) -> None:
    make_answer(assessment, owner, QUESTION, 1)
    answer = api.put(path, {"state": "unknown", "note": "Mine.", "revision": 0})
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["type"] == "/api/docs/#problem-stale"
    assert (problem["stored"]["level"], problem["stored"]["revision"]) == (1, 1)
    assert (problem["sent"]["state"], problem["sent"]["note"]) == ("unknown", "Mine.")
    assert answer.headers["ETag"] == api.get(path).headers["ETag"]
    assert Answer.objects.get().level == 1
    again = api.put(path, {"state": "unknown", "note": "Mine.", "revision": problem["stored"]["revision"]})
    assert again.status_code == 200


def test_if_match_says_the_same(api: Api, path: str) -> None:
    empty = api.get(path).headers["ETag"]
    first = api.put(path, {"state": "graded", "level": 0}, If_Match=empty)
    assert first.status_code == 200
    stale = api.put(path, {"state": "graded", "level": 1}, If_Match=empty)
    assert stale.status_code == 412
    assert stale.json()["stored"]["level"] == 0
    second = api.put(path, {"state": "graded", "level": 1, "revision": 1}, If_Match=first.headers["ETag"])
    assert second.json()["revision"] == 2
    differs = api.put(path, {"state": "graded", "level": 2, "revision": 1}, If_Match=second.headers["ETag"])
    assert differs.status_code == 422
    assert differs.json()["errors"][0]["field"] == "revision"


def test_sending_what_is_stored_changes_nothing(api: Api, path: str) -> None:
    body = {"state": "graded", "level": 1, "revision": 0}
    assert api.put(path, body).json()["revision"] == 1
    assert api.put(path, body).json()["revision"] == 1
    assert AnswerChange.objects.count() == 1


def test_clearing(api: Api, path: str) -> None:
    api.put(path, {"state": "graded", "level": 1, "note": "Gone soon.", "revision": 0})
    cleared = api.put(path, {"state": "blank", "revision": 1}).json()
    assert (cleared["state"], cleared["note"], cleared["revision"]) == ("blank", "", 2)


def test_not_changed_since(api: Api, path: str) -> None:
    etag = api.put(path, {"state": "unknown", "revision": 0}).headers["ETag"]
    answer = api.get(path, If_None_Match=etag)
    assert (answer.status_code, answer.content) == (304, b"")
    api.put(path, {"state": "graded", "level": 1, "revision": 1})
    assert api.get(path, If_None_Match=etag).status_code == 200


def test_changes_tell_the_whole_story(api: Api, path: str, assessment: Assessment, owner: User) -> None:
    make_answer(assessment, owner, "problem.objective", 2)
    for level in (0, 1, 2):
        api.put(path, {"state": "graded", "level": level, "revision": level})
    base = path.partition("/answers")[0]
    items = api.get(f"{base}/changes?question={QUESTION}").json()["items"]
    assert [(item["revision"], item["after"]["level"]) for item in items] == [(3, 2), (2, 1), (1, 0)]
    assert items[0]["before"]["level"] == 1
    assert items[-1]["before"] is None
    assert len(api.get(f"{base}/changes").json()["items"]) == 4
    assert api.get(f"{base}/changes?question=no.such").status_code == 422


@pytest.mark.parametrize("is_new", [True, False])
def test_statements_of_a_save(
    api: Api, path: str, assessment: Assessment, owner: User, is_new: bool,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    """At most 12, whether or not there was an answer, a savepoint and its release included."""
    for question in assessment.questions_due()[1:]:
        make_answer(assessment, owner, question.id, 2)
    if not is_new:
        make_answer(assessment, owner, QUESTION, 2)
    api.get("checklists")
    with django_assert_max_num_queries(12) as captured:
        assert api.put(path, {"state": "graded", "level": 1, "revision": 0 if is_new else 1}).status_code == 200
    assert len(captured) == 12, [query["sql"][:80] for query in captured.captured_queries]


def test_a_revision_counts_within_its_run(api: Api, path: str, assessment: Assessment, owner: User) -> None:
    """A newer run begins with the answers of the last one, counted from 1 again."""
    slug = assessment.project.slug
    seen = api.put(path, {"state": "graded", "level": 1, "revision": 0}).headers["ETag"]
    api.put(path, {"state": "graded", "level": 4, "revision": 1})
    api.post(f"projects/{slug}/snapshots", {"label": "End", "closes": True})
    run = api.post(f"projects/{slug}/assessments").json()["id"]
    latest = f"projects/{slug}/assessments/latest/answers/{QUESTION}"
    assert api.get(latest).json() == api.get(latest).json() | {"revision": 1, "level": 4, "assessment": run}
    assert api.get(latest, If_None_Match=seen).status_code == 200
    stale = api.put(latest, {"state": "graded", "level": 0}, If_Match=seen)
    assert stale.status_code == 412
    assert stale.json()["stored"]["level"] == 4
    refused = api.put(latest, {"state": "graded", "level": 0, "revision": 1})
    assert refused.status_code == 422
    assert f"the number of the run, {run}," in refused.json()["detail"]
    now = api.get(latest).headers["ETag"]
    assert api.put(latest, {"state": "graded", "level": 0}, If_Match=now).json()["revision"] == 2


def test_a_new_name_is_another_answer_to_read(api: Api, path: str, owner: User) -> None:
    etag = api.put(path, {"state": "unknown", "revision": 0}).headers["ETag"]
    User.objects.filter(pk=owner.pk).update(name="Somebody else")
    assert api.get(path, If_None_Match=etag).status_code == 200
    assert api.put(path, {"state": "graded", "level": 1}, If_Match=etag).status_code == 200
