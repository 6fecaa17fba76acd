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
    id = serializers.CharField()
    version = serializers.CharField(help_text="A released version never changes.")
    title = serializers.CharField()
    sha256 = serializers.CharField(help_text="Of the file that defines it.")
    questions = serializers.IntegerField(help_text="How many there are.")


class DimensionShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    short = serializers.CharField()
    question = serializers.CharField()


class NamedShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()


class FactShape(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="What stands in `facts` of a project.")
    text = serializers.CharField()


class RemedyShape(serializers.Serializer[Any]):
    do = serializers.CharField()
    done = serializers.CharField(help_text="By what one sees that it is done.")
    effort = serializers.CharField(help_text="A key of `effort_points`.")


class SourceShape(serializers.Serializer[Any]):
    claim = serializers.CharField()
    says = serializers.CharField(help_text="The claim in our words.")
    section = serializers.CharField(allow_null=True)
    title = serializers.CharField()
    author = serializers.CharField(allow_null=True)
    publisher = serializers.CharField(allow_null=True)
    date = serializers.CharField(allow_null=True)
    url = serializers.CharField(allow_null=True)


class QuestionShape(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="What stands in the address of an answer.")
    number = serializers.CharField(help_text="Place of dimension and question, such as 2.12.")
    dimension = serializers.CharField()
    short = serializers.CharField()
    prompt = serializers.CharField()
    why = serializers.CharField()
    choices = serializers.ListField(
        child=serializers.CharField(), help_text="From worst to best. The place, from 0, is the level of an answer."
    )
    must_have = serializers.BooleanField()
    stage_from = serializers.CharField(help_text="Due from this stage on.")
    applies_when = serializers.ListField(
        child=serializers.CharField(), help_text="Due when one of these facts is true; always when empty."
    )
    who = serializers.ListField(child=serializers.CharField(), help_text="Roles that would know.")
    weight = serializers.FloatField(help_text="1 and 0.5 for each further document that says it.")
    remedy = RemedyShape()
    sources = SourceShape(many=True)


class ChecklistShape(ChecklistHeadShape):
    dimensions = DimensionShape(many=True)
    stages = NamedShape(many=True)
    roles = NamedShape(many=True)
    facts = FactShape(many=True)
    effort_points = serializers.DictField(child=serializers.IntegerField(), help_text="What an effort counts.")
    questions = QuestionShape(many=True)  # type: ignore[assignment]


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
