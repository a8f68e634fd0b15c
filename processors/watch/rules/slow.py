"""Fire when a run took much longer than the flow's runs usually do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from processors.watch.durations import precisely
from processors.watch.fact import Fact
from processors.watch.flows import UNKNOWN, Flow
from processors.watch.quotient import quotient
from processors.watch.rules import newest_run
from processors.watch.rules.rule import (
    NONE,
    SUCCEEDED,
    Change,
    Closing,
    Opening,
    Parameters,
    RuleHead,
    Verdicts,
    escalating,
)

KIND = "slow"
PARAMETERS = ("factor", "min_runs", "escalate_at")

COMPARED: Final = 20
"""How many earlier runs a run is compared with."""

_MAJORITY: Final = COMPARED // 2 + 1


@dataclass(frozen=True)
class Slow(newest_run.MeasuringRule):
    """The newest successful or partial run took at least ``factor`` times the median of the (up to 20) such runs before
    it whose duration is known; with fewer than ``min_runs`` of them it is not judged.
    """

    head: RuleHead
    factor: float = 2.0
    min_runs: int = 5

    @property
    def kind(self) -> str:
        return KIND

    @property
    def limit(self) -> float:
        return self.factor

    @property
    def needs_runs(self) -> int:
        return COMPARED + 1

    def measure(self, flow: Flow, fact: Fact) -> float | None:
        """Return how many times the usual duration the run took."""
        if fact.duration_ms is None:
            return None
        earlier = _earlier_durations(flow, fact)
        if len(earlier) < self.min_runs:
            return None
        usual = median(earlier)
        if not usual:
            return None
        return quotient(fact.duration_ms, usual) if isinstance(usual, int) else fact.duration_ms / usual

    def look(self, flow: Flow, change: Change, watermark: int) -> Verdicts:
        """Judge by the newest run that can be judged."""
        if newest_run.is_calm(self, flow, change) and self._is_usual(flow, change.added):
            return NONE
        return newest_run.look(self, flow, change)

    def _is_usual(self, flow: Flow, added: Fact) -> bool:
        """Tell at little cost that the newest run surely is not slow, as nearly no run is: it cannot be judged, or more
        than half of those that it is compared with took longer than the ``factor``-th part of it. Those are looked
        through only if what is known of them does not tell.
        """
        if added.duration_ms is None or len(flow.finished) <= self.min_runs:
            return True
        limit = added.duration_ms / self.factor
        if limit < flow.least_duration_ms:
            return True
        flow.least_duration_ms = _least_duration(flow.finished)
        return limit < flow.least_duration_ms

    def describe_opening(self, opening: Opening) -> str:
        """Say how long, and how many times the usual."""
        took = opening.evidence[-1].duration_ms or 0
        return (
            f"took {precisely(took)} for a run, {opening.value:.3g} times as long as usual "
            f"({precisely(round(took / opening.value))})"
        )

    def describe_closing(self, closing: Closing) -> str:
        """Say that it is as fast as usual."""
        if closing.reason == "corrected":
            return "was not that slow, as a late or re-sent run showed"
        return f"is as fast as usual again: its newest run took {closing.value:.3g} times the usual"

    def describe_limit(self, limit: float) -> str:
        """Say how many times the usual."""
        return f"{limit:g} times the usual duration"


def _least_duration(finished: Sequence[Fact]) -> int:
    """Return the shortest of the newest durations that are a majority of those compared, or all if there are fewer."""
    durations: list[int] = []
    for fact in finished[: -newest_run.MAX_LOOK_BACK - 1 : -1]:
        _add_known(durations, fact)
        if len(durations) == _MAJORITY:
            break
    return min(durations, default=UNKNOWN)


def _earlier_durations(flow: Flow, fact: Fact) -> list[int]:
    finished = flow.finished
    # Nearly always the newest.
    end = len(finished) - 1 if finished[-1] is fact else flow.place_of(fact)
    durations: list[int] = []
    for fact in reversed(finished[max(0, end - COMPARED) : end]):
        _add_known(durations, fact)
    place = end - COMPARED - 1
    # Some failed, or did not say how long they took: look further back.
    while len(durations) < COMPARED and place >= max(0, end - newest_run.MAX_LOOK_BACK):
        _add_known(durations, finished[place])
        place -= 1
    return durations


def _add_known(durations: list[int], fact: Fact) -> None:
    if fact.duration_ms is not None and fact.status in SUCCEEDED:
        durations.append(fact.duration_ms)


def median(values: Iterable[int]) -> int | float:
    """Return the middle value, or the mean of the two in the middle. ``values`` is not empty."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else quotient(ordered[half - 1] + ordered[half], 2)


def read(head: RuleHead, parameters: Parameters) -> Slow:
    """Make the rule from its table in the rules file."""
    factor = parameters.number("factor", 2.0, at_most=1_000)
    min_runs = parameters.count("min_runs", 5, at_most=COMPARED)
    head = escalating(
        head, parameters, factor, f"{factor:g}", lambda: parameters.number("escalate_at", 2_000, at_most=1_000)
    )
    return Slow(head, factor, min_runs)
