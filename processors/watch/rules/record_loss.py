"""Fire when a run lost part of its input although it succeeded."""

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

KIND = "record_loss"
PARAMETERS = ("threshold", "min_records", "escalate_at")


@dataclass(frozen=True)
class RecordLoss(newest_run.MeasuringRule):
    """The newest successful or partial run with known figures lost at least ``threshold`` of its input. Runs with less
    input than ``min_records`` are not judged.
    """

    head: RuleHead
    threshold: float = 0.01
    min_records: int = 1

    @property
    def kind(self) -> str:
        return KIND

    @property
    def limit(self) -> float:
        return self.threshold

    def measure(self, flow: Flow, fact: Fact) -> float | None:
        """Return the share of the input that was lost."""
        if fact.lost is None or fact.input is None or fact.input < self.min_records:
            return None
        return quotient(fact.lost, fact.input)

    def look(self, flow: Flow, change: Change, watermark: int) -> Verdicts:
        """Judge by the newest run that can be judged."""
        if not change.added.lost and newest_run.is_calm(self, flow, change):
            return NONE
        return newest_run.look(self, flow, change)

    def describe_opening(self, opening: Opening) -> str:
        """Say which share, and how many records of how many."""
        run = opening.evidence[-1]
        how = "succeeded" if run.status == "success" else "succeeded in part"
        return f"lost {run.lost} of its {run.input} input records ({percent(opening.value)}) in a run that {how}"

    def describe_closing(self, closing: Closing) -> str:
        """Say what the run that ended it lost."""
        if closing.reason == "corrected":
            return "did not lose that much, as a late or re-sent run showed"
        return f"is complete again: its newest run lost {percent(closing.value)} of its input"

    def describe_limit(self, limit: float) -> str:
        """Say which share."""
        return f"{percent(limit)} of a run's input"


def read(head: RuleHead, parameters: Parameters) -> RecordLoss:
    """Make the rule from its table in the rules file."""
    threshold = parameters.number("threshold", 0.01, at_most=1)
    min_records = parameters.count("min_records", 1, at_most=10**12)
    head = escalating(
        head, parameters, threshold, f"{threshold:g}", lambda: parameters.number("escalate_at", 2, at_most=1)
    )
    return RecordLoss(head, threshold, min_records)
