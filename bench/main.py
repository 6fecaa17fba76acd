"""How fast the site is, beside the least that Django, the database and WeasyPrint can do on the same machine.

`python bench/main.py` starts everything it needs on 127.0.0.1, measures for about three minutes, and cleans up. One
run, one machine: only figures of the same run compare. See bench/README.md.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.client import Figures, get, measure, post, put
from bench.places import CLIENTS, WORKERS, Place, machine, place, wanted_places

MOST_REQUESTS = 20_000
NOTE = "Agreed with the people who use it."


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


def api_saves(client: dict[str, Any]) -> Iterator[bytes]:
    """The same answers through the interface. Goes on where an earlier run stopped, like `saves`."""
    questions = client["questions"]
    for number in itertools.count(client.get("number", 0)):
        client["number"] = number + 1
        revision = 1 + number // len(questions)
        body = {"state": "graded", "level": (2 + revision) % 4, "note": f"{NOTE} {revision}", "revision": revision}
        question = questions[number % len(questions)]
        yield put(
            f"/api/v1/projects/{client['slug']}/assessments/{client['run']}/answers/{question}", body, client["secret"]
        )


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
            for what, act in (("page", pages), ("save", saves), ("api save", api_saves)):
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
    rows = (
        ("save", "saving an answer", "floor save"),
        ("api save", "saving an answer by the API", "floor save"),
        ("page", "opening a page of questions", "floor page"),
    )
    for what, words, least in rows:
        for count in CLIENTS:
            ours, floor = found[what, count], found[least, count]
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


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures the site beside the least that its parts can do.")
    parser.add_argument("--seconds", type=float, default=6, help="per measurement (default: %(default)s, at most 30)")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    options = parser.parse_args()
    seconds = min(max(options.seconds, 1), 30)
    print(f"{time.strftime('%d %b %Y')}, {machine()}; {WORKERS} web processes, {seconds:g} s each", flush=True)
    names = wanted_places(options.database)
    for name in names:
        with ExitStack() as stack, place(name, stack) as here:
            show_web(name, measure_web(here, seconds))
            if name == names[0]:
                show_pdf(measure_pdf(here))


if __name__ == "__main__":
    main()
