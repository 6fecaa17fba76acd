"""How every Plotly figure looks, in light and in dark: one set of colours and one layout.

Nothing here is markup that Plotly would style by an attribute: no bold, no spans, no gradients, no images. Under the
site's content security policy such parts are drawn, and drawn wrongly. Level colours come from `charts.levels`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from charts.levels import LEVELS, LIMITS, LevelStyle, Palette

ThemeId = Literal["light", "dark"]
THEMES: tuple[ThemeId, ...] = ("light", "dark")

Part = dict[str, Any]
Figure = dict[str, Any]

FONT = "Inter, Arial, sans-serif"
FONT_SIZE = 13
SMALL = 12

SYMBOLS: Mapping[str, str] = MappingProxyType(
    {"low": "circle", "moderate": "diamond", "high": "triangle-up", "critical": "octagon-dot"}
)
"""Plotly's names for the level shapes of every page. Its octagon has no exclamation mark; a dot stands for it."""

SIZES: Mapping[str, float] = MappingProxyType({"low": 1.0, "moderate": 1.15, "high": 1.3, "critical": 1.3})
"""What the shapes must be multiplied with to look alike."""

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
PATTERNS = ("", "/", ".", "\\", "x", "-")


@dataclass(frozen=True, slots=True)
class Colours:
    """The page's own colours on one background, and six for lines that are not levels."""

    surface: str
    ink: str
    ink_soft: str
    line: str
    line_strong: str
    series: tuple[str, ...]


COLOURS: Mapping[ThemeId, Colours] = MappingProxyType(
    {
        "light": Colours(
            surface="#ffffff",
            ink="#16202e",
            ink_soft="#465262",
            line="#dde2e9",
            line_strong="#7b8794",
            series=("#2450b8", "#7b3fa8", "#16202e", "#1a7f9c", "#5d6978", "#8a4b2f"),
        ),
        "dark": Colours(
            surface="#181f29",
            ink="#f3f5f8",
            ink_soft="#b9c3d0",
            line="#2d3846",
            line_strong="#7d8a9b",
            series=("#94b8ff", "#cf9df5", "#f3f5f8", "#62c7e3", "#9aa6b5", "#d9a78e"),
        ),
    }
)


def palette(level: LevelStyle, theme: ThemeId) -> Palette:
    """The colours of a level on the theme's background."""
    return level.light if theme == "light" else level.dark


def series_style(place: int, theme: ThemeId) -> tuple[str, str, str]:
    """Colour, dash and bar pattern of the line at `place`; all three change, so none has to stand alone."""
    colours = COLOURS[theme].series
    turn = place // len(colours)
    return (
        colours[place % len(colours)],
        DASHES[(place + turn) % len(DASHES)],
        PATTERNS[(place + turn) % len(PATTERNS)],
    )


def faint(colour: str, share: float) -> str:
    """A #rrggbb colour as rgba with `share` from 0 to 1 of its strength."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share:g})"


def base_layout(theme: ThemeId) -> Part:
    """The layout that all figures share. It has no title and no size: the page gives both."""
    colours = COLOURS[theme]
    return {
        "font": {"family": FONT, "size": FONT_SIZE, "color": colours.ink_soft},
        "paper_bgcolor": colours.surface,
        "plot_bgcolor": colours.surface,
        "autosize": True,
        "margin": {"l": 48, "r": 12, "t": 8, "b": 48, "pad": 0},
        "showlegend": True,
        # Names above the figure, level shapes below it: in one legend the longest name would set the width of all.
        "legend": _legend(theme) | {"y": 1.02, "itemwidth": 40},
        "legend2": _legend(theme) | {"yref": "container", "y": 0},
        "hovermode": "closest",
        "hoverlabel": {
            "bgcolor": colours.surface,
            "bordercolor": colours.line_strong,
            "font": {"family": FONT, "size": FONT_SIZE, "color": colours.ink},
            "align": "left",
        },
        # A drag scrolls the page, also on a phone.
        "dragmode": False,
    }


def _legend(theme: ThemeId) -> Part:
    return {
        "orientation": "h",
        "x": 0,
        "xanchor": "left",
        "yanchor": "bottom",
        "font": {"color": COLOURS[theme].ink, "size": SMALL},
        "itemsizing": "constant",
        "traceorder": "normal",
        # Hiding by a click would be there for the mouse alone.
        "itemclick": False,
        "itemdoubleclick": False,
    }


def axis(theme: ThemeId, title: str = "", **more: Any) -> Part:
    """A straight axis with thin lines; its type must be given, because Plotly's guess reads names such as "2026"."""
    colours = COLOURS[theme]
    written: Part = {
        "gridcolor": colours.line,
        "linecolor": colours.line_strong,
        "zeroline": False,
        "tickcolor": colours.line_strong,
        "tickfont": {"color": colours.ink_soft, "size": SMALL},
        "fixedrange": True,
        "automargin": True,
    }
    if title:
        written["title"] = {"text": title, "standoff": 8, "font": {"color": colours.ink_soft, "size": SMALL}}
    return written | more


def day_axis(theme: ThemeId, title: str = "") -> Part:
    """Months, with the year in a second line where it changes, so that the words have room on a phone."""
    return axis(theme, title, type="date", tickformat="%b\n%Y", tickangle=0)


def risk_axis(theme: ThemeId, title: str = "Failure risk, lower is better", **more: Any) -> Part:
    """The scale of the index with the limits of the levels as ticks."""
    ticks = {"tickmode": "array", "tickvals": [0, 25, 50, 75, 100], "type": "linear", "range": [-2, 102]}
    return axis(theme, title, **(ticks | more))


def with_zones(layout: Part, theme: ThemeId) -> Part:
    """The layout with the four levels as bands behind the marks, each with its word at the right."""
    starts = (0, *LIMITS)
    ends = (*LIMITS, 100)
    bands = [
        {
            "type": "rect",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "yref": "y",
            "y0": start,
            "y1": end,
            "layer": "below",
            "line": {"width": 0},
            "fillcolor": faint(palette(level, theme).tint, 0.22),
        }
        for level, start, end in zip(LEVELS, starts, ends, strict=True)
    ]
    words = [
        {
            "text": level.word,
            "xref": "paper",
            "x": 1,
            "xanchor": "left",
            "xshift": 6,
            "yref": "y",
            "y": (start + end) / 2,
            "showarrow": False,
            "font": {"color": palette(level, theme).mark, "size": SMALL},
        }
        for level, start, end in zip(LEVELS, starts, ends, strict=True)
    ]
    return layout | {"shapes": bands, "annotations": words, "margin": layout["margin"] | {"r": 66}}


def level_marker(level: LevelStyle, theme: ThemeId, size: float = 10) -> Part:
    """Shape and colour of a level, with a rim that keeps overlapping marks apart."""
    rim = {"color": COLOURS[theme].surface, "width": 1}
    colour = palette(level, theme).mark
    return {"symbol": SYMBOLS[level.id], "color": colour, "size": round(size * SIZES[level.id], 1), "line": rim}


def plain(text: str, most: int = 0) -> str:
    """Text from people, so that Plotly draws it as it is: it would read `<b>` and `&amp;` as markup.

    `most` above 0 cuts the text to that many characters with an ellipsis.
    """
    line = " ".join(text.split())
    if most and len(line) > most:
        line = f"{line[: most - 1].rstrip()}…"
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
