"""What must be true of the HTML of every page, whatever it shows."""

from __future__ import annotations

from collections import Counter
from typing import Any, TypeAlias

import lxml.html  # type: ignore[import-untyped]
from lxml.html import HtmlElement

NO_ADDRESS = ("javascript:", "data:", "vbscript:")
# What the test client returns; its class is known to the type stubs alone.
Response: TypeAlias = Any

UNLABELLED = {"hidden", "submit", "button"}


def parse(html: str | bytes) -> HtmlElement:
    return lxml.html.document_fromstring(html.decode() if isinstance(html, bytes) else html)


def is_page(response: Response) -> bool:
    return response.headers.get("Content-Type", "").startswith("text/html") and bool(response.content)


def faults(html: str | bytes) -> list[str]:
    """Everything on the page that a strict content policy, a screen reader or a keyboard would stumble over."""
    page = parse(html)
    return [
        *_inline(page),
        *_heads(page),
        *_ids(page),
        *_labels(page),
        *(f"no token in {form.get('action')!r}" for form in page.iter("form") if _lacks_token(form)),
        *(f"picture without words {image.get('src')}" for image in page.iter("img") if image.get("alt") is None),
        *("table without caption" for table in page.iter("table") if table.find("caption") is None),
    ]


def _inline(page: HtmlElement) -> list[str]:
    found = []
    for element in page.iter():
        if not isinstance(element.tag, str):
            continue
        for name, value in element.attrib.items():
            if name == "style" or name.startswith("on"):
                found.append(f"<{element.tag} {name}=>")
            if name in {"href", "src", "action"} and value.strip().lower().startswith(
                ("javascript:", "data:", "vbscript:")
            ):
                found.append(f"<{element.tag} {name}={value[:40]!r}>")
        if element.tag == "style" or (element.tag == "script" and not element.get("src")):
            found.append(f"<{element.tag}> with content")
        if element.tag == "a" and element.get("target") == "_blank" and "noopener" not in element.get("rel", ""):
            found.append("a new tab that can reach back")
    return found


def _heads(page: HtmlElement) -> list[str]:
    found = [
        f"{len(list(page.iter(tag)))} {tag} elements"
        for tag in ("h1", "main", "title")
        if len(list(page.iter(tag))) != 1
    ]
    if page.get("lang") != "en":
        found.append("no language")
    if not (page.findtext(".//title") or "").strip():
        found.append("no title")
    found += [f"empty {h.tag}" for h in page.iter("h1", "h2", "h3") if not h.text_content().strip() and not h.get("id")]
    return found


def _ids(page: HtmlElement) -> list[str]:
    counted = Counter(
        element.get("id") for element in page.iter() if isinstance(element.tag, str) and element.get("id")
    )
    found = [f"id {name!r} comes {times} times" for name, times in counted.items() if times > 1]
    for element in page.iter():
        if not isinstance(element.tag, str):
            continue
        for attribute in ("aria-labelledby", "aria-describedby", "aria-controls"):
            found += [
                f"{attribute} names no {name!r}" for name in element.get(attribute, "").split() if name not in counted
            ]
        href = element.get("href", "")
        if element.tag == "a" and href.startswith("#") and href[1:] not in counted:
            found.append(f"link to no {href!r}")
    return found


def _labels(page: HtmlElement) -> list[str]:
    named = {label.get("for") for label in page.iter("label")}
    found = []
    for element in page.iter("input", "select", "textarea"):
        if element.get("type") in UNLABELLED:
            continue
        inside = any(parent.tag == "label" for parent in element.iterancestors())
        if not (inside or element.get("id") in named or element.get("aria-label") or element.get("aria-labelledby")):
            found.append(f"no label for {element.get('name')!r}")
    for element in page.iter("button", "a"):
        if not element.text_content().strip() and not element.get("aria-label"):
            found.append(f"<{element.tag}> without words")
    return found


def _lacks_token(form: HtmlElement) -> bool:
    return form.get("method", "get").lower() == "post" and not form.xpath(".//input[@name='csrfmiddlewaretoken']")
