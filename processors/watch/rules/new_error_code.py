"""Fire when a flow reports an error code that it has not had for long."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from processors.watch.durations import DAY_MS, written
from processors.watch.fact import Fact
from processors.watch.flows import Flow
from processors.watch.incident import Incident, named
from processors.watch.rules.rule import NONE, Change, Closing, Opening, Parameters, Rule, RuleHead, Verdicts
from schemas.run import FINISHED

KIND = "new_error_code"
PARAMETERS = ("memory",)

MAX_OPEN: Final = 50
"""Incidents of one flow open at once. A sender that writes a number into its codes has a new one in every run."""


@dataclass(frozen=True)
class NewErrorCode(Rule):
    """A finished run has an error code that no run of the flow had within ``memory_ms`` before it, and no success is
    newer. One incident per code; all are over at the flow's next success.
    """

    head: RuleHead
    memory_ms: int = 30 * DAY_MS

    @property
    def kind(self) -> str:
        return KIND

    @property
    def limit(self) -> float:
        return 1.0

    @property
    def wakes_on(self) -> frozenset[str]:
        return FINISHED

    @property
    def needs_runs(self) -> int:
        return 1

    @property
    def remembers_ms(self) -> int:
        return self.memory_ms

    @property
    def is_about_failures(self) -> bool:
        return True

    def look(self, flow: Flow, change: Change, watermark: int) -> Verdicts:
        """Open for each new code, close at a success. The run's own codes are not remembered yet."""
        added = change.added
        if not added.codes and (not flow.incidents or added.status != "success"):
            return NONE
        if added.status not in FINISHED:
            return NONE
        closings = list(self._closings(flow, change)) if added.status == "success" else []
        return [*closings, *self._openings(flow, added)] if added.codes else closings

    def _closings(self, flow: Flow, change: Change) -> Iterator[Closing]:
        added = change.added
        for incident in list(flow.incidents.values()):
            if incident.rule == self.head.name and _is_next_success(change, incident):
                reason = change.better_reason
                yield Closing(reason, added.occurred_at, 0.0, subject=incident.subject, evidence=(added,))

    def _openings(self, flow: Flow, added: Fact) -> Iterator[Opening]:
        new = [code for code in added.codes if self._is_new(flow, code, added.occurred_at)]
        if not new or _has_newer_success(flow, added):
            return
        open_now = sum(incident.rule == self.head.name for incident in flow.incidents.values())
        at = added.occurred_at
        for code in new[: max(0, MAX_OPEN - open_now)]:
            yield Opening(at, 1.0, (added,), at, at, subject=code)

    def _is_new(self, flow: Flow, code: str, moment: int) -> bool:
        last = flow.codes.get(code)
        return (last is None or last <= moment - self.memory_ms) and named(self.head.name, code) not in flow.incidents

    def describe_opening(self, opening: Opening) -> str:
        """Name the code."""
        return f"reports error code {opening.subject}, which it has not had within {written(self.memory_ms)}"

    def describe_closing(self, closing: Closing) -> str:
        """Say that it has succeeded."""
        return f"has succeeded since it reported error code {closing.subject}"

    def describe_limit(self, limit: float) -> str:
        """Say what is allowed."""
        return f"no code that is new within {written(self.memory_ms)}"


def _is_next_success(change: Change, incident: Incident) -> bool:
    added, removed = change.added, change.removed
    if added.occurred_at < incident.starts_at:
        return False
    # The run that reported the code may have succeeded all the same. To hear of it again is no next success.
    is_told_again = removed is not None and removed.status == "success" and added.run_id == incident.run_id
    return not (is_told_again and incident.subject in added.codes)


def _has_newer_success(flow: Flow, added: Fact) -> bool:
    for fact in reversed(flow.finished):
        if fact is added:
            return False
        if fact.status == "success":
            return True
    return False


def read(head: RuleHead, parameters: Parameters) -> NewErrorCode:
    """Make the rule from its table in the rules file."""
    return NewErrorCode(head, parameters.duration("memory", 30 * DAY_MS))
