"""Random instruments and answers for the property tests."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st

from scoring import Agreed, Answers, Exclusion, Instrument, Item, Response

ROLES = ("product", "data-science", "platform")
STEADY = settings(derandomize=True, deadline=None, max_examples=50)

weights = st.one_of(st.sampled_from([1.0, 1.5, 2.0, 2.5]), st.floats(0.1, 10.0))


@st.composite
def instruments(draw: st.DrawFn, *, most: int = 4, choices: st.SearchStrategy[int] | None = None) -> Instrument:
    """One to four dimensions of one to `most` questions."""
    levels = st.sampled_from([4, 5, 4, 5, 2, 3, 7]) if choices is None else choices
    dimensions = tuple("ABCD"[: draw(st.integers(1, 4))])
    items = tuple(
        Item(
            id=f"{dimension.lower()}{place}",
            dimension=dimension,
            choices=draw(levels),
            must_have=draw(st.booleans()),
            weight=draw(weights),
            effort=draw(st.sampled_from("SML")),
            who=tuple(draw(st.sets(st.sampled_from(ROLES), max_size=2))),
        )
        for dimension in dimensions
        for place in range(draw(st.integers(1, most)))
    )
    v = {dimension: draw(weights) for dimension in dimensions} if draw(st.booleans()) else {}
    return Instrument(dimensions, items, {"S": 1, "M": 3, "L": 8}, v)


@st.composite
def responses_to(draw: st.DrawFn, item: Item) -> tuple[Response, ...]:
    """Nothing, one answer without a role, or the answers of up to four people with roles."""
    people = draw(st.integers(0, 4))
    given = []
    for person in range(people):
        level = draw(st.one_of(st.none(), st.integers(0, item.choices - 1)))
        passed = level is None and draw(st.booleans())
        given.append(
            Response(
                item.id,
                level=level,
                dont_know=level is None and not passed,
                passed=passed,
                role=draw(st.sampled_from(ROLES)) if people > 1 else draw(st.sampled_from([None, *ROLES])),
                respondent=f"p{person}",
                evidence=draw(st.booleans()),
            )
        )
    return tuple(given)


@st.composite
def cases(draw: st.DrawFn, *, most: int = 4, exclude: bool = True) -> tuple[Instrument, Answers]:
    """An instrument with any valid answers to it. At least one question stays applicable."""
    instrument = draw(instruments(most=most))
    responses = tuple(one for item in instrument.items for one in draw(responses_to(item)))
    agreed = tuple(
        Agreed(item.id, draw(st.integers(0, item.choices - 1)), draw(st.booleans()))
        for item in instrument.items
        if draw(st.integers(0, 9)) == 0
    )
    excluded = tuple(
        Exclusion(item.id, "Outside the scope.")
        for item in instrument.items[1:]
        if exclude and draw(st.integers(0, 7)) == 0
    )
    return instrument, Answers(responses, agreed, excluded, draw(st.booleans()))


@st.composite
def graded(draw: st.DrawFn, *, most: int = 4) -> tuple[Instrument, Answers]:
    """Every question answered with a level by one person."""
    instrument = draw(instruments(most=most))
    return instrument, answers_of(
        {item.id: draw(st.integers(0, item.choices - 1)) for item in instrument.items}, evidence=draw(st.booleans())
    )


def answers_of(levels: dict[str, int], *, evidence: bool = True) -> Answers:
    return Answers(tuple(Response(name, level=level, evidence=evidence) for name, level in levels.items()))


def with_response(answers: Answers, place: int, response: Response) -> Answers:
    return replace(answers, responses=(*answers.responses[:place], response, *answers.responses[place + 1 :]))
