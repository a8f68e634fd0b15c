"""Write the outputs of one call of a step in one Kafka transaction."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Producer

from processors.engine.errors import EngineError, Fenced, TransactionLost, WriteImpossible
from processors.engine.step import Output

TRANSACTION_TIMEOUT_MS: Final = 30_000
"""How long an orphaned transaction may hold back read_committed readers before the broker aborts it."""

CALL_TIMEOUT_S: Final = 20.0
"""One attempt at a call of the transactional API; retriable failures are tried again until the budget ends."""

BUDGET_S: Final = 60.0

BY_KEY: Final = -1
"""librdkafka's word for a partition that follows from the key."""

_FENCED: Final = frozenset({KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.PRODUCER_FENCED})
# A producer that met a fatal error says only "fatal" to every further call; being fenced is the fatal error there is.
_IMPOSSIBLE: Final = frozenset(
    {
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.RECORD_LIST_TOO_LARGE,
        KafkaError._UNKNOWN_PARTITION,
        KafkaError._UNKNOWN_TOPIC,
        KafkaError.INVALID_TRANSACTION_TIMEOUT,
    }
)


def _judge(error: KafkaError, transactional_id: str) -> EngineError:
    text = f"{transactional_id}: {error.str()}"
    if error.code() in _FENCED or error.code() == KafkaError._FATAL:
        return Fenced(text)
    if error.code() in _IMPOSSIBLE:
        return WriteImpossible(text)
    return TransactionLost(text)


class Transactions:
    """Own one transactional id. Opening it fences whoever held it before and aborts what they left open.

    All methods block: call them from a thread, one at a time.
    """

    def __init__(self, client: Mapping[str, str | int | float | bool], transactional_id: str) -> None:
        self.transactional_id = transactional_id
        self._config = {
            **client,
            "transactional.id": transactional_id,
            "transaction.timeout.ms": TRANSACTION_TIMEOUT_MS,
            "partitioner": "murmur2_random",
            "linger.ms": 5,
            "batch.size": 900_000,
            # Records of one batch resemble each other: under load a fifth of the bytes for network, disks and readers,
            # which costs less CPU than copying the others. All clients can read it.
            "compression.type": "lz4",
            # Dead letters hold up to 4 MiB of body and their headers.
            "message.max.bytes": 5_300_000,
            "queue.buffering.max.messages": 500_000,
            "queue.buffering.max.kbytes": 262_144,
            "log_level": 2,
        }
        self._producer: Producer | None = None

    def open(self) -> None:
        """Fence and abort the predecessor. When it returns, nothing the predecessor left can be committed any more.

        Raises:
            TransactionLost: the broker did not answer within the budget.
            WriteImpossible: it refuses.
        """
        self.close()
        producer = Producer(self._config)
        self._producer = producer
        self._insist(lambda: producer.init_transactions(CALL_TIMEOUT_S))

    def write(self, outputs: Iterable[Output]) -> None:
        """Commit all outputs in one transaction, or none. They are taken once, each as it is written.

        Raises:
            TransactionLost: not committed, or not known to be.
            Fenced: another worker has opened the partition.
            WriteImpossible: it would fail again in the same way.
        """
        producer = self._producer
        if producer is None:
            raise TransactionLost(f"{self.transactional_id}: not open")
        try:
            producer.begin_transaction()
            self._produce(producer, outputs)
        except KafkaException as error:
            raise _judge(error.args[0], self.transactional_id) from error
        self._insist(lambda: producer.commit_transaction(CALL_TIMEOUT_S))

    def _produce(self, producer: Producer, outputs: Iterable[Output]) -> None:
        produce = producer.produce
        for output in outputs:
            target = BY_KEY if output.partition is None else output.partition
            try:
                if output.headers:
                    produce(output.topic, output.value, output.key, target, headers=list(output.headers))
                else:
                    produce(output.topic, output.value, output.key, target)
            except BufferError:
                self._wait_and_produce(producer, output, target)

    def _wait_and_produce(self, producer: Producer, output: Output, target: int) -> None:
        deadline = time.monotonic() + BUDGET_S
        while True:
            producer.poll(0.1)
            try:
                producer.produce(
                    output.topic, output.value, output.key, target, headers=list(output.headers or ()) or None
                )
                return
            except BufferError:
                if time.monotonic() > deadline:
                    raise TransactionLost(f"{self.transactional_id}: the send queue stayed full") from None

    def _insist(self, call: Callable[[], object]) -> None:
        deadline = time.monotonic() + BUDGET_S
        while True:
            try:
                call()
                return
            except KafkaException as error:
                cause: KafkaError = error.args[0]
                if not cause.retriable() or time.monotonic() > deadline:
                    raise _judge(cause, self.transactional_id) from error

    def close(self) -> None:
        """Abort what is open, as far as the broker lets us, and forget the producer."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        producer.purge()
        try:
            producer.abort_transaction(1.0)
        except KafkaException:
            # Nothing was open, or we are fenced, or the broker is away: the successor's open() aborts it.
            return
