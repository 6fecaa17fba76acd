"""The two files of Plotly that pages may ask for, taken from the installed package.

`plotly/plotly.min.js` is the package's own file, byte for byte; nothing else of the package is exposed. At run time it
writes 66 rules into a style element, which the content security policy forbids and should. `plotly/plotly.css` holds
these rules: they are read out of the script, so they always belong to the installed version. A page that links the
sheet under the id that Plotly looks for, with the class `no-inline-styles`, gets the look without the style element.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from assessor.package_files import PackageFinder, UnfitPackage, kept, package_folder

PREFIX = "plotly"
SCRIPT, SHEET = "plotly.min.js", "plotly.css"

# The rules are one object literal; the loop behind it writes X as Plotly's own box and Y as its notice.
_RULES = re.compile(r'\{("X,X div":.*?)\};for\(')
_RULE = re.compile(
    r"""(?:"(?P<quoted>[^"\\]+)"|(?P<bare>\w+)):(?P<mark>["'])(?P<declarations>(?:(?!(?P=mark))[^\\])*)(?P=mark)(?:,|$)"""
)
_BOX, _NOTICE = ".js-plotly-plot .plotly", ".plotly-notifier"


def package_data() -> Path:
    """The folder of the installed package that holds its script. Raises UnfitPackage."""
    return package_folder("plotly", "package_data", SCRIPT)


def style_rules(script: str) -> list[tuple[str, str]]:
    """Selector and declarations of every rule that the script would write, in the order of its own list."""
    found = _RULES.search(script)
    if not found:
        raise UnfitPackage(f"{SCRIPT} does not hold its style rules where they were; see assessor/plotly_files.py.")
    literal, rules, place = found[1], [], 0
    while place < len(literal):
        rule = _RULE.match(literal, place)
        if not rule:
            raise UnfitPackage(f"{SCRIPT} writes its style rules in a new way: {literal[place : place + 60]!r}")
        selector = (rule["quoted"] or rule["bare"]).replace("X", _BOX).replace("Y", _NOTICE)
        rules.append((selector, rule["declarations"]))
        place = rule.end()
    return rules


def stylesheet(script: str) -> str:
    """The rules as a sheet. The script puts each new rule before the others, so the last comes first."""
    lines = [f"{selector} {{ {declarations} }}" for selector, declarations in reversed(style_rules(script))]
    return "\n".join(["/* Read out of the installed plotly.min.js by assessor/plotly_files.py. */", *lines, ""])


def script() -> Path:
    return package_data() / SCRIPT


def sheet() -> Path:
    """The sheet that belongs to the installed script, written if it is not there yet."""
    return kept(PREFIX, SHEET, _sheet_of(script(), script().stat().st_mtime_ns))


@lru_cache(maxsize=1)
def _sheet_of(path: Path, changed: int) -> str:
    return stylesheet(path.read_text("utf-8"))


class PlotlyFinder(PackageFinder):
    prefix = PREFIX
    own = {SCRIPT: script}
    written = {SHEET: sheet}
