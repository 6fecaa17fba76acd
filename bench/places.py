"""Where the benches run: a database, folders and a web server of their own, on 127.0.0.1 alone."""

from __future__ import annotations

import os
import platform
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from assessor.management.commands.serve import answers, web_command
from tests.servers import free_port, has_postgres, postgres, wait_until

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = (1, 8)
WORKERS = 2


@dataclass
class Place:
    """One database with the site and the floor on it."""

    name: str
    env: dict[str, str]

    def run(self, *arguments: str, **more: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.env | more, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"{' '.join(arguments)}: {done.stderr[-2000:]}")
        return done.stdout

    @contextmanager
    def serve(self, application: str, **more: str) -> Iterator[int]:
        """The web server as `manage.py serve` starts it, with another application or other settings if need be."""
        port = free_port()
        command = [*web_command("127.0.0.1", port, WORKERS)[:-1], application]
        server = subprocess.Popen(command, cwd=ROOT, env=self.env | more)
        try:
            wait_until(lambda: answers("127.0.0.1", port), f"{application} answers")
            yield port
        finally:
            server.terminate()
            server.wait(20)


@contextmanager
def place(name: str, stack: ExitStack) -> Iterator[Place]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="preflight-bench-")))
    (folder / "floor").mkdir()
    variables = {
        "SECRET_KEY": secrets.token_urlsafe(64), "ALLOWED_HOSTS": "localhost,127.0.0.1", "HTTPS": "0", "DEBUG": "0",
        "DATA_DIR": str(folder), "STATIC_ROOT": str(folder / "static"), "PYTHONWARNINGS": "ignore",
        "DJANGO_SETTINGS_MODULE": "assessor.settings",
        # Requests are counted as always, and none is refused.
        "API_REQUESTS_A_MINUTE": "1000000000",
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
    }  # fmt: skip
    if name == "PostgreSQL":
        server = stack.enter_context(postgres())
        variables["DATABASE_URL"] = server.url
        variables["FLOOR_DATABASE_URL"] = server.url
    here = Place(name, variables)
    here.run("manage.py", "safe_migrate", "--verbosity", "0")
    here.run("manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    floor = {"DJANGO_SETTINGS_MODULE": "bench.floor.settings"}
    here.run("-m", "django", "migrate", "--run-syncdb", "--verbosity", "0", **floor)
    yield here


def wanted_places(database: str) -> list[str]:
    """The databases to measure on for `sqlite`, `postgresql` or `both`, and a word on one that is not there."""
    names = [name for name in ("SQLite", "PostgreSQL") if database in {name.lower(), "both"}]
    if "PostgreSQL" in names and not has_postgres():
        print("\nPostgreSQL is not installed here and was left out.")
        names.remove("PostgreSQL")
    return names


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if "model name" in line), "unknown processor")
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores ({model}), Python {platform.python_version()}, load before the run {load:.1f}"
