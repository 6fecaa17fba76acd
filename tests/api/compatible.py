"""What in an OpenAPI document would break a client of an earlier one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Document = dict[str, Any]


def breaks(released: Document, current: Document) -> list[str]:
    """A sentence for each promise of `released` that `current` does not keep. Empty if there is none."""
    return list(_operations(released, current))


def _operations(released: Document, current: Document) -> Iterator[str]:
    for path, methods in released["paths"].items():
        for method, before in methods.items():
            after = current["paths"].get(path, {}).get(method)
            where = f"{method.upper()} {path}"
            if after is None:
                yield f"{where} is gone"
                continue
            for scope in set(before["x-scopes"]) - set(after["x-scopes"]):
                yield f"{where} is no longer allowed to {scope}"
            if before["x-scopes"] == [] and after["x-scopes"]:
                yield f"{where} needs a scope now"
            yield from _parameters(where, before, after)
            yield from _request(where, before, after, released, current)
            yield from _answers(where, before, after, released, current)


def _parameters(where: str, before: Document, after: Document) -> Iterator[str]:
    named = {(one["in"], one["name"]): one for one in after.get("parameters", ())}
    known = {(one["in"], one["name"]) for one in before.get("parameters", ())}
    for one in before.get("parameters", ()):
        now = named.get((one["in"], one["name"]))
        if now is None:
            yield f"{where}: the parameter {one['name']} is gone"
            continue
        if now.get("required") and not one.get("required"):
            yield f"{where}: the parameter {one['name']} is required now"
        yield from _takes(f"{where}: {one['name']}", one["schema"], now["schema"])
    for key, now in named.items():
        if now.get("required") and key not in known:
            yield f"{where}: the new parameter {now['name']} is required"


def _request(where: str, before: Document, after: Document, old: Document, new: Document) -> Iterator[str]:
    if "requestBody" not in after:
        if "requestBody" in before:
            yield f"{where} takes no body any more"
        return
    if "requestBody" not in before:
        if after["requestBody"].get("required"):
            yield f"{where} needs a body now"
        return
    for kind, content in before["requestBody"]["content"].items():
        now = after["requestBody"]["content"].get(kind)
        if now is None:
            yield f"{where} takes no {kind} any more"
        else:
            yield from _takes(f"{where}: body", _open(content["schema"], old), _open(now["schema"], new), old, new)


def _answers(where: str, before: Document, after: Document, old: Document, new: Document) -> Iterator[str]:
    for status, answer in before["responses"].items():
        now = after["responses"].get(status)
        if now is None:
            if status.startswith("2"):
                yield f"{where} does not answer {status} any more"
            continue
        for kind, content in answer.get("content", {}).items():
            if kind not in now.get("content", {}):
                yield f"{where} {status} is no longer {kind}"
                continue
            after_schema = _open(now["content"][kind]["schema"], new)
            yield from _gives(f"{where} {status}", _open(content["schema"], old), after_schema, old, new, ())


def _takes(
    where: str, before: Any, after: Any, old: Document | None = None, new: Document | None = None
) -> Iterator[str]:
    """What was valid to send must still be."""
    if old is not None and new is not None:
        before, after = _open(before, old), _open(after, new)
    for kind in _types(before) - _types(after):
        if not (kind == "integer" and "number" in _types(after)):
            yield f"{where} does not take {kind} any more"
    if "enum" in after:
        for value in set(before.get("enum", ())) - set(after["enum"]) or (() if "enum" in before else ("anything",)):
            yield f"{where} does not take {value} any more"
    for name, is_worse in (
        ("maxLength", min),
        ("maximum", min),
        ("maxItems", min),
        ("minLength", max),
        ("minimum", max),
    ):
        if name in after and (name not in before or is_worse(before[name], after[name]) != before[name]):
            yield f"{where}: {name} is {after[name]} now"
    if after.get("pattern") != before.get("pattern"):
        yield f"{where} has another pattern"
    for name in set(after.get("required", ())) - set(before.get("required", ())):
        yield f"{where}.{name} is required now"
    if "items" in before:
        yield from _takes(f"{where}[]", before["items"], after.get("items", {}), old, new)
    for name, inner in before.get("properties", {}).items():
        if name not in after.get("properties", {}):
            yield f"{where}.{name} is gone"
        else:
            yield from _takes(f"{where}.{name}", inner, after["properties"][name], old, new)


def _gives(where: str, before: Any, after: Any, old: Document, new: Document, seen: tuple[int, ...]) -> Iterator[str]:
    """What a client could rely on must still hold."""
    before, after = _open(before, old), _open(after, new)
    if id(before) in seen:
        return
    seen = (*seen, id(before))
    for kind in _types(after) - _types(before):
        yield f"{where} can be {kind} now"
    for name in set(before.get("required", ())) - set(after.get("required", ())):
        yield f"{where}.{name} may be missing now"
    for name, inner in before.get("properties", {}).items():
        if name not in after.get("properties", {}):
            yield f"{where}.{name} is gone"
        else:
            yield from _gives(f"{where}.{name}", inner, after["properties"][name], old, new, seen)
    for part in ("items", "additionalProperties"):
        if isinstance(before.get(part), dict):
            yield from _gives(f"{where}[]", before[part], after.get(part, {}), old, new, seen)


def _open(schema: Any, document: Document) -> Any:
    """The schema that a reference names; of a choice with null the other part, with null among its types."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "oneOf" in schema:
        parts = [_open(part, document) for part in schema["oneOf"]]
        whole: dict[str, Any] = {}
        for part in parts:
            whole |= {name: value for name, value in part.items() if name != "type"}
        return whole | {"type": sorted({kind for part in parts for kind in _types(part)})}
    return schema


def _types(schema: Any) -> set[str]:
    kinds = schema.get("type", [])
    return {kinds} if isinstance(kinds, str) else set(kinds)
