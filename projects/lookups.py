"""Looking into JSON lists on both databases."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import JSONField, Lookup

if TYPE_CHECKING:
    _Lookup = Lookup[str]
else:
    _Lookup = Lookup


@JSONField.register_lookup
class HasItem(_Lookup):
    """`tags__has_item="north"`: whether a JSON list of texts holds this one, letter by letter."""

    lookup_name = "has_item"
    prepare_rhs = False

    def as_postgresql(self, compiler: Any, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} @> %s::jsonb", [*params, json.dumps([str(self.rhs)])]

    def as_sqlite(self, compiler: Any, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        # The column's name is the compiler's own, quoted; the value is a parameter.
        return f"EXISTS (SELECT 1 FROM json_each({column}) WHERE value = %s)", [*params, str(self.rhs)]  # noqa: S608
