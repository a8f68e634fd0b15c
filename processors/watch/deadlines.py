"""Know what falls due at which watermark."""

from collections.abc import Iterator
from enum import IntEnum
from heapq import heapify, heappop, heappush
from typing import Final


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


Deadline = tuple[int, Kind, str, str, int]
"""One thing that falls due:

- the watermark, in milliseconds, at which it is due;
- its kind;
- the flow, for :attr:`Kind.RULE` and :attr:`Kind.FORGET`, else empty;
- the rule's name, for :attr:`Kind.RULE`, else empty;
- the window's start, for :attr:`Kind.FINAL` and :attr:`Kind.DROP`, else 0.

They are sorted as tuples, so the order never depends on how input was split. One is made for nearly each run, and a
named tuple takes eight times as long to make.
"""

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
        self.next = self._heap[0][0]

    def fill(self, deadlines: Iterator[Deadline]) -> None:
        """Put many on the list."""
        self._heap.extend(deadlines)
        heapify(self._heap)
        self.next = self._heap[0][0] if self._heap else _NEVER

    def pop(self, watermark: int) -> Deadline | None:
        """Take the next one that is due, ``None`` if there is none."""
        if self.next > watermark:
            return None
        deadline = heappop(self._heap)
        self.next = self._heap[0][0] if self._heap else _NEVER
        return deadline
