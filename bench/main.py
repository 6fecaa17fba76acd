"""How fast the site is, beside the least that Django, the database and WeasyPrint can do on the same machine.

`python bench/main.py` starts everything it needs on 127.0.0.1, measures for about three minutes, and cleans up. One
run, one machine: only figures of the same run compare. See bench/README.md.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from assessor.management.commands.serve import answers, web_command
from bench.client import Figures, get, measure, post
from tests.servers import free_port, has_postgres, postgres, wait_until

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = (1, 8)
WORKERS = 2
MOST_REQUESTS = 20_000
NOTE = "Agreed with the people who use it."


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
    def serve(self, application: str) -> Iterator[int]:
        """The web server as `manage.py serve` starts it, with another application if need be."""
        port = free_port()
        command = [*web_command("127.0.0.1", port, WORKERS)[:-1], application]
        server = subprocess.Popen(command, cwd=ROOT, env=self.env)
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


def saves(client: dict[str, Any]) -> Iterator[bytes]:
    """Answers to all questions, again and again, each with another choice than before and the revision it has.

    Goes on where an earlier run stopped.
    """
    questions = client["questions"]
    for number in itertools.count(client.get("number", 0)):
        client["number"] = number + 1
        revision = 1 + number // len(questions)
        fields = {
            "choice": str((2 + revision) % 4), "reason": "", "note": f"{NOTE} {revision}", "evidence_title": "",
            "evidence_url": "", "revision": str(revision), "mutation": str(uuid.uuid4()),
        }  # fmt: skip
        question = questions[number % len(questions)]
        yield post(f"/projects/{client['slug']}/answers/{question}/", fields, client["cookies"], client["token"])


def pages(client: dict[str, Any]) -> Iterator[bytes]:
    return itertools.repeat(get(f"/projects/{client['slug']}/checklist/problem/", client["cookies"]))


def upserts(client: int) -> Iterator[bytes]:
    for number in itertools.count():
        question = {"client": str(client), "question": f"question.{number % 58}"}
        yield post("/upsert/", question | {"choice": str(number % 4), "note": f"{NOTE} {number}"})


def measure_web(here: Place, seconds: float) -> dict[tuple[str, int], Figures]:
    """Figures by what was measured and by the number of clients."""
    found = {}
    people = json.loads(here.run("bench/prepare.py", "clients", str(max(CLIENTS))))
    with here.serve("assessor.wsgi:application") as port:
        for count in CLIENTS:
            for what, act in (("page", pages), ("save", saves)):
                clients = [act(person) for person in people[:count]]
                found[what, count] = measure(port, clients, seconds=seconds, most=MOST_REQUESTS)
    with here.serve("bench.floor.wsgi:application") as port:
        for count in CLIENTS:
            words = [itertools.repeat(get("/say/")) for _ in range(count)]
            found["floor page", count] = measure(port, words, seconds=seconds, most=MOST_REQUESTS)
            found["floor save", count] = measure(
                port, [upserts(number) for number in range(count)], seconds=seconds, most=MOST_REQUESTS
            )
    return found


def measure_pdf(here: Place) -> dict[str, Any]:
    html = Path(here.env["DATA_DIR"]) / "report.html"
    found: dict[str, Any] = json.loads(here.run("bench/prepare.py", "pdf", str(html)))
    fresh = []
    for _ in range(4):
        before = time.perf_counter()
        here.run("bench/bare_pdf.py", str(html))
        fresh.append(time.perf_counter() - before)
    warm = json.loads(here.run("bench/bare_pdf.py", str(html), "4"))[1:]
    return found | {"fresh": fresh, "warm": warm}


def show_web(name: str, found: dict[tuple[str, int], Figures]) -> None:
    print(f"\n### {name}\n")
    heads = ["what", "clients", "requests/s", "p50 ms", "p95 ms"]
    heads += ["floor requests/s", "floor p50 ms", "floor p95 ms", "p50 to floor"]
    print(f"| {' | '.join(heads)} |\n{'|---' * len(heads)}|")
    for what, words in (("save", "saving an answer"), ("page", "opening a page of questions")):
        for count in CLIENTS:
            ours, floor = found[what, count], found[f"floor {what}", count]
            print(
                f"| {words} | {count} | {ours.rate:.0f} | {ours.p50:.1f} | {ours.p95:.1f} | {floor.rate:.0f} "
                f"| {floor.p50:.2f} | {floor.p95:.2f} | {ours.p50 / floor.p50:.0f} |"
            )


def show_pdf(found: dict[str, Any]) -> None:
    middle = {name: statistics.median(found[name]) for name in ("whole", "child", "fresh", "warm")}
    print(f"\n### One report, {found['pages']} pages, {found['size'] / 1000:.0f} kB\n")
    print("| what | median s | to bare and fresh |")
    print("|---|---|---|")
    for name, words in (
        ("whole", "from the claimed row to the file"), ("child", "the child process alone"),
        ("fresh", "bare WeasyPrint, fresh process"), ("warm", "bare WeasyPrint, warm"),
    ):  # fmt: skip
        print(f"| {words} | {middle[name]:.2f} | {middle[name] / middle['fresh']:.2f} |")


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if "model name" in line), "unknown processor")
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores ({model}), Python {platform.python_version()}, load before the run {load:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures the site beside the least that its parts can do.")
    parser.add_argument("--seconds", type=float, default=6, help="per measurement (default: %(default)s, at most 30)")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    options = parser.parse_args()
    seconds = min(max(options.seconds, 1), 30)
    print(f"{time.strftime('%d %b %Y')}, {machine()}; {WORKERS} web processes, {seconds:g} s each", flush=True)
    names = [name for name in ("SQLite", "PostgreSQL") if options.database in {name.lower(), "both"}]
    for name in names:
        if name == "PostgreSQL" and not has_postgres():
            print("\nPostgreSQL is not installed here and was left out.")
            continue
        with ExitStack() as stack, place(name, stack) as here:
            show_web(name, measure_web(here, seconds))
            if name == names[0]:
                show_pdf(measure_pdf(here))


if __name__ == "__main__":
    main()
