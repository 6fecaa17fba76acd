"""The shape of a checklist: what is asked, why, and where the question comes from.

Everything here is frozen data. `checklists.loader` makes it from YAML, `checklists.validation` says what is wrong with
a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Literal

ClaimKind = Literal["cause", "condition", "remedy", "fact", "consequence"]
DocumentKind = Literal["article", "further"]


@dataclass(frozen=True, slots=True)
class Named:
    """An id with the words shown for it: a stage or a role."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Dimension:
    id: str
    name: str
    short: str
    question: str


@dataclass(frozen=True, slots=True)
class Fact:
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A source. `article` is one of the five articles the checklist is drawn from, `further` any other."""

    id: str
    kind: DocumentKind
    title: str
    author: str | None
    publisher: str | None
    date: str | None
    url: str | None
    file: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    id: str
    document: str
    section: str | None
    kind: ClaimKind
    dimension: str
    text: str


@dataclass(frozen=True, slots=True)
class BaseRate:
    """A published figure, quoted with its attribution and never used as a forecast.

    `value` is a share from 0 to 1; `note` says what is known of where the figure comes from.
    """

    id: str
    claim: str
    value: float
    event: str
    unit: str
    attributed_to: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Remedy:
    do: str
    done: str
    effort: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `choices` run from worst to best; `number` is place of dimension and question, such as "2.12".

    `weight` is computed from the claims: 1 + 0.5 x (documents that state a cause, condition or remedy - 1).
    """

    id: str
    number: str
    dimension: str
    short: str
    prompt: str
    why: str
    choices: tuple[str, ...]
    must_have: bool
    stage_from: str
    applies_when: tuple[str, ...]
    who: tuple[str, ...]
    claims: tuple[str, ...]
    remedy: Remedy
    weight: float


@dataclass(frozen=True)
class Checklist:
    """A whole definition. `sha256` is the hash of the file it was read from."""

    id: str
    version: str
    language: str
    title: str
    stages: tuple[Named, ...]
    roles: tuple[Named, ...]
    effort_points: Mapping[str, int]
    facts: tuple[Fact, ...]
    dimensions: tuple[Dimension, ...]
    documents: tuple[Document, ...]
    base_rates: tuple[BaseRate, ...]
    claims: tuple[Claim, ...]
    questions: tuple[Question, ...]
    sha256: str = field(default="")

    @cached_property
    def question_by_id(self) -> Mapping[str, Question]:
        return MappingProxyType({question.id: question for question in self.questions})

    @cached_property
    def claim_by_id(self) -> Mapping[str, Claim]:
        return MappingProxyType({claim.id: claim for claim in self.claims})

    @cached_property
    def document_by_id(self) -> Mapping[str, Document]:
        return MappingProxyType({document.id: document for document in self.documents})

    @cached_property
    def dimension_by_id(self) -> Mapping[str, Dimension]:
        return MappingProxyType({dimension.id: dimension for dimension in self.dimensions})

    @cached_property
    def stage_order(self) -> Mapping[str, int]:
        return MappingProxyType({stage.id: place for place, stage in enumerate(self.stages)})

    def questions_due(self, stage: str, facts: Iterable[str]) -> tuple[Question, ...]:
        """The questions a project must answer to enter `stage`, given the facts that are true of it.

        Raises KeyError for a stage the checklist does not know. Unknown facts are ignored.
        """
        reached = self.stage_order[stage]
        known = frozenset(facts)
        return tuple(
            question
            for question in self.questions
            if self.stage_order[question.stage_from] <= reached
            and (not question.applies_when or known.intersection(question.applies_when))
        )

    def questions_of(self, dimension: str) -> tuple[Question, ...]:
        return tuple(question for question in self.questions if question.dimension == dimension)

    def sources_of(self, question: Question) -> tuple[tuple[Claim, Document], ...]:
        """The claims a question carries, each with the document that makes it, in the order of the definition."""
        return tuple(
            (self.claim_by_id[claim], self.document_by_id[self.claim_by_id[claim].document])
            for claim in question.claims
        )
