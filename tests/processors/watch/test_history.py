"""Compare the step with the oracle over generated histories."""

from random import Random
from typing import Any
from unittest.mock import patch

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processors.watch import step as step_module
from processors.watch.rule_book import FlowSettings, RuleBook, WindowSettings
from processors.watch.rules.consecutive_failures import ConsecutiveFailures
from processors.watch.rules.failure_count import FailureCount
from processors.watch.rules.rule import RuleHead
from schemas import times
from tests.processors.watch.oracle import Oracle
from tests.processors.watch.records import DAY, MINUTE, T0, Partition, error, run

SIZE = 10 * MINUTE

books = st.builds(
    lambda grace, final_after, within, threshold, below, streak: RuleBook(
        WindowSettings(SIZE, "10m", final_after * MINUTE, grace * MINUTE, 30_000),
        (
            FailureCount(RuleHead("often", "critical"), threshold, within * MINUTE, min(below, threshold)),
            ConsecutiveFailures(RuleHead("in-a-row", "warning"), streak),
        ),
        {"f1": FlowSettings(name="Orders")},
    ),
    grace=st.sampled_from([0, 30, 120, 600]),
    final_after=st.sampled_from([1, 10, 30]),
    within=st.sampled_from([5, 30, 90]),
    threshold=st.integers(1, 4),
    below=st.integers(1, 3),
    streak=st.integers(1, 3),
)

outcomes = st.sampled_from(["failed"] * 6 + ["success"] * 3 + ["partial", "unknown", "in_progress", "scheduled"])
ahead = st.sampled_from([0, 0, 1, 1, 1, 3, 8, 20, 45, 100] + [0] * 9 + [120 * 24 * 60])
"""Minutes that event time moves on before a notification."""
behind = st.one_of(st.just(0), st.integers(0, 12), st.integers(0, 12), st.integers(0, 100))
"""How late it is."""
names = st.sampled_from([None, None, "Old", "New"])


@st.composite
def notifications(draw: st.DrawFn) -> tuple[int, int, dict[str, Any]]:
    """One run record of two flows with few runs, so that runs are often notified again; its time is given later."""
    number = draw(st.integers(0, 15))
    count = st.none() | st.integers(0, 50)
    codes = draw(st.lists(st.sampled_from(["A-1", "B-2"]), unique=True, max_size=2))
    record = run(
        f"r{number}",
        draw(outcomes),
        T0,
        "f1" if number % 4 else "f2",
        flow_name=draw(names),
        org_id=draw(names),
        duration_ms=draw(count),
        records={"input": draw(count), "output": draw(count), "failed": draw(count), "lost": draw(count)},
        bytes={"input": draw(count), "output": None},
        errors=[error(code, "why") for code in codes],
    )
    return draw(ahead), draw(behind), record


batches = st.lists(notifications(), min_size=2, max_size=10)
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

    def date(self, batch: list[tuple[int, int, dict[str, Any]]]) -> list[dict[str, Any]]:
        dated = []
        for minutes_ahead, minutes_behind, record in batch:
            self.time += minutes_ahead * MINUTE
            self.events += 1
            occurred_at = times.to_text(self.time - minutes_behind * MINUTE)
            dated.append(record | {"event_id": f"e{self.events}", "occurred_at": occurred_at})
        return dated


def replay(book: RuleBook, history: list[Any]) -> tuple[Partition, Oracle]:
    """Let both see the same history."""
    partition, oracle, clock = Partition(book), Oracle(book), Clock()
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
    """Compare rows, transitions and dead letters."""
    expected = oracle.expected()
    rows = {key: msgspec.to_builtins(row) for key, row in partition.rows.items()}
    assert {key: {**row, "updated_at": None} for key, row in expected.rows.items()} == {
        key: {**row, "updated_at": None} for key, row in rows.items()
    }
    assert expected.transitions == told(partition)
    assert len(expected.too_late) == len(partition.dead_letters)


def told(partition: Partition) -> list[dict[str, Any]]:
    """Return the transitions in the oracle's words."""
    incidents: dict[str, list[str]] = {}
    transitions = []
    for key, alert in zip(partition.alert_keys, partition.alerts, strict=True):
        ids = incidents.setdefault(key, [])
        if alert.incident_id not in ids:
            ids.append(alert.incident_id)
        told = msgspec.to_builtins(alert)
        names = [
            "rule",
            "kind",
            "severity",
            "state",
            "reason",
            "starts_at",
            "ends_at",
            "value",
            "threshold",
            "revision",
        ]
        if alert.state == "firing":
            names += ["window_start", "window_end", "first_failure_at", "last_failure_at", "run_ids"]
        transitions.append({"key": key, "incident": ids.index(alert.incident_id) + 1} | {n: told[n] for n in names})
    return transitions


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(books, histories)
def test_rows_and_transitions_are_the_oracles(book: RuleBook, history: list[Any]) -> None:
    """Whatever order, splits, repetitions, lateness, silence and crashes: rows and transitions are those that
    reading the whole history again gives."""
    with patch.object(step_module, "REMEMBER_EVERY_MS", 1):
        assert_equal(*replay(book, history))
