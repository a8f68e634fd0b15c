"""The transport refuses library versions it was not read against, passes over no record, and commits what is stored."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import IllegalStateError
from faust.transport import drivers
from faust.types import TP

from processors.engine import transport

PLACE = TP("in", 0)
OTHER = TP("in", 1)


def consumer(acknowledged: list[int], stored: int | None) -> transport.Consumer:
    """Make a consumer to which Faust acknowledged these offsets, beside an engine that has stored up to another."""
    made = transport.Consumer.__new__(transport.Consumer)
    made._acked = defaultdict(list, {PLACE: list(acknowledged)})
    made._acked_index = defaultdict(set, {PLACE: set(acknowledged)})
    made.app = SimpleNamespace(resume_offsets=SimpleNamespace(stored_offset=lambda topic, partition: stored))
    return made


def test_the_installed_versions_are_accepted_and_the_scheme_is_registered() -> None:
    """Faust finds the transport by its URL scheme."""
    transport.register()
    assert drivers.by_url(f"{transport.SCHEME}://127.0.0.1:9092") is transport.Transport


def test_another_version_is_refused_with_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names what is installed and what flowrun needs."""
    monkeypatch.setattr(transport, "READ_AGAINST", {"aiokafka": "9.9."})
    with pytest.raises(transport.UnsupportedVersion) as refused:
        transport.check_versions()
    assert str(refused.value) == f"aiokafka {version('aiokafka')} is installed; flowrun needs 9.9.x"


@pytest.mark.parametrize(
    ("acknowledged", "stored", "offset"),
    [([], 5, 5), ([4], 5, 5), ([4, 9], 5, 5), ([9], None, None)],
)
def test_the_group_s_offset_is_the_state_s(acknowledged: list[int], stored: int | None, offset: int | None) -> None:
    """What Faust acknowledges may not be processed yet, so it may be stored after the last acknowledgement."""
    made = consumer(acknowledged, stored)
    assert (made._new_offset(PLACE), made._new_offset(PLACE)) == (offset, offset)
    assert (made._acked[PLACE], made._acked_index[PLACE]) == ([], set())


@pytest.mark.parametrize(
    ("own", "group", "is_told"),
    [(None, None, False), (None, 0, False), (None, 7, True), (7, 7, False), (8, 7, False), (6, 7, True)],
)
def test_a_state_that_knows_less_than_was_committed_is_told(
    caplog: pytest.LogCaptureFixture, own: int | None, group: int | None, is_told: bool
) -> None:
    """Somebody has emptied the state topic: an operator has to know."""
    transport.tell_gap(PLACE, own, group)
    assert ["lost records" in record.message for record in caplog.records] == [True] * is_told


class Fetching(transport.Consumer):
    """A consumer whose partitions hold a record at each offset, three of which a fetch returns."""

    flow_active = True
    should_stop = False

    def __init__(self, *places: TP) -> None:
        self._handed_out = {}
        self._rewound = {}
        self._read_offset: dict[TP, int | None] = {}
        self._buffered_partitions: set[TP] = set()
        self.app = SimpleNamespace(consumer_generation_id=1)
        self.at = dict.fromkeys(places, 0)
        self.active: set[TP] = set(places)
        self._thread = SimpleNamespace(seek_wait=self.seek_wait)

    async def seek_wait(self, offsets: dict[TP, int]) -> None:
        """Move a partition of ours, as aiokafka does."""
        for tp, offset in offsets.items():
            if tp not in self.at:
                raise IllegalStateError(f"no current assignment for {tp}")
            self.at[tp] = offset

    async def _wait_next_records(self, timeout: float) -> tuple[Any, set[TP]]:  # noqa: ASYNC109  # Faust's signature
        fetched = {}
        for tp, offset in self.at.items():
            fetched[tp] = [
                SimpleNamespace(offset=offset + n, timestamp=0, timestamp_type=0, checksum=None) for n in range(3)
            ]
            self.at[tp] = offset + 3
        return fetched, self.active

    def _to_message(self, tp: TP, record: Any) -> Any:
        return SimpleNamespace(tp=tp, offset=record.offset)


Read = tuple[TP, int, list[int]]
"""A partition, the offset that the batch says it follows, and the offsets of the batch."""


def read(tp: TP, message: Any) -> Read:
    """Return what a batch holds."""
    batch: transport.Batch = message.value
    offsets: Sequence[int] = [record.offset for record in batch.records]
    return tp, batch.after, list(offsets)


async def fetch(consumer: Fetching) -> list[Read]:
    """Return what one fetch hands out."""
    return [read(tp, message) async for tp, message in consumer.getmany(1.0)]


async def test_what_was_fetched_before_a_rewind_is_not_taken_for_what_follows_it() -> None:
    """A batch that waited while its partition was rewound is dropped, and the next begins where the rewind said."""
    consumer = Fetching(OTHER, PLACE)
    consumer.at[PLACE] = 3
    fetching = consumer.getmany(1.0)
    assert read(*await anext(fetching)) == (OTHER, -1, [0, 1, 2])
    consumer.rewind(PLACE, 1)
    assert [read(tp, message) async for tp, message in fetching] == []
    assert await fetch(consumer) == [(OTHER, 2, [3, 4, 5]), (PLACE, 0, [1, 2, 3])]
    assert await fetch(consumer) == [(OTHER, 5, [6, 7, 8]), (PLACE, 3, [4, 5, 6])]


async def test_a_rewind_that_was_cancelled_is_made_by_the_next_fetch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faust may cancel a fetch at any moment; nothing of the partition is handed out before the seek."""
    consumer = Fetching(PLACE)
    assert await fetch(consumer) == [(PLACE, -1, [0, 1, 2])]
    consumer.rewind(PLACE, 1)

    async def cancelled(offsets: dict[TP, int]) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(consumer._thread, "seek_wait", cancelled)
        with pytest.raises(asyncio.CancelledError):
            await fetch(consumer)
    assert await fetch(consumer) == [(PLACE, 0, [1, 2, 3])]
    assert await fetch(consumer) == [(PLACE, 3, [4, 5, 6])]


async def test_what_is_not_handed_out_is_fetched_again() -> None:
    """Faust may pause a partition, or all, between the fetch and the handing out."""
    consumer = Fetching(PLACE)
    assert await fetch(consumer) == [(PLACE, -1, [0, 1, 2])]
    consumer.active = {OTHER}
    assert await fetch(consumer) == []
    consumer.active = {PLACE}
    assert await fetch(consumer) == [(PLACE, 2, [3, 4, 5])]


async def test_a_partition_that_was_never_handed_out_is_fetched_again_from_where_it_was() -> None:
    """Without a state the first offset is the group's, and no batch was handed out before it."""
    consumer = Fetching(PLACE)
    consumer.at[PLACE], consumer.active = 7, {OTHER}
    assert await fetch(consumer) == []
    consumer.active = {PLACE}
    assert await fetch(consumer) == [(PLACE, -1, [7, 8, 9])]


async def test_after_a_rebalance_nothing_fetched_before_is_handed_out() -> None:
    """The rebalance has sought each partition: what was fetched earlier says nothing about where to go on."""
    consumer = Fetching(OTHER, PLACE)
    fetching = consumer.getmany(1.0)
    await anext(fetching)
    consumer.app.consumer_generation_id = 2
    consumer.at[PLACE] = 1
    assert [read(tp, message) async for tp, message in fetching] == []
    assert await fetch(consumer) == [(OTHER, 2, [3, 4, 5]), (PLACE, -1, [1, 2, 3])]


async def test_a_rewind_of_a_partition_that_went_to_another_worker_is_dropped() -> None:
    """The others go on."""
    consumer = Fetching(PLACE)
    consumer.rewind(OTHER, 5)
    assert await fetch(consumer) == [(PLACE, -1, [0, 1, 2])]
