"""What was seen is known to whoever opens the partition next, on a real broker."""

from collections.abc import Callable

import pytest

from broker.connection import Connection
from processors.engine.partition import AgentSpec, Partition
from processors.normalize import NormalizeStep
from schemas.topics import DAY_MS, Topics
from tests.faults.topic import read
from tests.processors.normalize.samples import RECEIVED_MS, a_run
from tests.processors.normalize.test_step import Raw, raw

pytestmark = pytest.mark.broker
Open = Callable[[], Partition]


@pytest.fixture
def open_partition(connection: Connection, topics: Topics) -> Open:
    """Open partition 3 of normalize as one more worker; its predecessor is fenced."""
    agent = AgentSpec(
        "normalize",
        topics.raw.name,
        topics.normalize_state.name,
        lambda number: NormalizeStep(number, topics, dedupe_ms=7 * DAY_MS),
    )

    def open_one() -> Partition:
        partition = Partition(agent, 3, connection.for_confluent(), topics.raw.name, clock=lambda: RECEIVED_MS)
        partition.open()
        return partition

    return open_one


def sent(*events: str, begin: int = 0) -> list[Raw]:
    """Return notifications of one run each, under these event ids."""
    documents = [{"event_id": event, "event": a_run(id=f"r-{event}")} for event in events]
    return [Raw(begin + number, record.value) for number, record in enumerate(raw(*documents))]


def runs(connection: Connection, topics: Topics) -> int:
    """Count the run records that are committed."""
    return len(read(connection.bootstrap_servers, topics.runs.name, topics.runs.partitions))


def test_after_a_restart(open_partition: Open, connection: Connection, topics: Topics) -> None:
    """The same notifications again, at later offsets, are known; a new one is not."""
    first = open_partition()
    first.process(sent("a", "b"))
    first.close()
    second = open_partition()
    second.process(sent("b", "a", "c", begin=2))
    second.close()
    assert runs(connection, topics) == 3
    assert second.step.statistics()["remembered"] == 3


def test_after_a_rebalance(open_partition: Open, connection: Connection, topics: Topics) -> None:
    """The next owner knows what the one before it has committed, although that one was not closed; and so back."""
    owner = open_partition()
    owner.process(sent("a", "b"))
    successor = open_partition()
    successor.process(sent("a", "c", begin=2))
    back = open_partition()
    back.process(sent("a", "b", "c", begin=4))
    assert runs(connection, topics) == 3
    for partition in (owner, successor, back):
        partition.close()
