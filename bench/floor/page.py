"""The least that a page of a portfolio can cost: its one indexed query, and the names as text."""

import json
import os
from pathlib import Path

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

NAME_COLUMN = 2
SQL, PARAMETERS = json.loads((Path(os.environ["DATA_DIR"]) / "page_query.json").read_text())


def page(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(SQL, PARAMETERS)
        names = [row[NAME_COLUMN] for row in cursor.fetchall()]
    return HttpResponse("\n".join(names), content_type="text/plain")


urlpatterns = [path("page/", page)]
