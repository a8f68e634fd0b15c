"""Stand up what a measurement needs: a broker, topics full of records, a worker process and its CPU time."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from confluent_kafka import Producer

from benchmarks.notifications import Notification
from broker import topics as broker_topics
from broker.connection import Connection
from schemas.topics import Topics, declare

PARTITIONS: Final = 4
PATIENCE_S: Final = 300.0
_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")


class MeasurementFailed(Exception):
    """The measured process ended or did not get done; the message says where its log is."""


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def cpu_s(pid: int) -> float:
    """Return the CPU seconds (user and system, all threads) that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


def create(bootstrap: str, prefix: str) -> Topics:
    """Create all topics under a prefix."""
    topics = declare(prefix, PARTITIONS)
    broker_topics.create(Connection(bootstrap), topics, 1)
    return topics


def fill(bootstrap: str, topic: str, records: Iterable[Notification]) -> None:
    """Write records to a topic as fast as possible and wait for every acknowledgement."""
    producer = Producer(
        {"bootstrap.servers": bootstrap, "linger.ms": 20, "batch.size": 900_000, "partitioner": "murmur2_random"}
    )
    for key, value, headers in records:
        while True:
            try:
                producer.produce(topic, value, key, headers=list(headers))
                break
            except BufferError:
                producer.poll(0.1)
    if producer.flush(120):
        raise MeasurementFailed(f"{topic} could not be filled")


class Service:
    """Run one ``flowrun`` command as a process with its own log; ready when its /readyz says so."""

    def __init__(self, arguments: list[str], bootstrap: str, prefix: str, log: Path, **environment: str) -> None:
        self.port = free_port()
        self.log = log
        self._log = log.open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "flowrun", *arguments],
            env={
                **os.environ,
                "FLOWRUN_BOOTSTRAP_SERVERS": bootstrap,
                "FLOWRUN_TOPIC_PREFIX": prefix,
                "FLOWRUN_PARTITIONS": str(PARTITIONS),
                "FLOWRUN_APP_ID": prefix.rstrip("."),
                "FLOWRUN_MANAGEMENT_LISTEN": f"127.0.0.1:{self.port}",
                **environment,
            },
            stdout=self._log,
            stderr=self._log,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def cpu_s(self) -> float:
        """CPU seconds used so far."""
        return cpu_s(self.pid)

    def fetch(self, path: str) -> str:
        """Return a page of the management port.

        Raises:
            OSError: it does not answer, or not with 200.
        """
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            text: str = answer.read().decode()
            return text

    def wait_ready(self) -> None:
        """Wait until /readyz answers 200.

        Raises:
            MeasurementFailed: the process ended, or took too long.
        """
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                self.fetch("/readyz")
                return
            except (OSError, urllib.error.URLError):
                time.sleep(0.02)
        raise MeasurementFailed(f"not ready, see {self.log}")

    def figure(self, name: str, *labels: str) -> float:
        """Return the sum of a metric's samples whose line holds all ``labels``."""
        lines = (line for line in self.fetch("/metrics").splitlines() if line.startswith(name))
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if all(label in line for label in labels))

    def stop(self) -> None:
        """End the process in good order."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
