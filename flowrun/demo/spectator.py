"""Follow what comes out of the topics: count all of it, show the alerts and a sample of the rest."""

import time
from collections.abc import Callable
from typing import Any, Final

from flowrun.demo.expectations import Expectations
from flowrun.tail.lines import alert_line, bytes_line, run_line, window_line
from flowrun.tail.record import Record, json_value
from flowrun.terminal import Line, Printer
from schemas.topics import Topics

SAMPLE_S: Final = 0.4
"""At most one run and one window row is shown in this time, so that the alerts stand out."""


class Spectator:
    """Take records of the output topics."""

    def __init__(
        self,
        topics: Topics,
        expectations: Expectations,
        printer: Printer,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._topics = topics
        self._expectations = expectations
        self._printer = printer
        self._clock = clock
        self._shown_at: dict[str, float] = {}
        self._rows: set[tuple[Any, Any]] = set()
        self.runs = 0
        self.alerts = 0
        self.dead_letters = 0
        self.newest_at = clock()
        """When the last record came."""

    @property
    def windows(self) -> int:
        """How many window rows there are, each counted once however often it was written."""
        return len(self._rows)

    @property
    def is_complete(self) -> bool:
        """Tell whether everything that must come has come."""
        expected = self._expectations
        return expected.are_met and self.runs >= expected.runs and self.dead_letters >= expected.dead_letters

    def see(self, record: Record) -> None:
        """Count a record, and show it if it is an alert or it is time for a sample."""
        self.newest_at = self._clock()
        value = json_value(record) or {}
        if record.topic == self._topics.runs.name:
            self.runs += 1
            self._sample("run", run_line(value))
        elif record.topic == self._topics.metrics.name:
            self._rows.add((value.get("flow_id"), value.get("window_start")))
            self._sample("window", window_line(value))
        elif record.topic == self._topics.alerts.name:
            self.alerts += 1
            self._expectations.see(value)
            self._show("alert", alert_line(value))
        else:
            self.dead_letters += 1
            self._show("dead", bytes_line(record))

    def _sample(self, kind: str, line: Line) -> None:
        if self.newest_at - self._shown_at.get(kind, float("-inf")) >= SAMPLE_S:
            self._shown_at[kind] = self.newest_at
            self._show(kind, line)

    def _show(self, kind: str, line: Line) -> None:
        self._printer.line([(f"{kind:<7}", "bold" if kind == "alert" else "dim"), *line])
