"""A snapshot holds everything, says what it says for ever, and can be computed anew to the same bytes."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import AuditEvent, Organisation, User
from accounts.texts import TextRefused
from assessments.models import Assessment, Snapshot, State
from assessments.services import GivenAnswer, record_agreed_answer
from assessments.snapshots import canonical_json, recompute, sha256_of, take_snapshot
from checklists.loader import load
from projects.models import Project
from tests.access.dump import changed_tables, dump_tables
from tests.make import AT, answer_all, make_answer, make_assessment, make_project, make_snapshot

FACTS = [fact.id for fact in load("ml_readiness", "1.0").facts]
CONTENT = st.one_of(
    st.integers(0, 3).map(lambda level: GivenAnswer(State.GRADED, level)),
    st.integers(0, 3).map(lambda level: GivenAnswer(State.GRADED, level, "", "noted")),
    st.integers(0, 3).map(lambda level: GivenAnswer(State.GRADED, level, "", "", "Minutes", "https://x.example/")),
    st.just(GivenAnswer(State.UNKNOWN)),
    st.just(GivenAnswer(State.NOT_APPLICABLE, None, "Ünïcode 🏴‍☠️ reason")),
    st.just(GivenAnswer(State.BLANK, None, "", "a note alone")),
    st.none(),
)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_computed_anew_it_is_the_same(organisation: Organisation, owner: User, data: st.DataObject) -> None:
    stage = data.draw(st.sampled_from(["idea", "prototype", "pilot", "production"]))
    facts = data.draw(st.lists(st.sampled_from(FACTS), unique=True))
    project = make_project(organisation, owner, stage=stage, facts=facts)
    assessment = make_assessment(project, owner)
    due = assessment.questions_due()
    for question, content in zip(due, data.draw(st.lists(CONTENT, max_size=len(due))), strict=False):
        if content is not None:
            make_answer(assessment, owner, question.id, content)
    if data.draw(st.booleans()):
        record_agreed_answer(assessment=assessment, question=due[0].id, level=2, reason="", by=owner, at=AT)
    snapshot = make_snapshot(assessment, owner, closes=data.draw(st.booleans()))
    stored = Snapshot.objects.get(pk=snapshot.pk)
    assert recompute(stored) == stored.body
    assert stored.sha256 == hashlib.sha256(stored.body.encode()).hexdigest()
    body = json.loads(stored.body)
    assert (body["result"]["index"], body["result"]["low"], body["result"]["high"]) == (
        stored.index, stored.low, stored.high,
    )  # fmt: skip
    assert (body["stage"], body["facts"]) == (stage, sorted(facts))


def test_later_changes_do_not_reach_it(project: Project, assessment: Assessment, owner: User) -> None:
    answer_all(assessment, owner)
    snapshot = make_snapshot(assessment, owner)
    make_answer(assessment, owner, "problem.statement", GivenAnswer(State.GRADED, 0, "", "worse"), base=1)
    record_agreed_answer(assessment=assessment, question="data.access", level=0, reason="", by=owner, at=AT)
    Project.objects.update(name="Renamed", stage="idea", facts=["personal_data"])
    User.objects.filter(pk=owner.pk).update(name="Renamed")
    stored = Snapshot.objects.select_related("assessment__project").get()
    assert stored.body == snapshot.body
    assert recompute(stored) == stored.body


def test_it_holds_what_a_report_needs(assessment: Assessment, owner: User, editor: User) -> None:
    given_ = GivenAnswer(State.GRADED, 1, "", "a note", "Minutes", "https://wiki.example.org/")
    make_answer(assessment, editor, "problem.statement", given_)
    snapshot = take_snapshot(
        assessment=assessment, label=" Review ", note="What changed", decision="Go on?", by=owner, at=AT
    )
    body = json.loads(snapshot.body)
    assert body["format"] == 1
    assert body["organisation"] == {"name": "North"}
    assert body["project"]["goal"] == "Shelves are full with less stock."
    assert body["snapshot"] == {
        "id": snapshot.public_id, "number": 1, "label": "Review", "note": "What changed", "decision": "Go on?",
        "taken_at": AT.isoformat(), "taken_by": owner.name,
    }  # fmt: skip
    (answer,) = body["answers"]
    assert (answer["level"], answer["note"], answer["answered_by"]) == (1, "a note", editor.name)
    assert body["checklist"]["sha256"] == assessment.checklist.sha256
    assert body["previous"] is None
    event = AuditEvent.objects.get(verb="snapshot.taken")
    assert event.detail["sha256"] == snapshot.sha256


def test_it_knows_the_one_before(assessment: Assessment, owner: User) -> None:
    answer_all(assessment, owner, level=1)
    first = make_snapshot(assessment, owner, label="First")
    make_answer(assessment, owner, "problem.statement", 3, base=1)
    second = make_snapshot(assessment, owner, label="Second", at=AT + timedelta(days=30))
    previous = json.loads(second.body)["previous"]
    assert (previous["number"], previous["label"], previous["index"]) == (1, "First", first.index)
    assert set(previous["dimensions"]) == set(json.loads(first.body)["result"]["dimensions"])
    assert (first.number, second.number) == (1, 2)
    assert recompute(second) == second.body


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"label": ""}, "Label"), ({"label": "x" * 121}, "Label: at most 120"), ({"label": "a\nb"}, "Label"),
        ({"label": "x", "note": "x" * 1001}, "Note: at most 1,000"), ({"label": "x", "note": "\x00"}, "Note"),
        ({"label": "x", "decision": "x" * 1001}, "Decision asked: at most 1,000"),
    ],
)  # fmt: skip
def test_refused(assessment: Assessment, owner: User, words: dict[str, str], field: str) -> None:
    before = dump_tables()
    with pytest.raises(TextRefused, match=field):
        take_snapshot(assessment=assessment, by=owner, at=AT, closes=True, **words)
    assert changed_tables(before, dump_tables()) == []


def test_everything_set_aside(assessment: Assessment, owner: User) -> None:
    """Nothing is left to judge, which is no error."""
    for question in assessment.questions_due():
        make_answer(assessment, owner, question.id, GivenAnswer(State.NOT_APPLICABLE, None, "Not here."))
    snapshot = make_snapshot(assessment, owner, closes=True)
    assert (snapshot.index, snapshot.low, snapshot.high) == (None, None, None)
    assert recompute(snapshot) == snapshot.body


def test_canonical() -> None:
    assert canonical_json({"b": [1, 2.5, None], "a": "é\u2028<"}) == '{"a":"é\u2028<","b":[1,2.5,null]}'
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json({"x": float("nan")})
    assert sha256_of("é") == hashlib.sha256("é".encode()).hexdigest()
