"""The scale of the verdict: four zones from 0 to 100 with what is now, what was before and what is aimed at.

Page skin: root class `zs` with `lv0` to `lv4`; `z1` to `z4` the zones, `iv` the exact range, `pt`, `was` and `tg` the
marks, `axis` the thin lines from a mark to its words, and the texts `zl` (level words), `zn` (limits), `ptl`, `wasl`
and `tgl`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from charts.bars import GREY, PAPER, TARGET, Skin, level_class
from charts.levels import LEVELS, LIMITS, level_of, shown
from charts.markup import Drawing, image, inline_svg, number, percent, tag, text_of

STARTS = (0, *LIMITS)
ENDS = (*LIMITS, 100)
INK, INK_2 = "#16202e", "#465262"
ROW = 14
BAR_HEIGHT = 14

# Share of the width that a label needs. A page can be 320 px wide, the PDF's picture is always 500 units.
_PAGE_PER_CHARACTER, _PDF_PER_CHARACTER = 2.2, 1.25


@dataclass(frozen=True, slots=True)
class _Label:
    kind: str
    value: float
    words: str
    row: int


def zones_words(
    point: float | None, low: float, high: float, previous: float | None, previous_name: str, target: float | None
) -> str:
    """What the scale says, for alternative texts."""
    words = ["Scale from 0 to 100, lower is better. Low below 25, moderate below 50, high below 75, critical from 75."]
    if point is not None:
        words.append(f"Now {shown(point)}, {level_of(point).word.lower()}.")
    words.append(f"Exact range {shown(low)} to {shown(high)}.")
    if previous is not None:
        words.append(f"{previous_name[:1].upper()}{previous_name[1:]} {shown(previous)}.")
    if target is not None:
        words.append(f"Target below {shown(target)}.")
    return " ".join(words)


def zones_scale(
    point: float | None,
    low: float,
    high: float,
    *,
    previous: float | None = None,
    previous_name: str = "before",
    target: float | None = None,
    skin: Skin = "page",
) -> Drawing:
    """The scale with its zones and marks. `point` None shows the range alone; `previous_name` is the word at the ring.

    Labels that would touch each other are put in separate rows above the scale, so the picture grows by up to two rows.
    """
    wanted = [("pt", point, "now" if point is None else f"now {shown(point)}")]
    wanted.append(("was", previous, "" if previous is None else f"{previous_name} {shown(previous)}"))
    wanted.append(("tg", target, "" if target is None else f"target below {target:g}"))
    labels = _rows([(kind, value, words) for kind, value, words in wanted if value is not None], skin)
    words = zones_words(point, low, high, previous, previous_name, target)
    top = ROW * (1 + max((label.row for label in labels), default=-1)) + 4
    if skin == "pdf":
        return image("zones", 500, top + BAR_HEIGHT + 36, _zones_pdf(labels, low, high, top), words, margin=9)
    return inline_svg(f"zs {level_class(point)}", top + BAR_HEIGHT + 36, _zones_page(labels, low, high, top), words)


def _rows(wanted: list[tuple[str, float, str]], skin: Skin) -> list[_Label]:
    """Gives every label the lowest row above the scale in which it touches no other."""
    per_character = _PDF_PER_CHARACTER if skin == "pdf" else _PAGE_PER_CHARACTER
    taken: list[tuple[int, float, float]] = []
    labels = []
    for kind, value, words in wanted:
        half = len(words) * per_character / 2 + 1
        start, end = _span(value, half)
        row = next(r for r in range(len(wanted)) if not any(r == t and start < e and end > s for t, s, e in taken))
        taken.append((row, start, end))
        labels.append(_Label(kind, value, words, row))
    return labels


def _anchor(value: float) -> str:
    return "start" if value < 12 else "end" if value > 88 else "middle"


def _span(value: float, half: float) -> tuple[float, float]:
    shift = {"start": half, "end": -half, "middle": 0.0}[_anchor(value)]
    return value + shift - half, value + shift + half


def _base(label: _Label, top: float) -> float:
    return top - 6 - label.row * ROW


def _zones_page(labels: list[_Label], low: float, high: float, top: float) -> str:
    middle = top + BAR_HEIGHT / 2
    parts = []
    for level, start, end in zip(LEVELS, STARTS, ENDS, strict=True):
        box = {"x": percent(start), "y": top, "width": percent(end - start - 0.4), "height": BAR_HEIGHT, "rx": 2}
        parts.append(tag("rect", {"class_": f"z{level.number}"} | box))
        place = {"class_": "zl", "x": percent((start + end) / 2), "y": top + 28, "text_anchor": "middle"}
        parts.append(tag("text", place, text_of(level.word)))
    for limit in LIMITS:
        place = {"class_": "zn", "x": percent(limit), "y": top + 44, "text_anchor": "middle"}
        parts.append(tag("text", place, str(limit)))
    parts.append(_line("iv", low, high, middle))
    parts += [_leader_page(label, top) for label in labels]
    parts += [_mark_page(label, top, middle) for label in reversed(labels)]
    for label in labels:
        place = {"class_": f"{label.kind}l", "x": percent(label.value), "y": _base(label, top)}
        parts.append(tag("text", place | {"text_anchor": _anchor(label.value)}, text_of(label.words)))
    return "".join(parts)


def _line(kind: str, low: float, high: float, y: float) -> str:
    return tag("line", {"class_": kind, "x1": percent(low), "x2": percent(high), "y1": y, "y2": y})


def _leader_page(label: _Label, top: float) -> str:
    x = percent(label.value)
    return (
        tag("line", {"class_": "axis", "x1": x, "x2": x, "y1": _base(label, top) + 2, "y2": top}) if label.row else ""
    )


def _mark_page(label: _Label, top: float, middle: float) -> str:
    x = percent(label.value)
    if label.kind == "tg":
        return tag("line", {"class_": "tg", "x1": x, "x2": x, "y1": top - 4, "y2": top + BAR_HEIGHT + 4})
    return tag("circle", {"class_": label.kind, "cx": x, "cy": middle, "r": 7 if label.kind == "pt" else 5})


def _zones_pdf(labels: list[_Label], low: float, high: float, top: float) -> str:
    middle = top + BAR_HEIGHT / 2
    parts = []
    for level, start, end in zip(LEVELS, STARTS, ENDS, strict=True):
        box = {"x": start * 5, "y": top, "width": (end - start) * 5 - 2, "height": BAR_HEIGHT, "rx": 2}
        parts.append(tag("rect", box | {"fill": level.light.fill}))
        parts.append(_words((start + end) * 2.5, top + 27, level.word, INK_2))
    parts += [_words(limit * 5, top + 43, str(limit), GREY) for limit in LIMITS]
    parts.append(tag("path", {"d": f"M{_x(low)} {number(middle)}H{_x(high)}", "stroke": INK, "stroke-width": 3}))
    for label in labels:
        if label.row:
            line = f"M{_x(label.value)} {number(_base(label, top) + 2)}V{number(top)}"
            parts.append(tag("path", {"d": line, "stroke": "#b9c3d0", "stroke-width": 0.8}))
    parts += [_PDF_MARKS[label.kind](label.value, top, middle) for label in reversed(labels)]
    for label in labels:
        colour, weight = (TARGET, 600) if label.kind == "tg" else (INK, 600) if label.kind == "pt" else (INK_2, 400)
        x = min(max(label.value, 0.0), 100.0) * 5
        parts.append(_words(x, _base(label, top), label.words, colour, weight, _anchor(label.value)))
    return "".join(parts)


def _x(value: float) -> str:
    return number(min(max(value, 0.0), 100.0) * 5)


def _words(x: float, y: float, words: str, colour: str, weight: int = 400, anchor: str = "middle") -> str:
    place = {"x": number(x), "y": number(y), "text_anchor": anchor, "fill": colour}
    return tag("text", place | {"font_family": "Inter", "font_size": 10.5, "font_weight": weight}, text_of(words))


def _dot_now(value: float, top: float, middle: float) -> str:
    return tag(
        "circle", {"cx": _x(value), "cy": number(middle), "r": 7.5, "fill": INK, "stroke": PAPER, "stroke-width": 2.5}
    )


def _ring_before(value: float, top: float, middle: float) -> str:
    return tag(
        "circle", {"cx": _x(value), "cy": number(middle), "r": 5, "fill": PAPER, "stroke": INK, "stroke-width": 2}
    )


def _line_target(value: float, top: float, middle: float) -> str:
    line = f"M{_x(value)} {number(top - 4)}V{number(top + BAR_HEIGHT + 4)}"
    return tag("path", {"d": line, "stroke": TARGET, "stroke-width": 2.2})


_PDF_MARKS: dict[str, Callable[[float, float, float], str]] = {
    "pt": _dot_now,
    "was": _ring_before,
    "tg": _line_target,
}
