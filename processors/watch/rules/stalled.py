"""Fire when a flow that used to run does not run any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import sub
from typing import Final

from processors.watch.durations import SECOND_MS, roughly, written
from processors.watch.fact import Fact
from processors.watch.flows import Flow
from processors.watch.rules.rule import NONE, Change, Closing, Opening, Parameters, Rule, RuleHead, Verdicts, escalating
from processors.watch.rules.slow import median
from schemas.run import FINISHED

KIND = "stalled"
PARAMETERS = ("factor", "min_runs", "after", "escalate_at")

INTERVALS: Final = 10
"""From so many of the newest intervals between runs the usual one is learned."""

_MAJORITY: Final = INTERVALS // 2 + 1


@dataclass(frozen=True)
class Stalled(Rule):
    """No finished run for ``after_ms``, else for ``factor`` times the flow's interval: the expected one of the rules
    file, else the median of its newest ten, once it has had ``min_runs`` runs. Over when one finishes.

    Values and limits of its incidents are seconds without a finished run.
    """

    head: RuleHead
    factor: float = 3.0
    min_runs: int = 5
    after_ms: int | None = None
    escalate_after: float | None = None
    """As ``after_ms`` if that is set, else a factor, as ``factor``."""

    @property
    def kind(self) -> str:
        return KIND

    @property
    def limit(self) -> float:
        return self.factor if self.after_ms is None else self.after_ms / SECOND_MS

    @property
    def wakes_on(self) -> frozenset[str]:
        return FINISHED

    @property
    def is_timed(self) -> bool:
        return True

    @property
    def needs_runs(self) -> int:
        return max(INTERVALS + 1, self.min_runs)

    def look(self, flow: Flow, change: Change, watermark: int) -> Verdicts:
        """Close when a run has finished lately enough; time alone opens."""
        if self.head.name not in flow.incidents:
            return NONE
        limit_ms = self._limit(flow)
        newest = flow.finished[-1].occurred_at if flow.finished else watermark
        if limit_ms is not None and newest + limit_ms <= watermark:
            return NONE
        added = change.added
        silent_s = max(0, watermark - newest) / SECOND_MS
        return (Closing(change.better_reason, added.occurred_at, silent_s, evidence=(added,)),)

    def _limit(self, flow: Flow) -> int | None:
        if self.after_ms is not None:
            return self.after_ms if flow.finished else None
        interval_ms = self._interval(flow)
        return None if interval_ms is None else int(self.factor * interval_ms)

    def _interval(self, flow: Flow) -> float | None:
        finished = flow.finished
        if not finished:
            return None
        if flow.every_ms is not None:
            return flow.every_ms
        if len(finished) < self.min_runs or len(finished) < 2:
            return None
        moments = [fact.occurred_at for fact in finished[-INTERVALS - 1 :]]
        # Runs of one moment have no interval to learn from.
        return median(map(sub, moments[1:], moments)) or None

    def deadline(self, flow: Flow, now: int) -> int | None:
        """The moment at which the newest finished run is too long ago, or an earlier one that is on the list or costs
        less to know.
        """
        incident = flow.incidents.get(self.head.name)
        if incident is None:
            on_list = flow.due.get(self.head.name)
            wanted = now + 1 if on_list is None else on_list
            earliest = self._earliest(flow, wanted)
            if earliest >= wanted:
                return earliest if on_list is None else on_list
            limit_ms = self._limit(flow)
        elif self.escalate_after is None or incident.has_escalated or not flow.finished:
            return None
        elif self.after_ms is not None:
            limit_ms = int(self.escalate_after)
        else:
            interval_ms = self._interval(flow)
            limit_ms = None if interval_ms is None else int(self.escalate_after * interval_ms)
        return None if limit_ms is None else flow.finished[-1].occurred_at + limit_ms

    def _earliest(self, flow: Flow, wanted: int) -> int:
        """Return a moment that the deadline is surely not before, -1 for none, at little cost, as nearly each run asks:
        the usual interval is not shorter than the shortest of more than half of them. Those are looked through only if
        what is known of them does not tell that it is not before ``wanted``.
        """
        finished = flow.finished
        if self.after_ms is not None or flow.every_ms is not None or len(finished) < max(2, self.min_runs):
            return -1
        newest = finished[-1].occurred_at
        earliest = newest + int(self.factor * flow.least_interval_ms)
        if earliest < wanted:
            flow.least_interval_ms = _least_interval(finished)
            earliest = newest + int(self.factor * flow.least_interval_ms)
        # Of intervals of no length nothing is learned, and there may be no deadline.
        return earliest if flow.least_interval_ms > 0 else -1

    def on_time(self, flow: Flow, moment: int) -> Verdicts:
        """Open, or escalate: nothing has finished for too long."""
        since = flow.finished[-1].occurred_at if flow.finished else moment
        due = self.deadline(flow, moment)
        if due is None or due > moment:
            return NONE
        silent_s = (due - since) / SECOND_MS
        escalates = self.head.name in flow.incidents
        limit_s = None if escalates else silent_s
        evidence = flow.finished[-1:]
        return (Opening(due, silent_s, evidence, since, due, threshold=limit_s, is_escalation=escalates),)

    def describe_opening(self, opening: Opening) -> str:
        """Say for how long nothing has finished."""
        return f"has had no finished run for {roughly(round(opening.value * SECOND_MS))}"

    def describe_closing(self, closing: Closing) -> str:
        """Say that it runs again."""
        if closing.reason == "corrected":
            return "was not that silent, as a late or re-sent run showed"
        return "runs again"

    def describe_limit(self, limit: float) -> str:
        """Say for how long."""
        return f"{roughly(round(limit * SECOND_MS))} without a finished run"


def _least_interval(finished: Sequence[Fact]) -> int:
    """Return the shortest of the newest intervals that are a majority of those looked at, or all if there are fewer."""
    moments = [fact.occurred_at for fact in finished[-_MAJORITY - 1 :]]
    intervals: map[int] = map(sub, moments[1:], moments)
    return min(intervals)


def read(head: RuleHead, parameters: Parameters) -> Stalled:
    """Make the rule from its table in the rules file."""
    factor = parameters.number("factor", 3.0, at_most=1_000)
    min_runs = parameters.count("min_runs", 5, at_most=100)
    if not parameters.has("after"):
        head = escalating(
            head, parameters, factor, f"{factor:g}", lambda: parameters.number("escalate_at", 2_000, at_most=1_000)
        )
        return Stalled(_calm(head), factor, min_runs, None, head.escalate_at)
    after_ms = parameters.duration("after", 0)
    head = escalating(
        head,
        parameters,
        after_ms / SECOND_MS,
        written(after_ms),
        lambda: parameters.duration("escalate_at", after_ms + 1) / SECOND_MS,
    )
    escalate_after = None if head.escalate_at is None else head.escalate_at * SECOND_MS
    return Stalled(_calm(head), factor, min_runs, after_ms, escalate_after)


def _calm(head: RuleHead) -> RuleHead:
    # What escalates it depends on the flow's interval, so the rule sees to it itself.
    return RuleHead(head.name, head.severity, head.match)
