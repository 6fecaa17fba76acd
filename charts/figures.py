"""The figures of the page Explore: typed numbers become Plotly figures, as plain dictionaries ready for JSON.

Each function returns {"data": [...], "layout": {...}} for one theme, the same for the same input. Levels are drawn by
shape and colour. What is not known is left out or drawn as a grey hatched bar over the whole scale, never as zero.
Indices run from 0 to 100. Texts of people may hold anything; they are made harmless here. Plotly's own Python package
is not needed for this and takes half a second to import; the tests hold every figure against its schema.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from charts.figure_bubbles import bubble_figure
from charts.figure_inputs import Profile, Series, StageCount
from charts.figure_marks import NAME_LENGTH, Mark, day_words, hatched, level_marks, level_words, stroke, tenths
from charts.figure_theme import (
    COLOURS,
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
    series_style,
    with_zones,
)
from charts.levels import LEVELS

NO_LEVEL = "No level yet"
NUMBER_FITS, SHAPE_FITS = 0.06, 0.12
"""The shares of the longest bar that a part needs to hold a number, or a shape and a number, on a narrow screen."""

__all__ = ["bars_figure", "bubble_figure", "radar_figure", "stages_figure", "time_figure"]


def time_figure(series: Sequence[Series], theme: ThemeId, *, stepped: bool) -> Figure:
    """Risk over time: one line per series, one mark per known point.

    `stepped` is for frozen results, which hold until the next one; medians of units are joined straight.
    """
    lines = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": plain(line.name, NAME_LENGTH),
            "x": [point.day.isoformat() for point in line.points],
            "y": [tenths(point.index) for point in line.points],
            "line": stroke(place, theme) | {"shape": "hv" if stepped else "linear"},
            "connectgaps": False,
            "hoverinfo": "skip",
        }
        for place, line in enumerate(series)
    ]
    marks = [
        Mark(
            point.day.isoformat(),
            point.index,
            f"{plain(line.name)}<br>{day_words(point.day)}: {level_words(point.index)}",
        )
        for line in series
        for point in line.points
        if point.index is not None
    ]
    axes = {"xaxis": day_axis(theme), "yaxis": risk_axis(theme)}
    return {"data": lines + level_marks(marks, theme), "layout": with_zones(base_layout(theme) | axes, theme)}


def radar_figure(profiles: Sequence[Profile], dimensions: Sequence[str], theme: ThemeId) -> Figure:
    """Profiles over the dimensions; further out is worse. A line has a gap where no risk may be named."""
    colours = COLOURS[theme]
    around = [plain(name, NAME_LENGTH) for name in dimensions]
    lines = [
        {
            "type": "scatterpolar",
            "mode": "lines",
            "name": plain(profile.name, NAME_LENGTH),
            "r": [tenths(part.risk) for part in (*profile.parts, *profile.parts[:1])],
            "theta": [*around, *around[:1]],
            "line": stroke(place, theme),
            "connectgaps": False,
            "hoverinfo": "skip",
        }
        for place, profile in enumerate(profiles)
    ]
    marks = [
        Mark(around[place], part.risk, f"{plain(profile.name)}<br>{around[place]}: {level_words(part.risk)}")
        for profile in profiles
        for place, part in enumerate(profile.parts)
        if part.risk is not None
    ]
    ring: Part = {"gridcolor": colours.line_strong, "linecolor": colours.line, "tickfont": {"color": colours.ink_soft}}
    polar = {
        "bgcolor": colours.surface,
        "radialaxis": ring
        | {"type": "linear", "range": [0, 100], "tickvals": [25, 50, 75, 100], "angle": 60, "tickangle": 60},
        "angularaxis": {
            "type": "category",
            "categoryorder": "array",
            "categoryarray": around,
            "direction": "clockwise",
            "rotation": 90,
            "gridcolor": colours.line,
            "linecolor": colours.line_strong,
            "tickfont": {"color": colours.ink, "size": SMALL},
        },
    }
    margins = {"l": 72, "r": 72, "t": 24, "b": 56, "pad": 0}
    data = lines + level_marks(marks, theme, polar=True)
    return {"data": data, "layout": base_layout(theme) | {"polar": polar, "margin": margins}}


def bars_figure(profiles: Sequence[Profile], dimensions: Sequence[str], theme: ThemeId) -> Figure:
    """The same profiles as parallel bars, one group per dimension. Without a risk the range is hatched."""
    slot = 0.8 / max(len(profiles), 1)

    def y(place: int, dimension: int) -> float:
        return round(dimension - 0.4 + (place + 0.5) * slot, 4)

    data: list[Part] = []
    unknown: list[_Gap] = []
    marks: list[Mark] = []
    for place, profile in enumerate(profiles):
        known: list[tuple[float, float]] = []
        for at, part in enumerate(profile.parts):
            words = f"{plain(profile.name)}<br>{plain(dimensions[at])}: "
            if part.risk is None:
                unknown.append(_Gap(y(place, at), part.low, part.high, words + plain(part.state)))
            else:
                known.append((part.risk, y(place, at)))
                marks.append(Mark(y(place, at), part.risk, words + level_words(part.risk)))
        data.append(_bars(profile.name, known, place, slot, theme))
    if unknown:
        data.append(_unknown_bars(unknown, slot, theme))
    rows: Part = {
        "tickvals": list(range(len(dimensions))),
        "ticktext": [plain(name, NAME_LENGTH) for name in dimensions],
    }
    layout = base_layout(theme) | {
        "barmode": "overlay",
        "xaxis": risk_axis(theme, range=[0, 112]),
        "yaxis": axis(theme, type="linear", range=[len(dimensions) - 0.5, -0.5], showgrid=False, tickmode="array")
        | rows,
    }
    return {"data": data + level_marks(marks, theme, sideways=True), "layout": layout}


def stages_figure(stages: Sequence[StageCount], theme: ThemeId) -> Figure:
    """How many projects of each stage stand at which level, as stacked bars; those without a level are hatched."""
    colours = COLOURS[theme]
    names = [plain(stage.name, NAME_LENGTH) for stage in stages]
    longest = max((sum(stage.counts) + stage.unknown for stage in stages), default=0) or 1
    data: list[Part] = []
    for level in LEVELS:
        counts = [stage.counts[level.number - 1] for stage in stages]
        colour = palette(level, theme)
        fill = {"color": colour.fill, "line": {"color": colours.surface, "width": 2}}
        data.append(_stack(names, counts, level.word, fill))
    blanks = [stage.unknown for stage in stages]
    if any(blanks):
        data.append(
            _stack(names, blanks, NO_LEVEL, hatched(theme))
            | {"showlegend": True, "legend": "legend2", "legendrank": 2000}
        )
    data += _count_marks(stages, names, longest, theme)
    layout = base_layout(theme) | {
        "barmode": "stack",
        "bargap": 0.35,
        "xaxis": axis(theme, "Projects", type="linear", range=[0, longest * 1.02], tickformat="d", nticks=7),
        "yaxis": axis(theme, type="category", categoryorder="array", categoryarray=names, autorange="reversed"),
    }
    if longest < 8:
        layout["xaxis"]["dtick"] = 1
    return {"data": data, "layout": layout}


@dataclass(frozen=True, slots=True)
class _Gap:
    """A place without a risk, and what is still possible there."""

    y: float
    low: float
    high: float
    words: str


def _bars(name: str, values: Sequence[tuple[float, float]], place: int, slot: float, theme: ThemeId) -> Part:
    colour, _, pattern = series_style(place, theme)
    fill: Part = {"color": colour, "line": {"width": 0}}
    if pattern:
        back = {"fgcolor": COLOURS[theme].surface, "bgcolor": colour, "size": 6, "solidity": 0.2, "fillmode": "overlay"}
        fill["pattern"] = {"shape": pattern} | back
    return {
        "type": "bar",
        "orientation": "h",
        "name": plain(name, NAME_LENGTH),
        "x": [tenths(risk) for risk, _ in values],
        "y": [y for _, y in values],
        "width": round(slot * 0.72, 4),
        "marker": fill,
        "hoverinfo": "skip",
    }


def _unknown_bars(gaps: Sequence[_Gap], slot: float, theme: ThemeId) -> Part:
    return {
        "type": "bar",
        "orientation": "h",
        "name": NO_LEVEL,
        "legend": "legend2",
        "legendrank": 2000,
        "base": [tenths(gap.low) for gap in gaps],
        "x": [round(gap.high - gap.low, 1) for gap in gaps],
        "y": [gap.y for gap in gaps],
        "width": round(slot * 0.72, 4),
        "marker": hatched(theme),
        "hoverinfo": "text",
        "hovertext": [gap.words for gap in gaps],
    }


def _stack(names: list[str], counts: list[int], level: str, fill: Part) -> Part:
    return {
        "type": "bar",
        "orientation": "h",
        "name": level,
        "x": counts,
        "y": names,
        "marker": fill,
        "showlegend": False,
        "hoverinfo": "text",
        "hovertext": [f"{name}<br>{level}: {count}" for name, count in zip(names, counts, strict=True)],
    }


def _count_marks(stages: Sequence[StageCount], names: list[str], longest: int, theme: ThemeId) -> list[Part]:
    """The level's shape and the count in every part that is wide enough for both, and a legend entry for each level."""
    traces: list[Part] = []
    for level in LEVELS:
        at = level.number - 1
        if not any(stage.counts[at] for stage in stages):
            continue
        spots = [
            (sum(stage.counts[:at]) + stage.counts[at] / 2, name, str(stage.counts[at]))
            for stage, name in zip(stages, names, strict=True)
            if stage.counts[at] >= NUMBER_FITS * longest
        ]
        fits = [float(count) >= SHAPE_FITS * longest for _, _, count in spots]
        colours = palette(level, theme)
        marker = level_marker(level, theme, 9)
        opacity = [1 if both else 0 for both in fits]
        in_part = marker | {"color": colours.text, "line": {"color": colours.fill, "width": 1}, "opacity": opacity}
        in_legend = marker | {"color": colours.fill, "line": {"color": colours.mark, "width": 2}}
        shape: Part = {"type": "scatter", "name": level.word, "hoverinfo": "skip"}
        traces += [
            shape | {"mode": "markers", "x": [None], "y": [names[0]], "marker": in_legend, "legend": "legend2"},
            shape
            | {
                "mode": "markers+text",
                "x": [x for x, _, _ in spots],
                "y": [name for _, name, _ in spots],
                "marker": in_part,
                "text": [count for _, _, count in spots],
                "textposition": ["middle right" if both else "middle center" for both in fits],
                "textfont": {"color": colours.text, "size": SMALL},
                "showlegend": False,
            },
        ]
    return traces
