"""Reading JSON so that every file has one meaning and none costs more than it may."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from transfers.document import DEPTH_LIMIT, VALUES_LIMIT
from transfers.errors import TransferRefused

MOST_DIGITS = 18
# Possessive, and taking an unclosed string to its end, so that no text is looked at twice.
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_NO_BRACKETS = bytes(sign for sign in range(256) if sign not in b"[]{}")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def read_json(data: bytes, place: str = "") -> Any:
    """The value in `data`. Raises TransferRefused with what is wrong and where."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise TransferRefused(f"this is not text in UTF-8, see byte {error.start:,}.", place) from None
    bare = _STRINGS.sub(b"", data)
    if _depth_of(bare) > DEPTH_LIMIT:
        raise TransferRefused(f"nested deeper than {DEPTH_LIMIT} levels.", place)
    # Each of these makes an object in memory, which may be many times as large as the text.
    if sum(bare.count(sign) for sign in (b",", b"[", b"{")) > VALUES_LIMIT:
        raise TransferRefused(f"more than {VALUES_LIMIT:,} values.", place)
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_constant=_no_constant, parse_int=_whole, parse_float=_decimal
        )
    except json.JSONDecodeError as error:
        raise TransferRefused(f"this is not JSON, see line {error.lineno:,}, column {error.colno:,}.", place) from None
    except RecursionError:
        raise TransferRefused(f"nested deeper than {DEPTH_LIMIT} levels.", place) from None
    _check(value, place)
    return value


class _Bad(str):
    """Stands for a value that cannot be, and says why. The parser does not know where it is, the walk after it does."""


def _depth_of(bare: bytes) -> int:
    """How deep brackets and braces are nested, counted without recursion."""
    deepest = depth = 0
    for sign in bare.translate(None, _NO_BRACKETS):
        if sign in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth -= 1
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                found[name] = _Bad("this name stands twice in one object.")
            seen.add(name)
    return found


def _no_constant(word: str) -> _Bad:
    return _Bad(f"{word} is not a number that can be used.")


def _whole(digits: str) -> int | _Bad:
    return int(digits) if len(digits) <= MOST_DIGITS else _Bad(f"a whole number has at most {MOST_DIGITS} digits.")


def _decimal(digits: str) -> float | _Bad:
    value = float(digits)
    return value if math.isfinite(value) else _Bad("a number is too large.")


def _check(value: Any, place: str) -> None:
    if isinstance(value, _Bad):
        raise TransferRefused(str(value), place)
    if isinstance(value, str):
        if "\x00" in value:
            raise TransferRefused("NUL cannot be stored.", place)
        if not value.isascii() and _LONE_SURROGATE.search(value):
            raise TransferRefused("a lone surrogate cannot be stored.", place)
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check(name, place)
            _check(inner, f"{place}.{shown(name)}" if place else shown(name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            _check(inner, f"{place}[{number}]")


def shown(name: str) -> str:
    """A name from outside as it may stand in a sentence."""
    name = name[:60]
    return name if name.isprintable() and "\ufffd" not in name else ascii(name)[1:-1]
