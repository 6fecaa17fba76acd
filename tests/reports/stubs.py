"""A renderer that takes no time, for tests of what happens around it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reports.pdf import PdfFacts

PDF = b"%PDF-1.7 a small file"


def stub_renderer(
    monkeypatch: pytest.MonkeyPatch, *, content: bytes = PDF, during: Callable[[], None] | None = None
) -> list[str]:
    """Puts a file there instead of setting pages. `during` happens in the middle. Returns the list of calls."""
    calls: list[str] = []

    def render_pdf(html: str, path: Path, **options: object) -> None:
        calls.append(html)
        if during is not None:
            during()
        path.write_bytes(content)

    monkeypatch.setattr("reports.rendering.render_pdf", render_pdf)
    monkeypatch.setattr(
        "reports.rendering.inspect_pdf", lambda path: PdfFacts(pages=3, tagged=True, size=path.stat().st_size)
    )
    return calls


def stub_broker(monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> list[tuple[object, ...]]:
    """Takes messages instead of a broker, or fails as a broker would. Returns the arguments that were sent."""
    sent: list[tuple[object, ...]] = []

    def send_task(name: str, args: tuple[object, ...] = (), **options: object) -> None:
        assert name == "reports.render"
        assert options["retry"] is False
        if error is not None:
            raise error
        sent.append(args)

    monkeypatch.setattr("reports.queue.current_app.send_task", send_task)
    return sent
