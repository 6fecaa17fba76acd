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
from findings.verdict import confidence_of, judge


class DimensionResultShape(serializers.Serializer[Any]):
    risk = serializers.FloatField(allow_null=True, help_text=f"{RISK} {NOT_YET}")
    low = serializers.FloatField(help_text="The best case of its open questions, 0 to 100.")
    high = serializers.FloatField(help_text="The worst case of its open questions and missing evidence, 0 to 100.")
    level = serializers.ChoiceField(LEVEL_NAMES, allow_null=True, help_text=NOT_YET)


class DisagreementShape(serializers.Serializer[Any]):
    mean = serializers.FloatField(help_text="Mean distance between roles, 0 the same to 1 opposite ends.")
    se = serializers.FloatField(
        allow_null=True, help_text="The standard error of the mean. Null with one shared question."
    )
    questions = serializers.DictField(
        child=serializers.FloatField(),
        help_text="By question that two or more roles gave a level for: their distance, 0 to 1.",
    )
    pairs = serializers.DictField(
        child=serializers.FloatField(),
        help_text="By pair of roles, such as platform|sponsor: their mean distance, 0 to 1.",
    )
    alpha = serializers.FloatField(
        allow_null=True,
        help_text="Krippendorff's alpha. Null below 20 shared questions, and where every answer is the same.",
    )


class StepShape(serializers.Serializer[Any]):
    question = serializers.CharField(help_text="The id of the question whose remedy this is.")
    effort = serializers.IntegerField(help_text="The effort points of its remedy.")
    before = serializers.FloatField(help_text="The index before this step.")
    after = serializers.FloatField(help_text="The index after it.")


class PathShape(serializers.Serializer[Any]):
    target = serializers.FloatField(help_text="The index at or below which it leads.")
    cost = serializers.IntegerField(help_text="Effort points of all steps. No other set of remedies costs less.")
    questions = serializers.ListField(
        child=serializers.CharField(),
        help_text="The ids of the questions whose remedies these are, in alphabetical order.",
    )
    index = serializers.FloatField(help_text="The index after all steps.")
    steps = StepShape(
        many=True,
        help_text="The same remedies in the order in which they are worth taking: most gain for the effort first.",
    )


class NarrowingShape(serializers.Serializer[Any]):
    question = serializers.CharField(help_text="The id of the question.")
    action = serializers.ChoiceField(
        ["answer", "evidence"],
        help_text="answer: find out the answer. evidence: back the answer up with a link or a note.",
    )
    points = serializers.FloatField(help_text="By how many points of the index the range narrows at least.")


class ResultShape(serializers.Serializer[Any]):
    engine = serializers.CharField(help_text="The version of the arithmetic. A released one never changes.")
    judgement = serializers.ChoiceField(
        ["early", "preliminary", "final"],
        help_text="early: nothing but the range may be said. preliminary: index and level go with that word.",
    )
    index = serializers.FloatField(allow_null=True, help_text=f"{RISK} {NOT_YET}")
    low = serializers.FloatField(
        allow_null=True,
        help_text="The exact best case of the open questions, 0 to 100. Null where no question applies.",
    )
    high = serializers.FloatField(
        allow_null=True,
        help_text="The exact worst case, missing evidence included, 0 to 100. Null where no question applies.",
    )
    level = serializers.ChoiceField(LEVEL_NAMES, allow_null=True, help_text=NOT_YET)
    confidence = serializers.ChoiceField(
        ["firm", "provisional", "open"], allow_null=True, help_text="How many levels the range touches: 1, 2, more."
    )
    answered = serializers.IntegerField(help_text="Questions with an answer, don't know and not applicable included.")
    due = serializers.IntegerField(help_text="Questions that the stage and the facts of the project make due.")
    dimensions = serializers.DictField(child=DimensionResultShape(), help_text="By id of the dimension.")
    points = serializers.DictField(
        child=serializers.FloatField(),
        help_text="By question: its exact part of the index. They add up to it. Empty while there is no index.",
    )
    disagreement_points = serializers.DictField(
        child=serializers.FloatField(),
        help_text="By question: how much of its points comes from answers that differ. Empty while there is no index.",
    )
    gain = serializers.DictField(
        child=serializers.FloatField(), help_text="By question: by how much its remedy alone lowers the index."
    )
    must_haves_failed = serializers.ListField(
        child=serializers.CharField(), help_text="Must-haves at their worst: answered so, or in `unknown`."
    )
    unknown = serializers.ListField(
        child=serializers.CharField(),
        help_text="Answered with don't know, and once the run is closed those left blank.",
    )
    unanswered = serializers.ListField(
        child=serializers.CharField(), help_text="Without an answer while the run is open."
    )
    not_applicable = serializers.ListField(child=serializers.CharField(), help_text="Declared not applicable.")
    second_hand = serializers.ListField(
        child=serializers.CharField(), help_text="Answered by roles other than those who would know."
    )
    next_questions = serializers.ListField(
        child=serializers.CharField(),
        help_text="Open questions and don't know: must-haves first, then by their share of the dimension's weight.",
    )
    as_if_not_known = serializers.FloatField(
        allow_null=True, help_text="The index if everything not applicable were not known; null if nothing is."
    )
    roles = serializers.DictField(child=serializers.FloatField(), help_text="The index by the answers of each role.")
    disagreement = DisagreementShape(
        allow_null=True,
        help_text="How far apart the roles are. Null while no question has a level from two roles.",
    )
    paths = serializers.DictField(
        child=PathShape(allow_null=True),
        help_text="By target (50 and 25): the cheapest set of remedies that reaches it, null where it is reached "
        "already or cannot be.",
    )
    narrowings = NarrowingShape(
        many=True, help_text="Up to six questions that narrow the range most, the one that does so most first."
    )


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
    shape["dimensions"] = {
        name: _dimension(one, *progress["dimensions"][name]) for name, one in result["dimensions"].items()
    }
    if judgement == "early":
        # Whatever adds up to the index, or was computed from it, would name it.
        shape |= {"index": None, "level": None, "as_if_not_known": None}
        shape |= {name: {} for name in ("points", "disagreement_points", "gain", "roles")}
        shape["paths"] = dict.fromkeys(body["paths"])
    return shape


def _dimension(one: Any, answered: int, due: int) -> dict[str, Any]:
    """The portfolio's rule: no number and no level while little of the dimension is answered."""
    if not answered or judge(answered, due, confidence_of(one["low"], one["high"])) == "early":
        return {**one, "risk": None, "level": None}
    return dict(one)


class Result(Endpoint):
    @operation("read_result", "The result of a run", needs=Permission.VIEW_PROJECT, returns=ResultShape)
    def get(self, request: Request, slug: str, run: str) -> Response:
        """Of an open run what its answers give now; of a closed one what its last snapshot froze."""
        assessment = find_assessment(project_of(request, slug, Permission.VIEW_PROJECT), run)
        closing = None if assessment.is_open else assessment.snapshots.filter(closes=True).first()
        body = read_body(closing) if closing else live_body(assessment, None, at=timezone.now())
        return Response(cast("dict[str, Any]", ResultShape(result_shape(body)).data))
