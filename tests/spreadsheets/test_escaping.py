"""No text begins a formula, and every text comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spreadsheets.escaping import FORMULA_STARTS, read_text, read_xml_text, safe_text, xml_text

# Mostly of the characters that matter, in every order.
tricky = st.text(alphabet=st.sampled_from("'=+-@;\t\r\n ,\"a1＝＋－＠_x005FD"), max_size=24)
any_text = st.text(alphabet=st.characters(codec=None, exclude_categories=()), max_size=60)
texts = st.one_of(tricky, any_text)


@given(texts)
def test_every_text_comes_back(text: str) -> None:
    assert read_text(safe_text(text)) == text


@given(texts)
def test_no_text_begins_a_formula(text: str) -> None:
    assert not safe_text(text).startswith(FORMULA_STARTS)


@given(texts)
def test_no_part_of_a_text_begins_a_formula(text: str) -> None:
    """However a program cuts it: at semicolons, tabs or line breaks."""
    for separator in (";", "\t", "\n", "\r"):
        for part in safe_text(text).split(separator)[1:]:
            assert not part.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


@given(texts, texts)
def test_two_texts_stay_two(one: str, two: str) -> None:
    assert (safe_text(one) == safe_text(two)) == (one == two)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("'=1", "''=1"),
        ("''=1", "'''=1"),
        ("'quoted'", "'quoted'"),
        ("x;=1+1", "x;'=1+1"),
        ("x;'=1+1", "x;''=1+1"),
        ("x; @SUM(A1)", "x; '@SUM(A1)"),
        ("x\t-1", "x\t'-1"),
        ("x\n=1", "x\n'=1"),
        ("\t=1", "'\t'=1"),
        ("x; \r\n\t =1", "x; \r\n\t '=1"),
        ("x;\n;''", "x;\n;''"),
        ("a; b = c", "a; b = c"),
        ("1 - 2", "1 - 2"),
        ("", ""),
    ],
)
def test_what_is_written(text: str, safe: str) -> None:
    assert safe_text(text) == safe


@pytest.mark.parametrize("part", ["\n", "\n ", ";\t", "'", "\n'", "\n=", "='"])
def test_long_texts(part: str) -> None:
    """Repeated so often that only one pass ends within the time of a test."""
    text = part * 300_000
    assert read_text(safe_text(text)) == text


@given(texts)
def test_every_text_comes_back_from_a_workbook(text: str) -> None:
    written = xml_text(text)
    assert read_xml_text(written) == text
    assert not set(written) & {"\r", "\x00", "\x1b", "\uffff", "\ud800"}
