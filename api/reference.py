"""The OpenAPI document as the page of reference shows it: what to print, and nothing to decide for the template."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

Json = Mapping[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")
LISTS = frozenset({"items", "next"})
"""The members of an answer that is a portion of a list."""
KIND_OF_FORMAT = {"binary": "file", "double": "number", "int64": "integer"}
EXAMPLES: dict[str, dict[str, Any]] = {
    "save_answer": {"state": "graded", "level": 2, "revision": 0},
    "propose_answer": {"question": "…", "state": "graded", "level": 2},
}
"""Bodies of operations that take more than the document can say is required."""
_CHOICE = re.compile(r"\* `([^`]*)` - (.*)")
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text. `target` is the anchor of what it names."""

    text: str
    is_code: bool = False
    target: str = ""


Prose = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """The type of a value, such as “list of ”, the name of a shape, “, or null”."""

    words: str
    shape: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    means: str


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    kind: Kind
    is_required: bool
    limits: Prose
    choices: tuple[Choice, ...]
    says: Prose
    place: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    name: str
    says: Prose
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Body:
    is_required: bool
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes when it worked. Of a list these are the fields of each item."""

    status: str
    media_type: str
    is_list: bool
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Status:
    number: str
    says: str


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    says: tuple[Prose, ...]
    scopes: tuple[str, ...]
    parameters: tuple[Field, ...]
    body: Body | None
    answers: tuple[Answer, ...]
    refusals: tuple[Status, ...]
    example: str


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    anchor: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    groups: tuple[Group, ...]
    shapes: tuple[Shape, ...]
    problem: tuple[Field, ...]


def read_reference(document: Json) -> Reference:
    """Groups in the order of the document; the shapes are those that some field has, by name."""
    reader = _Reader(document)
    operations: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                operations.setdefault(methods[method]["tags"][0], []).append(
                    reader.operation(path, method, methods[method])
                )
    groups = tuple(
        Group(name[:1].upper() + name[1:], name.replace(" ", "-"), tuple(found)) for name, found in operations.items()
    )
    problem = reader.fields(reader.schemas["Problem"])
    return Reference(groups, reader.shapes(groups, problem), problem)


class _Reader:
    def __init__(self, document: Json) -> None:
        self.schemas: Json = document["components"]["schemas"]
        self.operations = {
            operation["operationId"] for methods in document["paths"].values() for operation in methods.values()
        }

    def operation(self, path: str, method: str, raw: Json) -> Operation:
        names = _PLACE.findall(path)
        parameters = sorted(
            (self.parameter(one) for one in raw.get("parameters", ())),
            key=lambda one: (names.index(one.name) if one.place == "path" else len(names), one.place == "header"),
        )
        body = self.body(raw.get("requestBody"))
        answers = tuple(
            self.answer(status, one) for status, one in sorted(raw["responses"].items()) if status.startswith("2")
        )
        return Operation(
            id=raw["operationId"],
            method=method.upper(),
            path=path,
            summary=raw.get("summary", ""),
            says=self.paragraphs(raw.get("description", "")),
            scopes=tuple(raw.get("x-scopes", ())),
            parameters=tuple(parameters),
            body=body,
            answers=answers,
            refusals=tuple(
                Status(status, one["description"])
                for status, one in sorted(raw["responses"].items())
                if not status.startswith("2")
            ),
            example=example(raw["operationId"], method, path, body, parameters, answers),
        )

    def parameter(self, raw: Json) -> Field:
        return self.field(
            raw["name"],
            {**raw["schema"], "description": raw.get("description", "")},
            is_required=raw.get("required", False),
            place=raw["in"],
        )

    def body(self, raw: Json | None) -> Body | None:
        if raw is None:
            return None
        content = next(iter(raw["content"].values()))
        return Body(raw.get("required", False), self.fields(self.resolved(content["schema"])))

    def answer(self, status: str, raw: Json) -> Answer:
        for media_type, content in raw.get("content", {}).items():
            schema = self.resolved(content["schema"])
            is_list = set(schema.get("properties", ())) == LISTS
            if is_list:
                schema = self.resolved(schema["properties"]["items"]["items"])
            return Answer(status, media_type, is_list, self.fields(schema))
        return Answer(status, "", False, ())

    def shapes(self, groups: Sequence[Group], problem: Iterable[Field]) -> tuple[Shape, ...]:
        """Every shape that a field has, and those that their fields have."""
        found: dict[str, Shape] = {}
        waiting = [*problem]
        for group in groups:
            for operation in group.operations:
                waiting += operation.body.fields if operation.body else ()
                for answer in operation.answers:
                    waiting += answer.fields
        while waiting:
            name = waiting.pop().kind.shape
            if name and name not in found:
                schema = self.schemas[f"{name}Shape" if f"{name}Shape" in self.schemas else name]
                found[name] = Shape(name, self.prose(schema.get("description", "")), self.fields(schema))
                waiting += found[name].fields
        return tuple(found[name] for name in sorted(found))

    def resolved(self, schema: Json) -> Json:
        name = schema.get("$ref", "").rpartition("/")[2]
        return self.schemas[name] if name else schema

    def fields(self, schema: Json) -> tuple[Field, ...]:
        """Those of a nested object without a name of its own come behind it, as `errors[].detail`."""
        required, found = schema.get("required", ()), []
        for name, one in schema.get("properties", {}).items():
            found.append(self.field(name, one, is_required=name in required))
            is_list = one.get("type") == "array"
            for inner in self.fields(one["items"] if is_list else one):
                found.append(replace(inner, name=f"{name}{'[]' if is_list else ''}.{inner.name}"))
        return tuple(found)

    def field(self, name: str, schema: Json, *, is_required: bool, place: str = "") -> Field:
        inner = schema["items"] if schema.get("type") == "array" else schema
        text, choices = split_choices(schema.get("description", ""))
        if inner is not schema:
            choices = split_choices(inner.get("description", ""))[1] or choices
        if not choices:
            choices = tuple(Choice(str(value), "") for value in inner.get("enum", ()) if value is not None)
        return Field(
            name,
            kind_of(schema),
            is_required,
            self.prose("; ".join(limits_of(schema))),
            choices,
            self.prose(text),
            place,
        )

    def paragraphs(self, text: str) -> tuple[Prose, ...]:
        """Without the last one, which says the scopes in words."""
        return tuple(
            self.prose(part)
            for part in text.split("\n\n")
            if part and not part.startswith("Scopes: ") and part != "Any token may do this."
        )

    def prose(self, text: str) -> Prose:
        """Text with `code` in it. The id of an operation leads to it."""
        pieces = []
        for number, part in enumerate(" ".join(text.split()).split("`")):
            if part:
                is_code = number % 2 == 1
                target = f"op-{part}" if is_code and part in self.operations else ""
                pieces.append(Piece(part, is_code, target))
        return tuple(pieces)


def split_choices(text: str) -> tuple[str, tuple[Choice, ...]]:
    """The generator writes the choices of a field as a list below its text. Labels that repeat a value are left out."""
    lines, choices = [], []
    for line in text.splitlines():
        if found := _CHOICE.fullmatch(line.strip()):
            value, label = found.groups()
            choices.append(Choice(value, "" if label.lower().replace(" ", "_") == value else label))
        else:
            lines.append(line)
    return "\n".join(lines).strip(), tuple(choices)


def kind_of(schema: Json) -> Kind:
    if "$ref" in schema:
        return Kind("", schema["$ref"].rpartition("/")[2].removesuffix("Shape"))
    for name in ("oneOf", "anyOf", "allOf"):
        if name in schema:
            kinds = [kind_of(one) for one in schema[name] if one.get("type") != "null"]
            after = ", or null" if len(kinds) < len(schema[name]) else ""
            return Kind(kinds[0].words, kinds[0].shape, kinds[0].after + after)
    types = schema.get("type", "any value")
    names = [types] if isinstance(types, str) else [one for one in types if one != "null"]
    after = ", or null" if len(names) != len(types) and not isinstance(types, str) else ""
    if names == ["array"]:
        inner = kind_of(schema["items"])
        return Kind(f"list of {inner.words}", inner.shape, inner.after + after)
    if names == ["object"] and isinstance(schema.get("additionalProperties"), Mapping):
        inner = kind_of(schema["additionalProperties"])
        return Kind(f"object of {inner.words}", inner.shape, inner.after + after)
    words = " or ".join(names)
    form = schema.get("format", "")
    if form:
        words = KIND_OF_FORMAT.get(form, f"{words} ({form})")
    return Kind(words, "", after)


def limits_of(schema: Json) -> list[str]:
    found = [
        between(schema.get("minLength"), schema.get("maxLength"), " characters"),
        between(schema.get("minimum"), schema.get("maximum"), ""),
        between(schema.get("minItems"), schema.get("maxItems"), " of them"),
        f"pattern `{schema['pattern']}`" if "pattern" in schema else "",
    ]
    if schema.get("type") == "array":
        found += [f"each {limit}" for limit in limits_of(schema["items"])]
    if "default" in schema:
        found.append(f"default `{json.dumps(schema['default'], ensure_ascii=False)}`")
    return [limit for limit in found if limit]


def between(least: int | None, most: int | None, unit: str) -> str:
    if least is not None and most is not None:
        return f"{least:,} to {most:,}{unit}"
    if most is not None:
        return f"at most {most:,}{unit}"
    return "" if least is None else f"at least {least:,}{unit}"


def example(
    name: str, method: str, path: str, body: Body | None, parameters: Sequence[Field], answers: Sequence[Answer]
) -> str:
    """A call with curl. What begins with $ is the caller's to set, and so is every “…”."""
    address = _PLACE.sub(lambda found: f"${found[1].upper()}", path)
    lines = [f'curl "$SITE{address}"'] if method == "get" else [f'curl -X {method.upper()} "$SITE{address}"']
    lines.append('-H "Authorization: Bearer $TOKEN"')
    if any(parameter.name == "Idempotency-Key" for parameter in parameters):
        lines.append('-H "Idempotency-Key: $KEY"')
    if body is not None:
        lines.append('-H "Content-Type: application/json"')
        given = EXAMPLES.get(name) or example_body(body)
        lines.append(f"-d '{json.dumps(given, ensure_ascii=False)}'" if given else '-d @"$FILE"')
    if any(answer.media_type not in {"", "application/json"} for answer in answers):
        lines.append('-o "$FILE"')
    return " \\\n  ".join(lines)


def example_body(body: Body) -> dict[str, Any]:
    """The required fields, or the first one where none is."""
    fields = [field for field in body.fields if field.is_required] or list(body.fields[:1])
    return {field.name: example_value(field) for field in fields}


def example_value(field: Field) -> Any:
    if field.kind.words.startswith("list of"):
        return []
    if field.choices:
        return field.choices[0].value
    return {"integer": 0, "number": 0, "boolean": True, "string (date)": "YYYY-MM-DD"}.get(field.kind.words, "…")
