"""Judge what stands in the output topics against what was acknowledged."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgspec

from processors.watch.rules_file import load
from schemas.alert import Alert
from schemas.run import Run
from schemas.times import to_text
from schemas.window import Window
from tests.faults.topic import Stored
from tests.processors.watch import oracle

HOUR_MS: Final = 3_600_000


class Outcome:
    """Hold the committed records of ``runs``, ``metrics``, ``alerts`` and ``dead-letters``."""

    def __init__(
        self,
        runs: Sequence[Stored],
        metrics: Sequence[Stored],
        alerts: Sequence[Stored],
        dead_letters: Sequence[Stored],
    ) -> None:
        self._runs = runs
        self._alerts = alerts
        self._metrics = metrics
        self.dead_letters = dead_letters

    @cached_property
    def runs(self) -> list[Run]:
        """All run records, by partition and offset."""
        return [msgspec.json.decode(stored.value, type=Run) for stored in self._runs]

    @cached_property
    def rows(self) -> dict[str, Window]:
        """The newest window row of each key."""
        return {stored.key: msgspec.json.decode(stored.value, type=Window) for stored in self._metrics}

    @cached_property
    def alerts(self) -> dict[str, list[Alert]]:
        """The transitions of each key, in order."""
        found: dict[str, list[Alert]] = {}
        for stored in self._alerts:
            found.setdefault(stored.key, []).append(msgspec.json.decode(stored.value, type=Alert))
        return found

    def check_nothing_lost_or_doubled(self, acknowledged: Iterable[dict[str, Any]]) -> None:
        """Fail unless every acknowledged notification is one run, and the rows count each once."""
        sent = list(acknowledged)
        times_recorded = Counter(str(run.event_id) for run in self.runs)
        assert times_recorded == Counter(str(notification["event_id"]) for notification in sent)
        assert _counts_sent(sent) == _counts_in_rows(self.rows.values())

    def check_against_oracle(self, rules: Path) -> None:
        """Fail unless rows and alert transitions are those that a brute-force reading of the runs gives."""
        book = load(rules)
        rows: dict[str, dict[str, Any]] = {}
        alerts: dict[str, list[tuple[str, ...]]] = {}
        for partition in sorted({stored.partition for stored in self._runs}):
            records = [msgspec.json.decode(stored.value) for stored in self._runs if stored.partition == partition]
            expected = oracle.expected(records, book)
            rows |= expected.rows
            for transition in expected.transitions:
                alerts.setdefault(transition["key"], []).append(_told(transition))
        assert {key: _comparable(msgspec.to_builtins(row)) for key, row in self.rows.items()} == {
            key: _comparable(row) for key, row in rows.items()
        }
        assert {key: [_told(msgspec.to_builtins(a)) for a in told] for key, told in self.alerts.items()} == alerts


def _comparable(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "updated_at"}


def _told(alert: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(alert[name]) for name in ("state", "reason", "starts_at", "ends_at"))


def _counts_sent(sent: Iterable[dict[str, Any]]) -> dict[str, tuple[int, int]]:
    counts: dict[str, tuple[int, int]] = {}
    for notification in sent:
        run = notification["event"]
        key = f"{run['flowId']}|{to_text(run['updatedAt'] // HOUR_MS * HOUR_MS)}"
        runs, failed = counts.get(key, (0, 0))
        counts[key] = (runs + 1, failed + (run["metrics"]["statusSummary"]["status"] == "failed"))
    return counts


def _counts_in_rows(rows: Iterable[Window]) -> dict[str, tuple[int, int]]:
    return {f"{row.flow_id}|{row.window_start}": (row.runs, row.failed) for row in rows}
