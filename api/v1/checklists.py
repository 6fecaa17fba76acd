"""What is asked, and where each question comes from."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.access import acting_of
from api.operations import Endpoint, list_of, operation
from checklists.loader import UnknownChecklist, available, load
from checklists.schema import Checklist, Question


class ChecklistHeadShape(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="The checklist, in all its versions. Such as ml_readiness.")
    version = serializers.CharField(help_text="A released version never changes.")
    title = serializers.CharField(help_text="What the checklist is called.")
    sha256 = serializers.CharField(help_text="Of the file that defines it.")
    questions = serializers.IntegerField(help_text="How many there are.")


class DimensionShape(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="What stands in `dimension` of a question, and in results.")
    name = serializers.CharField(help_text="The dimension in words.")
    short = serializers.CharField(help_text="The same in a word, for narrow places.")
    question = serializers.CharField(help_text="What the dimension asks as a whole.")


class NamedShape(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="What stands in `stage_from` or `who` of a question.")
    name = serializers.CharField(help_text="The stage or the role in words.")


class FactShape(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="What stands in `facts` of a project.")
    text = serializers.CharField(help_text="The sentence that is true of a project or not.")


class RemedyShape(serializers.Serializer[Any]):
    """What lowers the risk that a question asks about."""

    do = serializers.CharField(help_text="What is to be done.")
    done = serializers.CharField(help_text="By what one sees that it is done.")
    effort = serializers.CharField(help_text="A key of `effort_points`.")


class SourceShape(serializers.Serializer[Any]):
    claim = serializers.CharField(help_text="The id of the claim in the checklist.")
    says = serializers.CharField(help_text="The claim in our words.")
    section = serializers.CharField(
        allow_null=True, help_text="Where in the document it stands. Null where there is no such place."
    )
    title = serializers.CharField(help_text="The title of the document.")
    author = serializers.CharField(allow_null=True, help_text="Who wrote the document. Null where that is not known.")
    publisher = serializers.CharField(
        allow_null=True, help_text="Who published the document. Null where that is not known."
    )
    date = serializers.CharField(
        allow_null=True, help_text="When the document appeared, such as 2021-07-14. Null where that is not known."
    )
    url = serializers.CharField(allow_null=True, help_text="Address of the document, null for none.")


class QuestionShape(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="What stands in the address of an answer.")
    number = serializers.CharField(help_text="Place of dimension and question, such as 2.12.")
    dimension = serializers.CharField(help_text="The id of its dimension.")
    short = serializers.CharField(help_text="What it is about, in a few words.")
    prompt = serializers.CharField(help_text="The question as it is asked.")
    why = serializers.CharField(help_text="Why it is asked.")
    choices = serializers.ListField(
        child=serializers.CharField(), help_text="From worst to best. The place, from 0, is the level of an answer."
    )
    must_have = serializers.BooleanField(
        help_text="Whether it is a must-have. The worst one counts for half of its dimension."
    )
    stage_from = serializers.CharField(help_text="Due from this stage on.")
    applies_when = serializers.ListField(
        child=serializers.CharField(), help_text="Due when one of these facts is true; always when empty."
    )
    who = serializers.ListField(child=serializers.CharField(), help_text="Roles that would know.")
    weight = serializers.FloatField(help_text="1 and 0.5 for each further document that says it.")
    remedy = RemedyShape()
    sources = SourceShape(many=True, help_text="Where it comes from: each claim with its document.")


class ChecklistShape(ChecklistHeadShape):
    dimensions = DimensionShape(many=True, help_text="The parts into which the questions fall, in order.")
    stages = NamedShape(many=True, help_text="The stages of a project, the earliest first.")
    roles = NamedShape(many=True, help_text="The roles that answer.")
    facts = FactShape(many=True, help_text="What may be true of a project and makes more questions due.")
    effort_points = serializers.DictField(child=serializers.IntegerField(), help_text="What an effort counts.")
    questions = QuestionShape(many=True, help_text="All questions, in order.")  # type: ignore[assignment]


def head(checklist: Checklist) -> dict[str, Any]:
    return {
        "id": checklist.id,
        "version": checklist.version,
        "title": checklist.title,
        "sha256": checklist.sha256,
        "questions": len(checklist.questions),
    }


def question(checklist: Checklist, item: Question) -> dict[str, Any]:
    plain = ("id", "number", "dimension", "short", "prompt", "why", "must_have", "stage_from", "weight", "remedy")
    return {
        **{name: getattr(item, name) for name in plain},
        "choices": list(item.choices),
        "applies_when": list(item.applies_when),
        "who": list(item.who),
        "sources": [
            {
                "claim": claim.id,
                "says": claim.text,
                "section": claim.section,
                **{name: getattr(document, name) for name in ("title", "author", "publisher", "date", "url")},
            }
            for claim, document in checklist.sources_of(item)
        ],
    }


def whole(checklist: Checklist) -> dict[str, Any]:
    return {
        **head(checklist),
        "dimensions": checklist.dimensions,
        "stages": checklist.stages,
        "roles": checklist.roles,
        "facts": checklist.facts,
        "effort_points": dict(checklist.effort_points),
        "questions": [question(checklist, item) for item in checklist.questions],
    }


class Checklists(Endpoint):
    @operation("list_checklists", "Checklists", returns=list_of(ChecklistHeadShape))
    def get(self, request: Request) -> Response:
        """Every released version."""
        acting_of(request)
        heads = [head(load(*one)) for one in available()]
        return Response(list_of(ChecklistHeadShape)({"items": heads, "next": None}).data)


class OneChecklist(Endpoint):
    @operation("read_checklist", "One version of a checklist", returns=ChecklistShape)
    def get(self, request: Request, checklist_id: str, version: str) -> Response:
        """All questions with choices, remedies and sources."""
        acting_of(request)
        try:
            checklist = load(checklist_id, version)
        except UnknownChecklist:
            raise Http404 from None
        return Response(ChecklistShape(whole(checklist)).data)
