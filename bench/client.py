"""A small HTTP client that keeps its connection and measures each answer. It speaks to 127.0.0.1 alone."""

from __future__ import annotations

import itertools
import json
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

FEWEST = 20
ROUNDS = 4
MOST_ROUNDS = 40


@dataclass
class Connection:
    """One keep-alive connection."""

    port: int
    socket: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def exchange(self, request: bytes) -> tuple[int, bytes]:
        """Sends a request and reads the whole answer. Returns its status and its bytes with the head."""
        self.socket.sendall(request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._read()
        head, _, rest = data.partition(b"\r\n\r\n")
        body = bytearray(rest)
        lines = head.lower().split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), None)
        while (len(body) < length) if length is not None else not body.endswith(b"\r\n0\r\n\r\n"):
            body += self._read()
        return int(head[9:12]), head + b"\r\n\r\n" + bytes(body)

    def _read(self) -> bytes:
        data = self.socket.recv(1 << 16)
        if not data:
            raise ConnectionError("The server hung up.")
        return data


@dataclass(frozen=True)
class Figures:
    """What one run measured."""

    requests: int
    seconds: float
    p50: float
    p95: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def get(path: str, cookies: str = "", *, is_packed: bool = False) -> bytes:
    """A request for a page; `is_packed` asks for it in gzip, as browsers do."""
    cookie = f"Cookie: {cookies}\r\n" if cookies else ""
    accept = "Accept-Encoding: gzip\r\n" if is_packed else ""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{accept}{cookie}\r\n".encode()


def post(path: str, fields: dict[str, str], cookies: str = "", token: str = "") -> bytes:
    """A form as a page's script sends it: multipart, a cookie, a token in a header."""
    edge = "----preflight-bench"
    part = 'Content-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    body = "".join(f"--{edge}\r\n{part.format(name, value)}" for name, value in fields.items()) + f"--{edge}--\r\n"
    head = [f"POST {path} HTTP/1.1", "Host: localhost", "Accept: application/json"]
    head += [f"{name}: {value}" for name, value in (("Cookie", cookies), ("X-CSRFToken", token)) if value]
    head += [f"Content-Type: multipart/form-data; boundary={edge}", f"Content-Length: {len(body.encode())}", "", ""]
    return ("\r\n".join(head) + body).encode()


def put(path: str, body: object, secret: str) -> bytes:
    """A JSON body with a token, as a program sends it."""
    data = json.dumps(body)
    head = [f"PUT {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {secret}"]
    head += ["Content-Type: application/json", f"Content-Length: {len(data)}", "", ""]
    return ("\r\n".join(head) + data).encode()


def measure(port: int, clients: list[Iterator[bytes]], *, seconds: float, most: int) -> Figures:
    """Each client sends its requests one after the other, for about `seconds` and at most `most` of them.

    In several rounds with new connections, because the kernel spreads connections over the web processes by chance, and
    eight on one process of two take twice as long. A slow page is given more rounds. Raises RuntimeError for any answer
    that is not 2xx.
    """
    every: list[float] = []
    taken = 0.0
    for number in range(MOST_ROUNDS):
        if number >= ROUNDS and len(every) >= FEWEST:
            break
        times, span = _run(port, clients, seconds / ROUNDS, most // ROUNDS)
        every += times
        taken += span
    if len(every) < FEWEST:
        raise RuntimeError(f"Only {len(every)} answers in {seconds:g} s are too few to say anything.")
    cuts = statistics.quantiles(every, n=20)
    return Figures(len(every), taken, cuts[9] * 1000, cuts[18] * 1000)


def _run(port: int, clients: list[Iterator[bytes]], seconds: float, most: int) -> tuple[list[float], float]:
    """The times of one round and its length, both without the first tenth, in which everything warms up."""
    times: list[list[float]] = [[] for _ in clients]
    problems: list[str] = []
    start = time.perf_counter()
    counted_from, until = start + seconds / 10, start + seconds

    def work(place: int, requests: Iterator[bytes]) -> None:
        connection = Connection(port)
        for _ in range(most):
            if time.perf_counter() >= until or problems:
                break
            request = next(requests)
            before = time.perf_counter()
            status, answer = connection.exchange(request)
            after = time.perf_counter()
            if not 200 <= status < 300:
                problems.append(f"{status}: {request[:200]!r} -> {answer[:600]!r}")
                break
            if before >= counted_from:
                times[place].append(after - before)
        connection.socket.close()

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise RuntimeError(problems[0])
    return list(itertools.chain(*times)), time.perf_counter() - counted_from
