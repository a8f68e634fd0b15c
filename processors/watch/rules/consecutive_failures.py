"""Fire when the newest runs of a flow have all failed."""

from collections.abc import Sequence
from dataclasses import dataclass

from processors.watch.facts import Fact
from processors.watch.flows import Flow
from processors.watch.rules.rule import NONE, Change, Closing, Opening, Parameters, RuleHead, Verdicts
from schemas.alert import AlertReason

KIND = "consecutive_failures"
PARAMETERS = ("threshold",)
MAX_THRESHOLD = 500
"""So many runs of a flow are kept whatever their age, and have to fit into one state record."""


@dataclass(frozen=True, slots=True)
class ConsecutiveFailures:
    """The newest ``threshold`` finished runs by event time all failed; over as soon as they no longer have."""

    head: RuleHead
    threshold: int = 3

    @property
    def kind(self) -> str:
        return KIND

    @property
    def reach_ms(self) -> int:
        return 0

    @property
    def needs_runs(self) -> int:
        return self.threshold

    def look(self, flow: Flow, change: Change, watermark: int) -> Verdicts:
        """Open on a streak that is long enough, close when it is broken."""
        is_open = self.head.name in flow.incidents
        if self._all_failed(flow) == is_open:
            return NONE
        if not is_open:
            return (self._opening(flow.streak()),)
        reason: AlertReason = "corrected" if change.is_correction(flow) else "recovered"
        return (Closing(reason, change.added.occurred_at, len(flow.streak())),)

    def _all_failed(self, flow: Flow) -> bool:
        # The nth newest failure is the nth newest run only if nothing else lies in between.
        nth, failures, finished = self.threshold, flow.failures, flow.finished
        return len(failures) >= nth and failures[-nth] is finished[-nth]

    def _opening(self, streak: Sequence[Fact]) -> Opening:
        crossed = streak[self.threshold - 1]
        return Opening(crossed.occurred_at, len(streak), streak, streak[0].occurred_at, streak[-1].occurred_at)

    def deadline(self, flow: Flow) -> int | None:
        """Time alone changes nothing."""
        return None

    def on_time(self, flow: Flow, moment: int) -> Verdicts:
        """Time alone changes nothing."""
        return NONE

    def describe_opening(self, opening: Opening) -> str:
        """Say how many in a row."""
        return "failed" if opening.value == 1 else f"failed {opening.value:.0f} times in a row"

    def describe_closing(self, closing: Closing) -> str:
        """Say what ended the streak."""
        if closing.reason == "recovered":
            return "has recovered: its newest run did not fail"
        return "has not failed that often in a row, as a late or re-sent run showed"


def read(head: RuleHead, parameters: Parameters) -> ConsecutiveFailures:
    """Make the rule from its table in the rules file."""
    return ConsecutiveFailures(head, parameters.count("threshold", 3, at_most=MAX_THRESHOLD))
