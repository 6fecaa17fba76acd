"""The two files of Plotly that pages may ask for, taken from the installed package.

`plotly/plotly.min.js` is the package's own file, byte for byte; nothing else of the package is exposed. At run time it
writes 66 rules into a style element, which the content security policy forbids and should. `plotly/plotly.css` holds
these rules: they are read out of the script, so they always belong to the installed version. A page that links the
sheet under the id that Plotly looks for, with the class `no-inline-styles`, gets the look without the style element.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, overload

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.checks import CheckMessage, Error
from django.core.files.storage import FileSystemStorage

PREFIX = "plotly"
SCRIPT, SHEET = "plotly.min.js", "plotly.css"

# The rules are one object literal; the loop behind it writes X as Plotly's own box and Y as its notice.
_RULES = re.compile(r'\{("X,X div":.*?)\};for\(')
_RULE = re.compile(
    r"""(?:"(?P<quoted>[^"\\]+)"|(?P<bare>\w+)):(?P<mark>["'])(?P<declarations>(?:(?!(?P=mark))[^\\])*)(?P=mark)(?:,|$)"""
)
_BOX, _NOTICE = ".js-plotly-plot .plotly", ".plotly-notifier"


class UnknownPlotly(Exception):
    """The installed package is not the one this module understands; the text says what is missing."""


def package_data() -> Path:
    """The folder of the installed package that holds its script. The package itself is not imported, which is slow."""
    spec = find_spec("plotly")
    for folder in (spec.submodule_search_locations if spec else None) or ():
        if (Path(folder) / "package_data" / SCRIPT).is_file():
            return Path(folder) / "package_data"
    raise UnknownPlotly(f"The package plotly with its {SCRIPT} is not installed.")


def style_rules(script: str) -> list[tuple[str, str]]:
    """Selector and declarations of every rule that the script would write, in the order of its own list."""
    found = _RULES.search(script)
    if not found:
        raise UnknownPlotly(f"{SCRIPT} does not hold its style rules where they were; see assessor/plotly_files.py.")
    literal, rules, place = found[1], [], 0
    while place < len(literal):
        rule = _RULE.match(literal, place)
        if not rule:
            raise UnknownPlotly(f"{SCRIPT} writes its style rules in a new way: {literal[place : place + 60]!r}")
        selector = (rule["quoted"] or rule["bare"]).replace("X", _BOX).replace("Y", _NOTICE)
        rules.append((selector, rule["declarations"]))
        place = rule.end()
    return rules


def stylesheet(script: str) -> str:
    """The rules as a sheet. The script puts each new rule before the others, so the last comes first."""
    lines = [f"{selector} {{ {declarations} }}" for selector, declarations in reversed(style_rules(script))]
    return "\n".join(["/* Read out of the installed plotly.min.js by assessor/plotly_files.py. */", *lines, ""])


class PlotlyFinder(BaseFinder):
    """Finds the two files and nothing else."""

    def check(self, **kwargs: object) -> list[CheckMessage]:
        """Say at the start, not on the first click, that the package does not fit."""
        try:
            package_data()
        except UnknownPlotly as problem:
            return [Error(str(problem), id="preflight.E101")]
        return []

    @overload
    def find(self, path: str, find_all: Literal[False] = ...) -> str | None: ...
    @overload
    def find(self, path: str, find_all: Literal[True]) -> list[str]: ...
    def find(self, path: str, find_all: bool = False) -> str | list[str] | None:
        """The file's place on disk, for the two names only. Nothing found is an empty list, as Django's finders do."""
        name = path.removeprefix(f"{PREFIX}/") if path.startswith(f"{PREFIX}/") else ""
        if name not in {SCRIPT, SHEET}:
            return []
        found = str((package_data() if name == SCRIPT else self._generated()) / name)
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        """Both files with the storages that collectstatic copies them from."""
        for name, folder in ((SCRIPT, package_data()), (SHEET, self._generated())):
            if not matches_patterns(name, list(ignore_patterns or ())):
                storage = FileSystemStorage(location=folder)
                storage.prefix = PREFIX  # type: ignore[attr-defined]
                yield name, storage

    def _generated(self) -> Path:
        """The folder with the sheet that belongs to the installed script, written if it is not there yet."""
        script = package_data() / SCRIPT
        sheet = _sheet_of(script, script.stat().st_mtime_ns)
        path = Path(settings.DATA_DIR) / "cache" / "plotly" / SHEET
        if not path.exists() or path.read_text("utf-8") != sheet:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(path, sheet)
        return path.parent


@lru_cache(maxsize=1)
def _sheet_of(script: Path, changed: int) -> str:
    return stylesheet(script.read_text("utf-8"))


def _write_whole(path: Path, text: str) -> None:
    """Write so that a second process sees all of the file or none of it."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)
