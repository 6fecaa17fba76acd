"""Addresses that are secrets reach no log line, whoever writes it and however it is written."""

from __future__ import annotations

import io
import logging
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.services import invite
from assessor.logs import HideTokens
from tests.access.world import make_ready, share
from tests.make import AT, make_answer, make_assessment, make_snapshot


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that the site's own handler would print."""
    stream = io.StringIO()
    (handler,) = [each for each in logging.getLogger().handlers if any(isinstance(f, HideTokens) for f in each.filters)]
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(stream)
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.DEBUG)
    yield stream
    root.setLevel(level)
    handler.setStream(before or handler.stream)


def test_every_handler_hides_them() -> None:
    logging_: dict[str, Any] = settings.LOGGING
    for name, handler in logging_["handlers"].items():
        assert "hide_tokens" in handler["filters"], name
    assert logging_["root"]["handlers"] == ["console"]


@pytest.mark.parametrize(
    "path",
    [
        "/s/{}/",
        "/setup/{}/",
        "/invitations/{}/",
        "/accounts/password/reset/key/{}/",
        "https://x.example/s/{}/?a=1",
        "/api/v1/projects?token=pf_{}",
    ],
)
@pytest.mark.parametrize("how", ["in the text", "as an argument", "in a dictionary", "twice"])
def test_hidden(log: io.StringIO, path: str, how: str) -> None:
    token = secrets.token_urlsafe(32)
    full = path.format(token)
    logger = logging.getLogger("some.library")
    if how == "in the text":
        logger.warning(f"GET {full} 404")
    elif how == "as an argument":
        logger.warning("%s %s %d", "GET", full, 404)
    elif how == "in a dictionary":
        logger.warning("%(path)s", {"path": full})
    else:
        logger.warning('"GET %s" from "%s"', full, full)
    printed = log.getvalue()
    assert "[hidden]" in printed
    assert token not in printed
    assert token[:12] not in printed


def test_other_words_stay(log: io.StringIO) -> None:
    logging.getLogger("x").warning(
        "GET /projects/forecast-12345678/reports/ and /shared/0123456789abcdef/ in %d ms", 12
    )
    assert "GET /projects/forecast-12345678/reports/ and /shared/0123456789abcdef/ in 12 ms" in log.getvalue()


def test_a_whole_visit(
    log: io.StringIO, project: Any, owner: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, settings: Any
) -> None:
    """Opened, opened when dead, misspelt, failed in the middle, damaged file: no token in any line."""
    settings.REPORTS_DIR = tmp_path
    assessment = make_assessment(project, owner)
    make_answer(assessment, owner, "problem.statement", 1)
    link, token = share(make_snapshot(assessment, owner), owner, "Reader")
    assert link.report is not None
    make_ready(link.report, b"%PDF")
    link.report.path.write_bytes(b"%PDF damaged")
    address = reverse("reports:exchange", args=[token])
    client = Client(raise_request_exception=False)
    assert client.get(address).status_code == 303
    client.get(f"/shared/{link.public_id}/", headers={"referer": f"http://testserver{address}"})
    client.get(f"/shared/{link.public_id}/report.pdf")
    assert client.post(address).status_code == 405
    assert client.get(address[:-2] + "/").status_code == 404
    assert client.get(address + "more/").status_code == 404
    invited = invite(
        organisation=project.organisation, email="x@example.net", role="viewer", all_projects=True, by=owner, at=AT
    )
    client.get(f"/invitations/{invited.token}/")
    client.post(f"/invitations/{invited.token}/", {})
    for error in (RuntimeError("broken"), OperationalError("away")):

        def broken(*args: Any, error: Exception = error, **kwargs: Any) -> None:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr("reports.public.find_link", broken)
            patch.setattr("reports.public.token_hash", broken)
            assert client.get(address).status_code in {500, 503}
    printed = log.getvalue()
    assert printed.count("\n") >= 5
    for secret in (token, token[:-2], invited.token):
        assert secret not in printed
    assert "[hidden]" in printed
