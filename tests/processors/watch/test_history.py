"""Compare the step with the oracle over generated histories."""

from functools import partial
from random import Random
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processors.watch.rule_book import FlowSettings, RuleBook, WindowSettings
from processors.watch.rules.consecutive_failures import ConsecutiveFailures
from processors.watch.rules.failure_count import FailureCount
from processors.watch.rules.failure_ratio import FailureRatio
from processors.watch.rules.new_error_code import NewErrorCode
from processors.watch.rules.overdue import Overdue
from processors.watch.rules.partial_errors import PartialErrors
from processors.watch.rules.record_loss import RecordLoss
from processors.watch.rules.rule import Rule, RuleHead
from processors.watch.rules.slow import Slow
from processors.watch.rules.stalled import Stalled
from processors.watch.rules.zero_records import ZeroRecords
from schemas import times
from schemas.alert import Severity
from tests.processors.watch.oracle import Oracle
from tests.processors.watch.records import DAY, MINUTE, T0, Partition, error, run

SIZE = 10 * MINUTE

minutes = st.sampled_from([5, 20, 30, 90])


def escalating(name: str, match: dict[str, str], severity: Severity, *limits: float) -> st.SearchStrategy[RuleHead]:
    """Give rule heads with a second limit or none."""
    return st.sampled_from([None, *limits]).map(lambda limit: RuleHead(name, severity, match, limit))


matches = st.sampled_from([{}, {}, {}, {"flow_name": "N*"}, {"flow_id": "f1"}])


@st.composite
def all_rules(draw: st.DrawFn) -> tuple[Rule, ...]:
    """Give rules of some kinds, with small limits so that they are crossed."""

    def head(name: str, *limits: float) -> RuleHead:
        return draw(escalating(name, draw(matches), "warning", *limits))

    many, few = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    within, after = draw(minutes) * MINUTE, draw(minutes) * MINUTE
    factor = draw(st.sampled_from([1.5, 2.0, 3.0]))
    worse = draw(st.sampled_from([None, 4.0]))
    rules: list[Rule] = [
        FailureCount(head("count", many + 1), many, within, min(few, many)),
        ConsecutiveFailures(head("row", few + 2), few),
        FailureRatio(head("ratio", 0.9), 0.5, within, few + 1, draw(st.sampled_from([0.25, 0.5]))),
        RecordLoss(head("loss", 0.5), 0.1, draw(st.sampled_from([1, 5]))),
        PartialErrors(head("partial", 0.5), 0.1),
        ZeroRecords(head("zero", few + 2), few),
        Slow(head("slow", 4.0), factor, few),
        Stalled(head("stalled"), factor, few, None, worse),
        Stalled(head("silent"), factor, few, after, worse and worse * after),
        Overdue(head("overdue", 3 * after / 1_000), after),
        NewErrorCode(head("new"), after),
    ]
    return tuple(draw(st.lists(st.sampled_from(rules), min_size=1, max_size=4, unique_by=lambda rule: rule.head.name)))


windows = st.builds(
    lambda grace, final_after: WindowSettings(SIZE, "10m", final_after * MINUTE, grace * MINUTE, 30_000),
    grace=st.sampled_from([0, 30, 120, 600]),
    final_after=st.sampled_from([1, 10, 30]),
)
settings_of_flows = st.sampled_from([{}, {"f1": FlowSettings("Orders"), "f2": FlowSettings(every_ms=15 * MINUTE)}])
books = st.builds(RuleBook, windows, all_rules(), settings_of_flows)

outcomes = st.sampled_from(
    ["failed"] * 6 + ["success"] * 4 + ["partial", "unknown", "in_progress", "in_progress", "scheduled"]
)
ahead = st.sampled_from([0, 0, 1, 1, 1, 3, 8, 20, 45, 100] + [0] * 9 + [120 * 24 * 60])
"""Minutes that event time moves on before a notification."""
behind = st.one_of(st.just(0), st.integers(0, 12), st.integers(0, 12), st.integers(0, 100))
"""How late it is."""
names = st.sampled_from([None, None, "Old", "New"])
count = st.sampled_from([None, 0, 0, 1, 4, 5, 10, 50])


class Note(NamedTuple):
    """One notification of two flows with few runs, so that runs are often notified again. Times are minutes."""

    ahead: int
    behind: int
    number: int
    status: str
    name: str | None
    org: str | None
    counts: tuple[int | None, ...]
    codes: tuple[str, ...]
    started_before: int | None

    def record(self, event: int, moment: int) -> dict[str, Any]:
        """Return the run record."""
        duration, given, failed, lost = self.counts
        started_at = None if self.started_before is None else times.to_text(moment - self.started_before * MINUTE)
        return run(
            f"r{self.number}",
            self.status,
            moment,
            "f1" if self.number % 4 else "f2",
            event_id=f"e{event}",
            flow_name=self.name,
            org_id=self.org,
            started_at=started_at,
            duration_ms=duration,
            records={"input": given, "output": given, "failed": failed, "lost": lost},
            bytes={"input": given, "output": None},
            errors=[error(code, "why") for code in self.codes],
        )


codes = st.lists(st.sampled_from(["A-1", "B-2"]), unique=True, max_size=2).map(tuple)
notes = st.builds(
    Note,
    ahead,
    behind,
    st.integers(0, 15),
    outcomes,
    names,
    names,
    st.tuples(count, count, count, count),
    codes,
    st.sampled_from([None, 0, 10, 200, -60]),
)
batches = st.lists(notes, min_size=2, max_size=10)
steps = st.one_of(
    batches,
    batches,
    st.tuples(st.just("tick"), st.sampled_from([1_000, 29_000, 31_000, 600_000, 5_400_000]), st.booleans()),
    st.tuples(st.just("crash"), st.integers(0, 9)),
    st.tuples(st.just("lost transaction"), batches),
)
histories = st.lists(steps, min_size=4, max_size=14)


class Clock:
    """Give notifications their event times: it moves on now and then, and they are late by what they say."""

    def __init__(self) -> None:
        self.time = T0 + DAY
        self.events = 0

    def date(self, batch: list[Note]) -> list[dict[str, Any]]:
        dated = []
        for note in batch:
            self.time += note.ahead * MINUTE
            self.events += 1
            dated.append(note.record(self.events, self.time - note.behind * MINUTE))
        return dated


def replay(book: RuleBook, history: list[Any]) -> tuple[Partition, Oracle]:
    """Let both see the same history. No silence is lost in a crash, of which the oracle knows nothing."""
    partition, oracle, clock = Partition(book, remember_every_ms=1), Oracle(book), Clock()
    oracle.reopen(partition.now)
    for event in history:
        match event:
            case ("tick", int(after), bool(caught_up)):
                partition.tick(after, caught_up=caught_up)
                if caught_up:
                    oracle.tick(partition.now)
            case ("crash", int(seed)):
                partition.crash(Random(seed))  # noqa: S311
                oracle.reopen(partition.now)
            case ("lost transaction", list(lost)):
                offset = partition.offset
                partition.step.process(partition.sources(*Clock().date(lost)), partition.now)
                partition.crash()
                oracle.reopen(partition.now)
                partition.offset = offset
            case batch:
                records = clock.date(batch)
                partition.process(*records)
                for record in records:
                    oracle.run(record, partition.now)
    return partition, oracle


def assert_equal(partition: Partition, oracle: Oracle) -> None:
    """Compare rows, transitions, dead letters and what organisations are told."""
    expected = oracle.expected()
    rows = {key: msgspec.to_builtins(row) for key, row in partition.rows.items()}
    assert {key: {**row, "updated_at": None} for key, row in expected.rows.items()} == {
        key: {**row, "updated_at": None} for key, row in rows.items()
    }
    assert expected.transitions == told(partition)
    assert len(expected.too_late) == len(partition.dead_letters)
    failing: dict[str, tuple[str, str]] = {}
    for report in partition.reports:
        assert report.is_failing is (report.flow_id not in failing)
        if report.is_failing:
            failing[report.flow_id] = (report.org_id, report.sandbox_name)
        else:
            assert failing.pop(report.flow_id) == (report.org_id, report.sandbox_name)
    assert oracle.failing() == failing


def told(partition: Partition) -> list[dict[str, Any]]:
    """Return the transitions in the oracle's words."""
    incidents: dict[str, list[str]] = {}
    transitions = []
    for key, alert in zip(partition.alert_keys, partition.alerts, strict=True):
        ids = incidents.setdefault(key, [])
        if alert.incident_id not in ids:
            ids.append(alert.incident_id)
        told = msgspec.to_builtins(alert)
        names = [*TOLD]
        if alert.state == "firing":
            names += ["window_start", "window_end", "run_ids"]
            names += ["first_failure_at", "last_failure_at"] if alert.reason == "threshold" else []
        transitions.append({"key": key, "incident": ids.index(alert.incident_id) + 1} | {n: told[n] for n in names})
    return transitions


TOLD = (
    "rule", "kind", "severity", "state", "reason", "starts_at", "ends_at", "value", "threshold", "revision",
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(books, histories)
def test_rows_and_transitions_are_the_oracles(book: RuleBook, history: list[Any]) -> None:
    """Whatever order, splits, repetitions, lateness, silence and crashes: rows and transitions are those that
    reading the whole history again gives."""
    assert_equal(*replay(book, history))


def long_history(random: Random) -> list[Any]:
    """Return a history in which flows have many runs, mostly in order and mostly like one another."""
    note = partial(Note, name=None, org=None, started_before=None)
    usual = random.choice([1, 5, 10])
    return [
        [
            note(
                ahead=random.choice([0, usual, usual, usual, usual, 4 * usual]),
                behind=random.choice([0, 0, 0, 0, 0, 0, 0, 1, 25]),
                number=random.randrange(400),
                status=random.choice(["success"] * 9 + ["partial", "failed", "unknown"]),
                counts=(random.choice([10, 10, 10, 11, 12, 25, None]), random.choice([0, 5]), 0, 0),
                codes=(),
            )
            for _ in range(random.randrange(1, 12))
        ]
        if random.random() < 0.9
        else ("crash", random.randrange(100))
        for _ in range(30)
    ]


@pytest.mark.parametrize("seed", range(25))
def test_long_histories_of_steady_flows(seed: int) -> None:
    """Rules that compare with many earlier runs, whose short cuts short histories do not reach."""
    random = Random(seed)  # noqa: S311
    rules: tuple[Rule, ...] = (
        Stalled(RuleHead("stalled", "warning"), random.choice([1.5, 2.0, 3.0]), 5, None, 6.0),
        Slow(RuleHead("slow", "info", {}, 2.4), 2.0, random.choice([1, 5, 12, 20])),
        ZeroRecords(RuleHead("zero", "warning"), 2),
    )
    windows = WindowSettings(SIZE, "10m", MINUTE, random.choice([30, 600]) * MINUTE, 30_000)
    assert_equal(*replay(RuleBook(windows, rules, {}), long_history(random)))


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(books, histories)
def test_ten_thousand_histories(book: RuleBook, history: list[Any]) -> None:
    """The same, for a night."""
    assert_equal(*replay(book, history))
