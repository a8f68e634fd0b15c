"""Show recorded runs to the candidate's rules and to the present ones."""

from collections.abc import Iterable
from typing import Final

import msgspec

from flowrun.backtest.fired import Fired
from flowrun.backtest.recorded import RecordedRun
from flowrun.backtest.watching import Report, Watching
from processors.watch.facts import occurred_ms, read_run
from processors.watch.rule_book import RuleBook
from processors.watch.run_seen import Unreadable

_NONE: Final = -1


class Outcome(msgspec.Struct):
    """What came of some partitions. ``candidate`` and ``present`` are incidents of flows, the reports await the others.

    Times are event time in milliseconds, -1 for none.
    """

    runs: int = 0
    unreadable: int = 0
    too_late: int = 0
    """Of the candidate's windows."""
    flows: int = 0
    first_ms: int = _NONE
    last_ms: int = _NONE
    candidate: list[Fired] = []
    present: list[Fired] = []
    """Of the rules that are judged apart."""
    candidate_reports: dict[int, list[Report]] = {}
    """By partition."""
    present_reports: dict[int, list[Report]] = {}

    def add(self, other: "Outcome") -> None:
        """Join what came of other partitions."""
        self.runs += other.runs
        self.unreadable += other.unreadable
        self.too_late += other.too_late
        self.flows += other.flows
        known = [moment for moment in (self.first_ms, other.first_ms) if moment != _NONE]
        self.first_ms = min(known, default=_NONE)
        self.last_ms = max(self.last_ms, other.last_ms)
        self.candidate += other.candidate
        self.present += other.present
        self.candidate_reports |= other.candidate_reports
        self.present_reports |= other.present_reports


class Judge:
    """Watch some partitions under both rule books at once."""

    def __init__(self, candidate: RuleBook, apart: RuleBook | None) -> None:
        """``apart`` holds those of the present rules that have to be judged."""
        self._books = (candidate,) if apart is None else (candidate, apart)
        self._partitions: dict[int, tuple[Watching, ...]] = {}
        self._flows: set[str] = set()
        self._outcome = Outcome()

    def take(self, runs: Iterable[RecordedRun]) -> None:
        """Judge runs, each partition's in its order."""
        outcome, partitions, flows = self._outcome, self._partitions, self._flows
        for number, offset, arrived_ms, value in runs:
            run = read_run(value)
            occurred_at = -1 if isinstance(run, Unreadable) else occurred_ms(run)
            if isinstance(run, Unreadable) or occurred_at < 0:
                outcome.unreadable += 1
                continue
            watching = partitions.get(number) or self._begin(number)
            for each in watching:
                each.take(run, occurred_at, offset, arrived_ms)
            outcome.runs += 1
            flows.add(run.flow_id)
            if occurred_at > outcome.last_ms:
                outcome.last_ms = occurred_at
            if occurred_at < outcome.first_ms or outcome.first_ms == _NONE:
                outcome.first_ms = occurred_at
        for watching in partitions.values():
            for each in watching:
                each.rest()

    def _begin(self, number: int) -> tuple[Watching, ...]:
        watching = self._partitions[number] = tuple(Watching(book) for book in self._books)
        return watching

    def finish(self, until_ms: int) -> Outcome:
        """Let time pass to the end of what was recorded, and return what came of it all."""
        outcome = self._outcome
        outcome.flows = len(self._flows)
        for number, watching in sorted(self._partitions.items()):
            for each in watching:
                each.finish(until_ms)
            outcome.candidate += watching[0].fired
            outcome.candidate_reports[number] = watching[0].reports
            outcome.too_late += watching[0].too_late
            for apart in watching[1:]:
                outcome.present += apart.fired
                outcome.present_reports[number] = apart.reports
        return outcome
