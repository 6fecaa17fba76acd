"""Levels: number, word and colour agree, and the colours are the measured ones."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charts import LEVELS, LIMITS, level_of, shown, to_tenths, whole

INDEX = st.floats(min_value=0, max_value=100, allow_nan=False)


@pytest.mark.parametrize(
    ("index", "text", "cut", "level"),
    [
        (0.0, "0.0", "0", "low"),
        (24.94, "24.9", "24", "low"),
        (24.96, "25.0", "25", "moderate"),
        (24.95, "24.9", "24", "low"),
        (49.6, "49.6", "49", "moderate"),
        (49.97, "50.0", "50", "high"),
        (68.8, "68.8", "68", "high"),
        (74.99, "75.0", "75", "critical"),
        (0.25, "0.2", "0", "low"),
        (0.75, "0.8", "0", "low"),
        (100.0, "100.0", "100", "critical"),
    ],
)
def test_shown_whole_and_level_agree(index: float, text: str, cut: str, level: str) -> None:
    assert (shown(index), whole(index), level_of(index).id) == (text, cut, level)


@given(INDEX)
def test_the_whole_number_lies_in_the_level(index: float) -> None:
    number, level = int(whole(index)), level_of(index)
    starts, ends = (0, *LIMITS), (*LIMITS, 101)
    assert starts[level.number - 1] <= number < ends[level.number - 1]


@given(INDEX)
def test_shown_is_the_rounded_value(index: float) -> None:
    assert float(shown(index)) == round(index, 1)
    assert to_tenths(index) == round(float(shown(index)) * 10)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.id)
def test_texts_can_be_read_on_their_fill_and_marks_on_their_ground(level: object) -> None:
    light, dark = level.light, level.dark  # type: ignore[attr-defined]
    for palette, ground in ((light, "#ffffff"), (dark, "#181f29")):
        assert contrast(palette.text, palette.fill) >= 4.5
        assert contrast(palette.mark, ground) >= 4.5
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in (light.tint, dark.tint))


def test_fills_are_ordered_by_lightness_so_that_greyscale_works() -> None:
    light = [luminance(level.light.fill) for level in LEVELS]
    dark = [luminance(level.dark.fill) for level in LEVELS]
    assert light == sorted(light, reverse=True)
    assert dark == sorted(dark)


def test_every_level_has_its_own_word_and_shape() -> None:
    assert len({level.word for level in LEVELS}) == len({level.shape for level in LEVELS}) == 4
    assert len({level.path for level in LEVELS}) == 4
