"""Fire when a flow has failed often within a span of event time."""

from dataclasses import dataclass

from processors.watch.durations import HOUR_MS, written
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

KIND = "failure_count"
PARAMETERS = ("threshold", "within", "resolve_below", "escalate_at")


@dataclass(frozen=True)
class FailureCount(Rule):
    """``threshold`` failed runs in the span that ends at the flow's own time; over when fewer than ``resolve_below``
    are left in the span that ends at the watermark. Spans are open at the start: a run exactly ``within`` old is out.
    """

    head: RuleHead
    threshold: int = 3
    within_ms: int = 6 * HOUR_MS
    resolve_below: int = 1

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
        """Open on too many failures, unless the watermark has left them behind; close if a correction removed them."""
        failures = flow.failures
        incident = flow.incidents.get(self.head.name)
        if incident is not None and not self._remain(flow, watermark):
            return (self._corrected(flow, change, watermark),)
        if len(failures) < self.threshold:
            return NONE
        span_start = flow.own_time - self.within_ms
        if incident is not None:
            is_worse = self.head.escalate_at and self.head.escalates(incident, flow.failures_after(span_start))
            return (self._opening(flow, span_start, escalated=True),) if is_worse else NONE
        if failures[-self.threshold].occurred_at <= span_start or not self._remain(flow, watermark):
            return NONE
        return (self._opening(flow, span_start),)

    def _remain(self, flow: Flow, watermark: int) -> bool:
        nth = self.resolve_below
        return len(flow.failures) >= nth and flow.failures[-nth].occurred_at > watermark - self.within_ms

    def _opening(self, flow: Flow, span_start: int, *, escalated: bool = False) -> Opening:
        count = flow.failures_after(span_start)
        evidence = flow.failures[-count:]
        starts_at = evidence[self.threshold - 1].occurred_at
        return Opening(starts_at, count, evidence, span_start, flow.own_time, is_escalation=escalated)

    def _corrected(self, flow: Flow, change: Change, watermark: int) -> Closing:
        span_start = watermark - self.within_ms
        return Closing("corrected", change.added.occurred_at, flow.failures_after(span_start), span_start, watermark)

    def deadline(self, flow: Flow, now: int) -> int | None:
        """The moment at which the failure that keeps the incident open leaves the span."""
        if self.head.name not in flow.incidents or len(flow.failures) < self.resolve_below:
            return None
        return flow.failures[-self.resolve_below].occurred_at + self.within_ms

    def on_time(self, flow: Flow, moment: int) -> Verdicts:
        """Close: time has left too few failures in the span."""
        ends_at = self.deadline(flow, moment)
        if ends_at is None or ends_at > moment:
            return NONE
        span_start = ends_at - self.within_ms
        return (Closing("expired", ends_at, flow.failures_after(span_start), span_start, ends_at),)

    def describe_opening(self, opening: Opening) -> str:
        """Say how often within which span."""
        often = "once" if opening.value == 1 else f"{opening.value:.0f} times"
        return f"failed {often} within {written(self.within_ms)}"

    def describe_closing(self, closing: Closing) -> str:
        """Say what is left of the failures."""
        left = "no failed run" if closing.value == 0 else f"only {closing.value:.0f} failed"
        why = ", as a late or re-sent run showed" if closing.reason == "corrected" else ""
        return f"has calmed down: {left} in the last {written(self.within_ms)}{why}"

    def describe_limit(self, limit: float) -> str:
        """Say how many."""
        return f"{limit:g} in {written(self.within_ms)}"


def read(head: RuleHead, parameters: Parameters) -> FailureCount:
    """Make the rule from its table in the rules file."""
    threshold = parameters.count("threshold", 3)
    within_ms = parameters.duration("within", 6 * HOUR_MS)
    resolve_below = parameters.count("resolve_below", 1)
    if resolve_below > threshold:
        parameters.wrong("resolve_below", f"must not be above threshold ({threshold}), or nothing would ever fire")
    head = escalating(
        head, parameters, threshold, str(threshold), lambda: parameters.count("escalate_at", threshold + 1)
    )
    return FailureCount(head, threshold, within_ms, resolve_below)
