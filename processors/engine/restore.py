"""Read one partition of a state topic from its beginning to its end."""

import time
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from processors.engine.errors import RestoreFailed

NO_PROGRESS_S: Final = 30.0
"""How long the broker may stay silent before the read is given up (and tried again from the beginning)."""


POLL_S: Final = 0.02
"""How long one look for records waits for more of them; the partition stands still meanwhile."""


class Restored(NamedTuple):
    """Tell what was read."""

    records: int
    size_bytes: int
    seconds: float


def restore(
    client: Mapping[str, str | int | float | bool],
    topic: str,
    partition: int,
    sink: Callable[[bytes | None, bytes | None], None],
) -> Restored:
    """Feed every committed record (key, value) to ``sink``, oldest first, until the end of the partition.

    The predecessor's transaction must have been aborted before: the end of a read_committed read is the last stable
    offset, so an open transaction would hide what was committed after it began.

    Raises:
        RestoreFailed: the broker stayed silent, or something else holds a transaction open on the partition.
    """
    consumer = Consumer(
        {
            **client,
            "group.id": "flowrun-restore",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            # The end of a partition is told by an empty answer: do not let the broker wait for more.
            "fetch.wait.max.ms": 10,
            "auto.offset.reset": "earliest",
            "log_level": 2,
        }
    )
    try:
        # Not OFFSET_BEGINNING, which costs half a second. A log that begins later is read from its beginning, too.
        consumer.assign([TopicPartition(topic, partition, 0)])
        return _read_to_end(consumer, TopicPartition(topic, partition), sink)
    except KafkaException as error:
        raise RestoreFailed(f"{topic}-{partition}: {error.args[0].str()}") from error
    finally:
        consumer.close()


def _read_to_end(
    consumer: Consumer, place: TopicPartition, sink: Callable[[bytes | None, bytes | None], None]
) -> Restored:
    started = progressed = time.monotonic()
    records = size = 0
    while True:
        messages = consumer.consume(10_000, POLL_S)
        for message in messages:
            if message.error() is not None:
                if _is_end(message):
                    _check_stable(consumer, place, message)
                    return Restored(records, size, time.monotonic() - started)
                continue
            key, value = message.key(), message.value()
            sink(_bytes(key), _bytes(value))
            records += 1
            size += len(key or b"") + len(value or b"")
            progressed = time.monotonic()
        if time.monotonic() - progressed > NO_PROGRESS_S:
            raise RestoreFailed(f"{place.topic}-{place.partition}: no answer for {NO_PROGRESS_S:.0f} s")


def _bytes(data: str | bytes | None) -> bytes | None:
    return data.encode() if isinstance(data, str) else data


def _is_end(message: Message) -> bool:
    error = message.error()
    if error is None:
        return False
    if error.code() == KafkaError._PARTITION_EOF:
        return True
    if error.code() in (KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT) or error.retriable():
        return False
    raise KafkaException(error)


def _check_stable(consumer: Consumer, place: TopicPartition, end: Message) -> None:
    # As the last fetch told it: asked anew, a read_committed consumer is told the last stable offset for the high one.
    _, high = consumer.get_watermark_offsets(place, cached=True)
    offset = end.offset()
    if offset is not None and offset < high:
        raise RestoreFailed(f"{place.topic}-{place.partition}: a transaction is open at {offset}, the end is {high}")
