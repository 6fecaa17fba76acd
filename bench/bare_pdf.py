"""WeasyPrint alone on the HTML of a report: `python bench/bare_pdf.py HTML [TIMES]` prints the seconds of each time."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from weasyprint import CSS, HTML

STYLE_SHEET = Path(__file__).resolve().parent.parent / "templates" / "reports" / "pdf" / "report.css"


def main() -> None:
    html = Path(sys.argv[1]).read_text()
    seconds = []
    for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 1):
        before = time.perf_counter()
        HTML(string=html).write_pdf("/dev/null", stylesheets=[CSS(filename=STYLE_SHEET)], pdf_variant="pdf/ua-1")
        seconds.append(time.perf_counter() - before)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
