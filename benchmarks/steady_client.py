"""Send requests at a steady rate over kept connections, each on time whatever became of those before it.

``python -m benchmarks.steady_client PORT RATE_PER_S SECONDS FILE`` reads length-prefixed requests from FILE and prints
one JSON line: how many were answered 202, and p50, p99 and the slowest in milliseconds.
"""

import json
import selectors
import socket
import statistics
import struct
import sys
import time
from collections import deque
from pathlib import Path
from typing import Final

_WARM_UP_S: Final = 1.0
_LAST_S: Final = 10.0


def read_requests(file: Path) -> list[bytes]:
    """Read what :func:`write_requests` wrote."""
    data, requests = file.read_bytes(), []
    while data:
        (length,) = struct.unpack_from("!I", data)
        requests.append(data[4 : 4 + length])
        data = data[4 + length :]
    return requests


def write_requests(file: Path, requests: list[bytes]) -> None:
    """Write requests, each after its length."""
    file.write_bytes(b"".join(struct.pack("!I", len(each)) + each for each in requests))


class Client:
    """Hold the connections: those that are free, and those that wait for an answer, each with its time of sending."""

    def __init__(self, port: int) -> None:
        self._address = ("127.0.0.1", port)
        self._selector = selectors.DefaultSelector()
        self._free: deque[socket.socket] = deque()
        self._sent: dict[socket.socket, float] = {}
        self.answered: list[tuple[float, float]] = []
        """When each was sent, and how long it took, seconds."""

    def send(self, request: bytes) -> None:
        """Send one now, on a free connection or a new one."""
        connection = self._free.popleft() if self._free else self._connect()
        self._sent[connection] = time.perf_counter()
        connection.sendall(request)

    def receive(self, timeout_s: float) -> None:
        """Take the answers that come within a time."""
        for key, _ in self._selector.select(timeout_s):
            connection = key.fileobj
            assert isinstance(connection, socket.socket)
            answer = connection.recv(65_536)
            now = time.perf_counter()
            assert answer.startswith(b"HTTP/1.1 202 "), answer[:200]
            sent = self._sent.pop(connection)
            self.answered.append((sent, now - sent))
            self._free.append(connection)

    @property
    def is_waiting(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._sent)

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(self._address, timeout=_LAST_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(connection, selectors.EVENT_READ)
        return connection


def run(port: int, rate_per_s: int, seconds: int, requests: list[bytes]) -> Client:
    """Send all on time, and wait for the last answers."""
    client = Client(port)
    began = time.perf_counter()
    for number in range(rate_per_s * seconds):
        due = began + number / rate_per_s
        while (left := due - time.perf_counter()) > 0:
            client.receive(left if left > 0.001 else 0)  # a selector waits a millisecond at least: spin the last one
        client.send(requests[number % len(requests)])
    until = time.perf_counter() + _LAST_S
    while client.is_waiting and time.perf_counter() < until:
        client.receive(0.1)
    return client


def main() -> None:
    """Run the command."""
    port, rate_per_s, seconds = map(int, sys.argv[1:4])
    client = run(port, rate_per_s, seconds, read_requests(Path(sys.argv[4])))
    first = client.answered[0][0] + _WARM_UP_S
    times_ms = sorted(1000 * took for sent, took in client.answered if sent >= first)
    cuts = statistics.quantiles(times_ms, n=100)
    print(json.dumps({"answered": len(client.answered), "p50": cuts[49], "p99": cuts[98], "slowest": times_ms[-1]}))


if __name__ == "__main__":
    main()
