"""A released definition never changes: results that were frozen with it must recompute to the same numbers."""

import hashlib
import re

from checklists.loader import DEFINITIONS
from checklists.validation import file_problems


def released():
    lines = (DEFINITIONS / "released.txt").read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"[0-9a-f]{64}  [a-z0-9_]+/[0-9]+\.[0-9]+\.yaml", line) for line in lines), lines
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def test_no_released_definition_has_changed():
    for name, digest in released().items():
        found = hashlib.sha256((DEFINITIONS / name).read_bytes()).hexdigest()
        assert found == digest, f"{name} was released and has changed. A change is a new version in a file of its own."


def test_every_definition_is_listed_as_released():
    there = {path.relative_to(DEFINITIONS).as_posix() for path in DEFINITIONS.rglob("*.y*ml")}
    assert there == set(released())


def test_every_released_definition_is_in_order():
    for name in released():
        assert file_problems(DEFINITIONS / name) == []
