"""What the database holds, as values that can be compared."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db import connection

# Sessions and the cache (sign-in tries are counted there) may change with any request.
NOT_DATA = frozenset({"django_session", "cache", "cache_portfolio", "django_migrations"})
# A share page counts its views; nothing else of a link may move.
COUNTERS: Mapping[str, frozenset[str]] = {"reports_sharelink": frozenset({"views", "viewed_at"})}
NOTHING: Mapping[str, frozenset[str]] = {}

Dump = dict[str, list[tuple[Any, ...]]]


def dump_tables(
    *, without: Collection[str] = (), counters: bool = True, hidden: Mapping[str, frozenset[str]] = NOTHING
) -> Dump:
    """Every row of every table. `counters` False leaves out the view counters of share links, `hidden` further columns
    by table.
    """
    tables: Dump = {}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if table in NOT_DATA or table in without:
                continue
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a name from the database itself
            left_out = hidden.get(table, frozenset()) | (frozenset() if counters else COUNTERS.get(table, frozenset()))
            shown = [place for place, column in enumerate(cursor.description) if column[0] not in left_out]
            tables[table] = sorted((tuple(row[place] for place in shown) for row in cursor.fetchall()), key=repr)
    return tables


def changed_tables(before: Dump, after: Dump) -> list[str]:
    return [table for table in before if before[table] != after[table]]
