"""Helpers of the report tests: HTML and text of a body, and a body that carries one text in every field."""

from __future__ import annotations

import subprocess
import unicodedata
from pathlib import Path
from typing import Any

from findings.document import ReportOptions, build_document
from reports.pdf import render_html
from tests.reports import bodies

ALL = ReportOptions(names=True, notes=True, evidence=True)


def html_of(body: dict[str, Any], options: ReportOptions = ALL) -> str:
    return render_html(build_document(body, bodies.checklist(), options, sha256=bodies.SHA256))


def text_of(path: Path, *arguments: str) -> str:
    found = subprocess.run(["pdftotext", *arguments, str(path), "-"], capture_output=True, check=True, timeout=60)
    return unicodedata.normalize("NFC", found.stdout.decode("utf-8", "replace"))


def words_of(path: Path) -> str:
    """The text with every run of white space as one space, because line ends depend on the layout."""
    return " ".join(text_of(path).split())


def body_with(text: str) -> dict[str, Any]:
    body = bodies.typical_pilot(
        project=text,
        goal=text,
        organisation=text,
        owner=text,
        decision=text,
        label=text,
        note=text,
        reason=text,
        note_of=lambda question: text if question.number == "1.1" else "",
        evidence_of=lambda question: (text, text) if question.number == "1.1" else ("", ""),
    )
    body["project"] |= {"unit": text, "tags": [text]}
    body["snapshot"] |= {"taken_by": text, "id": text}
    body["assessment"]["title"] = text
    for answer in body["answers"]:
        answer["answered_by"] = text
    return body
