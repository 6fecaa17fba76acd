"""Starts a real PostgreSQL and a real Redis for tests, on free ports, and stops them afterwards.

As a program, `python -m tests.servers COMMAND ...` runs a command with DATABASE_URL and REDIS_URL naming such servers.
"""

from __future__ import annotations

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assessor.supervisor import die_with_parent

START_LIMIT = 30.0
STOP_LIMIT = 15.0
# Below the ports that the kernel gives to outgoing connections, which could take one between the check and its use.
PORTS = range(20_000, 32_000)


def need(condition: object, what: str) -> None:
    """Skip the test when `what` is missing here, but fail it in CI, where everything must be there."""
    if condition:
        return
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and CI must not leave a test out.")
    pytest.skip(f"{what} is missing.")


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on."""
    for port in random.sample(PORTS, 200):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("No free port was found.")


def wait_until(is_true: Callable[[], bool], what: str, limit: float = START_LIMIT) -> None:
    """Wait for a condition. Raises TimeoutError that names what did not happen."""
    deadline = time.monotonic() + limit
    while not is_true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Not within {limit:g} s: {what}")
        time.sleep(0.05)


def postgres_program(name: str) -> str | None:
    """The path of a PostgreSQL server program; Debian keeps them outside PATH, one folder for each version."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    for folder in reversed(folders):
        if (folder / name).exists():
            return str(folder / name)
    return shutil.which(name)


def has_postgres() -> bool:
    return all(postgres_program(name) for name in ("postgres", "initdb", "pg_isready"))


def has_redis() -> bool:
    return shutil.which("redis-server") is not None


@dataclass
class Server:
    """A running server: its address, its process, and how to start it again with the same data."""

    url: str
    port: int
    process: subprocess.Popen[bytes]
    start: Callable[[], subprocess.Popen[bytes]]
    stop_signal: int = signal.SIGINT

    def stop(self) -> None:
        """Stop it in good order."""
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(STOP_LIMIT)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()

    def kill(self) -> None:
        """End it as a crash would: nothing is flushed, and the clients' connections break."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """Start it again after `stop` or `kill`, on the same port."""
        self.process = self.start()


def _unprivileged() -> dict[str, Any]:
    """Popen arguments that run a program without root's rights, which PostgreSQL demands."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise RuntimeError("No unprivileged user was found to run PostgreSQL.")


def _popen(command: Sequence[str], log: Path, **rights: Any) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            preexec_fn=lambda: die_with_parent(signal.SIGINT),
            **rights,
        )


def _wait_for(process: subprocess.Popen[bytes], is_up: Callable[[], bool], log: Path) -> None:
    def settled() -> bool:
        return process.poll() is not None or is_up()

    wait_until(settled, f"a server started; its log is {log}")
    if process.poll() is not None:
        raise RuntimeError(f"A server ended with code {process.returncode}: {log.read_text(errors='replace')[-2000:]}")


def _accepts_connections(program: str, port: int) -> bool:
    command = [program, "--quiet", "--host", "127.0.0.1", "--port", str(port), "--username", "preflight"]
    return subprocess.run(command, check=False).returncode == 0


def _answers_ping(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as client:
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
    except OSError:
        return False


@contextmanager
def postgres() -> Iterator[Server]:
    """A PostgreSQL with one empty database. It trusts everybody on 127.0.0.1 and does not wait for the disk."""
    programs = {name: postgres_program(name) for name in ("postgres", "initdb", "pg_isready")}
    need(all(programs.values()), "PostgreSQL (the Debian package postgresql)")
    rights = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="preflight-postgres-"))
    data, log, port = folder / "data", folder / "log", free_port()
    if rights:
        os.chown(folder, rights["user"], rights["group"])
    try:
        init = [str(programs["initdb"]), "--pgdata", str(data), "--username", "preflight", "--auth", "trust"]
        init += ["--no-sync", "--encoding", "UTF8", "--locale", "C.UTF-8"]
        subprocess.run(init, check=True, capture_output=True, cwd="/", **rights)
        command = [str(programs["postgres"]), "-D", str(data), "-p", str(port), "-k", str(folder)]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=60"]
        url = f"postgres://preflight@127.0.0.1:{port}/postgres"

        def start() -> subprocess.Popen[bytes]:
            process = _popen(command, log, **rights)
            _wait_for(process, lambda: _accepts_connections(str(programs["pg_isready"]), port), log)
            return process

        server = Server(url, port, start(), start)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis() -> Iterator[Server]:
    """A Redis that keeps nothing on disk."""
    need(has_redis(), "Redis (the Debian package redis-server)")
    folder = Path(tempfile.mkdtemp(prefix="preflight-redis-"))
    port, log = free_port(), folder / "log"
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]

    def start() -> subprocess.Popen[bytes]:
        process = _popen(command, log)
        _wait_for(process, lambda: _answers_ping(port), log)
        return process

    try:
        server = Server(f"redis://127.0.0.1:{port}/0", port, start(), start, signal.SIGTERM)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(command: Sequence[str]) -> int:
    """Run a command beside both servers. Returns its exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with postgres() as database, redis() as broker:
        variables = {**os.environ, "DATABASE_URL": database.url, "REDIS_URL": broker.url}
        # Importing the application set this; the command chooses its settings itself.
        variables.pop("DJANGO_SETTINGS_MODULE", None)
        return subprocess.run(command, env=variables, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
