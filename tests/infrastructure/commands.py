"""Runs the product's commands as their own processes, with an environment made for them."""

from __future__ import annotations

import http.client
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.servers import Server, postgres_program

ROOT = Path(__file__).parents[2]
OURS = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "DATA_DIR", "STATIC_ROOT", "PUBLIC_URL", "HTTPS", "DEBUG")


def environment(**variables: str) -> dict[str, str]:
    """The environment of the shell less what concerns Preflight, with this Python first in PATH, and `variables`."""
    kept = {name: value for name, value in os.environ.items() if name not in {*OURS, "DJANGO_SETTINGS_MODULE"}}
    folder = str(Path(sys.executable).parent)
    return {**kept, "PATH": f"{folder}:{kept['PATH']}", "PYTHONWARNINGS": "ignore", **variables}


def production(data: Path, **variables: str) -> dict[str, str]:
    """An environment as bin/demo makes it."""
    return environment(
        **{
            "SECRET_KEY": secrets.token_urlsafe(64),
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "DATA_DIR": str(data),
            "HTTPS": "0",
            **variables,
        }
    )


def manage(*arguments: str, env: dict[str, str]) -> subprocess.Popen[str]:
    """Start manage.py."""
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def create_database(server: Server, name: str) -> str:
    """Make an empty database. Returns its address."""
    createdb = postgres_program("createdb")
    assert createdb is not None
    where = ["--host", "127.0.0.1", "--port", str(server.port), "--username", "preflight"]
    subprocess.run([createdb, *where, name], check=True)
    return server.url.rpartition("/")[0] + f"/{name}"


def fetch(port: int, path: str, host: str = "localhost") -> tuple[int, bytes]:
    """Status and body of a page, or (0, b"") when nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and those that they started."""
    found, waiting = [], [pid]
    while waiting:
        parent = waiting.pop()
        for file in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = file.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                found.append(int(file.parent.name))
                waiting.append(found[-1])
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs. One that has ended and waits for its parent to notice does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in {"Z", "X"}
    except OSError:
        return False


def end(process: subprocess.Popen[str], others: Sequence[int] = ()) -> None:
    """Make sure that nothing of a test is left."""
    everyone = [*descendants(process.pid), *others]
    process.kill()
    for pid in filter(is_alive, everyone):
        os.kill(pid, signal.SIGKILL)
    process.communicate()
