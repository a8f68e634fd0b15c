"""A partition that is restored from its state topic is the one that was written."""

from random import Random

import msgspec
import pytest

from processors.watch import state
from processors.watch.rules.overdue import Overdue
from processors.watch.snapshot import Snapshot, StateUnknown
from processors.watch.step import WatchStep
from tests.processors.watch.records import DAY, HOUR, PARTITION, TOPICS, Partition, at, error, run
from tests.processors.watch.rules import book, head, in_a_row, new_code, often


def busy() -> Partition:
    """Return a partition with windows, open incidents, names and an older failure."""
    partition = Partition(book(often(), in_a_row()))
    for number in range(70):
        status = "failed" if number % 10 > 6 else "success"
        partition.process(
            run(
                f"r{number}",
                status,
                at("10:00") + number * 200_000,
                flow_name=f"N{number % 3}",
                errors=[error("A", "b")],
            )
        )
    partition.each(run("g1", "failed", "12:00", "f2"), run("g2", "in_progress", "12:30", "f2"))
    return partition


def everything(partition: Partition) -> dict[str, object]:
    """Return what is held in memory, as the state's own records tell it, and the figures of all rows."""
    ledger = partition.step._ledger
    flows = {flow_id: msgspec.msgpack.decode(state.flow_record(flow)) for flow_id, flow in ledger.flows.items()}
    runs = {flow_id: [fact.run_id for fact in flow.finished] for flow_id, flow in ledger.flows.items()}
    panes = {
        (flow_id, start): (pane.revision, pane._told(), pane.newest)
        for start, windows in ledger.windows._panes.items()
        for flow_id, pane in windows.items()
    }
    return {
        "position": (partition.step.position, ledger.watermark.value, ledger.watermark.newest),
        "flows": flows,
        "runs": runs,
        "panes": panes,
        "held": {name: partition.step.statistics()[name] for name in ("flows", "panes", "facts", "open_incidents")},
    }


@pytest.mark.parametrize("seed", range(5))
def test_restored_equals_written(seed: int) -> None:
    """In whatever order compaction left the keys."""
    partition = busy()
    before = everything(partition)
    partition.crash(Random(seed))  # noqa: S311
    assert everything(partition) == before


def test_a_restored_partition_goes_on_as_if_nothing_had_happened() -> None:
    """The same rows and the same transitions, ids included; nothing is said again."""
    steady, crashing = busy(), busy()
    crashing.crash()
    assert crashing.tick() == []
    for number in range(20):
        more = run(f"m{number}", "failed" if number < 10 else "success", at("14:00") + number * HOUR)
        steady.process(more)
        crashing.process(more)
        crashing.crash()
    assert crashing.rows == steady.rows
    assert crashing.alerts == steady.alerts


def test_an_empty_state_topic_is_a_new_partition() -> None:
    """No position, no watermark."""
    step = WatchStep(PARTITION, TOPICS, book())
    step.opened(0)
    assert (step.position, step.statistics()["watermark_ms"]) == (-1, -1)


def test_a_tombstone_removes_what_was_written() -> None:
    """A key that comes, and goes, was never there."""
    snapshot = Snapshot()
    snapshot.take(state.flow_key("f"), b"anything")
    snapshot.take(state.flow_key("f"), None)
    snapshot.take(state.flow_key("never"), None)
    assert snapshot.build() == ({}, [])


def test_a_record_of_another_version_stops_the_restore() -> None:
    """Going on would lose what it says."""
    snapshot = Snapshot()
    snapshot.take(state.encode(["what", 1]), b"")
    with pytest.raises(StateUnknown, match="what"):
        snapshot.build()


def test_an_incident_of_a_rule_that_has_gone_is_resolved() -> None:
    """At the next tick, as expired, in the words of a rule that is no longer there."""
    partition = Partition(book(in_a_row(threshold=1)))
    partition.process(run("a", "failed", "10:00", flow_name="Orders"))
    partition.book = book()
    partition.crash()
    partition.tick()
    assert partition.told == [("in-a-row", "firing", "threshold"), ("in-a-row", "resolved", "expired")]
    assert partition.alerts[1].annotations.summary == (
        "Orders is no longer watched by rule in-a-row (open for under 1m)."
    )
    assert partition.tick() == []


def test_an_unchanged_tick_writes_nothing() -> None:
    """A second of silence is no news; a minute of it is remembered."""
    partition = Partition(book())
    partition.process(run("a", moment="10:30"))
    assert partition.tick(30_000) == []
    assert [output.key for output in partition.tick(30_000)] == [state.POSITION_KEY]
    assert partition.tick(59_000) == []


def test_a_forgotten_flow_leaves_nothing_in_the_state() -> None:
    """Neither its codes nor runs that nobody waits for."""
    elsewhere = Overdue(head("overdue", match={"flow_name": "CRM*"}))
    partition = Partition(book(elsewhere, new_code()))
    partition.each(run("s", "in_progress", "10:00"), run("a", "failed", "10:10", errors=[error("A")]))
    partition.process(run("b", "success", "10:20"))
    kinds = sorted({msgspec.msgpack.decode(key)[0] for key in partition.state})
    assert kinds == ["codes", "flow", "kept", "pane", "position", "started"]
    partition.process(run("x", "success", at("10:00") + 100 * DAY, "f2"))
    left = [msgspec.msgpack.decode(key) for key in partition.state]
    assert [key for key in left if "f1" in key] == []


def test_only_what_changed_is_written() -> None:
    """A run of one flow writes its own row, its chunk and the position."""
    partition = busy()
    outputs = partition.process(run("g3", "success", "14:30", "f2"))
    keys = [msgspec.msgpack.decode(out.key or b"") for out in outputs if out.topic == TOPICS.watch_state.name]
    assert keys == [["pane", "f2", at("14:00"), 0], ["position"]]
