"""What the OpenAPI document says beyond what the generator reads from the code."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator

from api.access import ORGANISATION
from api.fields import Body
from api.operations import Endpoint
from api.problems import MEDIA_TYPE, TITLES

PROBLEM = {
    "type": "object",
    "description": "Problem details after RFC 9457.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": f"Ends with the kind of problem: {', '.join(kind.replace('_', '-') for kind in TITLES)}.",
        },
        "title": {"type": "string", "description": "The kind in words."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "A sentence for a person, with the field and the limit."},
        "errors": {
            "type": "array",
            "description": "One for each field that was refused.",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {
                    "field": {"type": "string", "description": "Its place, such as `tags[2]`. Empty for the whole."},
                    "detail": {"type": "string"},
                },
            },
        },
        "stored": {"description": "With a stale answer: what is stored now, null for nothing."},
        "sent": {"description": "With a stale answer: what was sent."},
    },
}
SAYS = {
    "304": "Not changed since the ETag that was sent.",
    "400": "The request cannot be read, or a header is malformed.",
    "401": "No token and no session, or one that no longer works.",
    "403": "The role or the token's scopes do not allow it.",
    "404": "There is no such thing, or it is not yours to see.",
    "409": "The present state does not allow it; for an answer, somebody else changed it.",
    "411": "The length of the body is missing.",
    "412": "It is not in the state that If-Match names.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "422": "A field was refused. Nothing was stored.",
    "428": "The revision that the answer is based on is missing.",
    "429": "Too many requests. Retry-After says when to ask again.",
    "503": "The database did not answer. Ask again.",
}
_TEXT, _NUMBER = {"type": "string"}, {"type": "integer"}
HEADERS = {
    "ETag": {"schema": _TEXT, "description": "Of what is answered, for If-None-Match and If-Match."},
    "Location": {"schema": _TEXT, "description": "Where to read what was made."},
    "Retry-After": {"schema": _NUMBER, "description": "In how many seconds to ask again."},
    "RateLimit-Limit": {"schema": _NUMBER, "description": "Requests a minute. Not there where no limit is set."},
    "RateLimit-Remaining": {"schema": _NUMBER, "description": "How many are left in this minute."},
    "RateLimit-Reset": {"schema": _NUMBER, "description": "In how many seconds the next minute begins."},
    "Idempotency-Replayed": {"schema": _TEXT, "description": "`true` where this is the answer of before."},
}
PARTS = {
    "slug": "The project's part of addresses.",
    "run": "The number of a run, or `latest`.",
    "question": "The id of a question of the checklist.",
    "public_id": "The id of the snapshot, report or link.",
    "organisation_id": "The number of the organisation.",
    "number": "The number of the proposal.",
    "checklist_id": "Such as ml_readiness.",
    "version": "Such as 1.0.",
}
PATTERNS = {"run": "^(latest|[0-9]{1,18})$"}
BODY_METHODS = frozenset({"post", "put", "patch"})


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token from the page “Tokens” of the organisation. It starts with pf_.",
        }


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "__Host-sessionid",
            "description": "The session of the pages (`sessionid` where HTTPS is off). "
            "What changes something also needs the header X-CSRFToken.",
        }


def complete(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Adds problems, scopes, idempotency keys and the refusal of unknown fields."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            _complete_operation(path, method, operation)
            _close(operation, schemas)
    for schema in schemas.values():
        if schema.get("description") == Body.__doc__:
            del schema["description"]
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    _drop(result, "x-spec-enum-id")
    return result


def _drop(value: Any, name: str) -> None:
    """Takes a member out of the whole document."""
    if isinstance(value, dict):
        value.pop(name, None)
        for inner in value.values():
            _drop(inner, name)
    elif isinstance(value, list):
        for inner in value:
            _drop(inner, name)


def _complete_operation(path: str, method: str, operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            parameter["description"] = PARTS[parameter["name"]]
            if parameter["name"] in PATTERNS:
                parameter["schema"]["pattern"] = PATTERNS[parameter["name"]]
    statuses = {"401", "403", "422", "429", "503", *operation.pop("x-statuses", ())}
    if "{" in path or any(parameter["name"] == ORGANISATION for parameter in operation.get("parameters", ())):
        statuses.add("404")
    statuses |= {"400", "413", "415"} if method in BODY_METHODS else {"400"}
    if method in BODY_METHODS:
        statuses.add("411")
    _say_headers(method, operation)
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status in sorted(statuses):
        operation["responses"][status] = {"description": SAYS[status], "content": problem}
        if status in {"429", "503"}:
            operation["responses"][status]["headers"] = {"Retry-After": HEADERS["Retry-After"]}
    scopes = operation.get("x-scopes", [])
    if operation.get("description") == Endpoint.__doc__:
        del operation["description"]
    words = f"Scopes: {' or '.join(f'`{scope}`' for scope in scopes)}." if scopes else "Any token may do this."
    operation["description"] = "\n\n".join(part for part in (operation.get("description", ""), words) if part)
    if method == "post":
        operation.setdefault("parameters", []).append(
            {
                "in": "header",
                "name": "Idempotency-Key",
                "schema": {"type": "string", "maxLength": 128, "pattern": "^[!-~]+$"},
                "description": "Sent again with the same key within 24 hours, the request has no second effect and "
                "gets the first answer. At most 128 printable ASCII characters.",
            }
        )


def _say_headers(method: str, operation: dict[str, Any]) -> None:
    """Which headers an answer has; 304 for those that have an ETag."""
    limits = {name: HEADERS[name] for name in HEADERS if name.startswith("RateLimit-")}
    for status, answer in list(operation["responses"].items()):
        named = dict(limits)
        is_shape = "$ref" in answer.get("content", {}).get("application/json", {}).get("schema", {})
        if is_shape and method in {"get", "put", "patch"}:
            named["ETag"] = HEADERS["ETag"]
        if status in {"201", "202"} and operation["operationId"] != "record_outcome":
            named["Location"] = HEADERS["Location"]
        if method == "post":
            named["Idempotency-Replayed"] = HEADERS["Idempotency-Replayed"]
        answer["headers"] = named
        if is_shape and method == "get":
            operation["responses"]["304"] = {"description": SAYS["304"]}


def _close(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Bodies take no other fields than those listed."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        name = content["schema"].get("$ref", "").rpartition("/")[2]
        if name in schemas:
            schemas[name]["additionalProperties"] = False


@lru_cache(maxsize=1)
def released_document() -> dict[str, Any]:
    """The OpenAPI document. Made once in a process."""
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return document
