"""What is said when something is refused: problem details after RFC 9457, one shape for every error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import JsonResponse

MEDIA_TYPE = "application/problem+json"
Errors = Sequence[tuple[str, str]]

TITLES = {
    "bad_request": "The request cannot be read.",
    "refused": "The content was refused. Nothing was stored.",
    "not_signed_in": "A token or a session is needed.",
    "not_allowed": "This is not allowed.",
    "missing_scope": "The token lacks a scope.",
    "not_found": "There is no such thing.",
    "wrong_method": "This address does not take this method.",
    "stale": "Somebody else changed it in the meantime. Nothing was stored.",
    "closed": "It is closed and can only be read.",
    "conflict": "The present state does not allow this. Nothing was stored.",
    "key_reused": "The idempotency key was used for another request.",
    "no_length": "The length of the body is missing.",
    "too_large": "The body is too large.",
    "wrong_media_type": "The body must be JSON.",
    "too_many": "Too many requests.",
    "unavailable": "The database did not answer. Try again.",
    "failed": "Something went wrong here. It was logged.",
}
"""Every kind of problem with its title. The kind is the last part of `type`."""


@dataclass
class Problem(Exception):
    """A refusal. `errors` are pairs of a field's place in the request and a sentence; `more` are further members."""

    status: int
    kind: str
    detail: str
    errors: Errors = ()
    more: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def refused(field: str, sentence: str) -> Problem:
    """One field of the body or the address that cannot be taken."""
    return Problem(422, "refused", sentence, ((field, sentence),))


def body_of(problem: Problem) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": f"/api/docs/#problem-{problem.kind.replace('_', '-')}",
        "title": TITLES[problem.kind],
        "status": problem.status,
        "detail": problem.detail,
    }
    if problem.errors:
        body["errors"] = [{"field": place, "detail": sentence} for place, sentence in problem.errors]
    return body | dict(problem.more)


def problem_response(problem: Problem) -> JsonResponse:
    """For the places where no view of the interface is at work."""
    return JsonResponse(body_of(problem), status=problem.status, content_type=MEDIA_TYPE, headers=dict(problem.headers))
