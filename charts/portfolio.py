"""Many projects in one picture: how they spread over the levels, how that moved by quarter, and one project's course.

Page skin, root classes and what they hold: `ds` the distribution, a group `lv4` to `lv0` for each part with its rect
`bar`, its shape `mk`, the count `num`, the word `cap`, and `hatch` where no level may be named. `qc` the quarters, the
same groups with `bar` and `num`, then `tot` the sum, `cap` the quarter, `of` the number of projects, `axis` the ground.
`sp` the course, with `ln` the line and `pt` the newest value. PDF skin: an image with explicit colours and its words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from charts.bars import AXIS, GREY, NEUTRAL, Skin
from charts.levels import LEVELS, LevelStyle, Palette, whole
from charts.markup import Drawing, image, inline_svg, number, percent, tag, text_of

INK, INK_2 = "#16202e", "#465262"
NO_LEVEL = "No level yet"
PARTS: tuple[LevelStyle | None, ...] = (*reversed(LEVELS), None)
"""The parts of a distribution from the worst level to those where no level may be named."""

# The narrowest part that still holds its shape, a count of three digits and the word "Critical" below: in percent.
_PAGE_LEAST = 14.8
# How long the words below the bar are, in percent of a card 290 px wide, and the PDF's picture with the same letters.
_WORD_WIDTH = {"Critical": 14.7, "High": 9.6, "Moderate": 19.6, "Low": 8.8, NO_LEVEL: 23.5}
_PDF_LETTERS = 262
_BAR, _ROW, _GAP = 30, 15, 0.4
_PAGE_HATCH = 1440


@dataclass(frozen=True, slots=True)
class _Part:
    level: LevelStyle | None
    count: int
    start: float
    width: float
    row: int
    is_last: bool

    @property
    def is_word_at_end(self) -> bool:
        """The last word may not leave the picture, so it ends where the bar ends."""
        return self.is_last and self.start > 50

    @property
    def word(self) -> str:
        return self.level.word if self.level else NO_LEVEL

    @property
    def palette(self) -> Palette:
        return self.level.light if self.level else NEUTRAL

    @property
    def style(self) -> str:
        return f"lv{self.level.number if self.level else 0}"


def distribution_words(counts: Sequence[int]) -> str:
    """What the bar says, such as "6 critical, 21 high, 3 without a level yet". Parts without projects are left out."""
    words = [
        f"{count} {level.word.lower() if level else 'without a level yet'}"
        for level, count in zip(PARTS, counts, strict=True)
        if count > 0
    ]
    return f"Projects by failure risk: {', '.join(words)}." if words else "Projects by failure risk: no projects."


def distribution_bar(
    counts: Sequence[int], *, links: Sequence[str] = (), width: float = 500, skin: Skin = "page"
) -> Drawing:
    """One bar of all projects, from critical to low and, hatched, those where no level may be named.

    `counts` are those five numbers in that order. Every part with a project is wide enough for its shape and number,
    so small parts look larger than their share; the numbers are what counts. `links` are five addresses that make the
    parts of a page links to their projects. `width` is that of the PDF's picture, in the units of a bar 30 high. Raises
    ValueError for another number of counts or links.
    """
    if len(counts) != len(PARTS) or len(links) not in {0, len(PARTS)}:
        raise ValueError(f"A distribution has {len(PARTS)} counts, and as many links or none.")
    words = distribution_words(counts)
    parts = _lay_out(counts, skin, width)
    height = _BAR + _ROW * (1 + max((part.row for part in parts), default=0)) + 4
    if skin == "pdf":
        drawn = "".join(_part_pdf(part, width) for part in parts) or _empty_pdf(width)
        return image("ds", width, height, drawn, words)
    if not links:
        return inline_svg("ds", height, "".join(_part_page(part) for part in parts) or _empty_page(), words)
    address = dict(zip(PARTS, links, strict=True))
    linked = "".join(
        tag("a", {"href": address[part.level], "aria_label": _link_words(part)}, _part_page(part)) for part in parts
    )
    root = {"class_": "ds", "width": "100%", "height": height, "overflow": "visible", "role": "group"}
    return Drawing(tag("svg", root | {"aria_label": words, "focusable": "false"}, linked))


def _link_words(part: _Part) -> str:
    projects = "1 project" if part.count == 1 else f"{part.count} projects"
    state = f"at {part.word.lower()} risk" if part.level else "without a level yet"
    return f"{projects} {state}, show only these"


def _lay_out(counts: Sequence[int], skin: Skin, width: float) -> list[_Part]:
    """The parts that have projects: none narrower than the least width, the others in proportion to their counts."""
    share = _PDF_LETTERS / width if skin == "pdf" else 1.0
    least = _PAGE_LEAST * share
    there = [(level, count) for level, count in zip(PARTS, counts, strict=True) if count > 0]
    widths = _widths([count for _, count in there], least)
    parts: list[_Part] = []
    ends: list[float] = []
    start = 0.0
    for (level, count), width in zip(there, widths, strict=True):
        part = _Part(level, count, start, width, 0, is_last=len(parts) == len(there) - 1)
        needed = _WORD_WIDTH[part.word] * share
        left = 100 - needed if part.is_word_at_end else start
        row = next((place for place, end in enumerate(ends) if end <= left), len(ends))
        ends[row : row + 1] = [left + needed]
        parts.append(replace(part, row=row))
        start += width
    return parts


def _widths(counts: Sequence[int], least: float) -> list[float]:
    """Widths in percent that add up to 100. Raising small parts makes others smaller, so it is done until it holds."""
    small: set[int] = set()
    while True:
        rest = sum(count for place, count in enumerate(counts) if place not in small)
        room = 100 - least * len(small)
        widths = [least if place in small else room * count / rest for place, count in enumerate(counts)]
        more = {place for place, width in enumerate(widths) if width < least} - small
        if not more:
            return widths
        small |= more


def _part_page(part: _Part) -> str:
    width = part.width - (0 if part.is_last else _GAP)
    box = {"x": percent(part.start), "width": percent(width), "height": _BAR}
    content = tag("rect", {"class_": "bar", "y": 0, "rx": 4} | box)
    if part.level is None:
        lines = tag("path", {"class_": "hatch", "d": _hatch(0, _PAGE_HATCH), "fill": "none"})
        content += tag("svg", {"y": 0, "overflow": "hidden"} | box, lines)
    shape = ""
    if part.level is not None:
        mark = {"class_": "mk", "fill_rule": "evenodd", "transform": "translate(8 9) scale(.75)"}
        shape = tag("path", mark | {"d": part.level.path})
    inside = shape + tag("text", {"class_": "num", "x": 26 if shape else 9, "y": 20}, str(part.count))
    content += tag("svg", {"x": percent(part.start), "y": 0, "overflow": "visible"}, inside)
    anchor = "end" if part.is_word_at_end else "start"
    place = {"x": percent(100 if anchor == "end" else part.start), "y": _BAR + 14 + part.row * _ROW}
    content += tag("text", {"class_": "cap"} | place | {"text_anchor": anchor}, text_of(part.word))
    return tag("g", {"class_": part.style}, content)


def _hatch(start: float, end: float) -> str:
    """Diagonal lines as one path that ends at the edges of the bar."""
    step, x, parts = 9.0, start - _BAR, []
    while x < end:
        left, right = max(x, start), min(x + _BAR, end)
        if right > left:
            parts.append(f"M{number(left)} {number(_BAR - (left - x))}L{number(right)} {number(_BAR - (right - x))}")
        x += step
    return "".join(parts)


def _part_pdf(part: _Part, whole_width: float) -> str:
    unit = whole_width / 100
    x = part.start * unit
    width = part.width * unit - (0 if part.is_last else 2)
    box = {"x": number(x), "y": 0, "width": number(width), "height": _BAR, "rx": 3, "fill": part.palette.fill}
    content = tag("rect", box)
    if part.level is None:
        content += tag("path", {"d": _hatch(x, x + width), "fill": "none", "stroke": "#c6cdd6", "stroke-width": 1})
    else:
        mark = {"fill": part.palette.text, "fill_rule": "evenodd", "d": part.level.path}
        content += tag("path", mark | {"transform": f"translate({number(x + 7)} 9) scale(0.75)"})
    content += _text(x + (23 if part.level else 8), 20, str(part.count), part.palette.text, 600, "start", 13)
    place, anchor = (whole_width, "end") if part.is_word_at_end else (x, "start")
    return content + _text(place, _BAR + 13 + part.row * _ROW, part.word, INK_2, 400, anchor)


def _empty_page() -> str:
    return tag("g", {"class_": "lv0"}, tag("rect", {"class_": "bar", "width": "100%", "height": _BAR, "rx": 4}))


def _empty_pdf(width: float) -> str:
    return tag("rect", {"x": 0, "y": 0, "width": number(width), "height": _BAR, "rx": 3, "fill": NEUTRAL.fill})


def _text(x: float, y: float, words: str, colour: str, weight: int, anchor: str, size: float = 10.5) -> str:
    place = {"x": number(x), "y": number(y), "text_anchor": anchor, "fill": colour}
    return tag("text", place | {"font_family": "Inter", "font_size": size, "font_weight": weight}, text_of(words))


@dataclass(frozen=True, slots=True)
class Quarter:
    """The end of a quarter: how many of the projects were at critical and at high risk then."""

    label: str
    critical: int
    high: int
    projects: int


QUARTERS_HEIGHT = 150
_GROUND, _TOP = 112, 18
_LEAST_NUMBERED = 14


def quarters_words(quarters: Sequence[Quarter]) -> str:
    """What the columns say, for alternative texts."""
    each = [f"{q.label}: {q.critical} critical and {q.high} high of {q.projects}" for q in quarters]
    return f"Projects at high and critical risk by quarter. {'; '.join(each) or 'None yet'}."


def quarter_columns(quarters: Sequence[Quarter], *, width: float = 240, skin: Skin = "page") -> Drawing:
    """A column for each quarter: those at critical risk above those at high risk, with their sum on top.

    The scale starts at 0 and ends at the largest sum, so columns compare counts and not shares; below each stands of
    how many projects it is. `width` is that of the PDF's picture, in the units of its 150 high.
    """
    words = quarters_words(quarters)
    largest = max([quarter.critical + quarter.high for quarter in quarters] + [1])
    if skin == "pdf":
        return image("qc", width, QUARTERS_HEIGHT, _quarters_pdf(quarters, largest, width), words)
    return inline_svg("qc", QUARTERS_HEIGHT, _quarters_page(quarters, largest), words)


@dataclass(frozen=True, slots=True)
class _Block:
    """One level's part of a column, with its number where there is room for it."""

    level: LevelStyle
    count: int
    top: float
    height: float

    @property
    def is_numbered(self) -> bool:
        return self.height >= _LEAST_NUMBERED


def _blocks(quarter: Quarter, largest: int) -> tuple[list[_Block], float]:
    """The blocks from the ground up, and where the column ends."""
    blocks, top = [], float(_GROUND)
    for level, count in ((LEVELS[2], quarter.high), (LEVELS[3], quarter.critical)):
        if count > 0:
            height = (_GROUND - _TOP) * count / largest
            top -= height
            blocks.append(_Block(level, count, top, max(height - 1, 0.8)))
    return blocks, top


def _quarters_page(quarters: Sequence[Quarter], largest: int) -> str:
    slot = 100 / max(len(quarters), 1)
    parts = []
    for place, quarter in enumerate(quarters):
        middle = percent((place + 0.5) * slot)
        box = {"x": percent(place * slot + slot * 0.12), "width": percent(slot * 0.76)}
        blocks, top = _blocks(quarter, largest)
        for block in blocks:
            size = {"y": number(block.top), "height": number(block.height), "rx": 2}
            drawn = tag("rect", {"class_": "bar"} | box | size)
            if block.is_numbered:
                where = {"x": middle, "y": number(block.top + block.height / 2 + 4), "text_anchor": "middle"}
                drawn += tag("text", {"class_": "num"} | where, str(block.count))
            parts.append(tag("g", {"class_": f"lv{block.level.number}"}, drawn))
        for kind, y, words in _column_words(quarter, top):
            where = {"x": middle, "y": number(y), "text_anchor": "middle"}
            parts.append(tag("text", {"class_": kind} | where, text_of(words)))
    parts.append(tag("line", {"class_": "axis", "x1": "0%", "x2": "100%", "y1": _GROUND, "y2": _GROUND}))
    return "".join(parts)


def _column_words(quarter: Quarter, top: float) -> tuple[tuple[str, float, str], ...]:
    total = str(quarter.critical + quarter.high) if quarter.projects else "–"
    return ("tot", top - 5, total), ("cap", _GROUND + 16, quarter.label), ("of", _GROUND + 31, f"of {quarter.projects}")


def _quarters_pdf(quarters: Sequence[Quarter], largest: int, width: float) -> str:
    slot = width / max(len(quarters), 1)
    wide = min(slot * 0.76, 60.0)
    parts = []
    for place, quarter in enumerate(quarters):
        middle = (place + 0.5) * slot
        blocks, top = _blocks(quarter, largest)
        for block in blocks:
            box = {"x": number(middle - wide / 2), "y": number(block.top), "width": number(wide)}
            fill = {"height": number(block.height), "rx": 1.5, "fill": block.level.light.fill}
            parts.append(tag("rect", box | fill))
            if block.is_numbered:
                y = block.top + block.height / 2 + 3.6
                parts.append(_text(middle, y, str(block.count), block.level.light.text, 400, "middle"))
        colours = {"tot": (INK, 600), "cap": (INK_2, 400), "of": (GREY, 400)}
        for kind, y, words in _column_words(quarter, top):
            colour, weight = colours[kind]
            parts.append(_text(middle, y, words, colour, weight, "middle"))
    parts.append(tag("path", {"d": f"M0 {_GROUND}H{number(width)}", "stroke": AXIS, "stroke-width": 1}))
    return "".join(parts)


SPARK_WIDTH, SPARK_HEIGHT, SPARK_SPAN = 56, 18, 10.0
_EDGE = 3.0


def spark_words(points: Sequence[float]) -> str:
    """What the line says: "risk from 68 to 79 over 6 reviews"."""
    if not points:
        return "no risk known yet"
    if len(points) == 1:
        return f"risk {whole(points[0])}"
    return f"risk from {whole(points[0])} to {whole(points[-1])} over {len(points)} reviews"


def spark_line(points: Sequence[float], *, name: str = "", skin: Skin = "page") -> Drawing:
    """The course of one project's risk, oldest first, 56 x 18, up is worse. A dot marks the newest value.

    The scale is the line's own, from its lowest to its highest value, but never less than 10 points, so that noise
    does not look like drama. Without points nothing is drawn. On a page it is hidden from screen readers unless `name`
    is given, because the numbers stand beside it.
    """
    if not points:
        return Drawing("")
    spots = _spots(points)
    line = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in spots)
    end = {"cx": number(spots[-1][0]), "cy": number(spots[-1][1]), "r": 2}
    words = f"{name}: {spark_words(points)}" if name else spark_words(points)
    if skin == "pdf":
        drawn = tag("path", {"d": line, "fill": "none", "stroke": GREY, "stroke-width": 1.4}) if len(spots) > 1 else ""
        return image("sp", SPARK_WIDTH, SPARK_HEIGHT, drawn + tag("circle", end | {"fill": INK}), words)
    drawn = tag("path", {"class_": "ln", "d": line, "fill": "none"}) if len(spots) > 1 else ""
    root = {
        "class_": "sp",
        "viewBox": f"0 0 {SPARK_WIDTH} {SPARK_HEIGHT}",
        "width": SPARK_WIDTH,
        "height": SPARK_HEIGHT,
    }
    spoken = {"role": "img", "aria_label": words} if name else {"aria_hidden": "true"}
    return Drawing(tag("svg", root | spoken | {"focusable": "false"}, drawn + tag("circle", {"class_": "pt"} | end)))


def _spots(points: Sequence[float]) -> list[tuple[float, float]]:
    low, high = min(points), max(points)
    span = max(high - low, SPARK_SPAN)
    bottom = (low + high - span) / 2
    room = SPARK_HEIGHT - 2 * _EDGE
    step = (SPARK_WIDTH - 2 * _EDGE) / max(len(points) - 1, 1)
    first = _EDGE if len(points) > 1 else SPARK_WIDTH - _EDGE
    return [
        (first + place * step, SPARK_HEIGHT - _EDGE - (value - bottom) / span * room)
        for place, value in enumerate(points)
    ]
