"""The page Explore without the page: from what was read to a figure, its sentence, and the same numbers as rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from charts import figure_words as said
from charts import figures
from charts.figure_inputs import Bubble, Profile, ProfilePart, Series, StageCount, TimePoint
from charts.figure_theme import THEMES, Figure, ThemeId
from charts.levels import level_of
from portfolio.explore_data import Picked, StageLine, UnitLine
from portfolio.exports import tenth
from portfolio.rows import Cell, Row
from portfolio.words import NOT_ANSWERED, cell_state, level_word, row_state
from spreadsheets.writing import Value

VALUE_TITLE = "Planned value a year, thousands"


@dataclass(frozen=True, slots=True)
class Exploration:
    """One figure, what it shows in words, and its numbers.

    `draw` makes the figure for a theme. `rows` have one value for each of `heads`; the first is a name. `is_empty` is
    true where there is nothing to draw.
    """

    draw: Callable[[ThemeId], Figure]
    finding: str
    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    notes: tuple[str, ...] = ()
    is_tall: bool = False
    is_empty: bool = False

    def figures(self) -> dict[ThemeId, Figure]:
        """The figure in every theme, as the page's script wants it."""
        return {theme: self.draw(theme) for theme in THEMES}


def explore_units(lines: Sequence[UnitLine], units: int) -> Exploration:
    """The medians of business units over the last year. `units` is how many there are."""
    series = [
        Series(line.name, tuple(TimePoint(month.day, month.median) for month in line.months if month.projects))
        for line in lines
    ]
    notes = [
        "Median risk at the end of each month of the projects that match now, without those that had no level then. "
        "The last one is of the answers as they stand."
    ]
    if units > len(lines):
        notes.append(f"These are the {len(lines)} largest of {units} units. A filter by unit shows the others.")
    return Exploration(
        lambda theme: figures.time_figure(series, theme, stepped=False),
        said.time_words(series, of_units=True),
        "Median failure risk of business units by month",
        ("Unit", "Day", "Median risk", "Level", "Projects"),
        tuple(
            (line.name, month.day, tenth(month.median), _level(month.median), month.projects)
            for line in lines
            for month in line.months
            if month.projects
        ),
        tuple(notes),
        is_empty=not any(line.points for line in series),
    )


def explore_courses(courses: Sequence[tuple[Picked, tuple[TimePoint, ...]]]) -> Exploration:
    """The risk of single projects over time."""
    series = [Series(picked.name, points) for picked, points in courses]
    return Exploration(
        lambda theme: figures.time_figure(series, theme, stepped=True),
        said.time_words(series, of_units=False),
        "Failure risk of projects over time",
        ("Project", "Day", "Failure risk", "Level"),
        tuple(
            (line.name, point.day, tenth(point.index), _level(point.index)) for line in series for point in line.points
        ),
        ("Each mark is a frozen result, which holds until the next one. The last one is the risk at the day shown.",),
        is_empty=not any(point.index is not None for line in series for point in line.points),
    )


def explore_rows(rows: Sequence[Row], total: int, *, by_date: bool) -> Exploration:
    """Risk against planned value or date. `total` projects match, `rows` are the first of them."""
    bubbles = [_bubble(number, row, by_date) for number, row in enumerate(rows, start=1)]
    place, title = ("planned date", "Planned date") if by_date else ("planned value", VALUE_TITLE)
    area = "planned value; an open shape has none" if by_date else "width of the exact range: a large one is uncertain"
    notes = [f"The area is the {area}. The number is the line in the table, the thin line the exact range."]
    if total > len(rows):
        notes.append(f"These are the first {len(rows)} of {total:,} projects in this order. Filters show the others.")
    return Exploration(
        lambda theme: figures.bubble_figure(bubbles, theme, place_title=title),
        said.bubble_words(bubbles, place=place),
        f"Failure risk and {place}, one line for each project",
        ("Project", "Line", "Failure risk", "Level", "Lower end", "Upper end", "Planned date", VALUE_TITLE),
        tuple(
            (
                row.name,
                number,
                tenth(row.shown),
                level_word(row.level) if row.level else row_state(row).capitalize(),
                tenth(row.low),
                tenth(row.high),
                row.planned_date,
                row.planned_value,
            )
            for number, row in enumerate(rows, start=1)
        ),
        tuple(notes),
        is_empty=all(bubble.index is None or bubble.place is None for bubble in bubbles),
    )


def explore_profiles(picked: Sequence[Picked], dimensions: Sequence[str], *, as_bars: bool) -> Exploration:
    """Up to five projects over the dimensions, as radar or parallel bars."""
    profiles = [Profile(one.name, _parts(one, len(dimensions))) for one in picked]
    draw = figures.bars_figure if as_bars else figures.radar_figure
    hint = (
        "A hatched bar covers what is still possible where there is no level yet."
        if as_bars
        else "Further out is worse. A line has a gap where there is no level yet."
    )
    return Exploration(
        lambda theme: draw(profiles, dimensions, theme),
        said.profile_words(profiles, dimensions),
        "Failure risk of projects by dimension",
        ("Project", *dimensions),
        tuple(
            (one.name, *(part.state.capitalize() if part.risk is None else tenth(part.risk) for part in profile.parts))
            for one, profile in zip(picked, profiles, strict=True)
        ),
        (hint,),
        is_tall=as_bars,
        is_empty=all(part.risk is None for profile in profiles for part in profile.parts),
    )


def explore_stages(lines: Sequence[StageLine]) -> Exploration:
    """How the projects of each stage spread over the levels."""
    stages = [StageCount(line.name, line.levels[1:], line.levels[0]) for line in lines]
    return Exploration(
        lambda theme: figures.stages_figure(stages, theme),
        said.stages_words(stages),
        "Projects by stage and level",
        ("Stage", *(level_word(level) for level in (1, 2, 3, 4, 0)), "Projects"),
        tuple((line.name, *line.levels[1:], line.levels[0], sum(line.levels)) for line in lines),
        is_empty=not any(sum(line.levels) for line in lines),
    )


def _level(index: float | None) -> str:
    return level_word(0) if index is None else level_of(index).word


def _bubble(number: int, row: Row, by_date: bool) -> Bubble:
    place: float | date | None = row.planned_date if by_date else row.planned_value
    size = row.planned_value if by_date else round(row.high - row.low, 1)
    return Bubble(number, row.name, row.shown, row.low, row.high, place, size)


def _parts(picked: Picked, count: int) -> tuple[ProfilePart, ...]:
    """The parts in the order of the dimensions; a project that was never answered has no cells."""
    known = tuple(_part(cell) for cell in picked.cells[:count])
    return known + (ProfilePart(None, 0, 100, NOT_ANSWERED),) * (count - len(known))


def _part(cell: Cell) -> ProfilePart:
    if cell.shown is not None:
        return ProfilePart(cell.shown, cell.low, cell.high)
    return ProfilePart(None, cell.low, cell.high, cell_state(cell))
