"""What every refusal of the interface looks like."""

from __future__ import annotations

from typing import Any

MEMBERS = {"type", "title", "status", "detail"}
FURTHER = {"errors", "stored", "sent"}


def wrong_shape(response: Any) -> str:
    """What is wrong with an error as problem details after RFC 9457. Empty for a good one, and for other answers."""
    if response.status_code < 400:
        return ""
    if response.headers.get("Content-Type") != "application/problem+json":
        return f"an error as {response.headers.get('Content-Type')}"
    body = response.json()
    if not set(body) >= MEMBERS or set(body) - MEMBERS - FURTHER:
        return f"an error with the members {sorted(body)}"
    if body["status"] != response.status_code or not body["type"].startswith("/api/docs/#problem-"):
        return f"an error that says {body['status']}, {body['type']}"
    if not body["title"].endswith(".") or not body["detail"].strip():
        return f"an error without words: {body['title']!r}, {body['detail']!r}"
    if any(set(error) != {"field", "detail"} for error in body.get("errors", ())):
        return f"an error with the fields {body['errors']}"
    if response.status_code == 401 and response.headers.get("WWW-Authenticate") != "Bearer":
        return "a 401 that does not say how to sign in"
    return ""


def named(response: Any) -> list[str]:
    """The fields that a refusal names."""
    return [error["field"] for error in response.json().get("errors", ())]
