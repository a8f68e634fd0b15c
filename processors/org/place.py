"""Keep the failing flows of one organisation and sandbox, and judge them by the rules about organisations."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from processors.watch.failing import Failing
from processors.watch.incident import Incident, digest
from processors.watch.incidents import ESCALATED
from processors.watch.rules import OrgFailures
from schemas import times
from schemas.alert import AlertReason
from schemas.run import Stage


class FailingFlow(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What is known of a flow that fails, for counting it and for the wording of alerts."""

    flow_id: str
    name: str | None
    since: str
    """Event time, RFC 3339: such texts sort by time."""
    run_id: str | None
    code: str | None
    message: str | None
    stage: Stage


class Transition(NamedTuple):
    """Say that an incident of a place starts, gets worse or ends, and how many flows fail, those first that began
    first.
    """

    incident: Incident
    reason: AlertReason
    flows: Sequence[FailingFlow]
    ends_at: str | None
    """Event time; ``None`` while it goes on."""


class Place:
    """One organisation and sandbox.

    Invariant: of a rule at most one incident is open. ``flows`` holds the flows whose last report said that they fail.
    """

    __slots__ = ("flows", "incidents", "opened", "org", "sandbox")

    def __init__(self, org: str, sandbox: str) -> None:
        self.org = org
        self.sandbox = sandbox
        """Empty if no run says it."""
        self.flows: dict[str, FailingFlow] = {}
        self.incidents: dict[str, Incident] = {}
        self.opened = 0
        """How many incidents were ever opened; each has its identity from it."""

    @property
    def name(self) -> str:
        """Stand for the flow's id in keys."""
        return f"org/{self.org}/{self.sandbox}"

    def apply(self, report: Failing, rules: Sequence[OrgFailures]) -> Iterator[Transition]:
        """Take note of what a flow reports, and yield what it comes to."""
        if report.is_failing:
            flow = FailingFlow(
                report.flow_id,
                report.flow_name,
                report.moment,
                report.run_id,
                report.code,
                report.message,
                report.stage,
            )
            self.flows[report.flow_id] = flow
        else:
            self.flows.pop(report.flow_id, None)
        return self.judge(rules, report.moment, report.reason)

    def judge(self, rules: Sequence[OrgFailures], moment: str, reason: AlertReason) -> Iterator[Transition]:
        """Yield what the rules say now. What ends, ends at ``moment`` for ``reason``."""
        for rule in rules:
            flows = self._matching(rule)
            incident = self.incidents.get(rule.head.name)
            if incident is None and len(flows) >= rule.threshold:
                yield self._open(rule, flows)
            elif incident is not None and len(flows) < rule.threshold:
                yield self._close(incident, flows, moment, reason)
            elif incident is not None and rule.head.escalates(incident, len(flows)):
                incident.has_escalated, incident.severity = True, ESCALATED
                incident.revision += 1
                yield Transition(incident, "escalated", flows, None)

    def end_others(self, rules: Sequence[OrgFailures]) -> Iterator[Transition]:
        """End the incidents of rules that are no longer there."""
        for name in sorted(self.incidents.keys() - {rule.head.name for rule in rules}):
            incident = self.incidents[name]
            yield self._close(incident, (), incident_time(incident), "expired")

    def _matching(self, rule: OrgFailures) -> Sequence[FailingFlow]:
        of_place = {"org_id": self.org, "sandbox_name": self.sandbox}
        found = [
            flow
            for flow in self.flows.values()
            if not rule.head.match or rule.head.matches({"flow_id": flow.flow_id, "flow_name": flow.name, **of_place})
        ]
        return sorted(found, key=lambda flow: (flow.since, flow.flow_id))

    def _open(self, rule: OrgFailures, flows: Sequence[FailingFlow]) -> Transition:
        # The moment at which so many failed: the same in whatever order the reports arrived.
        crossed = times.from_text(flows[rule.threshold - 1].since)
        incident = Incident(
            incident_id=digest(rule.head.name, self.name, crossed, self.opened),
            rule=rule.head.name,
            kind=rule.kind,
            severity=rule.head.severity,
            threshold=rule.threshold,
            starts_at=crossed,
            first_failure_at=times.from_text(flows[0].since),
            last_failure_at=times.from_text(flows[-1].since),
        )
        if rule.head.escalates(incident, len(flows)):
            incident.has_escalated, incident.severity = True, ESCALATED
        self.incidents[incident.rule] = incident
        self.opened += 1
        return Transition(incident, "threshold", flows, None)

    def _close(self, incident: Incident, flows: Sequence[FailingFlow], moment: str, reason: AlertReason) -> Transition:
        del self.incidents[incident.rule]
        incident.revision += 1
        return Transition(incident, reason, flows, max(moment, incident_time(incident)))


def incident_time(incident: Incident) -> str:
    """Return when an incident started, as text."""
    return times.to_text(incident.starts_at)
