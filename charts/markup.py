"""Small writers of SVG. Everything that is put in is escaped here and nowhere else."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from html import escape

SVG_NAMESPACE = "http://www.w3.org/2000/svg"

# What XML 1.0 cannot hold in any form: one such character would make the whole picture unreadable.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Drawing(str):
    """Finished markup. Templates print it unescaped, because everything inside was escaped when it was written."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def number(value: float) -> str:
    """A coordinate with at most two decimals and no trailing zeros."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def percent(value: float) -> str:
    """A coordinate on the 0 to 100 scale of the picture's width, cut off at both ends."""
    return f"{number(min(max(value, 0.0), 100.0))}%"


def text_of(value: object) -> str:
    """Any value as text that is safe between tags and inside quoted attributes."""
    return escape(_NOT_XML.sub("\ufffd", str(value)), quote=True)


def tag(name: str, attributes: Mapping[str, object], content: str = "") -> str:
    """One element. Keys are written with "-" for "_"; a value of None leaves its attribute out.

    `content` must be markup that is finished; plain text goes through `text_of` first.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text_of(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def inline_svg(classes: str, height: int, content: str, label: str) -> Drawing:
    """A picture for a page: full width, fixed height, coloured by the page's own classes.

    With a label it is an image that says it, without one it is hidden from screen readers.
    """
    spoken = f'role="img" aria-label="{text_of(label)}"' if label else 'aria-hidden="true"'
    return Drawing(
        f'<svg class="{classes}" width="100%" height="{height}" overflow="visible" {spoken} focusable="false">'
        f"{content}</svg>"
    )


def image(classes: str, width: float, height: float, content: str, alt: str, *, margin: float = 0) -> Drawing:
    """A picture for the PDF: an image element whose source is the SVG itself; `alt` says what it shows.

    `margin` is added at the left and the right, for marks that reach over the ends of the scale.
    """
    root = {"xmlns": SVG_NAMESPACE, "viewBox": f"{number(-margin)} 0 {number(width + 2 * margin)} {number(height)}"}
    source = base64.b64encode(tag("svg", root, content).encode()).decode("ascii")
    return Drawing(tag("img", {"class_": classes, "alt": alt, "src": f"data:image/svg+xml;base64,{source}"}))
