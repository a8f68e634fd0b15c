"""record_loss and partial_errors judge a flow by its newest run that can be judged."""

from typing import Any

import pytest

from processors.watch.rules.rule import Rule
from tests.processors.watch.records import Partition, error, run
from tests.processors.watch.rules import book, loss, partly

BOTH = [pytest.param(loss(), "lost", id="loss"), pytest.param(partly(), "failed", id="partly")]


def of(clock: str, field: str, count: int | None, given: int | None = 1_000, **more: Any) -> dict[str, Any]:
    """Return a run at a time, of ``given`` records of which ``count`` were lost or failed."""
    records = {"input": given, "output": given, "failed": None, "lost": None} | {field: count}
    return run(more.pop("run_id", clock), more.pop("status", "success"), clock, records=records, **more)


@pytest.mark.parametrize(("rule", "field"), BOTH)
def test_a_run_at_the_threshold_fires_and_the_next_better_one_resolves(rule: Rule, field: str) -> None:
    """The limit itself counts; one record fewer does not."""
    limit = round(1_000 * rule.limit)
    partition = Partition(book(rule))
    partition.each(of("10:00", field, limit - 1), of("10:10", field, limit), of("10:20", field, limit + 100))
    assert partition.told == [(rule.head.name, "firing", "threshold")]
    partition.process(of("10:30", field, limit - 1))
    assert partition.told[1:] == [(rule.head.name, "resolved", "recovered")]
    fired, resolved = partition.alerts
    assert (fired.value, fired.threshold, fired.run_ids) == (rule.limit, rule.limit, ["10:10"])
    assert (fired.starts_at, resolved.ends_at) == ("2026-03-02T10:10:00.000Z", "2026-03-02T10:30:00.000Z")
    assert resolved.run_ids == ["10:30"]
    assert fired.first_failure_at is None


@pytest.mark.parametrize(("rule", "field"), BOTH)
def test_runs_that_cannot_be_judged_change_nothing(rule: Rule, field: str) -> None:
    """Failed and unknown ones, unfinished ones, those without figures, and those without input."""
    partition = Partition(book(rule))
    partition.each(of("10:00", field, 500))
    partition.each(
        of("10:10", field, 0, status="failed"),
        of("10:11", field, 0, status="unknown"),
        of("10:12", field, 0, status="in_progress"),
        of("10:13", field, None),
        of("10:14", field, 0, given=None),
        of("10:15", field, 0, given=0),
    )
    assert partition.told == [(rule.head.name, "firing", "threshold")]


@pytest.mark.parametrize(("rule", "field"), BOTH)
def test_partial_runs_are_judged_and_failed_ones_are_not(rule: Rule, field: str) -> None:
    """A failed run has alerts of its own."""
    partition = Partition(book(rule))
    partition.process(of("10:00", field, 900, status="failed"))
    assert partition.told == []
    partition.process(of("10:10", field, 900, status="partial"))
    assert partition.told == [(rule.head.name, "firing", "threshold")]


@pytest.mark.parametrize(("rule", "field"), BOTH)
def test_a_late_bad_run_behind_a_good_one_opens_nothing(rule: Rule, field: str) -> None:
    """It would be over at once."""
    partition = Partition(book(rule))
    partition.each(of("10:30", field, 0), of("10:00", field, 900))
    assert partition.told == []


@pytest.mark.parametrize(("rule", "field"), BOTH)
def test_a_late_good_run_behind_the_bad_one_resolves_nothing(rule: Rule, field: str) -> None:
    """The newest run is what it was."""
    partition = Partition(book(rule))
    partition.each(of("10:30", field, 900), of("10:00", field, 0))
    assert partition.told == [(rule.head.name, "firing", "threshold")]


@pytest.mark.parametrize(("rule", "field"), BOTH)
def test_corrections_resolve_and_fire(rule: Rule, field: str) -> None:
    """The bad run re-sent as a good one; the good one re-sent as a failed one, with a bad one behind it."""
    name = rule.head.name
    partition = Partition(book(rule))
    partition.each(of("10:00", field, 900), of("10:00", field, 0))
    assert partition.told == [(name, "firing", "threshold"), (name, "resolved", "corrected")]
    partition.each(of("10:10", field, 900), of("10:20", field, 0), of("10:20", field, 0, status="failed"))
    assert partition.told[2:] == [
        (name, "firing", "threshold"),
        (name, "resolved", "recovered"),
        (name, "firing", "threshold"),
    ]


@pytest.mark.parametrize(("rule", "field"), BOTH)
def test_a_bad_run_that_is_taken_back_ends_the_incident(rule: Rule, field: str) -> None:
    """Re-sent without figures, and there is no other run to judge by."""
    partition = Partition(book(rule))
    partition.each(of("10:00", field, 900), of("10:00", field, None))
    assert partition.told[1:] == [(rule.head.name, "resolved", "corrected")]


def test_few_records_are_not_judged() -> None:
    """``min_records`` is the least input that a loss is told of."""
    partition = Partition(book(loss(min_records=100)))
    partition.each(of("10:00", "lost", 50, given=99))
    assert partition.told == []
    partition.each(of("10:10", "lost", 50, given=100))
    assert partition.told == [("loss", "firing", "threshold")]


@pytest.mark.parametrize("rule", [loss(escalate_at=0.5), partly(escalate_at=0.5)])
def test_a_second_limit_escalates_or_opens_as_critical(rule: Rule) -> None:
    """Once; and one record is enough for what begins beyond it."""
    field = "lost" if rule.kind == "record_loss" else "failed"
    partition = Partition(book(rule))
    partition.each(of("10:00", field, 100), of("10:10", field, 600), of("10:20", field, 700))
    assert [(alert.reason, alert.severity) for alert in partition.alerts] == [
        ("threshold", "warning"),
        ("escalated", "critical"),
    ]
    partition = Partition(book(rule))
    partition.each(of("10:00", field, 600), of("10:10", field, 700))
    assert [(alert.reason, alert.severity) for alert in partition.alerts] == [("threshold", "critical")]


def test_the_sentences() -> None:
    """Which share, and how many records of how many."""
    partition = Partition(book(loss(), partly()))
    records = {"input": 10_000, "output": 9_970, "failed": 80, "lost": 300}
    partition.process(run("a", "partial", "10:00", records=records, flow_name="CRM"))
    partition.process(run("b", "success", "11:30", flow_name="CRM", records=records | {"failed": 0, "lost": 3}))
    assert [alert.annotations.summary for alert in partition.alerts] == [
        "CRM lost 300 of its 10000 input records (3%) in a run that succeeded in part, at 2026-03-02 10:00 UTC.",
        "CRM succeeded in part, yet 80 of its 10000 input records (0.8%) were refused, at 2026-03-02 10:00 UTC.",
        "CRM is complete again: its newest run lost 0.03% of its input (open for 1h 30m).",
        "CRM is clean again: 0% of its newest run's input was refused (open for 1h 30m).",
    ]


@pytest.mark.parametrize("rule", [loss(), partly()])
def test_a_late_run_where_nothing_can_be_judged(rule: Rule) -> None:
    """Says nothing."""
    partition = Partition(book(rule))
    unknown = {"input": None, "output": None, "failed": None, "lost": None}
    partition.each(run("a", moment="10:30", records=unknown), run("b", moment="10:00", records=unknown))
    assert partition.alerts == []


@pytest.mark.parametrize(("rule", "field"), BOTH)
def test_an_earlier_failure_does_not_explain_it(rule: Rule, field: str) -> None:
    """The error of a run that failed before has nothing to do with what a green one lost or refused."""
    partition = Partition(book(rule))
    partition.process(run("a", "failed", "10:00", errors=[error("OLD-1", "Login failed.", "copy")]))
    partition.process(of("10:10", field, 500))
    [alert] = partition.alerts
    told = f"{alert.annotations.summary} {alert.annotations.description}"
    assert [word for word in ("OLD-1", "Login failed", "most likely") if word in told] == []
