"""Count in cells of plain memory: the process that counts may end, and another can read on."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

Label = TypeVar("Label", bound=str)
if TYPE_CHECKING:
    Cells = memoryview[float]
else:  # before Python 3.14 it takes no parameter
    Cells = memoryview
"""Doubles, format ``d``. Each is written by one thread of one process only, hence without a lock."""


class Figure:
    """Hold one number that rises, or rises and falls."""

    __slots__ = ("_cells",)

    def __init__(self, cells: Cells) -> None:
        self._cells = cells

    def __int__(self) -> int:
        return int(self._cells[0])

    def add(self, amount: float = 1) -> None:
        """Add; a negative amount takes away."""
        self._cells[0] += amount

    def set(self, amount: float) -> None:
        """Put another number in its place."""
        self._cells[0] = amount


class Counts(Generic[Label]):
    """Hold one number for each label of a closed set."""

    __slots__ = ("_cells", "_places", "labels")

    def __init__(self, labels: Sequence[Label], cells: Cells) -> None:
        self.labels = labels
        self._cells = cells
        self._places: dict[str, int] = {label: place for place, label in enumerate(labels)}

    def __getitem__(self, label: Label) -> int:
        return int(self._cells[self._places[label]])

    def add(self, label: Label) -> None:
        """Count one."""
        self._cells[self._places[label]] += 1

    def add_any(self, label: str) -> None:
        """Count one under a label that may be unknown: then under the last, which stands for all others."""
        self._cells[self._places.get(label, len(self.labels) - 1)] += 1

    def items(self) -> list[tuple[Label, float]]:
        """Return every label with its number."""
        return list(zip(self.labels, self._cells, strict=True))

    def total(self) -> int:
        """Return the sum over all labels."""
        return int(sum(self._cells))


class Histogram:
    """Count values in buckets; the last cell is their sum."""

    __slots__ = ("_cells", "bounds")

    def __init__(self, bounds: Sequence[float], cells: Cells) -> None:
        self.bounds = bounds
        self._cells = cells

    @property
    def sum(self) -> float:
        """The sum of all values."""
        total: float = self._cells[-1]
        return total

    def observe(self, value: float) -> None:
        """Count one value, in the first bucket whose bound is not below it."""
        self._cells[bisect_left(self.bounds, value)] += 1
        self._cells[-1] += value

    def cumulated(self) -> list[tuple[str, float]]:
        """Return Prometheus' buckets: each with all values up to its bound."""
        buckets: list[tuple[str, float]] = []
        seen = 0.0
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self._cells[:-1], strict=True):
            seen += count
            buckets.append((bound, seen))
        return buckets
