"""What the answers of a run mean."""

from __future__ import annotations

from typing import Any, cast

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Permission
from api.access import project_of
from api.operations import Endpoint, operation
from api.shapes import LEVEL_NAMES, NOT_YET, RISK
from api.v1.assessments import find_assessment
from assessments.snapshots import live_body, read_body
from findings.verdict import judge


class DimensionResultShape(serializers.Serializer[Any]):
    risk = serializers.FloatField(help_text=RISK)
    low = serializers.FloatField(help_text="The best case of its open questions.")
    high = serializers.FloatField(help_text="The worst case of its open questions.")
    level = serializers.ChoiceField(LEVEL_NAMES)


class DisagreementShape(serializers.Serializer[Any]):
    mean = serializers.FloatField(help_text="Mean distance between roles, 0 the same to 1 opposite ends.")
    se = serializers.FloatField(allow_null=True, help_text="Its standard error.")
    questions = serializers.DictField(child=serializers.FloatField())
    pairs = serializers.DictField(child=serializers.FloatField())
    alpha = serializers.FloatField(allow_null=True, help_text="Krippendorff's alpha.")


class StepShape(serializers.Serializer[Any]):
    question = serializers.CharField()
    effort = serializers.IntegerField(help_text="Effort points.")
    before = serializers.FloatField(help_text="The index before this step.")
    after = serializers.FloatField(help_text="The index after it.")


class PathShape(serializers.Serializer[Any]):
    target = serializers.FloatField(help_text="The index at or below which it leads.")
    cost = serializers.IntegerField(help_text="Effort points of all steps. No other set of remedies costs less.")
    questions = serializers.ListField(child=serializers.CharField())
    index = serializers.FloatField(help_text="The index after all steps.")
    steps = StepShape(many=True)


class NarrowingShape(serializers.Serializer[Any]):
    question = serializers.CharField()
    action = serializers.ChoiceField(["answer", "evidence"])
    points = serializers.FloatField(help_text="By how much the range narrows at least.")


class ResultShape(serializers.Serializer[Any]):
    engine = serializers.CharField(help_text="The version of the arithmetic. A released one never changes.")
    judgement = serializers.ChoiceField(
        ["early", "preliminary", "final"],
        help_text="early: nothing but the range may be said. preliminary: index and level go with that word.",
    )
    index = serializers.FloatField(allow_null=True, help_text=f"{RISK} {NOT_YET}")
    low = serializers.FloatField(allow_null=True, help_text="The exact best case of the open questions.")
    high = serializers.FloatField(allow_null=True, help_text="The exact worst case of the open questions.")
    level = serializers.ChoiceField(LEVEL_NAMES, allow_null=True, help_text=NOT_YET)
    confidence = serializers.ChoiceField(
        ["firm", "provisional", "open"], allow_null=True, help_text="How many levels the range touches: 1, 2, more."
    )
    answered = serializers.IntegerField()
    due = serializers.IntegerField()
    dimensions = serializers.DictField(child=DimensionResultShape(), help_text="By id of the dimension.")
    points = serializers.DictField(
        child=serializers.FloatField(), help_text="By question: its exact part of the index. They add up to it."
    )
    disagreement_points = serializers.DictField(child=serializers.FloatField())
    gain = serializers.DictField(
        child=serializers.FloatField(), help_text="By question: by how much its remedy alone lowers the index."
    )
    must_haves_failed = serializers.ListField(child=serializers.CharField())
    unknown = serializers.ListField(child=serializers.CharField(), help_text="Answered with don't know.")
    unanswered = serializers.ListField(child=serializers.CharField())
    not_applicable = serializers.ListField(child=serializers.CharField())
    second_hand = serializers.ListField(
        child=serializers.CharField(), help_text="Answered by roles other than those who would know."
    )
    next_questions = serializers.ListField(
        child=serializers.CharField(), help_text="Open questions, the one that narrows the range most first."
    )
    as_if_not_known = serializers.FloatField(
        allow_null=True, help_text="The index if everything not applicable were not known; null if nothing is."
    )
    roles = serializers.DictField(child=serializers.FloatField(), help_text="The index by the answers of each role.")
    disagreement = DisagreementShape(allow_null=True)
    paths = serializers.DictField(
        child=PathShape(allow_null=True),
        help_text="By target (50 and 25): the cheapest set of remedies that reaches it, null where it is reached "
        "already or cannot be.",
    )
    narrowings = NarrowingShape(many=True, help_text="What narrows the range most.")


def result_shape(body: Any) -> dict[str, Any]:
    """From the body of a snapshot or of the answers as they stand."""
    result, progress = body["result"], body["progress"]
    judgement = judge(progress["answered"], progress["due"], result["confidence"])
    shape = {
        **result,
        "judgement": judgement,
        "answered": progress["answered"],
        "due": progress["due"],
        "paths": body["paths"],
        "narrowings": body["narrowings"],
    }
    if judgement == "early":
        shape |= {"index": None, "level": None}
    return shape


class Result(Endpoint):
    @operation("read_result", "The result of a run", needs=Permission.VIEW_PROJECT, returns=ResultShape)
    def get(self, request: Request, slug: str, run: str) -> Response:
        """Of an open run what its answers give now; of a closed one what its last snapshot froze."""
        assessment = find_assessment(project_of(request, slug, Permission.VIEW_PROJECT), run)
        closing = None if assessment.is_open else assessment.snapshots.filter(closes=True).first()
        body = read_body(closing) if closing else live_body(assessment, None, at=timezone.now())
        return Response(cast("dict[str, Any]", ResultShape(result_shape(body)).data))
