"""Reading JSON strictly: one meaning for every body, and none that costs more than it may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import BaseParser

from api.problems import Problem
from transfers.errors import TransferRefused
from transfers.strict_json import read_json


class StrictJSONParser(BaseParser):
    """JSON in UTF-8, read as the files of projects are, of at most `limit` bytes."""

    media_type = "application/json"

    @property
    def limit(self) -> int:
        return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        data = read_at_most(stream, self.limit)
        try:
            return read_json(data)
        except TransferRefused as error:
            place = error.place or "Body"
            sentence = f"{place}: {error.sentence}"
            raise Problem(400, "bad_request", sentence, ((place, sentence),)) from error


def read_at_most(stream: IO[Any], limit: int) -> bytes:
    """The whole body. Raises Problem for one above the limit, of which no more than that is read."""
    data: bytes = stream.read(limit + 1)
    if len(data) > limit:
        raise Problem(413, "too_large", f"Body: at most {limit:,} bytes.")
    return data
