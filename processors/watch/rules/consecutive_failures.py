"""Fire when the newest runs of a flow have all failed."""

from dataclasses import dataclass
from typing import Final

from processors.watch.flows import Flow
from processors.watch.rules.rule import (
    FAILED,
    NONE,
    Change,
    Closing,
    Opening,
    Parameters,
    Rule,
    RuleHead,
    Verdicts,
    escalating,
)

KIND = "consecutive_failures"
PARAMETERS = ("threshold", "escalate_at")
MAX_THRESHOLD: Final = 500
"""So many runs of a flow are kept whatever their age, and have to fit into one state record."""


@dataclass(frozen=True)
class ConsecutiveFailures(Rule):
    """The newest ``threshold`` finished runs by event time all failed; over as soon as they no longer have."""

    head: RuleHead
    threshold: int = 3

    @property
    def kind(self) -> str:
        return KIND

    @property
    def limit(self) -> int | float:
        return self.threshold

    @property
    def wakes_on(self) -> frozenset[str]:
        return FAILED

    @property
    def is_about_failures(self) -> bool:
        return True

    @property
    def needs_runs(self) -> int:
        return int(self.head.escalate_at or self.threshold)

    def look(self, flow: Flow, change: Change, watermark: int) -> Verdicts:
        """Open on a streak that is long enough, close when it is broken."""
        incident = flow.incidents.get(self.head.name)
        if self._all_failed(flow):
            if incident is None:
                return (self._opening(flow),)
            is_worse = self.head.escalate_at and self.head.escalates(incident, len(flow.streak()))
            return (self._opening(flow, escalated=True),) if is_worse else NONE
        if incident is None:
            return NONE
        return (Closing(change.better_reason, change.added.occurred_at, len(flow.streak())),)

    def _all_failed(self, flow: Flow) -> bool:
        # The nth newest failure is the nth newest run only if nothing else lies in between.
        nth, failures, finished = self.threshold, flow.failures, flow.finished
        return len(failures) >= nth and failures[-nth] is finished[-nth]

    def _opening(self, flow: Flow, *, escalated: bool = False) -> Opening:
        streak = flow.streak()
        starts_at = streak[self.threshold - 1].occurred_at
        first, last = streak[0].occurred_at, streak[-1].occurred_at
        return Opening(starts_at, len(streak), streak, first, last, is_escalation=escalated)

    def describe_opening(self, opening: Opening) -> str:
        """Say how many in a row."""
        return "failed" if opening.value == 1 else f"failed {opening.value:.0f} times in a row"

    def describe_closing(self, closing: Closing) -> str:
        """Say what ended the streak."""
        if closing.reason == "recovered":
            return "has recovered: its newest run did not fail"
        return "has not failed that often in a row, as a late or re-sent run showed"

    def describe_limit(self, limit: float) -> str:
        """Say how many."""
        return f"{limit:g} in a row"


def read(head: RuleHead, parameters: Parameters) -> ConsecutiveFailures:
    """Make the rule from its table in the rules file."""
    threshold = parameters.count("threshold", 3, at_most=MAX_THRESHOLD)
    head = escalating(
        head,
        parameters,
        threshold,
        str(threshold),
        lambda: parameters.count("escalate_at", threshold + 1, at_most=MAX_THRESHOLD),
    )
    return ConsecutiveFailures(head, threshold)
