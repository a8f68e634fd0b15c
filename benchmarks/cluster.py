"""Stand up what a measurement needs: a broker, topics full of records."""

import time
from collections.abc import Iterable
from typing import Final

from confluent_kafka import Producer

from benchmarks.notifications import Notification
from broker import topics as broker_topics
from broker.connection import Connection
from schemas.topics import Topics, declare
from tests.service import Service

PARTITIONS: Final = 4
PATIENCE_S: Final = 300.0


class MeasurementFailed(Exception):
    """The measured process ended or did not get done; the message says where its log is."""


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


def wait_until_done(worker: Service, agent: str, count: int) -> None:
    """Wait until an agent of a worker has processed so many records.

    Raises:
        MeasurementFailed: it takes too long.
    """
    deadline = time.monotonic() + PATIENCE_S
    while worker.figure("flowrun_processors_records_total", f'agent="{agent}"') < count:
        if time.monotonic() > deadline:
            raise MeasurementFailed(f"{agent} did not finish, see {worker.log}")
        time.sleep(0.25)
