"""Let the rules judge flows, and open and close incidents as they say."""

from collections.abc import Sequence
from typing import Final

from processors.watch import alerts
from processors.watch.deadlines import Deadline, Deadlines, Kind
from processors.watch.flows import Flow
from processors.watch.incident import Incident, digest
from processors.watch.rule_book import RuleBook
from processors.watch.rules.rule import Change, Closing, Opening, Rule, Verdicts
from schemas.alert import Alert

_NO_ALERTS: Final[Sequence[Alert]] = ()


class Incidents:
    """Open and close the incidents of one partition.

    Invariant: of a rule and a flow at most one incident is open, and it is in ``flow.incidents``; so nothing fires
    twice without having been resolved, and nothing is resolved that has not fired.
    """

    def __init__(self, book: RuleBook, deadlines: Deadlines) -> None:
        self._book = book
        self._rules = {rule.head.name: rule for rule in book.rules}
        self._deadlines = deadlines
        self.open = 0
        """How many are open now."""

    def match(self, flow: Flow) -> None:
        """Choose the rules that look at a flow: those that match its names, and those that have yet to resolve."""
        labels = self._place(flow)
        flow.rules = tuple(
            rule
            for name, rule in self._rules.items()
            if name in flow.incidents or not rule.head.match or rule.head.matches(labels)
        )

    def look(self, flow: Flow, change: Change, watermark: int, event_id: str, now_ms: int) -> Sequence[Alert]:
        """Judge a flow after a notification (``event_id``) changed its runs, and return what it comes to."""
        written: list[Alert] | None = None
        for rule in flow.rules:
            verdicts = rule.look(flow, change, watermark)
            if verdicts:
                cause = f"{event_id}\x1f{change.added.run_id}"
                written = [*(written or ()), *self._carry_out(rule, flow, verdicts, cause, now_ms)]
            self._schedule(rule, flow)
        if written is None:
            return _NO_ALERTS
        self.match(flow)
        return written

    def on_time(self, flow: Flow, deadline: Deadline, watermark: int, now_ms: int) -> Sequence[Alert]:
        """Judge a flow at a moment that one of its rules has asked for."""
        name = deadline.rule
        if flow.due.get(name) == deadline.time:
            del flow.due[name]
        rule = self._rules.get(name)
        if rule is None:
            return self._abandon(flow, name, watermark, now_ms)
        verdicts = rule.on_time(flow, deadline.time)
        written = self._carry_out(rule, flow, verdicts, f"time\x1f{deadline.time}", now_ms)
        self._schedule(rule, flow)
        if written:
            self.match(flow)
        return written

    def resume(self, flow: Flow) -> None:
        """Take up a restored flow. Incidents of rules that are no longer there fall due at once."""
        self.open += len(flow.incidents)
        self.match(flow)
        for rule in flow.rules:
            self._schedule(rule, flow)
        for name in flow.incidents.keys() - self._rules.keys():
            self._deadlines.add(Deadline(-1, Kind.RULE, flow.flow_id, name))

    def _schedule(self, rule: Rule, flow: Flow) -> None:
        time, name = rule.deadline(flow), rule.head.name
        if time is not None and time < flow.due.get(name, time + 1):
            flow.due[name] = time
            self._deadlines.add(Deadline(time, Kind.RULE, flow.flow_id, name))

    def _carry_out(self, rule: Rule, flow: Flow, verdicts: Verdicts, cause: str, now_ms: int) -> list[Alert]:
        return [
            self._open(rule, flow, verdict, cause, now_ms)
            if isinstance(verdict, Opening)
            else self._close(rule, flow, flow.incidents[rule.head.name], verdict, now_ms)
            for verdict in verdicts
        ]

    def _open(self, rule: Rule, flow: Flow, opening: Opening, cause: str, now_ms: int) -> Alert:
        name = rule.head.name
        incident = Incident(
            # A notification opens a rule's incident at most once, and is the same one at every replay.
            incident_id=digest(name, flow.flow_id, opening.starts_at, cause),
            rule=name,
            kind=rule.kind,
            severity=rule.head.severity,
            threshold=rule.threshold,
            starts_at=opening.starts_at,
            first_failure_at=opening.evidence[0].occurred_at,
            last_failure_at=opening.evidence[-1].occurred_at,
        )
        flow.incidents[name] = incident
        self.open += 1
        return alerts.firing(rule, flow, self._labels(flow, incident), incident, opening, now_ms)

    def _close(self, rule: Rule | None, flow: Flow, incident: Incident, closing: Closing, now_ms: int) -> Alert:
        del flow.incidents[incident.rule]
        self.open -= 1
        incident.revision += 1
        if flow.failures:
            incident.last_failure_at = max(flow.failures[-1].occurred_at, incident.first_failure_at or 0)
        return alerts.resolved(rule, flow, self._labels(flow, incident), incident, closing, now_ms)

    def _abandon(self, flow: Flow, name: str, watermark: int, now_ms: int) -> Sequence[Alert]:
        incident = flow.incidents.get(name)
        if incident is None:
            return _NO_ALERTS
        return [self._close(None, flow, incident, Closing("expired", watermark, 0), now_ms)]

    def _place(self, flow: Flow) -> alerts.AlertLabels:
        name, org, sandbox = flow.names
        settings = self._book.flow(flow.flow_id)
        return {"flow_id": flow.flow_id, "flow_name": name or settings.name, "org_id": org, "sandbox_name": sandbox}

    def _labels(self, flow: Flow, incident: Incident) -> alerts.AlertLabels:
        return {
            **self._book.flow(flow.flow_id).labels,
            "alertname": incident.rule,
            **self._place(flow),
            "severity": incident.severity,
        }
