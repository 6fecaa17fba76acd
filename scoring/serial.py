"""A result as plain JSON data and back, bit for bit. Snapshots keep the former."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, TypeVar, get_args

from scoring.results import Confidence, DimensionResult, Disagreement, Level, Result

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

_Word = TypeVar("_Word", bound=str)


def result_to_dict(result: Result) -> dict[str, Json]:
    """`result` as JSON-ready data with the keys of the command line. Floats are left as they are."""
    return {
        "engine": result.engine,
        "index": result.index,
        "low": result.low,
        "high": result.high,
        "level": result.level,
        "confidence": result.confidence,
        "dimensions": {
            name: {"risk": one.risk, "low": one.low, "high": one.high, "level": one.level}
            for name, one in result.dimensions.items()
        },
        "points": dict(result.points),
        "disagreement_points": dict(result.disagreement_points),
        "gain": dict(result.gain),
        "must_haves_failed": list(result.must_haves_failed),
        "unknown": list(result.unknown),
        "unanswered": list(result.unanswered),
        "not_applicable": list(result.not_applicable),
        "second_hand": list(result.second_hand),
        "next_questions": list(result.next_questions),
        "as_if_not_known": result.as_if_not_known,
        "roles": dict(result.roles),
        "disagreement": _disagreement_to_dict(result.disagreement),
    }


def result_from_dict(data: Mapping[str, object]) -> Result:
    """The result that `result_to_dict` made `data` from. Other keys are ignored.

    Raises ValueError for data that lacks a key or holds something else than a result does.
    """
    level, confidence = _get(data, "level"), _get(data, "confidence")
    return Result(
        engine=_text(data, "engine"),
        index=_optional_number(data, "index"),
        low=_optional_number(data, "low"),
        high=_optional_number(data, "high"),
        level=None if level is None else _word(level, get_args(Level)),
        confidence=None if confidence is None else _word(confidence, get_args(Confidence)),
        dimensions={name: _dimension(one) for name, one in _mapping(data, "dimensions").items()},
        points=_numbers(data, "points"),
        disagreement_points=_numbers(data, "disagreement_points"),
        gain=_numbers(data, "gain"),
        must_haves_failed=_texts(data, "must_haves_failed"),
        unknown=_texts(data, "unknown"),
        unanswered=_texts(data, "unanswered"),
        not_applicable=_texts(data, "not_applicable"),
        second_hand=_texts(data, "second_hand"),
        next_questions=_texts(data, "next_questions"),
        as_if_not_known=_optional_number(data, "as_if_not_known"),
        roles=_numbers(data, "roles"),
        disagreement=_disagreement(_get(data, "disagreement")),
    )


def _disagreement_to_dict(one: Disagreement | None) -> dict[str, Json] | None:
    if one is None:
        return None
    return {
        "mean": one.mean,
        "se": one.se,
        "questions": dict(one.questions),
        "pairs": dict(one.pairs),
        "alpha": one.alpha,
    }


def _disagreement(value: object) -> Disagreement | None:
    if value is None:
        return None
    data = _object(value)
    return Disagreement(
        mean=_number(_get(data, "mean")),
        se=_optional_number(data, "se"),
        questions=_numbers(data, "questions"),
        pairs=_numbers(data, "pairs"),
        alpha=_optional_number(data, "alpha"),
    )


def _dimension(value: object) -> DimensionResult:
    data = _object(value)
    risk, low, high = (_number(_get(data, key)) for key in ("risk", "low", "high"))
    return DimensionResult(risk, low, high, _word(_get(data, "level"), get_args(Level)))


def _get(data: Mapping[str, object], key: str) -> object:
    try:
        return data[key]
    except KeyError:
        raise ValueError(f"The stored result has no {key}.") from None


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise ValueError("The stored result holds something else where an object should be.")
    return value


def _mapping(data: Mapping[str, object], key: str) -> Mapping[str, object]:
    return _object(_get(data, key))


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("The stored result holds something else where a number should be.")
    return float(value)


def _optional_number(data: Mapping[str, object], key: str) -> float | None:
    value = _get(data, key)
    return None if value is None else _number(value)


def _numbers(data: Mapping[str, object], key: str) -> dict[str, float]:
    return {name: _number(value) for name, value in _mapping(data, key).items()}


def _text(data: Mapping[str, object], key: str) -> str:
    value = _get(data, key)
    if not isinstance(value, str):
        raise ValueError(f"The stored result holds something else than text as {key}.")
    return value


def _texts(data: Mapping[str, object], key: str) -> tuple[str, ...]:
    values = _get(data, key)
    if not isinstance(values, list | tuple) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"The stored result holds something else than a list of texts as {key}.")
    return tuple(values)


def _word(value: object, words: tuple[_Word, ...]) -> _Word:
    for word in words:
        if value == word:
            return word
    raise ValueError("The stored result holds an unknown level or confidence.")
