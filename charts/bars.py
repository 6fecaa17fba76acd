"""Bars on the 0 to 100 scale: where a value lies in its range, and how much each part adds.

Page skin: inline SVG that carries only presentation attributes and these classes. The root has `rg` or `pb` and one of
`lv1` to `lv4` (`lv0` if no level may be named). Inside: `axis` the line and its ticks, `iv` the exact range, `pt` the
value now, `was` the previous value, `tg` the target. The page's CSS gives fill and stroke.
PDF skin: an image with explicit colours and an alternative text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from charts.levels import LIMITS, Palette, level_of, shown, whole
from charts.markup import Drawing, image, inline_svg, number, percent, tag

Skin = Literal["page", "pdf"]

NEUTRAL = Palette("#eef1f5", "#16202e", "#465262", "#c6cdd6")
AXIS, TICK, PAPER, GREY, TARGET = "#dde2e9", "#b9c3d0", "#ffffff", "#5d6978", "#2450b8"

RANGE_HEIGHT = 24
# Written out, like the marks below: a page with fifty of these bars must not spend its time on writing attributes.
_AXIS = '<line class="axis" x1="0%" x2="100%" y1="12" y2="12"/>' + "".join(
    f'<line class="axis" x1="{limit}%" x2="{limit}%" y1="8" y2="16"/>' for limit in LIMITS
)


def level_class(point: float | None) -> str:
    """The class of the level of a value, `lv0` without one."""
    return "lv0" if point is None else f"lv{level_of(point).number}"


def palette_of(point: float | None) -> Palette:
    """The light colours of the level of a value, grey without one."""
    return NEUTRAL if point is None else level_of(point).light


def range_words(
    name: str, point: float | None, low: float, high: float, previous: float | None, target: float | None
) -> str:
    """What a range bar says, as a sentence fragment for alternative texts."""
    parts = [f"risk {whole(point)}, {level_of(point).word.lower()}"] if point is not None else ["no single value"]
    parts.append(f"range {whole(low)} to {whole(high)}")
    if previous is not None:
        parts.append(f"before {whole(previous)}")
    if target is not None:
        parts.append(f"target below {whole(target)}")
    return f"{name}: {', '.join(parts)}" if name else ", ".join(parts)


def range_bar(
    point: float | None,
    low: float,
    high: float,
    *,
    previous: float | None = None,
    target: float | None = None,
    name: str = "",
    skin: Skin = "page",
) -> Drawing:
    """One value in its exact range, on the common scale from 0 to 100.

    `point` None draws the range alone. On a page the bar is hidden from screen readers unless `name` is given, because
    the numbers stand beside it; in the PDF the words are always there.
    """
    if skin == "pdf":
        return _range_image(point, low, high, previous, target, name)
    middle = number(RANGE_HEIGHT / 2)
    parts = [_AXIS]
    if target is not None:
        parts.append(f'<line class="tg" x1="{percent(target)}" x2="{percent(target)}" y1="2" y2="22"/>')
    width = percent(max(high - low, 0.6))
    parts.append(f'<rect class="iv" x="{percent(low)}" y="8" width="{width}" height="8" rx="4"/>')
    if previous is not None:
        parts.append(f'<circle class="was" cx="{percent(previous)}" cy="{middle}" r="4"/>')
    if point is not None:
        parts.append(f'<circle class="pt" cx="{percent(point)}" cy="{middle}" r="5.5"/>')
    label = range_words(name, point, low, high, previous, target) if name else ""
    return inline_svg(f"rg {level_class(point)}", RANGE_HEIGHT, "".join(parts), label)


def _range_image(
    point: float | None, low: float, high: float, previous: float | None, target: float | None, name: str
) -> Drawing:
    colours = palette_of(point)

    def x(value: float) -> float:
        return min(max(value, 0.0), 100.0) * 1.88 + 6

    ticks = "".join(f"M{number(x(limit))} 4V12" for limit in LIMITS)
    parts = [
        tag("path", {"d": "M6 8H194", "stroke": AXIS, "stroke-width": 1.5}),
        tag("path", {"d": ticks, "stroke": TICK, "stroke-width": 0.8}),
    ]
    if target is not None:
        parts.append(tag("path", {"d": f"M{number(x(target))} 1V15", "stroke": TARGET, "stroke-width": 1.6}))
    width = number(max(x(high) - x(low), 2.0))
    parts.append(
        tag("rect", {"x": number(x(low)), "y": 4.5, "width": width, "height": 7, "rx": 3.5, "fill": colours.tint})
    )
    if previous is not None:
        parts.append(
            tag(
                "circle", {"cx": number(x(previous)), "cy": 8, "r": 3, "fill": PAPER, "stroke": GREY, "stroke-width": 1}
            )
        )
    if point is not None:
        dot = {"cx": number(x(point)), "cy": 8, "r": 5, "fill": colours.mark, "stroke": PAPER, "stroke-width": 1.5}
        parts.append(tag("circle", dot))
    return image("rg", 200, 16, "".join(parts), range_words(name, point, low, high, previous, target))


def points_bars(
    values: Sequence[float], *, level: float | None = None, rest: int | None = None, skin: Skin = "page"
) -> tuple[Drawing, ...]:
    """One bar for each value, on one common scale that ends at the largest. Negative values count as 0.

    `level` is the index whose level colours the bars; `rest` is the place of a row that sums up others and stays grey
    (class `axis` on a page). Returns the bars in the order of the values.
    """
    longest = max((value for value in values if value > 0), default=1.0)
    drawn = []
    for place, value in enumerate(values):
        share = max(value, 0.0) / longest * 100
        if skin == "pdf":
            fill = GREY if place == rest else palette_of(level).mark
            bar = tag("rect", {"x": 0, "y": 2, "width": number(share), "height": 6, "rx": 1.5, "fill": fill})
            drawn.append(image("pb", 100, 10, bar, f"bar of {shown(value)} points"))
        else:
            kind = "axis" if place == rest else "pt"
            bar = tag("rect", {"class_": kind, "x": "0%", "y": 4, "width": percent(share), "height": 8, "rx": 2})
            drawn.append(inline_svg(f"pb {level_class(level)}", 16, bar, ""))
    return tuple(drawn)
