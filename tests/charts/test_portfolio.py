"""Drawings of many projects: distribution, quarters and a course. Strict, truthful, and within their picture."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charts import Drawing
from charts.bars import Skin
from charts.portfolio import (
    Quarter,
    distribution_bar,
    distribution_words,
    quarter_columns,
    quarters_words,
    spark_line,
    spark_words,
)
from reports.child import is_our_drawing
from tests.charts.test_drawings import HOSTILE, PAGE_ATTRIBUTES, inner_svg, parsed

COUNTS = st.lists(st.integers(min_value=0, max_value=400), min_size=5, max_size=5)
QUARTERS = [Quarter("Q3 25", 3, 13, 36), Quarter("Q4 25", 4, 14, 38), Quarter("Q4 26", 6, 21, 40)]

Maker = Callable[[Skin], Drawing]
MAKERS: dict[str, Maker] = {
    "distribution": lambda skin: distribution_bar([6, 21, 11, 2, 3], skin=skin),
    "one level alone": lambda skin: distribution_bar([0, 0, 0, 7, 0], skin=skin),
    "no level alone": lambda skin: distribution_bar([0, 0, 0, 0, 9], skin=skin),
    "no projects": lambda skin: distribution_bar([0, 0, 0, 0, 0], skin=skin),
    "quarters": lambda skin: quarter_columns(QUARTERS, skin=skin),
    "quarters without projects": lambda skin: quarter_columns([Quarter("<b>&", 0, 0, 0)], skin=skin),
    "no quarters": lambda skin: quarter_columns([], skin=skin),
    "course": lambda skin: spark_line([68.0, 71.5, 79.2], name=HOSTILE, skin=skin),
    "course of one": lambda skin: spark_line([68.0], skin=skin),
}


@pytest.mark.parametrize("name", MAKERS)
def test_page_skin_is_strict(name: str) -> None:
    elements = parsed(MAKERS[name]("page")).getElementsByTagName("*")
    assert {element.tagName for element in elements} <= {"svg", "g", "rect", "line", "circle", "text", "path"}
    names = {name for element in elements for name, _ in element.attributes.items()}
    assert names <= PAGE_ATTRIBUTES | {"viewBox", "d", "fill", "fill-rule", "transform"}
    assert {element.getAttribute("fill") for element in elements} <= {"", "none"}, "colours come from classes"


@pytest.mark.parametrize("name", MAKERS)
def test_pdf_skin_is_a_drawing_that_the_worker_takes(name: str) -> None:
    element = parsed(MAKERS[name]("pdf")).documentElement
    assert element is not None
    assert element.tagName == "img"
    assert element.getAttribute("alt")
    svg = inner_svg(MAKERS[name]("pdf"))
    parsed(svg)
    assert is_our_drawing(svg)


def test_words_of_the_distribution() -> None:
    assert distribution_words([6, 21, 11, 2, 3]) == (
        "Projects by failure risk: 6 critical, 21 high, 11 moderate, 2 low, 3 without a level yet."
    )
    assert distribution_words([0, 1, 0, 0, 0]) == "Projects by failure risk: 1 high."
    assert distribution_words([0] * 5) == "Projects by failure risk: no projects."


def test_the_distribution_shows_every_count_with_its_word_and_shape() -> None:
    page = distribution_bar([6, 21, 11, 2, 3])
    assert re.findall(r'<text class="num"[^>]*>(\d+)<', page) == ["6", "21", "11", "2", "3"]
    words = re.findall(r'<text class="cap"[^>]*>([^<]+)<', page)
    assert words == ["Critical", "High", "Moderate", "Low", "No level yet"]
    assert page.count('class="mk"') == 4
    assert page.count('class="hatch"') == 1, "where no level may be named it is hatched, never green"
    assert re.findall(r'<g class="(lv\d)"', page) == ["lv4", "lv3", "lv2", "lv1", "lv0"]


def widths(drawing: str) -> list[float]:
    return [float(width) for width in re.findall(r'<rect class="bar"[^>]* width="([\d.]+)%"', drawing)]


def test_parts_are_in_proportion_where_there_is_room() -> None:
    first, second = widths(distribution_bar([20, 40, 0, 0, 0]))
    assert second == pytest.approx(2 * first, abs=1)


@given(COUNTS)
def test_every_part_can_be_read_and_all_of_them_fill_the_bar(counts: list[int]) -> None:
    drawing = distribution_bar(counts)
    found = widths(drawing)
    if not any(counts):
        assert found == [100]
        return
    assert len(found) == sum(count > 0 for count in counts)
    assert all(width >= 14 for width in found)
    assert sum(found) + 0.4 * (len(found) - 1) == pytest.approx(100, abs=0.2)


@given(COUNTS, st.sampled_from(["page", "pdf"]))
def test_words_below_the_bar_never_share_a_place(counts: list[int], skin: Skin) -> None:
    drawing = distribution_bar(counts, skin=skin)
    svg, unit, per_letter = (drawing, 1.0, 1.6) if skin == "page" else (inner_svg(drawing), 0.2, 0.9)
    found = re.findall(r'<text[^>]* x="([\d.]+)%?" y="([\d.]+)" text-anchor="(\w+)"[^>]*>([A-Z][^<]*)<', svg)
    rows: dict[str, list[tuple[float, float]]] = {}
    for x, y, anchor, words in found:
        width = len(words) * per_letter
        start = float(x) * unit - (width if anchor == "end" else 0)
        rows.setdefault(y, []).append((start, start + width))
    for spans in rows.values():
        for (_, end), (start, _) in zip(sorted(spans), sorted(spans)[1:], strict=False):
            assert start >= end - 0.01


def test_parts_as_links() -> None:
    drawing = distribution_bar([1, 0, 2, 0, 0], links=["?level=4", "?level=3", "?a=1&b=2", "?level=1", "?level=0"])
    links = parsed(drawing).getElementsByTagName("a")
    assert [link.getAttribute("href") for link in links] == ["?level=4", "?a=1&b=2"]
    assert [link.getAttribute("aria-label") for link in links] == [
        "1 project at critical risk, show only these",
        "2 projects at moderate risk, show only these",
    ]
    assert 'role="group"' in drawing


@pytest.mark.parametrize(("counts", "links"), [([1, 2], []), ([0] * 5, ["?a"])])
def test_a_distribution_has_five_parts(counts: list[int], links: list[str]) -> None:
    with pytest.raises(ValueError, match="5 counts"):
        distribution_bar(counts, links=links)


def test_words_of_the_quarters() -> None:
    assert quarters_words(QUARTERS[:2]) == (
        "Projects at high and critical risk by quarter. "
        "Q3 25: 3 critical and 13 high of 36; Q4 25: 4 critical and 14 high of 38."
    )
    assert quarters_words([]) == "Projects at high and critical risk by quarter. None yet."


def test_columns_share_one_scale_and_say_of_how_many() -> None:
    page = quarter_columns(QUARTERS)
    heights = [float(h) for h in re.findall(r'<rect class="bar"[^>]* height="([\d.]+)"', page)]
    assert heights[0] / heights[4] == pytest.approx(13 / 21, abs=0.02)
    assert heights[1] / heights[5] == pytest.approx(3 / 6, abs=0.05)
    assert re.findall(r'<text class="tot"[^>]*>([^<]+)<', page) == ["16", "18", "27"]
    assert re.findall(r'<text class="of"[^>]*>([^<]+)<', page) == ["of 36", "of 38", "of 40"]


def test_a_quarter_without_projects_has_no_number() -> None:
    page = quarter_columns([Quarter("Q3 25", 0, 0, 0), Quarter("Q4 25", 0, 0, 12)])
    assert re.findall(r'<text class="tot"[^>]*>([^<]+)<', page) == ["–", "0"]
    assert "<rect" not in page


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=6))
def test_no_column_leaves_the_picture(counts: list[tuple[int, int]]) -> None:
    page = quarter_columns([Quarter("Q", critical, high, critical + high) for critical, high in counts])
    for x, width in re.findall(r'<rect class="bar" x="([\d.]+)%" width="([\d.]+)%"', page):
        assert 0 <= float(x) <= float(x) + float(width) <= 100.1
    for y in re.findall(r' y="(-?[\d.]+)"', page):
        assert 0 <= float(y) <= 150


def spots(drawing: str) -> list[tuple[float, float]]:
    path = re.search(r' d="M([^"]+)"', drawing)
    assert path
    return [(float(x), float(y)) for x, y in (spot.split() for spot in path.group(1).split("L"))]


def test_noise_does_not_look_like_drama() -> None:
    calm, wild = spots(spark_line([50.0, 51.0, 50.0])), spots(spark_line([30.0, 80.0, 30.0]))
    assert max(y for _, y in calm) - min(y for _, y in calm) == pytest.approx(1.2, abs=0.02)
    assert max(y for _, y in wild) - min(y for _, y in wild) == pytest.approx(12, abs=0.02)
    flat = spots(spark_line([0.0, 0.0]))
    assert [y for _, y in flat] == [9, 9]


def test_up_is_worse_and_the_dot_is_the_newest() -> None:
    line = spark_line([40.0, 60.0])
    (_, first), (x, last) = spots(line)
    assert last < first
    assert f'cx="{x:g}" cy="{last:g}"' in line


def test_words_of_a_course() -> None:
    assert spark_words([68.4, 70.0, 79.9]) == "risk from 68 to 79 over 3 reviews"
    assert spark_words([68.4]) == "risk 68"
    assert spark_words([]) == "no risk known yet"
    assert spark_line([]) == ""
    assert 'aria-hidden="true"' in spark_line([1.0, 2.0])
    assert 'aria-label="Forecast: risk from 1 to 2 over 2 reviews"' in spark_line([1.0, 2.0], name="Forecast")


@given(st.lists(st.floats(min_value=0, max_value=100, allow_nan=False), min_size=1, max_size=40))
def test_no_point_leaves_the_picture(points: list[float]) -> None:
    drawing = spark_line(points)
    for x, y in spots(drawing) if len(points) > 1 else []:
        assert 2.9 <= x <= 53.1
        assert 2.9 <= y <= 15.1
