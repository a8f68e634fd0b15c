"""Measure the time from POST to the alert being readable with read_committed, at steady rates."""

import asyncio
import statistics
import threading
import time
import uuid
from pathlib import Path
from typing import Final, NamedTuple

import aiohttp
from confluent_kafka import Consumer

from benchmarks.cluster import MeasurementFailed, create
from benchmarks.notifications import notification
from tests.service import Service, free_port

RATES_PER_S: Final = (20, 100, 300)
SECONDS: Final = 30
RULES: Final = '[[rule]]\nname = "any-failure"\nkind = "consecutive_failures"\nthreshold = 1\nseverity = "info"\n'


class Latency(NamedTuple):
    """Hold the figures in milliseconds."""

    rate_per_s: int
    alerts: int
    p50: float
    p99: float
    slowest: float

    def __str__(self) -> str:
        return (
            f"POST to readable alert at {self.rate_per_s}/s, {self.alerts} alerts: "
            f"p50 {self.p50:.0f} ms, p99 {self.p99:.0f} ms, slowest {self.slowest:.0f} ms"
        )


def measure(bootstrap: str, log: Path, rate_per_s: int) -> Latency:
    """Start ingest and the processors, post failed runs of new flows (each fires), and time every alert."""
    prefix = f"latency-{rate_per_s}."
    topics = create(bootstrap, prefix)
    rules = log.with_name("latency-rules.toml")
    rules.write_text(RULES)
    listen = f"127.0.0.1:{free_port()}"
    services = [
        Service(["ingest"], bootstrap, prefix, log, FLOWRUN_AUTH="none", FLOWRUN_LISTEN=listen),
        Service(["process", "all"], bootstrap, prefix, log, FLOWRUN_RULES=str(rules)),
    ]
    try:
        for service in services:
            service.wait_ready()
        return _measure(bootstrap, topics.alerts.name, f"http://{listen}/webhooks/adobe", rate_per_s)
    finally:
        for service in services:
            service.stop()


def _measure(bootstrap: str, alerts: str, url: str, rate_per_s: int) -> Latency:
    flows = [str(uuid.uuid4()) for _ in range(SECONDS * rate_per_s)]
    seen: dict[str, float] = {}
    ready = threading.Event()
    reader = threading.Thread(target=_read, args=(bootstrap, alerts, seen, len(flows), ready))
    reader.start()
    ready.wait(30)
    sent = asyncio.run(_post(url, flows, rate_per_s))
    reader.join()
    if len(seen) < len(flows):
        raise MeasurementFailed(f"{len(flows) - len(seen)} of {len(flows)} alerts did not arrive")
    # The first second holds connections being made.
    delays = sorted(1000 * (seen[flow] - sent[flow]) for flow in flows[rate_per_s:])
    cuts = statistics.quantiles(delays, n=100)
    return Latency(rate_per_s, len(delays), cuts[49], cuts[98], delays[-1])


def _read(bootstrap: str, topic: str, seen: dict[str, float], count: int, ready: threading.Event) -> None:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"latency-{uuid.uuid4()}",
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
        }
    )
    consumer.subscribe([topic], on_assign=lambda *_: ready.set())
    deadline = time.monotonic() + SECONDS + 60
    while len(seen) < count and time.monotonic() < deadline:
        message = consumer.poll(0.2)
        if message is not None and message.error() is None:
            key = message.key() or b""
            name = key if isinstance(key, str) else key.decode()
            seen.setdefault(name.partition("|")[2], time.monotonic())
    consumer.close()


async def _post(url: str, flows: list[str], rate_per_s: int) -> dict[str, float]:
    sent: dict[str, float] = {}
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as tasks:
        started = time.monotonic()
        for number, flow in enumerate(flows):
            await asyncio.sleep(max(0.0, started + number / rate_per_s - time.monotonic()))
            body = notification(flow, number, time.time_ns() // 1_000_000, failed=True).value
            sent[flow] = time.monotonic()
            tasks.create_task(_post_one(session, url, body))
    return sent


async def _post_one(session: aiohttp.ClientSession, url: str, body: bytes) -> None:
    async with session.post(url, data=body, headers={"Content-Type": "application/json"}) as answer:
        if answer.status != 202:
            raise MeasurementFailed(f"ingest answered {answer.status}")
