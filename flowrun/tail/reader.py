"""Read topics from a chosen place, without a consumer group's traces."""

import logging
import time
import uuid
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Final, Literal, Self

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    TIMESTAMP_NOT_AVAILABLE,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)
from confluent_kafka.admin import ClusterMetadata  # type: ignore[attr-defined]  # exported, but not as mypy wants it

from broker.admin import Admin
from broker.connection import Connection
from broker.embedded import CLUSTER_ID_PREFIX
from broker.errors import BrokerError, BrokerUnreachable, TopicsMissing
from flowrun.tail.merge import Merge
from flowrun.tail.record import Record
from schemas.topics import Topic

Start = Literal["beginning", "end"] | int
"""Where to begin; a number is a time in milliseconds."""

MAX_RECORDS: Final = 500
TIMEOUT_S: Final = 10.0
DOWN_TOO_LONG_S: Final = 10.0

_SILENT = logging.getLogger("flowrun.tail.librdkafka")
_SILENT.disabled = True


class Reader:
    """Read all partitions of some topics, committed records only.

    It assigns partitions to itself under a group name of its own and commits nothing: nobody else notices.
    """

    def __init__(self, connection: Connection, topics: Sequence[Topic], start: Start) -> None:
        """Find the partitions and begin to read.

        Raises:
            BrokerUnreachable: no broker answered in time.
            LoginRefused: a broker did not let us in.
            TopicsMissing: a topic does not exist.
        """
        self._servers = connection.bootstrap_servers
        self._since_ms = start if isinstance(start, int) else 0
        self._down_since: float | None = None
        metadata = Admin(connection, TIMEOUT_S).metadata()
        missing = [topic.name for topic in topics if topic.name not in metadata.topics]
        if missing:
            raise TopicsMissing(missing)
        self._consumer = Consumer(self._config(connection))
        partitions = self._positions(metadata, topics, start)
        self._consumer.assign(partitions)
        self._merge = Merge({(each.topic, each.partition) for each in partitions})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close()

    @property
    def is_at_end(self) -> bool:
        """Tell whether every partition was read to its end once."""
        return self._merge.is_done

    @property
    def down_s(self) -> float:
        """For how many seconds no broker was to be reached."""
        return 0.0 if self._down_since is None else time.monotonic() - self._down_since

    def read(self, timeout_s: float) -> list[Record]:
        """Return the next records: in the order of their times up to the end, then as they come.

        Raises:
            BrokerError: the broker reported what does not pass.
        """
        for message in self._consumer.consume(MAX_RECORDS, timeout_s):
            self._take(message)
        return list(self._merge.ready())

    def require_contact(self) -> None:
        """Check that the broker is still there.

        Raises:
            BrokerUnreachable: it has been gone for too long.
        """
        if self.down_s > DOWN_TOO_LONG_S:
            raise BrokerUnreachable(self._servers, "the connection was lost")

    def _take(self, message: Message) -> None:
        error = message.error()
        if error is not None and error.code() == KafkaError._PARTITION_EOF:
            self._merge.end((message.topic() or "", message.partition() or 0))
        elif error is not None:
            if not error.retriable() and error.code() != KafkaError._ALL_BROKERS_DOWN:
                raise BrokerError(f"reading {message.topic()} failed: {error.str()}")
            return
        else:
            record = _record(message)
            if record.time_ms >= self._since_ms:
                self._merge.add(record)
        self._down_since = None

    def _config(self, connection: Connection) -> dict[str, Any]:
        return {
            **connection.for_confluent(),
            "group.id": f"flowrun-tail-{uuid.uuid4()}",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 100,  # also how long the end of an idle partition takes to show
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "logger": _SILENT,
            "error_cb": self._note_error,
        }

    def _note_error(self, error: KafkaError) -> None:
        if error.code() == KafkaError._ALL_BROKERS_DOWN and self._down_since is None:
            self._down_since = time.monotonic()

    def _positions(self, metadata: ClusterMetadata, topics: Sequence[Topic], start: Start) -> list[TopicPartition]:
        offset = OFFSET_END if start == "end" else OFFSET_BEGINNING
        positions = [
            TopicPartition(topic.name, number, offset)
            for topic in topics
            for number in metadata.topics[topic.name].partitions
        ]
        # The embedded broker cannot look up times: there everything is read and the early is passed over.
        if not isinstance(start, int) or (metadata.cluster_id or "").startswith(CLUSTER_ID_PREFIX):
            return positions
        try:
            wanted = [TopicPartition(each.topic, each.partition, start) for each in positions]
            return self._consumer.offsets_for_times(wanted, timeout=TIMEOUT_S)
        except KafkaException as error:
            raise BrokerUnreachable(self._servers, error.args[0].str()) from None


def _record(message: Message) -> Record:
    kind, time_ms = message.timestamp()
    headers = message.headers() or []
    pairs = headers.items() if isinstance(headers, dict) else headers
    return Record(
        topic=message.topic() or "",
        partition=message.partition() or 0,
        offset=message.offset() or 0,
        time_ms=0 if kind == TIMESTAMP_NOT_AVAILABLE else time_ms,
        key=_bytes(message.key()),
        value=_bytes(message.value()),
        headers=tuple((name, _bytes(value) or b"") for name, value in pairs),
    )


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
