"""Too many failures within a span of event time."""

from typing import Any

from processors.watch.durations import HOUR_MS, MINUTE_MS
from processors.watch.rules.failure_count import FailureCount
from tests.processors.watch.records import MINUTE, Partition, at, run
from tests.processors.watch.rules import book, head, often


def failed(run_id: str, clock: str, **more: Any) -> dict[str, object]:
    """Return a failed run."""
    return run(run_id, "failed", clock, **more)


def test_the_failure_that_reaches_the_threshold_fires() -> None:
    """Two are not enough, the third opens the incident, the fourth says nothing."""
    partition = Partition(book(often()))
    partition.each(failed("a", "10:00"), failed("b", "10:30"))
    assert partition.told == []
    partition.each(failed("c", "11:00"), failed("d", "11:30"))
    assert partition.told == [("often", "firing", "threshold")]
    assert (partition.alerts[0].value, partition.alerts[0].threshold) == (3.0, 3.0)
    assert partition.alerts[0].starts_at == "2026-03-02T11:00:00.000Z"
    assert partition.alerts[0].run_ids == ["c", "b", "a"]


def test_a_failure_exactly_within_old_is_out() -> None:
    """The span is open at its start: of three failures over exactly six hours two are in it."""
    partition = Partition(book(often()))
    partition.each(failed("a", "10:00"), failed("b", "12:00"), failed("c", "16:00"))
    assert partition.told == []


def test_a_failure_a_millisecond_younger_is_in() -> None:
    """The span is closed at its end."""
    partition = Partition(book(often()))
    partition.each(failed("a", "10:00"), failed("b", "12:00"), run("c", "failed", at("16:00") - 1))
    assert partition.told == [("often", "firing", "threshold")]


def test_it_expires_when_the_last_failure_leaves_the_span() -> None:
    """Another flow moves the watermark; the incident ends when the newest failure is exactly six hours old."""
    partition = Partition(book(often()))
    partition.each(failed("a", "10:00"), failed("b", "10:30"), failed("c", "11:00"))
    partition.process(run("x", "success", at("17:00") - 1, "f2"))
    assert partition.told == [("often", "firing", "threshold")]
    partition.process(run("y", "success", at("17:00"), "f2"))
    assert partition.told[1:] == [("often", "resolved", "expired")]
    assert partition.alerts[1].ends_at == "2026-03-02T17:00:00.000Z"
    assert partition.alerts[1].value == 0.0
    assert partition.alerts[1].incident_id == partition.alerts[0].incident_id


def test_resolve_below_two_ends_it_when_one_is_left() -> None:
    """The failure whose leaving makes them fewer sets the end, not the record that brought the time."""
    partition = Partition(book(often(resolve_below=2)))
    partition.each(failed("a", "10:00"), failed("b", "10:30"), failed("c", "11:00"))
    partition.process(run("x", "success", "18:30", "f2"))
    assert partition.told[1:] == [("often", "resolved", "expired")]
    assert partition.alerts[1].ends_at == "2026-03-02T16:30:00.000Z"
    assert partition.alerts[1].value == 1.0


def test_spans_move_before_the_run_is_applied() -> None:
    """A failure that comes when all earlier ones have left the span first resolves, and is then alone."""
    partition = Partition(book(often()))
    partition.each(failed("a", "10:00"), failed("b", "10:30"), failed("c", "11:00"), failed("d", "17:00"))
    assert partition.told == [("often", "firing", "threshold"), ("often", "resolved", "expired")]


def test_one_run_can_resolve_and_fire() -> None:
    """With a threshold of one the run that expires the old incident opens the next one, in this order."""
    partition = Partition(book(often(threshold=1)))
    partition.each(failed("a", "10:00"), failed("b", "16:00"))
    assert partition.told == [
        ("often", "firing", "threshold"),
        ("often", "resolved", "expired"),
        ("often", "firing", "threshold"),
    ]
    assert partition.alerts[0].incident_id != partition.alerts[2].incident_id


def test_a_flows_own_time_moves_with_unfinished_runs_too() -> None:
    """A run in progress moves the span; the failure that follows late is counted in the span that ends there."""
    partition = Partition(book(often()))
    partition.each(failed("a", "10:00"), failed("b", "10:30"), run("x", "in_progress", "16:10"), failed("c", "12:00"))
    assert partition.told == []


def test_another_flows_time_does_not_move_the_span_that_fires() -> None:
    """The watermark is ahead, yet the flow's own six hours hold three failures: it fires while one is left."""
    partition = Partition(book(often()))
    partition.each(failed("a", "10:00"), failed("b", "10:30"), run("x", "success", "16:45", "f2"))
    partition.process(failed("c", "11:00"))
    assert partition.told == [("often", "firing", "threshold")]


def test_an_incident_that_would_be_over_at_once_is_not_opened() -> None:
    """The third failure comes so late that the watermark has left all of them behind."""
    partition = Partition(book(often()))
    partition.each(failed("a", "10:00"), failed("b", "10:30"), run("x", "success", "17:00", "f2"))
    partition.process(failed("c", "11:00"))
    assert partition.told == []


def test_a_late_failure_fires_with_the_threshold_crossed_in_event_time() -> None:
    """The incident starts at the third failure by event time, although another one was the last to arrive."""
    partition = Partition(book(often()))
    partition.each(failed("b", "10:30"), failed("c", "11:00"), failed("a", "10:00"))
    assert partition.alerts[0].starts_at == "2026-03-02T11:00:00.000Z"
    assert partition.alerts[0].first_failure_at == "2026-03-02T10:00:00.000Z"
    assert partition.alerts[0].last_failure_at == "2026-03-02T11:00:00.000Z"


def test_success_between_failures_does_not_matter() -> None:
    """It is a count, not a streak; partial and unknown runs are no failures."""
    partition = Partition(book(often()))
    partition.each(
        failed("a", "10:00"),
        run("b", "success", "10:10"),
        failed("c", "10:20"),
        run("d", "partial", "10:30"),
        run("e", "unknown", "10:40"),
        run("f", "in_progress", "10:50"),
    )
    assert partition.told == []
    partition.process(failed("g", "11:00"))
    assert partition.told == [("often", "firing", "threshold")]


def test_a_run_notified_again_counts_once() -> None:
    """The same failed run under three event ids is one failure."""
    partition = Partition(book(often()))
    partition.each(failed("a", "10:00"), failed("a", "10:05"), failed("a", "10:10"))
    assert partition.told == []


def test_failures_that_turn_out_to_be_successes_resolve_as_corrected() -> None:
    """All three are re-sent as successes; the last one ends the incident."""
    partition = Partition(book(often()))
    partition.each(failed("a", "10:00"), failed("b", "10:30"), failed("c", "11:00"))
    partition.each(run("a", "success", "11:10"), run("b", "success", "11:11"))
    assert partition.told == [("often", "firing", "threshold")]
    partition.process(run("c", "success", "11:12"))
    assert partition.told[1:] == [("often", "resolved", "corrected")]
    assert partition.alerts[1].ends_at == "2026-03-02T11:12:00.000Z"


def test_silence_expires_too() -> None:
    """After ``idle`` the clock moves the watermark, and a tick resolves."""
    partition = Partition(book(often(within_ms=10 * MINUTE_MS)))
    partition.each(failed("a", "10:00"), failed("b", "10:01"), failed("c", "10:02"))
    partition.tick(9 * MINUTE)
    assert partition.told == [("often", "firing", "threshold")]
    partition.tick(MINUTE, caught_up=False)
    assert partition.told == [("often", "firing", "threshold")]
    partition.tick()
    assert partition.told[1:] == [("often", "resolved", "expired")]


def test_flows_do_not_count_together() -> None:
    """Each flow has failures of its own."""
    partition = Partition(book(often()))
    partition.each(failed("a", "10:00"), failed("b", "10:01", flow_id="f2"), failed("c", "10:02", flow_id="f3"))
    assert partition.told == []


def test_the_window_of_a_firing_record_is_the_flows_own_span() -> None:
    """It ends at the flow's own time and is ``within`` long."""
    partition = Partition(book(often(within_ms=HOUR_MS, threshold=1)))
    partition.process(failed("a", "10:30"))
    assert partition.alerts[0].window_start == "2026-03-02T09:30:00.000Z"
    assert partition.alerts[0].window_end == "2026-03-02T10:30:00.000Z"


def test_more_failures_escalate_once() -> None:
    """Counted in the flow's own span; the incident is critical from then on, and ends as such."""
    partition = Partition(book(often(escalate_at=5)))
    partition.each(*(failed(f"r{minute}", f"10:{minute}") for minute in range(10, 18)))
    partition.process(run("x", "success", "17:00", "f2"))
    assert partition.told == [
        ("often", "firing", "threshold"),
        ("often", "firing", "escalated"),
        ("often", "resolved", "expired"),
    ]
    assert [(alert.revision, alert.value) for alert in partition.alerts] == [(1, 3.0), (2, 5.0), (3, 0.0)]
    assert len({alert.incident_id for alert in partition.alerts}) == 1
    assert partition.alerts[0].starts_at == partition.alerts[1].starts_at


def test_a_name_that_begins_to_match_is_looked_at() -> None:
    """A rule for some flows looks at one as soon as it is called so, and not before."""
    partition = Partition(book(FailureCount(head("often", match={"flow_name": "CRM*"}))))
    partition.each(failed("a", "10:00"), failed("b", "10:01"), failed("c", "10:02"))
    assert partition.told == []
    partition.process(run("d", "success", "10:03", flow_name="CRM nightly"))
    assert partition.told == [("often", "firing", "threshold")]


def test_an_open_incident_of_a_name_that_no_longer_matches_is_resolved_all_the_same() -> None:
    """And is not opened again."""
    partition = Partition(book(FailureCount(head("often", match={"flow_name": "CRM*"}), threshold=1)))
    partition.each(failed("a", "10:00", flow_name="CRM"), failed("b", "10:01", flow_name="ERP"))
    partition.each(run("x", "success", "17:00", "f2"), failed("c", "18:00"))
    assert partition.told == [("often", "firing", "threshold"), ("often", "resolved", "expired")]
