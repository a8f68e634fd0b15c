"""Say what rows and transitions a partition must give, by reading its whole history again at every step.

Written from the contract, without a look at how the processors do it: plain lists, no state kept up to date, everything
computed anew. Slow on purpose. What is remembered between steps is only what an observer would have seen: the history
itself, the rows and the open incidents.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from processors.watch.rule_book import RuleBook
from processors.watch.rules.consecutive_failures import ConsecutiveFailures
from processors.watch.rules.failure_count import FailureCount
from schemas import times

Row = dict[str, Any]
Transition = dict[str, Any]
Record = Mapping[str, Any]

FINISHED = ("success", "failed", "partial")
COUNTED = (*FINISHED, "unknown")


@dataclass(frozen=True)
class Seen:
    """One notification of a counted run that was not too late."""

    arrival: int
    at: int
    run: Record
    watermark: int

    @property
    def run_id(self) -> str:
        return str(self.run["run_id"])

    @property
    def status(self) -> str:
        return str(self.run["status"])

    @property
    def age(self) -> tuple[int, int]:
        return (self.at, self.arrival)


@dataclass
class Open:
    """An incident that has fired."""

    starts_at: int
    number: int
    """How manieth of its key."""


@dataclass
class FlowHistory:
    """All that ever arrived of one flow."""

    seen: list[Seen] = field(default_factory=list)
    known: list[Seen] = field(default_factory=list)
    """Of each run the notification that counts, as long as anything may look back at it."""
    own_time: int = -1
    open: dict[str, Open] = field(default_factory=dict)


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
        flow = self.flows.setdefault(str(record["flow_id"]), FlowHistory())
        if not counted:
            flow.own_time = max(flow.own_time, at)
            return
        earlier = [seen for seen in flow.known if seen.run_id == record["run_id"]]
        if earlier and earlier[0].at > at:
            return
        seen = Seen(arrival, at, record, self.watermark)
        flow.own_time = max(flow.own_time, at)
        flow.seen.append(seen)
        flow.known = [other for other in flow.known if other not in earlier] + [seen]
        self.forget_old_runs(flow)
        self.write_rows(str(record["flow_id"]), flow)
        self.judge(str(record["flow_id"]), flow, seen, bool(earlier))

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

    # -- time

    def window_of(self, at: int) -> int:
        return at // self.book.window.size_ms * self.book.window.size_ms

    def end_of(self, start: int) -> int:
        return start + self.book.window.size_ms

    def advance(self, watermark: int) -> None:
        if watermark == self.watermark:
            return
        self.watermark = watermark
        due = []
        for flow_id, flow in self.flows.items():
            for rule in self.book.rules:
                if isinstance(rule, FailureCount) and rule.head.name in flow.open:
                    ended = self.moment_of_expiry(rule, flow)
                    if ended is not None:
                        due.append((ended[0], flow_id, rule.head.name, ended[1], rule))
        for ends_at, flow_id, _, left, failure_count in sorted(due, key=lambda one: one[:3]):
            self.resolve(failure_count, flow_id, self.flows[flow_id], "expired", ends_at, left)
        for flow in self.flows.values():
            self.forget_old_runs(flow)
        for flow_id in [name for name, flow in self.flows.items() if not flow.open]:
            if self.flows[flow_id].own_time + self.book.forget_ms < watermark:
                self.flows[flow_id].known, self.flows[flow_id].own_time = [], -1

    def moment_of_expiry(self, rule: FailureCount, flow: FlowHistory) -> tuple[int, int] | None:
        failed = [seen.at for seen in flow.known if seen.status == "failed"]
        for moment in sorted(at + rule.within_ms for at in failed):
            left = len([at for at in failed if at > moment - rule.within_ms])
            if left < rule.resolve_below and moment <= self.watermark:
                return moment, left
        return None

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

    def judge(self, flow_id: str, flow: FlowHistory, arrived: Seen, resent: bool) -> None:
        for rule in self.book.rules:
            if isinstance(rule, FailureCount):
                self.judge_count(rule, flow_id, flow, arrived)
            elif isinstance(rule, ConsecutiveFailures):
                self.judge_streak(rule, flow_id, flow, arrived, resent)

    def judge_count(self, rule: FailureCount, flow_id: str, flow: FlowHistory, arrived: Seen) -> None:
        failed = sorted((seen for seen in flow.known if seen.status == "failed"), key=lambda seen: seen.age)
        left = [seen for seen in failed if self.watermark - rule.within_ms < seen.at <= self.watermark]
        if rule.head.name in flow.open:
            if len(left) < rule.resolve_below:
                self.resolve(rule, flow_id, flow, "corrected", arrived.at, len(left))
            return
        span = [seen for seen in failed if flow.own_time - rule.within_ms < seen.at <= flow.own_time]
        if len(span) >= rule.threshold and len(left) >= rule.resolve_below:
            crossed = span[rule.threshold - 1]
            self.fire(rule, flow_id, flow, crossed, span, (flow.own_time - rule.within_ms, flow.own_time))

    def judge_streak(
        self, rule: ConsecutiveFailures, flow_id: str, flow: FlowHistory, arrived: Seen, resent: bool
    ) -> None:
        finished = sorted((seen for seen in flow.known if seen.status in FINISHED), key=lambda seen: seen.age)
        newest = finished[-rule.threshold :]
        all_failed = len(newest) == rule.threshold and all(seen.status == "failed" for seen in newest)
        streak: list[Seen] = []
        for seen in reversed(finished):
            if seen.status != "failed":
                break
            streak.insert(0, seen)
        if all_failed and rule.head.name not in flow.open:
            crossed = streak[rule.threshold - 1]
            self.fire(rule, flow_id, flow, crossed, streak, (streak[0].at, streak[-1].at))
        elif not all_failed and rule.head.name in flow.open:
            better = not resent and finished[-1] is arrived
            self.resolve(rule, flow_id, flow, "recovered" if better else "corrected", arrived.at, len(streak))

    def fire(
        self,
        rule: FailureCount | ConsecutiveFailures,
        flow_id: str,
        flow: FlowHistory,
        crossed: Seen,
        evidence: Sequence[Seen],
        span: tuple[int, int],
    ) -> None:
        key = f"{rule.head.name}|{flow_id}"
        self.fired[key] = self.fired.get(key, 0) + 1
        flow.open[rule.head.name] = Open(crossed.at, self.fired[key])
        self.transitions.append(
            {
                "key": key,
                "rule": rule.head.name,
                "kind": rule.kind,
                "severity": rule.head.severity,
                "state": "firing",
                "reason": "threshold",
                "starts_at": times.to_text(crossed.at),
                "ends_at": None,
                "value": float(len(evidence)),
                "threshold": float(rule.threshold),
                "incident": self.fired[key],
                "revision": 1,
                "window_start": times.to_text(span[0]),
                "window_end": times.to_text(span[1]),
                "first_failure_at": times.to_text(evidence[0].at),
                "last_failure_at": times.to_text(evidence[-1].at),
                "run_ids": [seen.run_id for seen in reversed(evidence)][:5],
            }
        )

    def resolve(
        self,
        rule: FailureCount | ConsecutiveFailures,
        flow_id: str,
        flow: FlowHistory,
        reason: str,
        ends_at: int,
        left: int,
    ) -> None:
        incident = flow.open.pop(rule.head.name)
        self.transitions.append(
            {
                "key": f"{rule.head.name}|{flow_id}",
                "rule": rule.head.name,
                "kind": rule.kind,
                "severity": rule.head.severity,
                "state": "resolved",
                "reason": reason,
                "starts_at": times.to_text(incident.starts_at),
                "ends_at": times.to_text(max(ends_at, incident.starts_at)),
                "value": float(left),
                "threshold": float(rule.threshold),
                "incident": incident.number,
                "revision": 2,
            }
        )


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
