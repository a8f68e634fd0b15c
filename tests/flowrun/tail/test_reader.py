"""Test that topics are read from where they are asked for, committed records only, unnoticed."""

from collections.abc import Iterable

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from broker.connection import Connection
from broker.errors import BrokerUnreachable, TopicsMissing
from flowrun.tail.reader import Reader, Start
from schemas.topics import Topic, Topics, declare


def write(connection: Connection, topic: str, records: Iterable[tuple[int, int]], **config: str) -> Producer:
    """Write records, each given as its partition and time; the value is the time. Transactions stay open."""
    producer = Producer({**connection.for_confluent(), **config})
    if "transactional.id" in config:
        producer.init_transactions(10)
        producer.begin_transaction()
    for partition, time_ms in records:
        producer.produce(topic, str(time_ms), "k", partition=partition, timestamp=time_ms)
    producer.flush(10)
    return producer


def read(connection: Connection, topics: list[Topic], start: Start) -> list[int]:
    """Read to the end of all topics; return the times in the order they came."""
    times: list[int] = []
    with Reader(connection, topics, start) as reader:
        while not reader.is_at_end:
            times += [record.time_ms for record in reader.read(0.05)]
            reader.require_contact()
    return times


@pytest.mark.parametrize(
    ("start", "times"), [("beginning", [1_000, 2_000, 3_000, 4_000]), (2_500, [3_000, 4_000]), (9_000, []), ("end", [])]
)
def test_records_come_in_the_order_of_their_times(
    connection: Connection, topics: Topics, start: Start, times: list[int]
) -> None:
    """From the beginning, a time or the end, over all partitions."""
    write(connection, topics.runs.name, [(0, 1_000), (0, 4_000), (1, 2_000), (2, 3_000)])
    assert read(connection, [topics.runs], start) == times


def test_several_topics_are_one_stream(connection: Connection, topics: Topics) -> None:
    """Their records come in the order of their times as well."""
    write(connection, topics.runs.name, [(0, 1_000), (1, 3_000)])
    write(connection, topics.alerts.name, [(0, 2_000)])
    assert read(connection, [topics.runs, topics.alerts], "beginning") == [1_000, 2_000, 3_000]


def test_following_shows_what_comes(connection: Connection, topics: Topics) -> None:
    """From the end on nothing old is shown, and what is written then is."""
    write(connection, topics.runs.name, [(0, 1_000)])
    shown: list[int] = []
    with Reader(connection, [topics.runs], "end") as reader:
        while not reader.is_at_end:
            reader.read(0.05)
        write(connection, topics.runs.name, [(3, 2_000)])
        while not shown:
            shown += [record.time_ms for record in reader.read(0.05)]
    assert shown == [2_000]


def test_only_committed_records_are_shown(real_connection: Connection, topics: Topics) -> None:
    """What a transaction aborted is passed over; what stands before it and behind it is shown."""
    name = topics.runs.name
    write(real_connection, name, [(0, 1_000)])
    write(real_connection, name, [(0, 2_000)], **{"transactional.id": name}).abort_transaction(10)
    write(real_connection, name, [(0, 3_000)], **{"transactional.id": name}).commit_transaction(10)
    assert read(real_connection, [topics.runs], "beginning") == [1_000, 3_000]


def test_nobody_notices(real_connection: Connection, topics: Topics) -> None:
    """No consumer group is left behind."""
    write(real_connection, topics.runs.name, [(0, 1_000)])
    times = read(real_connection, [topics.runs], "beginning")
    groups = AdminClient(dict(real_connection.for_confluent())).list_consumer_groups().result(10).valid
    assert (times, [group.group_id for group in groups if group.group_id.startswith("flowrun-tail")]) == ([1_000], [])


def test_a_missing_topic_is_told(connection: Connection) -> None:
    """It is not created by asking for it."""
    with pytest.raises(TopicsMissing, match=r"t-nobody\.runs; create them with: flowrun topics create"):
        Reader(connection, [declare("t-nobody.", 4).runs], "beginning")


def test_no_broker_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """In bounded time, with what to do."""
    monkeypatch.setattr("flowrun.tail.reader.TIMEOUT_S", 0.2)
    with pytest.raises(BrokerUnreachable, match="start one, or set FLOWRUN_BOOTSTRAP_SERVERS"):
        Reader(Connection("127.0.0.1:9"), [declare().runs], "beginning")
