"""Lay out what one process counts, so that several processes can be added up cell by cell."""

from collections.abc import Sequence
from typing import Final, get_args

from ingest.metrics.figures import Cells, Counts, Figure, Histogram, Label
from ingest.metrics.names import (
    ACK_BOUNDS_S,
    BATCH_BOUNDS,
    OUTCOMES,
    Closed,
    KafkaError,
    KeyFetch,
    Outcome,
    SignatureResult,
    Validation,
)

CELLS: Final = 200
"""How many cells :class:`Statistics` may use; a start fails loudly when they are too few."""
_DOUBLE_BYTES: Final = 8


class Statistics:
    """Hold what a process counts. Changed by the event loop's thread only, but for ``broker_errors``."""

    def __init__(self, cells: Cells | None = None) -> None:
        """Count in the given cells, or in cells of its own."""
        self._cells = cells if cells is not None else empty_cells()
        self._used = 0
        self.in_flight = self._figure()
        self.in_flight_bytes = self._figure()
        self.connections = self._figure()
        self.queue_records = self._figure()
        self.serving = self._figure()
        self._gauges = self._used
        self.records = self._figure()
        self.received_bytes = self._figure()
        self.possible_duplicates = self._figure()
        self.requests: Counts[Outcome] = self._counts(OUTCOMES)
        self.delivery_errors: Counts[KafkaError] = self._counts(get_args(KafkaError))
        self.broker_errors: Counts[KafkaError] = self._counts(get_args(KafkaError))
        """Written by the poll thread of the producer."""
        self.signatures: Counts[SignatureResult] = self._counts(get_args(SignatureResult))
        self.key_fetches: Counts[KeyFetch] = self._counts(get_args(KeyFetch))
        self.closed: Counts[Closed] = self._counts(get_args(Closed))
        self.validations: Counts[Validation] = self._counts(get_args(Validation))
        self.ack_s = self._histogram(ACK_BOUNDS_S)
        self.batch_records = self._histogram(BATCH_BOUNDS)

    def forget_present(self) -> None:
        """Set to 0 what describes the present, because the process whose present it was has ended."""
        for place in range(self._gauges):
            self._cells[place] = 0.0

    def _take(self, count: int) -> Cells:
        self._used += count
        if self._used > len(self._cells):
            raise ValueError(f"the figures need more than {len(self._cells)} cells: raise CELLS")
        return self._cells[self._used - count : self._used]

    def _figure(self) -> Figure:
        return Figure(self._take(1))

    def _counts(self, labels: Sequence[Label]) -> Counts[Label]:
        return Counts(labels, self._take(len(labels)))

    def _histogram(self, bounds: Sequence[float]) -> Histogram:
        return Histogram(bounds, self._take(len(bounds) + 2))


def empty_cells() -> Cells:
    """Make cells in this process's own memory."""
    return memoryview(bytearray(CELLS * _DOUBLE_BYTES)).cast("d")


def summed(processes: Sequence[Cells]) -> Statistics:
    """Add the cells of several processes up, one by one."""
    total = empty_cells()
    for place, values in enumerate(zip(*processes, strict=True)):
        total[place] = sum(values)
    return Statistics(total)
