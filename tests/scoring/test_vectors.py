"""The published numbers, to 1e-6. They were computed by an implementation that shares no code with this one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scoring import (
    Answers,
    Exclusion,
    Instrument,
    Item,
    Response,
    Result,
    auc,
    base_rate,
    calibrate,
    corp,
    evaluate,
    fit_index_model,
    prequential,
    shortest_path,
    skill,
    spiegelhalter_z,
)
from tests.scoring.draft import answers_at, checksum_answers, draft

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
CALIBRATION = VECTORS["calibration"]


def close(expected: Any) -> Any:
    return pytest.approx(expected, abs=VECTORS["tolerance"])


def mini() -> Instrument:
    data = VECTORS["mini"]
    items = tuple(Item(**{**question, "who": tuple(question["who"])}) for question in data["questions"])
    return Instrument(tuple(d["id"] for d in data["dimensions"]), items, data["effort_points"])


def mini_answers(levels: list[Any], *, closed: bool = False, evidence: bool = True) -> Answers:
    """A level, "dk", "n/a", None for unanswered, or levels by role."""
    responses: list[Response] = []
    excluded: list[Exclusion] = []
    for item, said in zip(mini().items, levels, strict=True):
        if said == "n/a":
            excluded.append(Exclusion(item.id, "Outside the scope."))
        elif isinstance(said, dict):
            responses += [
                Response(item.id, level=level, role=role, respondent=role, evidence=evidence)
                for role, level in said.items()
            ]
        elif said == "dk":
            responses.append(Response(item.id, dont_know=True))
        elif said is not None:
            responses.append(Response(item.id, level=said, evidence=evidence))
    return Answers(tuple(responses), not_applicable=tuple(excluded), closed=closed)


def check_result(result: Result, expected: dict[str, Any]) -> None:
    assert result.index == close(expected["overall"])
    assert {name: one.risk for name, one in result.dimensions.items()} == close(expected["dims"])
    assert (result.low, result.high) == close((expected["low"], expected["high"]))
    assert (result.level, result.confidence) == (expected["level"], expected["confidence"])
    assert {name: result.points[name] for name in expected["points"]} == close(expected["points"])


@pytest.mark.parametrize("vector", VECTORS["scoring"], ids=lambda vector: vector["name"])
def test_scoring(vector: dict[str, Any]) -> None:
    answers = mini_answers(vector["levels"], closed=vector.get("closed", False), evidence=vector.get("evidence", True))
    result = evaluate(mini(), answers)
    check_result(result, vector["expected"])
    assert set(result.points) == set(vector["expected"]["points"])


@pytest.mark.parametrize("vector", VECTORS["paths"], ids=lambda vector: f"to {vector['target']}")
def test_path(vector: dict[str, Any]) -> None:
    path = shortest_path(mini(), mini_answers(vector["levels"]), vector["target"])
    assert path is not None
    assert (path.cost, list(path.questions)) == (vector["cost"], vector["questions"])
    assert path.index == close(vector["index"])


def test_draft_weights() -> None:
    assert {item.id: item.weight for item in draft().items} == VECTORS["draft_weights"]


def test_draft() -> None:
    check_result(evaluate(draft(), checksum_answers()), VECTORS["draft"])


@pytest.mark.parametrize("vector", VECTORS["draft_paths"], ids=lambda vector: f"to {vector['target']}")
def test_draft_path(vector: dict[str, Any]) -> None:
    path = shortest_path(draft(), checksum_answers(), vector["target"])
    assert path is not None
    assert (path.cost, list(path.questions)) == (vector["cost"], vector["questions"])
    assert path.index == close(vector["index"])


def scenario(name: str) -> Answers:
    items = draft().items
    best = {item.id: item.choices - 1 for item in items}
    levels: dict[str, dict[str, int | None]] = {
        "all best": {},
        "one ordinary question at worst": {"data.quality": 0},
        "must-have data.access at worst": {"data.access": 0},
        "two must-haves in two dimensions at worst": {"data.access": 0, "operations.owner": 0},
        "whole data dimension at worst": {item.id: 0 for item in items if item.dimension == "data"},
        "everything second-best": {item.id: item.choices - 2 for item in items},
        "everything second-worst": {item.id: 1 for item in items},
        "all don't know": {item.id: None for item in items},
    }
    return answers_at({**best, **levels[name]})


@pytest.mark.parametrize("name", VECTORS["draft_scenarios"])
def test_draft_scenario(name: str) -> None:
    index = evaluate(draft(), scenario(name)).index
    assert index is not None
    assert round(index, 1) == VECTORS["draft_scenarios"][name]


def test_disagreement() -> None:
    """The published means, from the smallest set of answers that gives all of them."""
    vector = VECTORS["disagreement"]
    items = tuple(Item(question, "A", vector["choices"], False, 1.0, "S") for question in vector["levels"])
    responses = tuple(
        Response(question, level=level, role=role, respondent=role)
        for question, levels in vector["levels"].items()
        for role, level in levels.items()
    )
    found = evaluate(Instrument(("A",), items, {"S": 1}), Answers(responses)).disagreement
    assert found is not None
    expected = vector["expected"]
    assert (found.mean, found.se) == close((expected["mean"], expected["se"]))
    assert list(found.questions.values()) == close(expected["per"])
    assert found.pairs == close(expected["pairs"])
    assert found.alpha is None


@pytest.mark.parametrize("vector", CALIBRATION["base_rates"], ids=lambda vector: vector["name"])
def test_base_rate(vector: dict[str, Any]) -> None:
    found = base_rate(vector["failures"], vector["successes"]).estimate
    assert [found.mean, found.low, found.high] == close(vector["expected"])


def first(count: int) -> tuple[list[float], list[int]]:
    return CALIBRATION["index"][:count], CALIBRATION["failed"][:count]


@pytest.mark.parametrize("vector", CALIBRATION["models"], ids=lambda vector: vector["name"])
def test_index_model(vector: dict[str, Any]) -> None:
    model = fit_index_model(*first(vector["first"]))
    expected = vector["expected"]
    assert model.centre == close(expected["centre"])
    assert [model.slope, model.slope_positive] == close(expected["slope"])
    for at in (20, 50, 80):
        found = model.at(at)
        assert [found.mean, found.low, found.high] == close(expected[f"p{at}"])


def test_c08_prequential_skill() -> None:
    found = skill(prequential(*first(20)))
    expected = CALIBRATION["c08"]
    assert {name: getattr(found, name) for name in expected} == close(expected)


def test_c09_corp() -> None:
    found = corp(CALIBRATION["forecasts"]["p"], CALIBRATION["forecasts"]["y"])
    expected = CALIBRATION["c09"]
    for name in ("brier", "miscalibration", "discrimination", "uncertainty"):
        assert getattr(found, name) == close(expected[name])
    blocks = [[block.first, block.last, block.share, block.count] for block in found.blocks]
    assert len(blocks) == len(expected["blocks"])
    for block, wanted in zip(blocks, expected["blocks"], strict=True):
        assert block == close(wanted)


def test_c10_auc_and_z() -> None:
    p, y = CALIBRATION["forecasts"]["p"], CALIBRATION["forecasts"]["y"]
    found = auc(p, y)
    assert found is not None
    assert found.auc == close(CALIBRATION["c10"]["auc"])
    assert [found.low, found.high] == close(CALIBRATION["c10"]["interval_90"])
    assert spiegelhalter_z(p, y) == close(CALIBRATION["c10"]["z"])


def test_c11_auc_of_the_index() -> None:
    found = auc(*first(20))
    assert found is not None
    assert found.auc == close(CALIBRATION["c11"]["auc"])
    assert [found.low, found.high] == close(CALIBRATION["c11"]["interval_90"])


def test_c12_perfect_auc() -> None:
    found = auc([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [0] * 5 + [1] * 5)
    assert found is not None
    assert [found.low, found.high] == close(CALIBRATION["c12"])


@pytest.mark.parametrize("name", ["c14", "c15"])
def test_what_is_shown(name: str) -> None:
    vector = CALIBRATION[name]
    found = calibrate(*first(vector["first"]), vector["at"])
    expected = vector["expected"]
    assert (found.stage, found.shown) == (expected["stage"], expected["shown"])
    assert found.estimate is not None
    assert [found.estimate.mean, found.estimate.low, found.estimate.high] == close(
        [expected["mean"], expected["low"], expected["high"]]
    )
    if "slope_positive" in expected:
        assert found.slope_positive == close(expected["slope_positive"])
