"""Runs the web server and the worker as children of one process, and starts again what dies.

Small on purpose: one thread, no configuration. Each child leads a process group of its own, so that whatever it leaves
behind when it dies can be ended as well, and so that Ctrl-C on a terminal reaches this process alone, which then asks
the children to stop exactly once. Should this process itself be killed, the kernel tells the children (Linux).
"""

from __future__ import annotations

import ctypes
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

logger = logging.getLogger("preflight.supervisor")

PR_SET_PDEATHSIG = 1
LONGEST_PAUSE = 30.0
STEADY_AFTER = 60.0  # seconds of life after which a death starts the back-off anew
GRACE = 10.0
FIRST_READY_CHECK, SLOWEST_READY_CHECK = 0.1, 2.0


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Ask the kernel to send this process a signal when its parent dies. Does nothing where there is no prctl."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)


@dataclass
class Service:
    """One child process and the state of its back-off."""

    name: str
    command: Sequence[str]
    niceness: int = 0
    process: subprocess.Popen[bytes] | None = None
    pause: float = 1.0
    started_at: float = 0.0
    start_at: float = 0.0

    def start(self, supervisor: int) -> None:
        """Start the child. `supervisor` is the process id of the parent, which might die in between."""

        def prepare() -> None:
            die_with_parent()
            if os.getppid() != supervisor:
                os._exit(1)
            if self.niceness:
                os.nice(self.niceness)

        self.started_at = time.monotonic()
        # Only this thread exists here, so preexec_fn is safe.
        self.process = subprocess.Popen(self.command, process_group=0, preexec_fn=prepare)  # noqa: S603

    def signal_group(self, number: int) -> None:
        """Send a signal to the child and whatever it started. Nobody there is no error."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, number)
            except (ProcessLookupError, PermissionError):
                return

    def note_death(self) -> None:
        """Clear the remains of a child that ended by itself, and decide when to start it again."""
        code = self.process.returncode if self.process else None
        self.signal_group(signal.SIGKILL)
        self.process = None
        if time.monotonic() - self.started_at >= STEADY_AFTER:
            self.pause = 1.0
        self.start_at = time.monotonic() + self.pause
        logger.warning("The %s ended with code %s and starts again in %g s.", self.name, code, self.pause)
        self.pause = min(self.pause * 2, LONGEST_PAUSE)


@dataclass
class Supervisor:
    """Keeps services running until SIGINT or SIGTERM. `is_ready` is asked until it says yes, then `on_ready` runs."""

    services: list[Service]
    is_ready: Callable[[], bool] | None = None
    on_ready: Callable[[], None] = lambda: None
    _stopping: bool = field(default=False, init=False)
    _ready_pause: float = field(default=FIRST_READY_CHECK, init=False)

    def run(self) -> int:
        """Run until told to stop. Returns the exit code: 0 after a clean stop, 1 when a child had to be killed."""
        reader, writer = socket.socketpair()
        writer.setblocking(False)
        signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        try:
            while not self._stopping:
                pause = self._tend()
                if select.select([reader], [], [], pause)[0]:
                    reader.recv(4096)
        finally:
            clean = self._shut_down()
            signal.set_wakeup_fd(-1)
            reader.close()
            writer.close()
        return 0 if clean else 1

    def _stop(self, number: int, frame: object) -> None:
        self._stopping = True

    def _tend(self) -> float | None:
        """Start what should run and does not. Returns the seconds until there is something to do, or None."""
        now = time.monotonic()
        waits: list[float] = []
        for service in self.services:
            if service.process is not None and service.process.poll() is not None:
                service.note_death()
            if service.process is None and not self._stopping:
                if service.start_at <= now:
                    service.start(os.getpid())
                else:
                    waits.append(service.start_at - now)
        if self.is_ready is not None:
            if self.is_ready():
                self.is_ready = None
                self.on_ready()
            else:
                waits.append(self._ready_pause)
                # A site that starts but fails writes an error for each check: soon ask less often.
                self._ready_pause = min(self._ready_pause * 1.1, SLOWEST_READY_CHECK)
        return min(waits, default=None)

    def _shut_down(self) -> bool:
        """Ask every child to stop and kill the rest after GRACE seconds. True when nothing had to be killed."""
        for service in self.services:
            if service.process is not None and service.process.poll() is None:
                service.process.terminate()
        deadline = time.monotonic() + GRACE
        clean = True
        for service in self.services:
            if service.process is None:
                continue
            try:
                service.process.wait(max(deadline - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                logger.warning("The %s did not stop within %g s and is killed.", service.name, GRACE)
                clean = False
            service.signal_group(signal.SIGKILL)
            service.process.wait()
        return clean
