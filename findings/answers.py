"""What was answered to each question, ready to be printed, with only as much as the options allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from checklists.schema import Checklist, Question
from findings.words import NOTE_LIMIT, UserText, capital, count_word, day, note_text, shorten, user_text

NOTES_BUDGET = 150_000
"""Characters of notes in one report. Pages of prose take most of the time; the rest stays in the snapshot's data."""

LONGEST_ADDRESS = 2000

EMOJI_COST = 40
"""An emoji is a picture and takes as long as so many letters, measured with WeasyPrint 70."""


ANSWERED = frozenset({"graded", "unknown", "not_applicable"})
"""States that count as answered, as progress counts them."""

_STATE_WORDS = {"not_applicable": "Not applicable", "unknown": "Don't know", "unanswered": "Not answered"}


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What a report shows of people and their words: names, notes, evidence titles and addresses."""

    names: bool
    notes: bool
    evidence: bool


@dataclass(frozen=True, slots=True)
class EvidenceLink:
    """Evidence as recorded. `address` is None unless it is a plain web address; `host` is printed beside it."""

    title: UserText
    address: str | None
    host: UserText


@dataclass(frozen=True, slots=True)
class Note:
    """A note with its heading, such as "Note by a name (platform), 12 Nov 2026"."""

    heading: UserText
    text: UserText


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One due question with its answer. `weak` marks what deserves attention: worst half, don't know, not answered."""

    number: str
    prompt: str
    must_have: bool
    lines: tuple[str, ...]
    mark: str
    weak: bool
    evidence: tuple[EvidenceLink, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """Everything given to one question: the answers, the agreed one, and how it stands.

    `state` is graded, unknown, not_applicable or unanswered. What nobody answered stays unanswered when the checklist
    is closed; `counts_unknown` then says that the engine counts it as "don't know".
    """

    question: Question
    answers: tuple[Mapping[str, Any], ...]
    agreed: Mapping[str, Any] | None
    state: str
    second_hand: bool
    counts_unknown: bool = False

    @property
    def levels(self) -> tuple[int, ...]:
        """The levels that were chosen; the agreed one alone if there is one."""
        if self.agreed is not None:
            return (int(self.agreed["level"]),)
        return tuple(int(a["level"]) for a in self.answers if a.get("state") == "graded" and a.get("level") is not None)

    @property
    def risk(self) -> float | None:
        """The mean risk of the chosen levels from 0 (best) to 1 (worst), None without any."""
        levels = self.levels
        best = len(self.question.choices) - 1
        return sum(1 - level / best for level in levels) / len(levels) if levels else None

    @property
    def has_evidence(self) -> bool:
        """Whether any counted answer carries evidence. An agreed answer replaces the single ones, here too."""
        if self.agreed is not None:
            return bool(self.agreed.get("evidence_url") or self.agreed.get("evidence_title"))
        return any(has_evidence(answer) for answer in self.answers if answer.get("state") == "graded")

    @property
    def sources(self) -> tuple[Mapping[str, Any], ...]:
        """The agreed answer first, then the single ones."""
        return (self.agreed, *self.answers) if self.agreed is not None else self.answers


def has_evidence(answer: Mapping[str, Any]) -> bool:
    """Whether a single answer counts as evidenced: by an address or a note, as the score counts it."""
    return bool(answer.get("evidence_url") or answer.get("note"))


def gather(body: Mapping[str, Any], checklist: Checklist) -> dict[str, Given]:
    """All due questions of a snapshot's body in order, by id. Answers to questions that are not due are left out."""
    result = body["result"]
    states = dict.fromkeys(result["not_applicable"], "not_applicable")
    states |= dict.fromkeys(result["unknown"], "unknown")
    states |= dict.fromkeys(result["unanswered"], "unanswered")
    agreed = {item["question"]: item for item in body.get("agreed", ())}
    answers: dict[str, list[Mapping[str, Any]]] = {}
    for answer in body.get("answers", ()):
        answers.setdefault(answer["question"], []).append(answer)
    second_hand = set(result.get("second_hand", ()))

    def given(question: Question) -> Given:
        found, settled = tuple(answers.get(question.id, ())), agreed.get(question.id)
        state = states.get(question.id, "graded")
        is_blank = settled is None and not any(answer.get("state") in ANSWERED for answer in found)
        counts_unknown = is_blank and state == "unknown"
        state = "unanswered" if is_blank else state
        return Given(question, found, settled, state, question.id in second_hand, counts_unknown)

    return {question.id: given(question) for question in checklist.questions_due(body["stage"], body.get("facts", ()))}


def answer_lines(given: Given, roles: Mapping[str, str]) -> tuple[str, ...]:
    """The answer as lines: the choice alone, or a line for each different choice with who or how many gave it.

    A question that was left out comes with its reason. Always printed: an exclusion must be seen.
    """
    if given.state == "not_applicable":
        return ("Not applicable.", reasons_not_applicable(given))
    if given.state in _STATE_WORDS:
        return (_state_words(given),)
    choices = given.question.choices
    if given.agreed is not None:
        return (choices[int(given.agreed["level"])],)
    unknown = [answer for answer in given.answers if answer.get("state") == "unknown"]
    levels = sorted(set(given.levels))
    if len(levels) == 1 and not unknown:
        return (choices[levels[0]],)
    lines = [f"{_givers(_graded_at(given, level), roles)}: {choices[level]}" for level in levels]
    return (*lines, *([f"{_givers(unknown, roles)}: Don't know"] if unknown else []))


def answer_brief(given: Given) -> str:
    """The answer in short: the choice, or the worst of several."""
    if given.state in _STATE_WORDS:
        return _state_words(given)
    levels = set(given.levels)
    choice = given.question.choices[min(levels)] if levels else _STATE_WORDS["unanswered"]
    return f"{choice} (worst of {count_word(len(levels))} different answers)" if len(levels) > 1 else choice


def _state_words(given: Given) -> str:
    words = _STATE_WORDS[given.state]
    return f"{words}, counts as don't know" if given.counts_unknown else words


def _graded_at(given: Given, level: int) -> list[Mapping[str, Any]]:
    return [a for a in given.answers if a.get("state") == "graded" and a.get("level") == level]


def _givers(answers: Sequence[Mapping[str, Any]], roles: Mapping[str, str]) -> str:
    named = sorted({roles[answer["role"]] for answer in answers if answer.get("role") in roles})
    return ", ".join(named) if named else capital(_people(len(answers)))


def _people(count: int) -> str:
    return f"{count_word(count)} {'person' if count == 1 else 'people'}"


def answer_row(given: Given, roles: Mapping[str, str], options: ReportOptions, notes: NotesBudget) -> AnswerRow:
    """The printed row of one question. Takes its notes from the budget."""
    risk = given.risk
    marks = ["agreed after discussion" if given.agreed is not None else "", "second-hand" if given.second_hand else ""]
    return AnswerRow(
        number=given.question.number,
        prompt=given.question.prompt,
        must_have=given.question.must_have,
        lines=answer_lines(given, roles),
        mark=", ".join(mark for mark in marks if mark),
        weak=given.state in {"unknown", "unanswered"} or (risk is not None and risk >= 0.5),
        evidence=tuple(evidence_links(given)) if options.evidence else (),
        notes=tuple(_notes(given, roles, options, notes)) if options.notes else (),
    )


def evidence_links(given: Given) -> list[EvidenceLink]:
    """The different pieces of evidence of a question, in the order given."""
    found: dict[tuple[str, str], EvidenceLink] = {}
    for answer in given.sources:
        title, url = str(answer.get("evidence_title") or ""), str(answer.get("evidence_url") or "")
        if title or url:
            found.setdefault((title, url), evidence_link(title, url))
    return list(found.values())


def evidence_link(title: str, url: str) -> EvidenceLink:
    """A link only for plain http and https addresses with a host and without user names or controls."""
    address, host = None, ""
    try:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc and url.isprintable():
            address, host = url, parts.hostname
    except ValueError:  # A malformed address, such as an unclosed IPv6 bracket.
        address = None
    if len(url) > LONGEST_ADDRESS:
        address = None
    return EvidenceLink(shorten(user_text(title or url), 90), address, shorten(user_text(host), 40))


class NotesBudget:
    """Hands out the characters of a report's notes and counts the notes that no longer fit."""

    def __init__(self, characters: int = NOTES_BUDGET) -> None:
        self.left = characters
        self.omitted = 0

    def take(self, text: UserText) -> bool:
        """Whether the text still fits; if so it is booked."""
        cost = len(text) + EMOJI_COST * sum(letter >= "\U0001f000" for letter in text)
        if cost > self.left:
            self.omitted += 1
            return False
        self.left -= cost
        return True


def _notes(given: Given, roles: Mapping[str, str], options: ReportOptions, budget: NotesBudget) -> list[Note]:
    printed = []
    for answer in given.sources:
        is_agreed = answer is given.agreed
        text = note_text(answer.get("reason") if is_agreed else answer.get("note"), NOTE_LIMIT)
        if text and budget.take(text):
            printed.append(Note(_heading(answer, is_agreed, roles, options), text))
    return printed


def _heading(answer: Mapping[str, Any], is_agreed: bool, roles: Mapping[str, str], options: ReportOptions) -> UserText:
    if is_agreed:
        return UserText("Reason for the agreed answer")
    name = user_text(answer.get("answered_by"), 80) if options.names else ""
    role = roles.get(str(answer.get("role") or ""), "").lower()
    who = f" by {name}" if name else ""
    return UserText(
        ", ".join(part for part in (f"Note{who}{f' ({role})' if role else ''}", day(answer.get("answered_at"))) if part)
    )


def reasons_not_applicable(given: Given) -> UserText:
    """The written reasons why a question was left out."""
    reasons = [str(a.get("reason") or a.get("note") or "") for a in given.answers if a.get("state") == "not_applicable"]
    return user_text("; ".join(dict.fromkeys(reason for reason in reasons if reason)) or "No reason given.", 1000)


def respondents(answers: Sequence[Mapping[str, Any]]) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
    """How many people answered, their names in alphabetical order, and the times at which they did."""
    given = [answer for answer in answers if answer.get("state") not in {None, "blank"}]
    people = {str(answer.get("answered_by") or answer.get("respondent") or "") for answer in given}
    names = sorted({str(answer["answered_by"]) for answer in given if answer.get("answered_by")})
    times = tuple(str(answer["answered_at"]) for answer in given if answer.get("answered_at"))
    return len(people), tuple(names), times
