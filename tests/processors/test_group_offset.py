"""Lag tools see that everything is processed, also when nothing follows."""

import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from schemas.topics import Topics
from tests.processors.watch.records import run
from tests.service import Service

PATIENCE_S = 20.0


def committed(bootstrap: str, group: str, place: TopicPartition) -> int:
    """Return the group's offset, negative for none."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group})
    try:
        [found] = consumer.committed([place], timeout=10)
        return found.offset
    finally:
        consumer.close()


@pytest.mark.broker
def test_the_group_reaches_the_end_of_its_input(
    bootstrap_servers: str, make_topics: Callable[..., Topics], tmp_path: Path
) -> None:
    """The last batch is acknowledged before it is processed; its offset is committed after it nevertheless."""
    topics = make_topics(partitions=1)
    prefix = topics.runs.name.removesuffix("runs")
    producer = Producer({"bootstrap.servers": bootstrap_servers})
    for number in range(5):
        record = run(f"r{number}", "success", f"10:{number:02}", "f")
        producer.produce(topics.runs.name, msgspec.json.encode(record), "f")
    producer.flush()
    group, place = f"{prefix.rstrip('.')}-processors", TopicPartition(topics.runs.name, 0)
    service = Service(["process", "watch"], bootstrap_servers, prefix, tmp_path / "log", partitions=1)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while committed(bootstrap_servers, group, place) < 5 and time.monotonic() < deadline:
            time.sleep(0.2)
        assert committed(bootstrap_servers, group, place) == 5
    finally:
        service.stop()
