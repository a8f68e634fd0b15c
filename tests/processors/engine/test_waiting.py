"""What waits for its transaction is joined, kept in order, taken once, and soon when there is much of it."""

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.engine.step import SourceRecord
from processors.engine.waiting import FULL_RECORDS, Waiting
from tests.processors.engine.counting import records

AGES_S = 3600.0
SOON_S = 5.0


def offsets(taken: object) -> list[int]:
    """Return the offsets of taken records."""
    assert isinstance(taken, list)
    return [record.offset for record in taken]


async def take_all(waiting: Waiting) -> list[list[int]]:
    """Take until nothing waits."""
    found = []
    while taken := await waiting.take():
        found.append([record.offset for record in taken])
    return found


async def test_small_batches_are_joined_and_nothing_is_left() -> None:
    """Three of them are one transaction; whoever read them keeps them as they are."""
    waiting, batches = Waiting(), [records(first, first + 1) for first in (0, 10, 20)]
    for batch in batches:
        waiting.put(batch)
    assert offsets(await waiting.take()) == [0, 1, 10, 11, 20, 21]
    assert await waiting.take() == ()
    assert [len(batch) for batch in batches] == [2, 2, 2]


async def test_records_that_were_put_in_before_are_left_out() -> None:
    """A rebalance makes the consumer read again from the position, which what waits has not reached."""
    waiting = Waiting()
    waiting.put(records(3, 4))
    waiting.put(records(3, 4, 5))
    waiting.put(records(4, 5))
    assert waiting.last == 5
    assert offsets(await waiting.take()) == [3, 4, 5]
    waiting.put(records(4, 5))
    assert await waiting.take() == ()


async def test_a_large_batch_comes_as_it_was_put_in() -> None:
    """Joining it would copy it and save nothing."""
    waiting, large = Waiting(pace_s=0), records(*range(1, FULL_RECORDS + 1))
    waiting.put(records(0))
    waiting.put(large)
    waiting.put(records(FULL_RECORDS + 1))
    assert len(await waiting.take()) == 1
    assert await waiting.take() is large
    assert len(await waiting.take()) == 1


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, FULL_RECORDS * 3 // 2)), max_size=12), st.data())
def test_each_record_is_taken_once_and_in_order(reads: list[tuple[int, int]], data: st.DataObject) -> None:
    """However it is read, again from some offset too, and whenever it is taken; joined batches stay small."""

    async def run() -> None:
        waiting, end, found, sizes = Waiting(pace_s=0), 0, list[int](), set[int]()
        for again, count in reads:
            start = max(0, end - again)
            batch: list[SourceRecord] = list(records(*range(start, start + count)))
            waiting.put(batch)
            sizes.add(len(batch))
            end = max(end, start + count)
            if data.draw(st.booleans()):
                taken = await waiting.take()
                found += [record.offset for record in taken]
                assert len(taken) <= max(FULL_RECORDS, *sizes)
        for batch_offsets in await take_all(waiting):
            found += batch_offsets
        assert found == list(range(end))

    asyncio.run(run())


async def test_the_first_is_taken_at_once_and_the_next_when_the_pace_allows() -> None:
    """What comes while the second one waits goes with it."""
    waiting = Waiting(pace_s=0.3)
    started = time.monotonic()
    waiting.put(records(0))
    assert offsets(await waiting.take()) == [0]
    taken_at = time.monotonic()
    waiting.put(records(1))
    second = asyncio.create_task(take_all(waiting))
    await asyncio.sleep(0)
    waiting.put(records(2))
    assert await second == [[1, 2]]
    assert taken_at - started < 0.3
    # The clock of asyncio's timers may be early by the length of a tick.
    assert time.monotonic() - started > 0.29


async def test_when_there_is_enough_nobody_waits_for_the_pace() -> None:
    """Be it there before, or come while the taker waits."""
    waiting = Waiting(pace_s=AGES_S)
    waiting.put(records(0))
    await waiting.take()
    waiting.put(records(*range(1, FULL_RECORDS + 1)))
    async with asyncio.timeout(SOON_S):
        assert len(await waiting.take()) == FULL_RECORDS
    waiting.put(records(FULL_RECORDS + 1))
    taker = asyncio.ensure_future(waiting.take())
    await asyncio.sleep(0.02)
    assert not taker.done()
    waiting.put(records(*range(FULL_RECORDS + 2, 2 * FULL_RECORDS + 1)))
    async with asyncio.timeout(SOON_S):
        assert len(await taker) == FULL_RECORDS


async def test_there_is_room_again_when_enough_was_taken() -> None:
    """Who puts in more than can be processed waits."""
    waiting = Waiting(pace_s=0)
    async with asyncio.timeout(SOON_S):
        await waiting.room()
    waiting.put(records(*range(FULL_RECORDS)))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await waiting.room()
    await waiting.take()
    async with asyncio.timeout(SOON_S):
        await waiting.room()
