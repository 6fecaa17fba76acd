"""The risk after each step of a plan, as columns with the target as a line.

Page skin: root class `ps`; every column is a group of class `lv1` to `lv4` with a rect `bar` and its number
`num` (`cap` where it stands above); `cap` the words below, `axis` the ground line, `tg` the target line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from charts.bars import GREY, TARGET, Skin
from charts.levels import level_of, shown
from charts.markup import Drawing, image, inline_svg, number, percent, tag, text_of

HEIGHT = 150
_GROUND = 126
_TOP = 20
_MOST_NUMBERED = 12
_LOWEST = _GROUND - 18
INK = "#16202e"


def steps_words(values: Sequence[float], target: float) -> str:
    """What the columns say, for alternative texts."""
    after = ", ".join(f"after step {place} {shown(value)}" for place, value in enumerate(values) if place)
    start = f"Risk now {shown(values[0])}" if values else "No steps"
    return f"{start}{', ' if after else ''}{after}. Target below {target:g}."


def path_steps_bars(values: Sequence[float], *, target: float, skin: Skin = "page") -> Drawing:
    """Columns for `values`: the index now, then after each step. The scale starts at 0 and ends above the highest.

    Numbers stand at the foot of the columns, or above the shortest; with more than 12 columns only the first and the
    last carry one, and every fifth a caption.
    """
    highest = max([*values, target, 1.0]) * 1.02
    if skin == "pdf":
        return image("ps", 500, HEIGHT, _steps_pdf(values, target, highest), steps_words(values, target))
    return inline_svg("ps", HEIGHT, _steps_page(values, target, highest), steps_words(values, target))


def _top(value: float, highest: float) -> float:
    return _GROUND - (_GROUND - _TOP) * min(max(value, 0.0), highest) / highest


@dataclass(frozen=True, slots=True)
class _Number:
    """Where a number stands: inside its column, where the target line cannot cross it, or above a short or thin one."""

    y: float
    anchor: str
    shift: float
    inside: bool


def _number(place: int, count: int, top: float, line: float) -> _Number | None:
    if count > _MOST_NUMBERED:
        # Thin columns: only the first and the last value, each written inwards from the edge.
        ends = {0: _Number(top - 5, "start", -0.5, False), count - 1: _Number(min(top, line) - 5, "end", 0.5, False)}
        return ends.get(place)
    return _Number(top - 5, "middle", 0.0, False) if top > _LOWEST else _Number(_GROUND - 7, "middle", 0.0, True)


def _caption(place: int, count: int) -> str:
    last = count - 1
    if count > _MOST_NUMBERED and place != last and (place % 5 or last - place < 3):
        return ""
    if place == 0:
        return "now"
    return f"step {place}" if count <= 8 else str(place)


def _steps_page(values: Sequence[float], target: float, highest: float) -> str:
    count = len(values)
    slot = 100 / max(count, 1)
    line = _top(target, highest)
    parts = []
    for place, value in enumerate(values):
        top, middle = _top(value, highest), (place + 0.5) * slot
        box = {"x": percent(place * slot + slot * 0.06), "y": number(top), "width": percent(slot * 0.88)}
        column = tag("rect", {"class_": "bar"} | box | {"height": number(_GROUND - top), "rx": 2})
        if spot := _number(place, count, top, line):
            where = {"x": percent(middle + spot.shift * slot), "y": number(spot.y), "text_anchor": spot.anchor}
            column += tag("text", {"class_": "num" if spot.inside else "cap"} | where, shown(value))
        if caption := _caption(place, count):
            where = {"x": percent(middle), "y": number(HEIGHT - 8), "text_anchor": "middle"}
            column += tag("text", {"class_": "cap"} | where, caption)
        parts.append(tag("g", {"class_": f"lv{level_of(value).number}"}, column))
    parts.append(tag("line", {"class_": "axis", "x1": "0%", "x2": "100%", "y1": _GROUND, "y2": _GROUND}))
    parts.append(tag("line", {"class_": "tg", "x1": "0%", "x2": "100%", "y1": number(line), "y2": number(line)}))
    return "".join(parts)


def _steps_pdf(values: Sequence[float], target: float, highest: float) -> str:
    count = len(values)
    slot = 500 / max(count, 1)
    line = _top(target, highest)
    wide = min(slot * 0.84, 74.0)
    parts = []
    for place, value in enumerate(values):
        top, middle = _top(value, highest), (place + 0.5) * slot
        box = {"x": number(middle - wide / 2), "y": number(top), "width": number(wide), "height": number(_GROUND - top)}
        parts.append(tag("rect", box | {"rx": 2, "fill": level_of(value).light.fill}))
        if spot := _number(place, count, top, line):
            colour = level_of(value).light.text if spot.inside else INK
            parts.append(_words(middle + spot.shift * slot, spot.y, shown(value), colour, 600, spot.anchor))
        if caption := _caption(place, count):
            parts.append(_words(middle, HEIGHT - 9, caption, GREY, 400, "middle"))
    parts.append(tag("path", {"d": f"M0 {_GROUND}H500", "stroke": "#7b8794", "stroke-width": 0.8}))
    dashes = {"d": f"M0 {number(line)}H500", "stroke": TARGET, "stroke-width": 1.2, "stroke-dasharray": "5 3"}
    parts.append(tag("path", dashes))
    return "".join(parts)


def _words(x: float, y: float, words: str, colour: str, weight: int, anchor: str) -> str:
    place = {"x": number(x), "y": number(y), "text_anchor": anchor, "fill": colour}
    return tag("text", place | {"font_family": "Inter", "font_size": 10.5, "font_weight": weight}, text_of(words))
