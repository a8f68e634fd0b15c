"""Write records to Kafka from the event loop, and say when the broker has acknowledged all of a request's."""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Collection, Sequence
from time import monotonic
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from broker.connection import Connection
from broker.errors import LoginRefused
from ingest.breaker import Breaker
from ingest.envelope import Record
from ingest.errors import KafkaUnavailable, QueueFull
from ingest.limits import Limits
from ingest.metrics import Statistics
from ingest.pending import Pending, too_late

log = logging.getLogger("flowrun.ingest.producer")

_POLL_S: Final = 0.1
_REPLACE_S: Final = 1.0
_EXPIRE_S: Final = 0.1
_MESSAGE_MAX_BYTES: Final = 5_200_000
"""The largest body with its key and headers; below the topic's 5 MiB."""
_ABOUT_THE_RECORD: Final = (KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG, KafkaError.INVALID_RECORD)
"""Errors that say nothing about how another record would fare."""


class RawProducer:
    """Hold the one Kafka producer of this process. Everything but its poll thread runs on the event loop."""

    def __init__(self, connection: Connection, topic: str, limits: Limits, statistics: Statistics) -> None:
        """Make the producer; nothing is sent yet, and no broker is needed.

        Raises:
            LoginRefused: a certificate or key file is not what it should be.
        """
        self.topic: Final = topic
        self._statistics = statistics
        self._loop = asyncio.get_running_loop()
        self._breaker = Breaker(monotonic)
        self._is_fatal = False
        self._waiting: set[Pending] = set()
        self._config = _config(connection, limits) | {"error_cb": self._note_client_error}
        try:
            self._producer = Producer(self._config)
        except KafkaException as error:
            raise LoginRefused(connection.bootstrap_servers, error.args[0].str()) from None
        # The poll thread appends, the loop takes away. One wake-up of the loop serves all reports that wait.
        self._reports: deque[tuple[Pending, KafkaError | None]] = deque()
        self._is_woken = False
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._poll, name="kafka-reports", daemon=True)
        self._thread.start()
        self._timer = self._loop.call_later(_EXPIRE_S, self._expire)

    def topics(self, timeout_s: float) -> Collection[str]:
        """Ask the cluster for the names of all its topics. Blocks.

        Raises:
            KafkaException: no broker answers within ``timeout_s``.
        """
        # All, not the one: asking for one by name creates it on brokers that are set up so.
        known: dict[str, object] = self._producer.list_topics(timeout=timeout_s).topics
        return known

    @property
    def queue_records(self) -> int:
        """How many records wait for Kafka."""
        return len(self._producer)

    async def write(self, records: Sequence[Record], deadline: float) -> None:
        """Write records and return when the broker has acknowledged every one.

        ``deadline`` is a time of ``time.monotonic``. After an error some may be stored, or will be: they count as
        possible duplicates.

        Raises:
            DeadlinePassed: not all were acknowledged by then; the outcome is in doubt.
            QueueFull: too much waits for Kafka already.
            KafkaUnavailable: Kafka did not take a record in time, refused it, or fails at present.
        """
        if not records:
            return
        if self._breaker.is_failing:
            with self._breaker.attempt():
                await self._write(records, deadline)
        else:
            await self._write(records, deadline)

    async def _write(self, records: Sequence[Record], deadline: float) -> None:
        pending = Pending(len(records), deadline, self._loop)
        self._waiting.add(pending)
        try:
            self._enqueue(records, pending)
            await pending.done
            if monotonic() > deadline:
                raise too_late()
        except BaseException:
            self._abandon(pending)
            raise
        finally:
            self._waiting.discard(pending)

    async def close(self, timeout_s: float) -> None:
        """Wait until nothing waits for Kafka, ``timeout_s`` at most, and end the poll thread."""
        left = await self._loop.run_in_executor(None, self._producer.flush, timeout_s)
        if left:
            log.warning(
                "records were not acknowledged before the end; their requests were answered 503",
                extra={"records": left},
            )
        self._timer.cancel()
        self._is_stopping.set()
        await self._loop.run_in_executor(None, self._thread.join)
        self._take_reports()

    def _enqueue(self, records: Sequence[Record], pending: Pending) -> None:
        def report(error: KafkaError | None, _: Message) -> None:
            self._reports.append((pending, error))
            if not self._is_woken:
                self._is_woken = True
                self._loop.call_soon_threadsafe(self._take_reports)

        produce = self._producer.produce
        for number, (key, value, headers, _) in enumerate(records):
            try:
                produce(self.topic, value, key, headers=headers, on_delivery=report)
            except (BufferError, KafkaException) as error:
                pending.left = number
                if isinstance(error, BufferError):
                    raise QueueFull("Too much waits for Kafka; send it again.") from None
                log.exception("a record could not be handed to librdkafka")
                raise KafkaUnavailable("Kafka did not take the notification; send it again.") from None

    def _expire(self) -> None:
        """End the waits whose deadline has passed. One timer for all: one for each request is a tenth of its cost."""
        self._timer = self._loop.call_later(_EXPIRE_S, self._expire)
        now = monotonic()
        for pending in [each for each in self._waiting if each.deadline <= now]:
            pending.expire()

    def _poll(self) -> None:
        while not self._is_stopping.is_set():
            self._producer.poll(_POLL_S)
            if self._is_fatal:
                self._replace()

    def _replace(self) -> None:
        """Put a new client in place of one that librdkafka has given up for ever (in the poll thread)."""
        given_up, self._producer = self._producer, Producer(self._config)
        self._is_fatal = False
        given_up.purge()  # what it still held is reported as failed
        given_up.flush(_REPLACE_S)

    def _note_client_error(self, error: KafkaError) -> None:
        """Log what librdkafka says of brokers (in the poll thread)."""
        self._is_fatal = self._is_fatal or error.fatal()
        self._statistics.broker_errors.add_any(error.name())
        log.warning("Kafka client reports trouble", extra={"reason": error.str()})

    def _take_reports(self) -> None:
        self._is_woken = False  # first: a report appended from now on wakes the loop again
        reports = self._reports
        while reports:
            self._settle(*reports.popleft())

    def _settle(self, pending: Pending, error: KafkaError | None) -> None:
        pending.left -= 1
        if error is not None:
            self._fail(pending, error)
            return
        pending.acknowledged += 1
        if pending.is_abandoned:
            self._statistics.possible_duplicates.add()
        elif pending.left == 0 and not pending.done.done():
            pending.done.set_result(None)
        if self._breaker.is_failing:
            self._breaker.succeed()
            log.info("Kafka takes records again")

    def _fail(self, pending: Pending, error: KafkaError) -> None:
        self._statistics.delivery_errors.add_any(error.name())
        if error.code() not in _ABOUT_THE_RECORD and not self._breaker.is_failing:
            self._breaker.fail()
            log.error("Kafka did not take a record", extra={"topic": self.topic, "reason": error.str()})
        if not pending.is_abandoned and not pending.done.done():
            pending.done.set_exception(KafkaUnavailable("Kafka did not take the notification; send it again."))

    def _abandon(self, pending: Pending) -> None:
        """Count what was acknowledged of a request that is answered 503, now and from now on."""
        pending.is_abandoned = True
        self._statistics.possible_duplicates.add(pending.acknowledged)


def _config(connection: Connection, limits: Limits) -> dict[str, Any]:
    return {
        **connection.for_confluent(),
        "client.id": "flowrun-ingest",
        "acks": "all",
        "enable.idempotence": True,
        "partitioner": "murmur2_random",
        "linger.ms": 0,
        # While two batches are under way the next one grows, which halves librdkafka's work under load; a lone record
        # still goes at once. docs/performance-ingest.md has the figures.
        "max.in.flight.requests.per.connection": 2,
        "message.timeout.ms": limits.message_timeout_ms,
        "message.max.bytes": _MESSAGE_MAX_BYTES,
        "queue.buffering.max.messages": limits.queue_records,
        "queue.buffering.max.kbytes": limits.queue_kbytes,
        "allow.auto.create.topics": False,
        "reconnect.backoff.max.ms": 1000,
        "log_level": 2,
        "logger": logging.getLogger("flowrun.ingest.librdkafka"),
    }
