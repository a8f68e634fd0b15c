"""Write entries to the raw topic, as ingest would."""

import asyncio
import time
from types import TracebackType
from typing import Self

from broker.connection import Connection, connection
from broker.topics import require
from flowrun.recording.entry import Entry
from flowrun.replay.carried import carried
from flowrun.replay.delivery import Outcome
from ingest import envelope
from ingest.errors import NotTaken
from ingest.limits import Limits
from ingest.metrics import Statistics
from ingest.producer import RawProducer
from schemas.settings import Values
from schemas.topics import Topic, declare


class KafkaTarget:
    """Produce to the raw topic, acknowledged by all replicas. Use it as an async context manager."""

    def __init__(self, values: Values) -> None:
        """Prepare to write to the cluster and topic of the settings."""
        topics = declare(values.get("FLOWRUN_TOPIC_PREFIX", str) or "", values.get("FLOWRUN_PARTITIONS", int) or 1)
        self._connection: Connection = connection(values)
        self._topic: Topic = topics.raw
        self._limits = Limits()
        self._producer: RawProducer | None = None
        values.done()

    async def __aenter__(self) -> Self:
        """Look for the topic, and make the producer.

        Raises:
            BrokerUnreachable: no broker answered in time.
            LoginRefused: a broker did not let us in.
            TopicsMissing: the raw topic does not exist.
            PartitionsWrong: it has another number of partitions than the settings say.
        """
        await asyncio.to_thread(require, self._connection, [self._topic])
        self._producer = RawProducer(self._connection, self._topic.name, self._limits, Statistics())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._producer is not None:
            await self._producer.close(self._limits.message_timeout_ms / 1000)

    async def send(self, entry: Entry) -> Outcome:
        """Write all records of one entry, and return when Kafka has acknowledged every one.

        Raises:
            RuntimeError: used outside its context.
        """
        if self._producer is None:
            raise RuntimeError("use KafkaTarget in an async with statement")
        if len(entry.body) > self._limits.body_bytes:
            return Outcome("refused", f"the body has {len(entry.body)} bytes, more than {self._limits.body_bytes}")
        delivery = envelope.describe(carried(entry), time.time_ns() // 1_000_000, "replay")
        records = envelope.records(entry.body, delivery)
        try:
            await self._producer.write(records, asyncio.get_running_loop().time() + self._limits.deadline_s)
        except NotTaken as error:
            return Outcome("later", error.detail)
        return Outcome("acknowledged", accepted=len(records))
