"""Figures for Plotly: accepted by its schema, alike in both themes, and honest about what is unknown."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charts import LEVELS, level_of
from charts.figure_inputs import Bubble, Profile, ProfilePart, Series, StageCount, TimePoint
from charts.figure_theme import COLOURS, SYMBOLS, THEMES, ThemeId, palette, plain, series_style
from charts.figure_words import bubble_words, profile_words, stages_words, time_words
from charts.figures import bars_figure, bubble_figure, radar_figure, stages_figure, time_figure

HOSTILE = '<b>bold</b> <a href="javascript:alert(1)">x</a> &amp; %{x} $x$ =1+1'
DIMENSIONS = ("Problem", "Data", "Team", "Customer", "Platform", "Operations")
DAYS = (date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31))


def series(*indices: float | None, name: str = "Churn") -> Series:
    return Series(name, tuple(TimePoint(day, index) for day, index in zip(DAYS, indices, strict=False)))


def profile(*risks: float | None, name: str = "Churn") -> Profile:
    parts = [ProfilePart(r, 0, 100, "" if r is not None else "not answered") for r in risks]
    return Profile(name, tuple(parts))


def bubble(number: int, index: float | None, place: Any, size: float | None = 10, name: str = "Churn") -> Bubble:
    return Bubble(number, name, index, 10, 90, place, size)


LINES = (series(10, None, 80), series(30, 49.96, 76, name=HOSTILE))
BUBBLES = (bubble(1, 80, 500.0, name=HOSTILE), bubble(2, 20, 4.0, None), bubble(3, None, 9.0), bubble(4, 60, None))
DATED = (bubble(1, 80, date(2026, 5, 1)), bubble(2, 20, date(2026, 9, 1), None), bubble(3, 55, None))
PROFILES = (profile(10, None, 30, 55, 80, 99.9), profile(90, 20, None, 45, 60, 5, name=HOSTILE))
STAGES = (
    StageCount("Idea", (2, 0, 5, 1), 3),
    StageCount(HOSTILE, (0, 0, 0, 0), 0),
    StageCount("Pilot", (1, 9, 0, 4), 0),
)

Maker = Callable[[ThemeId], dict[str, Any]]
MAKERS: dict[str, Maker] = {
    "time": lambda theme: time_figure(LINES, theme, stepped=True),
    "value": lambda theme: bubble_figure(BUBBLES, theme, place_title="Planned value"),
    "date": lambda theme: bubble_figure(DATED, theme, place_title="Planned date"),
    "radar": lambda theme: radar_figure(PROFILES, DIMENSIONS, theme),
    "bars": lambda theme: bars_figure(PROFILES, DIMENSIONS, theme),
    "stages": lambda theme: stages_figure(STAGES, theme),
    "no time": lambda theme: time_figure((), theme, stepped=False),
    "no bubbles": lambda theme: bubble_figure((), theme, place_title="Planned value"),
    "no profiles": lambda theme: bars_figure((), DIMENSIONS, theme),
    "no radar": lambda theme: radar_figure((), DIMENSIONS, theme),
    "no stages": lambda theme: stages_figure((), theme),
}
EVERY = [(name, theme) for name in MAKERS for theme in THEMES]


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def without_colours(value: Any) -> Any:
    return re.sub(r"#[0-9a-f]{6}\b|rgba\([\d,.]+\)", "colour", json.dumps(value))


def traces(figure: dict[str, Any], **wanted: Any) -> list[dict[str, Any]]:
    return [trace for trace in figure["data"] if all(trace.get(key) == value for key, value in wanted.items())]


def luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("name", "theme"), EVERY)
def test_plotly_accepts_every_figure(name: str, theme: ThemeId) -> None:
    figure = MAKERS[name](theme)
    assert set(figure) == {"data", "layout"}
    # Raises for an unknown attribute or a value outside of the schema.
    made = go.Figure(data=figure["data"], layout=figure["layout"], skip_invalid=False)
    assert len(made.data) == len(figure["data"])


@pytest.mark.parametrize(("name", "theme"), EVERY)
def test_figures_are_json_and_repeat(name: str, theme: ThemeId) -> None:
    text = json.dumps(MAKERS[name](theme), allow_nan=False)
    assert json.loads(text) == MAKERS[name](theme)


@pytest.mark.parametrize(("name", "theme"), EVERY)
def test_nothing_in_a_figure_needs_an_inline_style(name: str, theme: ThemeId) -> None:
    figure = MAKERS[name](theme)
    kinds = {trace["type"] for trace in figure["data"]}
    assert kinds <= {"scatter", "scatterpolar", "bar"}
    tags = {found for text in strings(figure) for found in re.findall(r"<[^>]*>", text)}
    assert tags <= {"<br>"}
    assert not any("colorbar" in str(trace) or "gradient" in str(trace) for trace in figure["data"])


@pytest.mark.parametrize(("name", "theme"), EVERY)
def test_a_figure_has_no_title_and_no_size(name: str, theme: ThemeId) -> None:
    layout = MAKERS[name](theme)["layout"]
    assert not {"title", "width", "height", "template"} & set(layout)
    assert layout["paper_bgcolor"] == layout["plot_bgcolor"] == COLOURS[theme].surface


@pytest.mark.parametrize("name", MAKERS)
def test_themes_differ_in_colours_only(name: str) -> None:
    light, dark = MAKERS[name]("light"), MAKERS[name]("dark")
    assert without_colours(light) == without_colours(dark)
    assert light != dark


@pytest.mark.parametrize("theme", THEMES)
def test_colours_can_be_told_from_the_background(theme: ThemeId) -> None:
    colours = COLOURS[theme]
    assert all(contrast(colour, colours.surface) >= 4.5 for colour in (colours.ink, colours.ink_soft))
    assert all(contrast(colour, colours.surface) >= 3 for colour in (*colours.series, colours.line_strong))
    for level in LEVELS:
        assert contrast(palette(level, theme).mark, colours.surface) >= 4.5
        assert contrast(palette(level, theme).text, palette(level, theme).fill) >= 4.5


def test_lines_differ_in_more_than_colour() -> None:
    styles = [series_style(place, "light") for place in range(12)]
    assert len({(colour, dash) for colour, dash, _ in styles}) == 12
    assert len({dash for _, dash, _ in styles[:5]}) == len({pattern for *_, pattern in styles[:5]}) == 5


@pytest.mark.parametrize("name", ["time", "value", "date", "radar", "bars"])
def test_levels_are_drawn_by_shape_and_colour(name: str) -> None:
    for trace in traces(MAKERS[name]("light"), legend="legend2"):
        level = next((level for level in LEVELS if level.word == trace["name"]), None)
        if level is None:
            assert trace["name"] == "No level yet"
            continue
        symbols = trace["marker"]["symbol"]
        shapes = {symbols} if isinstance(symbols, str) else {symbol.removesuffix("-open") for symbol in symbols}
        assert {shape.removesuffix("-dot") for shape in shapes} == {SYMBOLS[level.id].removesuffix("-dot")}
        values = trace.get("r") or (trace["x"] if name == "bars" else trace["y"])
        assert {level_of(value).id for value in values} == {level.id}


def test_an_unknown_index_is_a_gap_in_time() -> None:
    figure = MAKERS["time"]("light")
    line = traces(figure, mode="lines")[0]
    assert line["y"] == [10.0, None, 80.0]
    assert line["connectgaps"] is False
    assert sum(len(trace["y"]) for trace in traces(figure, mode="markers")) == 5


def test_numbers_are_those_of_the_page() -> None:
    # 49.96 is shown as 50.0, which is high: a plain number would stand below the line.
    marks = traces(MAKERS["time"]("light"), mode="markers", name="High")[0]
    assert marks["y"] == [50.0]
    assert marks["hovertext"][0].endswith("28 Feb 2026: 50, high")


def test_bubbles_without_a_risk_or_a_place_are_left_out() -> None:
    figure = MAKERS["value"]("light")
    assert sorted(number for trace in figure["data"] for number in trace["text"]) == ["1", "2"]


def test_a_bubble_without_a_size_is_open_and_seen() -> None:
    low = traces(MAKERS["value"]("light"), name="Low")[0]
    assert low["marker"]["symbol"] == ["circle-open"]
    assert low["marker"]["size"][0] > 0
    assert low["marker"]["sizemin"] >= 8


def test_bubbles_show_their_exact_range() -> None:
    critical = traces(MAKERS["value"]("light"), name="Critical")[0]
    assert (critical["error_y"]["array"], critical["error_y"]["arrayminus"]) == ([10.0], [70.0])


@pytest.mark.parametrize(
    ("values", "kind"), [((4.0, 500.0), "log"), ((40.0, 500.0), "linear"), ((0.0, 500.0), "linear"), ((7.0,), "linear")]
)
def test_values_that_spread_widely_stand_on_a_logarithmic_axis(values: tuple[float, ...], kind: str) -> None:
    figure = bubble_figure([bubble(1, 20, value) for value in values], "light", place_title="Planned value")
    axis = figure["layout"]["xaxis"]
    assert axis["type"] == kind
    assert ("logarithmic" in axis["title"]["text"]) == (kind == "log")
    assert axis["range"][0] < axis["range"][1]


def test_dates_stand_on_an_axis_of_dates() -> None:
    figure = MAKERS["date"]("light")
    assert figure["layout"]["xaxis"]["type"] == "date"
    assert traces(figure, name="Low")[0]["x"] == ["2026-09-01"]


def test_the_radar_is_closed_and_has_gaps() -> None:
    line = traces(MAKERS["radar"]("light"), mode="lines")[0]
    assert line["theta"][0] == line["theta"][-1] == "Problem"
    assert line["r"] == [10.0, None, 30.0, 55.0, 80.0, 99.9, 10.0]
    assert line["connectgaps"] is False


def test_bars_hatch_what_is_still_possible() -> None:
    figure = bars_figure([Profile("A", (ProfilePart(None, 20, 85, "too early for a level"),))], ("Data",), "light")
    hatched = traces(figure, name="No level yet")[0]
    assert (hatched["base"], hatched["x"]) == ([20.0], [65])
    assert hatched["marker"]["pattern"]["shape"] == "/"
    assert hatched["hovertext"] == ["A<br>Data: too early for a level"]
    assert traces(figure, name="A")[0]["x"] == []


def test_bars_and_radar_show_the_same_numbers() -> None:
    bars = sorted(value for trace in traces(MAKERS["bars"]("light"), mode="markers+text") for value in trace["x"])
    radar = sorted(value for trace in traces(MAKERS["radar"]("light"), mode="markers") for value in trace["r"])
    assert bars == radar
    assert len(bars) == 10


def test_bars_of_one_dimension_do_not_touch() -> None:
    many = [profile(*[50.0] * 6, name=str(place)) for place in range(5)]
    bars = [trace for trace in bars_figure(many, DIMENSIONS, "light")["data"] if trace["type"] == "bar"]
    places = sorted((y, trace["width"]) for trace in bars for y in trace["y"])
    assert all(b - a > width for (a, width), (b, _) in pairwise(places))


def test_stages_add_up() -> None:
    figure = MAKERS["stages"]("light")
    bars = traces(figure, type="bar")
    totals = [sum(trace["x"][place] for trace in bars) for place in range(3)]
    assert totals == [11, 0, 14]
    assert figure["layout"]["yaxis"]["categoryarray"][0] == "Idea"
    assert traces(figure, name="No level yet")[0]["marker"]["pattern"]["shape"] == "/"


def test_a_part_that_is_too_small_holds_no_number() -> None:
    figure = stages_figure([StageCount("Idea", (1, 2, 6, 91), 0)], "light")
    texts = {trace["name"]: trace["text"] for trace in figure["data"] if trace.get("mode") == "markers+text"}
    assert texts == {"Low": [], "Moderate": [], "High": ["6"], "Critical": ["91"]}
    marks = {
        trace["name"]: trace["marker"]["opacity"] for trace in figure["data"] if trace.get("mode") == "markers+text"
    }
    assert (marks["High"], marks["Critical"]) == ([0], [1])


@pytest.mark.parametrize(
    ("given", "most", "written"),
    [
        ("<b>x</b>", 0, "&lt;b&gt;x&lt;/b&gt;"),
        ("R&amp;D", 0, "R&amp;amp;D"),
        ("a\n b", 0, "a b"),
        ("abcdef", 4, "abc…"),
        ("a & b & c", 5, "a &amp;…"),
        ("abcd", 4, "abcd"),
    ],
)
def test_names_are_drawn_as_they_are(given: str, most: int, written: str) -> None:
    assert plain(given, most) == written


INDEX = st.none() | st.floats(min_value=0, max_value=100, allow_nan=False)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=40), st.lists(INDEX, min_size=6, max_size=6)), max_size=5))
def test_any_profile_is_drawn_and_said(rows: list[tuple[str, list[float | None]]]) -> None:
    profiles = [profile(*risks, name=name) for name, risks in rows]
    known = sum(risk is not None for _, risks in rows for risk in risks)
    for figure in (bars_figure(profiles, DIMENSIONS, "dark"), radar_figure(profiles, DIMENSIONS, "dark")):
        json.dumps(figure, allow_nan=False)
        marks = [trace for trace in figure["data"] if "markers" in trace.get("mode", "")]
        assert sum(len(trace["hovertext"]) for trace in marks) == known
    assert profile_words(profiles, DIMENSIONS).endswith(".")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=40), INDEX, st.none() | st.integers(0, 10**15)), max_size=8))
def test_any_bubble_is_drawn_and_said(rows: list[tuple[str, float | None, int | None]]) -> None:
    bubbles = [bubble(n, index, value, value, name) for n, (name, index, value) in enumerate(rows, start=1)]
    figure = bubble_figure(bubbles, "light", place_title="Planned value")
    json.dumps(figure, allow_nan=False)
    placed = [row for row in rows if row[1] is not None and row[2] is not None]
    assert sum(len(trace["x"]) for trace in figure["data"]) == len(placed)
    assert bubble_words(bubbles, place="planned value").endswith(".")


def test_sentences_on_time() -> None:
    assert time_words(LINES[:1], of_units=False) == (
        "The risk of Churn is the highest at the end: 80, critical. Churn rose most, by 70.0 points."
    )
    assert time_words((series(52, 51, 50.5),), of_units=True) == (
        "The median risk of Churn is the highest at the end: 50, high."
    )
    assert time_words((series(None, None),), of_units=True) == "No risk is known in this time."


def test_sentences_on_bubbles() -> None:
    assert bubble_words((bubble(1, 80, 5), bubble(2, 20, 4), bubble(3, None, 9)), place="planned value") == (
        "1 of 2 projects with a planned value stands at high or critical risk. The highest is Churn with 80, critical. "
        "1 project without a risk or a planned value is in the table only."
    )
    assert bubble_words((bubble(1, None, 5), bubble(2, 5, None)), place="planned date") == (
        "No project has both a risk and a planned date. "
        "2 projects without a risk or a planned date are in the table only."
    )


def test_sentences_on_profiles() -> None:
    two = (profile(10, None, 30, name="Churn"), profile(90, 20, 45, name="Fraud"))
    assert profile_words(two, DIMENSIONS[:3]) == (
        "They differ most in Problem: Fraud with 90, critical, and Churn with 10, low. 1 place has no level yet."
    )
    assert profile_words(two[1:], DIMENSIONS[:3]) == "Fraud is at its worst in Problem: 90, critical."
    assert profile_words((), DIMENSIONS) == "No risk is known in any dimension."


def test_sentences_on_stages() -> None:
    assert stages_words(STAGES) == (
        "10 of 22 projects with a level are at high or critical risk, the most in the stage Idea, 6 of 8. "
        "3 projects have no level yet."
    )
    assert stages_words([StageCount("Idea", (3, 1, 0, 0), 0)]) == (
        "0 of 4 projects with a level are at high or critical risk."
    )
    assert (
        stages_words([StageCount("Idea", (0, 0, 0, 0), 1)]) == "No project has a level yet. 1 project has no level yet."
    )
    assert stages_words([]) == "There are no projects here."
