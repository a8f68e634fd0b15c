"""Keep what rules need to know of one flow: its runs in order, its open incidents."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from processors.watch.fact import NO_LABELS, Fact, Labels, LastFailure
from processors.watch.incident import Incident
from processors.watch.state_records import Place
from schemas.run import FINISHED

if TYPE_CHECKING:
    from processors.watch.rules.rule import Rule

MAX_STARTED: Final = 200
"""Started runs kept of one flow, those that started first: they have to fit into one state record."""

MAX_CODES_KNOWN: Final = 200
"""Error codes remembered of one flow, the newest ones: they have to fit into one state record."""

UNKNOWN: Final = -1
"""A least duration or interval that no rule has looked for since it was forgotten."""


class Flow:
    """One flow of a partition.

    Invariants: ``finished`` holds the facts with an outcome, ``failures`` the failed ones among them, both sorted by
    event time, then arrival. ``outlived`` holds those whose window is gone; they are the oldest of ``finished``, but
    for late runs that a longer grace of a later start has let in.

    Bounds: a fact stays as long as its window (see :attr:`RuleBook.keep_ms`); beyond that only the ``tail`` newest
    finished ones do. Of started runs :data:`MAX_STARTED` are kept, of error codes :data:`MAX_CODES_KNOWN`.
    """

    __slots__ = (
        "codes", "due", "every_ms", "facts", "failures", "finished", "flow_id", "incidents", "last_failure",
        "least_duration_ms", "least_interval_ms", "names", "opened", "outlived", "own_time", "reported", "rules",
        "started", "waking",
    )  # fmt: skip

    def __init__(self, flow_id: str) -> None:
        self.flow_id = flow_id
        self.facts: dict[str, Fact] = {}
        """Of each run the notification that counts."""
        self.finished: list[Fact] = []
        self.failures: list[Fact] = []
        self.outlived: dict[str, Fact] = {}
        self.incidents: dict[str, Incident] = {}
        """The open incidents, each under its own name: the rule's, and what it is about if there may be several."""
        self.opened = 0
        """How many incidents were ever opened: what is opened by time alone gets its identity from it."""
        self.reported: Place | None = None
        """Where the flow is counted as failing, by organisation and sandbox; ``None`` if it is not."""
        self.last_failure: LastFailure | None = None
        self.names: Labels = NO_LABELS
        """What the newest notification says; where it says nothing, what was known before."""
        self.own_time = -1
        """The newest event time of any of the flow's notifications, -1 for none."""
        self.rules: tuple[Rule, ...] = ()
        """The rules that look at the flow: those that match, and those with an open incident."""
        self.waking: dict[str, tuple[Rule, ...]] = {}
        """By status those of them that a run with this status can make fire."""
        self.every_ms: int | None = None
        """The expected interval between runs, from the rules file."""
        self.started: dict[str, int] = {}
        """Of each run that has started and has no outcome yet, since when."""
        self.codes: dict[str, int] = {}
        """Of each error code the newest event time at which a run had it."""
        self.due: dict[str, int] = {}
        """By rule the earliest deadline that is on the list."""
        self.least_duration_ms = UNKNOWN
        """At most the shortest duration of the newest successful and partial runs. A rule looks for it, and how many of
        them are the newest is the rule's business; each newer run can only lower it, and any other change forgets it.
        """
        self.least_interval_ms = UNKNOWN
        """The same of the newest intervals between finished runs."""

    def put(self, old: Fact, new: Fact) -> None:
        """Put a run in its place in time, in the place of its earlier notification."""
        self.outlived.pop(old.run_id, None)
        if old.status in FINISHED:
            self._forget_least()
            _remove(self.finished, old)
            if old.status == "failed":
                _remove(self.failures, old)
        self.keep(new)

    def keep(self, fact: Fact) -> None:
        """Put a run in its place in time."""
        self.facts[fact.run_id] = fact
        if fact.status in FINISHED:
            if self.least_interval_ms != UNKNOWN or self.least_duration_ms != UNKNOWN:
                self._note_least(fact)
            _insert(self.finished, fact)
            if fact.status == "failed":
                _insert(self.failures, fact)

    def _note_least(self, fact: Fact) -> None:
        interval = fact.occurred_at - self.finished[-1].occurred_at
        if interval < 0:
            self._forget_least()
            return
        if interval < self.least_interval_ms:
            self.least_interval_ms = interval
        duration = fact.duration_ms
        if duration is not None and duration < self.least_duration_ms and fact.status != "failed":
            self.least_duration_ms = duration

    def _forget_least(self) -> None:
        # Between its neighbours a late run, or the lack of one, makes other intervals and other runs the newest.
        self.least_duration_ms = self.least_interval_ms = UNKNOWN

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
        # A longer grace of a later start can let a run in that is older than some that have outlived their window.
        forgotten = list(takewhile(lambda fact: fact.run_id in self.outlived, self.finished[:excess]))
        del self.finished[: len(forgotten)]
        del self.failures[: sum(fact.status == "failed" for fact in forgotten)]
        for fact in forgotten:
            del self.facts[fact.run_id], self.outlived[fact.run_id]
        return bool(forgotten)

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

    def start(self, run_id: str, since: int) -> bool:
        """Learn that a run has started and has no outcome yet; tell whether that is news."""
        if run_id in self.facts or self.started.get(run_id, since + 1) <= since:
            return False
        self.started[run_id] = since
        if len(self.started) > MAX_STARTED:
            # All of them started earlier and are waited for first.
            newest = max(self.started, key=lambda run_id: (self.started[run_id], run_id))
            del self.started[newest]
            return newest != run_id
        return True

    def remember_codes(self, fact: Fact) -> bool:
        """Remember which error codes a run had; tell whether that is news."""
        codes, is_news = self.codes, False
        for code in fact.codes:
            if codes.get(code, -1) < fact.occurred_at:
                codes[code] = fact.occurred_at
                is_news = True
        if len(codes) > MAX_CODES_KNOWN:
            oldest_first = sorted(codes, key=lambda code: (codes[code], code))
            for code in oldest_first[: len(codes) - MAX_CODES_KNOWN]:
                del codes[code]
        return is_news

    def finished_after(self, time_ms: int) -> int:
        """Count the runs with an outcome later than ``time_ms``."""
        return len(self.finished) - bisect_left(self.finished, (time_ms + 1, -1), key=_order)

    def place_of(self, fact: Fact) -> int:
        """Return the index in ``finished`` of a run with an outcome."""
        return bisect_left(self.finished, fact.order, key=_order)

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
