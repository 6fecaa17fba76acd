"""The supervisor, with real processes: a shell script for each service, a process of its own for the supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infrastructure.commands import is_alive
from tests.servers import wait_until

ROOT = Path(__file__).parents[2]
# Each service notes its own process id and that of a child, as a web server with worker processes would have.
SERVICE = """
import os, pathlib, subprocess, sys, time
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
child = subprocess.Popen(["sleep", "600"])
with (folder / name).open("a") as file:
    file.write(f"{os.getpid()} {child.pid} {os.nice(0)}\\n")
if name == "stubborn":
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    (folder / "stubborn is ready").touch()
time.sleep(600)
"""
SUPERVISOR = """
import pathlib, sys
from assessor import supervisor
folder, names = pathlib.Path(sys.argv[1]), sys.argv[2:]
supervisor.GRACE = 1.0
services = [
    supervisor.Service(name, [sys.executable, str(folder / "service.py"), str(folder), name], 10 * (name == "worker"))
    for name in names
]
is_ready = (folder / "web").exists
sys.exit(supervisor.Supervisor(services, is_ready, lambda: print("ready", flush=True)).run())
"""


class Run:
    """A supervisor with its services."""

    def __init__(self, folder: Path, *names: str) -> None:
        self.folder, self.names = folder, names
        (folder / "service.py").write_text(SERVICE)
        command = [sys.executable, "-c", SUPERVISOR, str(folder), *names]
        variables = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=variables, start_new_session=True
        )
        for name in names:
            wait_until(lambda name=name: self.starts(name) == 1, f"{name} started")  # type: ignore[misc]

    def lines(self, name: str) -> list[list[int]]:
        file = self.folder / name
        lines = file.read_text().splitlines(keepends=True) if file.exists() else []
        return [[int(part) for part in line.split()] for line in lines if line.endswith("\n")]

    def starts(self, name: str) -> int:
        return len(self.lines(name))

    def pids(self) -> list[int]:
        return [pid for name in self.names for line in self.lines(name) for pid in line[:2]]

    def wait_for_the_end(self) -> None:
        wait_until(lambda: not any(map(is_alive, self.pids())), "every process ended", 15)


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[list[Run]]:
    started: list[Run] = []
    yield started
    for run in started:
        run.process.kill()
        for pid in filter(is_alive, run.pids()):
            os.kill(pid, signal.SIGKILL)
        run.process.communicate()


def test_a_killed_child_is_started_again_and_its_remains_are_cleared(tmp_path: Path, runs: list[Run]) -> None:
    run = Run(tmp_path, "web", "worker")
    runs.append(run)
    [[web, child_of_web, niceness]], [[worker, _, niceness_of_worker]] = run.lines("web"), run.lines("worker")
    assert niceness_of_worker - niceness == 10
    os.kill(web, signal.SIGKILL)
    wait_until(lambda: run.starts("web") == 2, "the web server started again")
    assert not is_alive(child_of_web)
    assert is_alive(worker)
    run.process.send_signal(signal.SIGTERM)
    output, errors = run.process.communicate(timeout=10)
    assert output == "ready\n"
    assert "The web ended with code -9 and starts again in 1 s." in errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_signal_ends_everything(tmp_path: Path, runs: list[Run], number: int) -> None:
    run = Run(tmp_path, "web", "worker")
    runs.append(run)
    run.process.send_signal(number)
    assert run.process.wait(10) == 0
    assert not any(map(is_alive, run.pids()))


def test_a_child_that_does_not_stop_is_killed(tmp_path: Path, runs: list[Run]) -> None:
    run = Run(tmp_path, "web", "stubborn")
    runs.append(run)
    wait_until((tmp_path / "stubborn is ready").exists, "the stubborn child ignores SIGTERM")
    run.process.send_signal(signal.SIGTERM)
    assert run.process.wait(10) == 1
    assert not any(map(is_alive, run.pids()))


def test_the_children_end_when_the_supervisor_is_killed(tmp_path: Path, runs: list[Run]) -> None:
    run = Run(tmp_path, "web", "worker")
    runs.append(run)
    leaders = [run.lines(name)[0][0] for name in run.names]
    run.process.kill()
    run.process.wait(5)
    wait_until(lambda: not any(map(is_alive, leaders)), "the children ended", 10)
