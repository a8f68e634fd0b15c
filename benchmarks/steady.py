"""Measure what a worker costs that keeps up: CPU per event while notifications arrive at a steady rate.

Each flow is known by then. A micro-batch holds what arrived since the last one, so a flow is in it once at most, of few
flows or many.
"""

import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from confluent_kafka import Producer

from benchmarks.cluster import PARTITIONS, create, fill, wait_until_done
from benchmarks.notifications import Notification, notifications
from tests.service import Service

RATES_PER_S: Final = (20, 100, 500, 2_000)
SECONDS: Final = 10
KNOWN: Final = 100_000
"""Notifications that are processed before anything is measured."""

LULL_S: Final = 3.0
STEP_S: Final = 0.002


class Steady(NamedTuple):
    """Hold what one rate costs with so many flows."""

    flows: int
    rate_per_s: int
    cpu_s: float

    @property
    def cost_us(self) -> float:
        """CPU microseconds per event."""
        return 1e6 * self.cpu_s / (self.rate_per_s * SECONDS)

    def __str__(self) -> str:
        return (
            f"{self.flows:,} flows, {self.rate_per_s:,}/s: {self.cost_us:,.0f} µs of CPU per event, "
            f"{self.cpu_s / SECONDS:.2f} cores"
        )


def measure(bootstrap: str, flows: int, log: Path, **environment: str) -> Iterator[Steady]:
    """Run one worker with both agents, and yield what each of the rates costs it."""
    prefix = f"steady-{flows}."
    raw = create(bootstrap, prefix).raw.name
    count = KNOWN + SECONDS * sum(RATES_PER_S)
    source = notifications(count, flows, time.time_ns() // 1_000_000)
    fill(bootstrap, raw, itertools.islice(source, KNOWN))
    producer = Producer({"bootstrap.servers": bootstrap, "partitioner": "murmur2_random"})
    worker = Service(["process", "all"], bootstrap, prefix, log, PARTITIONS, **environment)
    try:
        worker.wait_ready()
        done = KNOWN
        wait_until_done(worker, "watch", done)
        for rate in RATES_PER_S:
            time.sleep(LULL_S)
            coming = list(itertools.islice(source, rate * SECONDS))
            before = worker.cpu_s
            _send(producer, raw, coming, rate)
            done += len(coming)
            wait_until_done(worker, "watch", done)
            yield Steady(flows, rate, worker.cpu_s - before)
    finally:
        worker.stop()


def _send(producer: Producer, topic: str, coming: list[Notification], rate: int) -> None:
    started, sent = time.monotonic(), 0
    while sent < len(coming):
        due = min(len(coming), 1 + int(rate * (time.monotonic() - started)))
        for one in coming[sent:due]:
            producer.produce(topic, one.value, one.key, headers=one.headers)
        sent = due
        producer.poll(0)
        time.sleep(STEP_S)
    producer.flush()
