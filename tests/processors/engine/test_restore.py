"""A state topic is read from its first record to its last committed one."""

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from broker.connection import Connection
from processors.engine import restore as restoring
from processors.engine.errors import RestoreFailed
from processors.engine.restore import restore
from processors.engine.step import Output
from processors.engine.transactions import Transactions
from schemas.topics import Topics

pytestmark = pytest.mark.broker


def write(connection: Connection, topic: str, *values: bytes) -> None:
    """Commit values in one transaction, to partition 1."""
    transactions = Transactions(connection.for_confluent(), topic)
    transactions.open()
    transactions.write([Output(topic, value, value, None, 1) for value in values])
    transactions.close()


def read(connection: Connection, topic: str) -> list[bytes | None]:
    """Return the values that are restored."""
    found: list[bytes | None] = []
    records, size_bytes, _ = restore(connection.for_confluent(), topic, 1, lambda key, value: found.append(value))
    assert (records, size_bytes) == (len(found), sum(2 * len(value or b"") for value in found))
    return found


def test_an_empty_partition_is_read_at_once(connection: Connection, topics: Topics) -> None:
    """There is nothing, and nobody waits for it."""
    assert read(connection, topics.watch_state.name) == []


def test_committed_records_come_in_order(connection: Connection, topics: Topics) -> None:
    """Those of all transactions."""
    write(connection, topics.watch_state.name, b"a", b"b")
    write(connection, topics.watch_state.name, b"c")
    assert read(connection, topics.watch_state.name) == [b"a", b"b", b"c"]


def test_reading_begins_where_the_log_begins(real_connection: Connection, topics: Topics) -> None:
    """Kafka has deleted what was before."""
    write(real_connection, topics.normalize_state.name, b"a", b"b", b"c")
    client = AdminClient(dict(real_connection.for_confluent()))
    place = TopicPartition(topics.normalize_state.name, 1, 2)
    client.delete_records([place])[place].result(10)
    assert read(real_connection, topics.normalize_state.name) == [b"c"]


def test_an_open_transaction_hides_what_follows_so_nothing_is_restored(
    real_connection: Connection, topics: Topics
) -> None:
    """The end that a reader sees is not the end: the caller has to try again."""
    topic = topics.watch_state.name
    stuck = Transactions(real_connection.for_confluent(), f"{topic}-stuck")
    stuck.open()
    producer = stuck._producer
    assert producer is not None
    producer.begin_transaction()
    producer.produce(topic, b"z", b"z", 1)
    assert producer.flush(10) == 0
    write(real_connection, topic, b"a")
    with pytest.raises(RestoreFailed, match="a transaction is open at 0"):
        read(real_connection, topic)
    stuck.close()
    assert read(real_connection, topic) == [b"a"]


def test_a_silent_broker_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller tries again from the beginning."""
    monkeypatch.setattr(restoring, "NO_PROGRESS_S", 0.1)
    with pytest.raises(RestoreFailed, match="no answer for"):
        restore(Connection("127.0.0.1:9").for_confluent(), "nowhere", 0, lambda key, value: None)
