"""Define the seam between the engine (Kafka, transactions, clock) and the pure steps of the agents."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

Header = tuple[str, bytes]


class SourceRecord(Protocol):
    """One record of the input partition, as aiokafka parses it. ``timestamp`` is in milliseconds."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[Header]: ...


class Output(msgspec.Struct, frozen=True, gc=False):
    """One record to write in the step's transaction. ``partition`` ``None`` leaves it to the key (murmur2)."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header] | None = None
    partition: int | None = None


class Step(Protocol):
    """The pure part of an agent for one input partition: state in memory, no Kafka, no clock, no I/O, no logging.

    The engine makes one per assigned partition, feeds it every record of its state topic's partition in order by
    :meth:`restore`, then calls :meth:`process` and :meth:`tick`, one at a time. All outputs of a call, changed state
    and position among them, are written in one transaction, which may hold those of several calls of :meth:`process`.
    If that transaction is not committed, the object is thrown away and a new one is restored: a step never needs to
    undo.
    """

    position: int
    """The offset of the last input record whose effects are in the state; -1 for none."""

    def restore(self, key: bytes | None, value: bytes | None) -> None:
        """Take one record of the state topic (``value`` ``None`` is a tombstone), as this step wrote it."""

    def opened(self, now_ms: int) -> Sequence[str]:
        """Learn that the state is complete and that input begins now (wall clock, milliseconds).

        Returns what whoever runs the agent should know of it, a line each: what the present settings ask for and the
        state does not hold. Mostly nothing.
        """

    def process(self, records: Sequence[SourceRecord], now_ms: int) -> Sequence[Output]:
        """Apply new records (each beyond ``position``, in offset order, never empty) and move ``position``.

        Must not raise on any bytes a sender can choose. The outputs include what :meth:`restore` needs.
        """

    def tick(self, now_ms: int, *, caught_up: bool) -> Sequence[Output]:
        """Let time pass; about once a second. ``caught_up`` says that no input waits unread.

        Returns nothing when nothing changed.
        """

    def statistics(self) -> Mapping[str, int]:
        """Return what was counted since the step was made, by the figure's name, for metrics and tests."""
