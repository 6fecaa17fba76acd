"""What each figure of the page Explore shows, as one or two sentences: its name for screen readers and its caption."""

from __future__ import annotations

from collections.abc import Sequence

from charts.figure_inputs import Bubble, Profile, Series, StageCount
from charts.figure_marks import level_words
from charts.levels import shown, to_tenths

NAMED = 60
CLEAR = 5
"""Points that a risk must move by before a sentence speaks of it."""


def time_words(series: Sequence[Series], *, of_units: bool) -> str:
    """Who stands highest at the end, and who moved most since the start; both only where they are known."""
    ends = [(line, known) for line in series if (known := [p.index for p in line.points if p.index is not None])]
    if not ends:
        return "No risk is known in this time."
    what = "The median risk" if of_units else "The risk"
    highest = max(ends, key=lambda end: (end[1][-1], end[0].name))
    sentences = [f"{what} of {brief(highest[0].name)} is the highest at the end: {level_words(highest[1][-1])}."]
    moved = max(ends, key=lambda end: (abs(_points(end[1])), end[0].name))
    points = _points(moved[1])
    if abs(points) >= CLEAR:
        course = "rose" if points > 0 else "fell"
        sentences.append(f"{brief(moved[0].name)} {course} most, by {shown(abs(points))} points.")
    return " ".join(sentences)


def bubble_words(bubbles: Sequence[Bubble], *, place: str) -> str:
    """How many are drawn and how many of them at high or critical risk, and how many are missing from the figure."""
    drawn = [bubble for bubble in bubbles if bubble.index is not None and bubble.place is not None]
    missing = len(bubbles) - len(drawn)
    without = f"{_count(missing)} without a risk or a {place} {'is' if missing == 1 else 'are'} in the table only."
    if not drawn:
        return f"No project has both a risk and a {place}. {without if missing else ''}".strip()
    bad = [bubble for bubble in drawn if bubble.index is not None and to_tenths(bubble.index) >= 500]
    verb = "stands" if len(bad) == 1 else "stand"
    sentences = [f"{len(bad)} of {_count(len(drawn))} with a {place} {verb} at high or critical risk."]
    if bad:
        worst = max(bad, key=lambda bubble: (bubble.index or 0, -bubble.number))
        sentences.append(f"The highest is {brief(worst.name)} with {level_words(worst.index or 0)}.")
    return " ".join([*sentences, *([without] if missing else [])])


def profile_words(profiles: Sequence[Profile], dimensions: Sequence[str]) -> str:
    """Where the projects differ most, or where the only one is worst, and how many places are without a risk."""
    filled = []
    for at, dimension in enumerate(dimensions):
        risks = [(risk, profile.name) for profile in profiles if (risk := profile.parts[at].risk) is not None]
        if risks:
            filled.append((dimension, risks))
    if not filled:
        return "No risk is known in any dimension."
    gaps = sum(part.risk is None for profile in profiles for part in profile.parts)
    if len(profiles) == 1:
        name, risks = max(filled, key=lambda pair: pair[1][0][0])
        sentence = f"{brief(profiles[0].name)} is at its worst in {name}: {level_words(risks[0][0])}."
    else:
        name, risks = max(filled, key=lambda pair: max(pair[1])[0] - min(pair[1])[0])
        high, low = max(risks), min(risks)
        sentence = (
            f"They differ most in {name}: {brief(high[1])} with {level_words(high[0])}, "
            f"and {brief(low[1])} with {level_words(low[0])}."
        )
    return f"{sentence} {_gap_words(gaps)}".strip()


def stages_words(stages: Sequence[StageCount]) -> str:
    """How many stand at high or critical risk, and in which stage most of them are."""
    known = sum(sum(stage.counts) for stage in stages)
    unknown = sum(stage.unknown for stage in stages)
    rest = f"{_count(unknown)} {'has' if unknown == 1 else 'have'} no level yet." if unknown else ""
    if not known:
        return f"No project has a level yet. {rest}".strip() if unknown else "There are no projects here."
    bad = [(sum(stage.counts[2:]), stage) for stage in stages]
    total = sum(count for count, _ in bad)
    sentence = f"{total} of {_count(known)} with a level {'is' if total == 1 else 'are'} at high or critical risk"
    most, stage = max(bad, key=lambda pair: pair[0])
    where = f", the most in the stage {brief(stage.name)}, {most} of {sum(stage.counts)}." if most else "."
    return f"{sentence}{where} {rest}".strip()


def brief(name: str) -> str:
    """A name in a sentence: on one line, cut at 60 characters."""
    line = " ".join(name.split())
    return line if len(line) <= NAMED else f"{line[: NAMED - 1].rstrip()}…"


def _points(known: Sequence[float]) -> float:
    return (to_tenths(known[-1]) - to_tenths(known[0])) / 10


def _count(count: int) -> str:
    return f"{count:,} {'project' if count == 1 else 'projects'}"


def _gap_words(gaps: int) -> str:
    if not gaps:
        return ""
    return f"{gaps} {'place has' if gaps == 1 else 'places have'} no level yet."
