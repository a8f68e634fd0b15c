"""Fire when too large a share of a flow's runs has failed within a span of event time."""

from dataclasses import dataclass
from typing import Final

from processors.watch.durations import DAY_MS, written
from processors.watch.flows import Flow
from processors.watch.rules.rule import (
    NONE,
    Change,
    Closing,
    Opening,
    Parameters,
    Rule,
    RuleHead,
    Verdicts,
    escalating,
    percent,
)
from schemas.alert import AlertReason
from schemas.run import FINISHED

KIND = "failure_ratio"
PARAMETERS = ("threshold", "within", "min_runs", "resolve_below", "escalate_at")
RESOLVE_BELOW: Final = 0.25


@dataclass(frozen=True)
class FailureRatio(Rule):
    """At least ``threshold`` of at least ``min_runs`` runs failed in the span that ends at the flow's own time; over
    when less than ``resolve_below``, or no failure, is left in the span that ends at the watermark.
    """

    head: RuleHead
    threshold: float = 0.5
    within_ms: int = DAY_MS
    min_runs: int = 4
    resolve_below: float = RESOLVE_BELOW

    @property
    def kind(self) -> str:
        return KIND

    @property
    def limit(self) -> float:
        return self.threshold

    @property
    def wakes_on(self) -> frozenset[str]:
        return FINISHED

    @property
    def is_timed(self) -> bool:
        return True

    @property
    def is_about_failures(self) -> bool:
        return True

    @property
    def reach_ms(self) -> int:
        # It fires only while a failure is left in the span at the watermark, and the flow's own span can end there.
        return 2 * self.within_ms

    def look(self, flow: Flow, change: Change, watermark: int) -> Verdicts:
        """Open on an arriving run; close if it made the share small."""
        incident = flow.incidents.get(self.head.name)
        if incident is None and not flow.failures:
            return NONE
        if incident is not None and self._is_over(flow, watermark):
            return (self._closing(change.better_reason, flow, change.added.occurred_at, watermark),)
        opening = self._opening(flow, change)
        if incident is not None:
            is_worse = opening is not None and self.head.escalates(incident, opening.value)
            return (opening,) if is_worse and opening is not None else NONE
        if opening is None or self._is_over(flow, watermark):
            return NONE
        return (opening,)

    def _opening(self, flow: Flow, change: Change) -> Opening | None:
        removed = change.removed
        if change.added.status not in FINISHED and (removed is None or removed.status not in FINISHED):
            return None
        span_start = flow.own_time - self.within_ms
        failed, runs = flow.failures_after(span_start), flow.finished_after(span_start)
        if not failed or runs < self.min_runs or failed / runs < self.threshold:
            return None
        return Opening(
            change.added.occurred_at,
            failed / runs,
            flow.failures[-failed:],
            span_start,
            flow.own_time,
            is_escalation=self.head.name in flow.incidents,
        )

    def _is_over(self, flow: Flow, moment: int) -> bool:
        failed = flow.failures_after(moment - self.within_ms)
        return not failed or failed / flow.finished_after(moment - self.within_ms) < self.resolve_below

    def _closing(self, reason: AlertReason, flow: Flow, ends_at: int, moment: int) -> Closing:
        span_start = moment - self.within_ms
        failed = flow.failures_after(span_start)
        return Closing(reason, ends_at, failed / flow.finished_after(span_start) if failed else 0.0, span_start, moment)

    def deadline(self, flow: Flow, now: int) -> int | None:
        """The moment at which the next failure leaves the span; until then the share does not fall."""
        left = flow.failures_after(now - self.within_ms)
        if not left or self.head.name not in flow.incidents:
            return None
        return flow.failures[-left].occurred_at + self.within_ms

    def on_time(self, flow: Flow, moment: int) -> Verdicts:
        """Close if time has left too few failures in the span."""
        if self.head.name not in flow.incidents or not self._is_over(flow, moment):
            return NONE
        return (self._closing("expired", flow, moment, moment),)

    def describe_opening(self, opening: Opening) -> str:
        """Say how many of how many, and which share that is."""
        failed = len(opening.evidence)
        runs = round(failed / opening.value)
        return f"failed in {failed} of {runs} runs within {written(self.within_ms)} ({percent(opening.value)})"

    def describe_closing(self, closing: Closing) -> str:
        """Say which share is left."""
        left = f"{percent(closing.value)} failed" if closing.value else "no failed run"
        why = ", as a late or re-sent run showed" if closing.reason == "corrected" else ""
        return f"has calmed down: {left} in the last {written(self.within_ms)}{why}"

    def describe_limit(self, limit: float) -> str:
        """Say which share."""
        return f"{percent(limit)} of the runs in {written(self.within_ms)}"


def read(head: RuleHead, parameters: Parameters) -> FailureRatio:
    """Make the rule from its table in the rules file."""
    threshold = parameters.number("threshold", 0.5, at_most=1)
    within_ms = parameters.duration("within", DAY_MS)
    min_runs = parameters.count("min_runs", 4)
    resolve_below = parameters.number("resolve_below", min(RESOLVE_BELOW, threshold), at_most=1)
    if resolve_below > threshold:
        parameters.wrong("resolve_below", f"must not be above threshold ({threshold:g}), or nothing would ever fire")
    head = escalating(
        head, parameters, threshold, f"{threshold:g}", lambda: parameters.number("escalate_at", 2, at_most=1)
    )
    return FailureRatio(head, threshold, within_ms, min_runs, resolve_below)
