"""Numbers become pictures: one set of pure functions for pages and the PDF. No Django in here."""

from charts.bars import Skin, points_bars, range_bar
from charts.levels import (
    LEVEL_BY_ID,
    LEVELS,
    LIMITS,
    LevelId,
    LevelStyle,
    Palette,
    level_of,
    shown,
    to_tenths,
    whole,
)
from charts.markup import Drawing
from charts.scales import zones_scale
from charts.shapes import level_shape, shape_address
from charts.steps import path_steps_bars

__all__ = [
    "LEVELS",
    "LEVEL_BY_ID",
    "LIMITS",
    "Drawing",
    "LevelId",
    "LevelStyle",
    "Palette",
    "Skin",
    "level_of",
    "level_shape",
    "path_steps_bars",
    "points_bars",
    "range_bar",
    "shape_address",
    "shown",
    "to_tenths",
    "whole",
    "zones_scale",
]
