"""Test that the embedded broker does for other processes what the demo needs of a broker."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaConsumer
from confluent_kafka import Consumer, Message, Producer, TopicPartition

from broker.admin import Admin
from broker.connection import Connection
from broker.embedded import PARTITIONS, EmbeddedBroker
from broker.errors import BrokerUnreachable
from broker.topics import check, create, is_embedded
from schemas.topics import Topics, declare
from tests.kafka.ready import answers

CONSUME = """
import json, sys
from confluent_kafka import Consumer
consumer = Consumer({
    "bootstrap.servers": sys.argv[1], "group.id": "other-process", "auto.offset.reset": "earliest",
    "isolation.level": "read_committed",
})
consumer.subscribe([sys.argv[2]])
values = []
while len(values) < int(sys.argv[3]):
    values += [message.value().decode() for message in consumer.consume(100, 0.2) if not message.error()]
consumer.close()
print(json.dumps(sorted(values)))
"""


@pytest.fixture
def embedded() -> Iterator[EmbeddedBroker]:
    """A running broker without topics."""
    with EmbeddedBroker() as broker:
        yield broker


@pytest.fixture
def declared() -> Topics:
    """The contract's topics with the partitions that an embedded broker gives."""
    return declare("embedded.", PARTITIONS)


def transactional(bootstrap_servers: str) -> Producer:
    """Make a producer that has opened its transactional id, as the processors do."""
    producer = Producer({"bootstrap.servers": bootstrap_servers, "transactional.id": "t", "linger.ms": 5})
    producer.init_transactions(10)
    return producer


def commit(producer: Producer, topic: str, values: list[str]) -> None:
    """Write values in one transaction."""
    producer.begin_transaction()
    for value in values:
        producer.produce(topic, value.encode(), key=value.encode())
    producer.commit_transaction(10)


def test_topics_given_at_the_start_are_there(declared: Topics) -> None:
    """After `start(topics)` there is no difference from the contract."""
    with EmbeddedBroker().start(declared) as broker:
        assert check(Connection(broker.bootstrap_servers), declared) == []


def test_create_works_although_it_knows_no_such_request(embedded: EmbeddedBroker, declared: Topics) -> None:
    """`create` returns the new names as it does on a real cluster, and none the second time."""
    connection = Connection(embedded.bootstrap_servers)
    names = [topic.name for topic in declared]
    assert (create(connection, declared, 1), create(connection, declared, 1)) == (names, [])


def test_it_is_known_as_what_it_is(embedded: EmbeddedBroker) -> None:
    """A client can tell it from a Kafka, by the id of its cluster."""
    assert is_embedded(Connection(embedded.bootstrap_servers))


def test_another_partition_count_is_refused() -> None:
    """It cannot give 6 partitions, and says so rather than give 4."""
    with pytest.raises(ValueError, match="gives every topic 4 partitions, not 6"):
        EmbeddedBroker().start(declare(partitions=6))


def test_no_address_before_the_start() -> None:
    """Asking too early is an error, not an empty address."""
    with pytest.raises(RuntimeError, match=r"start\(\)"):
        _ = EmbeddedBroker().bootstrap_servers


def test_nobody_answers_after_the_stop(embedded: EmbeddedBroker) -> None:
    """`stop` ends the cluster at once."""
    address = embedded.bootstrap_servers
    embedded.stop()
    with pytest.raises(BrokerUnreachable):
        Admin(Connection(address), timeout_s=0.3).metadata()


def test_it_can_be_stopped_twice_and_started_again(embedded: EmbeddedBroker) -> None:
    """Stopping is idempotent, and a new start gives a new cluster."""
    embedded.stop()
    embedded.stop()
    assert answers(embedded.start().bootstrap_servers, timeout_s=5)


def test_another_process_reads_committed_transactions_in_a_group(embedded: EmbeddedBroker, declared: Topics) -> None:
    """A consumer group of another process gets every record of two transactions."""
    embedded.start(declared)
    producer = transactional(embedded.bootstrap_servers)
    commit(producer, declared.runs.name, ["a", "b"])
    commit(producer, declared.runs.name, ["c"])
    done = subprocess.run(
        [sys.executable, "-c", CONSUME, embedded.bootstrap_servers, declared.runs.name, "3"],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert json.loads(done.stdout) == ["a", "b", "c"]


async def test_aiokafka_joins_a_group_and_commits(embedded: EmbeddedBroker, declared: Topics) -> None:
    """The client under Faust joins a group, gets all partitions, reads and commits its offsets."""
    embedded.start(declared)
    commit(transactional(embedded.bootstrap_servers), declared.runs.name, ["a", "b", "c"])
    consumer = AIOKafkaConsumer(
        declared.runs.name,
        bootstrap_servers=embedded.bootstrap_servers,
        group_id="aiokafka",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level="read_committed",
    )
    await consumer.start()
    try:
        values = sorted([(await consumer.getone()).value.decode() for _ in range(3)])
        await consumer.commit()
        partitions = len(consumer.assignment())
    finally:
        await consumer.stop()
    assert (values, partitions) == (["a", "b", "c"], PARTITIONS)


async def test_aiokafka_reads_past_the_end_of_a_transaction_without_checksums(
    embedded: EmbeddedBroker, declared: Topics
) -> None:
    """What is written after a first transaction arrives too, if the checksums of the mock cluster are not checked."""
    producer = transactional(embedded.start(declared).bootstrap_servers)
    for value in ("a", "b", "c"):
        commit(producer, declared.runs.name, [value])
    consumer = AIOKafkaConsumer(
        declared.runs.name,
        bootstrap_servers=embedded.bootstrap_servers,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        check_crcs=False,
    )
    await consumer.start()
    try:
        assert sorted([(await consumer.getone()).value.decode() for _ in range(3)]) == ["a", "b", "c"]
    finally:
        await consumer.stop()


def test_two_members_share_the_partitions(embedded: EmbeddedBroker, declared: Topics) -> None:
    """A second member of a group gets half of the partitions."""
    embedded.start(declared)
    config = {"bootstrap.servers": embedded.bootstrap_servers, "group.id": "two", "session.timeout.ms": 6000}
    members = [Consumer(config) for _ in range(2)]
    for member in members:
        member.subscribe([declared.runs.name])
    shares: list[list[TopicPartition]] = []
    for _ in range(300):
        read: list[Message | None] = [member.poll(0.05) for member in members]
        shares = [member.assignment() for member in members]
        if read == [None, None] and [len(share) for share in shares] == [2, 2]:
            break
    for member in members:
        member.close()
    assert [len(share) for share in shares] == [2, 2]
