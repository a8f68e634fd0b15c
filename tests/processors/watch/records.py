"""Make run records, and stand in for Kafka around a step: keep its outputs, and restore another from them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import msgspec

from processors.engine.step import Header, Output
from processors.watch.failing import Failing
from processors.watch.rule_book import RuleBook
from processors.watch.step import WatchStep
from processors.watch.watermark import REMEMBER_EVERY_MS
from schemas import times
from schemas.alert import Alert
from schemas.topics import declare
from schemas.window import Window

T0: Final = times.from_text("2026-03-02T10:00:00Z")
"""The beginning of a window of an hour, and of one of ten minutes."""
MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
TOPICS: Final = declare()
PARTITION: Final = 3


def at(clock: str, day: int = 0) -> int:
    """Return a moment of the test day (``"10:30"``) or one ``day`` days later."""
    hours, minutes = clock.split(":")
    return T0 + (int(hours) - 10) * HOUR + int(minutes) * MINUTE + day * DAY


def run(
    run_id: str = "r1", status: str = "success", moment: int | str = T0, flow_id: str = "f1", **more: Any
) -> dict[str, Any]:
    """Return a run record as it stands in the topic, decoded. ``moment`` is in milliseconds or on the test day."""
    occurred_ms = at(moment) if isinstance(moment, str) else moment
    records = {"input": 10, "output": 9, "created": None, "updated": None, "failed": 0, "skipped": None, "lost": 1}
    return {
        "schema_version": 1,
        "event_id": f"e-{run_id}-{status}-{occurred_ms}",
        "flow_id": flow_id,
        "flow_name": None,
        "flow_type": None,
        "run_id": run_id,
        "status": status,
        "event_code": None,
        "org_id": None,
        "sandbox_id": None,
        "sandbox_name": None,
        "occurred_at": times.to_text(occurred_ms),
        "started_at": None,
        "completed_at": None,
        "duration_ms": 1_000,
        "records": records,
        "bytes": {"input": 200, "output": 100, "failed": None},
        "files": {"input": None, "output": None},
        "file_info": [],
        "batch_ids": [],
        "errors": [],
        "activities": [],
        "url": None,
        "provider_ref_id": None,
        "etag": None,
        "source": "webhook",
        "received_at": times.to_text(occurred_ms),
        "raw": {"partition": 0, "offset": 0},
    } | more


def error(code: str, message: str | None = None, stage: str = "other") -> dict[str, Any]:
    """Return an error of a run."""
    return {"code": code, "message": message, "stage": stage, "count": None}


@dataclass(frozen=True)
class Source:
    """An input record as the engine gives it."""

    offset: int
    value: bytes | None
    key: bytes | None = b"f1"
    timestamp: int = 0
    headers: Sequence[Header] = ()


@dataclass
class Partition:
    """A step, the topics it writes, and a clock. What :meth:`process` returns is what was written by the call."""

    book: RuleBook
    now: int = T0
    rows: dict[str, Window] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    alert_keys: list[str] = field(default_factory=list)
    dead_letters: list[Output] = field(default_factory=list)
    reports: list[Failing] = field(default_factory=list)
    state: dict[bytes, bytes] = field(default_factory=dict)
    written: list[Window] = field(default_factory=list)
    offset: int = 0
    remember_every_ms: int = REMEMBER_EVERY_MS

    def __post_init__(self) -> None:
        self.step = self._new_step()
        self.step.opened(self.now)

    def _new_step(self) -> WatchStep:
        return WatchStep(PARTITION, TOPICS, self.book, self.remember_every_ms)

    def sources(self, *records: dict[str, Any] | bytes) -> list[Source]:
        """Give records their offsets; there are gaps, as transactions leave them."""
        made = []
        for record in records:
            value = record if isinstance(record, bytes) else msgspec.json.encode(record)
            key = b"f1" if isinstance(record, bytes) else record["flow_id"].encode()
            made.append(Source(self.offset, value, key))
            self.offset += 2
        return made

    def process(self, *records: dict[str, Any] | bytes) -> list[Output]:
        """Process one micro-batch and keep what comes out."""
        return self.keep(self.step.process(self.sources(*records), self.now))

    def each(self, *records: dict[str, Any] | bytes) -> None:
        """Process each record in a micro-batch of its own."""
        for record in records:
            self.process(record)

    def tick(self, after: int = 0, *, caught_up: bool = True) -> list[Output]:
        """Let time pass and keep what comes out."""
        self.now += after
        return self.keep(self.step.tick(self.now, caught_up=caught_up))

    def keep(self, outputs: Sequence[Output]) -> list[Output]:
        """Commit outputs, checking what must hold of every transaction."""
        row_keys = [output.key for output in outputs if output.topic == TOPICS.metrics.name]
        assert len(row_keys) == len(set(row_keys))
        for output in outputs:
            if output.topic == TOPICS.watch_state.name:
                self._keep_state(output)
            elif output.topic == TOPICS.metrics.name:
                self._keep_row(output)
            elif output.topic == TOPICS.alerts.name:
                self.alerts.append(msgspec.json.decode(output.value or b"", type=Alert))
                self.alert_keys.append((output.key or b"").decode())
            elif output.topic == TOPICS.org_incidents.name:
                self.reports.append(msgspec.json.decode(output.value or b"", type=Failing))
                assert output.key == self.reports[-1].key
            else:
                assert output.topic == TOPICS.dead_letters.name
                self.dead_letters.append(output)
        return list(outputs)

    def _keep_state(self, output: Output) -> None:
        assert output.partition == PARTITION
        assert output.key is not None
        assert len(output.value or b"") < 1_000_000
        if output.value is None:
            self.state.pop(output.key, None)
        else:
            self.state[output.key] = output.value

    def _keep_row(self, output: Output) -> None:
        row = msgspec.json.decode(output.value or b"", type=Window)
        key = (output.key or b"").decode()
        assert key == f"{row.flow_id}|{row.window_start}"
        before = self.rows.get(key)
        if before is not None:
            assert (row.revision, row.final) >= (before.revision, before.final)
        self.rows[key] = row
        self.written.append(row)

    def crash(self, random: Random | None = None) -> Sequence[str]:
        """Throw the step away and restore another from the compacted state topic, its keys in any order.

        Returns what it notes.
        """
        items = list(self.state.items())
        if random is not None:
            random.shuffle(items)
        self.step = self._new_step()
        for key, value in items:
            self.step.restore(key, value)
        return self.step.opened(self.now)

    def row(self, clock: str, flow_id: str = "f1") -> Window:
        """Return the newest row of the window that begins then."""
        return self.rows[f"{flow_id}|{times.to_text(at(clock))}"]

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """The transitions so far: rule, state, reason."""
        return [(alert.rule, alert.state, alert.reason) for alert in self.alerts]
