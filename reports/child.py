"""The process that makes one PDF: `python -m reports.child OUT_PATH`, HTML on standard input, then gone.

Limits are set before the library is imported. It ends with 0 after the file is on the disk; otherwise with one of
`EXIT_CODES` and one line on standard error. It imports nothing of the site, so it can hold none of its secrets.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
import gc
import hashlib
import os
import re
import resource
import signal
import sys
from base64 import b64decode
from binascii import Error as Base64Error
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

EXIT_CODES = {"broken": 1, "too_big": 3, "time": 4, "no_space": 5, "library_missing": 6}

MEMORY_BYTES = 1_200_000_000
RESERVE_BYTES = 16_000_000
CPU_SECONDS = 15
FILE_BYTES = 50_000_000
OPEN_FILES = 64
MAX_DATA_ADDRESS = 400_000

BASE_DIR = Path(__file__).resolve().parent.parent
STYLE_SHEET = BASE_DIR / "templates" / "reports" / "pdf" / "report.css"
BOARD_SHEET = STYLE_SHEET.with_name("board.css")
FONTS = BASE_DIR / "static" / "fonts"

_CLONE_NEWNET = 0x40000000
_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1

_SVG_BASE64 = "data:image/svg+xml;base64,"
_SVG_TEXT = "data:image/svg+xml,"
_PNG_BASE64 = "data:image/png;base64,"

# The Inter files beside the Latin one: when a file is needed, and for which letters it is used.
_SCRIPTS = {
    "latin-ext": (
        re.compile("[\u0100-\u0130\u0132-\u0151\u0154-\u02ba\u1d00-\u1dbf\u1e00-\u1eff\u20a0-\u20ab\u20ad-\u20c0]"),
        "U+0100-02BA, U+02BD-02C5, U+02C7-02CC, U+1D00-1DBF, U+1E00-1E9F, U+1EF2-1EFF, U+20A0-20AB, U+20AD-20C0, "
        "U+2113, U+2C60-2C7F, U+A720-A7FF",
    ),
    "greek": (re.compile("[\u0370-\u03ff]"), "U+0370-03FF"),
    "cyrillic": (
        re.compile("[\u0400-\u045f\u0490\u0491\u04b0\u04b1]"),
        "U+0400-045F, U+0490-0491, U+04B0-04B1, U+2116",
    ),
}

# The shape of the drawings that `charts` makes: these elements with plain quoted attributes, nothing that can refer.
_SVG_TAG = re.compile(r"<[^>]*>")
_OUR_TAG = re.compile(r"</?(?:svg|g|rect|path|circle|line|text)(?: [a-zA-Z-]+=\"[^\"<>]*\")*/?>")
_FORBIDDEN = re.compile(r"href|url\(|style=|class=|\bon[a-z]+=|<[!?]", re.IGNORECASE)


def is_our_drawing(svg: str) -> bool:
    """Whether an SVG text is of the kind our charts write: known elements and nothing that refers, styles or runs."""
    if not svg.startswith("<svg xmlns=") or _FORBIDDEN.search(svg):
        return False
    return all(_OUR_TAG.fullmatch(tag) for tag in _SVG_TAG.findall(svg))


def is_allowed_data(url: str) -> bool:
    """Whether a data address may be read: a PNG, or a drawing of ours, of limited length."""
    if len(url) > MAX_DATA_ADDRESS:
        return False
    if url.startswith(_PNG_BASE64):
        return True
    try:
        if url.startswith(_SVG_BASE64):
            return is_our_drawing(b64decode(url.removeprefix(_SVG_BASE64), validate=True).decode("utf-8"))
        if url.startswith(_SVG_TEXT):
            return is_our_drawing(unquote(url.removeprefix(_SVG_TEXT), errors="strict"))
    except (Base64Error, UnicodeDecodeError):
        return False
    return False


def allowed_files() -> frozenset[str]:
    """The addresses of the fonts, as they are at the start. Nothing else on the disk can be read."""
    return frozenset(path.resolve().as_uri() for path in FONTS.glob("*.woff2"))


def set_limits() -> None:
    """Limits memory, processor time and files. Asks to be ended with the parent, and leaves the network."""
    for kind, amount in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        limit = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        # Room above for the processor, so that the end says why: SIGXCPU at the soft limit, SIGKILL at the hard.
        above = limit + 2 if kind == resource.RLIMIT_CPU and hard == resource.RLIM_INFINITY else limit
        resource.setrlimit(kind, (limit, above))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        # Many containers forbid this; the deny-all fetcher holds without it.
        if libc.unshare(_CLONE_NEWNET) != 0:
            libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def load_by_file_name() -> None:
    """WeasyPrint tries several names for each library; for those that are no file names Python starts ldconfig and a
    compiler to look for them, a fifth of a second for each report. On Linux a later name is always a file name.
    """
    if sys.platform == "linux":
        ctypes.util.find_library = lambda name: None


def fetcher(files: frozenset[str]) -> Any:
    """A fetcher that reads our fonts and our drawings and refuses everything else, redirects included."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse  # noqa: PLC0415 - the limits come first

    class OnlyOurs(URLFetcher):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(timeout=1, allowed_protocols=("data",), allow_redirects=False)

        def fetch(self, url: str, headers: Any = None) -> Any:
            if url in files:
                path = Path(unquote(urlsplit(url).path))
                return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": "font/woff2"})
            if not is_allowed_data(url):
                raise ValueError("This address is not allowed in a report.")
            return super().fetch(url, headers)

    return OnlyOurs()


def extra_fonts(html: str) -> str:
    """Style rules for the scripts beyond Latin-1 that the text uses. Each font costs time, so only what is needed."""
    rules = []
    for script, (letters, ranges) in _SCRIPTS.items():
        if letters.search(html):
            rules += [
                f"@font-face {{ font-family: Inter-{script}; font-weight: {weight}; unicode-range: {ranges}; "
                f'src: url({(FONTS / f"inter-{script}-{weight}.woff2").as_uri()}) format("woff2") }}'
                for weight in (400, 600)
            ]
    return "\n".join(rules)


def write_pdf(html: str) -> bytes:
    """The PDF of an HTML text, tagged for PDF/UA-1. The same text gives the same bytes.

    Only the style sheet can name fonts; the text itself gets a fetcher that reads drawings alone.
    """
    from weasyprint import CSS, HTML  # noqa: PLC0415 - the limits come first
    from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415

    fonts = FontConfiguration()
    style = CSS(
        string=extra_fonts(html) + STYLE_SHEET.read_text("utf-8") + BOARD_SHEET.read_text("utf-8"),
        base_url=STYLE_SHEET.as_uri(),
        font_config=fonts,
        url_fetcher=fetcher(allowed_files()),
    )
    document = HTML(string=html, base_url="about:blank", url_fetcher=fetcher(frozenset()))
    pdf: bytes = document.write_pdf(
        stylesheets=[style],
        font_config=fonts,
        pdf_variant="pdf/ua-1",
        pdf_identifier=hashlib.sha256(html.encode()).hexdigest()[:32].encode(),
        presentational_hints=False,
    )
    return pdf


def save(data: bytes, path: Path) -> None:
    """Writes the file and returns when it is on the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _failure(error: BaseException) -> str:
    if isinstance(error, (MemoryError, RecursionError)):
        return "too_big"
    if isinstance(error, OSError):
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return "no_space"
        if error.errno in {errno.EFBIG, errno.ENOMEM}:
            return "too_big"
        # A missing Pango shows as OSError without a number: "cannot load library 'libpango-1.0-0'".
        if error.errno is None or "cannot load library" in str(error):
            return "library_missing"
    return "library_missing" if isinstance(error, ImportError) else "broken"


def main(arguments: list[str]) -> int:
    """Reads standard input, writes the file named by the one argument, returns the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m reports.child OUT_PATH\n")
        return EXIT_CODES["broken"]
    set_limits()
    load_by_file_name()
    # The process makes one report and ends: looking for garbage costs a seventh of its time and frees next to nothing.
    gc.disable()
    # Given back when memory ran out, so that there is enough left to say so.
    reserve = bytearray(RESERVE_BYTES)
    try:
        html = sys.stdin.buffer.read().decode("utf-8")
        save(write_pdf(html), Path(arguments[0]))
    except Exception as error:
        del reserve
        code = _failure(error)
        sys.stderr.write(f"{code}: {type(error).__name__}: {' '.join(str(error).split())[:300]}\n")
        return EXIT_CODES[code]
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
