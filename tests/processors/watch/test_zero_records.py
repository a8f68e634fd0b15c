"""A flow that had input goes on succeeding without any."""

from typing import Any

from tests.processors.watch.records import DAY, Partition, at, run
from tests.processors.watch.rules import book, empty

FIRED = ("empty", "firing", "threshold")


def given(clock: str, count: int | None, status: str = "success", **more: Any) -> dict[str, Any]:
    """Return a run with this input."""
    records = {"input": count, "output": count, "failed": None, "lost": None}
    return run(more.pop("run_id", clock), status, clock, records=records, **more)


def test_three_in_a_row_after_one_that_had_input() -> None:
    """The third fires; the first run with input resolves."""
    partition = Partition(book(empty()))
    partition.each(given("10:00", 5), given("10:10", 0), given("10:20", 0))
    assert partition.told == []
    partition.each(given("10:30", 0), given("10:40", 0), given("10:50", 1))
    assert partition.told == [FIRED, ("empty", "resolved", "recovered")]
    assert (partition.alerts[0].value, partition.alerts[0].starts_at) == (3.0, "2026-03-02T10:30:00.000Z")
    assert partition.alerts[0].annotations.summary == (
        "Flow f1 succeeded 3 times in a row without any input, after a run that had some, since 2026-03-02 10:10 UTC."
    )


def test_a_flow_that_never_had_input_is_not_expected_to() -> None:
    """There is nothing that has changed."""
    partition = Partition(book(empty()))
    partition.each(*(given(f"10:{minute}", 0) for minute in range(10, 20)))
    assert partition.told == []


def test_failed_and_unknown_runs_neither_count_nor_interrupt() -> None:
    """Nor do runs whose input nobody knows, nor partial ones without any."""
    partition = Partition(book(empty()))
    partition.each(given("10:00", 5), given("10:10", 0), given("10:11", 9, "failed"), given("10:12", None))
    partition.each(given("10:13", 0, "partial"), given("10:14", 7, "unknown"), given("10:20", 0))
    assert partition.told == []
    partition.each(given("10:30", 0), given("10:40", 3, "failed"))
    assert partition.told == [FIRED]


def test_a_late_run_with_input_resolves_only_if_it_breaks_the_row() -> None:
    """Before the newest three it does not."""
    partition = Partition(book(empty()))
    partition.each(given("10:00", 5), *(given(f"10:{minute}", 0) for minute in (10, 20, 30)), given("10:05", 5))
    assert partition.told == [FIRED]
    partition.process(given("10:25", 5))
    assert partition.told == [FIRED, ("empty", "resolved", "corrected")]


def test_a_correction_can_fire() -> None:
    """The run in between had no input after all."""
    partition = Partition(book(empty()))
    partition.each(given("10:00", 5), given("10:10", 0), given("10:20", 2), given("10:30", 0))
    partition.process(given("10:20", 0))
    assert partition.told == [FIRED]


def test_more_of_them_escalate() -> None:
    """Once."""
    partition = Partition(book(empty(escalate_at=5)))
    partition.each(given("10:00", 5), *(given(f"10:{minute}", 0) for minute in range(10, 20)))
    assert [(alert.reason, alert.severity, alert.value) for alert in partition.alerts] == [
        ("threshold", "warning", 3.0),
        ("escalated", "critical", 5.0),
    ]


def test_input_before_a_restart_is_remembered() -> None:
    """However long ago: it is among the runs that are kept."""
    partition = Partition(book(empty()))
    later = at("10:00") + 20 * DAY
    partition.each(given("10:00", 5), given("10:10", 0), run("x", "success", later, "f2"))
    partition.crash()
    for number in range(2):
        partition.process(run(f"late{number}", "success", later, records=given("10:00", 0)["records"]))
    assert partition.told == [FIRED]
