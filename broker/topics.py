"""Create the topics of the contract, and compare what is there with it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from confluent_kafka import KafkaError
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # exported, but not in the way mypy asks for
    ClusterMetadata,
    NewTopic,
    TopicMetadata,
)

from broker.admin import TIMEOUT_S, Admin
from broker.connection import Connection
from broker.embedded import CLUSTER_ID_PREFIX
from broker.errors import BrokerUnreachable, PartitionsWrong, TopicsMissing, TopicsNotCreated
from schemas.topics import Topic

MIN_REPLICATION_FOR_ISR: Final = 3
"""From this replication factor on a write needs two copies, so that one lost disk loses nothing acknowledged."""

_LOADING: Final = frozenset(
    {
        KafkaError.NOT_CONTROLLER,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError._TIMED_OUT,
        KafkaError._TRANSPORT,
    }
)
"""What a cluster answers that has just started: worth asking again."""
_LISTS: Final = frozenset({"cleanup.policy"})
"""Configs that are lists: their order does not count."""


class Difference(NamedTuple):
    """Tell one way in which a topic is not as the contract has it."""

    topic: str
    what: str
    """``topic``, ``partitions``, ``replication factor`` or the name of a config."""
    expected: str
    actual: str
    is_information: bool = False
    """True for what works all the same: another replication factor."""

    def __str__(self) -> str:
        if self.what == "topic":
            return f"{self.topic}: is {self.actual}"
        return f"{self.topic}: {self.what} is {self.actual}, the contract says {self.expected}"


def configs(topic: Topic, replication_factor: int) -> dict[str, str]:
    """Return the configs a topic must have on a cluster with that replication factor."""
    safe = {"min.insync.replicas": "2"} if replication_factor >= MIN_REPLICATION_FOR_ISR else {}
    return {**topic.config, **safe}


def create(
    connection: Connection, topics: Iterable[Topic], replication_factor: int, *, timeout_s: float = TIMEOUT_S
) -> list[str]:
    """Create the topics that are missing; return their names once every broker client can see them.

    Raises:
        BrokerUnreachable: no broker answered in time.
        LoginRefused: a broker did not let us in.
        TopicsNotCreated: the cluster refused some; the others are created.
    """
    wanted = list(topics)
    admin = Admin(connection, timeout_s)
    before = admin.metadata()
    missing = [topic for topic in wanted if topic.name not in before.topics]
    if _is_embedded(before):
        for topic in missing:
            admin.metadata(topic.name)  # to ask for a topic creates it there
        return [topic.name for topic in missing]
    refused = _create_missing(admin, missing, replication_factor)
    if refused:
        raise TopicsNotCreated(refused)
    _wait_until_visible(admin, connection, wanted)
    return [topic.name for topic in missing]


def check(
    connection: Connection, topics: Iterable[Topic], replication_factor: int = 1, *, timeout_s: float = TIMEOUT_S
) -> list[Difference]:
    """Compare partitions, configs and replication factor with the contract; an empty list says all is well.

    Raises:
        BrokerUnreachable: no broker answered in time.
        LoginRefused: a broker did not let us in.
    """
    wanted = list(topics)
    admin = Admin(connection, timeout_s)
    metadata = admin.metadata()
    existing = [topic.name for topic in wanted if topic.name in metadata.topics]
    effective = admin.configs(existing) if existing and not _is_embedded(metadata) else {}
    differences: list[Difference] = []
    for topic in wanted:
        if topic.name not in metadata.topics:
            differences.append(Difference(topic.name, "topic", "there", "missing"))
            continue
        differences += _shape_differences(topic, metadata.topics[topic.name], replication_factor)
        actual = {name: entry.value for name, entry in effective.get(topic.name, {}).items()}
        if actual:
            differences += _config_differences(topic.name, configs(topic, replication_factor), actual)
    return differences


def require(connection: Connection, topics: Iterable[Topic], *, timeout_s: float = TIMEOUT_S) -> None:
    """Check at the start of a service that its topics are there with the partitions it was told.

    Raises:
        BrokerUnreachable: no broker answered in time.
        LoginRefused: a broker did not let us in.
        TopicsMissing: some do not exist.
        PartitionsWrong: one has another number of partitions.
    """
    wanted = list(topics)
    existing = Admin(connection, timeout_s).metadata().topics
    missing = [topic.name for topic in wanted if topic.name not in existing]
    if missing:
        raise TopicsMissing(missing)
    for topic in wanted:
        actual = len(existing[topic.name].partitions)
        if actual != topic.partitions:
            raise PartitionsWrong(topic.name, topic.partitions, actual)


def is_embedded(connection: Connection, *, timeout_s: float = TIMEOUT_S) -> bool:
    """Tell whether the cluster is librdkafka's mock cluster: see :class:`broker.embedded.EmbeddedBroker`.

    Raises:
        BrokerUnreachable: no broker answered in time.
        LoginRefused: a broker did not let us in.
    """
    return _is_embedded(Admin(connection, timeout_s).metadata())


def _is_embedded(metadata: ClusterMetadata) -> bool:
    return (metadata.cluster_id or "").startswith(CLUSTER_ID_PREFIX)


def _create_missing(admin: Admin, missing: Sequence[Topic], replication_factor: int) -> dict[str, str]:
    """Create topics, asking again while the cluster loads; return the refused ones with the cluster's reasons."""
    requests = {topic.name: _request(topic, replication_factor) for topic in missing}
    refused: dict[str, str] = {}
    while requests:
        for name, error in admin.create(list(requests.values())).items():
            if error is not None and error.code() in _LOADING and admin.left_s > 0:
                continue
            del requests[name]
            if error is not None and error.code() != KafkaError.TOPIC_ALREADY_EXISTS:
                refused[name] = error.str()
        if requests:
            admin.pause()
    return refused


def _request(topic: Topic, replication_factor: int) -> NewTopic:
    return NewTopic(topic.name, topic.partitions, replication_factor, config=configs(topic, replication_factor))


def _wait_until_visible(admin: Admin, connection: Connection, topics: Sequence[Topic]) -> None:
    """Return once the metadata shows a leader for every partition of the topics."""
    while not all(_is_led(admin.metadata().topics.get(topic.name)) for topic in topics):
        if not admin.pause():
            raise BrokerUnreachable(connection.bootstrap_servers, "new topics got no leader in time")


def _is_led(topic: TopicMetadata | None) -> bool:
    return topic is not None and bool(topic.partitions) and all(p.leader >= 0 for p in topic.partitions.values())


def _shape_differences(topic: Topic, actual: TopicMetadata, replication_factor: int) -> list[Difference]:
    differences = []
    if len(actual.partitions) != topic.partitions:
        differences.append(Difference(topic.name, "partitions", str(topic.partitions), str(len(actual.partitions))))
    copies = min((len(partition.replicas) for partition in actual.partitions.values()), default=0)
    if copies != replication_factor:
        differences.append(
            Difference(topic.name, "replication factor", str(replication_factor), str(copies), is_information=True)
        )
    return differences


def _config_differences(name: str, expected: Mapping[str, str], actual: Mapping[str, str | None]) -> list[Difference]:
    return [
        Difference(name, config, value, actual.get(config) or "unknown")
        for config, value in expected.items()
        if not _is_same(config, value, actual.get(config))
    ]


def _is_same(config: str, expected: str, actual: str | None) -> bool:
    if config in _LISTS and actual is not None:
        return sorted(expected.split(",")) == sorted(actual.split(","))
    return expected == actual
