"""Forms that carry files: their texts must be readable, their files stay in memory."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser
from django.urls import reverse

from transfers.document import FILE_LIMIT


class NoUpload(FileUploadHandler):
    """Lets the texts of a form through and drops its files as they come in."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        raise SkipFile

    def file_complete(self, file_size: int) -> None:
        return None


LARGE = "transfers:import"
"""The one form whose file may be larger than a form is elsewhere. It lies on disk while its page reads it."""


def is_too_large(request: HttpRequest) -> bool:
    """Whether the body is larger than the site takes. Such a form arrives without its files."""
    form = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if _length(request) <= form:
        return False
    return _length(request) > FILE_LIMIT + form or request.path != reverse(LARGE) or not request.user.is_authenticated


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def unreadable_part(request: HttpRequest) -> str | None:
    """The text field of a form with files whose bytes are not UTF-8, "Form" if its name is not. Files may be anything.

    A form that is too large loses its files here, and the page says so: Django would answer for it with a bare 400.
    """
    if is_too_large(request):
        request.upload_handlers = [NoUpload(request)]
    if _length(request) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        # Too large to be read a second time as bytes.
        return _first(name for name in request.POST if _is_suspicious(name, request.POST))
    body = request.body
    if not any(_is_suspicious(name, request.POST) for name in request.POST):
        return None
    raw, _ = MultiPartParser(request.META, BytesIO(body), [], "latin-1").parse()
    return _first(_name(name) for name in raw if not _is_readable(name, raw))


def _is_suspicious(name: str, texts: QueryDict) -> bool:
    """Django puts U+FFFD for every broken byte; somebody may have typed it, too."""
    return any("\ufffd" in text for text in (name, *texts.getlist(name)))


def _is_readable(name: str, raw: QueryDict) -> bool:
    try:
        for text in (name, *raw.getlist(name)):
            text.encode("latin-1").decode()
    except UnicodeDecodeError:
        return False
    return True


def _name(raw: str) -> str:
    return raw.encode("latin-1").decode(errors="replace")


def _first(names: Iterable[str]) -> str | None:
    found = next(iter(names), None)
    return "Form" if found is not None and "\ufffd" in found else found
