"""Read a whole topic, committed records only."""

from collections.abc import Iterator
from typing import NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition


class Stored(NamedTuple):
    """One record as it stands in a topic."""

    partition: int
    offset: int
    key: str
    value: bytes


def read(bootstrap: str, topic: str, partitions: int) -> list[Stored]:
    """Return every committed record, by partition and offset."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "verdict",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
    )
    consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in range(partitions)])
    try:
        return sorted(_records(consumer, partitions))
    finally:
        consumer.close()


def _records(consumer: Consumer, partitions: int) -> Iterator[Stored]:
    ended: set[int] = set()
    while len(ended) < partitions:
        for message in consumer.consume(5_000, 1.0):
            number, offset = message.partition(), message.offset()
            assert number is not None
            if message.error() is not None:
                ended.add(number)
            else:
                key, value = message.key() or b"", message.value() or b""
                assert offset is not None
                yield Stored(
                    number,
                    offset,
                    key if isinstance(key, str) else key.decode(),
                    value.encode() if isinstance(value, str) else value,
                )
