"""A run was started and does not end."""

from typing import Any

import msgspec
import pytest

from processors.watch.facts import read_run, started_ms
from processors.watch.flows import MAX_STARTED, Flow
from processors.watch.run_seen import RunSeen
from schemas import times
from tests.processors.watch.records import DAY, MINUTE, Partition, at, run
from tests.processors.watch.rules import book, overdue

FIRED = ("overdue", "firing", "threshold")


def begun(clock: str, started: str | None = None, status: str = "in_progress", run_id: str = "a") -> dict[str, Any]:
    """Return a run that has no outcome yet."""
    return run(run_id, status, clock, started_at=times.to_text(at(started)) if started else None)


def passes(partition: Partition, moment: int) -> None:
    """Let another flow move the watermark."""
    partition.process(run(f"x{moment}", "success", moment, "other"))


@pytest.mark.parametrize("status", ["in_progress", "scheduled"])
def test_150_minutes_without_an_end_fire(status: str) -> None:
    """At the millisecond; the end resolves."""
    partition = Partition(book(overdue()))
    partition.process(begun("10:00", status=status))
    passes(partition, at("12:30") - 1)
    assert partition.told == []
    passes(partition, at("12:30"))
    assert partition.told == [FIRED]
    partition.process(run("a", "failed", "13:00"))
    assert partition.told == [FIRED, ("overdue", "resolved", "recovered")]
    fired, resolved = partition.alerts
    assert (fired.value, fired.threshold, fired.run_ids) == (9_000.0, 9_000.0, ["a"])
    assert fired.starts_at == "2026-03-02T12:30:00.000Z"
    assert resolved.value == 10_800.0
    assert [alert.annotations.summary for alert in partition.alerts] == [
        "Flow f1 has a run that was started and has not ended for 2h 30m, since 2026-03-02 10:00 UTC.",
        "Flow f1 has no overdue run any more: the last one ended (open for 30m).",
    ]


def test_it_counts_from_the_start_not_from_the_notification() -> None:
    """The earliest start that was told, never later than the notification itself."""
    partition = Partition(book(overdue()))
    partition.each(begun("10:30", "10:00"), begun("10:40", "10:40"), begun("10:50", "23:00"))
    passes(partition, at("12:30"))
    assert partition.told == [FIRED]


def test_a_start_in_the_future_is_not_believed() -> None:
    """A run that is notified as running has started by then."""
    partition = Partition(book(overdue()))
    partition.process(begun("10:00", "23:00"))
    passes(partition, at("12:30"))
    assert partition.told == [FIRED]


def test_a_run_that_ended_in_time_is_not_overdue() -> None:
    """Whatever its outcome, of which an unknown one is one; its start may be notified after its end."""
    partition = Partition(book(overdue()))
    for number, status in enumerate(("success", "failed", "partial", "unknown")):
        started, ended = begun("10:00", run_id=f"a{number}"), run(f"a{number}", status, "10:30")
        partition.each(*((started, ended) if number % 2 else (ended, started)))
    passes(partition, at("10:00") + DAY)
    assert partition.told == []


def test_it_never_gives_up() -> None:
    """Not after ten hours, not after a hundred days, and not over a restart."""
    partition = Partition(book(overdue()))
    partition.process(begun("10:00"))
    partition.crash()
    passes(partition, at("10:00") + 100 * DAY)
    partition.crash()
    passes(partition, at("10:00") + 200 * DAY)
    assert partition.told == [FIRED]
    partition.process(run("a", "success", at("10:00") + 200 * DAY))
    assert partition.told == [FIRED, ("overdue", "resolved", "recovered")]


def test_several_runs_are_one_incident_until_the_last_has_ended() -> None:
    """The one that started first opens it."""
    partition = Partition(book(overdue()))
    partition.each(begun("10:00", run_id="a"), begun("10:10", run_id="b"))
    passes(partition, at("13:00"))
    partition.process(run("a", "success", "13:00"))
    assert partition.told == [FIRED]
    partition.process(run("b", "success", "13:01"))
    assert partition.told == [FIRED, ("overdue", "resolved", "recovered")]


def test_an_end_in_time_that_arrives_late_corrects() -> None:
    """It was never overdue."""
    partition = Partition(book(overdue()))
    partition.process(begun("10:00"))
    passes(partition, at("14:00"))
    partition.process(run("a", "success", "11:00"))
    assert partition.told == [FIRED, ("overdue", "resolved", "corrected")]
    assert partition.alerts[1].ends_at == partition.alerts[0].starts_at


def test_an_end_at_the_very_moment_is_too_late() -> None:
    """The run's own time makes it overdue first; then it ends."""
    partition = Partition(book(overdue()))
    partition.each(begun("10:00"), run("a", "success", "12:30"))
    assert partition.told == [FIRED, ("overdue", "resolved", "recovered")]


def test_a_start_that_arrives_late_fires_at_once() -> None:
    """It is overdue already, from the moment at which it was due."""
    partition = Partition(book(overdue()))
    passes(partition, at("14:00"))
    partition.process(begun("10:00"))
    assert partition.told == [FIRED]
    assert partition.alerts[0].starts_at == "2026-03-02T12:30:00.000Z"


def test_twice_as_long_escalates() -> None:
    """In seconds since the start."""
    partition = Partition(book(overdue(escalate_at=5 * 3_600)))
    partition.process(begun("10:00"))
    passes(partition, at("15:00") - 1)
    assert [alert.reason for alert in partition.alerts] == ["threshold"]
    passes(partition, at("15:00"))
    assert [(alert.reason, alert.severity, alert.value) for alert in partition.alerts][1:] == [
        ("escalated", "critical", 18_000.0)
    ]


def test_started_runs_are_bounded() -> None:
    """Those that started first are kept: they are waited for first."""
    flow = Flow("f")
    for number in range(MAX_STARTED + 10):
        assert flow.start(f"r{number:04}", 1_000_000 - number * MINUTE)
    assert len(flow.started) == MAX_STARTED
    assert f"r{MAX_STARTED + 9:04}" in flow.started
    assert not flow.start("newest", 2_000_000)
    assert not flow.start(f"r{MAX_STARTED:04}", flow.started[f"r{MAX_STARTED:04}"])


def test_without_the_rule_nothing_is_tracked() -> None:
    """Notifications of starts then cost no state."""
    partition = Partition(book())
    partition.process(begun("10:00"))
    assert partition.step._ledger.flows["f1"].started == {}


def test_the_run_that_started_last_is_named_first() -> None:
    """As everywhere: newest first."""
    partition = Partition(book(overdue()))
    partition.each(run("a", "in_progress", "10:00"), run("b", "in_progress", "10:00"), run("c", "in_progress", "09:50"))
    partition.process(run("x", "success", "20:00", "f2"))
    assert [alert.run_ids for alert in partition.alerts] == [["c"]]


def test_of_runs_that_fall_due_together_all_are_named() -> None:
    """Newest first."""
    partition = Partition(book(overdue(after_ms=10 * MINUTE)))
    partition.each(run("a", "in_progress", "10:00"), run("b", "in_progress", "10:00"))
    partition.process(run("x", "success", "20:00", "f2"))
    assert [alert.run_ids for alert in partition.alerts] == [["b", "a"]]


def test_an_end_that_lies_before_the_start_lasted_nothing() -> None:
    """A late run that ended long before it is said to have begun: the value is no negative time."""
    partition = Partition(book(overdue()))
    partition.process(begun("10:00"))
    passes(partition, at("12:30"))
    partition.process(run("a", "failed", at("10:00") - MINUTE))
    assert [(alert.state, alert.value) for alert in partition.alerts] == [("firing", 9_000.0), ("resolved", 0.0)]


def test_a_start_before_the_epoch_is_the_epoch() -> None:
    """Only a foreign writer can say so; the moment is one that records can hold."""
    seen = read_run(msgspec.json.encode(run("a", "in_progress", "10:00", started_at="1969-12-31T23:59:59.000Z")))
    assert isinstance(seen, RunSeen)
    assert started_ms(seen, at("10:00")) == 0
