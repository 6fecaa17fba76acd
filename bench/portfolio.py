"""How fast the dashboard over many projects is, beside the least that one indexed query costs on the same tables.

`python bench/portfolio.py` makes portfolios of 100 to 100,000 projects in databases of their own and measures each.
One run, one machine: only figures of the same run compare. See bench/README.md.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import statistics
import sys
import time
import uuid
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.client import ROUNDS, Connection, Figures, get, measure, post
from bench.places import CLIENTS, WORKERS, Place, machine, place, wanted_places

SIZES = (100, 1_000, 10_000, 100_000)
HISTORY = 3
MOST_REQUESTS = 20_000
TIMES = 5
INDEX, SORTS_FROM = "figures_now", 1_000
"""A database may well sort fewer rows than that."""
PAGES_SHOWN = {
    "filtered": "one unit and stage", "found": "find", "as of": "as of 100 days ago", "change": "by biggest change",
    "last page": "last page",
}  # fmt: skip
KINDS = {"dashboard": "kept", "drawn": "drawn anew"}
DASHBOARD, FLOOR, CSV = "/portfolio/", "/page/", "/portfolio/projects.csv"


@dataclass
class Found:
    """What was measured of one size: seconds to make it, figures by page and number of clients, single times."""

    made: float = 0
    web: dict[tuple[str, int], Figures] = field(default_factory=dict)
    once: dict[str, float] = field(default_factory=dict)
    raw: int = 0
    packed: int = 0
    csv: int = 0


def measure_size(here: Place, size: int, seconds: float) -> Found:
    found = Found()
    before = time.perf_counter()
    here.run("manage.py", "make_portfolio", "--projects", str(size), "--history", str(HISTORY))
    found.made = time.perf_counter() - before
    asked = json.loads(here.run("bench/prepare_portfolio.py", "sign-in", str(max(CLIENTS))))
    if size >= SORTS_FROM and INDEX not in asked["plan"]:
        print(f"{here.name}: neither page nor floor reads in the order of the index.\n{asked['plan']}", file=sys.stderr)
    with here.serve("assessor.wsgi:application") as port:
        measure_bytes(found, port, asked)
        for count in CLIENTS:
            found.web["dashboard", count] = visit(port, DASHBOARD, asked["sessions"][:count], seconds)
        found.once = measure_once(here, port, asked)
        found.once["csv"], found.csv = time_csv(port, asked["sessions"][0])
    with here.serve("assessor.wsgi:application", PORTFOLIO_PAGE_SECONDS="0") as port:
        for count in CLIENTS:
            found.web["drawn", count] = visit(port, DASHBOARD, asked["sessions"][:count], seconds)
        for what, path in pages(asked).items():
            if what != "dashboard":
                found.web[what, 1] = visit(port, path, asked["sessions"][:1], seconds)
    for what, module, sessions in (
        ("bare", "bench.floor.bare_settings", [""] * max(CLIENTS)),
        ("inside", "bench.floor.inside_settings", asked["sessions"]),
    ):
        with here.serve("assessor.wsgi:application", DJANGO_SETTINGS_MODULE=module) as port:
            for count in CLIENTS:
                found.web[what, count] = visit(port, FLOOR, sessions[:count], seconds)
    return found


def pages(asked: dict[str, Any]) -> dict[str, str]:
    return {
        "dashboard": DASHBOARD,
        "filtered": f"{DASHBOARD}?unit={quote(asked['unit'])}&stage=pilot",
        "found": f"{DASHBOARD}?find=churn",
        "as of": f"{DASHBOARD}?as_of={asked['day']}",
        "change": f"{DASHBOARD}?sort=change",
        "last page": f"{DASHBOARD}?page={asked['pages']}",
    }


def visit(port: int, path: str, sessions: list[str], seconds: float) -> Figures:
    """After two visits that fill the cache and tell how slow it is: a round must hold several answers."""
    ask(port, get(path, sessions[0], is_packed=True))
    once, _ = ask(port, get(path, sessions[0], is_packed=True))
    seconds = max(seconds, ROUNDS * 4 * once)
    clients = [itertools.repeat(get(path, cookies, is_packed=True)) for cookies in sessions]
    return measure(port, clients, seconds=seconds, most=MOST_REQUESTS)


def ask(port: int, request: bytes) -> tuple[float, bytes]:
    """Seconds until the whole answer is there, and its body."""
    connection = Connection(port)
    before = time.perf_counter()
    status, answer = connection.exchange(request)
    after = time.perf_counter()
    connection.socket.close()
    if not 200 <= status < 300:
        sys.exit(f"{status}: {request[:200]!r} -> {answer[:600]!r}")
    return after - before, answer.partition(b"\r\n\r\n")[2]


def measure_bytes(found: Found, port: int, asked: dict[str, Any]) -> None:
    session = asked["sessions"][0]
    found.raw = len(ask(port, get(DASHBOARD, session))[1])
    packed = ask(port, get(DASHBOARD, session, is_packed=True))[1]
    found.packed = len(packed)
    if len(gzip.decompress(packed)) < found.raw * 0.9:
        sys.exit("The packed page is another one than the plain page.")


def measure_once(here: Place, port: int, asked: dict[str, Any]) -> dict[str, float]:
    """Middle seconds of the first page after an answer was saved, and of the first one with an empty cache."""
    session = asked["sessions"][0]
    changed, cold = [], []
    for number in range(TIMES):
        fields = {"choice": str(number % 2), "note": "", "reason": "", "evidence_title": "", "evidence_url": "",
                  "revision": str(number), "mutation": str(uuid.uuid4())}  # fmt: skip
        ask(port, post(asked["save"], fields, session, asked["token"]))
        changed.append(ask(port, get(DASHBOARD, session, is_packed=True))[0])
    for _ in range(TIMES):
        here.run("bench/prepare_portfolio.py", "forget")
        cold.append(ask(port, get(DASHBOARD, session, is_packed=True))[0])
    return {"changed": statistics.median(changed), "cold": statistics.median(cold)}


def time_csv(port: int, session: str) -> tuple[float, int]:
    times = []
    for _ in range(3):
        seconds, body = ask(port, get(CSV, session))
        times.append(seconds)
    return statistics.median(times), len(body)


def table(heads: list[str], rows: list[list[str]]) -> None:
    print(f"\n| {' | '.join(heads)} |\n{'|---' * len(heads)}|")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def show(name: str, found: dict[int, Found]) -> None:
    print(f"\n### {name}")
    rows, others = [], []
    previous: Found | None = None
    for size, each in found.items():
        for what, words in KINDS.items():
            for count in CLIENTS:
                ours, bare, inside = (each.web[kind, count] for kind in (what, "bare", "inside"))
                grown = f"{ours.p50 / previous.web[what, count].p50:.2f}" if previous else ""
                rows.append([
                    f"{size:,}", words, str(count), f"{ours.rate:.0f}", f"{ours.p50:.1f}", f"{ours.p95:.1f}",
                    f"{bare.p50:.2f}", f"{inside.p50:.2f}", f"{ours.p50 / bare.p50:.1f}",
                    f"{ours.p50 / inside.p50:.1f}", grown,
                ])  # fmt: skip
        singles = [f"{each.web[what, 1].p50:.1f} ({each.web[what, 1].p95:.1f})" for what in PAGES_SHOWN]
        others.append([
            f"{size:,}", *singles, f"{each.once['changed'] * 1000:.0f}", f"{each.once['cold'] * 1000:.0f}",
            f"{each.once['csv']:.2f} s, {each.csv / 1e6:.1f} MB", f"{each.raw / 1000:.0f}", f"{each.packed / 1000:.0f}",
            f"{size / each.made:,.0f}",
        ])  # fmt: skip
        previous = each
    table(
        ["projects", "page", "clients", "requests/s", "p50 ms", "p95 ms", "bare query p50 ms",
         "bare query signed in p50 ms",
         "p50 to bare", "p50 to signed in", "p50 to the size before"],
        rows,
    )  # fmt: skip
    table(
        ["projects", *(f"{words}, p50 (p95) ms" for words in PAGES_SHOWN.values()), "first page after an answer, ms",
         "first page with an empty cache, ms", "CSV of all", "page kB", "packed kB", "made, projects/s"],
        others,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures the dashboard beside the least that its query can cost.")
    parser.add_argument("--seconds", type=float, default=6, help="per measurement (default: %(default)s, at most 30)")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="(default: %(default)s)")
    options = parser.parse_args()
    seconds = min(max(options.seconds, 1), 30)
    sizes = sorted({int(size) for size in options.sizes.split(",")})
    print(f"{time.strftime('%d %b %Y')}, {machine()}; {WORKERS} web processes, {seconds:g} s each", flush=True)
    for name in wanted_places(options.database):
        found: dict[int, Found] = {}
        for size in sizes:
            with ExitStack() as stack, place(name, stack) as here:
                found[size] = measure_size(here, size, seconds)
            print(f"{name}, {size:,} projects: made in {found[size].made:.0f} s, measured", file=sys.stderr, flush=True)
        show(name, found)


if __name__ == "__main__":
    main()
