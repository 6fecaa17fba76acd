"""The table as a file, as it is filtered and sorted."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import BinaryIO, cast

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from portfolio.exports import headings, values_of
from portfolio.filters import Filters
from portfolio.queries import day_of, matching, read_rows
from portfolio.rows import Row
from portfolio.views.common import View, view_of
from spreadsheets.writing import CSV, XLSX, csv_lines, write_xlsx

MOST_XLSX_ROWS = 5000
IN_MEMORY = 8_000_000


@require_safe
def as_csv(request: HttpRequest) -> HttpResponseBase:
    """Streamed, so that 100,000 rows need no memory."""
    view = view_of(request)
    lines = csv_lines(headings(view.checklist), (values_of(row) for row in _rows(view)))
    response = StreamingHttpResponse((line.encode() for line in lines), content_type=CSV)
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name(view)}.csv"'
    return response


@require_safe
def as_xlsx(request: HttpRequest) -> HttpResponse | FileResponse:
    view = view_of(request)
    count = matching(view.sight, view.filters, at=view.at).count()
    if count > MOST_XLSX_ROWS:
        messages.warning(
            request, f"A workbook holds at most {MOST_XLSX_ROWS:,} projects, these are {count:,}. Take the CSV file."
        )
        return redirect(f"{reverse('portfolio:dashboard')}?{view.filters.query()}")
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the response closes it
    rows = (values_of(row) for row in _rows(view))
    write_xlsx(cast("BinaryIO", file), "Projects", headings(view.checklist), rows)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{file_name(view)}.xlsx", content_type=XLSX)


def _rows(view: View) -> Iterator[Row]:
    return read_rows(view.sight, view.filters, view.checklist, at=view.at)


def file_name(view: View) -> str:
    part = "-part" if view.filters != Filters(as_of=view.filters.as_of) else ""
    return f"portfolio{part}-{day_of(view.filters, view.at).isoformat()}"
