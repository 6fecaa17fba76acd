"""Two clients at the same moment: what was acknowledged is there, what was not was refused."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest

from accounts.models import User
from accounts.roles import Role
from api.models import AnsweredRequest
from assessments.models import Answer, AnswerChange, Assessment
from projects.models import Project
from tests.api.conftest import Api, token_for
from tests.assessments.test_at_the_same_time import together
from tests.assessments.test_history import check_replay
from tests.make import make_assessment, make_member, make_organisation, make_project

QUESTION = "problem.statement"
ROUNDS = 200


@pytest.fixture
def people(transactional_db: None) -> tuple[User, User]:
    organisation = make_organisation()
    return make_member(organisation, Role.OWNER), make_member(organisation, Role.EDITOR)


def test_two_clients_write_the_same_answer_again_and_again(people: tuple[User, User]) -> None:
    """In each round both send another value for the revision that both saw."""
    run: Assessment = make_assessment(make_project(people[0].memberships.get().organisation, people[0]), people[0])
    path = f"projects/{run.project.slug}/assessments/{run.pk}/answers/{QUESTION}"
    clients = [Api(secret=token_for(person)) for person in people]
    start = threading.Barrier(2, timeout=60)
    seen: list[list[tuple[int, int, Any]]] = [[], []]

    def write(place: int) -> None:
        revision = 0
        for number in range(ROUNDS):
            start.wait()
            note = f"{place} {number}"
            answer = clients[place].put(path, {"state": "unknown", "note": note, "revision": revision})
            body = answer.json()
            seen[place].append((answer.status_code, revision, body))
            revision = body["revision"] if answer.status_code == 200 else body["stored"]["revision"]

    together(lambda: write(0), lambda: write(1))
    statuses = Counter(status for place in seen for status, _, _ in place)
    assert statuses == {200: ROUNDS, 409: ROUNDS}
    for one, other in zip(*seen, strict=True):
        assert sorted([one[0], other[0]]) == [200, 409]
        saved, refused = (one, other) if one[0] == 200 else (other, one)
        assert refused[2]["stored"]["note"] == saved[2]["note"]
    acknowledged = {body["note"] for place in seen for status, _, body in place if status == 200}
    changes = AnswerChange.objects.order_by("revision")
    assert [change.revision for change in changes] == list(range(1, ROUNDS + 1))
    assert {change.after["note"] for change in changes} == acknowledged
    assert Answer.objects.get().revision == ROUNDS
    check_replay(run)


def test_the_same_key_at_the_same_time_acts_once(people: tuple[User, User]) -> None:
    secret = token_for(people[0])
    start = threading.Barrier(4, timeout=60)
    answers: list[Any] = []

    def make(number: int) -> None:
        client = Api(secret=secret)
        body = {"name": "Forecast", "goal": "Less waste.", "stage": "pilot"}
        for key in range(10):
            start.wait()
            answers.append(client.post("projects", body, Idempotency_Key=f"key-{key}"))

    together(*[lambda number=number: make(number) for number in range(4)])  # type: ignore[misc]
    assert {answer.status_code for answer in answers} == {201}
    assert Project.objects.count() == AnsweredRequest.objects.count() == 10
    assert {answer.json()["slug"] for answer in answers} == set(Project.objects.values_list("slug", flat=True))
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 10
