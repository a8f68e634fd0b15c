"""Give every test a Kafka broker and topics of its own."""

import os
import secrets
from collections.abc import Callable, Iterator

import pytest

from broker.connection import Connection
from broker.topics import create
from schemas.topics import Topics, declare
from tests.kafka.apache import ApacheKafka
from tests.kafka.found import Broker, NoBroker, find_broker, real_needed
from tests.kafka.maven import KafkaUnavailable, jars

_FOUND = pytest.StashKey[Broker]()


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """Find or start the broker of this test run: given, container, Maven, embedded."""
    try:
        broker = find_broker(os.environ)
    except NoBroker as error:
        pytest.exit(f"no Kafka broker for the tests: {error}", returncode=1)
    request.config.stash[_FOUND] = broker
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def bootstrap_servers(kafka: Broker) -> str:
    """The address of the broker of this test run."""
    return kafka.bootstrap


@pytest.fixture(scope="session")
def connection(bootstrap_servers: str) -> Connection:
    """How to reach the broker of this test run."""
    return Connection(bootstrap_servers)


@pytest.fixture
def real_connection(kafka: Broker, connection: Connection) -> Connection:
    """How to reach the broker, for tests of what librdkafka's mock cluster does not have (configs, compaction)."""
    if not kafka.is_real:
        pytest.skip("needs Apache Kafka: install Docker, or Java 17 and Maven")
    return connection


@pytest.fixture(scope="session")
def apache_kafka() -> type[ApacheKafka]:
    """The class that runs brokers of a test's own, where Java and Maven are; with CI=true they must be."""
    try:
        jars()
    except KafkaUnavailable as error:
        if real_needed(os.environ):
            pytest.fail(f"CI needs Apache Kafka from Maven: {error}")
        pytest.skip(f"needs Apache Kafka from Maven: {error}")
    return ApacheKafka


@pytest.fixture
def make_topics(connection: Connection) -> Callable[..., Topics]:
    """Make topics under a fresh prefix: ``make_topics(partitions=2)``. Nobody else uses them."""

    def make(partitions: int = 4) -> Topics:
        topics = declare(f"t-{secrets.token_hex(4)}.", partitions)
        create(connection, topics, replication_factor=1)
        return topics

    return make


@pytest.fixture
def topics(make_topics: Callable[..., Topics]) -> Topics:
    """All topics of the contract under a fresh prefix, 4 partitions each, created."""
    return make_topics()


def pytest_report_header() -> str:
    """Say how a broker will be looked for."""
    return "kafka: started when the first test needs it (FLOWRUN_TEST_BOOTSTRAP, container, Maven, embedded)"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say which broker was used."""
    broker = config.stash.get(_FOUND, None)
    terminalreporter.write_line(f"kafka: {broker or 'no test needed a broker'}")
