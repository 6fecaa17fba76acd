"""One writer at a time per database file, in order, among threads and processes.

SQLite lets one connection write; the others sleep and try again, each for itself. With several threads that polling
loses the order: some writers wait a hundred times longer than others. Here they queue instead: the threads of a
process on a lock, the processes on two flocks beside the database file. The second file is a turnstile: whoever holds
it is the next to write, so a process with many busy threads cannot overtake the others.

flock has no time limit, so the head of the queue tries again at short intervals. Only one thread per process does so.
The files are never deleted: a lock on a deleted file would lock nothing.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time

SHORTEST_PAUSE, LONGEST_PAUSE = 0.0001, 0.001


class QueueTimeoutError(Exception):
    """The turn to write did not come in time."""


class Ticket:
    """The right to write, until `release` or until nobody refers to it. It is worthless in a forked child."""

    def __init__(self, queue: WriteQueue) -> None:
        self._queue: WriteQueue | None = queue
        self._process = os.getpid()

    def release(self) -> None:
        """Let the next writer in. Does nothing the second time, or in a process that did not take the ticket."""
        queue, self._queue = self._queue, None
        if queue is not None and self._process == os.getpid():
            queue.end_turn()

    __del__ = release


class WriteQueue:
    """The queue of one database file."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._threads = threading.Lock()
        self._descriptor: int | None = None

    def acquire(self, timeout: float) -> Ticket:
        """Wait for the turn to write. Raises QueueTimeoutError after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        if not self._threads.acquire(timeout=max(timeout, 0)):
            raise QueueTimeoutError
        try:
            turnstile = _lock_file(f"{self._path}.queue", deadline)
            try:
                self._descriptor = _lock_file(f"{self._path}.lock", deadline)
            finally:
                _unlock_file(turnstile)
        except BaseException:
            self._threads.release()
            raise
        return Ticket(self)

    def end_turn(self) -> None:
        """Let the next writer in. Called by the ticket alone."""
        descriptor, self._descriptor = self._descriptor, None
        try:
            if descriptor is not None:
                _unlock_file(descriptor)
        finally:
            self._threads.release()

    def abandon(self) -> None:
        """Close what a forked child inherited. The parent's lock stays as it is."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def _lock_file(path: str, deadline: float) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    pause = SHORTEST_PAUSE
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise QueueTimeoutError from None
                time.sleep(pause)
                pause = min(pause * 1.5, LONGEST_PAUSE)
            else:
                return descriptor
    except BaseException:
        os.close(descriptor)
        raise


def _unlock_file(descriptor: int) -> None:
    # Closing is not enough: a child forked meanwhile may still hold a copy of the descriptor.
    try:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


_queues: dict[str, WriteQueue] = {}
_queues_lock = threading.Lock()


def queue_for(path: str) -> WriteQueue:
    """The queue of the database file at `path`, the same for every connection of this process."""
    key = os.path.realpath(path)
    with _queues_lock:
        return _queues.setdefault(key, WriteQueue(key))


def _start_afresh_in_child() -> None:
    global _queues_lock
    for queue in _queues.values():
        queue.abandon()
    _queues.clear()
    _queues_lock = threading.Lock()


os.register_at_fork(after_in_child=_start_afresh_in_child)
