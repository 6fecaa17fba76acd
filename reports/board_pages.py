"""The board's document on a page: the same words as in the PDF, with the drawings in the page's skin."""

from __future__ import annotations

from typing import Any

from charts import points_bars, range_bar
from charts.portfolio import distribution_bar, quarter_columns
from findings.board import BoardDocument, legend


def page_of(document: BoardDocument) -> dict[str, Any]:
    """What the templates of a board need, for its page inside the application and for the shared one."""
    bars = points_bars([driver.points for driver in document.drivers])
    return {
        "doc": document,
        "distribution": distribution_bar(document.counts) if document.projects else "",
        "quarters": quarter_columns(document.quarters) if document.quarters else "",
        "drivers": list(zip(document.drivers, bars, strict=True)),
        "rows": [(row, range_bar(row.point, row.low, row.high) if row.has_range else "") for row in document.rows],
        "legend": legend(),
    }
