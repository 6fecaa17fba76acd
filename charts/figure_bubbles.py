"""The bubble chart of the page Explore: risk against planned value or planned date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import log10

from charts.figure_inputs import Bubble
from charts.figure_marks import level_words, tenths
from charts.figure_theme import (
    COLOURS,
    SIZES,
    SMALL,
    Figure,
    Part,
    ThemeId,
    axis,
    base_layout,
    day_axis,
    level_marker,
    palette,
    plain,
    risk_axis,
    with_zones,
)
from charts.levels import LEVELS, LevelStyle, level_of, whole

LARGEST, SMALLEST = 42, 20
"""Widths of bubbles in pixels. The smallest still holds a number of two digits."""

MOST_NUMBERED = 60


def bubble_figure(bubbles: Sequence[Bubble], theme: ThemeId, *, place_title: str) -> Figure:
    """Risk against planned value or date. Each bubble has its exact range as a thin line; unplaced ones are left out.

    A bubble without a size is small and open. Values that spread over more than a factor of 30 stand on a logarithmic
    axis, whose title says so.
    """
    drawn = [bubble for bubble in bubbles if bubble.index is not None and bubble.place is not None]
    largest = max((bubble.size or 0 for bubble in drawn), default=0) or 1
    # The largest first: a small one is never hidden behind it.
    drawn.sort(key=lambda bubble: (-(bubble.size or 0), bubble.number))
    data = [
        _bubbles(of_level, level, theme, largest)
        for level in LEVELS
        if (of_level := [bubble for bubble in drawn if level_of(bubble.index or 0) is level])
    ]
    axes = {"xaxis": _place_axis(drawn, theme, place_title), "yaxis": risk_axis(theme, range=[-6, 106])}
    layout = with_zones(base_layout(theme) | axes, theme)
    layout["margin"] |= {"b": 84}
    return {"data": data, "layout": layout}


def _bubbles(bubbles: Sequence[Bubble], level: LevelStyle, theme: ThemeId, largest: float) -> Part:
    colours = palette(level, theme)
    marker = level_marker(level, theme)
    shape = marker["symbol"].removesuffix("-dot")
    marker |= {
        "symbol": [shape if bubble.size is not None else f"{shape}-open" for bubble in bubbles],
        "color": [colours.fill if bubble.size is not None else colours.mark for bubble in bubbles],
        # Plotly leaves out a mark of size zero.
        "size": [bubble.size or largest * 1e-6 for bubble in bubbles],
        "sizemode": "area",
        "sizeref": 2 * largest / (LARGEST * SIZES[level.id]) ** 2,
        "sizemin": SMALLEST * SIZES[level.id] / 2,
        "opacity": 0.92,
        "line": {"color": colours.mark, "width": 1.5},
    }
    index = [bubble.index or 0.0 for bubble in bubbles]
    inks = [colours.text if bubble.size is not None else COLOURS[theme].ink for bubble in bubbles]
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": level.word,
        "legend": "legend2",
        "x": [_written(bubble.place) for bubble in bubbles],
        "y": [tenths(value) for value in index],
        "error_y": _ranges(bubbles, index) | {"color": colours.mark},
        "marker": marker,
        "text": [str(bubble.number) if bubble.number <= MOST_NUMBERED else "" for bubble in bubbles],
        "textposition": "middle center",
        "textfont": {"color": inks, "size": SMALL},
        "hoverinfo": "text",
        "hovertext": [
            f"{bubble.number}. {plain(bubble.name)}<br>{level_words(value)}, "
            f"range {whole(bubble.low)} to {whole(bubble.high)}"
            for bubble, value in zip(bubbles, index, strict=True)
        ],
        "cliponaxis": False,
    }


def _ranges(bubbles: Sequence[Bubble], index: Sequence[float]) -> Part:
    above = [round(max(bubble.high - value, 0.0), 1) for bubble, value in zip(bubbles, index, strict=True)]
    below = [round(max(value - bubble.low, 0.0), 1) for bubble, value in zip(bubbles, index, strict=True)]
    return {"type": "data", "symmetric": False, "array": above, "arrayminus": below, "thickness": 1, "width": 0}


def _written(place: float | date | None) -> float | str | None:
    return place.isoformat() if isinstance(place, date) else place


def _place_axis(bubbles: Sequence[Bubble], theme: ThemeId, title: str) -> Part:
    if any(isinstance(bubble.place, date) for bubble in bubbles):
        return day_axis(theme, title)
    values = [bubble.place for bubble in bubbles if isinstance(bubble.place, (int, float))]
    if values and min(values) > 0 and max(values) > 30 * min(values):
        reach = [round(log10(min(values)) - 0.25, 3), round(log10(max(values)) + 0.25, 3)]
        return axis(theme, f"{title}, logarithmic", type="log", tickformat=",d", dtick=1, range=reach)
    return axis(theme, title, type="linear", tickformat=",d", nticks=6, range=[0, 1.08 * max(values, default=1) or 1])
