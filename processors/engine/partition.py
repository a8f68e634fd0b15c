"""Drive one step over one partition: restore, micro-batches and ticks, each in a transaction of its own."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from processors.engine.errors import Fenced, RestoreFailed, TransactionLost
from processors.engine.restore import restore
from processors.engine.step import Output, SourceRecord, Step
from processors.engine.transactions import Transactions
from processors.engine.waiting import Waiting

log = logging.getLogger("flowrun.processors.engine")

Clock = Callable[[], int]
"""The wall clock in milliseconds since the epoch."""

REOPEN_PAUSE_S: Final = 0.5


def wall_clock_ms() -> int:
    """Return the time now in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """Say what an agent reads, where its state lives and how a step of it is made."""

    name: str
    input_topic: str
    state_topic: str
    make_step: Callable[[int], Step]
    ticks: bool = False
    at_once: int | None = None
    """How many records of a micro-batch the step gets in one call; ``None`` for all. What it made of them is handed to
    the producer before it gets the next, while it still is in the processor's caches. That is for a step whose outputs
    stand each for itself, not for one that adds up what a micro-batch changes."""


class Partition:
    """One assigned partition of one agent. Every method but :meth:`lose` blocks: call them from threads.

    Invariant: what is in ``step`` beyond the last committed transaction is either committed by the call that put it
    there, or the step is thrown away. ``position`` therefore never runs ahead of the state topic while nobody holds
    the lock.
    """

    def __init__(
        self,
        agent: AgentSpec,
        number: int,
        client: Mapping[str, str | int | float | bool],
        app_id: str,
        clock: Clock = wall_clock_ms,
    ) -> None:
        self.agent = agent
        self.number = number
        self.step: Step = agent.make_step(number)
        self.batches = 0
        self.records = 0
        self.reopened = 0
        self.progressed_at = time.monotonic()
        self.stored = -1
        """The position that the state topic is known to hold, -1 for none. Never ahead of ``position``."""
        self.waiting = Waiting()
        """What was read and is not processed yet. The event loop's, not for the threads that call the methods here."""
        self._client = client
        self._clock = clock
        self._transactions = Transactions(client, f"{app_id}-{agent.name}-{number}")
        self._lock = threading.Lock()
        self._lost = False

    def __str__(self) -> str:
        return f"{self.agent.name}[{self.number}]"

    @property
    def lost(self) -> bool:
        """Tell whether the partition belongs to somebody else by now: its errors mean nothing then."""
        return self._lost

    def lose(self) -> None:
        """Learn that the partition was assigned to somebody else."""
        self._lost = True

    @property
    def position(self) -> int:
        """Return the offset of the last record applied, -1 for none."""
        return self.step.position

    def open(self) -> None:
        """Fence the predecessor and restore the state. Tries until it succeeds or the partition is lost.

        Raises:
            WriteImpossible: the broker refuses.
        """
        with self._lock:
            self._open()

    def _open(self) -> None:
        while not self._lost:
            try:
                self._transactions.open()
                step = self.agent.make_step(self.number)
                read = restore(self._client, self.agent.state_topic, self.number, step.restore)
                notes = step.opened(self._clock())
            except (TransactionLost, Fenced, RestoreFailed) as error:
                log.warning("%s: cannot be opened yet, trying again: %s", self, error)
                time.sleep(REOPEN_PAUSE_S)
                continue
            self.step = step
            self.stored = step.position
            self.progressed_at = time.monotonic()
            log.info(
                "%s: open at offset %d, %d state records of %d bytes read in %.2f s",
                self, step.position + 1, *read,
            )  # fmt: skip
            for note in notes:
                log.warning("%s: %s", self, note)
            return

    def process(self, records: Sequence[SourceRecord]) -> int:
        """Apply those records that are new, in one transaction, and return how many.

        Raises:
            Fenced: another worker has opened the partition.
            WriteImpossible: the broker refuses what the step wrote.
        """
        with self._lock:
            while not self._lost:
                step = self.step
                position = step.position
                new = records if records[0].offset > position else [r for r in records if r.offset > position]
                if not new:
                    return 0
                if self._commit(self._outputs(new)):
                    self.batches += 1
                    self.records += len(new)
                    return len(new)
            return 0

    def _outputs(self, records: Sequence[SourceRecord]) -> Iterator[Output]:
        step, now_ms, size = self.step, self._clock(), self.agent.at_once or len(records)
        for start in range(0, len(records), size):
            yield from step.process(records[start : start + size], now_ms)

    def tick(self, *, caught_up: bool) -> bool:
        """Let time pass unless a batch is being processed; tell whether something changed.

        Raises:
            Fenced: another worker has opened the partition.
            WriteImpossible: the broker refuses what the step wrote.
        """
        if self._lost or not self._lock.acquire(blocking=False):
            return False
        try:
            outputs = self.step.tick(self._clock(), caught_up=caught_up)
            return bool(outputs) and self._commit(outputs)
        finally:
            self._lock.release()

    def _commit(self, outputs: Iterable[Output]) -> bool:
        try:
            self._transactions.write(outputs)
        except TransactionLost as error:
            log.warning("%s: transaction lost, restoring the state: %s", self, error)
            self.reopened += 1
            self._open()
            return False
        self.stored = self.step.position
        self.progressed_at = time.monotonic()
        return True

    def close(self) -> None:
        """Wait for what is under way, then let go of the producer."""
        with self._lock:
            self._lost = True
            self._transactions.close()
