"""Hand whole micro-batches through Faust instead of single messages.

Faust's cost is per message: its consumer races several tasks for each. This transport yields one message for all
records of a partition that a fetch returned. Every private name of Faust and aiokafka that flowrun touches is in this
module, in :mod:`.fetched`, :mod:`.fetch_pace` and :mod:`.responses`, and :func:`check_versions` refuses versions that
they were not read against.
"""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final, NamedTuple, Protocol

import faust
from aiokafka.errors import IllegalStateError
from aiokafka.structs import ConsumerRecord
from faust.app.base import BootStrategy
from faust.transport import drivers
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from processors.engine import fetch_pace, fetched, responses
from processors.engine.step import SourceRecord

log = logging.getLogger("flowrun.processors.engine")

SCHEME: Final = "microbatch"
READ_AGAINST: Final = {"faust-streaming": "0.15.", "aiokafka": "0.14."}

MAX_RESPONSE_BYTES: Final = 8 * 2**20
"""What one fetch may bring of all partitions together; a larger record comes alone. Larger responses than the
processor's caches cost memory (measured, 26 MiB instead of 8: a hundred megabytes more) and save nothing."""


class UnsupportedVersion(Exception):
    """A library is installed in a version whose internals this module was not read against."""


class Batch(NamedTuple):
    """Carry the records of one partition from one fetch.

    ``after`` is the offset of the last record that was handed out before: a batch whose ``after`` lies beyond the
    partition's position follows one that got lost on the way.
    """

    after: int
    records: Sequence[SourceRecord]


class ResumeOffsets(Protocol):
    """Know where partitions that are open here have to be read from; the engine implements it."""

    def resume_offset(self, topic: str, partition: int) -> int | None:
        """Return the offset of the next record, ``None`` if the partition has no state."""

    def stored_offset(self, topic: str, partition: int) -> int | None:
        """Return the offset behind the last record whose effects are committed, ``None`` for none or not ours."""


class _Thread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"
        consumer._fetch_max_bytes = MAX_RESPONSE_BYTES
        return consumer

    async def seek_to_group_offsets(self, tps: Sequence[TP]) -> Mapping[TP, int | None]:
        partitions = [driver.ensure_aiokafka_TP(tp) for tp in tps]
        offsets = await self.call_thread(self._ensure_consumer().seek_to_committed, *partitions)
        return {tp: offsets.get(tp) for tp in tps}

    async def group_offsets(self, tps: Sequence[TP]) -> Mapping[TP, int | None]:
        consumer = self._ensure_consumer()

        async def ask() -> Mapping[TP, int | None]:
            return {tp: await consumer.committed(driver.ensure_aiokafka_TP(tp)) for tp in tps}

        return await self.call_thread(ask)  # type: ignore[no-any-return]

    def lag(self, tp: TP) -> int | None:
        assignment = self._ensure_consumer()._subscription.subscription.assignment
        if assignment is None or tp not in assignment.tps:
            return None
        state = assignment.state_value(tp)
        if state is None or state.highwater is None or not state.has_valid_position:
            return None
        return max(0, int(state.highwater) - int(state.position))


class Consumer(driver.Consumer):  # type: ignore[misc]
    """A Faust consumer whose messages are micro-batches and whose truth about positions is the engine's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._handed_out: dict[TP, int] = {}
        self._rewound: dict[TP, int] = {}
        """Where partitions have to be read again from. Until the next fetch, which seeks there, nothing of them is
        handed out: it was fetched before."""
        super().__init__(*args, **kwargs)

    def _new_consumer_thread(self) -> _Thread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)

    def lag(self, tp: TP) -> int | None:
        """Return how many offsets lie between what was fetched and the end of the partition, ``None`` if unknown."""
        return self._thread.lag(tp)  # type: ignore[no-any-return]

    def handed_out(self, tp: TP) -> int:
        """Return the offset of the last record given to an agent, -1 for none."""
        return self._handed_out.get(tp, -1)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:  # noqa: ASYNC109  # Faust's signature
        """Yield one message for each partition that has records; its value is a :class:`Batch`."""
        await self._seek_rewound()
        records, active = await self._wait_next_records(timeout)
        generation = self.app.consumer_generation_id
        if records is None or self.should_stop:
            return
        if not self.flow_active:
            await self.perform_seek()
            return
        for tp, found in records.items():
            if self.app.consumer_generation_id != generation:
                # The rebalance seeks every partition.
                return
            if not found or tp in self._rewound:
                continue
            if self.flow_active and (active is None or tp in active or tp in self._buffered_partitions):
                yield tp, self._message(tp, found)
            else:
                after = self.handed_out(tp)
                self._rewound[tp] = found[0].offset if after < 0 else after + 1

    def _message(self, tp: TP, records: Sequence[Any]) -> Any:
        last = records[-1]
        place = ConsumerRecord(
            *tp, last.offset, last.timestamp, last.timestamp_type, None, None, last.checksum, -1, -1, ()
        )
        message = self._to_message(tp, place)
        message.value = Batch(self.handed_out(tp), records)
        self._handed_out[tp] = last.offset
        return message

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek every partition to its resume offset: the state's position, else the group's offset, else the start."""
        self._rewound.clear()
        offsets: dict[TP, int] = {}
        engine: ResumeOffsets = self.app.resume_offsets
        assigned = {tp: engine.resume_offset(tp.topic, tp.partition) for tp in self.assignment()}
        group = await self._thread.group_offsets(list(assigned))
        for tp, offset in assigned.items():
            tell_gap(tp, offset, group.get(tp))
            if offset is not None:
                await self._seek(tp, offset)
                self._handed_out[tp] = offset - 1
                offsets[tp] = offset
        unknown = [tp for tp, offset in assigned.items() if offset is None]
        if unknown:
            committed = await self._thread.seek_to_group_offsets(unknown)
            for tp in unknown:
                offsets[tp] = committed.get(tp) or 0
                self._handed_out[tp] = -1
        return offsets

    def rewind(self, tp: TP, offset: int) -> None:
        """Read on from ``offset``; what was fetched beyond it is forgotten, also what a fetch under way returns."""
        tp = TP(*tp)
        self._rewound[tp] = offset
        self._handed_out[tp] = offset - 1

    async def _seek_rewound(self) -> None:
        # Fetches and these seeks follow one another, so no batch from before a seek is taken for one from after it.
        for tp, offset in list(self._rewound.items()):
            try:
                await self._seek(tp, offset)
            except IllegalStateError:
                # Not ours any more. Should it come back, the rebalance seeks it.
                log.info("%s[%d]: assigned to another worker before it was read again", tp.topic, tp.partition)
            # Not before: a seek that was cancelled has to be made by the next fetch.
            if self._rewound.get(tp) == offset:
                del self._rewound[tp]

    async def _seek(self, tp: TP, offset: int) -> None:
        await self._thread.seek_wait({driver.ensure_aiokafka_TP(tp): offset})
        self._read_offset[tp] = offset or None

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        # Only the last offset of each batch is acknowledged: what lies between is no gap.
        return None

    def _new_offset(self, tp: TP) -> int | None:
        # Faust acknowledges what an actor has handed over, processed or not. Committing that would lose it for a
        # partition without state; so the group's offset follows the state, and nothing else.
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        engine: ResumeOffsets = self.app.resume_offsets
        return engine.stored_offset(tp.topic, tp.partition)


def tell_gap(tp: TP, own: int | None, group: int | None) -> None:
    """Say it if the state topic knows less than was once committed: somebody has emptied it, or part of it is gone."""
    if group and (own is None or own < group):
        log.critical(
            "%s[%d]: the state topic has lost records: it reaches to offset %s, and %d was processed once. Going on at "
            "%d; what was seen in between may be written twice",
            tp.topic, tp.partition, own, group, group if own is None else own,
        )  # fmt: skip


class Transport(driver.Transport):  # type: ignore[misc]
    """The aiokafka transport with :class:`Consumer` in it."""

    Consumer = Consumer


class BatchSchema(faust.Schema):  # type: ignore[misc]
    """Pass batches through undecoded, so that no payload can crash a stream before our own code sees it."""

    def compile(self, app: Any, **kwargs: Any) -> Any:
        """Return the decoder that Faust calls for each message."""

        async def decode(message: Any, *, propagate: bool = False) -> Any:
            return app.create_event(None, message.value, message.headers, message)

        return decode


class _WithoutWeb(BootStrategy):  # type: ignore[misc]
    """Start everything but Faust's own web pages: they show data, and a taken port would end the worker."""

    enable_web = False


class App(faust.App):  # type: ignore[misc]
    """A Faust app without web pages and without a data directory: nothing of ours is kept on the disk."""

    BootStrategy = _WithoutWeb
    resume_offsets: ResumeOffsets

    def _create_directories(self) -> None:
        return None


def check_versions() -> None:
    """Refuse to start on internals that nobody has read.

    Raises:
        UnsupportedVersion: with what is installed and what is needed.
    """
    for package, prefix in READ_AGAINST.items():
        found = version(package)
        if not found.startswith(prefix):
            raise UnsupportedVersion(f"{package} {found} is installed; flowrun needs {prefix}x")


def register() -> None:
    """Make the URL scheme ``microbatch://`` known to Faust, and the consumers of this process hand out parsed records.

    Raises:
        UnsupportedVersion: see :func:`check_versions`.
    """
    check_versions()
    responses.install()
    fetched.install()
    fetch_pace.install()
    drivers.TRANSPORTS.aliases[SCHEME] = f"{__name__}:Transport"
