"""Workers are killed and brokers go away. No report is lost, and none is made twice."""

from __future__ import annotations

import sys
import time

import pytest

from tests import servers
from tests.chaos.site import Site, kill
from tests.servers import wait_until

ASKED = 10
SLOWEST_REQUEST_S = 1.5


def kill_in_the_middle(site: Site, ready: int, application: str = "assessor") -> None:
    """Kills the worker once some reports are ready and another one is in the making."""
    worker = site.start_worker(application)
    wait_until(lambda: site.count("ready") >= ready and site.count("running") >= 1, "work is in full swing", 45)
    kill(worker)
    assert site.count("running") >= 1


def lose_nothing(site: Site, name: str) -> None:
    site.make_snapshots(ASKED)
    answers = site.ask(ASKED)
    assert {answer["status"] for answer in answers} == {302}
    kill_in_the_middle(site, ready=2)
    before = site.count("ready")
    site.start_worker()
    seconds = site.wait_ready(ASKED, 90)
    twice = site.check_files()
    tries = [row.attempts for row in site.reports()]
    sys.stdout.write(
        f"\n{name}: asked={ASKED} ready before the kill={before} ready={site.count('ready')} twice={twice} "
        f"tries={tries} seconds after the kill={seconds:.1f}\n"
    )
    assert twice == 0
    assert max(tries) == 2
    assert [row.state for row in site.reports()] == ["ready"] * ASKED


def test_killed_worker_on_sqlite(embedded: Site) -> None:
    lose_nothing(embedded, "SQLite and a folder")


@pytest.mark.servers
def test_killed_worker_on_postgresql_and_redis(served: Site) -> None:
    lose_nothing(served, "PostgreSQL and Redis")


def test_without_the_reconciler_the_same_kill_loses_a_report(embedded: Site) -> None:
    """The control: if nothing were lost here either, the tests above would prove nothing."""
    embedded.make_snapshots(4)
    embedded.ask(4)
    kill_in_the_middle(embedded, ready=1, application="tests.chaos.unhealed")
    embedded.start_worker("tests.chaos.unhealed")
    last, changed_at = embedded.count("ready"), time.monotonic()
    while time.monotonic() - changed_at < 15:
        time.sleep(0.2)
        if (now := embedded.count("ready")) != last:
            last, changed_at = now, time.monotonic()
    lost = 4 - last
    sys.stdout.write(f"\nwithout the reconciler: asked=4 ready={last} lost={lost}\n")
    assert lost >= 1
    embedded.start_worker()
    embedded.wait_ready(4, 40)
    assert embedded.check_files() == 0


@pytest.mark.servers
def test_reports_asked_for_without_a_broker_are_made_when_it_is_back(served: Site, redis: servers.Server) -> None:
    served.make_snapshots(3)
    served.start_worker()
    wait_until(lambda: bool(served.query("SELECT 1 FROM reports_workerbeat")), "the worker is up", 30)
    redis.stop()
    try:
        answers = served.ask(3)
        assert {answer["status"] for answer in answers} == {302}
        slowest = max(float(answer["seconds"]) for answer in answers)
        time.sleep(1)
        assert served.count("queued") == 3
    finally:
        redis.restart()
    seconds = served.wait_ready(3, 60)
    twice = served.check_files()
    sys.stdout.write(
        f"\nbroker away: asked=3 slowest request={slowest:.2f} s ready=3 twice={twice} seconds after={seconds:.1f}\n"
    )
    assert twice == 0
    assert slowest < SLOWEST_REQUEST_S
