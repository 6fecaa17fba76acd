"""The fields of an answer, of a body and of the OpenAPI document as dotted paths: `items[].owner.name`.

A member whose names are ids, such as `dimensions`, has `{}` in their place. A list of plain values is one field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def leaves(paths: Iterable[str]) -> set[str]:
    """Without those that another one goes on from: an owner may be null in one item and a person in the next."""
    found = set(paths)
    inner = {path[:place] for path in found for place in range(1, len(path)) if path[place] in ".[{"}
    return found - inner


def of_value(value: Any, maps: frozenset[str], place: str = "") -> Iterator[str]:
    """The paths in a JSON value. `maps` are the places of objects whose names are ids."""
    if isinstance(value, Mapping) and place in maps:
        yield f"{place}{{}}"
        for inner in value.values():
            yield from of_value(inner, maps, f"{place}{{}}")
    elif isinstance(value, Mapping):
        yield place
        for name, inner in value.items():
            yield from of_value(inner, maps, f"{place}.{name}" if place else name)
    elif isinstance(value, list) and any(isinstance(item, (Mapping, list)) for item in value):
        yield place
        for item in value:
            yield from of_value(item, maps, f"{place}[]")
    else:
        yield place


def maps_in(fields: Iterable[str]) -> frozenset[str]:
    """The places before every `{}`."""
    return frozenset(field[:at] for field in fields for at in range(len(field)) if field.startswith("{}", at))


def of_schema(schema: Mapping[str, Any], named: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """The paths that a JSON schema allows. `named` are the schemas of the document."""
    yield place
    if "$ref" in schema:
        yield from of_schema(named[schema["$ref"].rpartition("/")[2]], named, place)
    for words in ("allOf", "oneOf", "anyOf"):
        for part in schema.get(words, ()):
            yield from of_schema(part, named, place)
    for name, part in schema.get("properties", {}).items():
        yield from of_schema(part, named, f"{place}.{name}" if place else name)
    if is_of_objects(schema.get("items", {}), named):
        yield from of_schema(schema["items"], named, f"{place}[]")
    more = schema.get("additionalProperties")
    if more or (more == {} and "properties" not in schema):
        yield from of_schema(more if isinstance(more, Mapping) else {}, named, f"{place}{{}}")


def is_of_objects(schema: Mapping[str, Any], named: Mapping[str, Any]) -> bool:
    if "$ref" in schema:
        return is_of_objects(named[schema["$ref"].rpartition("/")[2]], named)
    return schema.get("type") == "object" or any(
        is_of_objects(part, named) for words in ("allOf", "oneOf", "anyOf") for part in schema.get(words, ())
    )
