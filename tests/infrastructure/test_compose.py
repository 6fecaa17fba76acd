"""docker-compose.yml: valid by the Compose Specification, and its own commands work, run here without containers."""

from __future__ import annotations

import json
import re
import secrets
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.infrastructure.commands import ROOT, create_database, descendants, end, environment, fetch, is_alive, manage
from tests.servers import Server, free_port, wait_until

FILE = ROOT / "docker-compose.yml"
HOST = "preflight.example.org"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return loaded


def read_env(path: Path, given: Mapping[str, str]) -> dict[str, str]:
    """The variables of an env file as Compose reads it: `given` values win, ${NAME} means an earlier line."""
    variables: dict[str, str] = {}
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, value = line.partition("=")
            value = given.get(name) or value.strip('"')
            variables[name] = re.sub(r"\$\{(\w+)\}", lambda match: variables[match[1]], value)
    return variables


def command_of(service: Mapping[str, Any], port: int) -> list[str]:
    """The service's command, with a port that is free here in place of the default."""
    words = [word.replace("$$", "$") for word in shlex.split(service["command"])]
    return [word.replace("manage.py serve", f"manage.py serve --port {port}") for word in words]


def health_command_of(service: Mapping[str, Any], port: int) -> list[str]:
    test = service["healthcheck"]["test"]
    words = ["sh", "-c", *test[1:]] if test[0] == "CMD-SHELL" else test[1:]
    return [word.replace("$$", "$").replace(":8000/", f":{port}/") for word in words]


def test_it_is_valid(compose: dict[str, Any]) -> None:
    schema = json.loads((ROOT / "tests/data/compose-spec.json").read_text())
    jsonschema.Draft7Validator(schema).validate(compose)


def test_what_services_wait_for_exists_and_is_checked(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert all("healthcheck" in service for service in services.values())
    for service in services.values():
        for name, condition in service.get("depends_on", {}).items():
            assert name in services
            assert condition == {"condition": "service_healthy"}
    used = {volume.partition(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    assert used == set(compose["volumes"])


def test_no_secret_is_written_down(compose: dict[str, Any]) -> None:
    example = read_env(ROOT / ".env.example", {})
    assert {name for name, value in example.items() if not value} >= {"SECRET_KEY", "POSTGRES_PASSWORD"}
    assert compose["services"]["db"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")


def test_the_image_gets_every_package_and_no_secret() -> None:
    wanted = {file.parent.name for file in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert lines[1] == "*"
    assert {f"!{package}" for package in wanted} <= set(lines)
    assert not {"!.env", "!data", "!.git"} & set(lines)


def test_the_image_runs_without_root_and_installs_by_hash() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    last_stage = dockerfile.rpartition("\nFROM ")[2]
    assert "\nUSER preflight\n" in last_stage
    assert "--require-hashes" in dockerfile
    assert "\nHEALTHCHECK " in last_stage


@contextmanager
def running(command: list[str], env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command, cwd=ROOT, env=env, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
        family = [process.pid, *descendants(process.pid)]
        process.terminate()
        assert process.wait(20) == 0
        wait_until(lambda: not any(map(is_alive, family)), "every process ended", 10)
    finally:
        end(process)


@pytest.mark.servers
def test_its_commands_serve_and_work(compose: dict[str, Any], tmp_path: Path, postgres: Server, redis: Server) -> None:
    services, port = compose["services"], free_port()
    servers = {"DATABASE_URL": create_database(postgres, "compose"), "REDIS_URL": redis.url}
    given = {"SECRET_KEY": secrets.token_urlsafe(64), "POSTGRES_PASSWORD": "unused", **servers}
    variables = read_env(ROOT / ".env.example", given)
    folders = {"DATA_DIR": str(tmp_path / "data"), "STATIC_ROOT": str(tmp_path / "static")}
    env = environment(**variables, **folders, HOSTNAME="here")
    collect = manage("collectstatic", "--noinput", "--verbosity", "0", env=env)
    assert collect.communicate(timeout=120)[0] == ""

    def health() -> dict[str, Any]:
        status, body = fetch(port, "/readyz", HOST)
        return json.loads(body) if status == 200 else {}

    def is_healthy(name: str) -> bool:
        return subprocess.run(health_command_of(services[name], port), cwd=ROOT, env=env, check=False).returncode == 0

    with running(command_of(services["web"], port), env):
        wait_until(lambda: health().get("database") is True, "the web service is healthy", 60)
        assert is_healthy("web")
        assert fetch(port, "/readyz", "other.example.org")[0] == 400
        assert fetch(port, "/", HOST)[0] == 301
        with running([*command_of(services["worker"], port), "--hostname", "celery@here"], env):
            wait_until(lambda: health().get("worker") is True, "the worker left a sign of life", 30)
            assert is_healthy("worker")
