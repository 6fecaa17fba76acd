"""Says everything that is wrong with a checklist definition, each with its line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from checklists.checks import Context, Ids, Pairs, mapping, pairs_of, points, text_of
from checklists.layout import ENTRIES, HEADER, NOUNS
from checklists.nodes import MAX_BYTES, Findings, Problem, compose, kind_of, line_of, shown

__all__ = ["Problem", "file_problems", "problems"]

_SECTIONS = (*NOUNS, "effort_points")


def problems(text: str, path: str) -> list[Problem]:
    """The problems of the definition `text`, ordered by line; an empty list means that it can be loaded.

    `path` only stands in the problems. Never raises, whatever the text: where the YAML itself cannot be read that is
    the only problem, otherwise all of them are found at once.
    """
    findings = Findings(path)
    root = compose(text, findings)
    if root is None:
        return findings.in_order()
    if not isinstance(root, yaml.MappingNode):
        findings.at(root, f"the file must be a mapping of keys to values, not {kind_of(root)}")
        return findings.in_order()
    _check_definition(root, findings)
    return findings.in_order()


def file_problems(path: Path) -> list[Problem]:
    """The problems of the definition in the file at `path`. Raises OSError where it cannot be read."""
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    # A file that is too large may be cut inside a character. Its size is the problem then, not its encoding.
    if len(content) > MAX_BYTES:
        return [Problem(str(path), 1, f"the file is larger than {MAX_BYTES:,} bytes")]
    try:
        return problems(content.decode("utf-8"), str(path))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return [Problem(str(path), line, "the file is not UTF-8 text")]


def _check_definition(root: yaml.MappingNode, findings: Findings) -> None:
    sections = pairs_of(root, findings)
    ids: Ids = {section: frozenset(_ids(sections, section)) for section in _SECTIONS}
    for name, (key_node, _) in sections.items():
        if name not in HEADER and name not in _SECTIONS:
            findings.at(key_node, f"the key {shown(name)} is unknown")
    for name in (*HEADER, *_SECTIONS):
        if name not in sections:
            findings.at(root, f"the key {shown(name)} is missing")
    for name, (_, node) in sections.items():
        context = Context(name, ids, findings)
        if name in HEADER:
            HEADER[name].check(node, context)
        elif name in NOUNS:
            _check_entries(name, node, context)
        elif name == "effort_points":
            _check_effort_points(node, context)
    _check_what_belongs_together(sections, findings)


def _check_effort_points(node: yaml.Node, context: Context) -> None:
    if not isinstance(node, yaml.MappingNode):
        context.refuse(node, f"must be a mapping of keys to values, not {kind_of(node)}")
        return
    pairs = pairs_of(node, context.findings)
    if not pairs:
        context.refuse(node, "must name at least one")
    for name, (_, value) in pairs.items():
        points(value, context.inside(shown(name)))


def _check_entries(section: str, node: yaml.Node, context: Context) -> None:
    if not isinstance(node, yaml.SequenceNode):
        context.refuse(node, f"must be a list, not {kind_of(node)}")
        return
    # A checklist may do without facts and without published figures.
    if not node.value and section not in {"facts", "base_rates"}:
        context.refuse(node, "must name at least one")
    check = mapping(ENTRIES[section])
    used: dict[str, int] = {}
    for entry in node.value:
        id_node = _id_node(entry)
        if id_node is None:
            check(entry, Context(NOUNS[section], context.ids, context.findings))
            continue
        where = Context(f"{NOUNS[section]} {shown(id_node.value)}", context.ids, context.findings)
        if id_node.value in used:
            where.refuse(id_node, f"the id is already used in line {used[id_node.value]}")
        used.setdefault(id_node.value, line_of(id_node))
        check(entry, where)


def _check_what_belongs_together(sections: Pairs, findings: Findings) -> None:
    """What holds between entries: ids begin with what they belong to, and nothing is left without a question."""
    carried: set[str] = set()
    asked: set[str] = set()
    for id_node, pairs in _entries(sections, "questions"):
        asked.update(_check_prefix("question", id_node, pairs.get("dimension"), findings))
        if "claims" in pairs and isinstance(pairs["claims"][1], yaml.SequenceNode):
            carried.update(filter(None, map(text_of, pairs["claims"][1].value)))
    for id_node, pairs in _entries(sections, "claims"):
        _check_prefix("claim", id_node, pairs.get("document"), findings)
        if id_node.value not in carried:
            findings.at(id_node, f"claim {shown(id_node.value)}: no question carries it")
    for id_node, _ in _entries(sections, "dimensions"):
        if id_node.value not in asked:
            findings.at(id_node, f"dimension {shown(id_node.value)}: it has no question")


def _check_prefix(
    noun: str, id_node: yaml.Node, owner: tuple[yaml.Node, yaml.Node] | None, findings: Findings
) -> set[str]:
    """The owner's id, if there is one, after a look whether the id in `id_node` begins with it."""
    name = text_of(owner[1]) if owner is not None else None
    if not name:
        return set()
    if not id_node.value.startswith(f"{name}."):
        findings.at(id_node, f"{noun} {shown(id_node.value)}: the id must begin with {shown(name + '.')}")
    return {name}


def _entries(sections: Pairs, section: str) -> Iterator[tuple[yaml.Node, Pairs]]:
    """The node of the id and the keys of each entry that has an id. Reports nothing: that is done elsewhere."""
    node = sections[section][1] if section in sections else None
    if isinstance(node, yaml.SequenceNode):
        for entry in node.value:
            if (id_node := _id_node(entry)) is not None:
                yield id_node, pairs_of(entry, Findings(""))


def _ids(sections: Pairs, section: str) -> Iterator[str]:
    node = sections[section][1] if section in sections else None
    if isinstance(node, yaml.MappingNode):
        yield from pairs_of(node, Findings(""))
    yield from (str(id_node.value) for id_node, _ in _entries(sections, section))


def _id_node(entry: yaml.Node) -> yaml.Node | None:
    """The node of the entry's id, where that is text."""
    if not isinstance(entry, yaml.MappingNode):
        return None
    id_node = pairs_of(entry, Findings("")).get("id", (None, None))[1]
    return id_node if id_node is not None and text_of(id_node) else None
