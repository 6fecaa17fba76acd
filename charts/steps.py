"""The risk after each step of a plan, as columns with the target as a line.

Page skin: root class `ps`; every column is a group of class `lv1` to `lv4` with a rect `bar` and a number `num`; `cap`
the words below, `axis` the ground line, `tg` the target line.
"""

from __future__ import annotations

from collections.abc import Sequence

from charts.bars import GREY, TARGET, Skin
from charts.levels import level_of, shown
from charts.markup import Drawing, image, inline_svg, number, percent, tag, text_of

HEIGHT = 150
_GROUND = 126
_TOP = 20
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
    last carry one.
    """
    highest = max([*values, target, 1.0]) * 1.02
    if skin == "pdf":
        return image("ps", 500, HEIGHT, _steps_pdf(values, target, highest), steps_words(values, target))
    return inline_svg("ps", HEIGHT, _steps_page(values, target, highest), steps_words(values, target))


def _top(value: float, highest: float) -> float:
    return _GROUND - (_GROUND - _TOP) * min(max(value, 0.0), highest) / highest


def _number_at(top: float) -> float:
    """Where the number stands: inside the column, so that the target line cannot cross it, unless it is too short."""
    return top - 5 if top > _LOWEST else _GROUND - 7


def _caption(place: int, count: int) -> str:
    if place == 0:
        return "now"
    return f"step {place}" if count <= 8 else str(place)


def _carries_number(place: int, count: int) -> bool:
    return count <= 12 or place in {0, count - 1}


def _steps_page(values: Sequence[float], target: float, highest: float) -> str:
    count = len(values)
    slot = 100 / max(count, 1)
    parts = []
    for place, value in enumerate(values):
        top, centre = _top(value, highest), percent((place + 0.5) * slot)
        box = {"x": percent(place * slot + slot * 0.06), "y": number(top), "width": percent(slot * 0.88)}
        column = tag("rect", {"class_": "bar"} | box | {"height": number(_GROUND - top), "rx": 2})
        if _carries_number(place, count):
            spot = {"class_": "num", "x": centre, "y": number(_number_at(top)), "text_anchor": "middle"}
            column += tag("text", spot, shown(value))
        column += tag(
            "text", {"class_": "cap", "x": centre, "y": HEIGHT - 8, "text_anchor": "middle"}, _caption(place, count)
        )
        parts.append(tag("g", {"class_": f"lv{level_of(value).number}"}, column))
    parts.append(tag("line", {"class_": "axis", "x1": "0%", "x2": "100%", "y1": _GROUND, "y2": _GROUND}))
    line = number(_top(target, highest))
    parts.append(tag("line", {"class_": "tg", "x1": "0%", "x2": "100%", "y1": line, "y2": line}))
    return "".join(parts)


def _steps_pdf(values: Sequence[float], target: float, highest: float) -> str:
    count = len(values)
    slot = 500 / max(count, 1)
    wide = min(slot * 0.84, 74.0)
    parts = []
    for place, value in enumerate(values):
        top, centre = _top(value, highest), (place + 0.5) * slot
        box = {"x": number(centre - wide / 2), "y": number(top), "width": number(wide), "height": number(_GROUND - top)}
        parts.append(tag("rect", box | {"rx": 2, "fill": level_of(value).light.fill}))
        if _carries_number(place, count):
            colour = INK if top > _LOWEST else level_of(value).light.text
            parts.append(_words(centre, _number_at(top), shown(value), colour, 600))
        parts.append(_words(centre, HEIGHT - 9, _caption(place, count), GREY, 400))
    parts.append(tag("path", {"d": f"M0 {_GROUND}H500", "stroke": "#7b8794", "stroke-width": 0.8}))
    line = number(_top(target, highest))
    parts.append(tag("path", {"d": f"M0 {line}H500", "stroke": TARGET, "stroke-width": 1.2, "stroke-dasharray": "5 3"}))
    return "".join(parts)


def _words(x: float, y: float, words: str, colour: str, weight: int) -> str:
    place = {"x": number(x), "y": number(y), "text_anchor": "middle", "fill": colour}
    return tag("text", place | {"font_family": "Inter", "font_size": 10.5, "font_weight": weight}, text_of(words))
