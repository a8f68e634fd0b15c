"""The step of the ``watch`` agent: run records in; window rows, alerts and dead letters out."""

from collections.abc import Mapping, Sequence
from typing import Final, get_args

import msgspec

from processors.engine.step import Output, SourceRecord
from processors.watch import state
from processors.watch.facts import occurred_ms, read_run
from processors.watch.kept import Kept
from processors.watch.ledger import Effect, Ledger
from processors.watch.rule_book import RuleBook
from processors.watch.run_seen import Unreadable
from processors.watch.snapshot import Snapshot
from processors.watch.watermark import REMEMBER_EVERY_MS, Watermark
from schemas import times
from schemas.dead_letter import DeadLetterHeaders, Reason
from schemas.topics import Topics

_encode: Final = msgspec.json.Encoder().encode


class WatchStep:
    """Watch one partition of the runs topic. Its state is a :class:`~processors.watch.ledger.Ledger`."""

    def __init__(
        self, partition: int, topics: Topics, book: RuleBook, remember_every_ms: int = REMEMBER_EVERY_MS
    ) -> None:
        """``remember_every_ms``: how far silence may carry the watermark beyond the one that the state topic holds."""
        self.position = -1
        self._partition = partition
        self._topics = topics
        self._latest_ms = times.LATEST_MS - book.window.size_ms
        self._ledger = Ledger(book)
        self._snapshot = Snapshot()
        self._remember_every_ms = remember_every_ms
        self._remembered_ms = -1
        """The watermark that the state topic holds."""
        self._written_kept: Kept | None = None
        """What the state topic says of how long it is kept."""
        self._dead_letters: list[Output] = []
        self._effects: dict[Effect, int] = dict.fromkeys(get_args(Effect), 0)
        self._undecodable = self._rows = 0
        self._alerts = {
            (rule.head.name, alert_state): 0 for rule in book.rules for alert_state in ("firing", "resolved")
        }

    def restore(self, key: bytes | None, value: bytes | None) -> None:
        """Take one record of the state topic."""
        self._snapshot.take(key or b"", value)

    def opened(self, now_ms: int) -> Sequence[str]:
        """Put the state together. Silence counts from now."""
        snapshot, self._snapshot = self._snapshot, Snapshot()
        known = snapshot.position()
        watermark = Watermark(arrived_at=now_ms)
        if known is not None:
            self.position = known.position
            self._remembered_ms = known.watermark
            watermark = Watermark(known.watermark, known.newest, known.newest_seen_at, now_ms)
        self._written_kept = snapshot.kept()
        return self._ledger.restore(watermark, *snapshot.build(), self._written_kept)

    def process(self, records: Sequence[SourceRecord], now_ms: int) -> Sequence[Output]:
        """Apply run records, and return rows, alerts, dead letters and the changed state."""
        for record in records:
            self._process_one(record, now_ms)
        self.position = records[-1].offset
        return self._outputs(now_ms)

    def _process_one(self, source: SourceRecord, now_ms: int) -> None:
        ledger = self._ledger
        run = read_run(source.value)
        if isinstance(run, Unreadable):
            self._set_aside_unread(source, run, now_ms)
            return
        occurred_at = occurred_ms(run)
        if not 0 <= occurred_at <= self._latest_ms:
            unread = Unreadable("unknown_shape", "occurred_at lies outside the years 1970 to 9999")
            self._set_aside_unread(source, unread, now_ms)
            return
        effect = ledger.apply(run, occurred_at, source.offset, now_ms)
        self._effects[effect] += 1
        if effect == "too_late":
            watermark = times.to_text(ledger.watermark.value)
            self._set_aside(
                source, "too_late", f"occurred at {times.to_text(occurred_at)}, the watermark is {watermark}"
            )

    def _set_aside_unread(self, source: SourceRecord, unread: Unreadable, now_ms: int) -> None:
        self._ledger.watermark.arrived_at = now_ms
        self._undecodable += 1
        self._set_aside(source, unread.reason, unread.detail)

    def _set_aside(self, source: SourceRecord, reason: Reason, detail: str) -> None:
        headers = DeadLetterHeaders(
            flowrun_reason=reason,
            flowrun_detail=detail,
            flowrun_topic=self._topics.runs.name,
            flowrun_partition=self._partition,
            flowrun_offset=source.offset,
        )
        topic = self._topics.dead_letters.name
        self._dead_letters.append(Output(topic, source.key, source.value, headers.before(source.headers)))

    def tick(self, now_ms: int, *, caught_up: bool) -> Sequence[Output]:
        """Let time pass: windows become final and incidents expire also while nothing arrives."""
        watermark = self._ledger.let_pass(now_ms, caught_up=caught_up)
        if self._ledger.has_changes or watermark - self._remembered_ms >= self._remember_every_ms:
            return self._outputs(now_ms)
        return ()

    def _outputs(self, now_ms: int) -> list[Output]:
        ledger, watermark = self._ledger, self._ledger.watermark
        outputs, self._dead_letters = self._dead_letters, []
        for key, alert in ledger.told:
            self._alerts[alert.rule, alert.state] = self._alerts.get((alert.rule, alert.state), 0) + 1
            outputs.append(Output(self._topics.alerts.name, key.encode(), _encode(alert)))
        ledger.told.clear()
        org_incidents = self._topics.org_incidents.name
        for report in ledger.failing:
            outputs.append(Output(org_incidents, report.key, _encode(report)))
        ledger.failing.clear()
        metrics, rows = self._topics.metrics.name, ledger.windows.rows(watermark.value, now_ms)
        for row_key, row in rows:
            outputs.append(Output(metrics, row_key, row))
        self._rows += len(rows)
        topic, partition = self._topics.watch_state.name, self._partition
        for state_key, record in ledger.changes():
            outputs.append(Output(topic, state_key, record, None, partition))
        if ledger.kept != self._written_kept:
            self._written_kept = ledger.kept
            outputs.append(Output(topic, state.KEPT_KEY, state.kept_record(ledger.kept), None, partition))
        position = state.position_record(self.position, watermark)
        outputs.append(Output(topic, state.POSITION_KEY, position, None, partition))
        self._remembered_ms = watermark.value
        return outputs

    def statistics(self) -> Mapping[str, int]:
        """Return what was counted since the step was made, and how much is held now.

        ``runs_*`` count run records by their :data:`~processors.watch.ledger.Effect`, ``alerts_firing:<rule>`` and
        ``alerts_resolved:<rule>`` transitions; ``watermark_ms`` is event time in milliseconds, -1 before the first run.
        """
        ledger = self._ledger
        runs = {f"runs_{effect}": count for effect, count in self._effects.items() if effect != "too_late"}
        return {
            **runs,
            "too_late": self._effects["too_late"],
            "undecodable": self._undecodable,
            "rows_written": self._rows,
            **{f"alerts_{alert_state}:{rule}": count for (rule, alert_state), count in list(self._alerts.items())},
            "flows": len(ledger.flows),
            "panes": ledger.windows.count,
            "facts": ledger.facts,
            "open_incidents": ledger.incidents.open,
            "watermark_ms": ledger.watermark.value,
        }
