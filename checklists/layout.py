"""What a definition may hold: the keys of each section and what their values must be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import get_args

from checklists.checks import (
    Key,
    boolean,
    list_of,
    mapping,
    nullable,
    one_of,
    pattern,
    reference,
    share,
    text,
)
from checklists.schema import ClaimKind, DocumentKind

_ID = re.compile(r"[a-z][a-z0-9_]*(?:[.-][a-z0-9_]+)*", re.ASCII)
_CHECKLIST_ID = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_VERSION = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2}(?:-[A-Z]{2})?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?", re.ASCII)
_URL = re.compile(r"https://[!-~]+", re.ASCII)
_FILE = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*", re.ASCII)

identifier = pattern(_ID, "an id of small letters, digits and . - _", limit=64)

HEADER: Mapping[str, Key] = {
    "id": Key(pattern(_CHECKLIST_ID, "an id of small letters, digits and _")),
    "version": Key(pattern(_VERSION, "two numbers in quotes, such as “1.0”")),
    "language": Key(pattern(_LANGUAGE, "a language such as en")),
    "title": Key(text(60)),
}

REMEDY: Mapping[str, Key] = {
    "do": Key(text(180)),
    "done": Key(text(140)),
    "effort": Key(reference("effort_points", "effort")),
}

# The noun is what a reason calls one entry of the section.
NOUNS: Mapping[str, str] = {
    "stages": "stage",
    "roles": "role",
    "facts": "fact",
    "dimensions": "dimension",
    "documents": "document",
    "base_rates": "base rate",
    "claims": "claim",
    "questions": "question",
}

_named: Mapping[str, Key] = {"id": Key(identifier), "name": Key(text(40))}

ENTRIES: Mapping[str, Mapping[str, Key]] = {
    "stages": _named,
    "roles": _named,
    "facts": {"id": Key(identifier), "text": Key(text(110))},
    "dimensions": {
        "id": Key(identifier),
        "name": Key(text(60)),
        "short": Key(text(16)),
        "question": Key(text(100)),
    },
    "documents": {
        "id": Key(identifier),
        "kind": Key(one_of(*get_args(DocumentKind))),
        "title": Key(text(250)),
        "author": Key(nullable(text(100))),
        "publisher": Key(nullable(text(100))),
        "date": Key(nullable(pattern(_DATE, "a date in quotes, such as “2021”, “2021-07” or “2021-07-14”"))),
        "url": Key(nullable(pattern(_URL, "an address that begins with https://"))),
        "file": Key(nullable(pattern(_FILE, "a plain file name"))),
    },
    "base_rates": {
        "id": Key(identifier),
        "claim": Key(reference("claims", "claim")),
        "value": Key(share),
        "event": Key(text(100)),
        "unit": Key(text(100)),
        "attributed_to": Key(text(100)),
        "note": Key(nullable(text(400)), required=False),
    },
    "claims": {
        "id": Key(identifier),
        "document": Key(reference("documents", "document")),
        "section": Key(nullable(text(120)), required=False),
        "kind": Key(one_of(*get_args(ClaimKind))),
        "dimension": Key(reference("dimensions", "dimension")),
        "text": Key(text(200)),
    },
    "questions": {
        "id": Key(identifier),
        "dimension": Key(reference("dimensions", "dimension")),
        "short": Key(text(24)),
        "prompt": Key(text(140)),
        "why": Key(text(120)),
        "choices": Key(list_of(text(100), least=2, most=7, too_few="must offer at least 2 choices")),
        "must_have": Key(boolean),
        "stage_from": Key(reference("stages", "stage")),
        "applies_when": Key(list_of(reference("facts", "fact")), required=False),
        "who": Key(list_of(reference("roles", "role"))),
        "claims": Key(list_of(reference("claims", "claim"), too_few="a question must carry at least one claim")),
        "remedy": Key(mapping(REMEDY)),
    },
}
