"""The four levels in one table: word, shape and colours, and how an index is written.

Colours are the measured ones of the design: every text on its fill reaches 4.5 to 1, fills are ordered by lightness so
that they stay apart in greyscale. Level, number and word always go together; colour never stands alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

LevelId = Literal["low", "moderate", "high", "critical"]

LIMITS: tuple[int, int, int] = (25, 50, 75)


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours on one background. `fill` with `text` on it for chips, `mark` for words and dots, `tint` for ranges."""

    fill: str
    text: str
    mark: str
    tint: str


@dataclass(frozen=True, slots=True)
class LevelStyle:
    """How one level looks. `number` runs from 1 (low) to 4 (critical), `path` is its shape in a 16 x 16 box."""

    id: LevelId
    number: int
    word: str
    shape: str
    path: str
    light: Palette
    dark: Palette


LEVELS: tuple[LevelStyle, ...] = (
    LevelStyle(
        "low",
        1,
        "Low",
        "circle",
        "M8 2.4a5.6 5.6 0 1 1 0 11.2A5.6 5.6 0 0 1 8 2.4Z",
        Palette("#e3f3f0", "#16202e", "#0f766e", "#b2d3d1"),
        Palette("#10323b", "#f3f5f8", "#5cc8bd", "#2e5558"),
    ),
    LevelStyle(
        "moderate",
        2,
        "Moderate",
        "diamond",
        "M8 1.2 14.8 8 8 14.8 1.2 8Z",
        Palette("#fce094", "#16202e", "#7a5c00", "#d4cbad"),
        Palette("#56490f", "#f3f5f8", "#e3c14f", "#595335"),
    ),
    LevelStyle(
        "high",
        3,
        "High",
        "triangle",
        "M8 1.4 15.2 14.4H.8Z",
        Palette("#e88742", "#16202e", "#b4480a", "#e7c4b1"),
        Palette("#b35f26", "#ffffff", "#f39a55", "#5e4637"),
    ),
    LevelStyle(
        "critical",
        4,
        "Critical",
        "octagon with an exclamation mark",
        "M5 .8h6L15.2 5v6L11 15.2H5L.8 11V5ZM7 3.6v5.6h2V3.6Zm0 7v2h2v-2Z",
        Palette("#951a4a", "#ffffff", "#951a4a", "#ddb6c5"),
        Palette("#ff8088", "#11161d", "#ff8088", "#623e47"),
    ),
)

LEVEL_BY_ID: Mapping[str, LevelStyle] = MappingProxyType({level.id: level for level in LEVELS})


def to_tenths(index: float) -> int:
    """The index in tenths, rounded half to even: the value that is shown and that the level rule compares."""
    return round(round(index, 1) * 10)


def shown(index: float) -> str:
    """The index with one decimal, such as "68.8". Half to even, so that the number and its level agree."""
    tenths = to_tenths(index)
    return f"{'-' if tenths < 0 else ''}{abs(tenths) // 10}.{abs(tenths) % 10}"


def whole(index: float) -> str:
    """The index without decimals, such as "49" for 49.97. Cut after rounding to one decimal, never rounded up.

    A plain rounding would print 50 beside "moderate" for 49.6.
    """
    return str(int(to_tenths(index) / 10))


def level_of(index: float) -> LevelStyle:
    """The level of an index from 0 to 100: the first whose upper limit lies above the shown value."""
    tenths = to_tenths(index)
    return LEVELS[sum(tenths >= limit * 10 for limit in LIMITS)]
