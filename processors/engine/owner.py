"""Own the partitions that the consumer group assigned to this process."""

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, NamedTuple, NoReturn, Protocol

from processors.engine.errors import EngineError, Fenced
from processors.engine.partition import AgentSpec, Clock, Partition, wall_clock_ms
from processors.engine.step import SourceRecord
from processors.engine.transport import Batch, ResumeOffsets

log = logging.getLogger("flowrun.processors.engine")

EXIT_FENCED: Final = 70
"""The exit code when another worker has taken over a partition, or the engine cannot go on: start it again."""

FENCED_GRACE_S: Final = 5.0
"""How long a fenced partition may wait for the news that it was assigned to somebody else."""


class Place(NamedTuple):
    """Name one partition of an input topic."""

    topic: str
    partition: int


AnyPlace = Place | tuple[str, int]


class Reader(Protocol):
    """What the owner needs of the consumer; places are pairs of topic and partition."""

    def lag(self, tp: AnyPlace) -> int | None: ...
    def handed_out(self, tp: AnyPlace) -> int: ...
    def rewind(self, tp: AnyPlace, offset: int) -> None: ...


class Owner(ResumeOffsets):
    """Open, keep and lose partitions as the group decides, and run batches and ticks on them.

    Work runs in threads, and in tasks of its own: an agent's actor that is cancelled by a rebalance does not leave a
    batch half done.
    """

    def __init__(
        self,
        agents: Iterable[AgentSpec],
        client: Mapping[str, str | int | float | bool],
        app_id: str,
        clock: Clock = wall_clock_ms,
    ) -> None:
        self._agents = {agent.input_topic: agent for agent in agents}
        self._client = client
        self._app_id = app_id
        self._clock = clock
        self._partitions: dict[Place, Partition] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._pool = ThreadPoolExecutor(64, thread_name_prefix="partition")
        self._ready = False

    def __iter__(self) -> Iterator[tuple[Place, Partition]]:
        """Yield the partitions that are open here."""
        return iter(list(self._partitions.items()))

    @property
    def is_ready(self) -> bool:
        """Tell whether the group has assigned partitions (none counts too) and all of them are open."""
        return self._ready

    def position(self, place: AnyPlace) -> int:
        """Return the offset of the last record applied, -1 for none or a partition that is not ours."""
        owned = self._partitions.get(Place(*place))
        return -1 if owned is None else owned.position

    def resume_offset(self, topic: str, partition: int) -> int | None:
        """Return the offset of the next record, ``None`` if the partition has no state."""
        owned = self._partitions.get(Place(topic, partition))
        return None if owned is None or owned.position < 0 else owned.position + 1

    def stored_offset(self, topic: str, partition: int) -> int | None:
        """Return the offset behind the last record whose effects are committed, ``None`` for none or not ours."""
        owned = self._partitions.get(Place(topic, partition))
        return None if owned is None or owned.stored < 0 else owned.stored + 1

    def drop_others(self, assigned: Iterable[AnyPlace]) -> None:
        """Lose every partition that is not in the new assignment. Quick: what is under way ends by itself."""
        kept = {Place(*place) for place in assigned}
        for place in self._partitions.keys() - kept:
            partition = self._partitions.pop(place)
            partition.lose()
            log.info("%s: assigned to another worker", partition)
            self._start(self._in_thread(partition.close))

    async def open(self, assigned: Iterable[AnyPlace]) -> None:
        """Open what is newly assigned, all at once, and return when everything is ready to be read."""
        places = [Place(*place) for place in assigned if place[0] in self._agents]
        self.drop_others(places)
        new = [place for place in places if place not in self._partitions]
        for place in new:
            agent = self._agents[place.topic]
            self._partitions[place] = Partition(agent, place.partition, self._client, self._app_id, self._clock)
        await asyncio.gather(*(self._open(self._partitions[place]) for place in new))
        self._ready = True

    async def _open(self, partition: Partition) -> None:
        try:
            await self._in_thread(partition.open)
        except EngineError as error:
            await self._end_unless_lost(partition, error)

    async def handle(self, reader: Reader, source: AnyPlace, batch: Batch) -> None:
        """Take a micro-batch. Returns before it is processed, unless too much waits.

        What arrives while a transaction is under way waits, and becomes one transaction together. It is processed to
        its end even if the caller is cancelled meanwhile.
        """
        place = Place(*source)
        owned = self._partitions.get(place)
        if owned is None:
            return
        accepted = max(owned.position, owned.waiting.last)
        if batch.after > accepted:
            log.warning("%s: a batch before offset %d got lost, reading it again", owned, batch.after + 1)
            reader.rewind(place, accepted + 1)
            return
        owned.waiting.put(batch.records)
        if not owned.waiting.served:
            owned.waiting.served = True
            self._start(self._serve(owned))
        await owned.waiting.room()

    async def _serve(self, partition: Partition) -> None:
        waiting = partition.waiting
        try:
            while records := await waiting.take():
                await self._process(partition, records)
        finally:
            waiting.served = False

    async def settle(self) -> None:
        """Return when everything that was taken is processed."""
        while self._tasks:
            await asyncio.wait(list(self._tasks))

    async def _process(self, partition: Partition, records: Sequence[SourceRecord]) -> None:
        try:
            await self._in_thread(partition.process, records)
        except EngineError as error:
            await self._end_unless_lost(partition, error)
        except Exception as error:
            # A defect in a step. Going on would acknowledge and skip the batch, so the process ends and says why.
            log.exception("%s: the step failed", partition)
            self._end(partition, error)

    async def tick(self, reader: Reader) -> None:
        """Tick every partition whose agent wants it and that is not busy."""
        ticking = [(place, partition) for place, partition in self if partition.agent.ticks]
        await asyncio.gather(*(self._tick(reader, place, partition) for place, partition in ticking))

    async def _tick(self, reader: Reader, place: Place, partition: Partition) -> None:
        caught_up = reader.lag(place) == 0 and reader.handed_out(place) <= partition.position
        try:
            await asyncio.shield(self._start(self._in_thread(partial(partition.tick, caught_up=caught_up))))
        except EngineError as error:
            await self._end_unless_lost(partition, error)

    async def _in_thread(self, call: Callable[..., object], *args: object) -> None:
        await asyncio.get_running_loop().run_in_executor(self._pool, call, *args)

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _end_unless_lost(self, partition: Partition, error: EngineError) -> None:
        waited = 0.0
        while isinstance(error, Fenced) and not partition.lost and waited < FENCED_GRACE_S:
            await asyncio.sleep(0.1)
            waited += 0.1
        if not partition.lost:
            self._end(partition, error)

    def _end(self, partition: Partition, error: Exception) -> NoReturn:
        # An exception that escaped an agent would make Faust acknowledge and skip the batch: end the process instead.
        log.critical("%s: %s: %s; ending, start me again", partition, type(error).__name__, error)
        logging.shutdown()
        os._exit(EXIT_FENCED)

    async def close(self) -> None:
        """Finish what is under way and let go of all partitions."""
        for place in list(self._partitions):
            partition = self._partitions.pop(place)
            self._start(self._in_thread(partition.close))
        await self.settle()
        self._pool.shutdown()
