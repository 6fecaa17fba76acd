"""The marks that the figures of the page Explore share: levels by shape and colour, lines, and what is not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from charts.figure_theme import COLOURS, SMALL, Part, ThemeId, level_marker, series_style
from charts.levels import LEVELS, level_of, shown, whole

NAME_LENGTH = 26


@dataclass(frozen=True, slots=True)
class Mark:
    """A known index at a place on the other axis, with what the pointer is told."""

    place: float | str
    index: float
    words: str


def level_words(index: float) -> str:
    """Number and word, such as "68, high"."""
    return f"{whole(index)}, {level_of(index).word.lower()}"


def tenths(index: float | None) -> float | None:
    """The value as it is shown elsewhere, so that a figure and its table never differ."""
    return None if index is None else float(shown(index))


def day_words(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def level_marks(marks: Sequence[Mark], theme: ThemeId, *, polar: bool = False, sideways: bool = False) -> list[Part]:
    """One trace per level that occurs, so that the legend explains shape and colour."""
    traces = []
    for level in LEVELS:
        mine = [mark for mark in marks if level_of(mark.index) is level]
        if not mine:
            continue
        index, place = [tenths(mark.index) for mark in mine], [mark.place for mark in mine]
        trace: Part = {
            "type": "scatterpolar" if polar else "scatter",
            "mode": "markers",
            "name": level.word,
            "legend": "legend2",
            "marker": level_marker(level, theme),
            "hoverinfo": "text",
            "hovertext": [mark.words for mark in mine],
        }
        if polar:
            trace |= {"r": index, "theta": place}
        elif sideways:
            trace |= {"x": index, "y": place, "mode": "markers+text", "text": [whole(mark.index) for mark in mine]}
            trace |= {"textposition": "middle right", "textfont": {"color": COLOURS[theme].ink, "size": SMALL}}
        else:
            trace |= {"x": place, "y": index}
        traces.append(trace if polar else trace | {"cliponaxis": False})
    return traces


def stroke(place: int, theme: ThemeId) -> Part:
    colour, dash, _ = series_style(place, theme)
    return {"color": colour, "dash": dash, "width": 2}


def hatched(theme: ThemeId) -> Part:
    colours = COLOURS[theme]
    pattern = {"shape": "/", "fgcolor": colours.line_strong, "bgcolor": colours.surface, "size": 6, "solidity": 0.25}
    return {"color": colours.surface, "line": {"color": colours.line_strong, "width": 1}, "pattern": pattern}
