"""The document that was released binds us: what it promises holds until there is a version 2."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from api.schema import released_document
from tests.api.compatible import breaks

RELEASED = Path(__file__).parent / "openapi-v1.json"
AGAIN = "If it breaks nothing, write it anew: python -m tests.api.test_released"


def released() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RELEASED.read_text())
    return found


def current() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(released_document()))
    return found


def test_nothing_that_was_promised_is_broken() -> None:
    assert breaks(released(), current()) == []


def test_the_released_document_is_up_to_date() -> None:
    assert current() == released(), AGAIN


def test_it_is_a_document_of_openapi_3_1() -> None:
    document = current()
    assert document["openapi"] == "3.1.0"
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    names = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(names) == len(set(names)) > 35


def test_every_field_and_every_operation_is_explained() -> None:
    """Units and limits are where a client reads them."""
    document = current()
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
            assert operation["description"]
            for parameter in operation.get("parameters", ()):
                assert parameter.get("description") or parameter["schema"].get("enum"), parameter
    bare = {
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, one in schema.get("properties", {}).items()
        if not is_explained(one)
    }
    assert bare == set()
    named = {one["$ref"] for one in _properties(document) if "$ref" in one}
    for name in (reference.rpartition("/")[2] for reference in named):
        assert _schema(document, name).get("description", "").strip(), name


def is_explained(field: dict[str, Any]) -> bool:
    """A mere reference is explained by the shape that it names."""
    return set(field) == {"$ref"} or bool(text_of(field))


def text_of(field: dict[str, Any]) -> str:
    """The description without the list of choices, which the generator writes below it."""
    lines = field.get("description", "").splitlines()
    return " ".join(line for line in lines if not line.startswith("* `")).strip()


def _properties(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for schema in document["components"]["schemas"].values():
        yield from schema.get("properties", {}).values()


Change = Callable[[dict[str, Any]], Any]
PROJECT = "/api/v1/projects/{slug}"
ANSWER = PROJECT + "/assessments/{run}/answers/{question}"


def _schema(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"][name]
    return found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d["paths"].pop(ANSWER), "GET {answer} is gone"),
        (lambda d: d["paths"][PROJECT].pop("patch"), "PATCH {project} is gone"),
        (lambda d: d["paths"][PROJECT]["get"]["x-scopes"].remove("reports"), "no longer allowed to reports"),
        (lambda d: d["paths"]["/api/v1/projects"]["get"]["parameters"].pop(0), "the parameter "),
        (lambda d: _schema(d, "AnswerBody")["required"].append("note"), "body.note is required now"),
        (lambda d: _schema(d, "AnswerBody")["properties"].pop("reason"), "body.reason is gone"),
        (lambda d: _schema(d, "AnswerBody")["properties"]["state"]["enum"].pop(), "does not take not_applicable"),
        (lambda d: _schema(d, "AnswerBody")["properties"]["note"].update(maxLength=10), "maxLength is 10 now"),
        (lambda d: _schema(d, "AnswerBody")["properties"]["level"].update(type="string"), "not take integer any more"),
        (lambda d: _schema(d, "PersonShape")["properties"].pop("name"), "answered_by.name is gone"),
        (lambda d: _schema(d, "AnswerShape")["required"].remove("revision"), "revision may be missing now"),
        (lambda d: _schema(d, "FiguresShape")["properties"]["low"].update(type=["number", "null"]), "can be null now"),
    ],
)
def test_a_broken_promise_is_seen(change: Change, words: str) -> None:
    broken = copy.deepcopy(released())
    change(broken)
    found = breaks(released(), broken)
    assert any(words.format(project=PROJECT, answer=ANSWER) in sentence for sentence in found), found


def test_additions_break_nothing() -> None:
    grown = copy.deepcopy(released())
    grown["paths"]["/api/v1/new"] = grown["paths"]["/api/v1/projects"]
    _schema(grown, "AnswerBody")["properties"]["colour"] = {"type": "string"}
    _schema(grown, "AnswerShape")["properties"]["colour"] = {"type": "string"}
    _schema(grown, "AnswerBody")["properties"]["note"]["maxLength"] = 5000
    assert breaks(released(), grown) == []


if __name__ == "__main__":
    RELEASED.write_text(json.dumps(released_document(), indent=1, ensure_ascii=False) + "\n")
