"""The judge says what the agent would have said."""

from random import Random
from typing import Any

import msgspec
import pytest

from flowrun.backtest.judge import Judge
from flowrun.backtest.recorded import RecordedRun
from processors.watch.rule_book import RuleBook
from schemas.alert import Alert
from tests.flowrun.backtest.runs import failing, recorded
from tests.processors.watch.records import DAY, HOUR, MINUTE, T0, Partition, at, run
from tests.processors.watch.rules import book, empty, in_a_row, loss, new_code, often, overdue, ratio, slow, stalled

EVERY_KIND = book(
    often(), in_a_row(), ratio(min_runs=2), loss(), empty(), stalled(after_ms=3 * HOUR), overdue(), slow(), new_code()
)
Transition = tuple[str, str | None, str, str | None, str | None]


def transitions(alerts: list[Alert]) -> list[Transition]:
    """Return what the agent told, an incident a line."""
    begun = {alert.incident_id: alert for alert in alerts if alert.revision == 1}
    ended = {alert.incident_id: alert for alert in alerts if alert.state == "resolved"}
    return sorted(
        (alert.rule, alert.labels["flow_id"], alert.starts_at, *_end(ended.get(key))) for key, alert in begun.items()
    )


def _end(alert: Alert | None) -> tuple[str | None, str | None]:
    return (None, None) if alert is None else (alert.ends_at, alert.reason)


def history(seed: int, count: int = 150) -> list[tuple[int, dict[str, Any]]]:
    """Return runs with the times of their arrival: late ones, re-sent ones, silence between them."""
    rng = Random(seed)  # noqa: S311
    now, made = T0, []
    for number in range(count):
        now += rng.choice((0, MINUTE, 20 * MINUTE, 20 * MINUTE, 4 * HOUR))
        status = rng.choice(("success", "failed", "failed", "partial", "in_progress"))
        moment = now - rng.choice((0, 0, 0, HOUR, DAY))
        run_id = f"r{rng.randrange(max(1, number))}" if rng.random() < 0.1 else f"r{number}"
        more = {"duration_ms": rng.choice((1_000, 1_100, 5_000)), "event_id": f"e{number}"}
        made.append((now, run(run_id, status, moment, f"f{rng.randrange(3)}", **more)))
    return made


def told_by_agent(rules: RuleBook, arrivals: list[tuple[int, dict[str, Any]]], until: int) -> list[Transition]:
    """Let the agent itself watch, with a tick each second that matters: before each arrival and at the end."""
    partition = Partition(rules)
    for now, record in arrivals:
        partition.tick(now - partition.now)
        partition.process(record)
    partition.tick(until - partition.now)
    return transitions(partition.alerts)


@pytest.mark.parametrize("seed", range(12))
def test_as_the_agent(seed: int) -> None:
    """Over runs of every kind, late and re-sent, with silence: the same incidents, begin, end and reason."""
    arrivals, until = history(seed), T0 + 20 * DAY
    judge = Judge(EVERY_KIND, None)
    runs = [RecordedRun(0, 2 * n, now, msgspec.json.encode(record)) for n, (now, record) in enumerate(arrivals)]
    for begin in range(0, len(runs), 40):
        judge.take(runs[begin : begin + 40])
    found = judge.finish(until).candidate
    told = sorted((one.rule, one.flow_id, one.starts_at, one.ends_at, one.reason) for one in found)
    assert told == told_by_agent(EVERY_KIND, arrivals, until)
    assert len(told) > 10


def test_figures() -> None:
    """What was read, of how many flows, from when to when, and what could not be used."""
    runs = recorded(run("a", moment="10:30"), run("b", moment="10:00", flow_id="f2"), run("c", moment="11:00"))
    late = recorded(run("d", moment=at("10:00", 40)), run("e", moment="10:30"), begin=10)
    judge = Judge(book(), None)
    judge.take([*runs, *late, RecordedRun(0, 20, 0, b"{}"), RecordedRun(0, 21, 0, b"\xff")])
    outcome = judge.finish(0)
    assert (outcome.runs, outcome.flows, outcome.too_late, outcome.unreadable) == (5, 2, 1, 2)
    assert (outcome.first_ms, outcome.last_ms) == (at("10:00"), at("10:00", 40))


def test_both_books_see_the_same() -> None:
    """Each says its own."""
    judge = Judge(book(often()), book(often(threshold=2)))
    judge.take(recorded(*failing(count=3)))
    outcome = judge.finish(0)
    assert [[one.starts_at[11:16] for one in found] for found in (outcome.candidate, outcome.present)] == [
        ["10:02"],
        ["10:01"],
    ]


def test_partitions_have_their_own_time() -> None:
    """A late partition is not late because another is ahead."""
    judge = Judge(book(), None)
    judge.take(recorded(run("a", moment=at("10:00", 20)), partition=0))
    judge.take(recorded(run("b", moment="10:00", flow_id="f2"), partition=1))
    assert judge.finish(0).too_late == 0


def test_time_passes_to_the_end() -> None:
    """A flow that is silent until the recording ends has stalled."""
    judge = Judge(book(stalled(after_ms=HOUR)), None)
    judge.take(recorded(run("a", moment="10:00")))
    assert [one.starts_at[11:16] for one in judge.finish(at("12:00")).candidate] == ["11:00"]


def test_arrivals_out_of_order_are_no_silence() -> None:
    """A record that is stamped earlier than the one before it came when that did."""
    judge = Judge(book(stalled(after_ms=HOUR)), None)
    first = recorded(run("a", moment="10:00"))[0]._replace(arrived_ms=at("10:00", 1))
    second = recorded(run("b", moment="10:01"), begin=1)[0]._replace(arrived_ms=at("10:00"))
    third = recorded(run("c", moment="10:02"), begin=2)[0]._replace(arrived_ms=at("10:00", 1))
    judge.take([first, second, third])
    assert judge.finish(0).candidate == []
