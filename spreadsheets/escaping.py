"""Texts that no spreadsheet takes for a formula, and the way back. Nothing is lost: `read_text(safe_text(x)) == x`."""

from __future__ import annotations

import re

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

# One apostrophe more, also where there are some already, so that taking one away is exact.
_AT_START = re.compile(r"\A(?='*[=+\-@\t\r\n＝＋－＠])")
_ESCAPED_AT_START = re.compile(r"\A'(?='*[=+\-@\t\r\n＝＋－＠])")
# Takes in all that follows, also where nothing is to be done, so that no character is looked at twice.
_AFTER_SEPARATOR = re.compile(r"([;\t\r\n]\s*+)('*+)([=+\-@＝＋－＠]?)")

# What XML cannot hold, or changes. A workbook writes it as _xHHHH_, and the underscore of a text that looks so too.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_IN_XML = re.compile(r"_x(005[Ff]|00[01][0-9A-Fa-f]|[Dd][89A-Fa-f][0-9A-Fa-f]{2}|[Ff]{3}[EeFf])_")


def safe_text(text: str) -> str:
    """The text with an apostrophe before anything that a spreadsheet would take for a formula.

    Also after a semicolon, a tab or a line break, at which some of them begin another cell, whatever stands around it.
    """
    return _AT_START.sub("'", _AFTER_SEPARATOR.sub(_with_one_more, text))


def read_text(text: str) -> str:
    """The text that `safe_text` was given."""
    return _AFTER_SEPARATOR.sub(_with_one_less, _ESCAPED_AT_START.sub("", text))


def _with_one_more(found: re.Match[str]) -> str:
    separator, apostrophes, start = found.groups()
    return f"{separator}'{apostrophes}{start}" if start else found.group()


def _with_one_less(found: re.Match[str]) -> str:
    separator, apostrophes, start = found.groups()
    return f"{separator}{apostrophes[1:]}{start}" if start else found.group()


def xml_text(text: str) -> str:
    """The text as a cell of a workbook holds it, every character readable again."""
    return _NOT_IN_XML.sub(lambda found: f"_x{ord(found.group()):04X}_", _LOOKS_ESCAPED.sub("_x005F_", text))


def read_xml_text(text: str) -> str:
    """The text that `xml_text` was given. Spreadsheets write a carriage return in the same way."""
    return _IN_XML.sub(lambda found: chr(int(found.group(1), 16)), text)
