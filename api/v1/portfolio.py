"""All projects with their figures, as the dashboard lists them."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Permission
from api.access import acting_with
from api.operations import OF_ORGANISATION, PORTION, Endpoint, list_of, operation
from api.pages import after, keys_of, next_address, read_limit
from api.problems import Problem
from api.shapes import NOT_YET, RISK, FiguresShape, level_id
from assessments.services import CHECKLIST
from checklists.loader import load
from checklists.schema import Checklist
from portfolio.filters import FIND_LIMIT, SORTS, Filters, read_filters
from portfolio.queries import make_row, matching, ordered, page_columns, with_course
from portfolio.rows import LEVEL_IDS, Row
from portfolio.sight import sight_of
from projects.models import NO_UNIT, TAG_LIMIT, UNIT_LIMIT, Stage

DIMENSIONS = tuple(dimension.id for dimension in load(*CHECKLIST).dimensions)
NOT_FILTERS = frozenset({"limit", "cursor", "organisation"})
FILTERS = (
    OpenApiParameter("find", str, description=f"In name, unit and goal. At most {FIND_LIMIT} characters."),
    OpenApiParameter("stage", str, enum=Stage.values, description="Those that want to enter this stage."),
    OpenApiParameter("unit", str, description=f"One business unit; `{NO_UNIT}` for the projects of none."),
    OpenApiParameter("tag", str, description="Those with this tag."),
    OpenApiParameter("owner", int, description="The number of a person."),
    OpenApiParameter("level", str, enum=LEVEL_IDS, description="`none`: no level may be named yet."),
    OpenApiParameter("open", str, description="Those where this question has one of its two worst answers."),
    OpenApiParameter("stale", str, enum=["1"], description="Not reviewed for more than 90 days."),
    OpenApiParameter("as_of", str, description="What the newest snapshots said at the end of this day (2026-09-30)."),
    OpenApiParameter(
        "sort", str,
        description=f"{', '.join(SORTS)} or a dimension ({', '.join(DIMENSIONS)}). A minus before it turns it round. "
        "Without it the worst case comes first.",
    ),
)  # fmt: skip


class CellShape(FiguresShape):
    """Where one dimension of a project stands."""

    index = serializers.FloatField(allow_null=True, help_text=f"{RISK} {NOT_YET}")


class RowShape(FiguresShape):
    """A project in the portfolio, with its figures."""

    project = serializers.CharField(help_text="The slug.")
    name = serializers.CharField(help_text="What the project is called.")
    stage = serializers.ChoiceField(Stage.choices, help_text="The stage that it wants to enter.")
    unit = serializers.CharField(help_text="Business unit, empty for none.")
    tags = serializers.ListField(child=serializers.CharField(), help_text="Words by which projects are grouped.")
    owner = serializers.CharField(help_text="Name of the owner, empty for none.")
    is_demo = serializers.BooleanField(help_text="Part of the invented portfolio.")
    is_preliminary = serializers.BooleanField(help_text="Index and level go with this word: too few answers.")
    dimensions = serializers.DictField(child=CellShape(), help_text="By id of the dimension.")
    change = serializers.FloatField(
        allow_null=True, help_text="Points since the end of the last quarter, up is worse. Null where unknown."
    )
    reviewed_at = serializers.DateTimeField(
        allow_null=True,
        help_text="When the newest snapshot was taken, with `as_of` the newest by that day. In UTC, null for none.",
    )
    planned_date = serializers.DateField(
        allow_null=True, help_text="When it is to enter the stage. Null where no day is planned."
    )
    planned_value = serializers.IntegerField(allow_null=True, help_text="A year, in thousands.")
    snapshot = serializers.CharField(help_text="With `as_of`: the snapshot that this row shows, else empty.")


def row_shape(row: Row, checklist: Checklist) -> dict[str, Any]:
    plain = (
        "name", "stage", "unit", "owner", "is_demo", "is_preliminary", "low", "high", "answered", "due", "change",
        "reviewed_at", "planned_date", "planned_value", "snapshot",
    )  # fmt: skip
    cells = zip(checklist.dimensions, row.cells, strict=False)
    shape = {
        **{name: getattr(row, name) for name in plain},
        "project": row.slug,
        "tags": list(row.tags),
        "index": row.shown,
        "level": level_id(row.level),
        "dimensions": {
            dimension.id: {
                "index": cell.shown, "low": cell.low, "high": cell.high, "level": level_id(cell.level),
                "answered": cell.answered, "due": cell.due,
            }
            for dimension, cell in cells
        },
    }  # fmt: skip
    return dict(RowShape(shape).data)


def filters_of(request: Request, *, today: date, checklist: Checklist) -> Filters:
    """The filters of the dashboard. What the dashboard leaves out with a notice is refused here. Raises Problem."""
    params = {name: str(value) for name, value in request.query_params.items() if name not in NOT_FILTERS}
    errors = [
        (name, f"{name}: {notice}")
        for name, value in params.items()
        for notice in read_filters({name: value}, today=today, checklist=checklist).notices
    ]
    errors += [
        (name, f"{name}: at most {limit} characters.")
        for name, limit in (("unit", UNIT_LIMIT), ("tag", TAG_LIMIT))
        if len(params.get(name, "")) > limit
    ]
    errors += [
        (name, f"{name}: must not be empty.")
        for name, value in params.items()
        if not value.strip("-") and (name, value) != ("unit", NO_UNIT)
    ]
    if params.get("stale", "1") != "1":
        errors.append(("stale", "stale: 1, or left out."))
    if errors:
        raise Problem(422, "refused", errors[0][1], tuple(errors))
    return read_filters(params, today=today, checklist=checklist)


class Portfolio(Endpoint):
    @operation(
        "list_portfolio", "The portfolio", needs=Permission.VIEW_PORTFOLIO, returns=list_of(RowShape),
        query=(*PORTION, OF_ORGANISATION, *FILTERS),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Every project that you may see, with the filters and orders of the dashboard."""
        acting = acting_with(request, Permission.VIEW_PORTFOLIO)
        at, checklist = timezone.now(), load(*CHECKLIST)
        filters = filters_of(request, today=at.date(), checklist=checklist)
        limit = read_limit(request)
        found = ordered(matching(sight_of(acting.membership), filters, at=at), filters, checklist, at=at)
        keys = keys_of(found)
        names = [key.name for key in keys]
        portion: Any = after(request, found, keys)
        width = len(names)
        values = [(tuple(row[:-width]), row[-width:]) for row in page_columns(portion, filters, *names)[: limit + 1]]
        rows = with_course([make_row(row) for row, _ in values[:limit]], filters, at=at)
        next_ = next_address(request, values[limit - 1][1]) if len(values) > limit else None
        return Response({"items": [row_shape(row, checklist) for row in rows], "next": next_})
