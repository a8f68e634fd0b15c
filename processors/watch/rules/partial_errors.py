"""Fire when records of a run failed although the run did not."""

from dataclasses import dataclass

from processors.watch.fact import Fact
from processors.watch.flows import Flow
from processors.watch.quotient import quotient
from processors.watch.rules import newest_run
from processors.watch.rules.rule import (
    NONE,
    Change,
    Closing,
    Opening,
    Parameters,
    RuleHead,
    Verdicts,
    escalating,
    percent,
)

KIND = "partial_errors"
PARAMETERS = ("threshold", "escalate_at")


@dataclass(frozen=True)
class PartialErrors(newest_run.MeasuringRule):
    """Of the newest successful or partial run with known figures at least ``threshold`` of the input failed."""

    head: RuleHead
    threshold: float = 0.005

    @property
    def kind(self) -> str:
        return KIND

    @property
    def limit(self) -> float:
        return self.threshold

    def measure(self, flow: Flow, fact: Fact) -> float | None:
        """Return the share of the input that failed; of no input there is none."""
        if fact.failed is None or not fact.input:
            return None
        return quotient(fact.failed, fact.input)

    def look(self, flow: Flow, change: Change, watermark: int) -> Verdicts:
        """Judge by the newest run that can be judged."""
        if not change.added.failed and newest_run.is_calm(self, flow, change):
            return NONE
        return newest_run.look(self, flow, change)

    def describe_opening(self, opening: Opening) -> str:
        """Say which share, and how many records of how many."""
        run = opening.evidence[-1]
        how = "succeeded" if run.status == "success" else "succeeded in part"
        refused = f"{run.failed} of its {run.input} input records ({percent(opening.value)})"
        return f"{how}, yet {refused} {'was' if run.failed == 1 else 'were'} refused"

    def describe_closing(self, closing: Closing) -> str:
        """Say what failed of the run that ended it."""
        if closing.reason == "corrected":
            return "had no such share of failed records, as a late or re-sent run showed"
        return f"is clean again: {percent(closing.value)} of its newest run's input was refused"

    def describe_limit(self, limit: float) -> str:
        """Say which share."""
        return f"{percent(limit)} of a run's input"


def read(head: RuleHead, parameters: Parameters) -> PartialErrors:
    """Make the rule from its table in the rules file."""
    threshold = parameters.number("threshold", 0.005, at_most=1)
    head = escalating(
        head, parameters, threshold, f"{threshold:g}", lambda: parameters.number("escalate_at", 2, at_most=1)
    )
    return PartialErrors(head, threshold)
