"""The newest runs of a flow have all failed."""

from tests.processors.watch.records import Partition, run
from tests.processors.watch.rules import book, in_a_row

FIRED = ("in-a-row", "firing", "threshold")


def streak(*clocks: str) -> list[dict[str, object]]:
    """Return failed runs at these times, named after them."""
    return [run(clock, "failed", clock) for clock in clocks]


def test_the_failure_that_completes_the_streak_fires() -> None:
    """Longer streaks say nothing more."""
    partition = Partition(book(in_a_row()))
    partition.each(*streak("10:00", "10:10"))
    assert partition.told == []
    partition.each(*streak("10:20", "10:30"))
    assert partition.told == [FIRED]
    assert partition.alerts[0].starts_at == "2026-03-02T10:20:00.000Z"
    assert partition.alerts[0].run_ids == ["10:20", "10:10", "10:00"]


def test_the_first_success_resolves() -> None:
    """It is a newer, better run: recovered at its event time."""
    partition = Partition(book(in_a_row()))
    partition.each(*streak("10:00", "10:10", "10:20"), run("ok", "success", "10:30"))
    assert partition.told == [FIRED, ("in-a-row", "resolved", "recovered")]
    assert partition.alerts[1].ends_at == "2026-03-02T10:30:00.000Z"


def test_a_partial_run_ends_the_streak_and_an_unknown_one_does_not() -> None:
    """Partial is no failure; of unknown nothing is known; what has not ended says nothing."""
    partition = Partition(book(in_a_row()))
    partition.each(*streak("10:00", "10:10"), run("u", "unknown", "10:15"), run("p", "in_progress", "10:16"))
    partition.each(*streak("10:20"))
    assert partition.told == [FIRED]
    partition.process(run("h", "partial", "10:30"))
    assert partition.told == [FIRED, ("in-a-row", "resolved", "recovered")]


def test_time_alone_ends_no_streak() -> None:
    """Only a better run does."""
    partition = Partition(book(in_a_row()))
    partition.each(*streak("10:00", "10:10", "10:20"), run("x", "success", "19:00", "f2"))
    partition.tick(100 * 24 * 3_600_000)
    assert partition.told == [FIRED]


def test_a_late_success_in_between_resolves_as_corrected() -> None:
    """With it the newest three are no longer all failed."""
    partition = Partition(book(in_a_row()))
    partition.each(*streak("10:00", "10:10", "10:20"), run("ok", "success", "10:15"))
    assert partition.told == [FIRED, ("in-a-row", "resolved", "corrected")]
    assert partition.alerts[1].value == 1.0


def test_a_late_success_before_the_newest_three_changes_nothing() -> None:
    """The newest three by event time have failed all the same."""
    partition = Partition(book(in_a_row()))
    partition.each(*streak("10:00", "10:10", "10:20", "10:30"), run("ok", "success", "10:05"))
    assert partition.told == [FIRED]


def test_a_failure_re_sent_as_success_resolves_as_corrected() -> None:
    """The run is taken out and put in as one step, and then looked at."""
    partition = Partition(book(in_a_row()))
    partition.each(*streak("10:00", "10:10", "10:20"), run("10:20", "success", "10:25"))
    assert partition.told == [FIRED, ("in-a-row", "resolved", "corrected")]


def test_a_success_re_sent_as_failure_can_fire() -> None:
    """A correction may also open an incident."""
    partition = Partition(book(in_a_row()))
    partition.each(*streak("10:00", "10:10"), run("x", "success", "10:05"), run("x", "failed", "10:06"))
    assert partition.told == [FIRED]


def test_a_failed_run_that_moves_keeps_the_streak() -> None:
    """Re-sent with a later time it is taken out and put in without a resolve in between."""
    partition = Partition(book(in_a_row()))
    partition.each(*streak("10:00", "10:10", "10:20"), run("10:00", "failed", "10:40"))
    assert partition.told == [FIRED]


def test_it_fires_again_after_a_recovery() -> None:
    """Never twice without a resolve in between; the second incident is another one."""
    partition = Partition(book(in_a_row(threshold=1)))
    partition.each(*streak("10:00", "10:10"), run("ok", "success", "10:20"), *streak("10:30"))
    assert [state for _, state, _ in partition.told] == ["firing", "resolved", "firing"]
    assert [alert.revision for alert in partition.alerts] == [1, 2, 1]
    assert partition.alerts[0].incident_id != partition.alerts[2].incident_id


def test_the_order_is_that_of_event_time_then_of_arrival() -> None:
    """Of two runs of the same moment the one that arrived later is the newer."""
    partition = Partition(book(in_a_row(threshold=1)))
    partition.each(run("a", "failed", "10:00"), run("b", "success", "10:00"))
    assert partition.told == [("in-a-row", "firing", "threshold"), ("in-a-row", "resolved", "recovered")]


def test_a_longer_streak_escalates_once() -> None:
    """At five in a row."""
    partition = Partition(book(in_a_row(escalate_at=5)))
    partition.each(*streak(*(f"10:{minute}" for minute in range(10, 18))))
    assert [(alert.reason, alert.severity, alert.value) for alert in partition.alerts] == [
        ("threshold", "warning", 3.0),
        ("escalated", "critical", 5.0),
    ]
