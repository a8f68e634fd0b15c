"""Let the rules judge flows, and open and close incidents as they say."""

from collections.abc import Sequence
from typing import Final, NamedTuple, get_args

from processors.watch import alerts
from processors.watch.deadlines import Deadlines, Kind
from processors.watch.flows import Flow
from processors.watch.incident import Incident, digest, named
from processors.watch.rule_book import RuleBook
from processors.watch.rules.rule import Change, Closing, Opening, Rule, Verdicts
from schemas.alert import Alert, Severity
from schemas.run import Status

ESCALATED: Final[Severity] = "critical"
"""The severity of an incident that has crossed its second limit."""


class Told(NamedTuple):
    """A transition, and the key of its record."""

    key: str
    alert: Alert


class Incidents:
    """Open and close the incidents of one partition.

    Invariant: of a rule, a flow and a subject (mostly none) at most one incident is open, and it is in
    ``flow.incidents``; so nothing fires twice without having been resolved, and nothing is resolved that has not fired.
    """

    def __init__(self, book: RuleBook, deadlines: Deadlines) -> None:
        self._book = book
        self._rules = {rule.head.name: rule for rule in book.rules}
        self._deadlines = deadlines
        self._all = tuple(book.rules)
        self._all_waking = _by_status(self._all)
        self._chooses = any(rule.head.match for rule in book.rules)
        self._waking: dict[tuple[str, ...], dict[str, tuple[Rule, ...]]] = {}
        self.open = 0
        """How many are open now."""

    def match(self, flow: Flow) -> None:
        """Choose the rules that look at a flow: those that match its names, and those that have yet to resolve."""
        flow.rules = self._matching(flow) if self._chooses else self._all
        flow.waking = self._waking_of(flow.rules)

    def _waking_of(self, rules: tuple[Rule, ...]) -> dict[str, tuple[Rule, ...]]:
        if rules is self._all:
            return self._all_waking
        names = tuple(rule.head.name for rule in rules)
        return self._waking.get(names) or self._waking.setdefault(names, _by_status(rules))

    def _matching(self, flow: Flow) -> tuple[Rule, ...]:
        labels = self._place(flow)
        still_open = {incident.rule for incident in flow.incidents.values()}
        return tuple(
            rule
            for name, rule in self._rules.items()
            if name in still_open or not rule.head.match or rule.head.matches(labels)
        )

    def look(
        self, flow: Flow, rules: tuple[Rule, ...], change: Change, watermark: int, event_id: str, now_ms: int
    ) -> list[Told]:
        """Judge a flow by some of its rules after a notification (``event_id``) changed its runs, and return what it
        comes to.
        """
        written: list[Told] = []
        for rule in rules:
            verdicts = rule.look(flow, change, watermark)
            if verdicts:
                cause = f"{event_id}\x1f{change.added.run_id}"
                written += self._carry_out(rule, flow, verdicts, cause, now_ms)
            if rule.is_timed:
                time = rule.deadline(flow, watermark)
                if time is not None and time < flow.due.get(rule.head.name, time + 1):
                    written += self._schedule(rule, flow, time, watermark, now_ms)
        if written:
            self.match(flow)
        return written

    def on_time(self, flow: Flow, name: str, moment: int, watermark: int, now_ms: int) -> list[Told]:
        """Judge a flow at a moment that one of its rules, ``name``, has asked for."""
        if flow.due.get(name) == moment:
            del flow.due[name]
        rule = self._rules.get(name)
        written = self._abandon(rule, flow, name, watermark, now_ms) if flow.incidents else []
        # If the rule is not among the flow's, the flow is called otherwise by now.
        if rule is not None and any(each is rule for each in flow.rules):
            # Mostly it has moved on since it was named.
            time = rule.deadline(flow, moment - 1)
            written += self._schedule(rule, flow, time, moment, now_ms)
        if written:
            self.match(flow)
        return written

    def resume(self, flow: Flow, watermark: int) -> None:
        """Take up a restored flow. The rules file may have changed: what its rules would have said by now, and the end
        of incidents of rules that are no longer there, falls due at once.
        """
        self.open += len(flow.incidents)
        self.match(flow)
        for rule in flow.rules:
            if rule.is_timed:
                self._put_on_list(rule, flow, rule.deadline(flow, watermark))
        for incident in flow.incidents.values():
            rule_now = self._rules.get(incident.rule)
            if rule_now is None or rule_now.kind != incident.kind:
                self._deadlines.add((-1, Kind.RULE, flow.flow_id, incident.rule, 0))

    def last_deadline(self, flow: Flow, watermark: int) -> int:
        """Return the last moment at which time alone may open an incident of a flow, -1 for none."""
        moments = (rule.deadline(flow, watermark) for rule in flow.rules if rule.is_timed)
        return max((moment for moment in moments if moment is not None), default=-1)

    def _schedule(self, rule: Rule, flow: Flow, time: int | None, now: int, now_ms: int) -> list[Told]:
        """Put a rule's deadline on the list; one that has come, or passed as a late run can make it, is met at once."""
        written: list[Told] = []
        while time is not None and time <= now:
            written += self._carry_out(rule, flow, rule.on_time(flow, time), _by_time(flow, time), now_ms)
            later = rule.deadline(flow, now)
            time = later if later is None or later > time else None
        self._put_on_list(rule, flow, time)
        return written

    def _put_on_list(self, rule: Rule, flow: Flow, time: int | None) -> None:
        name = rule.head.name
        if time is not None and time < flow.due.get(name, time + 1):
            flow.due[name] = time
            self._deadlines.add((time, Kind.RULE, flow.flow_id, name, 0))

    def _carry_out(self, rule: Rule, flow: Flow, verdicts: Verdicts, cause: str, now_ms: int) -> list[Told]:
        return [
            self._close(rule, flow, flow.incidents[named(rule.head.name, verdict.subject)], verdict, now_ms)
            if isinstance(verdict, Closing)
            else self._escalate(rule, flow, verdict, now_ms)
            if verdict.is_escalation
            else self._open(rule, flow, verdict, cause, now_ms)
            for verdict in verdicts
        ]

    def _open(self, rule: Rule, flow: Flow, opening: Opening, cause: str, now_ms: int) -> Told:
        name, about = rule.head.name, (opening.subject,) if opening.subject else ()
        failed_at = [fact.occurred_at for fact in opening.evidence if fact.status == "failed"]
        incident = Incident(
            # A notification opens a rule's incident at most once, and is the same one at every replay.
            incident_id=digest(name, flow.flow_id, opening.starts_at, cause, *about),
            rule=name,
            kind=rule.kind,
            severity=rule.head.severity,
            threshold=rule.limit if opening.threshold is None else opening.threshold,
            starts_at=opening.starts_at,
            first_failure_at=failed_at[0] if failed_at else None,
            last_failure_at=failed_at[-1] if failed_at else None,
            subject=opening.subject,
            run_id=opening.evidence[-1].run_id if opening.subject else "",
        )
        if rule.head.escalates(incident, opening.value):
            # It begins beyond the second limit: one record says so.
            incident.has_escalated, incident.severity = True, ESCALATED
        flow.incidents[incident.name] = incident
        flow.opened += 1
        self.open += 1
        labels = self._labels(flow, incident)
        return Told(_key(flow, incident), alerts.firing(rule, flow, labels, incident, opening, now_ms))

    def _escalate(self, rule: Rule, flow: Flow, opening: Opening, now_ms: int) -> Told:
        incident = flow.incidents[named(rule.head.name, opening.subject)]
        incident.has_escalated, incident.severity = True, ESCALATED
        incident.revision += 1
        _note_failures(incident, flow)
        labels = self._labels(flow, incident)
        return Told(_key(flow, incident), alerts.firing(rule, flow, labels, incident, opening, now_ms))

    def _close(self, rule: Rule | None, flow: Flow, incident: Incident, closing: Closing, now_ms: int) -> Told:
        del flow.incidents[incident.name]
        self.open -= 1
        incident.revision += 1
        _note_failures(incident, flow)
        labels = self._labels(flow, incident)
        return Told(_key(flow, incident), alerts.resolved(rule, flow, labels, incident, closing, now_ms))

    def _abandon(self, rule: Rule | None, flow: Flow, name: str, watermark: int, now_ms: int) -> list[Told]:
        """Close what a rule has left open that is no longer there, or is of another kind now."""
        left = [
            incident
            for incident in flow.incidents.values()
            if incident.rule == name and (rule is None or incident.kind != rule.kind)
        ]
        return [
            self._close(None, flow, incident, Closing("expired", watermark, 0, subject=incident.subject), now_ms)
            for incident in left
        ]

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
            # Without it two incidents of one rule and flow would look the same to a receiver of alerts.
            **({"error_code": incident.subject} if incident.subject else {}),
        }


def _by_status(rules: Sequence[Rule]) -> dict[str, tuple[Rule, ...]]:
    return {status: tuple(rule for rule in rules if status in rule.wakes_on) for status in get_args(Status)}


def _by_time(flow: Flow, moment: int) -> str:
    # A correction may end what time opened, and time open it once more at the same moment.
    return f"time\x1f{moment}\x1f{flow.opened}"


def _key(flow: Flow, incident: Incident) -> str:
    key = f"{incident.rule}|{flow.flow_id}"
    return f"{key}|{incident.subject}" if incident.subject else key


def _note_failures(incident: Incident, flow: Flow) -> None:
    if incident.first_failure_at is not None and flow.failures:
        incident.last_failure_at = max(flow.failures[-1].occurred_at, incident.first_failure_at)
