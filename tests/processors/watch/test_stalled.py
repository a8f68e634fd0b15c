"""A flow that used to run does not run any more."""

from typing import Any

import pytest

from processors.watch.durations import HOUR_MS, MINUTE_MS
from processors.watch.rule_book import FlowSettings
from processors.watch.rules.stalled import Stalled
from tests.processors.watch.records import DAY, MINUTE, Partition, at, error, run
from tests.processors.watch.rules import book, head, stalled

FIRED = ("stalled", "firing", "threshold")
HOURLY = [run(f"h{hour}", "success", f"{hour}:00") for hour in range(10, 15)]
"""Five runs; the interval is an hour, so the flow stalls at 17:00."""


def passes(partition: Partition, moment: int) -> None:
    """Let another flow move the watermark."""
    partition.process(run(f"x{moment}", "success", moment, "other"))


def test_three_times_the_usual_interval_without_a_run_fires() -> None:
    """At the millisecond, by time alone; the next run resolves."""
    partition = Partition(book(stalled()))
    partition.each(*HOURLY)
    passes(partition, at("17:00") - 1)
    assert partition.told == []
    passes(partition, at("17:00"))
    assert partition.told == [FIRED]
    partition.process(run("back", "failed", "17:30"))
    assert partition.told == [FIRED, ("stalled", "resolved", "recovered")]
    fired, resolved = partition.alerts
    assert (fired.starts_at, fired.value, fired.threshold) == ("2026-03-02T17:00:00.000Z", 10_800.0, 10_800.0)
    assert fired.annotations.summary == "Flow f1 has had no finished run for 3h, since 2026-03-02 14:00 UTC."
    assert fired.run_ids == ["h14"]
    assert resolved.annotations.summary == "Flow f1 runs again (open for 30m)."


def test_a_learned_limit_is_told_in_round_figures_and_without_an_error() -> None:
    """Whatever milliseconds the median has; what the newest run said of errors explains no silence."""
    partition = Partition(book(stalled()))
    moments = [at("10:00") + number * 902_817 for number in range(5)]
    partition.each(*(run(f"r{moment}", "failed", moment, errors=[error("A")]) for moment in moments))
    passes(partition, at("12:00"))
    assert partition.alerts[0].annotations.summary == (
        "Flow f1 has had no finished run for 45m, since 2026-03-02 11:00 UTC."
    )


def test_silence_of_everything_fires_too() -> None:
    """After ``idle`` the clock moves the watermark, and a tick says it."""
    partition = Partition(book(stalled()))
    partition.each(*HOURLY)
    partition.tick(3 * HOUR_MS - 1)
    assert partition.told == []
    partition.tick(1)
    assert partition.told == [FIRED]


def test_four_runs_are_too_few_to_learn_from() -> None:
    """Unfinished and unknown ones do not count."""
    partition = Partition(book(stalled()))
    partition.each(*HOURLY[1:], run("u", "unknown", "10:00"), run("i", "in_progress", "14:00"))
    passes(partition, at("10:00") + 5 * DAY)
    assert partition.told == []


def test_the_interval_is_the_median_of_the_last_ten() -> None:
    """A pause among them does not matter."""
    partition = Partition(book(stalled()))
    clocks = [at("10:00") + minute * MINUTE for minute in (0, 10, 20, 300, 310, 320, 330)]
    partition.each(*(run(f"r{moment}", "success", moment) for moment in clocks))
    passes(partition, clocks[-1] + 30 * MINUTE)
    assert partition.told == [FIRED]
    assert partition.alerts[0].threshold == 1_800.0


def test_after_needs_no_learning() -> None:
    """One run is enough."""
    partition = Partition(book(stalled(after_ms=90 * MINUTE_MS)))
    partition.process(run("a", "success", "10:00"))
    passes(partition, at("11:30"))
    assert partition.told == [FIRED]


def test_every_of_the_flow_is_the_interval() -> None:
    """From the rules file, times the factor."""
    partition = Partition(book(stalled(factor=1.5), f1=FlowSettings(every_ms=HOUR_MS)))
    partition.process(run("a", "success", "10:00"))
    passes(partition, at("11:30") - 1)
    assert partition.told == []
    passes(partition, at("11:30"))
    assert partition.told == [FIRED]


def test_runs_of_one_moment_teach_no_interval() -> None:
    """Three times nothing is no time to wait."""
    partition = Partition(book(stalled()))
    partition.each(*(run(f"r{number}", "success", "10:00") for number in range(8)))
    passes(partition, at("10:00") + DAY)
    assert partition.told == []


def test_a_late_run_that_is_not_new_enough_ends_nothing() -> None:
    """It finished before the silence would have been over."""
    partition = Partition(book(stalled()))
    partition.each(*HOURLY)
    passes(partition, at("20:00"))
    partition.process(run("late", "success", "14:30"))
    assert partition.told == [FIRED]
    partition.process(run("later", "success", "17:15"))
    assert partition.told == [FIRED, ("stalled", "resolved", "recovered")]


def test_a_flow_that_stalled_again_is_another_incident() -> None:
    """Also across a restart."""
    partition = Partition(book(stalled()))
    partition.each(*HOURLY)
    passes(partition, at("17:00"))
    partition.process(run("back", "success", "17:30"))
    partition.crash()
    passes(partition, at("10:00") + 2 * DAY)
    assert [state for _, state, _ in partition.told] == ["firing", "resolved", "firing"]
    assert len({alert.incident_id for alert in partition.alerts}) == 2


def test_what_a_run_re_sent_as_unknown_leaves_behind_may_have_stalled_at_once() -> None:
    """The newest finished run is taken back, and the one before it is too long ago."""
    partition = Partition(book(stalled(after_ms=HOUR_MS)))
    partition.each(run("a", "success", "10:00"), run("b", "success", "10:50"))
    passes(partition, at("11:10"))
    partition.process(run("b", "unknown", "10:51"))
    assert partition.told == [FIRED]
    assert partition.alerts[0].starts_at == "2026-03-02T11:00:00.000Z"


@pytest.mark.parametrize(
    ("rule", "moment"),
    [(stalled(escalate_after=6.0), "20:00"), (stalled(after_ms=2 * HOUR_MS, escalate_after=4.0 * HOUR_MS), "18:00")],
)
def test_longer_silence_escalates(rule: Any, moment: str) -> None:
    """A second factor, or a second time."""
    partition = Partition(book(rule))
    partition.each(*HOURLY)
    passes(partition, at(moment) - 1)
    assert [alert.reason for alert in partition.alerts] == ["threshold"]
    passes(partition, at(moment))
    assert [(alert.reason, alert.severity) for alert in partition.alerts] == [
        ("threshold", "warning"),
        ("escalated", "critical"),
    ]


def test_a_flow_that_is_called_otherwise_by_now_is_not_watched() -> None:
    """The rule named a moment while the name matched; when it comes, it does not."""
    rule = Stalled(head("stalled", match={"flow_name": "CRM*"}), after_ms=HOUR_MS)
    partition = Partition(book(rule))
    partition.process(run("a", "success", "10:00", flow_name="CRM"))
    partition.process(run("b", "success", "10:30", flow_name="ERP"))
    passes(partition, at("14:00"))
    assert partition.told == []
    partition.process(run("c", "success", "13:30", flow_name="CRM again"))
    passes(partition, at("14:30"))
    assert partition.told == [FIRED]


def test_a_flow_that_will_stall_is_not_forgotten_before() -> None:
    """Its interval may be longer than ninety days of silence."""
    partition = Partition(book(stalled(min_runs=2)))
    partition.each(run("a", "success", at("10:00")), run("b", "success", at("10:00") + 60 * DAY))
    passes(partition, at("10:00") + 200 * DAY)
    assert partition.told == []
    passes(partition, at("10:00") + 240 * DAY)
    assert partition.told == [FIRED]


def test_a_flow_with_one_run_that_will_stall_is_not_forgotten_either() -> None:
    """It is expected every sixty days."""
    partition = Partition(book(stalled(), f1=FlowSettings(every_ms=60 * DAY)))
    partition.process(run("a", "success", at("10:00")))
    passes(partition, at("10:00") + 100 * DAY)
    passes(partition, at("10:00") + 180 * DAY)
    assert partition.told == [FIRED]


def test_what_time_opens_once_more_at_the_same_moment_is_another_incident() -> None:
    """A late run ended it, and was taken back."""
    partition = Partition(book(stalled(after_ms=HOUR_MS)))
    partition.process(run("a", "success", "10:00"))
    passes(partition, at("11:10"))
    partition.process(run("b", "success", "10:50"))
    partition.crash()
    partition.process(run("b", "unknown", "10:51"))
    assert [state for _, state, _ in partition.told] == ["firing", "resolved", "firing"]
    assert partition.alerts[0].starts_at == partition.alerts[2].starts_at
    assert partition.alerts[0].incident_id != partition.alerts[2].incident_id
