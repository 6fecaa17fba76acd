"""What a reader of the page Explore asks for in the address, beside the filters of the portfolio."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import urlencode

from portfolio.filters import Filters

CHARTS = {"time": "Risk over time", "bubble": "Risk and plan", "profile": "Profiles", "stages": "Stages"}
CHOICES: Mapping[str, Mapping[str, str]] = {
    "chart": CHARTS,
    "by": {"unit": "By business unit", "project": "By project"},
    "x": {"value": "Planned value", "date": "Planned date"},
    "view": {"radar": "Radar", "bars": "Parallel bars"},
}
MOST_PROJECTS = 5
_SLUG = re.compile(r"[a-zA-Z0-9_-]{1,80}")


class Params(Protocol):
    """The part of Django's QueryDict that is read here."""

    def getlist(self, key: str, /) -> Sequence[object]: ...


@dataclass(frozen=True, slots=True)
class Choices:
    """One figure: the chart, how it is laid out, and the slugs of up to five projects, none for those on top.

    `notices` are sentences on what was not understood.
    """

    chart: str = "time"
    by: str = "unit"
    x: str = "value"
    view: str = "radar"
    projects: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    def query(self, filters: Filters, **changes: str) -> str:
        """The part of the address after the question mark, with the filters and with these choices changed."""
        wanted, plain = replace(self, **changes), Choices()  # type: ignore[arg-type]
        pairs = [(name, value) for name in CHOICES if (value := getattr(wanted, name)) != getattr(plain, name)] + [
            ("p", slug) for slug in wanted.projects
        ]
        return "&".join(part for part in (filters.query(), urlencode(pairs)) if part)


def read_choices(params: Params) -> Choices:
    """What the address asks for. What makes no sense is left out and named in `notices`; nothing raises."""
    found, notices = {}, []
    for name, known in CHOICES.items():
        given = str((params.getlist(name) or [""])[-1])[:40]
        if given in known:
            found[name] = given
        elif given.strip():
            notices.append(f"There is no “{' '.join(given.split())}” to choose, so it was left out.")
    slugs = list(dict.fromkeys(str(slug) for slug in params.getlist("p") if slug))
    known_slugs = [slug for slug in slugs if _SLUG.fullmatch(slug)]
    if len(known_slugs) < len(slugs):
        notices.append("A project in the address has no valid key, so it was left out.")
    if len(known_slugs) > MOST_PROJECTS:
        notices.append(f"At most {MOST_PROJECTS} projects are compared, so the first {MOST_PROJECTS} are shown.")
    return Choices(**found, projects=tuple(known_slugs[:MOST_PROJECTS]), notices=tuple(notices))
