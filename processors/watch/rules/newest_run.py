"""Judge a flow by its newest run that can be judged: what record_loss, partial_errors and slow have in common."""

from abc import abstractmethod
from typing import Final

from processors.watch.fact import Fact
from processors.watch.flows import Flow
from processors.watch.rules.rule import NONE, SUCCEEDED, Change, Closing, Opening, Rule, Verdicts
from schemas.alert import AlertReason

MAX_LOOK_BACK: Final = 200
"""Runs passed over, newest first, in the search for one that can be judged. A flow may fail thousands of times."""


class MeasuringRule(Rule):
    """A rule that measures single runs: mostly the newest, and never a failed one."""

    @property
    def wakes_on(self) -> frozenset[str]:
        return SUCCEEDED

    @property
    def needs_runs(self) -> int:
        return 1

    @abstractmethod
    def measure(self, flow: Flow, fact: Fact) -> float | None:
        """Return the figure that is held against the limit, ``None`` if the run cannot be judged.

        Asked only for runs of the flow that succeeded, in full or in part.
        """


def is_calm(rule: MeasuringRule, flow: Flow, change: Change) -> bool:
    """Tell whether a new run has become the flow's newest and the rule has nothing open: then that run alone decides,
    and can only open something.
    """
    return not change.is_correction and rule.head.name not in flow.incidents


def look(rule: MeasuringRule, flow: Flow, change: Change) -> Verdicts:
    """Open while the newest run that can be judged is at the threshold, and close when it is not.

    So a late run that is older than a better one opens nothing, and a run that cannot be judged changes nothing.
    """
    added, finished = change.added, flow.finished
    if change.removed is None:
        if added.status not in SUCCEEDED:
            return NONE
        if finished[-1] is added:
            value = rule.measure(flow, added)
            return NONE if value is None else _verdicts(rule, flow, change, added, value)
    return _look_again(rule, flow, change)


def _look_again(rule: MeasuringRule, flow: Flow, change: Change) -> Verdicts:
    for fact in flow.finished[: -MAX_LOOK_BACK - 1 : -1]:
        value = rule.measure(flow, fact) if fact.status in SUCCEEDED else None
        if value is not None:
            return _verdicts(rule, flow, change, fact, value)
    removed = change.removed
    if rule.head.name in flow.incidents and removed is not None and removed.status in SUCCEEDED:
        # The run behind the incident was taken back, and there is no other to judge by.
        return (Closing("corrected", change.added.occurred_at, 0.0, evidence=(change.added,)),)
    return NONE


def _verdicts(rule: MeasuringRule, flow: Flow, change: Change, fact: Fact, value: float) -> Verdicts:
    incident = flow.incidents.get(rule.head.name)
    if value < rule.limit:
        if incident is None:
            return NONE
        reason: AlertReason = "recovered" if fact is change.added and change.removed is None else "corrected"
        return (Closing(reason, change.added.occurred_at, value, evidence=(fact,)),)
    if incident is not None and not rule.head.escalates(incident, value):
        return NONE
    at = fact.occurred_at
    return (Opening(at, value, (fact,), at, at, is_escalation=incident is not None),)
