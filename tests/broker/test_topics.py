"""Test that topics are created as declared and that every difference is told."""

import secrets
from collections.abc import Callable
from dataclasses import replace

import pytest

from broker.admin import Admin
from broker.connection import Connection
from broker.errors import BrokerUnreachable, PartitionsWrong, TopicsMissing, TopicsNotCreated
from broker.topics import Difference, check, configs, create, require
from schemas.topics import Topics, declare
from tests.kafka.found import Broker

NOWHERE = Connection("127.0.0.1:9")


@pytest.fixture
def undeclared() -> Topics:
    """Topics under a fresh prefix that nobody created."""
    return declare(f"t-{secrets.token_hex(4)}.", partitions=4)


def test_created_topics_have_no_difference_from_the_contract(connection: Connection, topics: Topics) -> None:
    """What `create` makes is what `check` wants."""
    assert check(connection, topics) == []


def test_create_names_what_it_created(connection: Connection, undeclared: Topics) -> None:
    """The names of all new topics come back, in their order."""
    assert create(connection, undeclared, replication_factor=1) == [topic.name for topic in undeclared]


def test_create_leaves_alone_what_exists(connection: Connection, topics: Topics) -> None:
    """A second creation creates nothing."""
    assert create(connection, topics, replication_factor=1) == []


def test_created_topics_can_be_used_at_once(connection: Connection, topics: Topics) -> None:
    """When `create` returns, every partition has a leader."""
    metadata = Admin(connection).metadata()
    leaders = {p.leader for topic in topics for p in metadata.topics[topic.name].partitions.values()}
    assert -1 not in leaders


def test_another_partition_count_is_a_difference(connection: Connection, topics: Topics) -> None:
    """A topic with 4 partitions where 6 are declared is told with both numbers."""
    other = replace(topics.runs, partitions=6)
    assert check(connection, [other]) == [Difference(topics.runs.name, "partitions", "6", "4")]


def test_a_missing_topic_is_a_difference(connection: Connection, undeclared: Topics) -> None:
    """A topic that is not there is one difference, not an error."""
    name = undeclared.runs.name
    assert check(connection, [undeclared.runs]) == [Difference(name, "topic", "there", "missing")]


def test_another_config_is_a_difference(real_connection: Connection, topics: Topics) -> None:
    """A config with another value is told by its name."""
    other = replace(topics.raw, config={**topics.raw.config, "retention.ms": "1000"})
    expected = Difference(topics.raw.name, "retention.ms", "1000", str(7 * 86_400_000))
    assert check(real_connection, [other]) == [expected]


def test_the_order_of_cleanup_policies_does_not_count(real_connection: Connection, topics: Topics) -> None:
    """`delete,compact` is `compact,delete`."""
    other = replace(topics.metrics, config={**topics.metrics.config, "cleanup.policy": "delete,compact"})
    assert check(real_connection, [other]) == []


def test_another_replication_factor_is_information_only(connection: Connection, topics: Topics) -> None:
    """One copy where two were asked for is told, and marked as something that works all the same."""
    expected = Difference(topics.runs.name, "replication factor", "2", "1", is_information=True)
    assert check(connection, [topics.runs], replication_factor=2) == [expected]


@pytest.mark.parametrize(("replication_factor", "expected"), [(1, None), (2, None), (3, "2"), (5, "2")])
def test_three_copies_need_two_in_sync(replication_factor: int, expected: str | None) -> None:
    """From replication factor 3 on a write waits for two copies."""
    assert configs(declare().runs, replication_factor).get("min.insync.replicas") == expected


def test_too_many_copies_are_refused_with_the_reason(real_connection: Connection, undeclared: Topics) -> None:
    """A replication factor beyond the number of brokers names the topic and the broker's words."""
    with pytest.raises(TopicsNotCreated, match="replication factor") as caught:
        create(real_connection, [undeclared.runs], replication_factor=3)
    assert list(caught.value.reasons) == [undeclared.runs.name]


def test_a_service_may_start_on_its_topics(connection: Connection, topics: Topics) -> None:
    """Nothing is raised where all topics have the declared partitions."""
    assert require(connection, topics) is None  # type: ignore[func-returns-value]


def test_a_service_does_not_start_without_its_topics(connection: Connection, undeclared: Topics) -> None:
    """Missing topics are named, with the command that creates them."""
    with pytest.raises(TopicsMissing, match="flowrun topics create") as caught:
        require(connection, [undeclared.raw, undeclared.runs])
    assert caught.value.names == (undeclared.raw.name, undeclared.runs.name)


def test_a_service_does_not_start_on_other_partitions(connection: Connection, topics: Topics) -> None:
    """Another partition count names the topic, both counts and what to set."""
    with pytest.raises(PartitionsWrong) as caught:
        require(connection, [replace(topics.watch_state, partitions=6)])
    expected = (
        f"topic {topics.watch_state.name} has 4 partitions, not 6: set FLOWRUN_PARTITIONS=4, "
        "or use new topics with another FLOWRUN_TOPIC_PREFIX"
    )
    assert str(caught.value) == expected


@pytest.mark.parametrize("ask", [lambda c, t: create(c, t, 1, timeout_s=0.3), lambda c, t: check(c, t, timeout_s=0.3)])
def test_a_wrong_address_is_one_line(ask: Callable[..., object], capfd: pytest.CaptureFixture[str]) -> None:
    """Nobody at the address: the error names it and what to do, and librdkafka says nothing of its own."""
    with pytest.raises(BrokerUnreachable) as caught:
        ask(NOWHERE, declare())
    expected = (
        "no Kafka broker answers at 127.0.0.1:9 (Connect to ipv4#127.0.0.1:9 failed: Connection refused): "
        "start one, or set FLOWRUN_BOOTSTRAP_SERVERS"
    )
    assert (str(caught.value), capfd.readouterr()) == (expected, ("", ""))


def test_the_broker_of_this_run_says_what_it_is(kafka: Broker) -> None:
    """The line that pytest prints in the end names the kind and the address."""
    assert str(kafka).startswith(f"{kafka.kind} broker at {kafka.bootstrap}")
