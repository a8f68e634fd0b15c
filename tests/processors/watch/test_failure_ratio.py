"""Too large a share of failures within a span of event time."""

from typing import Any

import pytest

from processors.watch.rule_book import WindowSettings
from processors.watch.rules.rule import Rule
from tests.processors.watch.records import DAY, HOUR, Partition, at, run
from tests.processors.watch.rules import book, often, ratio

FIRED = ("ratio", "firing", "threshold")


def row(statuses: str, hour: int = 10, **more: Any) -> list[dict[str, Any]]:
    """Return runs ten minutes apart: ``F`` failed, ``s`` succeeded, ``p`` was partial, ``u`` is unknown."""
    names = {"F": "failed", "s": "success", "p": "partial", "u": "unknown", "i": "in_progress"}
    return [
        run(f"{hour}-{place}", names[status], at(f"{hour}:00") + place * 600_000, **more)
        for place, status in enumerate(statuses)
    ]


def test_half_of_four_runs_fires() -> None:
    """Three runs are too few to judge by; the fourth makes them enough, although it succeeds."""
    partition = Partition(book(ratio()))
    partition.each(*row("FFs"))
    assert partition.told == []
    partition.each(*row("s", 11))
    assert partition.told == [FIRED]
    assert (partition.alerts[0].value, partition.alerts[0].threshold) == (0.5, 0.5)
    assert partition.alerts[0].annotations.summary == (
        "Flow f1 failed in 2 of 4 runs within 1d (50%), since 2026-03-02 10:00 UTC."
    )


def test_less_than_half_does_not() -> None:
    """Partial runs are no failures, and count in the whole; unknown and unfinished ones count nowhere."""
    partition = Partition(book(ratio()))
    partition.each(*row("FpssFuui"))
    assert partition.told == []


def test_the_threshold_itself_counts() -> None:
    """Three of ten are three tenths, as they are written."""
    partition = Partition(book(ratio(threshold=0.3, min_runs=10, resolve_below=0.1)))
    partition.each(*row("ssssFFsss"))
    assert partition.told == []
    partition.each(*row("F", 12))
    assert partition.told == [FIRED]


def test_a_run_exactly_within_old_is_out() -> None:
    """A day later to the millisecond, the first failure does not count any more."""
    partition = Partition(book(ratio()))
    partition.each(*row("FFs"), run("x", "success", at("10:00") + DAY))
    assert partition.told == []
    partition = Partition(book(ratio()))
    partition.each(*row("FFs"), run("x", "success", at("10:00") + DAY - 1))
    assert partition.told == [FIRED]


def test_it_ends_when_the_share_is_small() -> None:
    """Below a quarter, not at it; a better run ends it, whatever ``min_runs``."""
    partition = Partition(book(ratio()))
    partition.each(*row("FFss"), *row("ssss", 12))
    assert partition.told == [FIRED]
    partition.each(*row("s", 14))
    assert partition.told == [FIRED, ("ratio", "resolved", "recovered")]
    assert round(partition.alerts[1].value or 0, 3) == 0.222


def test_it_expires_when_no_failure_is_left() -> None:
    """Time takes the failures out of the span: at the last one's moment plus a day."""
    partition = Partition(book(ratio()))
    partition.each(*row("FFFF"), run("x", "success", at("10:30") + DAY - 1, "f2"))
    assert partition.told == [FIRED]
    partition.process(run("y", "success", at("12:00") + DAY, "f2"))
    assert partition.told[1:] == [("ratio", "resolved", "expired")]
    assert partition.alerts[1].ends_at == "2026-03-03T10:30:00.000Z"
    assert partition.alerts[1].value == 0.0


def test_it_expires_when_old_failures_leave_the_span_before_successes() -> None:
    """Of two failures and six successes the failure that leaves first makes the share small enough."""
    partition = Partition(book(ratio()))
    partition.each(*row("FF"), *row("Fsss", 12), *row("ss", 14))
    partition.process(run("x", "success", at("11:00") + DAY, "f2"))
    assert partition.told == [FIRED, ("ratio", "resolved", "expired")]
    assert partition.alerts[1].ends_at == "2026-03-03T10:10:00.000Z"


def test_time_does_not_fire() -> None:
    """When old successes leave the span the share grows, and nobody is woken."""
    partition = Partition(book(ratio()))
    partition.each(*row("ssss"), *row("FFFs", 14), run("x", "success", at("10:35") + DAY, "f2"))
    assert partition.told == []


def test_a_run_without_an_outcome_does_not_fire() -> None:
    """It moves the span so that old successes leave it; the next finished run is judged in it."""
    partition = Partition(book(often(threshold=1, within_ms=3 * DAY), ratio()))
    partition.each(*row("ssss"), *row("FFFs", 14))
    partition.each(run("i", "in_progress", at("10:35") + DAY), run("u", "unknown", at("10:36") + DAY))
    assert partition.told == [("often", "firing", "threshold")]
    partition.process(run("x", "success", at("10:37") + DAY))
    assert partition.told == [("often", "firing", "threshold"), FIRED]


def test_a_correction_resolves() -> None:
    """Failures that turn out to be successes."""
    partition = Partition(book(ratio()))
    partition.each(*row("FFss"), run("10-0", "success", "11:00"), run("10-1", "success", "11:01"))
    assert partition.told == [FIRED, ("ratio", "resolved", "corrected")]


def test_a_larger_share_escalates_once() -> None:
    """At nine tenths."""
    partition = Partition(book(ratio(escalate_at=0.75)))
    partition.each(*row("sFFs"), *row("FFFF", 12), *row("FFFFFF", 14))
    assert partition.told == [FIRED, ("ratio", "firing", "escalated")]
    assert [alert.severity for alert in partition.alerts] == ["warning", "critical"]


def test_an_incident_that_would_be_over_at_once_is_not_opened() -> None:
    """The fourth run comes so late that the watermark has left all failures behind."""
    partition = Partition(book(ratio()))
    partition.each(*row("FFs"), run("x", "success", at("11:00") + DAY, "f2"), run("late", "success", "10:30"))
    assert partition.told == []


@pytest.mark.parametrize("rule", [ratio(threshold=0.1, within_ms=6 * HOUR), often()])
def test_failures_are_kept_as_long_as_a_flows_own_span_may_reach_back(rule: Rule) -> None:
    """The flow's span ends nearly six hours before the watermark, and begins six hours before its end."""
    partition = Partition(book(rule, window=WindowSettings(grace_ms=6 * HOUR)))
    many = [run(f"s{minute}", "success", f"13:{minute}") for minute in range(10, 27)]
    partition.each(run("a", "failed", "10:00"), *many, *row("sssss", 14), run("b", "failed", "15:59"))
    told = len(partition.told)
    partition.process(run("x", "success", "21:58", "f2"))
    partition.process(run("late", "failed", "15:58"))
    assert partition.told[told:] == [(rule.head.name, "firing", "threshold")]
    assert partition.alerts[-1].run_ids == ["b", "late", "a"]
