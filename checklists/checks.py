"""What a value in a definition can be held against. A check reports what it finds and never raises."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import yaml

from checklists.nodes import Findings, kind_of, line_of, shown

# Section name -> ids defined there. "effort_points" counts as a section whose ids are its keys.
Ids = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Context:
    """What a check may look at beside the value: where it is (for the reason), the known ids, where to report."""

    where: str
    ids: Ids
    findings: Findings

    def refuse(self, node: yaml.Node, reason: str) -> None:
        self.findings.at(node, f"{self.where}: {reason}")

    def inside(self, name: str) -> Context:
        return Context(f"{self.where}, {name}", self.ids, self.findings)


Check = Callable[[yaml.Node, Context], None]
Pairs = dict[str, tuple[yaml.Node, yaml.Node]]


@dataclass(frozen=True, slots=True)
class Key:
    check: Check
    required: bool = True


_DECIMAL = re.compile(r"[0-9]+(?:\.[0-9]+)?", re.ASCII)
_WHOLE = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)

_STRING = "tag:yaml.org,2002:str"
_NULL = "tag:yaml.org,2002:null"
_BOOLEAN = "tag:yaml.org,2002:bool"
_NUMBERS = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})


def is_null(node: yaml.Node) -> bool:
    return bool(node.tag == _NULL)


def text_of(node: yaml.Node) -> str | None:
    """The value of a text node, None for any other node."""
    return str(node.value) if isinstance(node, yaml.ScalarNode) and node.tag == _STRING else None


def text(limit: int) -> Check:
    def check(node: yaml.Node, context: Context) -> None:
        value = text_of(node)
        if value is None:
            context.refuse(node, _not_text(node))
        elif not value.strip():
            context.refuse(node, "must not be empty")
        elif not value.isprintable():
            context.refuse(node, "must be one line without control characters")
        elif len(value) > limit:
            context.refuse(node, f"has {len(value)} characters, and {limit} are allowed")

    return check


def pattern(expression: re.Pattern[str], wanted: str, limit: int = 300) -> Check:
    def check(node: yaml.Node, context: Context) -> None:
        value = text_of(node)
        if value is None:
            context.refuse(node, _not_text(node))
        elif len(value) > limit or not expression.fullmatch(value):
            context.refuse(node, f"{shown(value)} must be {wanted}")

    return check


def nullable(inner: Check) -> Check:
    def check(node: yaml.Node, context: Context) -> None:
        if not is_null(node):
            inner(node, context)

    return check


def one_of(*allowed: str) -> Check:
    def check(node: yaml.Node, context: Context) -> None:
        if text_of(node) not in allowed:
            got = shown(node.value) if isinstance(node, yaml.ScalarNode) else kind_of(node)
            context.refuse(node, f"{got} must be one of {', '.join(allowed)}")

    return check


def reference(section: str, noun: str) -> Check:
    def check(node: yaml.Node, context: Context) -> None:
        value = text_of(node)
        if value is None:
            context.refuse(node, _not_text(node))
        elif value not in context.ids[section]:
            context.refuse(node, f"there is no {noun} {shown(value)}")

    return check


def list_of(item: Check, *, least: int = 1, most: int = 100, too_few: str = "must name at least one") -> Check:
    """A list whose items differ; case and blanks do not make a difference."""

    def check(node: yaml.Node, context: Context) -> None:
        if not isinstance(node, yaml.SequenceNode):
            context.refuse(node, f"must be a list, not {kind_of(node)}")
            return
        if len(node.value) < least:
            context.refuse(node, too_few)
        if len(node.value) > most:
            context.refuse(node, f"lists {len(node.value)}, and at most {most} are allowed")
        seen: set[str] = set()
        for entry in node.value:
            item(entry, context)
            value = text_of(entry)
            if value is not None and (same := " ".join(value.casefold().split())):
                if same in seen:
                    context.refuse(entry, f"{shown(value)} is listed twice")
                seen.add(same)

    return check


def boolean(node: yaml.Node, context: Context) -> None:
    if node.tag != _BOOLEAN:
        context.refuse(node, "must be true or false")


def share(node: yaml.Node, context: Context) -> None:
    """A number from 0 to 1, written as a plain decimal: .nan, .inf and 1:30 are numbers in YAML, too."""
    if node.tag not in _NUMBERS or not _DECIMAL.fullmatch(node.value) or not 0 <= float(node.value) <= 1:
        context.refuse(node, "must be a number from 0 to 1, such as 0.22")


def points(node: yaml.Node, context: Context) -> None:
    if node.tag not in _NUMBERS or not _WHOLE.fullmatch(node.value):
        context.refuse(node, "must be a whole number from 1 to 9999")


def mapping(keys: Mapping[str, Key]) -> Check:
    """A mapping that has the required ones of `keys` and no others, each with a value that passes its check."""

    def check(node: yaml.Node, context: Context) -> None:
        if not isinstance(node, yaml.MappingNode):
            context.refuse(node, f"must be a mapping of keys to values, not {kind_of(node)}")
            return
        pairs = pairs_of(node, context.findings)
        for name, (key_node, _) in pairs.items():
            if name not in keys:
                context.refuse(key_node, f"the key {shown(name)} is unknown")
        for name, key in keys.items():
            if name in pairs:
                key.check(pairs[name][1], context.inside(name))
            elif key.required:
                context.refuse(node, f"the key {shown(name)} is missing")

    return check


def pairs_of(node: yaml.MappingNode, findings: Findings) -> Pairs:
    """The keys of a mapping with the nodes of key and value. The first of several equal keys is kept."""
    pairs: Pairs = {}
    for key, value in node.value:
        name = text_of(key)
        if name is None:
            findings.at(key, "a key must be a word")
        elif name in pairs:
            findings.at(key, f"the key {shown(name)} stands here twice; the first is in line {line_of(pairs[name][0])}")
        else:
            pairs[name] = (key, value)
    return pairs


def _not_text(node: yaml.Node) -> str:
    if is_null(node):
        return "must not be empty"
    if isinstance(node, yaml.ScalarNode):
        return f"must be text; put {shown(node.value)} in quotes"
    return f"must be text, not {kind_of(node)}"
