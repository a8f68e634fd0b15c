"""A step that counts, to test the engine with: copies its input and remembers how many it saw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from processors.engine.partition import AgentSpec
from processors.engine.step import Header, Output, SourceRecord
from schemas.topics import Topics


@dataclass(frozen=True)
class Record:
    """An input record as the engine sees it."""

    offset: int
    value: bytes = b"v"
    key: bytes | None = b"k"
    timestamp: int = 0
    headers: Sequence[Header] = ()


def records(*offsets: int) -> list[Record]:
    """Make records at these offsets; each value is its offset."""
    return [Record(offset, b"%d" % offset) for offset in offsets]


class CountingStep:
    """Counts records and ticks; both survive in the state topic."""

    def __init__(self, number: int, topics: Topics) -> None:
        self.position = -1
        self.count = 0
        self.ticks = 0
        self.caught_up: list[bool] = []
        self.notes: list[str] = []
        self.calls: list[int] = []
        self._number = number
        self._topics = topics

    def restore(self, key: bytes | None, value: bytes | None) -> None:
        self.position, self.count, self.ticks = msgspec.msgpack.decode(value or b"", type=tuple[int, int, int])

    def opened(self, now_ms: int) -> Sequence[str]:
        self.opened_at = now_ms
        return self.notes

    def process(self, records: Sequence[SourceRecord], now_ms: int) -> list[Output]:
        self.position = records[-1].offset
        self.count += len(records)
        self.calls.append(len(records))
        return [*(Output(self._topics.runs.name, r.key, r.value, None, self._number) for r in records), self._state()]

    def tick(self, now_ms: int, *, caught_up: bool) -> list[Output]:
        self.caught_up.append(caught_up)
        self.ticks += 1
        return [self._state()]

    def _state(self) -> Output:
        value = msgspec.msgpack.encode((self.position, self.count, self.ticks))
        return Output(self._topics.normalize_state.name, b"state", value, None, self._number)

    def statistics(self) -> Mapping[str, int]:
        return {"count": self.count}


def counting(topics: Topics, at_once: int | None = None) -> AgentSpec:
    """Describe an agent whose partitions count what is in the raw topic, so many records in one call."""
    return AgentSpec(
        "count",
        topics.raw.name,
        topics.normalize_state.name,
        lambda number: CountingStep(number, topics),
        ticks=True,
        at_once=at_once,
    )
