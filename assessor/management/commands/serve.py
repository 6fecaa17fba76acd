"""manage.py serve: the web server and the worker, started together, restarted when they die, stopped together."""

from __future__ import annotations

import http.client
import os
import socket
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from assessor.supervisor import Service, Supervisor

WORKER_NICENESS = 10


class Command(BaseCommand):
    help = "Start the web server and the report worker. Ctrl-C stops both."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: %(default)s)")
        parser.add_argument("--workers", type=int, default=2, help="web processes (default: %(default)s)")
        parser.add_argument("--no-worker", action="store_true", help="start the web server alone")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        refuse_port_in_use(host, port)
        services = [Service("web server", web_command(host, port, options["workers"]))]
        if not options["no_worker"]:
            services.append(Service("worker", worker_command(), niceness=WORKER_NICENESS))
        address = f"http://{'localhost' if host in {'127.0.0.1', '0.0.0.0', '::'} else host}:{port}/"  # noqa: S104
        supervisor = Supervisor(services, lambda: answers(host, port), lambda: self.announce(address))
        sys.exit(supervisor.run())

    def announce(self, address: str) -> None:
        """Say that the page answers, and what the caller left to say in READY_NOTE."""
        self.stdout.write(f"Preflight is ready at {address}")
        if note := os.environ.get("READY_NOTE"):
            self.stdout.write(note)
        self.stdout.write("Press Ctrl-C to stop.")
        self.stdout.flush()


def web_command(host: str, port: int, workers: int) -> list[str]:
    """The command line of the web server. The access log stays off: addresses of shared reports are secrets."""
    python = [sys.executable, "-m", "granian"]
    where = ["--host", host, "--port", str(port), "--workers", str(workers), "--blocking-threads", "2"]
    how = ["--interface", "wsgi", "--no-ws", "--log-level", "warning", "--workers-kill-timeout", "8"]
    respawn = ["--respawn-failed-workers", "--respawn-interval", "1"]
    return [*python, *where, *how, *respawn, "assessor.wsgi:application"]


def worker_command() -> list[str]:
    """The command line of the report worker. One worker needs no word from others, so gossip and heartbeat stay off."""
    # Celery's advice against root is about messages that carry code; ours are JSON.
    python = [sys.executable, "-W", "ignore:You're running the worker with superuser", "-m", "celery", "--quiet"]
    how = ["--pool", "prefork", "--concurrency", "1", "--loglevel", "WARNING"]
    alone = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return [*python, "-A", "assessor", "worker", *how, *alone]


def refuse_port_in_use(host: str, port: int) -> None:
    """Raise one clear sentence when another program listens already, instead of restarting the web server for ever."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise CommandError(f"Cannot listen on {host} port {port}: {error}. Choose another with --port.") from error


def answers(host: str, port: int) -> bool:
    """Whether the web server answers. A refusal will do: the site may answer to another name than this one."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/readyz", headers={"Host": "localhost"})
        return connection.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
