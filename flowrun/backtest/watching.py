"""Apply runs to one rule book by the core of the ``watch`` agent, and keep what it tells; rows and state it forgets."""

import msgspec

from flowrun.backtest.fired import Fired, History
from processors.watch.failing import Failing
from processors.watch.ledger import Ledger
from processors.watch.rowless import RowlessWindows
from processors.watch.rule_book import RuleBook
from processors.watch.run_seen import RunSeen
from schemas import times


class Report(msgspec.Struct, frozen=True):
    """Tell that a flow began to fail, or ended, and how far its partition had come: reports are applied by that."""

    clock_ms: int
    """Event time; never goes back within a partition."""
    failing: Failing


class Watching:
    """One partition of runs under one rule book."""

    def __init__(self, book: RuleBook) -> None:
        self._ledger = Ledger(book, RowlessWindows)
        self._idle_ms = book.window.idle_ms
        self._latest_ms = times.LATEST_MS - book.window.size_ms
        self._counts_flows = bool(book.org_rules)
        self._arrived_ms = 0
        self._history = History()
        self.reports: list[Report] = []
        self.too_late = 0

    @property
    def fired(self) -> list[Fired]:
        """The incidents so far, in the order in which they fired."""
        return self._history.fired

    def take(self, run: RunSeen, occurred_at: int, offset: int, arrived_ms: int) -> None:
        """Apply a run. What fell due in the silence before it is judged first, as ticks of the agent would have."""
        if occurred_at > self._latest_ms:
            return  # the agent sets it aside
        ledger = self._ledger
        if arrived_ms < self._arrived_ms:
            arrived_ms = self._arrived_ms
        elif arrived_ms - self._arrived_ms >= self._idle_ms:
            ledger.let_pass(arrived_ms, caught_up=True)
        self._arrived_ms = arrived_ms
        if ledger.apply(run, occurred_at, offset, arrived_ms) == "too_late":
            self.too_late += 1
        if ledger.told or ledger.failing:
            self._note()

    def rest(self) -> None:
        """Let go of what an agent would write now."""
        self._ledger.forget_changes()

    def finish(self, until_ms: int) -> None:
        """Let time pass to the end of what was recorded."""
        self._ledger.let_pass(max(until_ms, self._arrived_ms), caught_up=True)
        self._note()

    def _note(self) -> None:
        ledger = self._ledger
        for _, alert in ledger.told:
            self._history.take(alert)
        ledger.told.clear()
        if self._counts_flows:
            for failing in ledger.failing:
                before = self.reports[-1].clock_ms if self.reports else 0
                self.reports.append(Report(max(before, times.from_text(failing.moment)), failing))
        ledger.failing.clear()
