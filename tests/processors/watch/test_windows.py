"""Rows are early, final and corrected, and closed after the grace."""

import msgspec
import pytest

from processors.watch.durations import HOUR_MS
from processors.watch.rule_book import FlowSettings, WindowSettings
from tests.processors.watch.records import DAY, HOUR, MINUTE, T0, Partition, at, error, run
from tests.processors.watch.rules import book

WEEK = 7 * DAY
GRACE_ENDS = T0 + HOUR + WEEK
"""The last watermark at which the window that begins at 10:00 may be corrected."""


def start() -> Partition:
    """Return a partition without rules."""
    return Partition(book())


def passes(partition: Partition, moment: int) -> None:
    """Let another flow move the watermark."""
    partition.process(run(f"x{moment}", "success", moment, "other"))


def test_a_row_is_written_at_once() -> None:
    """Not at the window's end: the first run gives an early row with revision 1."""
    partition = start()
    partition.process(run("a", "failed", "10:30"))
    row = partition.row("10:00")
    assert (row.runs, row.failed, row.revision, row.final) == (1, 1, 1, False)
    assert (row.window_start, row.window_end, row.window) == (
        "2026-03-02T10:00:00.000Z",
        "2026-03-02T11:00:00.000Z",
        "1h",
    )


def test_windows_are_aligned_and_half_open() -> None:
    """The first millisecond of an hour is in it, the last of the hour before is not."""
    partition = start()
    partition.each(run("a", moment=at("11:00") - 1), run("b", moment=at("11:00")))
    assert (partition.row("10:00").runs, partition.row("11:00").runs) == (1, 1)


def test_rows_of_a_batch_are_written_once_and_revisions_count_notifications() -> None:
    """Three changes in one batch are one record of revision 3, as they would be in three batches."""
    together, apart = start(), start()
    runs = [run("a", moment="10:00"), run("b", moment="10:10"), run("c", moment="10:20")]
    together.process(*runs)
    apart.each(*runs)
    assert [row.revision for row in together.written] == [3]
    assert [row.revision for row in apart.written] == [1, 2, 3]
    assert together.row("10:00") == apart.row("10:00")


def test_a_run_counts_once_with_its_newest_notification() -> None:
    """The later ``occurred_at`` wins, an older notification that arrives afterwards changes nothing."""
    partition = start()
    partition.each(run("a", "failed", "10:10"), run("a", "success", "10:20"), run("a", "failed", "10:15"))
    row = partition.row("10:00")
    assert (row.runs, row.succeeded, row.failed, row.revision) == (1, 1, 0, 2)


def test_in_a_tie_the_later_arrival_counts() -> None:
    """Of the same moment the sender's last word."""
    partition = start()
    partition.each(run("a", "failed", "10:10"), run("a", "success", "10:10"))
    assert (partition.row("10:00").succeeded, partition.row("10:00").failed) == (1, 0)


def test_the_same_said_again_changes_no_row() -> None:
    """No revision, no record."""
    partition = start()
    partition.each(run("a", moment="10:10"), run("a", moment="10:10", event_id="again"))
    assert [row.revision for row in partition.written] == [1]
    assert partition.step.statistics()["runs_unchanged"] == 1


def test_a_duration_that_leaves_the_mean_as_it_is_changes_no_row() -> None:
    """Found by the oracle: how many durations are known is not told, only their mean is."""
    partition = start()
    partition.each(run("a", moment="10:10", duration_ms=5), run("b", moment="10:10", duration_ms=5))
    partition.process(run("b", moment="10:10", duration_ms=None))
    assert [row.revision for row in partition.written] == [1, 2]


def test_a_run_that_moves_to_another_window_leaves_its_row() -> None:
    """Both rows change; the one that loses its last run stays, with 0 runs."""
    partition = start()
    partition.each(run("a", "failed", "10:50", errors=[error("A")]), run("a", "success", "11:10"))
    before, after = partition.row("10:00"), partition.row("11:00")
    assert (before.runs, before.failed, before.errors, before.revision) == (0, 0, {}, 2)
    assert (before.first_run_at, before.last_run_at, before.failure_ratio) == (None, None, None)
    assert (after.runs, after.succeeded, after.revision) == (1, 1, 1)


@pytest.mark.parametrize("status", ["in_progress", "scheduled"])
def test_unfinished_runs_are_not_counted_and_replace_no_outcome(status: str) -> None:
    """Neither before nor after the outcome."""
    partition = start()
    partition.process(run("a", status, "10:10"))
    assert partition.rows == {}
    partition.each(run("a", "success", "10:20"), run("a", status, "10:30"))
    assert (partition.row("10:00").runs, partition.row("10:00").revision) == (1, 1)


def test_an_unknown_outcome_counts_in_runs_alone() -> None:
    """And replaces an earlier one of its run."""
    partition = start()
    partition.each(run("a", "failed", "10:10"), run("a", "unknown", "10:20"))
    row = partition.row("10:00")
    assert (row.runs, row.failed, row.failure_ratio) == (1, 0, None)


def test_a_row_is_final_when_the_watermark_reaches_its_end_and_final_after() -> None:
    """An hour past the end of the hour, exactly; the revision stays."""
    partition = start()
    partition.process(run("a", moment="10:30"))
    passes(partition, at("12:00") - 1)
    assert not partition.row("10:00").final
    passes(partition, at("12:00"))
    assert (partition.row("10:00").final, partition.row("10:00").revision) == (True, 1)


def test_a_late_run_corrects_a_final_row() -> None:
    """A higher revision, and still final."""
    partition = start()
    partition.process(run("a", moment="10:30"))
    passes(partition, at("13:00"))
    partition.process(run("b", "failed", "10:40"))
    row = partition.row("10:00")
    assert (row.runs, row.failed, row.revision, row.final) == (2, 1, 2, True)


def test_a_window_that_a_late_run_begins_is_final_at_once() -> None:
    """It is written once, and final."""
    partition = start()
    passes(partition, at("13:00"))
    partition.process(run("a", moment="10:30"))
    assert [(row.revision, row.final) for row in partition.written if row.flow_id == "f1"] == [(1, True)]


def test_at_the_end_of_the_grace_a_run_still_corrects() -> None:
    """The watermark may be the window's end plus the grace."""
    partition = start()
    passes(partition, GRACE_ENDS)
    partition.process(run("a", moment="10:30"))
    assert partition.row("10:00").runs == 1
    assert partition.dead_letters == []


def test_a_millisecond_later_it_is_too_late() -> None:
    """Counted, set aside, and no row."""
    partition = start()
    passes(partition, GRACE_ENDS + 1)
    partition.process(run("a", moment="10:30"))
    assert "f1|2026-03-02T10:00:00.000Z" not in partition.rows
    assert [dict(letter.headers or ())["flowrun_reason"] for letter in partition.dead_letters] == [b"too_late"]
    assert partition.step.statistics()["too_late"] == 1


def test_an_unfinished_run_is_never_too_late() -> None:
    """It would not have counted anyway."""
    partition = start()
    passes(partition, GRACE_ENDS + 1)
    partition.process(run("a", "in_progress", "10:30"))
    assert partition.dead_letters == []
    assert partition.step.statistics()["runs_ignored"] == 1


def test_a_run_that_moves_on_from_a_closed_window_stays_counted_there() -> None:
    """Nobody expects that row to change any more."""
    partition = start()
    partition.process(run("a", "failed", "10:30"))
    passes(partition, GRACE_ENDS + 1)
    partition.process(run("a", "success", GRACE_ENDS))
    assert (partition.row("10:00").runs, partition.row("10:00").revision) == (1, 1)


def test_silence_makes_rows_final() -> None:
    """With nothing waiting unread, the clock moves the watermark after ``idle``."""
    partition = start()
    partition.process(run("a", moment="10:30"))
    partition.tick(29_999)
    assert partition.step.statistics()["watermark_ms"] == at("10:30")
    partition.tick(90 * MINUTE - 30_000)
    assert not partition.row("10:00").final
    partition.tick(1)
    assert partition.row("10:00").final


def test_while_input_waits_no_time_passes() -> None:
    """What waits unread after a restart may be older than the clock."""
    partition = start()
    partition.process(run("a", moment="10:30"))
    partition.tick(10 * HOUR, caught_up=False)
    assert not partition.row("10:00").final


def test_names_of_the_rules_file_are_used_where_no_run_has_one() -> None:
    """The row's name is the flow's own, else the file's."""
    partition = Partition(book(f1=FlowSettings(name="Orders")))
    partition.process(run("a", moment="10:30"))
    assert partition.row("10:00").flow_name == "Orders"
    partition.process(run("b", moment="10:31", flow_name="Own"))
    assert partition.row("10:00").flow_name == "Own"


def test_windows_of_another_size_tell_it() -> None:
    """Ten minutes, as the rules file wrote them."""
    partition = Partition(book(window=WindowSettings(10 * 60_000, "10m", HOUR_MS, HOUR_MS)))
    partition.process(run("a", moment="10:39"))
    row = partition.row("10:30")
    assert (row.window, row.window_end) == ("10m", "2026-03-02T10:40:00.000Z")


def test_a_window_is_let_go_when_nothing_can_look_at_it() -> None:
    """Its chunks leave the state, its facts but the newest leave the memory."""
    partition = start()
    for number in range(30):
        partition.process(run(f"r{number:02}", moment=T0 + number))
    passes(partition, GRACE_ENDS + 1)
    held = partition.step.statistics()
    assert (held["panes"], held["facts"], held["flows"]) == (1, 21, 2)
    kinds = [msgspec.msgpack.decode(key)[0] for key in partition.state]
    assert sorted(kinds) == ["flow", "kept", "pane", "position"]  # the other flow has no more to tell than its chunk


def test_a_silent_flow_is_forgotten() -> None:
    """After ninety days without a run and without an open incident."""
    partition = start()
    partition.process(run("a", moment="10:30"))
    passes(partition, at("10:30") + 90 * DAY)
    assert partition.step.statistics()["flows"] == 2
    passes(partition, at("10:30") + 90 * DAY + 1)
    assert partition.step.statistics()["flows"] == 1


def test_a_flow_that_has_run_since_is_not_forgotten() -> None:
    """Ninety days count from its newest run."""
    partition = start()
    partition.each(run("a", moment="10:30"), run("b", moment=at("10:30", 60)))
    passes(partition, at("10:30") + 90 * DAY + 1)
    assert partition.step.statistics()["flows"] == 2
    passes(partition, at("10:30") + 150 * DAY + 1)
    assert partition.step.statistics()["flows"] == 1
