"""bin/demo as a person starts it, with its processes, and what it says when it cannot start."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infrastructure.commands import ROOT, descendants, end, environment, fetch, is_alive
from tests.servers import free_port, wait_until

DEMO = str(ROOT / "bin" / "demo")


@pytest.fixture
def demos() -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        end(process)


def start(demos: list[subprocess.Popen[str]], output: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start bin/demo from another directory, as the leader of a terminal's foreground group would be."""
    with output.open("w") as file:
        process = subprocess.Popen(
            [DEMO, *arguments],
            cwd=output.parent,
            env=environment(),
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    demos.append(process)
    return process


def is_ready(process: subprocess.Popen[str], output: Path) -> bool:
    assert process.poll() is None, output.read_text()
    return "Press Ctrl-C to stop." in output.read_text()


@pytest.mark.servers
@pytest.mark.parametrize("arguments", [[], ["--empty"]])
def test_it_starts_answers_and_stops(tmp_path: Path, demos: list[subprocess.Popen[str]], arguments: list[str]) -> None:
    port, output, data = free_port(), tmp_path / "output", tmp_path / "the data"
    process = start(demos, output, "--port", str(port), "--data", "the data", *arguments)
    wait_until(lambda: is_ready(process, output), "the demo is ready", 180)
    said = output.read_text()
    assert f"http://localhost:{port}/" in said
    assert ("Set it up at http" in said) == bool(arguments)
    assert ("@" in said) == (not arguments)
    assert fetch(port, "/readyz")[0] == 200
    assert fetch(port, "/")[0] in {200, 302}
    assert stat.S_IMODE((data / "secret_key").stat().st_mode) == 0o600

    family = [process.pid, *descendants(process.pid)]
    assert len(family) >= 5
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(20) in {0, 130}
    wait_until(lambda: not any(map(is_alive, family)), "every process ended", 10)
    assert "Traceback" not in output.read_text()


def test_a_port_in_use_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [DEMO, "--port", str(port), "--data", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr == f"Port {port} is in use: choose another with bin/demo --port.\n"


@pytest.mark.parametrize("arguments", [["--port", "0"], ["--port", "http"], ["--port"], ["--colour"]])
def test_wrong_arguments_are_refused(tmp_path: Path, arguments: list[str]) -> None:
    done = subprocess.run([DEMO, *arguments], capture_output=True, text=True, env=environment(), check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
