"""From a frozen snapshot to the document that is printed: everything decided here, nothing in the templates.

What the options hide never gets into the document, so no template can show it by mistake.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from charts import LEVEL_BY_ID, level_of, shown
from checklists.schema import Checklist
from findings.answers import (
    Given,
    NotesBudget,
    ReportOptions,
    answer_brief,
    gather,
    respondents,
)
from findings.appendix import Appendix, build_appendix
from findings.dimensions import DimensionPage, Material, Reading, build_dimension, previous_risk
from findings.perspectives import Views, build_views
from findings.plan import (
    AnswerFirst,
    Plan,
    Points,
    answer_first,
    apportion,
    choose_paths,
    points_table,
    read_plan,
)
from findings.verdict import (
    Judgement,
    Standing,
    confidence_words,
    default_decision,
    early_words,
    explanation,
    finding,
    judge,
    level_words,
    target_for,
    title_words,
    track_record_words,
)
from findings.words import (
    UserText,
    capital,
    clock,
    counted,
    day,
    days_from_to,
    note_text,
    shorten,
    stage_noun,
    user_text,
)

__all__ = ["ReportDocument", "ReportOptions", "build_document"]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many questions are due and how they stand. `due` and `answered` are the numbers that progress shows.

    `closed` says that the checklist is closed, so that what is not answered counts as "don't know".
    """

    due: int
    answered: int
    graded: int
    unknown: int
    unanswered: int
    not_applicable: int
    evidenced: int
    must_haves: int
    must_haves_failed: int
    closed: bool

    @property
    def words(self) -> str:
        """How many are answered and how, in one line without an end."""
        told = (
            f"{self.answered} of {self.due}, among them {self.unknown} don't know, {self.not_applicable} not applicable"
        )
        return f"{told}; {self.unanswered_words}" if self.unanswered else told

    @property
    def has_half_counted(self) -> bool:
        """Whether questions without an answer are counted at half their risk."""
        return self.unanswered > 0 and not self.closed

    @property
    def unanswered_words(self) -> str:
        """How many nobody answered, such as "8 not answered (counts as don't know)"."""
        counted_as = " (counts as don't know)" if self.closed else ""
        return f"{self.unanswered} not answered{counted_as}"

    @property
    def sentence(self) -> str:
        """The counts in one line."""
        return (
            f"{self.must_haves_failed} of {self.must_haves} must-haves not met or not known. "
            f"Answered: {self.words}. {self.evidenced} of {self.graded} chosen answers have evidence."
        )


@dataclass(frozen=True, slots=True)
class Head:
    """Who and what: cover, headers and footers. Names are empty where the options hide them."""

    title: str
    project: UserText
    project_running: UserText
    organisation: UserText
    organisation_running: UserText
    organisation_short: UserText
    goal: UserText
    stage: str
    before_stage: str
    unit: UserText
    tags: tuple[UserText, ...]
    planned: str
    owner: UserText
    answered_by: str
    answered_names: tuple[UserText, ...]
    status: str
    taken: str
    taken_iso: str
    taken_at: str
    taken_by: UserText
    snapshot_id: UserText
    snapshot_label: UserText
    snapshot_note: UserText
    assessment: UserText
    footer: UserText


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """The whole report, ready for the templates.

    `judgement` says what may be shown. While it is "early" there is a range and no number, level, points or plan.
    """

    head: Head
    judgement: Judgement
    finding: str
    early_words: str
    title_words: str
    confidence_words: str
    target: float | None
    track_record: str
    reading: Reading | None
    explanation: tuple[str, ...]
    decision: UserText
    counts: Counts
    previous_day: str
    as_if_not_known: str
    dimensions: tuple[DimensionPage, ...]
    plan: Plan | None
    plan_low: Plan | None
    plan_missing: tuple[str, str]
    answer_first: tuple[AnswerFirst, ...]
    points: Points | None
    views: Views | None
    appendix: Appendix
    notes_omitted: int
    options: ReportOptions

    @property
    def has_notes(self) -> bool:
        """Whether any note is printed."""
        return any(page.has_notes for page in self.dimensions)

    @property
    def is_early(self) -> bool:
        """Whether there is a range but no single value that may be named."""
        return self.reading is not None and self.judgement == "early"


def build_document(
    body: Mapping[str, Any], checklist: Checklist, options: ReportOptions, *, sha256: str
) -> ReportDocument:
    """The document of a snapshot's body (format 1). `sha256` is the hash of the body's bytes.

    Raises KeyError if the body lacks a part or names a question, stage or dimension that the checklist does not have.
    """
    roles = {role.id: role.name for role in checklist.roles}
    given = gather(body, checklist)
    result = body["result"]
    index = result["index"]
    counts = _counts(given, body)
    judgement = judge(counts.answered, counts.due, result["confidence"])
    named = None if judgement == "early" else index
    target = target_for(body["stage"], named)
    tenths = apportion(result["points"], named) if named is not None else {}
    path, low_path = choose_paths(body["paths"], target) if named is not None else (None, None)
    plan = read_plan(path, named, checklist) if named is not None else None
    standing = _standing(body, checklist, given, counts, plan)
    budget = NotesBudget()
    first = answer_first(body, checklist, roles)
    previous = body.get("previous")
    previous_index = previous_risk(previous, "index")
    track_record = track_record_words(body["track_record"]["outcomes"], body["track_record"]["assessed"])
    answers = {question: answer_brief(item) for question, item in given.items()}
    pages = tuple(
        build_dimension(place, dimension, Material(body, checklist, given, tenths, roles, options, budget))
        for place, dimension in enumerate(checklist.dimensions, start=1)
    )
    decision = note_text(body["snapshot"].get("decision"))
    to_ask = [item.short for item in first if item.action != "add evidence"]
    largest = [(checklist.question_by_id[q].short, tenths[q]) for q in _largest(tenths)[:2]]
    before = (day(previous["taken_at"]), previous_index) if previous and previous_index is not None else None
    return ReportDocument(
        head=_head(body, checklist, options, sha256),
        judgement=judgement,
        finding=finding(standing),
        early_words=early_words(standing),
        title_words=title_words(standing),
        confidence_words=confidence_words(standing),
        target=target,
        track_record=track_record,
        reading=_reading(result, judgement, previous_index),
        explanation=explanation(standing, largest, before),
        decision=decision or UserText(default_decision(standing, to_ask)),
        counts=counts,
        previous_day=day(previous["taken_at"]) if previous else "",
        as_if_not_known=_as_if_not_known(result) if named is not None else "",
        dimensions=pages,
        plan=plan,
        plan_low=read_plan(low_path, named, checklist) if named is not None else None,
        plan_missing=_plan_missing(index, judgement, target, counts),
        answer_first=first,
        points=points_table(tenths, result["gain"], answers, checklist, named) if named is not None else None,
        views=build_views(body, checklist, given, roles, with_indexes=named is not None),
        appendix=build_appendix(body, checklist, sha256, track_record),
        notes_omitted=budget.omitted,
        options=options,
    )


def _largest(tenths: Mapping[str, int]) -> list[str]:
    return sorted((question for question in tenths if tenths[question] > 0), key=lambda q: (-tenths[q], q))


def _counts(given: Mapping[str, Given], body: Mapping[str, Any]) -> Counts:
    progress = body["progress"]
    states = [item.state for item in given.values()]
    musts = [item for item in given.values() if item.question.must_have and item.state != "not_applicable"]
    return Counts(
        due=progress["due"],
        answered=progress["answered"],
        graded=states.count("graded"),
        unknown=states.count("unknown"),
        unanswered=progress["due"] - progress["answered"],
        not_applicable=states.count("not_applicable"),
        evidenced=sum(item.has_evidence and item.state == "graded" for item in given.values()),
        must_haves=len(musts),
        must_haves_failed=len(body["result"]["must_haves_failed"]),
        closed=bool(body["assessment"]["closed"]),
    )


def _standing(
    body: Mapping[str, Any], checklist: Checklist, given: Mapping[str, Given], counts: Counts, plan: Plan | None
) -> Standing:
    result = body["result"]
    stage = checklist.stages[checklist.stage_order[body["stage"]]]
    failed = set(result["must_haves_failed"])
    unknown = failed & set(result["unknown"])
    blank_musts = {q for q, item in given.items() if item.state == "unanswered" and item.question.must_have}
    return Standing(
        stage=stage_noun(stage),
        index=result["index"],
        low=result["low"],
        high=result["high"],
        level=result["level"],
        confidence=result["confidence"],
        due=counts.due,
        answered=counts.answered,
        unknown=counts.unknown,
        unmet=len(failed - unknown),
        unknown_musts=len(unknown),
        open_musts=len(blank_musts - failed),
        plan_steps=len(plan.steps) if plan else 0,
        plan_index=plan.values[-1] if plan else None,
    )


def _reading(result: Mapping[str, Any], judgement: Judgement, previous: float | None) -> Reading | None:
    if result["index"] is None:
        return None
    is_early = judgement == "early"
    return Reading(
        point=None if is_early else result["index"],
        low=result["low"],
        high=result["high"],
        previous=previous,
        level=None if is_early else LEVEL_BY_ID.get(result["level"], level_of(result["index"])),
        level_words=level_words(result["level"], judgement, result["low"], result["high"]),
        judgement=judgement,
    )


def _as_if_not_known(result: Mapping[str, Any]) -> str:
    value = result.get("as_if_not_known")
    return shown(value) if value is not None and result["not_applicable"] else ""


def _plan_missing(index: float | None, judgement: Judgement, target: float | None, counts: Counts) -> tuple[str, str]:
    """Title and sentence where there is no plan."""
    if index is None:
        return "Nothing to plan", "No question applies, so there is no risk that actions could lower."
    if judgement == "early":
        return "No plan yet", "A plan needs a result, and it is too early for one. Answer the open questions first."
    if target is None:
        return "No action is needed for a lower level", "The risk is low already."
    title = f"No plan to a risk below {target:g} yet"
    if counts.unanswered and not counts.closed:
        return title, "Actions alone do not reach it, because questions are not answered. Answer them first."
    return title, "No set of actions reaches it."


def _head(body: Mapping[str, Any], checklist: Checklist, options: ReportOptions, sha256: str) -> Head:
    project, snapshot = body["project"], body["snapshot"]
    stage = checklist.stages[checklist.stage_order[body["stage"]]]
    name, organisation = user_text(project["name"]), user_text(body["organisation"]["name"])
    people, names, times = respondents(body["answers"])
    identity = user_text(snapshot["id"], 60)
    closed = body["assessment"]["closed"]
    span = days_from_to(times)
    return Head(
        title=f"{shorten(name, 140)}: failure risk report, {day(snapshot['taken_at'])}",
        project=name,
        project_running=shorten(name, 60),
        organisation_short=shorten(organisation, 48),
        organisation=organisation,
        organisation_running=shorten(organisation, 32),
        goal=shorten(user_text(project.get("goal"), 400), 280),
        stage=stage.name,
        before_stage=f"before {stage_noun(stage)}" if stage.id != "idea" else "at the idea stage",
        unit=shorten(user_text(project.get("unit"), 120), 40),
        tags=tuple(user_text(tag, 40) for tag in (project.get("tags") or ())[:12]),
        planned=day(project.get("planned_date")),
        owner=shorten(user_text(project.get("owner"), 120), 56) if options.names else UserText(""),
        answered_by=f"{capital(counted(people, 'person', 'people'))}, {span}" if people else "Nobody yet",
        answered_names=tuple(user_text(one, 80) for one in names) if options.names else (),
        status="Final" if closed else "In progress",
        taken=day(snapshot["taken_at"]),
        taken_iso=str(snapshot["taken_at"]),
        taken_at=clock(snapshot["taken_at"]),
        taken_by=user_text(snapshot.get("taken_by"), 120) if options.names else UserText(""),
        snapshot_id=identity,
        snapshot_label=user_text(snapshot.get("label"), 120),
        snapshot_note=note_text(snapshot.get("note")) if options.notes else UserText(""),
        assessment=user_text(body["assessment"].get("title"), 120),
        footer=UserText(
            f"Preflight, {checklist.title.lower()} {checklist.version}, snapshot {identity}, sha256 {sha256[:12]}"
        ),
    )
