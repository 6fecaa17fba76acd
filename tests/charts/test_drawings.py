"""Drawings: valid, escaped, free of inline styles, and the same numbers in both skins."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from xml.dom import minidom

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charts import (
    LEVELS,
    Drawing,
    level_shape,
    path_steps_bars,
    points_bars,
    range_bar,
    shape_address,
    zones_scale,
)
from charts.bars import Skin

INDEX = st.floats(min_value=0, max_value=100, allow_nan=False)
HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)>' & \x00\x0b\ud800"

PAGE_ATTRIBUTES = {"class", "width", "height", "overflow", "role", "aria-label", "aria-hidden", "focusable"} | {
    *("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "text-anchor")
}

Maker = Callable[[Skin], Drawing]
MAKERS: dict[str, Maker] = {
    "range": lambda skin: range_bar(68.8, 64.5, 73.2, previous=80.0, target=50.0, name=HOSTILE, skin=skin),
    "range without value": lambda skin: range_bar(None, 0.0, 100.0, skin=skin),
    "zones": lambda skin: zones_scale(68.8, 64.5, 73.2, previous=80.0, previous_name=HOSTILE, target=50.0, skin=skin),
    "zones without value": lambda skin: zones_scale(None, 10.0, 90.0, skin=skin),
    "points": lambda skin: points_bars([22.0, 4.0, -1.0, 17.1], level=68.8, rest=3, skin=skin)[0],
    "steps": lambda skin: path_steps_bars([68.8, 65.2, 44.2], target=50.0, skin=skin),
    "many steps": lambda skin: path_steps_bars([90.0 - step for step in range(30)], target=25.0, skin=skin),
    "no steps": lambda skin: path_steps_bars([], target=25.0, skin=skin),
}


def parsed(markup: str) -> minidom.Document:
    return minidom.parseString(markup)  # noqa: S318 - our own markup


def inner_svg(image: str) -> str:
    found = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', image)
    assert found
    return base64.b64decode(found.group(1)).decode()


@pytest.mark.parametrize("name", MAKERS)
def test_page_skin_is_strict(name: str) -> None:
    drawing = MAKERS[name]("page")
    elements = parsed(drawing).getElementsByTagName("*")
    assert {element.tagName for element in elements} <= {"svg", "g", "rect", "line", "circle", "text"}
    names = {name for element in elements for name, _ in element.attributes.items()}
    assert names <= PAGE_ATTRIBUTES
    assert 'width="100%"' in drawing
    assert "viewBox" not in drawing, "a view box would stretch the text"


@pytest.mark.parametrize("name", MAKERS)
def test_pdf_skin_is_an_image_with_words(name: str) -> None:
    drawing = MAKERS[name]("pdf")
    element = parsed(drawing).documentElement
    assert element is not None
    assert element.tagName == "img"
    assert element.getAttribute("alt")
    svg = inner_svg(drawing)
    parsed(svg)
    assert "class=" not in svg
    assert "var(" not in svg


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.id)
def test_shapes(level: object) -> None:
    shape = level_shape(level)  # type: ignore[arg-type]
    parsed(shape)
    assert 'aria-hidden="true"' in shape
    assert "fill=" not in shape
    assert "#" not in shape_address(level, "#16202e")  # type: ignore[arg-type]


def test_templates_do_not_escape_a_drawing_twice() -> None:
    drawing = range_bar(50.0, 40.0, 60.0)
    assert drawing.__html__() == drawing
    assert drawing.startswith("<svg")


def test_a_named_bar_is_read_out_and_an_unnamed_one_is_not() -> None:
    assert 'aria-label="Data: risk 46, moderate, range 44 to 65"' in range_bar(46.4, 44.0, 65.9, name="Data")
    assert 'aria-hidden="true"' in range_bar(46.4, 44.0, 65.9)


def test_words_of_the_scale_and_the_steps() -> None:
    scale = zones_scale(68.8, 64.5, 73.2, previous=80.0, previous_name="22 Jun 2026", target=50.0)
    assert "Now 68.8, high. Exact range 64.5 to 73.2. 22 Jun 2026 80.0. Target below 50.0." in scale
    assert "Risk now 68.8, after step 1 65.2, after step 2 44.2. Target below 50." in path_steps_bars(
        [68.8, 65.2, 44.2], target=50.0
    )


@given(INDEX, INDEX, INDEX, st.one_of(st.none(), INDEX), st.sampled_from(["page", "pdf"]))
def test_no_mark_leaves_the_scale(point: float, one: float, other: float, previous: float | None, skin: Skin) -> None:
    low, high = min(one, other), max(one, other)
    for drawing in (
        range_bar(point, low, high, previous=previous, skin=skin),
        zones_scale(point, low, high, skin=skin),
    ):
        svg = drawing if skin == "page" else inner_svg(drawing)
        for value in re.findall(r'c?x[12]?="(-?[\d.]+)%"', svg):
            assert 0 <= float(value) <= 100
        for value in re.findall(r'cx="(-?[\d.]+)"', svg):
            assert 0 <= float(value) <= 500


@given(INDEX, INDEX, INDEX, st.sampled_from(["page", "pdf"]))
def test_labels_of_the_scale_never_share_a_place(point: float, previous: float, target: float, skin: Skin) -> None:
    drawing = zones_scale(point, point, point, previous=previous, target=target, skin=skin)
    svg = drawing if skin == "page" else inner_svg(drawing)
    labels = re.findall(
        r'<text[^>]* x="([\d.]+)%?" y="([\d.]+)" text-anchor="(\w+)"[^>]*>((?:now|before|target)[^<]*)<', svg
    )
    assert len(labels) == 3
    unit, per_letter = (1.0, 2.2) if skin == "page" else (0.2, 1.25)
    spans: list[tuple[str, float, float]] = []
    for x, y, anchor, words in labels:
        width = len(words) * per_letter
        start = float(x) * unit - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
        assert all(row != y or start >= right or start + width <= left for row, left, right in spans)
        spans.append((y, start, start + width))


def test_bars_share_one_scale() -> None:
    widths = [re.search(r'width="([\d.]+)%" height="8"', bar) for bar in points_bars([10.0, 5.0, 0.0])]
    assert [found.group(1) for found in widths if found] == ["100", "50", "0"]
