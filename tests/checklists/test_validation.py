"""Each kind of problem, with its exact line and reason, as a change to a small definition that is in order."""

import itertools
from pathlib import Path

import pytest

from checklists.nodes import MAX_BYTES
from checklists.validation import file_problems, problems

SMALL = (Path(__file__).parent / "small.yaml").read_text(encoding="utf-8")
Q = "question “data.access”"


def found_after(old, new):
    assert SMALL.count(old) == 1, f"{old!r} must stand once in the small definition"
    return [(problem.line, problem.reason) for problem in problems(SMALL.replace(old, new), "f.yaml")]


def line_of(text):
    return SMALL[: SMALL.index(text)].count("\n") + 1


def test_the_small_definition_is_in_order():
    assert problems(SMALL, "f.yaml") == []


CASES = {
    # keys
    "unknown key": ("language: en", "language: en\ncolour: red", 4, "the key “colour” is unknown"),
    "unknown key in an entry": (
        "    unit: projects",
        "    unit: projects\n    units: x",
        30,
        "base rate “fail-85”: the key “units” is unknown",
    ),
    "missing key at the top": ("language: en\n", "", 1, "the key “language” is missing"),
    "missing key in an entry": ("    short: Access\n", "", 35, f"{Q}: the key “short” is missing"),
    "missing key in a remedy": ("      done: It was read today.\n", "", 50, f"{Q}, remedy: the key “done” is missing"),
    "missing remedy": (
        "    remedy:\n      do: Get access.\n      done: It was read today.\n      effort: S\n",
        "",
        35,
        f"{Q}: the key “remedy” is missing",
    ),
    "key of an entry given twice": (
        "    short: Access",
        "    short: Access\n    short: Entry",
        38,
        "the key “short” stands here twice; the first is in line 37",
    ),
    "key that is no word": ("language: en", "language: en\n2: x", 4, "a key must be a word"),
    # shapes and types
    "entry that is no mapping": (
        "  - {id: pilot, name: Pilot}",
        "  - pilot",
        7,
        "stage: must be a mapping of keys to values, not text",
    ),
    "list in place of text": (
        "why: Nothing can be built without it.",
        "why: [a]",
        42,
        f"{Q}, why: must be text, not a list",
    ),
    "number in place of text": ("short: Access", "short: 12", 37, f"{Q}, short: must be text; put “12” in quotes"),
    "yes in place of text": ("      - By hand", "      - yes", 45, f"{Q}, choices: must be text; put “yes” in quotes"),
    "version without quotes": ('version: "0.1"', "version: 0.1", 2, "version: must be text; put “0.1” in quotes"),
    "odd version": ('version: "0.1"', 'version: "1"', 2, "version: “1” must be two numbers in quotes, such as “1.0”"),
    "odd checklist id": ("id: small", "id: ../small", 1, "id: “../small” must be an id of small letters, digits and _"),
    "odd language": ("language: en", "language: English", 3, "language: “English” must be a language such as en"),
    "nothing in place of text": ("unit: projects", "unit:", 29, "base rate “fail-85”, unit: must not be empty"),
    "blank text": ("unit: projects", 'unit: " "', 29, "base rate “fail-85”, unit: must not be empty"),
    "text of two lines": (
        "unit: projects",
        'unit: "a\\nb"',
        29,
        "base rate “fail-85”, unit: must be one line without control characters",
    ),
    "long text": ("short: Access", f"short: {'x' * 25}", 37, f"{Q}, short: has 25 characters, and 24 are allowed"),
    "long choice": (
        "      - By hand",
        f"      - {'x' * 101}",
        45,
        f"{Q}, choices: has 101 characters, and 100 are allowed",
    ),
    "date without quotes": (
        'date: "2021-07-14"',
        "date: 2021-07-14",
        21,
        "document “doe”, date: must be text; put “2021-07-14” in quotes",
    ),
    "odd date": (
        'date: "2021-07-14"',
        "date: July",
        21,
        "document “doe”, date: “July” must be a date in quotes, such as “2021”, “2021-07” or “2021-07-14”",
    ),
    "address that could run": (
        "url: null",
        "url: javascript:alert(1)",
        22,
        "document “doe”, url: “javascript:alert(1)” must be an address that begins with https://",
    ),
    "file name that leads elsewhere": (
        "file: doe.txt",
        "file: ../doe.txt",
        23,
        "document “doe”, file: “../doe.txt” must be a plain file name",
    ),
    "odd kind of document": (
        "kind: article",
        "kind: book",
        17,
        "document “doe”, kind: “book” must be one of article, further",
    ),
    "odd kind of claim": (
        "kind: fact",
        "kind: guess",
        32,
        "claim “doe.fails”, kind: “guess” must be one of cause, condition, remedy, fact, consequence",
    ),
    "must-have that is no flag": ("must_have: true", 'must_have: "true"', 38, f"{Q}, must_have: must be true or false"),
    "points that are no number": (
        "{S: 1,",
        "{S: small,",
        10,
        "effort_points, “S”: must be a whole number from 1 to 9999",
    ),
    "points of nothing": ("{S: 1,", "{S: 0,", 10, "effort_points, “S”: must be a whole number from 1 to 9999"),
    # ids and references
    "id given twice": (
        "  - {id: pilot, name: Pilot}",
        "  - {id: idea, name: Pilot}",
        7,
        "stage “idea”: the id is already used in line 6",
    ),
    "unknown dimension": (
        "kind: fact, dimension: data",
        "kind: fact, dimension: x",
        32,
        "claim “doe.fails”, dimension: there is no dimension “x”",
    ),
    "unknown claim in a figure": (
        "claim: doe.fails",
        "claim: doe.x",
        26,
        "base rate “fail-85”, claim: there is no claim “doe.x”",
    ),
    "unknown claim in a question": (
        "[doe.fails, doe.no-data]",
        "[doe.fails, doe.no-data, x]",
        48,
        f"{Q}, claims: there is no claim “x”",
    ),
    "unknown stage": ("stage_from: idea", "stage_from: launch", 39, f"{Q}, stage_from: there is no stage “launch”"),
    "unknown fact": ("[real_time]", "[slow]", 40, f"{Q}, applies_when: there is no fact “slow”"),
    "unknown role": ("who: [product]", "who: [product, cook]", 47, f"{Q}, who: there is no role “cook”"),
    "unknown effort": ("effort: S", "effort: XL", 52, f"{Q}, remedy, effort: there is no effort “XL”"),
    # lists
    "one choice": ("      - By hand\n      - By itself\n", "", 44, f"{Q}, choices: must offer at least 2 choices"),
    "eight choices": (
        "      - By hand\n",
        "".join(f"      - By way {number}\n" for number in range(6)),
        44,
        f"{Q}, choices: lists 8, and at most 7 are allowed",
    ),
    "choice given twice": ("      - By itself", "      - by  HAND", 46, f"{Q}, choices: “by  HAND” is listed twice"),
    "empty choice": ("      - By hand", '      - ""', 45, f"{Q}, choices: must not be empty"),
    "choices that are no list": (
        "    choices:\n      - Not at all\n      - By hand\n      - By itself\n",
        "    choices: none\n",
        43,
        f"{Q}, choices: must be a list, not text",
    ),
    "role given twice": ("who: [product]", "who: [product, product]", 47, f"{Q}, who: “product” is listed twice"),
    "nobody to ask": ("who: [product]", "who: []", 47, f"{Q}, who: must name at least one"),
    "condition without a fact": ("[real_time]", "[]", 40, f"{Q}, applies_when: must name at least one"),
    "claim without a question": (
        "claims: [doe.fails, doe.no-data]",
        "claims: [doe.fails]",
        33,
        "claim “doe.no-data”: no question carries it",
    ),
    # numbers
    **{
        f"share {value}": (
            "value: 0.85",
            f"value: {value}",
            27,
            "base rate “fail-85”, value: must be a number from 0 to 1, such as 0.22",
        )
        for value in ("1.01", "-0.1", "85", ".nan", ".inf", "-.inf", "1e-1", "0:30", '"0.85"', "null", "[0.85]", "true")
    },
    # syntax
    "unclosed list": ("who: [product]", "who: [product", 48, "not valid YAML: did not find expected ',' or ']'"),
    "tabulator": ("    why:", "\twhy:", 42, "not valid YAML: found a tab character that violates indentation"),
    "anchor": ("language: en", "language: &a en", 3, "the anchor “&a” is not allowed"),
    "tag": ("language: en", "language: !!str en", 3, "the tag “tag:yaml.org,2002:str” is not allowed"),
    "second document": ("facts:", "---\nfacts:", 11, "a second YAML document begins here, and a checklist is one"),
    "deep nesting": ("language: en", f"language: {'[' * 20 + ']' * 20}", 3, "nested deeper than 12 levels"),
    "control character": ("language: en", "language: \x1ben", 3, "the character U+001B is not allowed in YAML"),
}


@pytest.mark.parametrize("name", CASES)
def test_problem(name):
    old, new, line, reason = CASES[name]
    assert found_after(old, new) == [(line, reason)]


def test_several_problems_are_found_at_once():
    old = SMALL
    broken = old.replace("short: Access", "short: 1").replace("effort: S", "effort: M").replace("kind: fact", "kind: x")
    found = [(problem.line, problem.reason) for problem in problems(broken, "f.yaml")]
    assert found == [
        (32, "claim “doe.fails”, kind: “x” must be one of cause, condition, remedy, fact, consequence"),
        (37, f"{Q}, short: must be text; put “1” in quotes"),
        (52, f"{Q}, remedy, effort: there is no effort “M”"),
    ]


def test_a_key_given_twice_keeps_the_first():
    assert found_after("language: en", "language: en\nlanguage: English") == [
        (4, "the key “language” stands here twice; the first is in line 3")
    ]


def test_a_section_that_is_no_list_leaves_its_references_dangling():
    fact = "facts:\n  - {id: real_time, text: Answers are needed at once}"
    assert found_after(fact, "facts: none") == [
        (11, "facts: must be a list, not text"),
        (39, f"{Q}, applies_when: there is no fact “real_time”"),
    ]


def test_an_id_with_a_blank_is_refused_and_the_stage_is_found_by_no_other_id():
    assert found_after("{id: idea,", "{id: An Idea,") == [
        (6, "stage “An Idea”, id: “An Idea” must be an id of small letters, digits and . - _"),
        (39, f"{Q}, stage_from: there is no stage “idea”"),
    ]


def test_an_unknown_document_also_makes_the_id_wrong():
    assert found_after("{id: doe.no-data, document: doe", "{id: doe.no-data, document: roe") == [
        (33, "claim “doe.no-data”, document: there is no document “roe”"),
        (33, "claim “doe.no-data”: the id must begin with “roe.”"),
    ]


def test_a_question_without_a_claim():
    assert found_after("claims: [doe.fails, doe.no-data]", "claims: []") == [
        (32, "claim “doe.fails”: no question carries it"),
        (33, "claim “doe.no-data”: no question carries it"),
        (48, f"{Q}, claims: a question must carry at least one claim"),
    ]


def test_a_dimension_without_a_question():
    dimension = "  - {id: data, name: Data access, short: Data, question: Can it be had?}\n"
    another = "  - {id: team, name: Team, short: Team, question: Who does it?}\n"
    assert found_after(dimension, dimension + another) == [(15, "dimension “team”: it has no question")]


@pytest.mark.parametrize("section", ["stages", "roles", "dimensions", "documents", "claims", "questions"])
def test_a_section_that_must_hold_something(section):
    found = found_after(f"\n{section}:\n", f"\n{section}: []\nother:\n")
    assert (line_of(f"\n{section}:\n") + 1, f"{section}: must name at least one") in found


def test_a_bomb_of_aliases_is_refused_unopened():
    bomb = "a: &a [x, x]\n" + "".join(
        f"{new}: &{new} [*{old}, *{old}]\n" for old, new in itertools.pairwise("abcdefghi")
    )
    found = problems(bomb, "f.yaml")
    assert (found[0].line, found[0].reason) == (1, "the anchor “&a” is not allowed")
    assert (2, "the alias “*a” is not allowed") in [(problem.line, problem.reason) for problem in found]


def test_a_large_file_is_refused_unread(tmp_path):
    path = tmp_path / "large.yaml"
    path.write_text("é" * (MAX_BYTES // 2 + 1), encoding="utf-8")
    assert [str(problem) for problem in file_problems(path)] == [f"{path}:1: the file is larger than 1,000,000 bytes"]
    assert problems(path.read_text(encoding="utf-8"), str(path)) == file_problems(path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the file is empty"),
        ("# nothing\n", "the file is empty"),
        ("- a\n", "the file must be a mapping of keys to values, not a list"),
        ("text\n", "the file must be a mapping of keys to values, not text"),
    ],
)
def test_a_file_that_is_no_definition(text, reason):
    assert [(problem.line, problem.reason) for problem in problems(text, "f.yaml")] == [(1, reason)]


def test_a_file_in_another_encoding(tmp_path):
    path = tmp_path / "latin.yaml"
    path.write_bytes("id: small\ntitle: Café\n".encode("latin-1"))
    assert [str(problem) for problem in file_problems(path)] == [f"{path}:2: the file is not UTF-8 text"]


def test_a_value_is_shown_short_and_without_control_characters():
    reason = found_after("language: en", f'language: "{"x" * 70}"')[0][1]
    assert reason == f"language: “{'x' * 59}…” must be a language such as en"
    assert found_after("language: en", 'language: "\\e[31m"') == [
        (3, "language: “?[31m” must be a language such as en")
    ]
