"""Normalise recorded notifications as the ``normalize`` agent does, and put the runs in the partitions they go to."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from aiokafka.partitioner import murmur2

from flowrun.backtest.recorded import RecordedRun
from processors.engine.step import Header
from processors.normalize import NormalizeStep
from schemas.topics import Topics

_POSITIVE: Final = 0x7FFFFFFF


class Notification(NamedTuple):
    """A record of the raw topic, as the agent takes it; ``timestamp`` is in milliseconds."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list[Header]


class Normalizing:
    """Normalise the notifications of all raw partitions. What comes again is dropped, as the agent drops it."""

    def __init__(self, topics: Topics, dedupe_ms: int) -> None:
        self._topics = topics
        self._dedupe_ms = dedupe_ms
        self._steps: dict[int, NormalizeStep] = {}
        self._offset = 0
        self._partitions: dict[bytes, int] = {}

    def runs(self, notification: Notification) -> Iterator[RecordedRun]:
        """Yield the runs of a notification: one, several or none."""
        step = self._steps.get(notification.partition) or self._begin(notification.partition)
        arrived_ms = notification.timestamp
        for output in step.process([notification], arrived_ms):
            if output.topic == self._topics.runs.name and output.value is not None:
                yield self.known_run(output.key or b"", arrived_ms, output.value)

    def known_run(self, key: bytes, arrived_ms: int, value: bytes) -> RecordedRun:
        """Return a run record under its key, the flow's id, as the next one of the topic."""
        self._offset += 1
        return RecordedRun(self._partition(key), self._offset, arrived_ms, value)

    def _begin(self, partition: int) -> NormalizeStep:
        step = self._steps[partition] = NormalizeStep(partition, self._topics, dedupe_ms=self._dedupe_ms)
        return step

    def _partition(self, key: bytes) -> int:
        known = self._partitions.get(key)
        if known is None:
            # As every client of ours chooses it.
            known = self._partitions[key] = (int(murmur2(key)) & _POSITIVE) % self._topics.runs.partitions
        return known

    def statistics(self) -> dict[str, int]:
        """Return how many notifications were set aside, and how many runs had been known before."""
        figures = [step.statistics() for step in self._steps.values()]
        return {
            "duplicates": sum(each["duplicates"] for each in figures),
            "refused": sum(count for each in figures for name, count in each.items() if name.startswith("rejected_")),
        }
