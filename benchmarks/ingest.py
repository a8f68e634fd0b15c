"""Measure ingest on one core against a real Kafka, beside a plain aiohttp handler that keeps nothing, in the same run.

``python -m benchmarks.ingest [ROUNDS] [SECONDS]`` prints a table. It needs wrk (``apt-get install wrk``) and two cores:
the server has the first to itself; Kafka, wrk and this process share the others. Every round measures every server, so
that what else the machine does meets all alike; the tables show the median and the best over the rounds.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import timeit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.cluster import PARTITIONS, MeasurementFailed, create
from benchmarks.notifications import notification
from benchmarks.steady_client import write_requests
from flowrun.replay.sign import Signer
from ingest.adobe.signature import pairs, verifies
from schemas.topics import Topics
from tests.ingest.adobe.served import PATHS, key_server, new_key
from tests.kafka.apache import ApacheKafka
from tests.service import Service, cpu_s, free_port

CONNECTIONS: Final = 64
RATE_PER_S: Final = 1_000
BODIES: Final = 64
BODY_BYTES: Final = 2_048
CLIENT_ID: Final = "bench-client"
PATIENCE_S: Final = 30.0
_UNITS_MS: Final = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class Server(NamedTuple):
    """Hold one server under test."""

    name: str
    pid: int
    port: int
    requests: list[bytes]


class Figures(NamedTuple):
    """Hold the figures of one server in one round: CPU in microseconds, times in milliseconds."""

    per_s: float
    cpu_us: float
    one_p50: float
    one_p99: float
    steady_p50: float
    steady_p99: float


def bodies() -> list[bytes]:
    """Make notifications of 2 KB, each of another flow."""
    made = []
    for number in range(BODIES):
        document = json.loads(notification(f"flow-{number}", number, 1_700_000_000_000, failed=False).value)
        document["recipient_client_id"] = CLIENT_ID
        document["pad"] = ""
        document["pad"] = "x" * (BODY_BYTES - len(json.dumps(document)))
        made.append(json.dumps(document).encode())
    return made


def requests(signer: Signer | None = None) -> list[bytes]:
    """Write the requests, signed or not, with the headers that Adobe sends."""
    made = []
    for number, body in enumerate(bodies()):
        headers = {
            "Host": "127.0.0.1",
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": str(len(body)),
            "x-adobe-event-id": f"event-{number}",
            "x-adobe-event-code": "ingestion_flow_run_success",
            "x-adobe-provider": "platform_notifications",
            "x-adobe-delivery-id": f"delivery-{number}",
        } | (signer.headers(body) if signer is not None else {})
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        made.append(f"POST /webhooks/adobe HTTP/1.1\r\n{lines}\r\n".encode() + body)
    return made


def script(file: Path, prepared: list[bytes]) -> None:
    """Write prepared requests as a script for wrk, which sends one after the other."""
    listed = ",\n".join('"' + "".join(f"\\{byte:03d}" for byte in each) + '"' for each in prepared)
    file.write_text(
        f"local all = {{{listed}}}\nlocal at = 0\n"
        "function request() at = at % #all + 1; return all[at] end\n"
        "function done(summary) local e = summary.errors\n"
        "  io.write(string.format('done %d %d\\n', summary.requests, e.connect + e.read + e.write + e.timeout"
        " + e.status)) end\n"
    )


def pin(pid: int, *, is_server: bool) -> None:
    """Give a process the first core, or all others."""
    cores = "0" if is_server else f"1-{max(1, (os.cpu_count() or 2) - 1)}"
    subprocess.run(["taskset", "-apc", cores, str(pid)], check=True, capture_output=True)


def run_wrk(server: Server, connections: int, seconds: int, lua: Path) -> tuple[int, float, float]:
    """Run wrk; return how many requests were acknowledged, and p50 and p99 in milliseconds."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(lua)]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{server.port}/webhooks/adobe"], capture_output=True, text=True, check=True
    )
    counted = re.search(r"done (\d+) (\d+)", done.stdout)
    times = {
        cut: float(text) * _UNITS_MS[unit]
        for cut, text, unit in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)\b", done.stdout)
    }
    if counted is None or int(counted[2]):
        raise MeasurementFailed(f"{server.name} did not answer 202 throughout:\n{done.stdout}")
    return int(counted[1]), times["50"], times["99"]


def measure(server: Server, seconds: int, folder: Path) -> Figures:
    """Measure one server once."""
    lua, prepared = folder / "wrk.lua", folder / "requests"
    script(lua, server.requests)
    write_requests(prepared, server.requests)
    run_wrk(server, CONNECTIONS, 1, lua)
    cpu = cpu_s(server.pid)
    count, _, _ = run_wrk(server, CONNECTIONS, seconds, lua)
    cpu = cpu_s(server.pid) - cpu
    _, one_p50, one_p99 = run_wrk(server, 1, seconds, lua)
    steady = subprocess.run(
        [sys.executable, "-m", "benchmarks.steady_client", str(server.port), str(RATE_PER_S), str(seconds), prepared],
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(steady.stdout)
    return Figures(count / seconds, 1e6 * cpu / count, one_p50, one_p99, told["p50"], told["p99"])


@contextmanager
def plain() -> Iterator[Server]:
    """Run the yardstick."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.plain_handler", str(port)])
    try:
        _wait_for(port)
        yield Server("plain aiohttp, no Kafka", process.pid, port, requests())
    finally:
        process.terminate()
        process.wait()


@contextmanager
def ingest(
    name: str, bootstrap: str, topics: Topics, prepared: list[bytes], log: Path, **auth: str
) -> Iterator[Server]:
    """Run ingest as its users do."""
    port = free_port()
    prefix = topics.raw.name.removesuffix("raw")
    service = Service(["ingest"], bootstrap, prefix, log, PARTITIONS, FLOWRUN_LISTEN=f"127.0.0.1:{port}", **auth)
    try:
        service.wait_ready()
        yield Server(name, service.pid, port, prepared)
    finally:
        service.stop()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise MeasurementFailed("the plain handler did not start")


def verification_us() -> float:
    """Measure one signature check, headers and digest included, as long as it holds the event loop: microseconds."""
    key = new_key()
    body = bodies()[0]
    headers = Signer(key, PATHS[0]).headers(body)
    public = key.public_key()

    def check() -> bool:
        return verifies(public, pairs(headers)[0].bytes(), hashlib.sha256(body).digest())

    return 1e6 * min(timeit.repeat(check, number=500, repeat=5)) / 500


def median(rounds: list[Figures]) -> Figures:
    """Return the median of each figure."""
    return Figures(*(statistics.median(column) for column in zip(*rounds, strict=True)))


def best(rounds: list[Figures]) -> Figures:
    """Return the best of each figure: what it is when the machine does little else."""
    per_s, *others = zip(*rounds, strict=True)
    return Figures(max(per_s), *(min(column) for column in others))


def table(rounds: dict[str, list[Figures]], pick: Callable[[list[Figures]], Figures]) -> str:
    """Write one row for each server."""
    steady = f"{RATE_PER_S}/s p50"
    head = f"{'server':26}{'acked/s':>9}{'CPU us':>8}{'1 conn p50':>12}{'p99':>8}{steady:>13}{'p99 ms':>8}\n"
    rows = []
    for name, figures in rounds.items():
        row = pick(figures)
        rows.append(
            f"{name:26}{row.per_s:9,.0f}{row.cpu_us:8.1f}{row.one_p50:12.2f}{row.one_p99:8.2f}"
            f"{row.steady_p50:13.2f}{row.steady_p99:8.2f}\n"
        )
    return head + "".join(rows)


def main() -> None:
    """Run the command."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install wrk")
    pin(os.getpid(), is_server=False)  # what is started from here inherits it; servers are moved
    signer = Signer(key := new_key(), PATHS[0])
    with ApacheKafka(quick=False) as kafka, key_server() as keys, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keys.serve(PATHS[0], key)
        topics = create(kafka.bootstrap, "bench.")
        adobe = {
            "FLOWRUN_AUTH": "adobe",
            "FLOWRUN_ADOBE_CLIENT_ID": CLIENT_ID,
            "FLOWRUN_ADOBE_KEYS_URL": keys.origin,
        }
        with (
            plain() as yardstick,
            ingest("ingest", kafka.bootstrap, topics, requests(), folder / "log", FLOWRUN_AUTH="none") as bare,
            ingest(
                "ingest, signatures", kafka.bootstrap, topics, requests(signer), folder / "log-2", **adobe
            ) as signed,
        ):
            servers = (yardstick, bare, signed)
            for server in servers:
                pin(server.pid, is_server=True)
            found: dict[str, list[Figures]] = {server.name: [] for server in servers}
            for _ in range(rounds):
                for server in servers:
                    found[server.name].append(measure(server, seconds, folder))
    versions = ", ".join(f"{name} {version(name)}" for name in ("httptools", "uvloop", "confluent-kafka", "aiohttp"))
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}")
    print(f"{rounds} rounds of {seconds} s, medians; {CONNECTIONS} connections, bodies of {BODY_BYTES} bytes\n")
    print(table(found, median))
    print("the best of the rounds\n")
    print(table(found, best), end="")
    print(f"\none signature check: {verification_us():.0f} us")


if __name__ == "__main__":
    main()
