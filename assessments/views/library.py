"""The checklist itself, readable by everybody who is signed in, and the sources of each question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import member_of
from checklists.loader import UnknownChecklist, load
from checklists.schema import Checklist, Claim, Document, Question


@dataclass(frozen=True, slots=True)
class Source:
    """A document with the claims of one question that it makes."""

    document: Document
    claims: Sequence[Claim]

    @property
    def heading(self) -> str:
        return "Article" if self.document.kind == "article" else "Further source"

    @property
    def section(self) -> str:
        """Where in the document, without the remark that there is no heading."""
        section = self.claims[0].section or ""
        return "" if section.startswith("(") else section

    @property
    def author(self) -> str:
        return self.document.author or self.document.publisher or "Author not stated"


def sources_of(checklist: Checklist, question: Question) -> list[Source]:
    by_document: dict[str, list[Claim]] = {}
    for claim, document in checklist.sources_of(question):
        by_document.setdefault(document.id, []).append(claim)
    return [Source(checklist.document_by_id[key], claims) for key, claims in by_document.items()]


def find_checklist(checklist_id: str, version: str) -> Checklist:
    try:
        return load(checklist_id, version)
    except UnknownChecklist as error:
        raise Http404("No such checklist.") from error


@require_safe
def checklist(request: HttpRequest, checklist_id: str, version: str) -> HttpResponse:
    member_of(request)
    found = find_checklist(checklist_id, version)
    groups = [(dimension, found.questions_of(dimension.id)) for dimension in found.dimensions]
    names = {stage.id: stage.name for stage in found.stages} | {role.id: role.name for role in found.roles}
    facts = {fact.id: fact.text for fact in found.facts}
    context = {"section": "library", "checklist": found, "groups": groups, "names": names, "facts": facts}
    return render(request, "assessments/checklist.html", context)


@require_safe
def question(request: HttpRequest, checklist_id: str, version: str, question: str) -> HttpResponse:
    """The sources of one question: a page of its own, or the inside of the side sheet for a script."""
    member_of(request)
    found = find_checklist(checklist_id, version)
    item = found.question_by_id.get(question)
    if item is None:
        raise Http404("No such question.")
    context = {"section": "library", "checklist": found, "question": item, "sources": sources_of(found, item)}
    template = "assessments/_sources.html" if request.headers.get("X-Fragment") else "assessments/sources.html"
    return render(request, template, context)
