"""A partition commits batches and ticks exactly once, whoever else holds it or dies meanwhile."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from broker.connection import Connection
from processors.engine.errors import Fenced, WriteImpossible
from processors.engine.partition import Partition
from processors.engine.step import Output, SourceRecord
from schemas.topics import Topics
from tests.faults.topic import read
from tests.processors.engine.counting import CountingStep, counting, records

pytestmark = pytest.mark.broker


def make(connection: Connection, topics: Topics, at_once: int | None = None) -> Partition:
    """Make partition 0 of a counting agent, not open yet."""
    return Partition(counting(topics, at_once), 0, connection.for_confluent(), topics.raw.name, clock=lambda: 1_000)


def written(connection: Connection, topics: Topics) -> list[bytes]:
    """Return the committed values of partition 0 of the output topic."""
    return [stored.value for stored in read(connection.bootstrap_servers, topics.runs.name, 4) if stored.partition == 0]


def count(partition: Partition) -> int:
    """Return what the partition's step has counted."""
    assert isinstance(partition.step, CountingStep)
    return partition.step.count


def test_a_batch_is_written_once_and_a_repeated_one_not_at_all(connection: Connection, topics: Topics) -> None:
    """Records at or before the position are skipped."""
    partition = make(connection, topics)
    partition.open()
    assert partition.process(records(0, 1, 2)) == 3
    assert partition.process(records(1, 2, 5)) == 1
    assert partition.process(records(0, 5)) == 0
    assert (partition.position, partition.stored) == (5, 5)
    assert written(connection, topics) == [b"0", b"1", b"2", b"5"]
    partition.close()


@pytest.mark.parametrize(("at_once", "calls"), [(None, [5]), (5, [5]), (2, [2, 2, 1]), (9, [5])])
def test_a_step_gets_so_many_records_in_one_call(
    connection: Connection, topics: Topics, at_once: int | None, calls: list[int]
) -> None:
    """It is one transaction all the same."""
    partition = make(connection, topics, at_once)
    partition.open()
    assert partition.process(records(0, 1, 2, 3, 4)) == 5
    assert isinstance(partition.step, CountingStep)
    assert (partition.step.calls, partition.batches, partition.position, partition.stored) == (calls, 1, 4, 4)
    assert written(connection, topics) == [b"0", b"1", b"2", b"3", b"4"]
    partition.close()


def test_a_batch_that_is_lost_between_two_calls_leaves_nothing(connection: Connection, topics: Topics) -> None:
    """What the first call made was handed to the producer already; the successor and its readers see none of it."""
    zombie, owner = make(connection, topics, 2), make(connection, topics, 2)
    zombie.open()
    step = zombie.step
    assert isinstance(step, CountingStep)
    process = step.process

    def interrupted(records: Sequence[SourceRecord], now_ms: int) -> list[Output]:
        if step.calls:
            owner.open()
        return process(records, now_ms)

    step.process = interrupted  # type: ignore[method-assign]
    with pytest.raises(Fenced):
        zombie.process(records(0, 1, 2, 3))
    assert (owner.position, count(owner), written(connection, topics)) == (-1, 0, [])
    assert owner.process(records(0, 1, 2, 3)) == 4
    assert written(connection, topics) == [b"0", b"1", b"2", b"3"]
    owner.close()


def test_a_successor_restores_state_and_position(connection: Connection, topics: Topics) -> None:
    """What was committed is there after opening again, in another object."""
    first = make(connection, topics)
    first.open()
    first.process(records(0, 1))
    first.tick(caught_up=True)
    first.close()
    second = make(connection, topics)
    second.open()
    assert (second.position, second.stored, count(second)) == (1, 1, 2)
    second.close()


def test_a_predecessor_that_wakes_up_is_fenced(connection: Connection, topics: Topics) -> None:
    """Opening a partition elsewhere makes every later transaction of the first owner fail, and none of it shows."""
    zombie, owner = make(connection, topics), make(connection, topics)
    zombie.open()
    zombie.process(records(0))
    owner.open()
    with pytest.raises(Fenced):
        zombie.process(records(1))
    assert owner.process(records(1)) == 1
    assert written(connection, topics) == [b"0", b"1"]
    owner.close()


def test_a_lost_transaction_is_processed_again_from_the_restored_state(connection: Connection, topics: Topics) -> None:
    """A transaction that cannot be committed leaves nothing behind, in memory or in the topic."""
    partition = make(connection, topics)
    partition.open()
    partition.process(records(0))
    partition._transactions.close()
    assert partition.process(records(1)) == 1
    assert partition.reopened == 1
    assert count(partition) == 2
    assert written(connection, topics) == [b"0", b"1"]
    partition.close()


def test_a_lost_partition_does_nothing(connection: Connection, topics: Topics) -> None:
    """After the group gave it away, batches and ticks are ignored."""
    partition = make(connection, topics)
    partition.open()
    partition.lose()
    assert partition.process(records(0)) == 0
    assert not partition.tick(caught_up=True)
    assert written(connection, topics) == []
    partition.close()


def test_a_record_that_the_broker_will_never_take_is_said_so(connection: Connection, topics: Topics) -> None:
    """Trying again would fail in the same way, so the error is of its own kind."""
    partition = make(connection, topics)
    partition.open()
    with pytest.raises(WriteImpossible):
        partition._transactions.write([Output(topics.runs.name, b"k", bytes(6_000_000))])
    partition.close()


def test_what_a_step_notes_is_logged_once(
    connection: Connection, topics: Topics, caplog: pytest.LogCaptureFixture
) -> None:
    """At the opening, with the partition's name."""
    agent = counting(topics)

    def make_step(number: int) -> CountingStep:
        step = CountingStep(number, topics)
        step.notes = ["rule x may miss failures"]
        return step

    partition = Partition(replace(agent, make_step=make_step), 0, connection.for_confluent(), topics.raw.name)
    partition.open()
    partition.process(records(0))
    partition.close()
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warnings == ["count[0]: rule x may miss failures"]
