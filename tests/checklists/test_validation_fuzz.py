"""Whatever is done to a definition, `problems` answers with a list, and what it accepts can be loaded."""

from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from checklists.loader import parse
from checklists.validation import Problem, problems

SMALL = (Path(__file__).parent / "small.yaml").read_text(encoding="utf-8")
TOKENS = (
    "null",
    "true",
    ".nan",
    "-1",
    "1e9",
    "2021-07-14",
    "[]",
    "{}",
    "[a, a]",
    "{a: b}",
    '"',
    "'",
    ": ",
    "- ",
    "? ",
    "&a ",
    "*a",
    "!!int ",
    "<<: {id: x}",
    "|",
    ">",
    "#",
    "---\n",
    "...",
    "%YAML 1.2\n",
    "\t",
    "\n",
    "\0",
    "\ud800",
    "\ufeff",
    "é",
    "data.access",
    "doe",
    "id: ",
    "claims:\n",
    "questions: ",
    "x" * 300,
)


@st.composite
def mutated(draw):
    """The small definition with up to four pieces cut out and replaced by YAML tokens, other pieces or any text."""
    text = SMALL
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 40)))
        other = draw(st.integers(0, len(SMALL)))
        piece = draw(st.one_of(st.sampled_from(TOKENS), st.just(SMALL[other : other + 60]), st.text(max_size=8)))
        text = text[:start] + piece + text[end:]
    return text


def check(text):
    found = problems(text, "file.yaml")
    assert isinstance(found, list)
    assert found == sorted(set(found))
    lines = len(text.splitlines()) + 1
    for problem in found:
        assert isinstance(problem, Problem)
        assert problem.path == "file.yaml"
        assert 1 <= problem.line <= lines
        assert problem.reason.isprintable()
        assert not problem.reason.endswith(".")
    if not found:
        assert parse(text).questions


@settings(max_examples=300, deadline=None)
@given(mutated())
def test_a_damaged_definition_gives_problems_and_never_an_error(text):
    check(text)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(), st.lists(st.sampled_from(TOKENS), max_size=12).map("".join)))
@example("[" * 50_000)
@example("{? " * 50_000)
@example('"\\ud800": 1')
@example("? [a, b]\n: c")
def test_any_text_gives_problems(text):
    check(text)
    assert problems(text, "file.yaml")


@settings(max_examples=100, deadline=None)
@given(st.recursive(st.sampled_from(TOKENS), lambda inner: st.lists(inner, max_size=3), max_leaves=12), st.data())
def test_a_value_of_another_shape_gives_problems(value, data):
    lines = SMALL.splitlines()
    place = data.draw(st.integers(0, len(lines) - 1))
    key, colon, _ = lines[place].partition(":")
    lines[place] = f"{key}{colon} {value!r}"
    check("\n".join(lines))
