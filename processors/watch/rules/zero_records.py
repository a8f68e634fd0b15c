"""Fire when a flow that had input goes on succeeding without any."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from processors.watch.fact import Fact
from processors.watch.flows import Flow
from processors.watch.rules.newest_run import MAX_LOOK_BACK
from processors.watch.rules.rule import (
    NONE,
    SUCCEEDED,
    Change,
    Closing,
    Opening,
    Parameters,
    Rule,
    RuleHead,
    Verdicts,
    escalating,
)

KIND = "zero_records"
PARAMETERS = ("threshold", "escalate_at")
MAX_THRESHOLD: Final = 100


@dataclass(frozen=True)
class ZeroRecords(Rule):
    """The newest ``threshold`` successful runs had no input, after one that had; over at the first run with input.

    Failed runs, and runs whose input is unknown, neither count nor interrupt.
    """

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
        return SUCCEEDED

    @property
    def needs_runs(self) -> int:
        return int(self.head.escalate_at or self.threshold) + 1

    def look(self, flow: Flow, change: Change, watermark: int) -> Verdicts:
        """Open at the run that completes the row, close when it is broken."""
        incident = flow.incidents.get(self.head.name)
        if incident is None and _has_input(flow):
            return NONE
        empty, had_input = _newest_without_input(flow)
        if len(empty) < self.threshold:
            if incident is None:
                return NONE
            added = change.added
            return (Closing(change.better_reason, added.occurred_at, len(empty), evidence=(added,)),)
        if incident is not None and self.head.escalates(incident, len(empty)):
            return (self._opening(empty, escalated=True),)
        return (self._opening(empty),) if incident is None and had_input else NONE

    def _opening(self, empty: Sequence[Fact], *, escalated: bool = False) -> Opening:
        crossed, first, last = empty[self.threshold - 1], empty[0], empty[-1]
        return Opening(
            crossed.occurred_at, len(empty), empty, first.occurred_at, last.occurred_at, is_escalation=escalated
        )

    def describe_opening(self, opening: Opening) -> str:
        """Say how many in a row."""
        often = "once" if opening.value == 1 else f"{opening.value:.0f} times in a row"
        return f"succeeded {often} without any input, after a run that had some"

    def describe_closing(self, closing: Closing) -> str:
        """Say what ended it."""
        if closing.reason == "corrected":
            return "had input, as a late or re-sent run showed"
        return "has input again"

    def describe_limit(self, limit: float) -> str:
        """Say how many."""
        return f"{limit:g} runs in a row"


def _has_input(flow: Flow) -> bool:
    # Mostly the newest run has, and there is nothing to search.
    newest = flow.finished[-1] if flow.finished else None
    return newest is not None and bool(newest.input) and newest.status in SUCCEEDED


def _newest_without_input(flow: Flow) -> tuple[Sequence[Fact], bool]:
    """Return the newest successful runs without input, oldest first, and whether one with input came before."""
    empty: list[Fact] = []
    for fact in flow.finished[: -MAX_LOOK_BACK - 1 : -1]:
        if fact.status not in SUCCEEDED or fact.input is None:
            continue
        if fact.input:
            return empty[::-1], True
        if fact.status == "success":
            empty.append(fact)
    return empty[::-1], False


def read(head: RuleHead, parameters: Parameters) -> ZeroRecords:
    """Make the rule from its table in the rules file."""
    threshold = parameters.count("threshold", 3, at_most=MAX_THRESHOLD)
    head = escalating(
        head,
        parameters,
        threshold,
        str(threshold),
        lambda: parameters.count("escalate_at", threshold + 1, at_most=MAX_THRESHOLD),
    )
    return ZeroRecords(head, threshold)
