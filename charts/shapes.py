"""The shape of a level, for pages as inline SVG and for the PDF's style sheet as a data address."""

from __future__ import annotations

from urllib.parse import quote

from charts.levels import LevelStyle
from charts.markup import SVG_NAMESPACE, Drawing, tag


def level_shape(level: LevelStyle) -> Drawing:
    """The shape for a page: 12 px, hidden from screen readers, because the level's word always stands beside it.

    Classes: `shape` and `lv1` to `lv4` on the root, `mk` on the path. The page's CSS gives the fill.
    """
    path = tag("path", {"class_": "mk", "fill_rule": "evenodd", "d": level.path})
    root = {"class_": f"shape lv{level.number}", "viewBox": "0 0 16 16", "width": 12, "height": 12}
    return Drawing(tag("svg", root | {"aria_hidden": "true", "focusable": "false"}, path))


def shape_address(level: LevelStyle, colour: str) -> str:
    """The shape in one colour as a data address.

    In the PDF shapes are backgrounds, since an inline picture would be read out before every level word.
    """
    path = tag("path", {"fill": colour, "fill-rule": "evenodd", "d": level.path})
    svg = tag("svg", {"xmlns": SVG_NAMESPACE, "viewBox": "0 0 16 16"}, path)
    return f"data:image/svg+xml,{quote(svg, safe='')}"
