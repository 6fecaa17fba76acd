"""Reads YAML into nodes that know their line, and refuses what a checklist has no need of.

Aliases are refused because a few lines of them can unfold into gigabytes, tags because they can name types, and deep
nesting because whoever walks the nodes would run out of stack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from checklists.loader import SafeLoader

MAX_BYTES = 1_000_000
MAX_DEPTH = 12

_FORBIDDEN_CHARACTER = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME_OF_NODE = {yaml.MappingNode: "a mapping of keys to values", yaml.SequenceNode: "a list", yaml.ScalarNode: "text"}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong with the file at `path`; `line` counts from 1 and `reason` has no full stop."""

    path: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.reason}"


class Findings:
    """Collects the problems of one file."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._found: set[Problem] = set()

    def add(self, line: int, reason: str) -> None:
        self._found.add(Problem(self.path, line, reason))

    def at(self, node: yaml.Node, reason: str) -> None:
        self.add(line_of(node), reason)

    def in_order(self) -> list[Problem]:
        return sorted(self._found)

    def __bool__(self) -> bool:
        return bool(self._found)


def line_of(node: yaml.Node) -> int:
    return _line(node.start_mark)


def kind_of(node: yaml.Node) -> str:
    return _NAME_OF_NODE[type(node)]


def shown(value: str) -> str:
    """`value` in quotes, cut short and without characters that could disturb a terminal."""
    printable = "".join(character if character.isprintable() else "?" for character in value)
    return f"“{printable if len(printable) <= 60 else printable[:59] + '…'}”"


def compose(text: str, findings: Findings) -> yaml.Node | None:
    """The root node of `text`, or None with the reasons added to `findings`. Never raises."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        findings.add(1, f"the file is larger than {MAX_BYTES:,} bytes")
        return None
    if forbidden := _FORBIDDEN_CHARACTER.search(text):
        line = text.count("\n", 0, forbidden.start()) + 1
        findings.add(line, f"the character U+{ord(forbidden.group()):04X} is not allowed in YAML")
        return None
    try:
        for line, reason in _refused(text):
            findings.add(line, reason)
        if findings:
            return None
        root = yaml.compose(text, Loader=SafeLoader)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: "\U00110000" in the parser written in Python
        findings.add(*_syntax_problem(error))
        return None
    if root is None:
        findings.add(1, "the file is empty")
    return root


def _refused(text: str) -> Iterator[tuple[int, str]]:
    """Line and reason of everything that is valid YAML but not allowed here; stops at the first that nests too deep."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=SafeLoader):
        line = _line(event.start_mark)
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                yield line, "a second YAML document begins here, and a checklist is one"
                return
        elif isinstance(event, yaml.AliasEvent):
            yield line, f"the alias {shown(f'*{event.anchor}')} is not allowed"
        elif isinstance(event, yaml.NodeEvent):
            if event.anchor is not None:
                yield line, f"the anchor {shown(f'&{event.anchor}')} is not allowed"
            if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
                yield line, f"the tag {shown(event.tag)} is not allowed"
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                yield line, f"nested deeper than {MAX_DEPTH} levels"
                return
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _syntax_problem(error: Exception) -> tuple[int, str]:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    what = getattr(error, "problem", None) or "it cannot be read"
    return _line(mark), f"not valid YAML: {what}"


def _line(mark: Any) -> int:
    """The line of a YAML mark, from 1. The parser in C and the one in Python have classes of their own for marks."""
    return int(mark.line) + 1 if mark is not None else 1
