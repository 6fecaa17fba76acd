"""What a load balancer and a start script ask: whether the process lives, and whether it can work."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from reports.reconciler import beat


@pytest.mark.django_db
def test_ready(client: Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "database": True, "worker": False}
    beat("a worker")
    assert client.get("/readyz").json()["worker"] is True


@pytest.mark.django_db
def test_with_pending_migrations(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda self, targets: [("one", False)])
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["status"] == "pending migrations"
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("error", [OperationalError("away: user=secret host=db"), InterfaceError("closed")])
@pytest.mark.django_db
def test_without_a_database(client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def away(self: Any, *args: Any) -> None:
        raise error

    monkeypatch.setattr(MigrationExecutor, "__init__", away)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", "database": False}
    assert b"secret" not in response.content


def test_alive_asks_no_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the database is away altogether: restarting the process would not bring it back."""

    def away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(connection, "cursor", away)
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.django_db
def test_methods_and_strangers(client: Client, path: str) -> None:
    assert client.head(path).status_code == 200
    for method in ("post", "put", "delete", "patch", "options"):
        assert getattr(client, method)(path).status_code == 405
    assert not client.cookies


@pytest.mark.django_db
def test_a_page_without_a_database(owner: object, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 with a sentence and when to come back, and nothing of the database's own words."""
    client.force_login(owner)  # type: ignore[arg-type]

    def away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("could not connect to user=secret")

    monkeypatch.setattr("projects.views.list.member_of", away)
    client.raise_request_exception = False
    response = client.get("/projects/")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert b"secret" not in response.content
    assert "no-store" in response.headers["Cache-Control"]
