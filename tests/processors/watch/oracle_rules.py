"""Say what each kind of rule means, from a flow's whole history, for the oracle.

Of each kind: when its condition is true (:class:`Condition`), when an open incident is over (:class:`Over`), and what
time alone makes true or ends.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Any

from processors.watch.rules.consecutive_failures import ConsecutiveFailures
from processors.watch.rules.failure_count import FailureCount
from processors.watch.rules.failure_ratio import FailureRatio
from processors.watch.rules.new_error_code import NewErrorCode
from processors.watch.rules.overdue import Overdue
from processors.watch.rules.partial_errors import PartialErrors
from processors.watch.rules.record_loss import RecordLoss
from processors.watch.rules.rule import Rule
from processors.watch.rules.slow import Slow
from processors.watch.rules.stalled import Stalled
from processors.watch.rules.zero_records import ZeroRecords

Record = Mapping[str, Any]

FINISHED = ("success", "failed", "partial")
COUNTED = (*FINISHED, "unknown")
STARTED = ("in_progress", "scheduled")
SUCCEEDED = ("success", "partial")


@dataclass(frozen=True)
class Seen:
    """One notification that was not too late."""

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

    @property
    def codes(self) -> list[str]:
        return list(dict.fromkeys(str(error["code"]) for error in self.run["errors"]))


Evidence = list[tuple[int, str, bool]]
"""Event time, run id, and whether it failed."""


@dataclass(frozen=True)
class Condition:
    """What a rule waits for is the case. ``is_worse``: beyond the second limit."""

    starts_at: int
    value: float
    evidence: Evidence
    window: tuple[int, int]
    is_worse: bool = False
    threshold: float | None = None
    subject: str = ""


@dataclass(frozen=True)
class Over:
    """An open incident is over."""

    reason: str
    ends_at: int
    value: float
    subject: str = ""


@dataclass
class Incident:
    """An incident that has fired."""

    rule: str
    opening: Condition
    key: str
    number: int
    """How manieth of its key."""
    threshold: float
    severity: str
    escalated: bool = False
    revision: int = 0


@dataclass
class FlowHistory:
    """All that ever arrived of one flow."""

    flow_id: str
    given_name: str | None = None
    every_ms: int | None = None
    seen: list[Seen] = field(default_factory=list)
    known: list[Seen] = field(default_factory=list)
    """Of each run the notification that counts, as long as anything may look back at it."""
    started: dict[str, int] = field(default_factory=dict)
    """Runs without an outcome, and since when."""
    codes: list[tuple[str, int]] = field(default_factory=list)
    names: dict[str, str | None] = field(default_factory=dict)
    own_time: int = -1
    open: dict[str, Incident] = field(default_factory=dict)

    def learn(self, seen: Seen) -> None:
        """The newest notification says what the flow is called; an older one only what nobody said."""
        for name in ("flow_name", "org_id", "sandbox_name"):
            said = seen.run[name]
            if said is not None and (seen.at >= self.own_time or self.names.get(name) is None):
                self.names[name] = said
        self.own_time = max(self.own_time, seen.at)

    @property
    def labels(self) -> dict[str, str | None]:
        return {"flow_id": self.flow_id, **self.names, "flow_name": self.names.get("flow_name") or self.given_name}

    @property
    def finished(self) -> list[Seen]:
        return sorted((seen for seen in self.known if seen.status in FINISHED), key=lambda seen: seen.age)

    def span(self, within: int, moment: int) -> list[Seen]:
        return [seen for seen in self.finished if moment - within < seen.at <= moment]

    def incident(self, rule: Rule, subject: str = "") -> Incident | None:
        return self.open.get(f"{rule.head.name}|{subject}")


def failed(runs: Sequence[Seen]) -> list[Seen]:
    return [seen for seen in runs if seen.status == "failed"]


def evidence(runs: Sequence[Seen]) -> Evidence:
    return [(seen.at, seen.run_id, seen.status == "failed") for seen in runs]


def worse(rule: Rule, value: float) -> bool:
    return rule.head.escalate_at is not None and value >= rule.head.escalate_at


def conditions(
    rule: Rule, flow: FlowHistory, arrived: Seen, removed: Seen | None, watermark: int
) -> Iterator[Condition]:
    """Yield what is the case after a notification, whether an incident is open or not."""
    finished = flow.finished
    if isinstance(rule, FailureCount):
        span = failed(flow.span(rule.within_ms, flow.own_time))
        left = failed(flow.span(rule.within_ms, watermark))
        if len(span) >= rule.threshold and len(left) >= rule.resolve_below:
            window = (flow.own_time - rule.within_ms, flow.own_time)
            crossed = span[rule.threshold - 1].at
            yield Condition(crossed, len(span), evidence(span), window, worse(rule, len(span)))
    elif isinstance(rule, FailureRatio):
        runs = flow.span(rule.within_ms, flow.own_time)
        has_arrived = arrived.status in FINISHED or (removed is not None and removed.status in FINISHED)
        is_much = failed(runs) and len(runs) >= rule.min_runs and share(runs) >= rule.threshold
        if has_arrived and is_much and not is_calm(rule, flow, watermark):
            window = (flow.own_time - rule.within_ms, flow.own_time)
            yield Condition(arrived.at, share(runs), evidence(failed(runs)), window, worse(rule, share(runs)))
    elif isinstance(rule, ConsecutiveFailures):
        row = streak(finished)
        if len(row) >= rule.threshold:
            window = (row[0].at, row[-1].at)
            yield Condition(row[rule.threshold - 1].at, len(row), evidence(row), window, worse(rule, len(row)))
    elif isinstance(rule, RecordLoss | PartialErrors | Slow):
        judged = judged_by(rule, flow, arrived, removed)
        if judged is not None and judged[1] >= rule.limit:
            seen, value = judged
            yield Condition(seen.at, value, evidence([seen]), (seen.at, seen.at), worse(rule, value))
    elif isinstance(rule, ZeroRecords):
        empty, had_input = without_input(finished)
        if len(empty) >= rule.threshold and (had_input or flow.incident(rule)):
            window = (empty[0].at, empty[-1].at)
            is_worse = worse(rule, len(empty))
            yield Condition(empty[rule.threshold - 1].at, len(empty), evidence(empty), window, is_worse)
    elif isinstance(rule, NewErrorCode) and arrived.status in FINISHED:
        if any(seen.status == "success" and seen.age > arrived.age for seen in finished):
            return
        for code in arrived.codes:
            is_known = any(code == other and at > arrived.at - rule.memory_ms for other, at in flow.codes)
            if not is_known and flow.incident(rule, code) is None:
                yield Condition(arrived.at, 1, evidence([arrived]), (arrived.at, arrived.at), subject=code)


def ended(rule: Rule, flow: FlowHistory, arrived: Seen, removed: Seen | None, watermark: int) -> Iterator[Over]:
    """Yield which open incidents of a rule a notification has ended."""
    finished = flow.finished
    late = removed is not None or not finished or finished[-1] is not arrived
    reason = "corrected" if late else "recovered"
    if isinstance(rule, NewErrorCode):
        for incident in list(flow.open.values()):
            if incident.rule == rule.head.name and is_next_success(incident, arrived, removed):
                yield Over(reason, arrived.at, 0, incident.opening.subject)
        return
    incident_open = flow.incident(rule)
    if incident_open is None:
        return
    if isinstance(rule, FailureCount):
        left = failed(flow.span(rule.within_ms, watermark))
        if len(left) < rule.resolve_below:
            yield Over("corrected", arrived.at, len(left))
    elif isinstance(rule, FailureRatio):
        if is_calm(rule, flow, watermark):
            yield Over(reason, arrived.at, share(flow.span(rule.within_ms, watermark)))
    elif isinstance(rule, ConsecutiveFailures):
        if len(streak(finished)) < rule.threshold:
            yield Over(reason, arrived.at, len(streak(finished)))
    elif isinstance(rule, RecordLoss | PartialErrors | Slow):
        judged = judged_by(rule, flow, arrived, removed)
        if judged is not None and judged[1] < rule.limit:
            by_itself = judged[0] is arrived and removed is None
            yield Over("recovered" if by_itself else "corrected", arrived.at, judged[1])
        elif judged is None and removed is not None and removed.status in SUCCEEDED:
            yield Over("corrected", arrived.at, 0)  # the run behind it was taken back, and no other can be judged
    elif isinstance(rule, ZeroRecords):
        if len(without_input(finished)[0]) < rule.threshold:
            yield Over(reason, arrived.at, len(without_input(finished)[0]))
    elif isinstance(rule, Stalled):
        interval = limit(rule, flow, rule.factor, rule.after_ms)
        newest = finished[-1].at if finished else watermark
        if interval is None or newest + interval > watermark:
            yield Over(reason, arrived.at, max(0, watermark - newest) / 1_000)
    elif isinstance(rule, Overdue) and not [at for at in flow.started.values() if at + rule.after_ms <= watermark]:
        in_time = arrived.at < incident_open.opening.starts_at
        lasted = max(0, arrived.at - incident_open.opening.starts_at + rule.after_ms) / 1_000
        yield Over("corrected" if in_time or removed is not None else "recovered", arrived.at, lasted)


def ended_by_time(rule: Rule, flow: FlowHistory, before: int, watermark: int) -> Over | None:
    """Return how the passing of time after ``before`` ends an open incident."""
    if not isinstance(rule, FailureCount | FailureRatio) or flow.incident(rule) is None:
        return None
    for moment in sorted({seen.at + rule.within_ms for seen in failed(flow.finished)}):
        if before < moment <= watermark:
            runs = flow.span(rule.within_ms, moment)
            if isinstance(rule, FailureCount) and len(failed(runs)) < rule.resolve_below:
                return Over("expired", moment, len(failed(runs)))
            if isinstance(rule, FailureRatio) and is_calm(rule, flow, moment):
                return Over("expired", moment, share(runs))
    return None


def true_by_time(rule: Rule, flow: FlowHistory) -> Condition | None:
    """Return what time alone makes true, now or later: an incident that opens, or an open one that gets worse."""
    incident = flow.incident(rule)
    if incident is not None and incident.escalated:
        return None
    if isinstance(rule, Stalled) and flow.finished:
        wait = limit(rule, flow, rule.factor, rule.after_ms)
        if incident is not None:
            after = rule.escalate_after
            wait = None if after is None else limit(rule, flow, after, int(after) if rule.after_ms else None)
        if wait is None:
            return None
        since = flow.finished[-1].at
        threshold = None if incident else wait / 1_000
        window = (since, since + wait)
        return Condition(
            since + wait, wait / 1_000, evidence(flow.finished[-1:]), window, incident is not None, threshold
        )
    if isinstance(rule, Overdue) and flow.started:
        wait = rule.after_ms
        if incident is not None:
            if rule.head.escalate_at is None:
                return None
            wait = int(rule.head.escalate_at * 1_000)
        since = min(flow.started.values())
        late = sorted((at, run) for run, at in flow.started.items() if at + rule.after_ms <= since + wait)
        window = (since, since + wait)
        shown = [(at, run, False) for at, run in late]
        return Condition(since + wait, wait / 1_000, shown, window, incident is not None)
    return None


# -- what the kinds look at


def share(runs: Sequence[Seen]) -> float:
    return len(failed(runs)) / len(runs) if runs else 0.0


def is_calm(rule: FailureRatio, flow: FlowHistory, moment: int) -> bool:
    runs = flow.span(rule.within_ms, moment)
    return not failed(runs) or share(runs) < rule.resolve_below


def streak(finished: Sequence[Seen]) -> list[Seen]:
    row: list[Seen] = []
    for seen in reversed(finished):
        if seen.status != "failed":
            break
        row.insert(0, seen)
    return row


def without_input(finished: Sequence[Seen]) -> tuple[list[Seen], bool]:
    succeeded = [seen for seen in finished if seen.status in SUCCEEDED and seen.run["records"]["input"] is not None]
    having = [place for place, seen in enumerate(succeeded) if seen.run["records"]["input"] > 0]
    newer = succeeded[having[-1] + 1 :] if having else succeeded
    return [seen for seen in newer if seen.status == "success"], bool(having)


def judged_by(
    rule: RecordLoss | PartialErrors | Slow, flow: FlowHistory, arrived: Seen, removed: Seen | None
) -> tuple[Seen, float] | None:
    """Return the run that a rule judges by after a notification, with its figure; ``None`` if it has nothing to say."""
    finished = flow.finished
    if removed is None and arrived.status not in SUCCEEDED:
        return None
    if removed is None and finished[-1] is arrived and figure(rule, finished, len(finished) - 1) is None:
        return None
    for place in reversed(range(len(finished))):
        value = figure(rule, finished, place)
        if value is not None:
            return finished[place], value
    return None


def figure(rule: RecordLoss | PartialErrors | Slow, finished: Sequence[Seen], place: int) -> float | None:
    seen = finished[place]
    counts, duration = seen.run["records"], seen.run["duration_ms"]
    if seen.status not in SUCCEEDED:
        return None
    if isinstance(rule, RecordLoss):
        if counts["lost"] is None or counts["input"] is None or counts["input"] < rule.min_records:
            return None
        return float(counts["lost"] / counts["input"])
    if isinstance(rule, PartialErrors):
        return float(counts["failed"] / counts["input"]) if counts["failed"] is not None and counts["input"] else None
    before = [other.run["duration_ms"] for other in finished[:place] if other.status in SUCCEEDED]
    known = [other for other in before if other is not None][-20:]
    if duration is None or len(known) < rule.min_runs or median(known) == 0:
        return None
    return float(duration / median(known))


def limit(rule: Stalled, flow: FlowHistory, factor: float, after_ms: int | None) -> int | None:
    """Return after how much silence a flow stalls."""
    finished = flow.finished
    if not finished or after_ms is not None:
        return after_ms if finished else None
    if flow.every_ms is not None:
        return int(factor * flow.every_ms)
    if len(finished) < max(2, rule.min_runs):
        return None
    moments = [seen.at for seen in finished][-11:]
    usual = median(later - earlier for earlier, later in pairwise(moments))
    return int(factor * usual) if usual else None


def is_next_success(incident: Incident, arrived: Seen, removed: Seen | None) -> bool:
    if arrived.status != "success" or arrived.at < incident.opening.starts_at:
        return False
    told_again = (
        removed is not None and removed.status == "success" and arrived.run_id == incident.opening.evidence[0][1]
    )
    return not (told_again and incident.opening.subject in arrived.codes)
