"""Notifications go through both steps: what a run's newest one says takes the place of what was said before."""

from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from processors.normalize import NormalizeStep
from processors.watch.rule_book import RuleBook
from schemas.topics import DAY_MS
from tests.processors.normalize.test_step import Raw
from tests.processors.watch.records import HOUR, MINUTE, TOPICS, Partition, at
from tests.processors.watch.rules import book, in_a_row, often


class Pipeline:
    """Both agents over one partition each; everything is received when it happens."""

    def __init__(self, rules: RuleBook) -> None:
        self.normalize = NormalizeStep(0, TOPICS, dedupe_ms=7 * DAY_MS)
        self.watch = Partition(rules)
        self._offset = 0

    def send(self, *events: dict[str, Any]) -> None:
        """Let notifications arrive, in one micro-batch."""
        outputs = self.normalize.process([self._raw(event) for event in events], self.watch.now)
        runs = [output.value or b"" for output in outputs if output.topic == TOPICS.runs.name]
        if runs:
            self.watch.process(*runs)

    def _raw(self, event: dict[str, Any]) -> Raw:
        self._offset += 1
        return Raw(self._offset, orjson.dumps(event), headers=[], timestamp=event["event"]["updatedAt"])


def notification(event_id: str, run_id: str, status: str, clock: str, records: Sequence[int] = (10, 10)) -> Any:
    """Return what is sent about a run of flow ``f``."""
    counts = {"inputRecordCount": records[0], "outputRecordCount": records[1]}
    metrics = {"statusSummary": {"status": status}, "recordSummary": counts}
    return {"event_id": event_id, "event": {"id": run_id, "flowId": "f1", "updatedAt": at(clock), "metrics": metrics}}


def figures(pipeline: Pipeline, clock: str) -> tuple[int, int, int, int]:
    """Return what a window's row counts: runs, succeeded, failed, records written."""
    row = pipeline.watch.row(clock)
    return (row.runs, row.succeeded, row.failed, row.records.output)


def test_the_same_event_again_changes_nothing() -> None:
    """It stops at normalize: no row is written again."""
    pipeline = Pipeline(book())
    pipeline.send(notification("e1", "r", "failed", "10:10"))
    pipeline.send(notification("e1", "r", "failed", "10:10"))
    assert len(pipeline.watch.written) == 1
    assert pipeline.normalize.statistics()["duplicates"] == 1


@pytest.mark.parametrize("batched", [True, False])
def test_another_event_of_the_run_replaces_its_outcome(batched: bool) -> None:
    """In rows and counters: one run, with what was said last."""
    pipeline = Pipeline(book())
    events = [
        notification("e1", "r", "failed", "10:10", (10, 0)),
        notification("e2", "r", "success", "10:20", (10, 8)),
    ]
    if batched:
        pipeline.send(*events)
    else:
        for event in events:
            pipeline.send(event)
    assert figures(pipeline, "10:00") == (1, 1, 0, 8)
    counted = pipeline.watch.step.statistics()
    assert (counted["runs_applied"], counted["runs_replaced"], counted["facts"]) == (1, 1, 1)
    assert pipeline.normalize.statistics()["runs"] == 2


def test_across_windows_both_rows_change() -> None:
    """The window of the first notification loses the run, that of the second gets it."""
    pipeline = Pipeline(book())
    pipeline.send(notification("e1", "r", "failed", "10:50"), notification("e2", "s", "success", "10:55"))
    pipeline.send(notification("e3", "r", "success", "11:10"))
    assert [figures(pipeline, clock) for clock in ("10:00", "11:00")] == [(1, 1, 0, 10), (1, 1, 0, 10)]
    pipeline.send(notification("e4", "s", "failed", "12:00"))
    assert [figures(pipeline, clock)[:3] for clock in ("10:00", "11:00", "12:00")] == [(0, 0, 0), (1, 1, 0), (1, 0, 1)]


def test_an_older_notification_that_comes_later_changes_nothing() -> None:
    """What counts is when it happened."""
    pipeline = Pipeline(book())
    pipeline.send(notification("e1", "r", "success", "11:10"), notification("e2", "r", "failed", "10:50"))
    assert figures(pipeline, "11:00") == (1, 1, 0, 10)
    assert [row.window_start[11:16] for row in pipeline.watch.written] == ["11:00"]


def test_a_replaced_failure_ends_what_it_opened() -> None:
    """The incident is over, as corrected, and its rule counts the run no more."""
    pipeline = Pipeline(book(often(), in_a_row()))
    for number in range(3):
        pipeline.send(notification(f"e{number}", f"r{number}", "failed", f"10:{10 * number}"))
    pipeline.send(notification("again", "r1", "success", "11:30"))
    assert pipeline.watch.told == [
        ("often", "firing", "threshold"),
        ("in-a-row", "firing", "threshold"),
        ("in-a-row", "resolved", "corrected"),
    ]
    for number in range(3):
        pipeline.send(notification(f"more{number}", f"r{number}", "success", f"12:{10 * number}"))
    assert pipeline.watch.told[3:] == [("often", "resolved", "corrected")]


def test_a_replaced_success_opens_what_it_held_off() -> None:
    """Three runs failed after all, also where the third stands in another window now."""
    pipeline = Pipeline(book(in_a_row()))
    outcomes = ("failed", "success", "failed")
    pipeline.send(*(notification(f"e{n}", f"r{n}", outcomes[n], f"10:{10 * n}") for n in range(3)))
    assert pipeline.watch.told == []
    pipeline.send(notification("again", "r1", "failed", "11:05"))
    assert pipeline.watch.told == [("in-a-row", "firing", "threshold")]
    assert [figures(pipeline, clock)[:3] for clock in ("10:00", "11:00")] == [(2, 0, 2), (1, 0, 1)]


def test_it_holds_after_a_restart_of_both() -> None:
    """The state of each knows enough."""
    pipeline = Pipeline(book(often(threshold=1)))
    pipeline.send(notification("e1", "r", "failed", "10:50"))
    pipeline.watch.now += MINUTE
    pipeline.watch.crash()
    pipeline.send(notification("e2", "r", "success", "11:10"))
    assert [figures(pipeline, clock)[:3] for clock in ("10:00", "11:00")] == [(0, 0, 0), (1, 1, 0)]
    assert pipeline.watch.told == [("often", "firing", "threshold"), ("often", "resolved", "corrected")]
    assert pipeline.watch.step.statistics()["watermark_ms"] - at("10:50") < HOUR
