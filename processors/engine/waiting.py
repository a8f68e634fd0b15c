"""Keep the records of one partition that were read and are not processed yet, and say when to take them."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from processors.engine.step import SourceRecord

FULL_RECORDS: Final = 1_000
"""So many are taken at once without waiting for more: a transaction for more records is hardly cheaper for each."""

PACE_S: Final = 0.05
"""How long, after a transaction began, small ones wait for company. The first record after a pause waits for nothing.
Measured: a transaction of a few records costs a worker 1 to 2 ms of CPU, and a broker that has many of them at once
takes 30 ms for each."""


class Waiting:
    """Records in the order of their offsets, each once. For one event loop: nothing here may be called from threads."""

    def __init__(self, pace_s: float = PACE_S) -> None:
        self.last = -1
        """The offset of the last record that was put in, -1 for none."""
        self.served = False
        """Whether a task takes what waits, and looks once more before it ends."""
        self._pace_s = pace_s
        self._taken_at = float("-inf")
        self._batches: deque[Sequence[SourceRecord]] = deque()
        self._size = 0
        self._room = asyncio.Event()
        self._room.set()
        self._full = asyncio.Event()

    def put(self, records: Sequence[SourceRecord]) -> None:
        """Add records; those that were put in before are left out."""
        new = records if records[0].offset > self.last else [record for record in records if record.offset > self.last]
        if new:
            self._batches.append(new)
            self.last = new[-1].offset
            self._resize(len(new))

    async def room(self) -> None:
        """Return when fewer than :data:`FULL_RECORDS` wait."""
        await self._room.wait()

    async def take(self) -> Sequence[SourceRecord]:
        """Remove and return what is to be processed in one transaction, when it is time for it; empty if nothing waits.

        Batches are joined up to :data:`FULL_RECORDS`. A larger one comes alone.
        """
        if not self._batches:
            return ()
        pause_s = self._taken_at + self._pace_s - time.monotonic()
        if pause_s > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._full.wait()
        self._taken_at = time.monotonic()
        return self._join()

    def _join(self) -> Sequence[SourceRecord]:
        batches = self._batches
        joined = batches.popleft()
        if batches and len(joined) + len(batches[0]) <= FULL_RECORDS:
            joined = list(joined)
            while batches and len(joined) + len(batches[0]) <= FULL_RECORDS:
                joined.extend(batches.popleft())
        self._resize(-len(joined))
        return joined

    def _resize(self, count: int) -> None:
        self._size += count
        if self._size < FULL_RECORDS:
            self._full.clear()
            self._room.set()
        else:
            self._full.set()
            self._room.clear()
