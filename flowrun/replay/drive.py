"""Send many entries at once, in order for each flow, until done, interrupted, or the receiver is given up."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from flowrun.recording.entry import Entry
from flowrun.replay.delivery import Outcome, Patience, Tally, Target, deliver, is_set_within
from flowrun.replay.pace import Pacer
from flowrun.replay.plan import Numbered

IN_FLIGHT: Final = 32
"""How many entries are on their way at most."""
AHEAD_MS: Final = 300_000
"""How far an entry may run ahead, in recorded time, of one that is still on its way. Among flows that share a partition
the newest moves time on, so a recording of a day sent all at once would let others look silent for an hour."""


class Driver:
    """Send entries to one target and keep count.

    What is on its way is bounded, and an entry waits for the one before it of the same flow, so that the receiver
    gets the notifications of a flow in the order of the recording.
    """

    def __init__(
        self,
        target: Target,
        tally: Tally,
        stop: asyncio.Event,
        *,
        patience: Patience | None = None,
        acknowledged: Callable[[int], None] = lambda number: None,
    ) -> None:
        """Prepare to send. ``stop`` ends it in order; ``acknowledged`` is told the number of each that arrived."""
        self._target = target
        self._tally = tally
        self._stop = stop
        self._patience = patience or Patience()
        self._acknowledged = acknowledged
        self._room = asyncio.Semaphore(IN_FLIGHT)
        self._newest: dict[str, asyncio.Task[None]] = {}
        self._under_way: dict[asyncio.Task[None], int] = {}
        """What is on its way and has a recorded time, with that."""
        self.given_up: Outcome | None = None
        """The attempt after which the receiver was given up, if it was."""

    async def send(self, entries: Iterable[Numbered], pacer: Pacer) -> None:
        """Send one round. Returns when all of it is acknowledged, refused or given up."""
        began = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as tasks:
            for numbered in entries:
                due_s = began + pacer.due_ms(numbered.entry.time_ms) / 1000
                if await is_set_within(self._stop, due_s - asyncio.get_running_loop().time()):
                    break
                await self._room.acquire()
                await self._until_near(numbered.entry.time_ms)
                if self._stop.is_set():
                    break
                self._start(tasks, numbered)
        self._tally.rounds += 1

    async def _until_near(self, time_ms: int | None) -> None:
        """Wait until nothing is on its way that is older by more than :data:`AHEAD_MS`."""
        if time_ms is None:
            return
        while behind := [task for task, theirs in self._under_way.items() if theirs < time_ms - AHEAD_MS]:
            await asyncio.wait(behind, return_when=asyncio.FIRST_COMPLETED)

    def _start(self, tasks: asyncio.TaskGroup, numbered: Numbered) -> None:
        before = {self._newest[flow] for flow in numbered.flows if flow in self._newest}
        task = tasks.create_task(self._send_one(numbered, before))
        for flow in numbered.flows:
            self._newest[flow] = task
        if numbered.entry.time_ms is not None:
            self._under_way[task] = numbered.entry.time_ms
        task.add_done_callback(lambda done: self._finished(done, numbered.flows))

    def _finished(self, task: asyncio.Task[None], flows: frozenset[str]) -> None:
        self._room.release()
        self._under_way.pop(task, None)
        for flow in flows:
            if self._newest.get(flow) is task:
                del self._newest[flow]

    async def _send_one(self, numbered: Numbered, before: set[asyncio.Task[None]]) -> None:
        if before:
            await asyncio.wait(before)
        if self._stop.is_set():
            return
        self._tally.sent += 1
        outcome = await deliver(self._target, numbered.entry, self._tally, self._patience, self._stop)
        if outcome.verdict == "acknowledged":
            self._tally.acknowledged += 1
            self._tally.accepted += outcome.accepted
            self._acknowledged(numbered.number)
        else:
            self._fail(numbered.entry, outcome)

    def _fail(self, entry: Entry, outcome: Outcome) -> None:
        self._tally.failed += 1
        if self._tally.first_failure is None:
            self._tally.first_failure = f"{entry.place}: {outcome.detail}"
        if outcome.verdict in ("later", "refused_all") and not self._stop.is_set():
            self.given_up = outcome
            self._stop.set()
