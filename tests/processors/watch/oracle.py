"""Say what rows and transitions a partition must give, by reading its whole history again at every step.

Written from the contract, without a look at how the processors do it: plain lists, no state kept up to date, everything
computed anew. Slow on purpose. What is remembered between steps is only what an observer would have seen: the history
itself, the rows and the open incidents. What each kind of rule means stands in :mod:`oracle_rules`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from processors.watch.rule_book import RuleBook
from processors.watch.rules.rule import Rule
from schemas import times
from tests.processors.watch.oracle_rules import (
    COUNTED,
    FINISHED,
    Condition,
    FlowHistory,
    Incident,
    Over,
    Record,
    Seen,
    conditions,
    ended,
    ended_by_time,
    true_by_time,
)

Row = dict[str, Any]
Transition = dict[str, Any]


@dataclass(frozen=True)
class Expected:
    """What must stand in the output topics."""

    rows: dict[str, Row]
    transitions: list[Transition]
    too_late: list[int]
    """Arrival numbers of the runs that must be dead letters."""


class Oracle:
    """Read a history step by step. Times are milliseconds; a step's ``now`` matters to silence alone."""

    def __init__(self, book: RuleBook) -> None:
        self.book = book
        self.watermark = self.newest = -1
        self.newest_seen_at = self.silent_since = 0
        self.flows: dict[str, FlowHistory] = {}
        self.rows: dict[tuple[str, int], Row] = {}
        self.transitions: list[Transition] = []
        self.too_late: list[int] = []
        self.fired: dict[str, int] = {}
        self.arrivals = 0

    # -- what happens

    def run(self, record: Record, now: int = 0) -> None:
        """A run record arrives."""
        arrival, self.arrivals = self.arrivals, self.arrivals + 1
        at = times.from_text(str(record["occurred_at"]))
        self.silent_since = now
        if at > self.newest:
            self.newest, self.newest_seen_at = at, now
        self.advance(max(self.watermark, self.newest))
        counted = record["status"] in COUNTED
        if self.end_of(self.window_of(at)) + self.book.window.grace_ms < self.watermark:
            if counted:
                self.too_late.append(arrival)
            return
        flow_id = str(record["flow_id"])
        if flow_id not in self.flows:
            settings = self.book.flow(flow_id)
            self.flows[flow_id] = FlowHistory(flow_id, settings.name, settings.every_ms)
        flow = self.flows[flow_id]
        seen = Seen(arrival, at, record, self.watermark)
        earlier = [other for other in flow.known if other.run_id == record["run_id"]]
        if counted and earlier and earlier[0].at > at:
            return
        flow.learn(seen)
        if counted:
            flow.seen.append(seen)
            flow.known = [other for other in flow.known if other not in earlier] + [seen]
            flow.started.pop(seen.run_id, None)
            self.forget_old_runs(flow)
            self.write_rows(flow_id, flow)
        elif not earlier:
            started_at = times.from_text(record["started_at"]) if record["started_at"] else at
            since = min(at, started_at, flow.started.get(seen.run_id, at))
            flow.started[seen.run_id] = since
        self.judge(flow, seen, earlier[0] if counted and earlier else None)
        if record["status"] in FINISHED:
            flow.codes += [(code, at) for code in seen.codes]

    def tick(self, now: int) -> None:
        """Time passes, and nothing waits unread."""
        if self.newest >= 0 and now - self.silent_since >= self.book.window.idle_ms:
            self.advance(max(self.watermark, self.newest + max(0, now - self.newest_seen_at)))

    def reopen(self, now: int) -> None:
        """The partition is opened anew: silence counts from now."""
        self.silent_since = now

    def expected(self) -> Expected:
        """Return what must stand in the output topics now."""
        rows: dict[str, Row] = {}
        for (flow_id, start), row in self.rows.items():
            final = self.watermark >= self.end_of(start) + self.book.window.final_after_ms
            rows[f"{flow_id}|{times.to_text(start)}"] = {**row, "final": final}
        return Expected(rows, self.transitions, self.too_late)

    def failing(self) -> dict[str, tuple[str, str]]:
        """Return where flows with an open failure incident belong, as far as it is known."""
        failing = {}
        for flow in self.flows.values():
            kinds = {
                rule.kind for rule in self.book.rules for open in flow.open.values() if open.rule == rule.head.name
            }
            org = flow.names.get("org_id")
            if org is not None and kinds & {"failure_count", "failure_ratio", "consecutive_failures"}:
                failing[flow.flow_id] = (org, flow.names.get("sandbox_name") or "")
        return failing

    # -- time

    def window_of(self, at: int) -> int:
        return at // self.book.window.size_ms * self.book.window.size_ms

    def end_of(self, start: int) -> int:
        return start + self.book.window.size_ms

    def advance(self, watermark: int) -> None:
        if watermark == self.watermark:
            return
        before, self.watermark = self.watermark, watermark
        while due := [found for flow in self.flows.values() for found in self.due(flow, before)]:
            at, flow_id, _, rule, verdict = min(due, key=lambda one: one[:3])
            self.carry_out(rule, self.flows[flow_id], verdict)
            before = max(before, at - 1)
        for flow in self.flows.values():
            self.forget_old_runs(flow)
        for flow_id in [name for name, flow in self.flows.items() if self.is_forgotten(flow)]:
            rows = list(self.flows[flow_id].seen)
            self.flows[flow_id] = FlowHistory(flow_id, self.flows[flow_id].given_name, self.flows[flow_id].every_ms)
            self.flows[flow_id].seen = rows

    def due(self, flow: FlowHistory, before: int) -> list[tuple[int, str, str, Rule, Condition | Over]]:
        """Return the next thing that time says of each rule of a flow."""
        found: list[tuple[int, str, str, Rule, Condition | Over]] = []
        for rule in self.rules_of(flow):
            over, true = ended_by_time(rule, flow, before, self.watermark), true_by_time(rule, flow)
            if over is not None:
                found.append((over.ends_at, flow.flow_id, rule.head.name, rule, over))
            if true is not None and true.starts_at <= self.watermark:
                found.append((true.starts_at, flow.flow_id, rule.head.name, rule, true))
        return found

    def is_forgotten(self, flow: FlowHistory) -> bool:
        """A flow is forgotten when it is silent for long, and nothing is open or will be by time alone."""
        pending = any(true_by_time(rule, flow) for rule in self.rules_of(flow))
        return not flow.open and not pending and flow.own_time + self.book.forget_ms < self.watermark

    def rules_of(self, flow: FlowHistory) -> list[Rule]:
        open_rules = {incident.rule for incident in flow.open.values()}
        return [rule for rule in self.book.rules if rule.head.name in open_rules or rule.head.matches(flow.labels)]

    def forget_old_runs(self, flow: FlowHistory) -> None:
        finished = sorted((seen for seen in flow.known if seen.status in FINISHED), key=lambda seen: seen.age)
        newest = finished[-self.book.tail :]
        flow.known = [
            seen
            for seen in flow.known
            if seen in newest or self.end_of(self.window_of(seen.at)) + self.book.keep_ms >= self.watermark
        ]

    # -- rows

    def write_rows(self, flow_id: str, flow: FlowHistory) -> None:
        """Compute all rows of a flow anew; what differs was changed by the notification that has just arrived."""
        members = self.members(flow.seen)
        for start in {*members, *(start for name, start in self.rows if name == flow_id)}:
            row = self.row(flow_id, start, members.get(start, []))
            before = self.rows.get((flow_id, start))
            if before is None or {**before, "revision": 0} != {**row, "revision": 0}:
                row["revision"] = (before["revision"] if before else 0) + 1
                self.rows[flow_id, start] = row

    def members(self, history: Sequence[Seen]) -> dict[int, list[Seen]]:
        """Put every run into the window of the notification that counts.

        A window that could no longer be corrected when the run moved on keeps it.
        """
        members: dict[int, list[Seen]] = {}
        counts: dict[str, Seen] = {}
        for seen in history:
            before = counts.get(seen.run_id)
            if before is not None:
                start = self.window_of(before.at)
                still_open = self.end_of(start) + self.book.window.grace_ms >= seen.watermark
                if still_open:
                    members[start] = [other for other in members[start] if other is not before]
            counts[seen.run_id] = seen
            members.setdefault(self.window_of(seen.at), []).append(seen)
        return members

    def row(self, flow_id: str, start: int, members: Sequence[Seen]) -> Row:
        runs = [seen.run for seen in members]
        outcome = {status: len([run for run in runs if run["status"] == status]) for status in COUNTED}
        ended = outcome["success"] + outcome["failed"] + outcome["partial"]
        durations = [run["duration_ms"] for run in runs if run["duration_ms"] is not None]
        codes = [code for run in runs for code in {error["code"] for error in run["errors"]}]
        moments = [seen.at for seen in members]
        settings = self.book.flows.get(flow_id)
        return {
            "schema_version": 1,
            "flow_id": flow_id,
            "flow_name": newest_value(members, "flow_name") or (settings.name if settings else None),
            "org_id": newest_value(members, "org_id"),
            "sandbox_name": newest_value(members, "sandbox_name"),
            "window_start": times.to_text(start),
            "window_end": times.to_text(self.end_of(start)),
            "window": self.book.window.size,
            "runs": len(runs),
            "succeeded": outcome["success"],
            "failed": outcome["failed"],
            "partial": outcome["partial"],
            "failure_ratio": outcome["failed"] / ended if ended else None,
            "records": {name: total(runs, "records", name) for name in ("input", "output", "failed", "lost")},
            "bytes": {name: total(runs, "bytes", name) for name in ("input", "output")},
            "duration_ms": {
                "min": min(durations, default=None),
                "max": max(durations, default=None),
                "mean": sum(durations) / len(durations) if durations else None,
            },
            "errors": {code: codes.count(code) for code in set(codes)},
            "first_run_at": times.to_text(min(moments)) if moments else None,
            "last_run_at": times.to_text(max(moments)) if moments else None,
            "revision": 0,
        }

    # -- rules

    def judge(self, flow: FlowHistory, arrived: Seen, removed: Seen | None) -> None:
        for rule in self.rules_of(flow):
            over = list(ended(rule, flow, arrived, removed, self.watermark))
            true = list(conditions(rule, flow, arrived, removed, self.watermark))
            for ending in over:
                self.carry_out(rule, flow, ending)
            for condition in true:
                self.carry_out(rule, flow, condition)
            while (due := true_by_time(rule, flow)) is not None and due.starts_at <= self.watermark:
                self.carry_out(rule, flow, due)

    def carry_out(self, rule: Rule, flow: FlowHistory, verdict: Condition | Over) -> None:
        name = f"{rule.head.name}|{verdict.subject}"
        incident = flow.open.get(name)
        if isinstance(verdict, Over):
            assert incident is not None
            del flow.open[name]
            self.tell(rule, flow, incident, verdict)
        elif incident is None:
            key = "|".join(part for part in (rule.head.name, flow.flow_id, verdict.subject) if part)
            self.fired[key] = self.fired.get(key, 0) + 1
            limit = rule.limit if verdict.threshold is None else verdict.threshold
            incident = Incident(rule.head.name, verdict, key, self.fired[key], limit, rule.head.severity)
            if verdict.is_worse:
                incident.severity, incident.escalated = "critical", True
            flow.open[name] = incident
            self.tell(rule, flow, incident, verdict)
        elif verdict.is_worse and not incident.escalated:
            incident.severity, incident.escalated = "critical", True
            self.tell(rule, flow, incident, verdict, "escalated")

    def tell(
        self, rule: Rule, flow: FlowHistory, incident: Incident, verdict: Condition | Over, reason: str = "threshold"
    ) -> None:
        incident.revision += 1
        told: Transition = {
            "key": incident.key,
            "rule": rule.head.name,
            "kind": rule.kind,
            "severity": incident.severity,
            "state": "firing",
            "reason": reason,
            "starts_at": times.to_text(incident.opening.starts_at),
            "ends_at": None,
            "value": float(verdict.value),
            "threshold": float(incident.threshold),
            "incident": incident.number,
            "revision": incident.revision,
        }
        if isinstance(verdict, Over):
            ends_at = times.to_text(max(verdict.ends_at, incident.opening.starts_at))
            told |= {"state": "resolved", "reason": verdict.reason, "ends_at": ends_at}
        else:
            failed_at = [at for at, _, has_failed in verdict.evidence if has_failed]
            told |= {
                "window_start": times.to_text(verdict.window[0]),
                "window_end": times.to_text(verdict.window[1]),
                "first_failure_at": times.to_text(failed_at[0]) if failed_at else None,
                "last_failure_at": times.to_text(failed_at[-1]) if failed_at else None,
                "run_ids": [run_id for _, run_id, _ in reversed(verdict.evidence)][:5],
            }
        if reason == "escalated":
            del told["first_failure_at"], told["last_failure_at"]
        self.transitions.append(told)


def newest_value(members: Iterable[Seen], name: str) -> str | None:
    """Return the value of the newest run that has one."""
    having = [(seen.at, seen.run_id, str(seen.run[name])) for seen in members if seen.run[name] is not None]
    return max(having)[2] if having else None


def total(runs: Iterable[Record], section: str, name: str) -> int:
    """Add up what is known."""
    return sum(run[section][name] or 0 for run in runs)


def expected(records: Iterable[Record], book: RuleBook) -> Expected:
    """Return what the run records of one partition, in the order of their offsets, must give while no time passes."""
    oracle = Oracle(book)
    for record in records:
        oracle.run(record)
    return oracle.expected()
