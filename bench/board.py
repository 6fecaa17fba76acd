"""How long the PDF of a board with 300 projects takes: `python bench/board.py`.

Three times from the frozen body to the file on the disk, as the worker makes it, and the peak memory of the process
that sets the pages. No database and no server are needed.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from findings.board import build_board
from reports.board_pdf import render_board
from reports.pdf import inspect_pdf, render_pdf
from tests.reports.board_body import make_board_body

ROWS, TIMES = 300, 3


def main() -> None:
    body = make_board_body(rows=ROWS)
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "board.pdf"
        for _ in range(TIMES):
            before = time.perf_counter()
            render_pdf(render_board(build_board(body, names=True, sha256="0" * 64)), out)
            seconds.append(time.perf_counter() - before)
        facts = inspect_pdf(out)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    print(f"{ROWS} projects, {facts.pages} pages, {facts.size / 1000:.0f} kB")
    print(f"from body to file, middle of {TIMES}: {statistics.median(seconds):.2f} s, slowest {max(seconds):.2f} s")
    print(f"peak memory of the process that sets the pages: {peak:.0f} MB")


if __name__ == "__main__":
    main()
