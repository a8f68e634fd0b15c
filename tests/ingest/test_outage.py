"""Test that a broker that is killed and comes back costs 503s for as long, and nothing that was acknowledged."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from broker.connection import Connection
from broker.topics import create
from schemas.topics import declare
from tests.ingest.process import AUTHORIZED, Running, read_all, serving, until
from tests.kafka.apache import ApacheKafka

SENDERS = 8
BEFORE = 200
RECOVERY_S = 5.0


class Posting:
    """Post notifications with ids of their own until told to stop, and keep what came of each."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._sent = 0
        self.is_over = False
        self.acknowledged: list[tuple[float, str]] = []
        """When, and which."""
        self.statuses: set[int] = set()

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Post one after the other; pause where told to."""
        while not self.is_over:
            self._sent += 1
            event_id = f"outage-{self._sent}"
            async with session.post(self._url, data=f'{{"event_id":"{event_id}"}}') as answer:
                self.statuses.add(answer.status)
                if answer.status == 202:
                    self.acknowledged.append((time.monotonic(), event_id))
                elif answer.status == 503:
                    assert int(answer.headers["Retry-After"]) >= 1
                    await asyncio.sleep(0.1)  # a sender that is told to come back later does not come at once


@asynccontextmanager
async def posting(run: Running) -> AsyncIterator[Posting]:
    """Post in the background from several connections."""
    made = Posting(run.url)
    async with aiohttp.ClientSession(headers=AUTHORIZED) as session, asyncio.TaskGroup() as tasks:
        for _ in range(SENDERS):
            tasks.create_task(made.run(session))
        try:
            yield made
        finally:
            made.is_over = True


async def outage(apache_kafka: type[ApacheKafka], log: Path, seconds: float) -> None:
    """Kill the broker under load, start it again after so long, and check all that was promised."""
    topics = declare("outage.", 4)
    with apache_kafka() as kafka:
        create(Connection(kafka.bootstrap), topics, 1)
        with serving(kafka.bootstrap, topics, log) as run:
            run.service.wait_ready()
            async with posting(run) as load:
                await until(lambda: has(load, BEFORE))
                await asyncio.to_thread(kafka.kill)
                killed_at = time.monotonic()
                await until(lambda: is_ready(run, expected=False))
                await asyncio.sleep(seconds - (time.monotonic() - killed_at))
                count = len(load.acknowledged)
                await asyncio.to_thread(kafka.start)
                returned_at = time.monotonic()
                await until(lambda: has(load, count + BEFORE))
                await until(lambda: is_ready(run, expected=True))
            first_back = load.acknowledged[count][0]
            assert load.statuses == {202, 503}
            assert first_back - returned_at < RECOVERY_S
            stored = {(record.key() or b"").decode() for record in read_all(kafka.bootstrap, topics.raw.name)}
            assert {event_id for _, event_id in load.acknowledged} - stored == set()


async def has(load: Posting, count: int) -> bool:
    """Tell whether so many were acknowledged."""
    return len(load.acknowledged) >= count


async def is_ready(run: Running, *, expected: bool) -> bool:
    """Tell whether /readyz is what is expected; /livez has to say yes at any time."""
    assert await asyncio.to_thread(run.service.fetch, "/livez") == "ok\n"
    try:
        return (await asyncio.to_thread(run.service.fetch, "/readyz") == "ok\n") == expected
    except OSError:
        return not expected


@pytest.mark.broker
async def test_a_short_outage(apache_kafka: type[ApacheKafka], tmp_path: Path) -> None:
    """Nine seconds, longer than librdkafka tries: 503, and 202 again within five seconds of the return."""
    await outage(apache_kafka, tmp_path / "log", 9.0)


@pytest.mark.broker
@pytest.mark.slow
async def test_an_outage_of_thirty_seconds(apache_kafka: type[ApacheKafka], tmp_path: Path) -> None:
    """The same for thirty seconds."""
    await outage(apache_kafka, tmp_path / "log", 30.0)
