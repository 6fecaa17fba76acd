"""From the board's document to one HTML text for the PDF. The child process that sets it is that of every report."""

from __future__ import annotations

from django.template import Context

from charts import Drawing, points_bars
from charts.portfolio import distribution_bar, quarter_columns
from findings.board import BoardDocument, legend
from reports.pdf import engine

DISTRIBUTION_WIDTH = 700
QUARTERS_WIDTH = 260


def render_board(document: BoardDocument) -> str:
    """The board as one HTML text. Everything but the charts is escaped by the template engine."""
    return engine().get_template("reports/pdf/board.html").render(Context(_context(document), use_l10n=False))


def _context(document: BoardDocument) -> dict[str, object]:
    return {
        "doc": document,
        "distribution": distribution_bar(document.counts, width=DISTRIBUTION_WIDTH, skin="pdf"),
        "quarters": quarter_columns(document.quarters, width=QUARTERS_WIDTH, skin="pdf") if document.quarters else "",
        "drivers": _drivers(document),
        "legend": legend(),
    }


def _drivers(document: BoardDocument) -> list[tuple[object, Drawing]]:
    bars = points_bars([driver.points for driver in document.drivers], skin="pdf")
    return list(zip(document.drivers, bars, strict=True))
