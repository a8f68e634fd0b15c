"""Know what falls due at which watermark."""

from collections.abc import Iterator
from enum import IntEnum
from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple


class Kind(IntEnum):
    """What falls due. Of the same moment the lower number comes first."""

    RULE = 0
    """A rule asked to look at a flow."""
    FINAL = 1
    """A window's rows are final."""
    DROP = 2
    """A window can neither be corrected nor be looked back at any more."""
    FORGET = 3
    """A flow has been idle longer than anything looks back."""


class Deadline(NamedTuple):
    """One thing that falls due. They are sorted as tuples, so the order never depends on how input was split."""

    time: int
    """The watermark, in milliseconds, at which it is due."""
    kind: Kind
    flow_id: str = ""
    """For :attr:`Kind.RULE` and :attr:`Kind.FORGET`."""
    rule: str = ""
    """For :attr:`Kind.RULE`."""
    start: int = 0
    """The window's start, for :attr:`Kind.FINAL` and :attr:`Kind.DROP`."""


_NEVER: Final = 1 << 62


class Deadlines:
    """Hold what falls due in one partition. Entries are hints: whoever takes one checks whether it still holds.

    Bound: two entries per window (not per flow and window), one per flow, and one per look a rule asked for.
    """

    def __init__(self) -> None:
        self._heap: list[Deadline] = []
        self.next: int = _NEVER
        """The earliest time, for a check that is made for every record."""

    def add(self, deadline: Deadline) -> None:
        """Put one more on the list."""
        heappush(self._heap, deadline)
        self.next = self._heap[0].time

    def fill(self, deadlines: Iterator[Deadline]) -> None:
        """Put many on the list."""
        self._heap.extend(deadlines)
        heapify(self._heap)
        self.next = self._heap[0].time if self._heap else _NEVER

    def due(self, watermark: int) -> Iterator[Deadline]:
        """Take and yield everything due, in order; what is added meanwhile and is due as well, too."""
        while self.next <= watermark:
            deadline = heappop(self._heap)
            self.next = self._heap[0].time if self._heap else _NEVER
            yield deadline
