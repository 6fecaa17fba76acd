"""What the page of reference says of every kind of problem beyond its title."""

from __future__ import annotations

from dataclasses import dataclass

from api.problems import TITLES


@dataclass(frozen=True, slots=True)
class Advice:
    kind: str
    anchor: str
    statuses: str
    title: str
    says: str


_ADVICE = {
    "bad_request": ("400, 428", "Mend the request. 428: an answer is saved without the revision it is based on."),
    "refused": ("422", "Every refused field is in errors, with its place and a sentence."),
    "not_signed_in": ("401", "Send a token that is live. Why one no longer works is not said."),
    "not_allowed": ("403", "The person's role forbids it, or a session came without its CSRF token."),
    "missing_scope": (
        "403",
        "The detail names the scopes that would do. A token's scopes never change: make a new one.",
    ),
    "not_found": ("404", "It does not exist or is not yours to see. The two look the same."),
    "wrong_method": ("405", "The header Allow names the methods of the address."),
    "stale": ("409, 412", "Read it again and decide. For an answer, stored and sent hold both values."),
    "closed": ("409", "The run was closed by a snapshot, or the project is archived. Start a new run, or restore it."),
    "conflict": ("409", "The detail says what stands in the way."),
    "key_reused": ("422", "Take a new key for every new request."),
    "no_length": ("411", "Send Content-Length. Most clients do for a body that they hold whole."),
    "too_large": ("413", "The detail names the limit."),
    "wrong_media_type": ("415", "Send the header Content-Type: application/json."),
    "too_many": ("429", "Wait for as many seconds as Retry-After says."),
    "unavailable": ("503", "Wait for Retry-After and send it again, a POST with the same idempotency key."),
    "failed": ("500", "Send it again later. If it stays, ask whoever runs the site to look into the log."),
}
ADVICE = tuple(
    Advice(kind, f"problem-{kind.replace('_', '-')}", *_ADVICE[kind][:1], title, _ADVICE[kind][1])
    for kind, title in TITLES.items()
)
