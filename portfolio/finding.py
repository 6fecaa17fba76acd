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


def find(summary: Summary, checklist: Checklist, *, is_narrowed: bool = False) -> PortfolioFinding:
    """The finding. Ranks: nothing there, nothing known, share at high or critical, moderate at most, all low.

    Under it how many have no level yet, and the first that hold of: what adds most to the risk, who became worse, who
    needs a decision, how many were not reviewed. `is_narrowed` says that filters left some projects out.
    """
    return PortfolioFinding(_title(summary, is_narrowed), " ".join(_sentences(summary, checklist)))


def _title(summary: Summary, is_narrowed: bool) -> str:
    if not summary.total:
        return "No project matches" if is_narrowed else "No projects yet"
    if not summary.known:
        count = count_words(summary.total, "project has", "projects have")
        return f"{count} too few answers for a level"
    return f"{_level_title(summary)}{_compared(summary)}"


def _level_title(summary: Summary) -> str:
    """Shares of all projects, so that those without a level are never taken for good ones."""
    total, moderate = summary.total, summary.levels[2]
    if summary.bad == total > 1:
        return f"All {total:,} projects are at high or critical risk"
    if summary.bad:
        return f"{summary.bad:,} of {projects(total)} {is_are(summary.bad)} at high or critical risk"
    known_to_be = "is known to be" if summary.levels[4] else "is"
    if moderate:
        return (
            f"No project {known_to_be} at high or critical risk, {moderate:,} of {total:,} {is_are(moderate)} moderate"
        )
    if summary.levels[4]:
        return (
            f"{summary.known:,} of {projects(total)} {'has' if summary.known == 1 else 'have'} a level, and it is low"
        )
    return "The one project is at low risk on its answers" if total == 1 else f"All {total:,} projects are at low risk"


def _compared(summary: Summary) -> str:
    """How the number at high or critical risk has moved since the end of the last quarter, if there was one."""
    if not summary.known_before or (not summary.bad and not summary.bad_before):
        return ""
    difference, when = summary.bad - summary.bad_before, since_words(summary.since, summary.day)
    if not summary.bad:
        return f"; in {when} {summary.bad_before:,} {'was' if summary.bad_before == 1 else 'were'} high or critical"
    if not difference:
        return f", as many as in {when}"
    return f", {count_word(abs(difference))} {'more' if difference > 0 else 'fewer'} than in {when}"


def _sentences(summary: Summary, checklist: Checklist) -> list[str]:
    missing = _without_level(summary)
    ranked = (
        _largest_dimensions(summary, checklist),
        _crossed(summary),
        _critical(summary),
        _stale(summary),
    )
    found = [sentence for sentence in ranked if sentence]
    return [*found[: MOST_SENTENCES - bool(missing)], *([missing] if missing else [])]


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
    when, count = since_words(summary.since, summary.day), summary.crossed_count
    names = names_of(summary.crossed, count)
    return f"{names} {'has' if count == 1 else 'have'} become worse since {when}."


def _critical(summary: Summary) -> str:
    others = [named for named in summary.worst if named not in summary.crossed]
    if not others:
        return ""
    return f"{names_of(others, len(others))} {'needs' if len(others) == 1 else 'need'} a decision first."


def _without_level(summary: Summary) -> str:
    missing = summary.levels[4]
    if not missing or not summary.known:
        return ""
    return f"{count_words(missing, 'project has', 'projects have')} too few answers for a level."


def _stale(summary: Summary) -> str:
    if not summary.stale:
        return ""
    return f"{count_words(summary.stale, 'project was', 'projects were')} not reviewed for 90 days."


def names_of(found: Sequence[Named], count: int) -> str:
    """The names, and how many more there are of `count`."""
    names = [user_text(named.name, 60) for named in found]
    return joined([*names, f"{count - len(names):,} more"]) if count > len(names) else joined(names)


def is_are(count: int) -> str:
    return "is" if count == 1 else "are"


def projects(count: int) -> str:
    return f"{count:,} {'project' if count == 1 else 'projects'}"


def count_words(count: int, one: str, many: str) -> str:
    return f"{capital(count_word(count))} {one if count == 1 else many}"
