"""Keep what rules need to know of one flow: its runs in order, its open incidents."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from processors.watch.facts import NO_LABELS, Fact, Labels, LastFailure
from processors.watch.incident import Incident
from schemas.run import FINISHED

if TYPE_CHECKING:
    from processors.watch.rules.rule import Rule


class Flow:
    """One flow of a partition.

    Invariants: ``finished`` holds the facts with an outcome, ``failures`` the failed ones among them, both sorted by
    event time, then arrival. ``outlived`` holds those whose window is gone; they are the oldest of ``finished``.

    Bounds: a fact stays as long as its window (see :attr:`RuleBook.keep_ms`); beyond that only the ``tail`` newest
    finished ones do.
    """

    __slots__ = (
        "due", "facts", "failures", "finished", "flow_id", "incidents", "last_failure", "names", "outlived", "own_time",
        "rules",
    )  # fmt: skip

    def __init__(self, flow_id: str) -> None:
        self.flow_id = flow_id
        self.facts: dict[str, Fact] = {}
        """Of each run the notification that counts."""
        self.finished: list[Fact] = []
        self.failures: list[Fact] = []
        self.outlived: dict[str, Fact] = {}
        self.incidents: dict[str, Incident] = {}
        """The open incidents by rule."""
        self.last_failure: LastFailure | None = None
        self.names: Labels = NO_LABELS
        """What the newest notification says; where it says nothing, what was known before."""
        self.own_time = -1
        """The newest event time of any of the flow's notifications, -1 for none."""
        self.rules: tuple[Rule, ...] = ()
        """The rules that look at the flow: those that match, and those with an open incident."""
        self.due: dict[str, int] = {}
        """By rule the earliest deadline that is on the list."""

    def put(self, old: Fact | None, new: Fact) -> None:
        """Put a run in its place in time, in the place of its earlier notification if there was one."""
        if old is not None:
            self.outlived.pop(old.run_id, None)
            if old.status in FINISHED:
                _remove(self.finished, old)
                if old.status == "failed":
                    _remove(self.failures, old)
        self.keep(new)

    def keep(self, fact: Fact) -> None:
        """Put a run in its place in time."""
        self.facts[fact.run_id] = fact
        if fact.status in FINISHED:
            _insert(self.finished, fact)
            if fact.status == "failed":
                _insert(self.failures, fact)

    def outlive(self, facts: Iterable[Fact], tail: int) -> None:
        """Learn that the window of these runs is gone: keep the newest ``tail`` of the flow, forget the others."""
        for fact in facts:
            if self.facts.get(fact.run_id) is not fact:
                continue  # re-sent since, and counted in a later window
            if fact.status not in FINISHED:
                del self.facts[fact.run_id]
                continue
            # One code tells why; more of them for hundreds of runs would not fit into one record.
            fact.codes, fact.labels = fact.codes[:1], None
            self.outlived[fact.run_id] = fact
        self.trim(tail)

    def trim(self, tail: int) -> bool:
        """Forget what has outlived its window and is older than the newest ``tail``; tell whether there was any."""
        excess = min(len(self.outlived), len(self.finished) - tail)
        if excess <= 0:
            return False
        forgotten = self.finished[:excess]
        del self.finished[:excess]
        del self.failures[: sum(fact.status == "failed" for fact in forgotten)]
        for fact in forgotten:
            del self.facts[fact.run_id], self.outlived[fact.run_id]
        return True

    def learn(self, labels: Labels, occurred_at: int) -> bool:
        """Take note of a notification's labels and time; tell whether the names changed."""
        is_newest = occurred_at >= self.own_time
        if is_newest:
            self.own_time = occurred_at
        known = self.names
        if labels == known:
            return False
        first, second = (labels, known) if is_newest else (known, labels)
        self.names = (first[0] or second[0], first[1] or second[1], first[2] or second[2])
        return self.names != known

    def failures_after(self, time_ms: int) -> int:
        """Count the failed runs later than ``time_ms``."""
        return len(self.failures) - bisect_left(self.failures, (time_ms + 1, -1), key=_order)

    def streak(self) -> Sequence[Fact]:
        """Return the failed runs since the newest success or partial run, oldest first."""
        start = len(self.finished)
        while start and self.finished[start - 1].status == "failed":
            start -= 1
        return self.finished[start:]


def _order(fact: Fact) -> tuple[int, int]:
    return (fact.occurred_at, fact.arrival)


def _insert(facts: list[Fact], fact: Fact) -> None:
    # Nearly always the newest. It has also arrived last, so of the same time it is the newer one.
    if not facts or facts[-1].occurred_at <= fact.occurred_at:
        facts.append(fact)
    else:
        insort(facts, fact, key=_order)


def _remove(facts: list[Fact], fact: Fact) -> None:
    del facts[bisect_left(facts, _order(fact), key=_order)]
