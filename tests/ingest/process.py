"""Run ``flowrun ingest`` as a real process on an embedded broker, and read what it wrote."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from confluent_kafka import Consumer, Message, TopicPartition

from broker.embedded import PARTITIONS, EmbeddedBroker
from schemas.topics import Topics, declare
from tests.service import Service, free_port

PATIENCE_S: Final = 20.0
TOKEN: Final = "sesame-7f3a"
AUTHORIZED: Final = {"Authorization": f"Bearer {TOKEN}"}


@dataclass(frozen=True)
class Running:
    """One ingest process, its address, and the topic it writes to."""

    service: Service
    port: int
    topic: str
    bootstrap: str

    @property
    def url(self) -> str:
        """The webhook's address."""
        return f"http://127.0.0.1:{self.port}/webhooks/adobe"

    @property
    def log(self) -> str:
        """Everything that the process has written."""
        return self.service.log.read_text()

    def records(self) -> list[Message]:
        """Return all records of the raw topic, partition by partition."""
        return read_all(self.bootstrap, self.topic)


def embedded_topics() -> Topics:
    """Declare topics that nobody else uses, as an embedded broker can hold them."""
    return declare(f"i-{secrets.token_hex(4)}.", PARTITIONS)


@contextmanager
def running(broker: EmbeddedBroker, log: Path, **environment: str) -> Iterator[Running]:
    """Run ingest with token authentication on topics of its own."""
    topics = embedded_topics()
    broker.start(topics)
    with serving(broker.bootstrap_servers, topics, log, **environment) as run:
        run.service.wait_ready()
        yield run


@contextmanager
def serving_many(broker: EmbeddedBroker, log: Path, count: int, **environment: str) -> Iterator[Running]:
    """Run several processes behind one parent, which need not become ready."""
    topics = embedded_topics()
    broker.start(topics)
    with serving(broker.bootstrap_servers, topics, log, "--processes", str(count), **environment) as run:
        if not environment:
            run.service.wait_ready()
        yield run


@contextmanager
def serving(bootstrap: str, topics: Topics, log: Path, *arguments: str, **environment: str) -> Iterator[Running]:
    """Run ingest against a broker that need not be there."""
    port = free_port()
    settings = {"FLOWRUN_AUTH": "token", "FLOWRUN_TOKEN": TOKEN, "FLOWRUN_LISTEN": f"127.0.0.1:{port}"}
    prefix = topics.raw.name.removesuffix("raw")
    service = Service(["ingest", *arguments], bootstrap, prefix, log, PARTITIONS, **settings | environment)
    try:
        yield Running(service, port, topics.raw.name, bootstrap)
    finally:
        service.stop()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a condition holds.

    Raises:
        TimeoutError: it does not, for long.
    """
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.01)


def read_all(bootstrap: str, topic: str) -> list[Message]:
    """Return all records that a topic holds now."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "none", "enable.partition.eof": True, "fetch.wait.max.ms": 10}
    )
    try:
        numbers = sorted(consumer.list_topics(topic, timeout=10).topics[topic].partitions)
        consumer.assign([TopicPartition(topic, number, 0) for number in numbers])
        ended: set[int] = set()
        records: list[Message] = []
        while len(ended) < len(numbers):
            for message in consumer.consume(500, 0.02):
                if message.error() is None:
                    records.append(message)
                else:
                    ended.add(message.partition() or 0)
    finally:
        consumer.close()
    return records
