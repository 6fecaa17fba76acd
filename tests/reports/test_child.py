"""The child process: it reads nothing but our fonts and drawings, and it ends in time. Needs Pango, on purpose."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pikepdf
import pytest

from charts import LEVELS, shape_address
from reports import child, pdf
from reports.pdf import RenderFailed, child_environment, render_pdf
from tests.reports import bodies
from tests.reports.printing import html_of, text_of, words_of


@pytest.mark.parametrize(
    "svg",
    [
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1/x"/></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><use href="file:///etc/passwd"/></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><style>*{fill:url(http://127.0.0.1)}</style></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><rect fill="url(http://127.0.0.1/x)"/></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><rect onload="x"/></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><foreignObject/></svg>',
        '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg">&x;</svg>',
        '<?xml-stylesheet href="http://127.0.0.1/x"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        "<svg/>",
        "",
    ],
)
def test_foreign_drawings_are_refused(svg: str) -> None:
    assert not child.is_our_drawing(svg)


def test_our_drawings_and_nothing_else_may_be_read() -> None:
    html = html_of(bodies.three_roles())
    addresses = re.findall(r'src="([^"]+)"', html)
    assert len(addresses) > 10
    assert all(child.is_allowed_data(address) for address in addresses)
    for level in LEVELS:
        assert child.is_allowed_data(shape_address(level, "#16202e"))
    for address in ("data:text/css,*{}", "data:image/svg+xml;base64,!!", "data:image/svg+xml,%ff", "http://127.0.0.1/"):
        assert not child.is_allowed_data(address)
    assert not child.is_allowed_data("data:image/png;base64," + "A" * 500_000)


class Hits(BaseHTTPRequestHandler):
    """Counts every request and redirects it to itself."""

    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.seen.append(self.path)
        self.send_response(302)
        self.send_header("Location", "/again")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Keeps the test output quiet."""


@pytest.fixture
def listener() -> Iterator[str]:
    Hits.seen.clear()
    server = HTTPServer(("127.0.0.1", 0), Hits)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def hostile_markup(base: str, secret: Path) -> str:
    """What a broken escape would let in: every way to make WeasyPrint read something."""
    svg = f"<svg xmlns='http://www.w3.org/2000/svg'><image href='{base}/svg-data'/></svg>"
    return f"""<!doctype html><html lang="en"><head><title>x</title><base href="{base}/base/">
<link rel="stylesheet" href="{base}/css"><link rel="attachment" href="{secret.as_uri()}">
<link rel="stylesheet" href="{secret.as_uri()}">
<style>@import "{base}/import"; @import url({secret.as_uri()});
@font-face {{ font-family: F; src: url({base}/font) }} body {{ background: url({base}/bg) }}
p::before {{ content: url({base}/content) }} li {{ list-style-image: url("{svg}") }}</style></head><body>
<img src="{base}/img" alt="x"><img src="{secret.as_uri()}" alt="x"><img src="relative.png" alt="x">
<img src="{base.replace("http", "ftp")}/ftp" alt="x"><img src='data:image/svg+xml,{svg}' alt="x">
<object data="{base}/object"></object><object data="{secret.as_uri()}"></object><embed src="{base}/embed">
<iframe src="{base}/iframe"></iframe><p style="background: url({base}/style); font-family: F">text</p>
<svg xmlns="http://www.w3.org/2000/svg"><title>x</title><image href="{base}/svg"/><use href="{base}/use#x"/></svg>
<a rel="attachment" href="{secret.as_uri()}">a</a><a rel="attachment" href="{base}/attachment">b</a>
<ul><li>item</li></ul></body></html>"""


def test_nothing_is_fetched_even_if_markup_got_in(listener: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("canary-5309")
    out = tmp_path / "out.pdf"
    render_pdf(hostile_markup(listener, secret), out)
    assert Hits.seen == []
    with pikepdf.open(out) as file:
        assert "/EmbeddedFiles" not in (file.Root.get("/Names") or {})
        assert not any(isinstance(o, pikepdf.Stream) and b"canary-5309" in o.read_bytes() for o in file.objects)
    assert "canary-5309" not in text_of(out)


def test_the_fetcher_alone_refuses_without_the_help_of_the_network(listener: str, tmp_path: Path) -> None:
    """In this process there are no limits and there is a network, so only the fetcher stands in the way."""
    secret = tmp_path / "secret.txt"
    secret.write_text("canary-5309")
    data = child.write_pdf(hostile_markup(listener, secret))
    assert data.startswith(b"%PDF-")
    assert Hits.seen == []
    assert b"canary-5309" not in data


def test_hostile_notes_are_plain_text(listener: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("canary-5309")
    markup = " ".join(hostile_markup(listener, secret).split())
    out = tmp_path / "out.pdf"
    render_pdf(html_of(bodies.typical_pilot(note_of=lambda q: markup if q.number == "1.1" else "")), out)
    assert Hits.seen == []
    assert "canary-5309" not in text_of(out)
    assert "<base href=" in words_of(out)


def test_a_document_without_end_is_stopped(tmp_path: Path) -> None:
    out = tmp_path / "out.pdf"
    rows = "<tr><td>cell</td><td>cell</td></tr>" * 60_000
    started = time.monotonic()
    with pytest.raises(RenderFailed) as caught:
        render_pdf(f"<html lang=en><title>x</title><table>{rows}</table></html>", out, timeout_s=40)
    assert time.monotonic() - started < 45
    assert caught.value.code in {"time", "too_big"}
    assert not out.exists()


def test_the_wall_limit_ends_the_child(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(RenderFailed) as caught:
        render_pdf("<p>word</p>" * 50_000, tmp_path / "out.pdf", timeout_s=1)
    assert time.monotonic() - started < 4
    assert caught.value.code == "time"
    assert "too long" in str(caught.value)


def test_deep_nesting_is_too_big(tmp_path: Path) -> None:
    with pytest.raises(RenderFailed) as caught:
        render_pdf("<html lang=en><title>x</title>" + "<div>" * 3000 + "x", tmp_path / "out.pdf")
    assert caught.value.code == "too_big"


def test_too_much_html_is_refused_without_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_run_child", None)
    with pytest.raises(RenderFailed) as caught:
        render_pdf("x" * (pdf.MAX_HTML_BYTES + 1), tmp_path / "out.pdf")
    assert caught.value.code == "too_big"


def test_a_missing_folder_is_an_error_of_the_program(tmp_path: Path) -> None:
    with pytest.raises(RenderFailed) as caught:
        render_pdf("<html lang=en><title>x</title>x", tmp_path / "none" / "out.pdf")
    assert caught.value.code == "broken"
    assert "FileNotFoundError" in caught.value.detail


def test_a_full_disk_says_so(tmp_path: Path) -> None:
    # A link, because the failed file is removed: the device itself must never be the argument.
    out = tmp_path / "out.pdf"
    out.symlink_to("/dev/full")
    with pytest.raises(RenderFailed) as caught:
        render_pdf("<html lang=en><title>x</title>x", out)
    assert caught.value.code == "no_space"
    assert not out.is_symlink()
    assert Path("/dev/full").is_char_device()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError("cannot load library 'libpango-1.0-0'"), "library_missing"),
        (ImportError("weasyprint"), "library_missing"),
        (MemoryError(), "too_big"),
        (RecursionError(), "too_big"),
        (OSError(27, "File too large"), "too_big"),
        (OSError(28, "No space left"), "no_space"),
        (ValueError("x"), "broken"),
    ],
)
def test_errors_have_codes(error: BaseException, code: str) -> None:
    assert child._failure(error) == code
    assert RenderFailed(code).sentence


def test_a_missing_library_names_the_debian_packages() -> None:
    assert "libpango-1.0-0, libpangoft2-1.0-0 and libharfbuzz-subset0" in str(RenderFailed("library_missing"))


def test_limits_hold_in_the_child() -> None:
    program = (
        "from reports import child; child.set_limits(); import resource as r, sys;"
        "print([r.getrlimit(k)[0] for k in (r.RLIMIT_AS, r.RLIMIT_CPU, r.RLIMIT_FSIZE, r.RLIMIT_NOFILE)],"
        "'weasyprint' in sys.modules, 'django' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, cwd=pdf.BASE_DIR, check=True, timeout=30
    )
    assert found.stdout.decode().strip() == "[1200000000, 15, 50000000, 64] False False"


def test_no_secret_reaches_the_child() -> None:
    given = {"SECRET_KEY": "s", "DATABASE_URL": "d", "REDIS_URL": "r", "PATH": "/bin", "PYTHONPATH": "/x", "LANG": "C"}
    assert child_environment(given) == {
        "PATH": "/bin",
        "LANG": "C",
        "TZ": "UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
    }


def test_the_child_starts_no_program_to_find_its_libraries() -> None:
    code = (
        "import resource; from reports import child; child.load_by_file_name(); import weasyprint;"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); print(used.ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=child.BASE_DIR, capture_output=True, check=True, timeout=60, text=True
    )
    assert done.stdout.strip() == "0"
