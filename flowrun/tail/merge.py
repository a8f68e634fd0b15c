"""Put the records of several partitions in the order of their times."""

from collections import deque
from collections.abc import Iterator

from flowrun.tail.record import Record

Partition = tuple[str, int]


class Merge:
    """Hold records back until no partition that is still behind can bring an earlier one.

    What is held is bounded: beyond that the earliest is let go.
    """

    def __init__(self, partitions: set[Partition], bound: int = 20_000) -> None:
        """Begin with the partitions that have something to read."""
        self._behind = set(partitions)
        self._queues: dict[Partition, deque[Record]] = {partition: deque() for partition in partitions}
        self._bound = bound

    @property
    def is_done(self) -> bool:
        """Tell whether every partition was read to its end."""
        return not self._behind

    def add(self, record: Record) -> None:
        """Take a record, in the order of its partition."""
        self._queues[record.topic, record.partition].append(record)

    def end(self, partition: Partition) -> None:
        """Note that a partition was read to its end; what it gets later is not waited for."""
        self._behind.discard(partition)

    def ready(self) -> Iterator[Record]:
        """Yield the records whose turn it is."""
        while any(self._queues.values()) and self._may_go():
            first = min((queue for queue in self._queues.values() if queue), key=lambda queue: queue[0].time_ms)
            yield first.popleft()

    def _may_go(self) -> bool:
        if all(self._queues[partition] for partition in self._behind):
            return True
        return sum(map(len, self._queues.values())) > self._bound
