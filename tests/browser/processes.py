"""Real processes beside a browser test: the report worker and the web server, on the database of the test."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from django.db import connection

from assessor.management.commands.serve import answers, web_command, worker_command
from tests.infrastructure.commands import ROOT, environment
from tests.servers import wait_until

PASSED_ON = ("SECRET_KEY", "ALLOWED_HOSTS", "DATA_DIR", "DATABASE_URL", "REDIS_URL", "HTTPS")


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    variables = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    variables |= {
        "DJANGO_SETTINGS_MODULE": "tests.browser.process_settings",
        "TEST_DATABASE": str(connection.settings_dict["NAME"]),
        "REPORT_RECONCILE_SECONDS": "1",
    }
    return subprocess.Popen(command, cwd=ROOT, env=environment() | variables, process_group=0)


def end(process: subprocess.Popen[bytes], number: int = signal.SIGKILL) -> None:
    """Ends the process with all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
    process.wait(15)


@contextmanager
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """The report worker, as `manage.py serve` starts it."""
    process = _start(worker_command())
    try:
        yield process
    finally:
        end(process)


def start_web(port: int) -> subprocess.Popen[bytes]:
    """The web server, as `manage.py serve` starts it. Returns when it answers."""
    process = _start([sys.executable, *web_command("127.0.0.1", port, 1)[1:]])
    wait_until(lambda: answers("127.0.0.1", port), "the web server answers")
    return process
