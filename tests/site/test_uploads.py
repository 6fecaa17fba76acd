"""Forms with files: the files may be anything, the texts beside them must be text, and size has a sentence."""

from __future__ import annotations

import base64

import pytest
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.test import RequestFactory

from assessor.middleware import unreadable_field

LIMIT = 2_621_440


def form(*parts: bytes) -> HttpRequest:
    """A posted form of raw parts, each with its headers."""
    body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"
    return RequestFactory().generic("POST", "/", body, content_type="multipart/form-data; boundary=b")


def text(name: bytes, value: bytes) -> bytes:
    return b'Content-Disposition: form-data; name="%s"\r\n\r\n%s' % (name, value)


def file(value: bytes, name: bytes = b"file") -> bytes:
    head = b'Content-Disposition: form-data; name="%s"; filename="a.xlsx"\r\n' % name
    return head + b"Content-Type: application/octet-stream\r\n\r\n" + value


def read(upload: object) -> bytes:
    assert isinstance(upload, UploadedFile)
    return bytes(upload.read())


def test_a_file_may_hold_any_bytes() -> None:
    request = form(text(b"note", "café �".encode()), file(b"PK\xff\xfe\x00\r\n\x80"))
    assert unreadable_field(request) is None
    assert request.POST["note"] == "café �"
    assert read(request.FILES["file"]) == b"PK\xff\xfe\x00\r\n\x80"


@pytest.mark.parametrize("value", [b"caf\xe9", b"a\xed\xa0\x80b", b"caf\xc3", "� ".encode() + b"\xff"])
def test_a_text_beside_a_file_may_not(value: bytes) -> None:
    assert unreadable_field(form(file(b"\xff"), text(b"other", b"fine"), text(b"note", value))) == "note"


def test_a_text_in_another_coding() -> None:
    part = b'Content-Disposition: form-data; name="note"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    assert unreadable_field(form(part + base64.b64encode(b"caf\xe9"))) == "note"
    assert unreadable_field(form(part + base64.b64encode("café".encode()))) is None


def test_a_name_that_is_no_text_names_no_field() -> None:
    request = form(text(b"na\xffme", b"x"), text(b"note", b"y"))
    assert unreadable_field(request) in {None, "Form"}
    assert list(request.POST) in (["note"], ["na\ufffdme", "note"])


def test_a_form_that_is_too_large_arrives_without_its_files() -> None:
    request = form(text(b"first", b"x"), file(b"\xff" * LIMIT), text(b"note", "é".encode()))
    assert unreadable_field(request) is None
    assert request.POST.dict() == {"first": "x", "note": "é"}
    assert dict(request.FILES) == {}


def test_a_form_that_is_too_large_is_read_all_the_same() -> None:
    assert unreadable_field(form(file(b"\xff" * LIMIT), text(b"note", b"caf\xe9"))) == "note"


def test_files_stay_in_memory() -> None:
    request = form(file(b"x" * 2_500_000))
    assert unreadable_field(request) is None
    assert not hasattr(request.FILES["file"], "temporary_file_path")
