"""A run took much longer than the flow's runs usually do."""

from typing import Any

import pytest

from processors.watch.rules.slow import median
from tests.processors.watch.records import T0, Partition, run
from tests.processors.watch.rules import book, slow

FIRED = ("slow", "firing", "threshold")


def took(*durations: int | None, first: int = 0, status: str = "success") -> list[dict[str, Any]]:
    """Return runs one minute apart that took so many seconds."""
    return [
        run(
            f"r{first + place}",
            status,
            T0 + (first + place) * 60_000,
            duration_ms=None if seconds is None else seconds * 1_000,
        )
        for place, seconds in enumerate(durations)
    ]


def test_twice_the_median_of_five_fires_and_a_faster_one_resolves() -> None:
    """Exactly twice counts; a little less does not."""
    partition = Partition(book(slow()))
    partition.each(*took(300, 300, 300, 300, 300, 599))
    assert partition.told == []
    partition.each(*took(600, first=6), *took(599, first=7))
    assert partition.told == [FIRED, ("slow", "resolved", "recovered")]
    assert partition.alerts[0].run_ids == ["r6"]


def test_with_fewer_than_five_before_it_nothing_is_usual() -> None:
    """Runs without a duration do not count, nor do failed ones."""
    partition = Partition(book(slow()))
    partition.each(*took(10, 10, None, 10, 10), *took(10, first=5, status="failed"), *took(10_000, first=6))
    assert partition.told == []
    partition.each(*took(20_000, first=7))
    assert partition.told == [FIRED]


def test_it_is_compared_with_the_last_twenty() -> None:
    """Long ago it was faster, which does not matter any more."""
    partition = Partition(book(slow()))
    partition.each(*took(*([10] * 30), *([15] * 20)), *took(25, first=50))
    assert partition.told == []


def test_that_the_newest_were_slower_does_not_hide_it() -> None:
    """Eight of the twenty took longer than half of it, the median did not."""
    partition = Partition(book(slow()))
    partition.each(*took(*([10] * 12), *([19] * 8)), *took(36, first=20))
    assert partition.told == [FIRED]


def test_failed_runs_are_passed_over_in_the_comparison() -> None:
    """The twenty before may lie further back."""
    partition = Partition(book(slow()))
    partition.each(*took(*([10] * 6)), *took(*([1] * 25), first=6, status="failed"), *took(19, 20, first=31))
    assert partition.told == [FIRED]


def test_failed_runs_and_those_without_a_duration_are_not_judged() -> None:
    """They neither fire nor resolve."""
    partition = Partition(book(slow()))
    partition.each(*took(10, 10, 10, 10, 10), *took(500, first=5, status="failed"))
    assert partition.told == []
    partition.each(*took(500, first=6), *took(10, first=7, status="failed"), *took(None, first=8))
    assert partition.told == [FIRED]


def test_a_flow_that_stays_slow_gets_used_to_it() -> None:
    """The median follows; the incident ends when a run is no longer twice the usual."""
    partition = Partition(book(slow()))
    partition.each(*took(10, 10, 10, 10, 10), *took(*([30] * 6), first=5))
    assert partition.told == [FIRED, ("slow", "resolved", "recovered")]


def test_a_run_that_takes_no_time_is_no_measure() -> None:
    """Of runs that took 0 ms none is slower than any other."""
    partition = Partition(book(slow()))
    partition.each(*took(0, 0, 0, 0, 0, 10))
    assert partition.told == []


def test_a_late_run_can_change_what_is_usual() -> None:
    """With the sixth run before it, the newest one is not slow after all."""
    partition = Partition(book(slow(min_runs=2)))
    partition.each(*took(10, 50), *took(60, first=5))
    assert partition.told == [FIRED]
    partition.each(*took(50, first=3))
    assert partition.told == [FIRED, ("slow", "resolved", "corrected")]


def test_the_sentences() -> None:
    """How long it took, how many times the usual, and what the usual is; that it is over."""
    partition = Partition(book(slow()))
    partition.each(*took(300, 300, 300, 300, 300, 720, 300))
    assert [alert.annotations.summary for alert in partition.alerts] == [
        "Flow f1 took 12m for a run, 2.4 times as long as usual (5m), at 2026-03-02 10:05 UTC.",
        "Flow f1 is as fast as usual again: its newest run took 1 times the usual (open for 1m).",
    ]


def test_a_second_factor_escalates() -> None:
    """Four times the usual."""
    partition = Partition(book(slow(escalate_at=4)))
    partition.each(*took(10, 10, 10, 10, 10, 20, 40))
    assert [(alert.reason, alert.severity) for alert in partition.alerts] == [
        ("threshold", "warning"),
        ("escalated", "critical"),
    ]


@pytest.mark.parametrize(("values", "middle"), [([3], 3), ([1, 9], 5), ([9, 1, 5], 5), ([4, 1, 2, 3], 2.5)])
def test_the_median(values: list[int], middle: float) -> None:
    """The middle one, or the mean of the two in the middle."""
    assert median(values) == middle
