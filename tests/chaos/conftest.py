"""A site of its own for each test: database, broker, files, and a worker that can be killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.chaos.site import Site
from tests.infrastructure.commands import create_database


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.Server]:
    with servers.postgres() as server:
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[servers.Server]:
    with servers.redis() as server:
        yield server


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Site]:
    """As the demo runs: SQLite, and a folder for a broker."""
    with Site.open(tmp_path) as site:
        yield site


@pytest.fixture
def served(tmp_path: Path, postgres: servers.Server, redis: servers.Server) -> Iterator[Site]:
    """As it is run for many people: PostgreSQL and Redis."""
    database = create_database(postgres, tmp_path.name.lower().replace("-", "_")[:40])
    with Site.open(tmp_path, DATABASE_URL=database, REDIS_URL=redis.url) as site:
        yield site
