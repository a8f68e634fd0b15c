"""Hold everything that is known of one partition of runs, and apply run records and time to it."""

from collections.abc import Sequence
from typing import Final, Literal

from processors.watch import state
from processors.watch.deadlines import Deadlines, Kind
from processors.watch.fact import NO_LABELS, Fact, Labels
from processors.watch.facts import COUNTED, fact_of, failure_of, labels_of, started_ms
from processors.watch.failing import Failing, failing, place_of
from processors.watch.flows import Flow
from processors.watch.incidents import Incidents, Told
from processors.watch.kept import Kept, kept_by, lacks
from processors.watch.panes import Pane
from processors.watch.recut import recut
from processors.watch.rule_book import RuleBook
from processors.watch.rules.rule import Change
from processors.watch.run_seen import RunSeen
from processors.watch.watermark import Watermark
from processors.watch.windows import Record, Windows
from schemas import times
from schemas.alert import AlertReason
from schemas.run import FINISHED

Effect = Literal["applied", "replaced", "unchanged", "outdated", "ignored", "too_late"]
"""What became of a run record: it is counted (for the first time; in the place of an earlier notification of the run,
with or without a change of a row), it is older than what is known of the run, it has no outcome, it came too late."""

_FORGETTING: Final = ""
"""Stands for the flow's own deadline among those of its rules, none of which has an empty name."""


class Ledger:
    """The flows, windows and open incidents of one partition.

    Whatever falls due at a watermark is done before the record that moved the watermark is applied, so nothing depends
    on how records are split into batches. Times are milliseconds; ``now_ms`` is the wall clock, which only
    ``emitted_at``, ``updated_at`` and the watermark's advance in silence depend on.
    """

    def __init__(self, book: RuleBook, windows: type[Windows] = Windows) -> None:
        self.watermark = Watermark()
        self.flows: dict[str, Flow] = {}
        self.told: list[Told] = []
        """Transitions since they were last taken away."""
        self.failing: list[Failing] = []
        """Flows that began to fail, or ended, since they were last taken away."""
        self.facts = 0
        """How many runs are held."""
        self._book = book
        self.kept = kept_by(book, None, -1)
        """For how long the state is kept."""
        self._tracks_started = book.tracks_started
        self._remembers_codes = book.memory_ms > 0
        self._forget_ms = book.forget_ms
        self._tail = book.tail
        self._idle_ms = book.window.idle_ms
        self._every_ms = {flow_id: settings.every_ms for flow_id, settings in book.flows.items()}
        """By flow the expected interval between runs, where the rules file says one."""
        self._deadlines = Deadlines()
        self.windows = windows(book, self._deadlines)
        self.incidents = Incidents(book, self._deadlines)
        self._changed: dict[str, None] = {}
        """Flows whose own record has to be written, or deleted if they are gone."""
        self._started_changed: dict[str, None] = {}
        """Flows whose started runs have to be written."""
        self._codes_changed: dict[str, None] = {}
        """Flows whose error codes have to be written."""

    @property
    def has_changes(self) -> bool:
        """Tell whether there is anything to write beside the position."""
        flows = self._changed or self._started_changed or self._codes_changed
        return bool(flows or self.told or self.failing or self.windows.has_changes)

    def restore(
        self, watermark: Watermark, flows: dict[str, Flow], panes: Sequence[Pane], before: Kept | None = None
    ) -> list[str]:
        """Take back what the state topic holds, which was kept as ``before`` says; ``None`` if nothing says it.

        Returns what the rules ask for and the state does not hold, a line each.
        """
        self.watermark = watermark
        self.flows = flows
        self.kept = kept_by(self._book, before, watermark.value)
        self._restore_windows(panes, before or self.kept)
        for flow in flows.values():
            self.facts += len(flow.facts)
            flow.every_ms = self._every_ms.get(flow.flow_id)
            self.incidents.resume(flow, watermark.value)
            self._report(flow, times.to_text(max(0, flow.own_time)), "corrected")
            self._schedule_forgetting(flow)
        if before is None:
            return []
        if self._remembers_codes and not before.remembers_codes:
            self._recall_codes()
        return list(lacks(self._book, before, self.kept, watermark.value))

    def _restore_windows(self, panes: Sequence[Pane], before: Kept) -> None:
        size_ms, watermark = self._book.window.size_ms, self.watermark.value
        is_cut_otherwise = size_ms != before.size_ms
        restored = recut(panes, self.flows, size_ms) if is_cut_otherwise else panes
        self.windows.restore(restored, watermark, self.kept.complete_from)
        if is_cut_otherwise:
            self.windows.replace(panes)
        else:
            self.windows.finish_earlier(size_ms + before.final_after_ms, watermark)

    def _recall_codes(self) -> None:
        """Learn from the runs that are known what would have been remembered had a rule asked for it."""
        for flow in self.flows.values():
            for fact in flow.finished:
                if fact.codes and flow.remember_codes(fact):
                    self._codes_changed[flow.flow_id] = None

    def apply(self, run: RunSeen, occurred_at: int, arrival: int, now_ms: int) -> Effect:
        """Apply one run record, after what falls due at its time."""
        watermark = self.watermark.see(occurred_at, now_ms)
        if self._deadlines.next <= watermark:
            self._do_what_is_due(watermark, now_ms)
        is_counted = run.status in COUNTED
        if not self.windows.takes(occurred_at, watermark):
            return "too_late" if is_counted else "ignored"
        flow, labels = self.flows.get(run.flow_id), labels_of(run)
        if flow is None:
            flow = self._begin(run.flow_id, labels, occurred_at)
        if not is_counted:
            self._take_note(flow, run, labels, fact_of(run, occurred_at, arrival), now_ms)
            return "ignored"
        old = flow.facts.get(run.run_id)
        if old is not None and occurred_at < old.occurred_at:
            return "outdated"
        return self._count(flow, old, run, labels, fact_of(run, occurred_at, arrival), now_ms)

    def let_pass(self, now_ms: int, *, caught_up: bool) -> int:
        """Let time pass, and return the watermark."""
        mark = self.watermark
        watermark = mark.pass_time(now_ms, self._idle_ms) if caught_up else mark.value
        self._do_what_is_due(watermark, now_ms)
        return watermark

    def _begin(self, flow_id: str, labels: Labels, occurred_at: int) -> Flow:
        flow = self.flows[flow_id] = Flow(flow_id)
        flow.own_time = occurred_at
        flow.every_ms = self._every_ms.get(flow_id)
        if labels != NO_LABELS:
            flow.names = labels
            self._changed[flow_id] = None
        self.incidents.match(flow)
        self._schedule_forgetting(flow)
        return flow

    def _take_note(self, flow: Flow, run: RunSeen, labels: Labels, fact: Fact, now_ms: int) -> None:
        before = flow.own_time
        renamed = flow.learn(labels, fact.occurred_at)
        if renamed:
            self._rename(flow)
        if renamed or flow.own_time != before or not flow.facts:
            self._changed[flow.flow_id] = None
        if self._tracks_started and flow.start(fact.run_id, started_ms(run, fact.occurred_at)):
            self._started_changed[flow.flow_id] = None
        self._look(flow, fact, None, run, renamed, now_ms)

    def _rename(self, flow: Flow) -> None:
        self.incidents.match(flow)
        if flow.incidents or flow.reported is not None:
            self._report(flow, times.to_text(flow.own_time), "corrected")

    def _look(self, flow: Flow, added: Fact, removed: Fact | None, run: RunSeen, renamed: bool, now_ms: int) -> None:
        """Let the rules look at a flow.

        Mostly few have to: those that the run's status can make fire. All of them do if an incident is open, if a run
        was re-sent, and if the flow's names have changed.
        """
        looks_all = renamed or removed is not None or len(flow.incidents) > 0
        rules = flow.rules if looks_all else flow.waking[added.status]
        if rules:
            change, watermark = Change(flow, added, removed), self.watermark.value
            transitions = self.incidents.look(flow, rules, change, watermark, run.event_id, now_ms)
            if transitions:
                self._tell(flow, transitions)

    def _count(self, flow: Flow, old: Fact | None, run: RunSeen, labels: Labels, fact: Fact, now_ms: int) -> Effect:
        flow_id, watermark = flow.flow_id, self.watermark.value
        renamed = changes_flow = flow.learn(labels, fact.occurred_at)
        if renamed:
            self._rename(flow)
        in_window = old
        if flow.outlived and old is not None and old.run_id in flow.outlived:
            # Its window is gone, though a longer grace of a later start may have opened it again.
            in_window, changes_flow = None, True
        changes_row = self.windows.apply(flow_id, in_window, fact, labels, watermark)
        held = len(flow.facts)
        if old is None:
            flow.keep(fact)
        else:
            flow.put(old, fact)
        if flow.outlived and flow.trim(self._tail):
            changes_flow = True
        self.facts += len(flow.facts) - held
        if flow.started and flow.started.pop(fact.run_id, None) is not None:
            self._started_changed[flow_id] = None
        if _note_failure(flow, run, fact):
            changes_flow = True
        self._look(flow, fact, old, run, renamed, now_ms)
        if fact.codes and self._remembers_codes and fact.status in FINISHED and flow.remember_codes(fact):
            self._codes_changed[flow_id] = None
        if changes_flow:
            self._changed[flow_id] = None
        if old is None:
            return "applied"
        return "replaced" if changes_row else "unchanged"

    def _tell(self, flow: Flow, transitions: Sequence[Told]) -> None:
        self.told.extend(transitions)
        self._changed[flow.flow_id] = None
        newest = transitions[-1].alert
        self._report(flow, newest.ends_at or newest.starts_at, newest.reason)
        if not flow.incidents:
            self._schedule_forgetting(flow)

    def _report(self, flow: Flow, moment: str, reason: AlertReason) -> None:
        """Tell the agent of organisations if a flow began to fail, or ceased to, or belongs elsewhere by now.

        Whether a rule asks or not: one that is added later finds what it counts.
        """
        place = place_of(flow)
        if place == flow.reported:
            return
        name = flow.names[0] or self._book.flow(flow.flow_id).name
        for where, is_failing in ((flow.reported, False), (place, True)):
            if where is not None:
                self.failing.append(failing(flow, where, name, moment, reason, is_failing=is_failing))
        flow.reported = place
        self._changed[flow.flow_id] = None

    def _do_what_is_due(self, watermark: int, now_ms: int) -> None:
        while (deadline := self._deadlines.pop(watermark)) is not None:
            time, kind, flow_id, rule, start = deadline
            if kind is Kind.RULE:
                self._judge(flow_id, rule, time, watermark, now_ms)
            elif kind is Kind.FINAL:
                self.windows.finish(start)
            elif kind is Kind.DROP:
                self._drop(start)
            else:
                self._forget(flow_id, time)

    def _judge(self, flow_id: str, rule: str, moment: int, watermark: int, now_ms: int) -> None:
        flow = self.flows.get(flow_id)
        if flow is None:
            return
        transitions = self.incidents.on_time(flow, rule, moment, watermark, now_ms)
        if transitions:
            self._tell(flow, transitions)

    def _drop(self, start: int) -> None:
        for pane in self.windows.drop(start):
            flow = self.flows[pane.flow_id]
            held = len(flow.facts)
            flow.outlive(pane.facts(), self._tail)
            self.facts += len(flow.facts) - held
            self._changed[flow.flow_id] = None

    def _schedule_forgetting(self, flow: Flow, earliest: int = 0) -> None:
        if _FORGETTING not in flow.due:
            time = max(flow.own_time + self._forget_ms + 1, earliest)
            flow.due[_FORGETTING] = time
            self._deadlines.add((time, Kind.FORGET, flow.flow_id, "", 0))

    def _forget(self, flow_id: str, moment: int) -> None:
        flow = self.flows[flow_id]
        del flow.due[_FORGETTING]
        if flow.incidents:
            return  # scheduled again when the last of them is closed
        pending = self.incidents.last_deadline(flow, moment)
        if moment <= max(flow.own_time + self._forget_ms, pending):
            self._schedule_forgetting(flow, pending + 1)
            return
        self.facts -= len(flow.facts)
        del self.flows[flow.flow_id]
        self._changed[flow.flow_id] = None
        if flow.started:
            self._started_changed[flow.flow_id] = None
        if flow.codes:
            self._codes_changed[flow.flow_id] = None

    def changes(self) -> list[Record]:
        """Write what has changed in the state, as records of the state topic. They count as written from then on."""
        written, flows = self.windows.changes(self.flows), self.flows
        for flow_id in self._changed:
            flow = flows.get(flow_id)
            written.append((state.flow_key(flow_id), None if flow is None else state.flow_record(flow)))
        for flow_id in self._started_changed:
            flow = flows.get(flow_id)
            started = None if flow is None or not flow.started else state.times_record(flow.started)
            written.append((state.started_key(flow_id), started))
        for flow_id in self._codes_changed:
            flow = flows.get(flow_id)
            codes = None if flow is None or not flow.codes else state.times_record(flow.codes)
            written.append((state.codes_key(flow_id), codes))
        self._forget_own_changes()
        return written

    def forget_changes(self) -> None:
        """Let go of rows and state that would have to be written, for a reader who asks only what the rules say."""
        self.windows.forget_changes()
        self._forget_own_changes()

    def _forget_own_changes(self) -> None:
        self._changed.clear()
        self._started_changed.clear()
        self._codes_changed.clear()


def _note_failure(flow: Flow, run: RunSeen, fact: Fact) -> bool:
    known = flow.last_failure
    if fact.status == "failed":
        if known is not None and known.run_id != fact.run_id and (known.occurred_at, known.arrival) > fact.order:
            return False
        flow.last_failure = failure_of(run, fact)
        return True
    if known is not None and known.run_id == fact.run_id:
        flow.last_failure = None
        return True
    return False
