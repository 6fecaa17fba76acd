"""Reads checklist definitions. Released ones lie under `definitions/<id>/<version>.yaml`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from checklists.schema import (
    BaseRate,
    Checklist,
    Claim,
    Dimension,
    Document,
    Fact,
    Named,
    Question,
    Remedy,
)

SafeLoader: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

DEFINITIONS = Path(__file__).parent / "definitions"

# Both become parts of a path, so nothing but these characters may reach the file system.
_ID = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_VERSION = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}", re.ASCII)

_SUPPORTING_KINDS = frozenset({"cause", "condition", "remedy"})


class UnknownChecklist(LookupError):
    """There is no such checklist or version. The message is a sentence fit to be shown."""


@cache
def load(checklist_id: str, version: str) -> Checklist:
    """The released checklist `checklist_id` in `version`, such as `load("ml_readiness", "1.0")`.

    The object is frozen and the same on every call. Raises UnknownChecklist for anything that is not released.
    """
    path = _path_of(checklist_id, version)
    if path is None or not path.is_file():
        # What was asked for may be hostile and long, so only a well-formed name is repeated.
        name = f"“{checklist_id}” {version}" if path is not None else "of that name and version"
        raise UnknownChecklist(f"There is no checklist {name}.")
    content = path.read_bytes()
    return parse(content.decode("utf-8"), sha256=hashlib.sha256(content).hexdigest())


@cache
def available() -> tuple[tuple[str, str], ...]:
    """All released (id, version) pairs, ordered by id and then from oldest to newest version."""
    found = [
        (path.parent.name, path.stem)
        for path in DEFINITIONS.glob("*/*.yaml")
        if _path_of(path.parent.name, path.stem) is not None
    ]
    return tuple(sorted(found, key=lambda pair: (pair[0], *map(int, pair[1].split(".")))))


def parse(text: str, *, sha256: str | None = None) -> Checklist:
    """The checklist that `text` (YAML) defines, with question numbers and weights computed.

    `sha256` is the hash of the file's bytes; without it the text is hashed as UTF-8. Expects text in which
    `checklists.validation.problems` finds nothing; on other text it raises KeyError, TypeError, ValueError or
    yaml.YAMLError.
    """
    data = yaml.load(text, Loader=SafeLoader)  # noqa: S506 - the safe loader, in C where it is built in
    claims = tuple(_claim(entry) for entry in data["claims"])
    dimensions = tuple(Dimension(**entry) for entry in data["dimensions"])
    return Checklist(
        id=data["id"],
        version=data["version"],
        language=data["language"],
        title=data["title"],
        stages=tuple(Named(**entry) for entry in data["stages"]),
        roles=tuple(Named(**entry) for entry in data["roles"]),
        effort_points=MappingProxyType(dict(data["effort_points"])),
        facts=tuple(Fact(**entry) for entry in data["facts"]),
        dimensions=dimensions,
        documents=tuple(Document(**entry) for entry in data["documents"]),
        base_rates=tuple(BaseRate(**entry) for entry in data["base_rates"]),
        claims=claims,
        questions=_questions(data["questions"], dimensions, {claim.id: claim for claim in claims}),
        sha256=sha256 or hashlib.sha256(text.encode("utf-8")).hexdigest(),
    )


def weight(claims: Iterable[Claim]) -> float:
    """1 + 0.5 x (distinct documents that state a cause, a condition or a remedy - 1), and never below 1."""
    documents = {claim.document for claim in claims if claim.kind in _SUPPORTING_KINDS}
    return 1.0 + 0.5 * max(len(documents) - 1, 0)


def _path_of(checklist_id: str, version: str) -> Path | None:
    if not (_ID.fullmatch(checklist_id) and _VERSION.fullmatch(version)):
        return None
    return DEFINITIONS / checklist_id / f"{version}.yaml"


def _claim(entry: Mapping[str, Any]) -> Claim:
    return Claim(
        id=entry["id"],
        document=entry["document"],
        section=entry.get("section"),
        kind=entry["kind"],
        dimension=entry["dimension"],
        text=entry["text"],
    )


def _questions(
    entries: Iterable[Mapping[str, Any]], dimensions: Iterable[Dimension], claims: Mapping[str, Claim]
) -> tuple[Question, ...]:
    place_of = {dimension.id: place for place, dimension in enumerate(dimensions, start=1)}
    asked = dict.fromkeys(place_of, 0)
    questions = []
    for entry in entries:
        dimension = entry["dimension"]
        asked[dimension] += 1
        questions.append(
            Question(
                id=entry["id"],
                number=f"{place_of[dimension]}.{asked[dimension]}",
                dimension=dimension,
                short=entry["short"],
                prompt=entry["prompt"],
                why=entry["why"],
                choices=tuple(entry["choices"]),
                must_have=entry["must_have"],
                stage_from=entry["stage_from"],
                applies_when=tuple(entry.get("applies_when", ())),
                who=tuple(entry["who"]),
                claims=tuple(entry["claims"]),
                remedy=Remedy(**entry["remedy"]),
                weight=weight(claims[claim] for claim in entry["claims"]),
            )
        )
    return tuple(questions)
