"""Keep the figures of several processes in memory that outlives each of them."""

import mmap
import os
import tempfile
from typing import Final

from ingest.metrics import CELLS, Statistics
from ingest.metrics.figures import Cells
from ingest.metrics.statistics import summed

_BYTES: Final = CELLS * 8
"""Of one process's figures."""


class SharedFigures:
    """Hold one set of figures for each process. Only its process writes it, everyone may read.

    A process that takes the place of one that has ended counts on in the same set, so sums never fall.
    """

    def __init__(self, descriptor: int, processes: int) -> None:
        """Map a file that :meth:`create` has made, in this process or in its parent."""
        self.descriptor = descriptor
        self._places = processes
        self._cells = memoryview(mmap.mmap(descriptor, processes * _BYTES)).cast("d")

    @classmethod
    def create(cls, processes: int) -> "SharedFigures":
        """Make figures of zero. The file has no name, and is gone when the last process ends."""
        with tempfile.TemporaryFile() as file:
            file.truncate(processes * _BYTES)
            return cls(os.dup(file.fileno()), processes)

    def of(self, place: int) -> Statistics:
        """Return the figures of one process, by its place from 0."""
        return Statistics(self._slice(place))

    def total(self) -> Statistics:
        """Return the sums over all processes, as they are now."""
        return summed([self._slice(place) for place in range(self._places)])

    def _slice(self, place: int) -> Cells:
        return self._cells[place * CELLS : (place + 1) * CELLS]
