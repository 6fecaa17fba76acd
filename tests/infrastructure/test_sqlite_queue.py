"""The SQLite backend's queue, with real threads, processes and files."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, transaction
from django.db.transaction import atomic

from assessor.database.sqlite.base import DatabaseWrapper
from assessor.database.sqlite.write_queue import QueueTimeoutError, WriteQueue, queue_for

ROOT = Path(__file__).parents[2]
WRITERS = Path(__file__).with_name("sqlite_writers.py")


@pytest.fixture(autouse=True)
def allow_databases(django_db_blocker: Any) -> Iterator[None]:
    """These tests make databases of their own, of which pytest-django knows nothing."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "a name with spaces.sqlite3"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE counter (id INTEGER PRIMARY KEY, value INTEGER NOT NULL UNIQUE)")
        connection.execute("CREATE TABLE entry (id INTEGER PRIMARY KEY, text TEXT)")
        connection.execute("INSERT INTO counter VALUES (1, 0)")
    connection.close()
    return file


def connect(path: Path | str, **options: object) -> DatabaseWrapper:
    settings = {
        "NAME": path,
        "OPTIONS": {"timeout": 20, **options},
        "TIME_ZONE": None,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": False,
        "AUTOCOMMIT": True,
    }
    return DatabaseWrapper(settings, alias="queue_test")


@pytest.fixture
def connection(path: Path) -> Iterator[DatabaseWrapper]:
    wrapper = connect(path)
    wrapper.inc_thread_sharing()
    yield wrapper
    wrapper.close()


@pytest.fixture
def registered(connection: DatabaseWrapper, monkeypatch: pytest.MonkeyPatch) -> DatabaseWrapper:
    """The connection under an alias, so that `atomic(using=...)` finds it."""
    monkeypatch.setattr(transaction, "get_connection", lambda using=None: connection)
    return connection


def run(wrapper: DatabaseWrapper, sql: str) -> list[tuple[object, ...]]:
    with wrapper.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def is_free(path: Path) -> bool:
    """Whether another process could write at once."""
    try:
        WriteQueue(str(path.resolve())).acquire(0).release()
    except QueueTimeoutError:
        return False
    return True


@pytest.mark.parametrize(("processes", "threads", "rounds"), [(4, 2, 50), (2, 4, 50)])
def test_read_then_write_transactions_never_meet_a_locked_database(
    path: Path, processes: int, threads: int, rounds: int
) -> None:
    command = [sys.executable, str(WRITERS), str(path), "assessor.database.sqlite", str(threads), str(rounds)]
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE, env=variables) for _ in range(processes)]
    results = [json.loads(writer.communicate(timeout=60)[0]) for writer in writers]
    total = processes * threads * rounds
    seconds = sorted(second for result in results for second in result["seconds"])
    assert [result["errors"] for result in results] == [[]] * processes
    with sqlite3.connect(path) as reader:
        assert reader.execute("SELECT value FROM counter").fetchone() == (total,)
        assert reader.execute("SELECT count(*) FROM entry").fetchone() == (total,)
    # The bound is generous, for busy machines: without the queue the slowest wait ten times longer than these.
    assert seconds[int(0.95 * total)] < 0.5


def test_the_turn_lasts_as_long_as_the_outermost_transaction(registered: DatabaseWrapper, path: Path) -> None:
    with atomic():
        assert not is_free(path)
        with atomic():
            run(registered, "UPDATE counter SET value = 5")
        assert not is_free(path)
    assert is_free(path)
    assert run(registered, "SELECT value FROM counter") == [(5,)]


def test_a_rolled_back_savepoint_keeps_the_turn(registered: DatabaseWrapper, path: Path) -> None:
    with atomic():
        with pytest.raises(IntegrityError), atomic():
            run(registered, "INSERT INTO counter VALUES (1, 1)")
        assert not is_free(path)
        run(registered, "UPDATE counter SET value = 5")
    assert is_free(path)
    assert run(registered, "SELECT value FROM counter") == [(5,)]


def test_an_error_ends_the_turn(registered: DatabaseWrapper, path: Path) -> None:
    with pytest.raises(IntegrityError), atomic():
        run(registered, "INSERT INTO counter VALUES (1, 1)")
    assert is_free(path)
    with pytest.raises(OperationalError):
        run(registered, "INSERT INTO nowhere VALUES (1)")
    assert is_free(path)


def test_a_single_statement_gives_the_turn_back(connection: DatabaseWrapper, path: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO entry (text) VALUES ('a'), ('b'), ('c') RETURNING id, text")
        assert is_free(path)
        assert cursor.fetchone() == (1, "a")
        assert cursor.fetchmany(1) == [(2, "b")]
        assert list(cursor) == [(3, "c")]
        assert cursor.fetchall() == []
        cursor.execute("SELECT count(*) FROM entry")
        assert cursor.fetchone() == (3,)


def test_reading_never_waits(connection: DatabaseWrapper, path: Path) -> None:
    ticket = WriteQueue(str(path.resolve())).acquire(0)
    assert run(connection, "SELECT value FROM counter") == [(0,)]
    ticket.release()


def test_autocommit_off_takes_the_turn_with_the_first_write(connection: DatabaseWrapper, path: Path) -> None:
    connection.set_autocommit(False)
    run(connection, "SELECT value FROM counter")
    assert is_free(path)
    run(connection, "UPDATE counter SET value = 7")
    assert not is_free(path)
    connection.rollback()
    assert is_free(path)
    run(connection, "UPDATE counter SET value = 8")
    connection.commit()
    assert is_free(path)
    run(connection, "UPDATE counter SET value = 9")
    connection.set_autocommit(True)
    assert is_free(path)


def test_closing_inside_a_transaction_ends_the_turn(registered: DatabaseWrapper, path: Path) -> None:
    with atomic():
        run(registered, "UPDATE counter SET value = 5")
        registered.close()
        assert is_free(path)
    assert is_free(path)


def test_a_forgotten_connection_ends_its_turn(path: Path) -> None:
    ticket = queue_for(str(path)).acquire(0)
    assert not is_free(path)
    del ticket
    assert is_free(path)


def test_waiting_ends_with_sqlites_own_words(path: Path) -> None:
    impatient = connect(path, timeout=0.2)
    ticket = WriteQueue(str(path.resolve())).acquire(0)
    started = time.monotonic()
    with pytest.raises(OperationalError, match="database is locked"):
        run(impatient, "UPDATE counter SET value = 5")
    assert 0.15 < time.monotonic() - started < 2
    ticket.release()
    run(impatient, "UPDATE counter SET value = 5")
    impatient.close()


def test_a_second_connection_of_the_thread_times_out_instead_of_hanging(
    registered: DatabaseWrapper, path: Path
) -> None:
    other = connect(path, timeout=0.2)
    with atomic():
        with pytest.raises(OperationalError, match="database is locked"):
            run(other, "UPDATE counter SET value = 5")
        run(registered, "UPDATE counter SET value = 6")
    run(other, "UPDATE counter SET value = 7")
    other.close()


@pytest.mark.parametrize("name", [":memory:", "file:queue_test?mode=memory&cache=shared"])
def test_an_in_memory_database_has_no_queue(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    wrapper = connect(name)
    monkeypatch.setattr(transaction, "get_connection", lambda using=None: wrapper)
    with atomic():
        run(wrapper, "CREATE TABLE entry (id INTEGER)")
    assert not wrapper.is_writing
    assert list(tmp_path.iterdir()) == []


def test_deferred_transactions_do_not_queue(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrapper = connect(path, transaction_mode="DEFERRED")
    monkeypatch.setattr(transaction, "get_connection", lambda using=None: wrapper)
    with atomic():
        run(wrapper, "SELECT value FROM counter")
        assert is_free(path)
    wrapper.close()


def test_the_threads_of_one_process_take_turns(path: Path) -> None:
    queue, inside, most = queue_for(str(path)), [], []

    def write() -> None:
        for _ in range(20):
            ticket = queue.acquire(20)
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.0005)
            inside.pop()
            ticket.release()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 80
    assert max(most) == 1


def _child_of_a_writer(path: str, answers: multiprocessing.Queue[str]) -> None:
    try:
        queue_for(path).acquire(0.1)
    except QueueTimeoutError:
        answers.put("waits for the parent")
    ticket = queue_for(path).acquire(10)
    answers.put("writes")
    ticket.release()


def test_a_forked_child_neither_owns_nor_frees_its_parents_turn(path: Path) -> None:
    context = multiprocessing.get_context("fork")
    answers: multiprocessing.Queue[str] = context.Queue()
    ticket = queue_for(str(path)).acquire(0)
    child = context.Process(target=_child_of_a_writer, args=(str(path), answers))
    child.start()
    assert answers.get(timeout=5) == "waits for the parent"
    assert not is_free(path)
    ticket.release()
    assert answers.get(timeout=10) == "writes"
    child.join(5)
    assert child.exitcode == 0


def test_a_killed_writer_leaves_the_turn_free(path: Path) -> None:
    code = (
        "import sys, time; from assessor.database.sqlite.write_queue import queue_for;"
        "ticket = queue_for(sys.argv[1]).acquire(0); print('has it', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(path)]
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=variables) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        assert not is_free(path)
        writer.send_signal(signal.SIGKILL)
        writer.wait(5)
    assert is_free(path)
