from __future__ import annotations

import pytest

from scoring import Agreed, Answers, Exclusion, Instrument, Item, Response, disagreement_word, evaluate
from scoring import krippendorff_alpha as alpha

# Krippendorff's example of four observers and twelve units (2011); 0 stands for "not rated".
EXAMPLE = """
    1 2 3 3 2 1 4 1 2 0 0 0
    1 2 3 3 2 2 4 1 2 5 0 3
    0 3 3 3 2 3 4 2 2 5 1 0
    1 2 3 3 2 4 4 1 2 5 1 0
"""


def instrument(count: int) -> Instrument:
    items = tuple(Item(f"q{i}", "A", 5, False, 1.0, "S", ("product", "platform")) for i in range(count))
    return Instrument(("A",), items, {"S": 1})


def said(question: str, level: int, role: str | None, respondent: str = "") -> Response:
    return Response(question, level=level, role=role, respondent=respondent or f"{role}")


def test_alpha_of_the_textbook_example() -> None:
    rows = [list(map(int, line.split())) for line in EXAMPLE.strip().splitlines()]
    units = [[value for value in column if value] for column in zip(*rows, strict=True)]
    found = alpha(units)
    assert found is not None
    assert round(found, 3) == 0.815


def test_alpha_is_undefined_without_variation() -> None:
    assert alpha([[1, 1]]) is None
    assert alpha([[1], [0]]) is None


def test_alpha_needs_twenty_shared_questions() -> None:
    for count, is_given in ((19, False), (20, True)):
        responses = tuple(
            said(f"q{i}", level, role)
            for i in range(count)
            for role, level in (("product", i % 5), ("platform", (i + 1) % 5))
        )
        found = evaluate(instrument(count), Answers(responses)).disagreement
        assert found is not None
        assert (found.alpha is not None) is is_given


def test_nothing_shared() -> None:
    answers = Answers((said("q0", 1, "product"), said("q1", 1, "platform")))
    assert evaluate(instrument(2), answers).disagreement is None


def test_one_shared_question_has_no_standard_error() -> None:
    found = evaluate(instrument(1), Answers((said("q0", 0, "product"), said("q0", 4, "platform")))).disagreement
    assert found is not None
    assert (found.mean, found.se) == (1.0, None)


def test_people_of_one_role_are_averaged() -> None:
    responses = (said("q0", 0, "product", "a"), said("q0", 4, "product", "b"), said("q0", 4, "platform", "c"))
    found = evaluate(instrument(1), Answers(responses)).disagreement
    assert found is not None
    assert found.pairs == {"platform|product": 0.5}


def test_blind_answers_count_and_exclusions_and_nameless_roles_do_not() -> None:
    responses = (
        said("q0", 0, "product"),
        said("q0", 4, "platform"),
        said("q0", 4, None, "x"),
        said("q1", 0, "product"),
        said("q1", 4, "platform"),
    )
    answers = Answers(responses, (Agreed("q0", 2),), (Exclusion("q1", "Outside the scope."),))
    found = evaluate(instrument(2), answers).disagreement
    assert found is not None
    assert found.questions == {"q0": 1.0}


@pytest.mark.parametrize(
    ("distance", "word"),
    [(0.0, "aligned"), (0.16, "aligned"), (1 / 6, "gap"), (0.33, "gap"), (1 / 3, "split"), (1.0, "split")],
)
def test_word(distance: float, word: str) -> None:
    assert disagreement_word(distance) == word
