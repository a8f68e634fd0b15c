"""Recorded notifications become the runs that the agent would have made of them."""

import orjson
from aiokafka.partitioner import murmur2

from flowrun.backtest.raw import Normalizing, Notification
from flowrun.backtest.recorded import RecordedRun
from schemas.topics import DAY_MS, declare
from tests.processors.normalize.samples import a_run

TOPICS = declare("t.", 4)


def sent(document: object, offset: int = 0, partition: int = 0) -> Notification:
    """Return a record of the raw topic."""
    return Notification("t.raw", partition, offset, 1_000 + offset, None, orjson.dumps(document), [])


def all_runs(*notifications: Notification) -> tuple[list[RecordedRun], dict[str, int]]:
    """Normalise all; return the runs, and what was dropped."""
    normalizing = Normalizing(TOPICS, 7 * DAY_MS)
    return [run for each in notifications for run in normalizing.runs(each)], normalizing.statistics()


def test_runs_keep_time_and_order() -> None:
    """Offsets count on, the time is that of the notification."""
    runs, dropped = all_runs(sent(a_run(id="a")), sent({"items": [a_run(id="b"), a_run(id="c")]}, 5))
    assert [(run.offset, run.arrived_ms, orjson.loads(run.value)["run_id"]) for run in runs] == [
        (1, 1_000, "a"),
        (2, 1_005, "b"),
        (3, 1_005, "c"),
    ]
    assert dropped == {"duplicates": 0, "refused": 0}


def test_flows_go_to_the_partitions_of_the_topic() -> None:
    """All runs of a flow meet, where Kafka's clients would put them."""
    runs, _ = all_runs(*(sent(a_run(id=str(n), flowId=f"f{n % 3}"), n) for n in range(9)))
    expected = [(murmur2(f"f{n % 3}".encode()) & 0x7FFFFFFF) % 4 for n in range(9)]
    assert [run.partition for run in runs] == expected


def test_what_is_dropped_is_counted() -> None:
    """What came again, and what is no run."""
    runs, dropped = all_runs(sent(a_run(id="a")), sent(a_run(id="a"), 1), sent({}, 2), sent([], 3))
    assert (len(runs), dropped) == (1, {"duplicates": 1, "refused": 2})


def test_platform_alerts_are_no_runs() -> None:
    """Rules do not look at them."""
    state = {"status": "FIRING", "name": "x", "flowId": "f", "id": "i", "createdAt": "2026-03-02T10:00:00Z"}
    assert all_runs(sent(state)) == ([], {"duplicates": 0, "refused": 0})


def test_partitions_are_known_apart() -> None:
    """As each has a state of its own."""
    runs, _ = all_runs(sent(a_run(id="a"), partition=0), sent(a_run(id="a"), partition=1))
    assert len(runs) == 2
