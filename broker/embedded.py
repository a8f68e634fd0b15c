"""Run a Kafka broker inside this process: librdkafka's mock cluster, for the demo and quick tests."""

import logging
from collections.abc import Iterable
from types import TracebackType
from typing import Final, Self

from confluent_kafka import Producer

from schemas.topics import Topic

PARTITIONS: Final = 4
"""How many partitions every topic of the mock cluster has; librdkafka offers no setting for it."""
CLUSTER_ID_PREFIX: Final = "mockCluster"
"""How the cluster id of a mock cluster begins: by it a client knows that topics cannot be created by request."""
_ANSWER_TIMEOUT_S: Final = 10

_SILENT = logging.getLogger("broker.embedded.librdkafka")
_SILENT.disabled = True


class EmbeddedBroker:
    """Serve the Kafka protocol on a free port of 127.0.0.1 as long as this process lives.

    Other processes and other clients can use it: groups and transactions work. Limits: memory only and about 5 MiB
    kept per partition; every topic has 4 partitions and no configs; nothing is compacted; aborted records are not
    hidden from ``read_committed``; a second producer of a transactional id does not fence the first, so exactly-once
    holds for one worker only; the first join of a group takes 3 seconds; the end of a transaction is written with a
    checksum of zeros (librdkafka 2.15 and later), so a client that checks them, as aiokafka does, must be told not to.
    """

    def __init__(self) -> None:
        self._cluster: Producer | None = None
        self._address = ""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def bootstrap_servers(self) -> str:
        """Its address, ``HOST:PORT``.

        Raises:
            RuntimeError: it is not running.
        """
        if self._cluster is None:
            raise RuntimeError("the embedded broker is not running: call start() first")
        return self._address

    def start(self, topics: Iterable[Topic] = ()) -> Self:
        """Start the broker, and create the given topics on it.

        Raises:
            ValueError: a topic asks for another number of partitions than 4.
        """
        wanted = list(topics)
        for topic in wanted:
            if topic.partitions != PARTITIONS:
                raise ValueError(
                    f"the embedded broker gives every topic {PARTITIONS} partitions, not {topic.partitions}"
                )
        if self._cluster is None:
            self._cluster = Producer({"bootstrap.servers": "embedded", "test.mock.num.brokers": 1, "logger": _SILENT})
            (broker,) = self._cluster.list_topics(timeout=_ANSWER_TIMEOUT_S).brokers.values()
            self._address = f"{broker.host}:{broker.port}"
        for topic in wanted:
            self._cluster.list_topics(topic.name, timeout=_ANSWER_TIMEOUT_S)
        return self

    def stop(self) -> None:
        """End the broker; what it held is gone."""
        self._cluster = None  # librdkafka ends the cluster together with the client that carries it
