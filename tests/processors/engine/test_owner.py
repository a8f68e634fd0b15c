"""The owner opens, keeps and loses partitions as the group says, and never processes past a gap."""

import asyncio
from collections.abc import Sequence

import pytest

from broker.connection import Connection
from processors.engine.owner import AnyPlace, Owner, Place
from processors.engine.step import SourceRecord
from processors.engine.transport import Batch
from processors.engine.waiting import FULL_RECORDS
from processors.engine.watchdog import stalled
from schemas.topics import Topics
from tests.processors.engine.counting import CountingStep, counting, records

pytestmark = pytest.mark.broker


class FakeReader:
    """A consumer that says what the test told it to, and remembers where it was sent."""

    def __init__(self) -> None:
        self.rewound: list[tuple[AnyPlace, int]] = []
        self.unread = 0
        self.last = -1

    def lag(self, tp: AnyPlace) -> int | None:
        return self.unread

    def handed_out(self, tp: AnyPlace) -> int:
        return self.last

    def rewind(self, tp: AnyPlace, offset: int) -> None:
        self.rewound.append((tp, offset))


def make(connection: Connection, topics: Topics) -> Owner:
    """Make an owner of a counting agent that owns nothing yet."""
    return Owner([counting(topics)], connection.for_confluent(), topics.raw.name, clock=lambda: 1_000)


def batch(after: int, *offsets: int) -> Batch:
    """Make a batch that follows the record at ``after``."""
    found: Sequence[SourceRecord] = records(*offsets)
    return Batch(after, found)


def step(owner: Owner) -> CountingStep:
    """Return the step of the one open partition."""
    [(_, partition)] = list(owner)
    assert isinstance(partition.step, CountingStep)
    return partition.step


async def test_partitions_open_on_assignment_and_close_when_given_away(connection: Connection, topics: Topics) -> None:
    """What stays assigned keeps its state in memory; what goes is forgotten."""
    owner = make(connection, topics)
    assert not owner.is_ready
    await owner.open([Place(topics.raw.name, 0), Place(topics.raw.name, 1)])
    kept = dict(owner)[Place(topics.raw.name, 1)]
    await owner.open([Place(topics.raw.name, 1), Place(topics.raw.name, 2)])
    assert {place.partition for place, _ in owner} == {1, 2}
    assert dict(owner)[Place(topics.raw.name, 1)] is kept
    assert owner.is_ready
    await owner.close()


async def test_the_resume_offset_is_the_states_not_the_groups(connection: Connection, topics: Topics) -> None:
    """No state means no opinion; else one past the position."""
    owner, reader = make(connection, topics), FakeReader()
    place = Place(topics.raw.name, 0)
    await owner.open([place])
    assert owner.resume_offset(*place) is None
    await owner.handle(reader, place, batch(-1, 0, 1, 2))
    await owner.settle()
    assert owner.resume_offset(*place) == 3
    await owner.close()


async def test_a_batch_after_a_lost_one_is_read_again(connection: Connection, topics: Topics) -> None:
    """A batch that follows an offset beyond the position is not processed: the consumer goes back."""
    owner, reader = make(connection, topics), FakeReader()
    place = Place(topics.raw.name, 0)
    await owner.open([place])
    await owner.handle(reader, place, batch(-1, 0, 1))
    await owner.handle(reader, place, batch(5, 6, 7))
    assert reader.rewound == [(place, 2)]
    await owner.settle()
    assert step(owner).count == 2
    await owner.handle(reader, place, batch(1, 2, 3, 4, 5, 6, 7))
    await owner.settle()
    assert step(owner).count == 8
    await owner.close()


async def test_batches_that_wait_become_one_transaction(connection: Connection, topics: Topics) -> None:
    """What is read meanwhile is no gap; what is read twice counts once; the next transaction takes what came since."""
    owner, reader = make(connection, topics), FakeReader()
    place = Place(topics.raw.name, 0)
    await owner.open([place])
    await owner.handle(reader, place, batch(-1, 0, 1))
    await owner.handle(reader, place, batch(1, 2))
    await owner.handle(reader, place, batch(-1, 0, 1, 2, 3))
    assert step(owner).calls == []
    await owner.settle()
    await owner.handle(reader, place, batch(3, 4))
    await owner.settle()
    assert step(owner).calls == [4, 1]
    assert reader.rewound == []
    await owner.close()


async def test_one_task_at_a_time_serves_a_partition(connection: Connection, topics: Topics) -> None:
    """Two could overtake each other, and what was overtaken would be taken for processed."""
    owner, reader = make(connection, topics), FakeReader()
    place = Place(topics.raw.name, 0)
    await owner.open([place])
    for offset in range(3):
        await owner.handle(reader, place, batch(offset - 1, offset))
    serving = len(owner._tasks)
    await owner.settle()
    await owner.close()
    assert serving == 1


async def test_what_follows_the_restored_state_is_no_gap(connection: Connection, topics: Topics) -> None:
    """Nothing was handed over since the partition was opened; the state says what came before."""
    place = Place(topics.raw.name, 0)
    former, owner, reader = make(connection, topics), make(connection, topics), FakeReader()
    await former.open([place])
    await former.handle(reader, place, batch(-1, 0, 1))
    await former.settle()
    await former.close()
    await owner.open([place])
    await owner.handle(reader, place, batch(1, 2, 3))
    await owner.settle()
    assert reader.rewound == []
    assert step(owner).count == 4
    await owner.close()


async def test_whoever_hands_over_waits_while_much_waits(connection: Connection, topics: Topics) -> None:
    """The call returns when there is room, which is when the records are on their way."""
    owner, reader = make(connection, topics), FakeReader()
    place = Place(topics.raw.name, 0)
    await owner.open([place])
    handing_over = asyncio.create_task(owner.handle(reader, place, batch(-1, *range(FULL_RECORDS))))
    await asyncio.sleep(0)
    assert not handing_over.done()
    await asyncio.wait_for(handing_over, 20)
    await owner.settle()
    assert step(owner).calls == [FULL_RECORDS]
    await owner.close()


async def test_what_is_handed_over_is_processed_though_the_actor_is_cancelled(
    connection: Connection, topics: Topics
) -> None:
    """A rebalance cancels it at any point."""
    owner, reader = make(connection, topics), FakeReader()
    place = Place(topics.raw.name, 0)
    await owner.open([place])
    actor = asyncio.create_task(owner.handle(reader, place, batch(-1, *range(FULL_RECORDS))))
    await asyncio.sleep(0)
    actor.cancel()
    await asyncio.wait([actor])
    assert actor.cancelled()
    await owner.settle()
    assert step(owner).count == FULL_RECORDS
    await owner.close()


async def test_what_waits_for_a_partition_that_goes_is_left_to_its_next_owner(
    connection: Connection, topics: Topics
) -> None:
    """It is neither processed nor lost: whoever opens the partition next, we too, reads it again."""
    owner, reader = make(connection, topics), FakeReader()
    place = Place(topics.raw.name, 0)
    await owner.open([place])
    await owner.handle(reader, place, batch(-1, 0, 1))
    owner.drop_others([])
    await owner.open([place])
    await owner.handle(reader, place, batch(-1, 0, 1, 2))
    await owner.settle()
    assert step(owner).count == 3
    await owner.close()


async def test_ticks_know_whether_input_waits(connection: Connection, topics: Topics) -> None:
    """Caught up means: nothing unread, and nothing handed out that is not processed."""
    owner, reader = make(connection, topics), FakeReader()
    place = Place(topics.raw.name, 0)
    await owner.open([place])
    await owner.tick(reader)
    reader.unread = 1
    await owner.tick(reader)
    reader.unread, reader.last = 0, 4
    await owner.tick(reader)
    assert step(owner).caught_up == [True, False, False]
    await owner.close()


async def test_the_watchdog_names_partitions_with_waiting_input_and_no_progress(
    connection: Connection, topics: Topics
) -> None:
    """Idle partitions may stand still for ever; waiting ones may not."""
    owner, reader = make(connection, topics), FakeReader()
    place = Place(topics.raw.name, 0)
    await owner.open([place])
    [(_, partition)] = list(owner)
    later = partition.progressed_at + 61
    assert stalled(owner, reader, later) == []
    reader.unread = 3
    assert stalled(owner, reader, partition.progressed_at + 59) == []
    assert stalled(owner, reader, later) == ["count[0] at offset 0"]
    await owner.close()
