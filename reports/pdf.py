"""From the document to HTML, and from HTML to a PDF file by a child process with hard limits.

The child gets no secrets and no network it could use; whatever a text in the report tries, it can at most fail itself.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.template import Context, Engine

from charts import Drawing, path_steps_bars, points_bars, range_bar, zones_scale
from findings.dimensions import Reading
from findings.document import ReportDocument
from findings.words import capital, count_word
from reports.child import EXIT_CODES

BASE_DIR = Path(__file__).resolve().parent.parent
TEMPLATES = BASE_DIR / "templates"

MAX_HTML_BYTES = 4_000_000
MOST_COLUMNS = 24
KILL_WAIT_S = 5.0
CANCEL_POLL_S = 0.2

# What the child needs to find Python, fonts and its caches. Nothing else of the environment reaches it.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "XDG_CACHE_HOME", "FONTCONFIG_FILE", "FONTCONFIG_PATH")

_SENTENCES = {
    "too_big": "The report is too big to be made. Leave out the notes, or shorten them.",
    "time": "Making the report took too long and was stopped. Leave out the notes, or try again later.",
    "no_space": "There is no space left on the disk for the report.",
    "library_missing": (
        "A system library for PDF files is missing. Install the Debian packages libpango-1.0-0, libpangoft2-1.0-0 and "
        "libharfbuzz-subset0."
    ),
    "not_stored": "The file could not be written to the folder for reports. Tell your administrator.",
    "broken": "The report could not be made because of an error in the program.",
}


class RenderFailed(Exception):
    """No file was made. `code` is one of too_big, time, no_space, not_stored, library_missing, broken.

    `sentence` is for people. `detail` is the child's one line for the log.
    """

    def __init__(self, code: str, sentence: str = "", detail: str = "") -> None:
        super().__init__(sentence or _SENTENCES[code])
        self.code = code
        self.sentence = sentence or _SENTENCES[code]
        self.detail = detail


class RenderCancelled(Exception):
    """Nobody wants the file any more. There is none."""


@dataclass(frozen=True, slots=True)
class PdfFacts:
    """What a finished file says of itself: pages, whether it is tagged, size in bytes."""

    pages: int
    tagged: bool
    size: int


@cache
def engine() -> Engine:
    # An engine of its own: no context processors, no request, nothing of the site's settings can leak into a report.
    return Engine(dirs=[str(TEMPLATES)], autoescape=True)


def render_html(document: ReportDocument) -> str:
    """The report as one HTML text. Everything but the charts is escaped by the template engine.

    Numbers are written without the locale, so that a report does not depend on the server's language.
    """
    return engine().get_template("reports/pdf/report.html").render(Context(_context(document), use_l10n=False))


def _context(document: ReportDocument) -> dict[str, object]:
    reading, low = document.reading, document.plan_low
    length = len(document.head.project)
    context: dict[str, object] = {
        "doc": document,
        "name_size": "" if length <= 26 else "long" if length <= 64 else "longest",
        "dimensions": [(page, _dimension_bar(page.name, page.reading)) for page in document.dimensions],
        "dimensions_title": f"{capital(count_word(len(document.dimensions)))} dimensions, one by one",
        "low_title": low.title[:1].lower() + low.title[1:] if low else "",
    }
    if reading is not None:
        context["scale"] = zones_scale(
            reading.point,
            reading.low,
            reading.high,
            previous=reading.previous,
            previous_name=document.previous_day or "before",
            target=document.target,
            skin="pdf",
        )
    if document.plan is not None:
        values = document.plan.values[: MOST_COLUMNS + 1]
        context["plan_chart"] = path_steps_bars(values, target=document.plan.target, skin="pdf")
    return context | _points_context(document) | _views_context(document)


def _dimension_bar(name: str, reading: Reading | None) -> Drawing | str:
    if reading is None:
        return ""
    return range_bar(reading.point, reading.low, reading.high, previous=reading.previous, name=name, skin="pdf")


def _points_context(document: ReportDocument) -> dict[str, object]:
    points = document.points
    if points is None:
        return {}
    shares = [row.tenths / 10 for row in points.rows] + [points.others_tenths / 10]
    level = document.reading.point if document.reading else None
    bars = points_bars(shares, level=level, rest=len(shares) - 1, skin="pdf")
    noun = "other answer" if points.others == 1 else "other answers together"
    return {
        "points": list(zip(points.rows, bars, strict=False)),
        "others": f"{capital(count_word(points.others))} {noun}",
        "others_bar": bars[-1],
    }


def _views_context(document: ReportDocument) -> dict[str, object]:
    if document.views is None:
        return {}
    return {
        "role_views": [
            (view, range_bar(view.value, view.value, view.value, name=view.role, skin="pdf"))
            for view in document.views.roles
        ]
    }


def render_pdf(html: str, out_path: Path, *, timeout_s: float = 25, cancelled: threading.Event | None = None) -> None:
    """Writes the PDF of `html` to `out_path` in a child process and returns when the file is on the disk.

    The child and everything it started is killed after `timeout_s` seconds of wall time. Raises RenderFailed, or
    RenderCancelled soon after `cancelled` is set; then there is no file at `out_path`. Neither secrets nor the address
    of the database are in the child's environment.
    """
    data = html.encode("utf-8", "replace")
    if len(data) > MAX_HTML_BYTES:
        raise RenderFailed("too_big", detail=f"{len(data)} bytes of HTML")
    try:
        status, message = _run_child(data, out_path, timeout_s, cancelled or threading.Event())
    except BaseException:
        _discard(out_path)
        raise
    if status != 0:
        _discard(out_path)
        raise RenderFailed(_code_of(status), detail=message)


def _discard(path: Path) -> None:
    """Removes what may be there, but never a device or a folder that was named by mistake."""
    if path.is_symlink() or path.is_file():
        path.unlink(missing_ok=True)


def _run_child(data: bytes, out_path: Path, timeout_s: float, cancelled: threading.Event) -> tuple[int, str]:
    command = [sys.executable, "-s", "-m", "reports.child", str(out_path.resolve())]
    child = subprocess.Popen(  # noqa: S603 - a fixed command, the path is ours
        command,
        cwd=BASE_DIR,
        env=child_environment(os.environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        with _killed_when(cancelled, child):
            _, errors = child.communicate(data, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        return -signal.SIGALRM, f"stopped after {timeout_s:g} s"
    finally:
        _kill_group(child)
    if cancelled.is_set():
        raise RenderCancelled
    lines = errors.decode("utf-8", "replace").strip().splitlines()
    return child.returncode, lines[-1][:500] if lines else ""


@contextmanager
def _killed_when(cancelled: threading.Event, child: subprocess.Popen[bytes]) -> Iterator[None]:
    """Watches the event while the block waits for the child, and kills the child's session when it is set.

    A thread, because `communicate` cannot go on feeding the child after it was interrupted (until Python 3.14).
    """
    over = threading.Event()

    def watch() -> None:
        while not over.wait(CANCEL_POLL_S):
            if cancelled.is_set():
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(child.pid, signal.SIGKILL)
                return

    watcher = threading.Thread(target=watch, name=f"watch-{child.pid}", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    """Ends the child's whole session, also what it may have left behind after its own end."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    if child.poll() is None:
        child.kill()
        child.wait(KILL_WAIT_S)
    for stream in (child.stdin, child.stderr):
        if stream is not None and not stream.closed:
            stream.close()


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The few variables that the child may see."""
    passed = {name: environment[name] for name in _PASSED_ON if name in environment}
    return passed | {"TZ": "UTC", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}


def _code_of(status: int) -> str:
    if status in {-signal.SIGXCPU, -signal.SIGALRM}:
        return "time"
    if status in {-signal.SIGXFSZ, -signal.SIGSEGV, -signal.SIGABRT, -signal.SIGKILL}:
        # Libraries in C end themselves like this when memory or stack run out, and the system kills who takes too much.
        return "too_big"
    return {number: code for code, number in EXIT_CODES.items()}.get(status, "broken")


def inspect_pdf(path: Path) -> PdfFacts:
    """Counts the pages and looks for the tags of a file that WeasyPrint wrote. A damaged file has no pages.

    Reads the bytes and unpacks streams itself, so that no PDF library is needed where reports are made.
    """
    data = path.read_bytes()
    if not data.startswith(b"%PDF-") or b"%%EOF" not in data[-64:]:
        return PdfFacts(0, False, len(data))
    text = data + b"".join(_object_streams(data))
    pages = len(re.findall(rb"/Type\s*/Page(?![A-Za-z])", text))
    tagged = re.search(rb"/Marked\s+true", text) is not None and b"/StructTreeRoot" in text
    return PdfFacts(pages, tagged, len(data))


def _object_streams(data: bytes) -> list[bytes]:
    unpacked = []
    for found in re.finditer(rb"/Type\s*/ObjStm.*?stream\r?\n", data, re.DOTALL):
        try:
            unpacked.append(zlib.decompressobj().decompress(data[found.end() :], 50_000_000))
        except zlib.error:
            continue
    return unpacked
