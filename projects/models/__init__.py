"""Projects, who may see them, how they ended, and the figures that pages over many projects sort by."""

from projects import lookups as lookups  # Registers what the queries below use.
from projects.models.figures import DIMENSIONS, WORST, FiguresQuerySet, ProjectFigures, end_of
from projects.models.project import (
    GOAL_LIMIT,
    NO_UNIT,
    TAG_LIMIT,
    TAGS_LIMIT,
    UNIT_LIMIT,
    Outcome,
    Project,
    ProjectGrant,
    ProjectQuerySet,
    Stage,
    UnitGrant,
    new_slug,
)

__all__ = [
    "DIMENSIONS",
    "GOAL_LIMIT",
    "NO_UNIT",
    "TAGS_LIMIT",
    "TAG_LIMIT",
    "UNIT_LIMIT",
    "WORST",
    "FiguresQuerySet",
    "Outcome",
    "Project",
    "ProjectFigures",
    "ProjectGrant",
    "ProjectQuerySet",
    "Stage",
    "UnitGrant",
    "end_of",
    "new_slug",
]
