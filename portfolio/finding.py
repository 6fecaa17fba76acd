"""What the whole portfolio comes to: one sentence as the title, and up to three under it, by ranked rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checklists.schema import Checklist
from findings.words import capital, count_word, joined, user_text
from portfolio.periods import since_words
from portfolio.summary import Named, Summary

MOST_SENTENCES = 3
ALIKE = 0.8
"""The second dimension is named beside the first if it adds at least this share of the first one's points."""


@dataclass(frozen=True, slots=True)
class PortfolioFinding:
    """`title` has no full stop; `text` is whole sentences or empty."""

    title: str
    text: str


def find(summary: Summary, checklist: Checklist) -> PortfolioFinding:
    """The finding. Ranks: nothing there, nothing known, share at high or critical, moderate at most, all low.

    Under it the first three that hold: what adds most to the risk, who became worse, who needs a decision, how many
    have no level yet, how many were not reviewed.
    """
    return PortfolioFinding(_title(summary), " ".join(_sentences(summary, checklist)[:MOST_SENTENCES]))


def _title(summary: Summary) -> str:
    if not summary.total:
        return "No projects yet"
    if not summary.known:
        count = count_words(summary.total, "project has", "projects have")
        return f"{count} too few answers for a level"
    if summary.bad:
        if summary.bad == summary.known and summary.known > 1:
            head = f"All {summary.known:,} projects are at high or critical risk"
        else:
            verb = "is" if summary.bad == 1 else "are"
            head = f"{summary.bad:,} of {projects(summary.known)} {verb} at high or critical risk"
        return f"{head}{_compared(summary)}"
    if moderate := summary.levels[2]:
        verb = "is" if moderate == 1 else "are"
        head = f"No project is at high or critical risk, and {moderate:,} of {summary.known:,} {verb} at moderate risk"
        return f"{head}{_compared(summary)}"
    if summary.known == 1:
        return "The one project with a level is at low risk on its answers"
    return f"All {projects(summary.known)} are at low risk on their answers"


def _compared(summary: Summary) -> str:
    """How the number at high or critical risk has moved since the end of the last quarter, if there was one."""
    if not summary.known_before:
        return ""
    difference, when = summary.bad - summary.bad_before, since_words(summary.since, summary.day)
    if not difference:
        return f", as many as in {when}" if summary.bad else ""
    return f", {count_word(abs(difference))} {'more' if difference > 0 else 'fewer'} than in {when}"


def _sentences(summary: Summary, checklist: Checklist) -> list[str]:
    candidates = (
        _largest_dimensions(summary, checklist),
        _crossed(summary),
        _critical(summary),
        _without_level(summary),
        _stale(summary),
    )
    return [sentence for sentence in candidates if sentence]


def _largest_dimensions(summary: Summary, checklist: Checklist) -> str:
    points = dict.fromkeys((dimension.id for dimension in checklist.dimensions), 0.0)
    for driver in summary.drivers:
        if question := checklist.question_by_id.get(driver.question):
            points[question.dimension] += driver.points
    first, second = sorted(((points[d.id], d.short) for d in checklist.dimensions), reverse=True)[:2]
    if not summary.bad or first[0] <= 0:
        return ""
    names = [first[1], second[1]] if second[0] >= first[0] * ALIKE else [first[1]]
    return f"Open points in {joined(names)} add most to the risk."


def _crossed(summary: Summary) -> str:
    if not summary.crossed:
        return ""
    when = since_words(summary.since, summary.day)
    return f"{names_of(summary.crossed)} {'has' if len(summary.crossed) == 1 else 'have'} become worse since {when}."


def _critical(summary: Summary) -> str:
    others = [named for named in summary.worst if named not in summary.crossed]
    if not others:
        return ""
    return f"{names_of(others)} {'needs' if len(others) == 1 else 'need'} a decision first."


def _without_level(summary: Summary) -> str:
    missing = summary.levels[4]
    if not missing or not summary.known:
        return ""
    return f"{count_words(missing, 'more project has', 'more projects have')} too few answers for a level."


def _stale(summary: Summary) -> str:
    if not summary.stale:
        return ""
    return f"{count_words(summary.stale, 'project was', 'projects were')} not reviewed for 90 days."


def names_of(found: Sequence[Named]) -> str:
    return joined([user_text(named.name, 60) for named in found])


def projects(count: int) -> str:
    return f"{count:,} {'project' if count == 1 else 'projects'}"


def count_words(count: int, one: str, many: str) -> str:
    return f"{capital(count_word(count))} {one if count == 1 else many}"
