"""The JSON that the command line reads and writes.

Whatever is read, the outcome is an answer or InvalidRequest with one sentence for each problem.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import NoReturn

from checklists.loader import UnknownChecklist, load
from checklists.schema import Checklist
from scoring.calibration import BaseRate, Estimate, calibrate
from scoring.checking import problems
from scoring.engines import CURRENT, evaluate
from scoring.errors import ScoringError, quoted
from scoring.fields import Fields
from scoring.improvement import shortest_path
from scoring.inputs import Agreed, Answers, Exclusion, Instrument, Item, Response, instrument_for
from scoring.results import Path
from scoring.serial import Json, result_from_dict, result_to_dict
from scoring.validation import Auc, Corp, Skill, auc, corp, prequential, skill, spiegelhalter_z

__all__ = ["InvalidRequest", "calibrate_request", "evaluate_request", "parse", "result_from_dict", "result_to_dict"]

DEFAULT_EFFORT_POINTS = {"S": 1, "M": 3, "L": 8}


class InvalidRequest(ValueError):
    """A request that cannot be answered; `sentences` says why."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


def parse(content: bytes) -> Mapping[str, object]:
    """The JSON object that `content` (UTF-8) holds. Raises InvalidRequest for anything else, as for duplicate keys."""
    try:
        data = json.loads(content.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError:
        raise InvalidRequest("The input is nested too deeply.") from None
    except UnicodeDecodeError:
        raise InvalidRequest("The input is not UTF-8 text.") from None
    except json.JSONDecodeError as error:
        raise InvalidRequest(f"The input is not JSON (line {error.lineno}, column {error.colno}).") from None
    except InvalidRequest:
        raise
    except ValueError:
        # Python refuses to read whole numbers of thousands of digits.
        raise InvalidRequest("The input holds a number that is too long.") from None
    if not isinstance(data, dict):
        raise InvalidRequest("The input must be one JSON object.")
    return data


def _unique(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    data: dict[str, object] = {}
    for key, value in pairs:
        if key in data:
            raise InvalidRequest(f"The key {quoted(key)} is given twice in one object.")
        data[key] = value
    return data


def _no_constant(name: str) -> NoReturn:
    raise InvalidRequest(f"{name} is not a number that can be used.")


# ---- evaluate ------------------------------------------------------------------------------------


def evaluate_request(data: Mapping[str, object]) -> dict[str, Json]:
    """Answers a request to evaluate. Raises InvalidRequest."""
    fields = Fields(data, "The input")
    engine = fields.text("engine", CURRENT)
    instrument, not_due = _instrument(fields)
    answers = _answers(fields, not_due)
    targets = fields.numbers("targets")
    fields.no_more()
    # What was read in part is not looked at further: stand-ins would be blamed for problems of their own.
    if fields.problems or instrument is None:
        raise InvalidRequest(*fields.problems)
    sentences = [str(problem) for problem in problems(instrument, answers)]
    sentences += [
        f"The target {target:g} is not a number from 0 to 100." for target in targets if not 0 <= target <= 100
    ]
    if sentences:
        raise InvalidRequest(*sentences)
    try:
        output = result_to_dict(evaluate(instrument, answers, engine=engine))
        paths: dict[str, Json] = {
            _target_key(target): _path_to_dict(shortest_path(instrument, answers, target)) for target in targets
        }
    except ScoringError as error:
        raise InvalidRequest(str(error)) from None
    output["paths"] = paths
    return output


def _instrument(fields: Fields) -> tuple[Instrument | None, frozenset[str]]:
    """What is asked, and the questions of the checklist that are not due."""
    stage = fields.optional_text("stage")
    facts = fields.texts("facts")
    named = fields.data.get("checklist")
    if isinstance(named, str):
        fields.take("checklist")
        return _released(fields, named, stage, facts)
    inline = fields.nested("checklist", 'a checklist, by name such as "ml_readiness@1.0" or as an object,')
    return (None, frozenset()) if inline is None else _inline(inline, stage, facts)


def _released(
    fields: Fields, named: str, stage: str | None, facts: tuple[str, ...]
) -> tuple[Instrument | None, frozenset[str]]:
    name, _, version = named.partition("@")
    try:
        checklist = load(name, version)
    except UnknownChecklist as error:
        fields.problem(str(error))
        return None, frozenset()
    known = {fact.id for fact in checklist.facts}
    for fact in facts:
        if fact not in known:
            fields.problem(f"The checklist knows no fact {quoted(fact)}.")
    if stage is None:
        fields.problem('A released checklist needs a "stage".')
        return None, frozenset()
    if stage not in checklist.stage_order:
        fields.problem(f"The checklist knows no stage {quoted(stage)}.")
        return None, frozenset()
    return _due(checklist, stage, facts)


def _due(checklist: Checklist, stage: str, facts: tuple[str, ...]) -> tuple[Instrument, frozenset[str]]:
    instrument = instrument_for(checklist, stage, facts)
    return instrument, frozenset(checklist.question_by_id) - {item.id for item in instrument.items}


def _inline(inline: Fields, stage: str | None, facts: tuple[str, ...]) -> tuple[Instrument, frozenset[str]]:
    """An inline checklist. Stage and facts matter only where its questions say from when, or for whom, they are due."""
    weights: dict[str, float] = {}
    dimensions: list[str] = []
    for entry in inline.entries("dimensions"):
        dimensions.append(entry.text("id"))
        if (weight := entry.optional_number("weight")) is not None:
            weights[dimensions[-1]] = weight
        entry.no_more()
    stages = {name: place for place, name in enumerate(inline.texts("stages"))}
    if stages and stage is not None and stage not in stages:
        inline.problem(f"The checklist knows no stage {quoted(stage)}.")
    items: list[Item] = []
    not_due: set[str] = set()
    for entry in inline.entries("questions"):
        item = Item(
            id=entry.text("id"),
            dimension=entry.text("dimension"),
            choices=entry.whole_number("choices"),
            must_have=entry.flag("must_have"),
            weight=entry.number("weight", 1.0),
            effort=entry.text("effort", "M"),
            who=entry.texts("who"),
        )
        since, only_if = entry.optional_text("stage_from"), entry.texts("applies_when")
        entry.no_more()
        if since is not None and since not in stages:
            inline.problem(f"Question {quoted(item.id)} is due from the unknown stage {quoted(since)}.")
        is_early = since is not None and stage is not None and stages.get(since, 0) > stages.get(stage, len(stages))
        if is_early or (only_if and not set(only_if) & set(facts)):
            not_due.add(item.id)
        else:
            items.append(item)
    effort_points = inline.whole_numbers("effort_points", DEFAULT_EFFORT_POINTS)
    inline.no_more()
    instrument = Instrument(tuple(dimensions), tuple(items), effort_points, weights)
    return instrument, frozenset(not_due) - {item.id for item in items}


def _answers(fields: Fields, not_due: frozenset[str]) -> Answers:
    """The answers to questions that are due. What is said about other questions of the checklist is left out."""
    responses: list[Response] = []
    for entry in fields.entries("answers", []):
        response = Response(
            question=entry.text("question"),
            level=entry.optional_whole_number("level"),
            dont_know=entry.flag("dont_know"),
            passed=entry.flag("pass"),
            role=entry.optional_text("role"),
            respondent=entry.optional_text("respondent") or "",
            evidence=entry.flag("evidence"),
        )
        entry.no_more()
        responses.append(response)
    agreed: list[Agreed] = []
    for entry in fields.entries("agreed", []):
        agreed.append(Agreed(entry.text("question"), entry.whole_number("level"), entry.flag("evidence")))
        entry.no_more()
    excluded: list[Exclusion] = []
    for entry in fields.entries("not_applicable", []):
        excluded.append(Exclusion(entry.text("question"), entry.optional_text("reason") or ""))
        entry.no_more()
    return Answers(
        tuple(one for one in responses if one.question not in not_due),
        tuple(one for one in agreed if one.question not in not_due),
        tuple(one for one in excluded if one.question not in not_due),
        closed=fields.flag("closed"),
    )


def _target_key(target: float) -> str:
    return str(int(target)) if target == int(target) else repr(target)


def _path_to_dict(path: Path | None) -> Json:
    if path is None:
        return None
    return {"cost": path.cost, "questions": list(path.questions), "index": path.index}


# ---- calibrate -----------------------------------------------------------------------------------


def calibrate_request(data: Mapping[str, object]) -> dict[str, Json]:
    """Answers a request to calibrate: the parts that the stage allows, and null for others. Raises InvalidRequest."""
    fields = Fields(data, "The input")
    index = fields.numbers("index")
    failed = fields.outcomes("failed")
    at = fields.optional_number("at")
    fields.no_more()
    if fields.problems:
        raise InvalidRequest(*fields.problems)
    try:
        found = calibrate(index, failed, at)
        is_validated = found.stage == "validated"
        forecasts = prequential(index, failed) if is_validated else None
        return {
            "stage": found.stage,
            "shown": found.shown,
            **_estimate_to_dict(found.estimate),
            "slope_positive": found.slope_positive,
            "note": found.note,
            "base_rate": _base_rate_to_dict(found.base_rate),
            "brier": _skill_to_dict(skill(forecasts)) if forecasts else None,
            "auc": _auc_to_dict(auc(index, failed)) if is_validated else None,
            "corp": _corp_to_dict(corp(forecasts.model, forecasts.failed)) if forecasts else None,
            "spiegelhalter_z": spiegelhalter_z(forecasts.model, forecasts.failed) if forecasts else None,
        }
    except ScoringError as error:
        raise InvalidRequest(str(error)) from None


def _estimate_to_dict(estimate: Estimate | None) -> dict[str, Json]:
    if estimate is None:
        return {"mean": None, "low": None, "high": None}
    return {"mean": estimate.mean, "low": estimate.low, "high": estimate.high}


def _base_rate_to_dict(rate: BaseRate | None) -> Json:
    if rate is None:
        return None
    return {"failures": rate.failures, "successes": rate.successes, **_estimate_to_dict(rate.estimate)}


def _skill_to_dict(one: Skill) -> Json:
    return {"brier": one.brier, "reference": one.reference, "skill": one.skill, "low": one.low, "high": one.high}


def _auc_to_dict(one: Auc | None) -> Json:
    return None if one is None else {"auc": one.auc, "low": one.low, "high": one.high}


def _corp_to_dict(one: Corp) -> Json:
    return {
        "brier": one.brier,
        "miscalibration": one.miscalibration,
        "discrimination": one.discrimination,
        "uncertainty": one.uncertainty,
        "blocks": [
            {"first": block.first, "last": block.last, "share": block.share, "count": block.count}
            for block in one.blocks
        ],
    }
