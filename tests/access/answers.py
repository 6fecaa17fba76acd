"""What an answer says, whatever form it comes in."""

from __future__ import annotations

import io
import zipfile
from typing import Any


def text_of(response: Any) -> str:
    """The body as text. A workbook is unpacked, or nothing in it could be found; when it was made is left out."""
    body: bytes = b"".join(response.streaming_content) if response.streaming else response.content
    if "spreadsheetml" not in response.headers.get("Content-Type", "") or not body:
        return body.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        parts = [book.read(name) for name in sorted(book.namelist()) if name != "docProps/core.xml"]
    return b"\n".join(parts).decode("utf-8", "replace")
