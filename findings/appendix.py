"""The pages at the end: how the number is made, published figures, sources, and what pins it all down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from checklists.schema import Checklist, Document
from findings.words import clock, user_text

METHOD: tuple[tuple[str, str], ...] = (
    (
        "Answer",
        "Each question has described choices from worst to best, in equal steps from risk 1 to risk 0. Don't know "
        "counts as the second-worst choice, and as the worst on a must-have. A question without an answer counts as "
        "half the risk while the checklist is open, and as don't know once it is closed. Not applicable is left out "
        "with its reason.",
    ),
    (
        "Dimension",
        "The root mean square of its answers' risks: each risk is squared, the squares are averaged by weight, and the "
        "root is taken. One bad answer so weighs more than several slightly imperfect ones. Then the worst must-have "
        "counts for half of its dimension.",
    ),
    (
        "Failure risk index",
        "The dimensions are put together in the same way, and the worst dimension counts for half of the whole. The "
        "index runs from 0 to 100, and lower is better. Readiness is 100 less the index.",
    ),
    (
        "Levels",
        "Low below 25, moderate below 50, high below 75, critical from 75, for a dimension and for the whole. A "
        "must-have at its worst keeps the index at 50 or more.",
    ),
    (
        "Range",
        "Exact. Its low end takes every unknown answer as the best; its high end takes it as the worst and lowers each "
        "answer without evidence by one choice. If both ends lie in one level, the level is firm; in two, it is "
        "provisional. Only the range is given if it spans three levels or if fewer than 60 of 100 due questions are "
        "answered; below 80 of 100, number and level are preliminary.",
    ),
    (
        "Points",
        "The index shared out over the answers so that the parts add up to it. Gain if alone is what the index would "
        "lose if only that answer became the best one; it is small while another must-have is as bad.",
    ),
    (
        "Several people",
        "Answers are averaged within a role and then over roles, so that a large group does not outvote a small one. "
        "Where people differ, the risk rises by their spread. An agreed answer replaces the single ones.",
    ),
    (
        "Plan",
        "The cheapest set of actions that reaches the target, found exactly and not by trial. The target is a risk "
        "below 50, before production below 25, and once it is reached the next lower level. Small effort counts 1, "
        "medium 3 and large 8 unless the checklist says otherwise. Each action is taken as done to its criterion.",
    ),
    ("Whole numbers", "Cut, not rounded, so that the number shown and its level agree."),
)

LIMITS: tuple[str, ...] = (
    "It is a structured self-assessment, not an audit. Evidence was recorded as given; nobody verified it.",
    "The index orders projects by how far their answers are from the best ones. It is not a probability of failure.",
    "A difference below 5 points is no clear change: answering the same questions again moves the index by as much.",
    "It describes one day. When people, data or plans change, so does the risk, and the report does not.",
)


@dataclass(frozen=True, slots=True)
class Source:
    """One source as it is listed. `address` is empty where none is known."""

    author: str
    title: str
    details: str
    address: str


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """A figure that others published, with what it counts and who is credited with it."""

    figure: str
    counts: str
    credited: str
    quoted_in: str
    note: str


@dataclass(frozen=True, slots=True)
class Appendix:
    """Method, limits, published figures, sources, and the identity of everything that the numbers rest on."""

    method: tuple[tuple[str, str], ...]
    limits: tuple[str, ...]
    figures: tuple[PublishedFigure, ...]
    articles: tuple[Source, ...]
    further: tuple[Source, ...]
    facts: tuple[str, ...]
    identity: tuple[tuple[str, str], ...]


def build_appendix(body: Mapping[str, Any], checklist: Checklist, sha256: str, track_record: str) -> Appendix:
    """The closing pages. Facts the checklist does not know are left out."""
    known = {fact.id: fact.text for fact in checklist.facts}
    return Appendix(
        method=METHOD,
        limits=(*LIMITS, track_record),
        figures=_figures(checklist),
        articles=tuple(_source(one) for one in checklist.documents if one.kind == "article"),
        further=tuple(_source(one) for one in checklist.documents if one.kind == "further"),
        facts=tuple(known[fact] for fact in body.get("facts", ()) if fact in known),
        identity=_identity(body, checklist, sha256),
    )


def _identity(body: Mapping[str, Any], checklist: Checklist, sha256: str) -> tuple[tuple[str, str], ...]:
    snapshot, used = body["snapshot"], body["checklist"]
    return (
        ("Snapshot", f"{user_text(snapshot['id'], 60)}, number {snapshot['number']}, {clock(snapshot['taken_at'])}"),
        ("Snapshot sha256", sha256),
        ("Checklist", f"{checklist.title} {used['version']} ({used['id']}), scoring engine {body['engine']}"),
        ("Checklist sha256", str(used["sha256"])),
    )


def _figures(checklist: Checklist) -> tuple[PublishedFigure, ...]:
    figures = []
    for rate in checklist.base_rates:
        claim = checklist.claim_by_id[rate.claim]
        document = checklist.document_by_id[claim.document]
        quoted = f"“{document.title}”"
        figures.append(
            PublishedFigure(
                f"{rate.value * 100:.0f} of 100",
                f"{rate.unit}: {rate.event}",
                rate.attributed_to,
                quoted,
                rate.note or "",
            )
        )
    return tuple(figures)


def _source(document: Document) -> Source:
    author = document.author or document.publisher or "Author not stated"
    details = [document.publisher if document.author else None, document.date or "date not stated"]
    return Source(author, document.title, ", ".join(part for part in details if part), document.url or "")
