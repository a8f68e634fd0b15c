"""Keep the windows of all flows of a partition: put runs into them, see them become final, let them go."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from processors.watch import state
from processors.watch.deadlines import Deadline, Deadlines, Kind
from processors.watch.fact import Fact, Labels
from processors.watch.flows import Flow
from processors.watch.panes import Pane
from processors.watch.rule_book import RuleBook
from schemas import times

_encode: Final = msgspec.json.Encoder().encode

Record = tuple[bytes, bytes | None]
"""Key and value."""


class Windows:
    """The panes of a partition, by window and flow, and which of them have to be written.

    A window is *open* to corrections while the watermark is at most its end plus the grace. It is kept for
    :attr:`RuleBook.keep_ms`, which is not less.
    """

    def __init__(self, book: RuleBook, deadlines: Deadlines) -> None:
        self._size = book.window.size_ms
        self._size_as_text = book.window.size
        self._names = {flow_id: settings.name for flow_id, settings in book.flows.items()}
        """What the rules file calls flows."""
        self._corrected_for = book.window.size_ms + book.window.grace_ms
        self._final_for = book.window.size_ms + book.window.final_after_ms
        self._kept_for = book.window.size_ms + book.keep_ms
        self._deadlines = deadlines
        self._panes: dict[int, dict[str, Pane]] = {}
        self._changed: dict[Pane, None] = {}
        """Panes whose row has to be written."""
        self._touched: dict[Pane, None] = {}
        """Panes with chunks that have to be written."""
        self._gone: list[bytes] = []
        """Keys of chunks that have to be deleted."""
        self.count = 0
        """How many panes there are."""
        self._complete_from = 0
        """Windows that begin earlier lack runs: their rows are told no more, as they would tell too little."""

    @property
    def has_changes(self) -> bool:
        """Tell whether rows or state have to be written."""
        return bool(self._changed or self._touched or self._gone)

    def start_of(self, occurred_at: int) -> int:
        """Return the start of the window that a moment is in: tumbling, aligned to the epoch."""
        return occurred_at - occurred_at % self._size

    def takes(self, occurred_at: int, watermark: int) -> bool:
        """Tell whether the row of the window that a moment is in may still change."""
        return watermark <= occurred_at - occurred_at % self._size + self._corrected_for

    def apply(self, flow_id: str, old: Fact | None, new: Fact, labels: Labels, watermark: int) -> bool:
        """Count a run in its window, in the place of its earlier notification; tell whether a row changed."""
        start = new.occurred_at - new.occurred_at % self._size
        panes = self._panes.get(start)
        pane = panes.get(flow_id) if panes is not None else None
        if pane is None:
            pane = self._begin(flow_id, start, watermark)
        if old is not None and self.start_of(old.occurred_at) == start:
            changed = pane.replace(old, new, labels)
        else:
            if old is not None:
                self._take_out(flow_id, old, watermark)
            pane.add(new, labels)
            changed = True
        if changed:
            self._change(pane)
        self._touched[pane] = None
        return changed

    def _change(self, pane: Pane) -> None:
        pane.revision += 1
        if pane.start >= self._complete_from:
            self._changed[pane] = None

    def _begin(self, flow_id: str, start: int, watermark: int) -> Pane:
        panes = self._panes.get(start)
        if panes is None:
            panes = self._panes[start] = {}
            for deadline in self._deadlines_of(start, watermark):
                self._deadlines.add(deadline)
        pane = panes[flow_id] = self._make(flow_id, start)
        self.count += 1
        return pane

    def _make(self, flow_id: str, start: int) -> Pane:
        return Pane(flow_id, start)

    def _deadlines_of(self, start: int, watermark: int) -> Iterator[Deadline]:
        if watermark < start + self._final_for:
            yield start + self._final_for, Kind.FINAL, "", "", start
        yield start + self._kept_for + 1, Kind.DROP, "", "", start

    def _take_out(self, flow_id: str, fact: Fact, watermark: int) -> None:
        if not self.takes(fact.occurred_at, watermark):
            return  # nobody expects this row to change any more
        pane = self._panes[self.start_of(fact.occurred_at)][flow_id]
        pane.remove(fact)
        self._change(pane)
        self._touched[pane] = None

    def finish(self, start: int) -> None:
        """Write the rows of a window again: they are final now."""
        panes = self._panes[start]
        if start >= self._complete_from:
            self._changed.update((panes[flow_id], None) for flow_id in sorted(panes))

    def drop(self, start: int) -> Iterable[Pane]:
        """Let go of a window, and return its panes. Rows that have yet to be written will be."""
        panes = self._panes.pop(start)
        self.count -= len(panes)
        dropped = [panes[flow_id] for flow_id in sorted(panes)]
        for pane in dropped:
            self._touched.pop(pane, None)
            self._gone.extend(state.chunk_key(pane.flow_id, start, number) for number in range(len(pane.chunks)))
        return dropped

    def restore(self, panes: Iterable[Pane], watermark: int, complete_from: int = 0) -> None:
        """Take back what was written. Of windows that begin before ``complete_from`` not all runs are there."""
        self._complete_from = complete_from
        for pane in panes:
            self._panes.setdefault(pane.start, {})[pane.flow_id] = pane
            self.count += 1
        self._deadlines.fill(deadline for start in self._panes for deadline in self._deadlines_of(start, watermark))

    def replace(self, old: Iterable[Pane]) -> None:
        """Learn that what was restored stands in the state topic as ``old``, cut otherwise: all has to be written."""
        written = {state.chunk_key(pane.flow_id, pane.start, n) for pane in old for n in range(len(pane.chunks))}
        for panes in self._panes.values():
            for pane in panes.values():
                self._touched[pane] = None
                if pane.start >= self._complete_from:
                    self._changed[pane] = None
                written -= {state.chunk_key(pane.flow_id, pane.start, n) for n in range(len(pane.chunks))}
        self._gone.extend(sorted(written))

    def finish_earlier(self, final_for: int, watermark: int) -> None:
        """Learn that rows were final ``final_for`` after their start, later than now: write those that are by now."""
        for start in self._panes:
            if start + self._final_for <= watermark < start + final_for:
                self.finish(start)

    def rows(self, watermark: int, now_ms: int) -> list[Record]:
        """Write the rows that have changed, each once."""
        updated_at, names = times.to_text(now_ms), self._names
        windows = {start: self._described(start) for start in {pane.start for pane in self._changed}}
        written: list[Record] = []
        for pane in self._changed:
            window, flow_id = windows[pane.start], pane.flow_id
            final = watermark >= pane.start + self._final_for
            row = pane.row(window, names.get(flow_id), final=final, updated_at=updated_at)
            written.append((f"{flow_id}|{window[0]}".encode(), _encode(row)))
        self._changed.clear()
        return written

    def _described(self, start: int) -> tuple[str, str, str]:
        return times.to_text(start), times.to_text(start + self._size), self._size_as_text

    def changes(self, flows: dict[str, Flow]) -> list[Record]:
        """Write what has changed in the state."""
        written: list[Record] = []
        for pane in self._touched:
            own_time = flows[pane.flow_id].own_time
            for number, chunk in enumerate(pane.chunks):
                if chunk.is_dirty:
                    key = state.chunk_key(pane.flow_id, pane.start, number)
                    written.append((key, state.chunk_record(pane, chunk, own_time)))
                    chunk.is_dirty = False
        self._touched.clear()
        written.extend((key, None) for key in self._gone)
        self._gone.clear()
        return written

    def forget_changes(self) -> None:
        """Let go of rows and state that would have to be written."""
        self._changed.clear()
        self._touched.clear()
        self._gone.clear()
