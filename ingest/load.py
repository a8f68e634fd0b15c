"""Bound what is being handled at a time, and say when trying again makes sense."""

import math
from typing import Final

from ingest.errors import Overloaded
from ingest.limits import Limits
from ingest.metrics import Statistics

LONGEST_RETRY_S: Final = 60
_SMOOTHING_S: Final = 2.0
"""Over about how long the pace is averaged."""


class Load:
    """Count requests and bytes in flight, in the figures that Prometheus shows, and hold them to the limits."""

    def __init__(self, limits: Limits, statistics: Statistics) -> None:
        self._limits = limits
        self._requests = statistics.in_flight
        self._bytes = statistics.in_flight_bytes
        self._answering = 0
        self._finished = 0
        self._pace = 0.0
        """Requests that end in a second."""

    def enter(self) -> None:
        """Count one more request in flight: its head has been admitted."""
        self._requests.add(1)

    def leave(self) -> None:
        """Count one less."""
        self._requests.add(-1)

    def begin(self) -> None:
        """Count one more that is being answered. Only these are bounded: a body that drips in must cost nobody else.

        Raises:
            Overloaded: there are too many already.
        """
        if self._answering >= self._limits.requests:
            raise self._overloaded()
        self._answering += 1

    def end(self) -> None:
        """Count one less."""
        self._answering -= 1
        self._finished += 1

    def hold(self, count: int) -> None:
        """Count bytes of bodies that are kept in memory.

        Raises:
            Overloaded: there are too many already.
        """
        if int(self._bytes) + count > self._limits.held_bytes:
            raise self._overloaded()
        self._bytes.add(count)

    def release(self, count: int) -> None:
        """Count bytes no more."""
        self._bytes.add(-count)

    def tick(self, elapsed_s: float) -> None:
        """Average the pace: to be called every so often."""
        weight = min(1.0, elapsed_s / _SMOOTHING_S)
        self._pace += weight * (self._finished / elapsed_s - self._pace)
        self._finished = 0

    def retry_after_s(self) -> int:
        """Estimate when what is being answered now will have ended, at the present pace: whole seconds, 1 to 60."""
        if self._pace <= 0:
            return math.ceil(self._limits.deadline_s)
        return min(LONGEST_RETRY_S, max(1, math.ceil(self._answering / self._pace)))

    def _overloaded(self) -> Overloaded:
        return Overloaded("Too much is being handled already; send it again.", self.retry_after_s())
