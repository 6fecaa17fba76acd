from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import evaluate, result_from_dict, result_to_dict
from scoring.__main__ import main
from tests.scoring.strategies import STEADY, cases
from tests.scoring.test_vectors import CALIBRATION, VECTORS

ROOT = Path(__file__).parents[2]
MINI = VECTORS["mini"]


def call(content: Any, *arguments: str) -> tuple[int, str, str]:
    source = content if isinstance(content, bytes) else json.dumps(content).encode()
    output, errors = io.BytesIO(), io.BytesIO()
    status = main(arguments, io.BytesIO(source), output, errors)
    return status, output.getvalue().decode(), errors.getvalue().decode()


def answered(content: Any, *arguments: str) -> dict[str, Any]:
    status, output, errors = call(content, *arguments)
    assert (status, errors) == (0, "")
    found = json.loads(output)
    assert isinstance(found, dict)
    return found


def refused(content: Any, *arguments: str) -> list[str]:
    status, output, errors = call(content, *arguments)
    assert (status, output) == (2, "")
    assert errors.endswith("\n")
    assert "Traceback" not in errors
    return errors.splitlines()


def request(**more: Any) -> dict[str, Any]:
    levels = {"a1": 2, "a2": 1, "a3": 2, "b1": 2, "b2": 3}
    answers = [{"question": name, "level": level, "evidence": True} for name, level in levels.items()]
    return {"checklist": MINI, "answers": answers, **more}


def test_evaluate() -> None:
    found = answered(request(targets=[50, 25.0, 12.5, 0]))
    assert list(found) == [
        "engine", "index", "low", "high", "level", "confidence", "dimensions", "points", "disagreement_points", "gain",
        "must_haves_failed", "unknown", "unanswered", "not_applicable", "second_hand", "next_questions",
        "as_if_not_known", "roles", "disagreement", "paths",
    ]  # fmt: skip
    assert found["index"] == pytest.approx(46.696419, abs=1e-6)
    assert found["dimensions"]["A"]["level"] == "high"
    assert list(found["paths"]) == ["50", "25", "12.5", "0"]
    assert found["paths"]["50"] == {"cost": 0, "questions": [], "index": found["index"]}
    assert found["paths"]["0"]["cost"] == 16
    assert found["disagreement"] is None


def test_everything_that_can_be_said() -> None:
    answers = [
        {"question": "a1", "role": "product", "respondent": "p1", "level": 2, "evidence": True},
        {"question": "a1", "role": "data-engineering", "level": 4},
        {"question": "a2", "role": "product", "respondent": "p1", "dont_know": True},
        {"question": "a3", "role": "data-science", "respondent": "p2", "pass": True},
    ]
    more = {
        "closed": False,
        "not_applicable": [{"question": "b2", "reason": "There is no such system."}],
        "agreed": [{"question": "a1", "level": 3, "evidence": True}],
        "targets": [5],
    }
    found = answered({"checklist": MINI, "stage": "pilot", "facts": ["personal_data"], "answers": answers, **more})
    assert (found["unknown"], found["unanswered"], found["not_applicable"]) == (["a2"], ["a3", "b1"], ["b2"])
    assert found["disagreement"]["pairs"] == {"data-engineering|product": 0.5}
    assert found["as_if_not_known"] > 0
    assert found["paths"] == {"5": None}
    assert set(found["roles"]) == {"product", "data-engineering"}


def test_released_checklist() -> None:
    early = answered({"checklist": "ml_readiness@1.0", "stage": "idea"})
    late = answered({"checklist": "ml_readiness@1.0", "stage": "pilot", "facts": ["personal_data"], "answers": []})
    assert len(early["points"]) < len(late["points"])
    later = next(name for name in late["points"] if name not in early["points"])
    answers = [{"question": later, "level": 0}]
    ignored = answered({"checklist": "ml_readiness@1.0", "stage": "idea", "answers": answers})
    assert ignored == early


def test_inline_checklist_with_stages() -> None:
    questions = [
        {"id": "now", "dimension": "A", "choices": 4, "stage_from": "idea"},
        {"id": "later", "dimension": "A", "choices": 4, "stage_from": "pilot"},
        {"id": "only", "dimension": "A", "choices": 4, "applies_when": ["real_time"]},
    ]
    checklist = {"stages": ["idea", "pilot"], "dimensions": [{"id": "A", "weight": 2}], "questions": questions}
    assert list(answered({"checklist": checklist, "stage": "idea"})["points"]) == ["now"]
    late = answered({"checklist": checklist, "stage": "pilot", "facts": ["real_time"]})
    assert list(late["points"]) == ["now", "later", "only"]


def changed(**more: Any) -> dict[str, Any]:
    return {**request(), **more}


def with_answer(**answer: Any) -> dict[str, Any]:
    return changed(answers=[{"question": "a1", **answer}])


def with_question(**question: Any) -> dict[str, Any]:
    entry = {"id": "x", "dimension": "A", "choices": 4, **question}
    return {"checklist": {"dimensions": [{"id": "A"}], "questions": [entry]}}


DEEP = b'{"a":' * 100_000 + b"1" + b"}" * 100_000


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "not JSON"),
        (b"{", "line 1"),
        (b"\xff\xfe", "UTF-8"),
        (b"[]", "one JSON object"),
        (b"1", "one JSON object"),
        (b"null", "one JSON object"),
        (DEEP, "too deeply"),
        (b"[" * 100_000, "too deeply"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"targets": [NaN]}', "NaN"),
        (b'{"targets": [-Infinity]}', "Infinity"),
        (b'{"targets": [' + b"9" * 5000 + b"]}", "too long"),
        ({}, "checklist"),
        (changed(checklist=None), "checklist"),
        (changed(checklist=5), "checklist"),
        (changed(checklist="ml_readiness@9.9", stage="pilot"), "ml_readiness"),
        (changed(checklist="../../etc/passwd@1.0", stage="pilot"), "no checklist"),
        (changed(checklist="ml_readiness@1.0"), "stage"),
        (changed(checklist="ml_readiness@1.0", stage="someday"), "someday"),
        (changed(checklist="ml_readiness@1.0", stage="pilot", facts=["nonsense"]), "nonsense"),
        (changed(checklist="ml_readiness@1.0", stage="pilot"), 'no question "a1"'),
        (changed(surprise=1), "surprise"),
        (changed(closed="yes"), "closed"),
        (changed(engine="7"), "engine"),
        (changed(targets="50"), "targets"),
        (changed(targets=[True]), "targets"),
        (changed(targets=[101]), "0 to 100"),
        (changed(targets=[-1]), "0 to 100"),
        (b'{"targets": [1e999]}', "targets"),
        (changed(answers={}), "answers"),
        (changed(answers=[1]), "answers"),
        (with_answer(), "none"),
        (with_answer(level=1, dont_know=True), "gives 2"),
        (with_answer(level="1"), "whole number"),
        (with_answer(level=1.5), "whole number"),
        (with_answer(level=True), "whole number"),
        (with_answer(level=10**400), "whole number"),
        (with_answer(level=5), "levels 0 to 4"),
        (with_answer(level=-1), "levels 0 to 4"),
        (with_answer(level=1, mood="good"), "mood"),
        (with_answer(level=1, role=7), "role"),
        (changed(answers=[{"question": "zz", "level": 1}]), "zz"),
        (changed(answers=[{"question": "a\nb\ud800", "level": 1}]), "no question"),
        (changed(answers=[{"level": 1}]), "question"),
        (changed(answers=[{"question": "a1", "level": 1}] * 2), "twice"),
        (changed(agreed=[{"question": "a1"}]), "level"),
        (changed(agreed=[{"question": "a1", "level": 1}] * 2), "two agreed"),
        (changed(not_applicable=["a1"]), "not_applicable"),
        (changed(not_applicable=[{"question": "zz", "reason": "x"}]), "zz"),
        (with_question(choices=1), "two choices"),
        (with_question(choices=None), "choices"),
        (with_question(weight=0), "weight"),
        (with_question(weight=10**400), "weight"),
        (with_question(effort="XXL"), "effort"),
        (with_question(dimension="B"), "dimension"),
        (with_question(stage_from="someday"), "someday"),
        (with_question(who="product"), "who"),
        (changed(checklist={**MINI, "effort_points": {"S": -1}}), "effort_points"),
        (changed(checklist={**MINI, "effort_points": [1]}), "effort_points"),
        (changed(checklist={**MINI, "dimensions": ["A"]}), "dimensions"),
        (changed(checklist={**MINI, "title": "Mine"}), "title"),
    ],
)  # fmt: skip
def test_refused(content: Any, part: str) -> None:
    sentences = refused(content)
    assert any(part in sentence for sentence in sentences)
    assert all(sentence.endswith(".") for sentence in sentences)


def test_every_problem_gets_its_sentence() -> None:
    answers = [{"question": "zz", "level": 1}, {"question": "a1", "level": 9}, {"question": "a2"}]
    assert len(refused(changed(answers=answers))) == 3


def test_unknown_command() -> None:
    assert refused({}, "guess") == ["Usage: python -m scoring [calibrate] < input.json"]


def test_calibrate_below_fifty() -> None:
    data = {"index": CALIBRATION["index"], "failed": CALIBRATION["failed"], "at": 66}
    found = answered(data, "calibrate")
    assert (found["stage"], found["shown"]) == ("index-model", "index model")
    assert [found["mean"], found["low"], found["high"]] == pytest.approx([0.775239, 0.59368, 0.912775], abs=1e-6)
    assert found["base_rate"]["failures"] == 10
    assert (found["brier"], found["auc"], found["corp"]) == (None, None, None)


def test_calibrate_validated() -> None:
    data = {"index": CALIBRATION["index"] * 3, "failed": CALIBRATION["failed"] * 3, "at": 66}
    found = answered(data, "calibrate")
    assert found["stage"] == "validated"
    assert found["brier"]["low"] < found["brier"]["skill"] < found["brier"]["high"]
    assert found["auc"]["auc"] == pytest.approx(0.91)
    assert sum(block["count"] for block in found["corp"]["blocks"]) == 50
    assert isinstance(found["spiegelhalter_z"], float)


def test_calibrate_without_outcomes() -> None:
    found = answered({"index": [], "failed": [], "at": 66}, "calibrate")
    assert (found["stage"], found["shown"], found["mean"], found["base_rate"]) == ("index-only", None, None, None)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ({"index": [1], "failed": []}, "1 indices and 0 outcomes"),
        ({"index": [1], "failed": [2]}, "0 and 1"),
        ({"index": [1], "failed": ["1"]}, "0 and 1"),
        ({"index": [101], "failed": [1]}, "0 to 100"),
        ({"index": ["1"], "failed": [1]}, "index"),
        ({"index": [1], "failed": [1], "at": "66"}, "at"),
        ({"index": [1], "failed": [1], "at": 166}, "0 to 100"),
        ({"index": [1], "failed": [1], "surprise": 1}, "surprise"),
        (b"[]", "one JSON object"),
    ],
)
def test_calibrate_refused(content: Any, part: str) -> None:
    assert any(part in sentence for sentence in refused(content, "calibrate"))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "question", "level"]), inner),
    max_leaves=8,
)


@STEADY
@given(st.dictionaries(st.sampled_from(["checklist", "answers", "targets", "agreed", "facts", "stage"]), json_values))
def test_never_a_traceback(data: dict[str, Any]) -> None:
    status, output, errors = call({"checklist": MINI, **data})
    assert (status == 0) == (errors == "") == bool(output)


def test_as_a_program() -> None:
    def run(content: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "scoring", *arguments], input=content, capture_output=True, text=True, cwd=ROOT
        )

    good = run(json.dumps(request()))
    assert (good.returncode, good.stderr) == (0, "")
    assert json.loads(good.stdout)["level"] == "moderate"
    bad = run("{")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr == "The input is not JSON (line 1, column 2).\n"


@STEADY
@given(cases())
def test_results_survive_json_bit_for_bit(case: Any) -> None:
    result = evaluate(*case)
    stored = json.loads(json.dumps(result_to_dict(result), allow_nan=False))
    assert result_from_dict(stored) == result
    assert result_to_dict(result_from_dict(stored)) == result_to_dict(result)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("engine", None),
        ("index", "46"),
        ("index", True),
        ("level", "fatal"),
        ("confidence", 1),
        ("dimensions", []),
        ("dimensions", {"A": {"risk": 1}}),
        ("points", {"a1": None}),
        ("unknown", "a1"),
        ("unknown", [1]),
        ("disagreement", {}),
    ],
)
def test_damaged_snapshot_is_refused(key: str, value: Any) -> None:
    stored = answered(request())
    with pytest.raises(ValueError, match="The stored result"):
        result_from_dict({**stored, key: value})
    del stored[key]
    with pytest.raises(ValueError, match="has no"):
        result_from_dict(stored)
