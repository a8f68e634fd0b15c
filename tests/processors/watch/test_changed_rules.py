"""A restart with another rules file: nothing breaks, rows and alerts say what they can, and what cannot be is told."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from processors.watch.rule_book import RuleBook, WindowSettings
from processors.watch.rules import Rule
from schemas import times
from schemas.window import Window
from tests.processors.watch.records import DAY, HOUR, MINUTE, T0, Partition, at, error, run
from tests.processors.watch.rules import book, in_a_row, new_code, often, overdue, stalled

SIZES = {"10m": 10 * MINUTE, "1h": HOUR, "1d": DAY}


def windows(size: str = "1h", **more: int) -> WindowSettings:
    """Return windows of a size."""
    return WindowSettings(SIZES[size], size, **more)


def restart(partition: Partition, rules: RuleBook) -> list[str]:
    """Start again with other rules, let a second pass, and return what was noted."""
    partition.book = rules
    notes = list(partition.crash())
    partition.tick()
    return notes


def rows(partition: Partition, size: str, since: int = 0) -> dict[str, Window]:
    """Return the rows of windows of a size, without what depends on how often they were written."""
    return {
        key: Window(**{**_fields(row), "revision": 1, "updated_at": ""})
        for key, row in partition.rows.items()
        if row.window == size and row.runs and times.from_text(row.window_start) >= since
    }


def _fields(row: Window) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__struct_fields__}


def history(rng: Random, count: int) -> list[dict[str, Any]]:
    """Return runs over some days: of several flows, late ones, re-sent ones, with codes and names."""
    made = []
    for number in range(count):
        moment = T0 + number * 17 * MINUTE - rng.choice((0, 0, 0, HOUR, 30 * HOUR))
        run_id = f"r{rng.randrange(max(1, number))}" if rng.random() < 0.2 else f"r{number}"
        flow_id = f"f{int(run_id[1:]) % 3}"
        status = rng.choice(("success", "failed", "partial", "unknown"))
        errors = [error(rng.choice("ABC"))] if status == "failed" else []
        names = {"flow_name": rng.choice((None, "N", "M")), "org_id": rng.choice((None, "o"))}
        made.append(run(run_id, status, moment, flow_id, errors=errors, event_id=f"e{number}", **names))
    return made


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("before", "after"), [("1h", "10m"), ("10m", "1h"), ("1h", "1d"), ("1d", "10m")])
def test_windows_of_another_size_are_those_of_a_system_that_always_had_it(seed: int, before: str, after: str) -> None:
    """Rows of the new size, from the start on and after further runs, late and re-sent ones among them."""
    runs = history(Random(seed), 400)  # noqa: S311
    changed = Partition(book(often(), window=windows(before)))
    always = Partition(book(often(), window=windows(after)))
    changed.each(*runs[:250])
    always.each(*runs[:250])
    notes = restart(changed, always.book)
    always.tick()
    assert notes[0].startswith(f"windows of {after} instead of {before} are made of the runs since ")
    assert rows(changed, after) == rows(always, after)
    changed.each(*runs[250:])
    always.each(*runs[250:])
    assert rows(changed, after) == rows(always, after)
    assert [alert.event_id for alert in changed.alerts] == [alert.event_id for alert in always.alerts]
    assert restart(changed, always.book) == []
    assert rows(changed, after) == rows(always, after)


def test_a_size_that_is_changed_and_changed_back() -> None:
    """Rows of the first size go on with higher revisions, and the state holds nothing of the size in between."""
    partition = Partition(book(window=windows("1h")))
    partition.each(*(run(f"r{n}", moment=at("10:00") + n * 7 * MINUTE) for n in range(40)))
    rows_before, keys_before = rows(partition, "1h"), set(partition.state)
    restart(partition, book(window=windows("10m")))
    restart(partition, book(window=windows("1h")))
    assert rows(partition, "1h") == rows_before
    assert set(partition.state) == keys_before
    assert partition.row("10:00").revision > 9


def test_windows_that_the_state_does_not_hold_as_a_whole_are_left_alone() -> None:
    """A day of which the first hours were let go would tell too little: its row is not written, and it is noted."""
    short = windows("1h", grace_ms=HOUR, final_after_ms=HOUR)
    partition = Partition(book(window=short))
    partition.each(*(run(f"r{n}", moment=at("10:00") + n * HOUR) for n in range(10)))
    notes = restart(partition, book(window=replace(windows("1d"), grace_ms=HOUR)))
    assert notes == [
        "windows of 1d instead of 1h are made of the runs since 2026-03-02T17:00:00.000Z; "
        "rows of earlier windows stay as they are"
    ]
    partition.each(run("more", moment="20:00"), run("next", moment=at("01:00", 1)))
    assert list(rows(partition, "1d")) == ["f1|2026-03-03T00:00:00.000Z"]
    restart(partition, partition.book)
    partition.each(run("late", moment="20:30"))
    assert list(rows(partition, "1d")) == ["f1|2026-03-03T00:00:00.000Z"]


def test_a_longer_grace_does_not_reopen_what_was_let_go() -> None:
    """A late run counts for the rules; the row of its window, whose other runs are forgotten, stays as it is."""
    partition = Partition(book(often(threshold=9), window=windows(grace_ms=HOUR)))
    partition.book = book(window=windows(grace_ms=HOUR))
    partition.crash()
    partition.each(run("a", moment="10:10"), run("b", moment="10:20"), run("c", moment=at("12:00", 1)))
    before = partition.row("10:00")
    notes = restart(partition, book(window=windows(grace_ms=7 * DAY)))
    assert notes == [
        "windows before 2026-03-03T10:00:00.000Z are not held any more: a late run does not correct their rows"
    ]
    partition.process(run("late", moment="10:30"))
    assert (partition.row("10:00"), partition.dead_letters) == (before, [])
    assert partition.step.statistics()["runs_applied"] == 4 - 3


def test_a_run_that_outlived_its_window_may_be_sent_again_under_a_longer_grace() -> None:
    """It is replaced, wherever the newer notification puts it."""
    partition = Partition(book(window=windows(grace_ms=HOUR)))
    partition.each(run("a", moment="10:10"), run("b", moment="10:20"), run("c", moment=at("12:00", 1)))
    restart(partition, book(window=windows(grace_ms=7 * DAY)))
    partition.each(run("late", moment="10:30"), run("a", "failed", "10:40"), run("b", "failed", at("12:10", 1)))
    assert partition.step.statistics()["runs_replaced"] == 2
    assert (partition.row("10:00").failed, partition.rows["f1|2026-03-03T12:00:00.000Z"].failed) == (0, 1)


def test_rows_are_final_at_once_under_a_shorter_delay() -> None:
    """They would have been by now; under a longer one, what was final stays so."""
    partition = Partition(book(window=windows(final_after_ms=5 * HOUR)))
    partition.each(run("a", moment="10:10"), run("b", moment="12:30"))
    restart(partition, book(window=windows(final_after_ms=HOUR)))
    assert [partition.row(clock).final for clock in ("10:00", "12:00")] == [True, False]
    written = len(partition.written)
    restart(partition, book(window=windows(final_after_ms=5 * HOUR)))
    assert (partition.row("10:00").final, len(partition.written)) == (True, written)


def test_incidents_of_removed_rules_expire() -> None:
    """Once, at the first tick; what other rules have open stays open."""
    partition = Partition(book(often(threshold=1), in_a_row(threshold=1)))
    partition.process(run("a", "failed", "10:00"))
    restart(partition, book(often(threshold=1)))
    restart(partition, book(often(threshold=1)))
    assert partition.told == [
        ("often", "firing", "threshold"),
        ("in-a-row", "firing", "threshold"),
        ("in-a-row", "resolved", "expired"),
    ]


def test_incidents_of_removed_rules_expire_before_the_next_run() -> None:
    """Also where input waits, so that no tick comes first."""
    partition = Partition(book(in_a_row(threshold=1)))
    partition.process(run("a", "failed", "10:00"))
    partition.book = book(often(threshold=2))
    partition.crash()
    partition.process(run("b", "failed", "10:01"))
    assert partition.told[1:] == [("in-a-row", "resolved", "expired"), ("often", "firing", "threshold")]


@pytest.mark.parametrize("codes", [["A"], ["A", "B"]])
def test_a_rule_of_another_kind_under_the_same_name(codes: list[str]) -> None:
    """What the old kind left open expires, each incident of it; the new kind begins with nothing open."""
    partition = Partition(book(replace(new_code(), head=replace(new_code().head, name="x"))))
    partition.process(run("a", "failed", "10:00", errors=[error(code) for code in codes]))
    restart(partition, book(replace(in_a_row(threshold=2), head=replace(in_a_row().head, name="x"))))
    partition.process(run("b", "failed", "10:01"))
    ended = [("x", "resolved", "expired")] * len(codes)
    assert partition.told == [("x", "firing", "threshold")] * len(codes) + ended + [("x", "firing", "threshold")]
    assert partition.step.statistics()["open_incidents"] == 1


def test_a_changed_limit_keeps_the_incident() -> None:
    """It is the same trouble: it stays open, with the figures it began with, until the new rule says it is over."""
    partition = Partition(book(often(threshold=2)))
    partition.each(run("a", "failed", "10:00"), run("b", "failed", "10:01"))
    restart(partition, book(often(threshold=5, within_ms=2 * HOUR)))
    assert partition.told == [("often", "firing", "threshold")]
    partition.process(run("c", moment="12:01"))
    assert partition.told[1:] == [("often", "resolved", "expired")]
    assert (partition.alerts[1].incident_id, partition.alerts[1].threshold) == (partition.alerts[0].incident_id, 2.0)


def test_a_span_beyond_what_was_kept_is_noted() -> None:
    """With the rule, since when runs are known, and until when it may miss some; then it counts all."""
    small = windows(grace_ms=HOUR)
    partition = Partition(book(often(within_ms=2 * HOUR), window=small))
    partition.each(*(run(f"r{n}", "failed", at("10:00") + n * HOUR) for n in range(48)))
    notes = restart(partition, book(often(within_ms=24 * HOUR, threshold=40), window=small))
    assert notes == [
        "rule often looks back 2d and runs are known since 2026-03-04T04:00:00.000Z: "
        "it may miss failures until 2026-03-06T04:00:00.000Z"
    ]
    partition.process(run("more", moment=at("10:00", 2)))
    assert restart(partition, partition.book) == []


def test_a_longer_streak_than_was_kept_is_noted() -> None:
    """It fires once so many are known."""
    small = windows(grace_ms=HOUR)
    partition = Partition(book(window=small))
    partition.each(*(run(f"r{n}", "failed", at("10:00") + n * DAY) for n in range(40)))
    notes = restart(partition, book(in_a_row(threshold=30), window=small))
    assert notes == [
        "rule in-a-row looks at the newest 30 runs of a flow; "
        "of the runs before 2026-04-10T08:00:00.000Z only 20 are known"
    ]
    partition.each(*(run(f"m{n}", "failed", at("10:00", 40) + n * HOUR) for n in range(10)))
    assert partition.told == [("in-a-row", "firing", "threshold")]


def test_error_codes_are_taken_from_known_runs() -> None:
    """A rule about new codes that is added does not find every code new."""
    partition = Partition(book())
    partition.each(run("a", "failed", "10:00", errors=[error("A")]), run("b", moment="10:01"))
    notes = restart(partition, book(new_code()))
    assert notes == [
        "error codes are remembered from now on; those of the runs since 2026-02-23T10:00:00.000Z are known"
    ]
    partition.crash()
    partition.process(run("c", "failed", "10:02", errors=[error("A")]))
    assert partition.told == []
    partition.process(run("d", "failed", "10:03", errors=[error("B")]))
    assert partition.told == [("new-code", "firing", "threshold")]


def test_started_runs_are_tracked_from_then_on() -> None:
    """Those that began before are not known to hang, which is noted."""
    partition = Partition(book())
    partition.process(run("a", "in_progress", "10:00"))
    notes = restart(partition, book(overdue()))
    assert notes == ["started runs are tracked from now on; of those that were started before, none is seen as overdue"]
    partition.each(run("b", "in_progress", "10:30"), run("c", moment="20:00", flow_id="f2"))
    assert [alert.run_ids for alert in partition.alerts] == [["b"]]


@pytest.mark.parametrize(
    "rules",
    [book(often()), book(often(), in_a_row(), stalled(), new_code(), overdue()), book(window=windows("1d"))],
)
def test_the_same_rules_note_nothing_and_write_nothing(rules: RuleBook) -> None:
    """A restart is no news."""
    partition = Partition(rules)
    partition.each(*history(Random(1), 60))  # noqa: S311
    assert (list(partition.crash()), partition.tick()) == ([], [])


def test_a_new_partition_notes_nothing() -> None:
    """There is nothing that could be missing."""
    assert list(Partition(book(often())).step.opened(0)) == []


@pytest.mark.parametrize("size", ["10m", "1h", "1d"])
@pytest.mark.parametrize("seed", range(3))
def test_any_changes_leave_a_state_that_can_be_restored(seed: int, size: str) -> None:
    """Size, grace and rules change at random between batches: nothing raises, and every run is counted once."""
    rng = Random(f"{seed}{size}")  # noqa: S311
    partition = Partition(book(often(), window=windows(size)))
    runs = history(rng, 300)
    for begin in range(0, len(runs), 20):
        partition.process(*runs[begin : begin + 20])
        partition.tick(rng.choice((0, HOUR, DAY)))
        window = windows(rng.choice(list(SIZES)), grace_ms=rng.choice((HOUR, DAY, 7 * DAY)))
        kinds: list[Rule] = [often(), in_a_row(), new_code(), overdue(), stalled()]
        restart(partition, book(*rng.sample(kinds, 3), window=window))
    ledger = partition.step._ledger
    held = [fact.run_id for panes in ledger.windows._panes.values() for pane in panes.values() for fact in pane.facts()]
    counted = {run_id for flow in ledger.flows.values() for run_id in flow.facts}
    assert set(held) <= counted
