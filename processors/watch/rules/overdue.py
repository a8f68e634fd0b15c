"""Fire when a run was started and does not end."""

from dataclasses import dataclass

from processors.watch.durations import MINUTE_MS, SECOND_MS, roughly, written
from processors.watch.fact import Fact
from processors.watch.flows import Flow
from processors.watch.rules.rule import (
    NONE,
    STARTED,
    Change,
    Closing,
    Opening,
    Parameters,
    Rule,
    RuleHead,
    Verdicts,
    escalating,
)
from schemas.alert import AlertReason

KIND = "overdue"
PARAMETERS = ("after", "escalate_at")


@dataclass(frozen=True)
class Overdue(Rule):
    """A run was started ``after_ms`` ago and has no outcome. Never gives up; over when every such run has ended.

    Values and limits of its incidents are seconds since the start.
    """

    head: RuleHead
    after_ms: int = 150 * MINUTE_MS

    @property
    def kind(self) -> str:
        return KIND

    @property
    def limit(self) -> float:
        return self.after_ms / SECOND_MS

    @property
    def wakes_on(self) -> frozenset[str]:
        return STARTED

    @property
    def is_timed(self) -> bool:
        return True

    def look(self, flow: Flow, change: Change, watermark: int) -> Verdicts:
        """Close when the last run that is overdue has ended; time alone opens."""
        incident = flow.incidents.get(self.head.name)
        if incident is None or self._overdue_at(flow, watermark):
            return NONE
        added = change.added
        ended_in_time = added.occurred_at < incident.starts_at
        reason: AlertReason = "corrected" if ended_in_time or change.removed is not None else "recovered"
        lasted_s = max(0, added.occurred_at - incident.starts_at + self.after_ms) / SECOND_MS
        return (Closing(reason, added.occurred_at, lasted_s, evidence=(added,)),)

    def _overdue_at(self, flow: Flow, moment: int) -> list[tuple[int, str]]:
        """Return the runs that are overdue, those that started last first: since when, and run id."""
        return sorted(
            ((since, run_id) for run_id, since in flow.started.items() if since + self.after_ms <= moment), reverse=True
        )

    def deadline(self, flow: Flow, now: int) -> int | None:
        """The moment at which the run that started first is overdue."""
        if not flow.started:
            return None
        incident = flow.incidents.get(self.head.name)
        if incident is None:
            return min(flow.started.values()) + self.after_ms
        if self.head.escalate_at is None or incident.has_escalated:
            return None
        return min(flow.started.values()) + int(self.head.escalate_at * SECOND_MS)

    def on_time(self, flow: Flow, moment: int) -> Verdicts:
        """Open, or escalate: a run has not ended for too long."""
        due = self.deadline(flow, moment)
        if due is None or due > moment:
            return NONE
        overdue = self._overdue_at(flow, due)
        since = overdue[-1][0]
        evidence = [_as_fact(run_id, started) for started, run_id in reversed(overdue)]
        escalates = self.head.name in flow.incidents
        return (Opening(due, (due - since) / SECOND_MS, evidence, since, due, is_escalation=escalates),)

    def describe_opening(self, opening: Opening) -> str:
        """Say how many have not ended for how long."""
        lasting = roughly(round(opening.value * SECOND_MS))
        count = len(opening.evidence)
        runs = "a run that was started and has" if count == 1 else f"{count} runs that were started and have"
        return f"has {runs} not ended for {lasting}"

    def describe_closing(self, closing: Closing) -> str:
        """Say that it has ended."""
        if closing.reason == "corrected":
            return "had ended in time, as a late or re-sent run showed"
        return "has no overdue run any more: the last one ended"

    def describe_limit(self, limit: float) -> str:
        """Say how long a run may take."""
        return f"{roughly(round(limit * SECOND_MS))} for a run"


def _as_fact(run_id: str, since: int) -> Fact:
    return Fact(run_id, since, -1, "in_progress", None, None, None, None, None, None, None, ())


def read(head: RuleHead, parameters: Parameters) -> Overdue:
    """Make the rule from its table in the rules file."""
    after_ms = parameters.duration("after", 150 * MINUTE_MS)
    head = escalating(
        head,
        parameters,
        after_ms / SECOND_MS,
        written(after_ms),
        lambda: parameters.duration("escalate_at", after_ms + 1) / SECOND_MS,
    )
    return Overdue(head, after_ms)
