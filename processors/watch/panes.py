"""Add up the runs of one flow in one window, and write the row of it."""

from collections.abc import Iterator
from heapq import nsmallest
from typing import Final

from processors.watch.fact import NO_LABELS, Fact, Labels
from processors.watch.quotient import quotient
from schemas import times
from schemas.ids import FlowId
from schemas.positional import positional
from schemas.window import Window, WindowBytes, WindowDurations, WindowRecords

_row: Final = positional(Window)

CHUNK_FACTS: Final = 64
"""Facts in one state record: a flow with a million runs in an hour neither exceeds Kafka's limit on a record nor has
all of them written again at each touch."""

CHUNK_WEIGHT: Final = 200_000
"""A chunk that is heavier than this takes no more facts: they may carry many long error codes or names."""

MAX_ROW_CODES: Final = 500
"""Error codes in one row, the most frequent ones; the run records have all. A row must fit into a Kafka record."""

Order = tuple[int, str]
"""Event time and run id: which of two runs of a window is the newer one, whatever the order of notifications."""


class Chunk:
    """Some facts of a pane, as they stand in one state record. ``labels`` are those of its first fact."""

    __slots__ = ("facts", "is_dirty", "labels", "weight")

    def __init__(self, labels: Labels) -> None:
        self.facts: list[Fact] = []
        self.labels = labels
        self.weight = 0
        """Bytes of what is long in the facts, at most."""
        self.is_dirty = False
        """Whether the state topic does not have it as it is."""

    @property
    def is_full(self) -> bool:
        return len(self.facts) >= CHUNK_FACTS or self.weight >= CHUNK_WEIGHT

    def add(self, fact: Fact) -> None:
        self.facts.append(fact)
        if fact.codes or fact.labels:
            texts = (*fact.codes, *(fact.labels or ()))
            self.weight += sum(4 * len(text) for text in texts if text)


class Pane:
    """The aggregate of one window of one flow.

    Invariant: every figure is a function of the facts in ``chunks`` alone. Adding keeps it incrementally; removing
    computes it anew, at a cost that grows with the number of runs in the window. ``revision`` counts the notifications
    that changed the row.
    """

    __slots__ = (
        "bytes_in", "bytes_out", "chunks", "codes", "durations", "failed", "first", "flow_id", "input",
        "labels", "longest", "lost", "newest", "output", "partial", "records_failed", "revision", "runs", "shortest",
        "sources", "start", "succeeded", "total_duration",
    )  # fmt: skip

    def __init__(self, flow_id: str, start: int) -> None:
        self.flow_id = flow_id
        self.start = start
        self.revision = 0
        self.chunks: list[Chunk] = []
        self._reset()

    def _reset(self) -> None:
        self.runs = self.succeeded = self.failed = self.partial = 0
        self.input = self.output = self.records_failed = self.lost = self.bytes_in = self.bytes_out = 0
        self.durations = self.total_duration = 0
        self.shortest: int | None = None
        self.longest: int | None = None
        self.first: int | None = None
        self.newest: Order | None = None
        self.labels: Labels = NO_LABELS
        self.sources: list[Order | None] | None = None
        """The run that each label was taken from; ``None`` while all runs have the same labels."""
        self.codes: dict[str, int] | None = None
        """In how many runs each code occurred; ``None`` for no codes, as most windows have."""

    def facts(self) -> Iterator[Fact]:
        """Yield the runs of the window."""
        for chunk in self.chunks:
            yield from chunk.facts

    def add(self, fact: Fact, labels: Labels) -> None:
        """Count a run that is not in the window yet."""
        self._store(fact, labels)
        self._count(fact, labels)

    def _store(self, fact: Fact, labels: Labels) -> None:
        chunks = self.chunks
        if not chunks or chunks[-1].is_full:
            chunks.append(Chunk(labels))
        chunk = chunks[-1]
        fact.chunk = len(chunks) - 1
        if labels != chunk.labels:
            fact.labels = labels
        chunk.add(fact)
        chunk.is_dirty = True

    def remove(self, fact: Fact) -> None:
        """Take a run out of the window."""
        self._discard(fact)
        self.recount()

    def _discard(self, fact: Fact) -> None:
        chunk = self.chunks[fact.chunk]
        chunk.facts.remove(fact)
        chunk.is_dirty = True

    def replace(self, old: Fact, new: Fact, labels: Labels) -> bool:
        """Put the newer notification of a run in the place of the older one; tell whether the row changes."""
        before = self._told()
        self._discard(old)
        self._store(new, labels)
        self.recount()
        return self._told() != before

    def recount(self) -> None:
        """Compute every figure from the facts."""
        self._reset()
        for chunk in self.chunks:
            for fact in chunk.facts:
                self._count(fact, fact.labels or chunk.labels)

    def _count(self, fact: Fact, labels: Labels) -> None:
        status, at = fact.status, fact.occurred_at
        if status == "success":
            self.succeeded += 1
        elif status == "failed":
            self.failed += 1
        elif status == "partial":
            self.partial += 1
        self.input += fact.input or 0
        self.output += fact.output or 0
        self.records_failed += fact.failed or 0
        self.lost += fact.lost or 0
        self.bytes_in += fact.bytes_in or 0
        self.bytes_out += fact.bytes_out or 0
        duration_ms = fact.duration_ms
        if duration_ms is not None:
            self.durations += 1
            self.total_duration += duration_ms
            if self.shortest is None or duration_ms < self.shortest:
                self.shortest = duration_ms
            if self.longest is None or duration_ms > self.longest:
                self.longest = duration_ms
        if fact.codes:
            codes = self.codes = self.codes or {}
            for code in fact.codes:
                codes[code] = codes.get(code, 0) + 1
        if self.first is None or at < self.first:
            self.first = at
        order = (at, fact.run_id)
        if not self.runs:
            self.labels = labels
        elif labels != self.labels or self.sources is not None:
            self._name(order, labels)
        if self.newest is None or order > self.newest:
            self.newest = order
        self.runs += 1

    def _name(self, order: Order, labels: Labels) -> None:
        if self.sources is None:
            # Until now all runs said the same, so the newest of them is the source of whatever they said.
            self.sources = [None if label is None else self.newest for label in self.labels]
        named = list(self.labels)
        for index, label in enumerate(labels):
            source = self.sources[index]
            if label is not None and (source is None or order > source):
                named[index], self.sources[index] = label, order
        self.labels = (named[0], named[1], named[2])

    def _told(self) -> tuple[object, ...]:
        # All that the row tells but its revision and the time of writing.
        return (
            self.labels, self.runs, self.succeeded, self.failed, self.partial, self.input, self.output,
            self.records_failed, self.lost, self.bytes_in, self.bytes_out, self.shortest, self.longest,
            self._mean_duration(), self.codes, self.first, self.newest and self.newest[0],
        )  # fmt: skip

    def _mean_duration(self) -> float | None:
        return quotient(self.total_duration, self.durations) if self.durations else None

    def row(self, window: tuple[str, str, str], name: str | None, *, final: bool, updated_at: str) -> Window:
        """Write the row. ``window`` is start, end and size as text; ``name`` is used where no notification has one."""
        outcomes = self.succeeded + self.failed + self.partial
        labels, codes = self.labels, self.codes or {}
        first, last = self.first, None if self.newest is None else self.newest[0]
        first_text = None if first is None else times.to_text(first)
        return _row(
            1,
            FlowId(self.flow_id),
            labels[0] or name,
            labels[1],
            labels[2],
            window[0],
            window[1],
            window[2],
            self.runs,
            self.succeeded,
            self.failed,
            self.partial,
            self.failed / outcomes if outcomes else None,
            WindowRecords(self.input, self.output, self.records_failed, self.lost),
            WindowBytes(self.bytes_in, self.bytes_out),
            WindowDurations(self.shortest, self.longest, self._mean_duration()),
            codes if len(codes) <= MAX_ROW_CODES else _most_frequent(codes),
            first_text,
            first_text if last == first or last is None else times.to_text(last),
            self.revision,
            final,
            updated_at,
        )


def _most_frequent(codes: dict[str, int]) -> dict[str, int]:
    return dict(nsmallest(MAX_ROW_CODES, codes.items(), key=lambda item: (-item[1], item[0])))
