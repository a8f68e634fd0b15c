"""Recorded runs are read from topics of a real Kafka, and from files."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import msgspec
import orjson
import pytest
from confluent_kafka import Producer

from broker.connection import Connection
from flowrun.backtest.recorded import RecordedRun
from flowrun.backtest.sources import Files, RawTopic, RunsTopic
from flowrun.recording.entry import Entry, RecordingInvalid, write_line
from schemas.topics import DAY_MS, Topics, declare
from tests.processors.normalize.samples import a_run
from tests.processors.watch.records import run


def run_ids(runs: Iterator[RecordedRun]) -> list[str]:
    """Return which runs they are."""
    return [orjson.loads(each.value)["run_id"] for each in runs]


def produce(connection: Connection, topic: str, *records: tuple[int, int, bytes | None]) -> None:
    """Write records: partition, time, value."""
    producer = Producer(dict(connection.for_confluent()))
    for partition, time_ms, value in records:
        producer.produce(topic, value, b"f1", partition=partition, timestamp=time_ms)
    assert producer.flush(10) == 0


def test_the_runs_topic(connection: Connection, topics: Topics) -> None:
    """Every record as it is, with place and time, in the order of times; tombstones are passed over."""
    values = [msgspec.json.encode(run(run_id)) for run_id in "abc"]
    records = [(0, 1_000, values[0]), (0, 4_000, values[2]), (1, 2_000, values[1]), (1, 3_000, None)]
    produce(connection, topics.runs.name, *records)
    assert list(RunsTopic(connection, topics.runs).runs()) == [
        RecordedRun(0, 0, 1_000, values[0]),
        RecordedRun(1, 0, 2_000, values[1]),
        RecordedRun(0, 1, 4_000, values[2]),
    ]


def test_the_raw_topic(connection: Connection, topics: Topics) -> None:
    """Normalised on the way; what came again is dropped."""
    values = [orjson.dumps(a_run(id=run_id)) for run_id in ("a", "b", "a")]
    produce(connection, topics.raw.name, *((0, 1_000 * n, value) for n, value in enumerate(values)), (0, 9_000, b"x"))
    source = RawTopic(connection, topics, 7 * DAY_MS)
    assert run_ids(source.runs()) == ["a", "b"]
    assert source.statistics() == {"duplicates": 1, "refused": 1}


def files(*paths: Path) -> Files:
    """Return a source of files."""
    return Files(list(paths), declare("t.", 4), 7 * DAY_MS)


def test_recordings_of_both_topics_and_payloads(tmp_path: Path) -> None:
    """In the order given; where nothing says when it came, it came with the one before."""
    raw, runs, bare = tmp_path / "raw.ndjson.gz", tmp_path / "runs.ndjson", tmp_path / "bare.json"
    raw.write_bytes(gzip.compress(write_line(Entry(orjson.dumps(a_run(id="a")), 1_000_000_000_000, "flowrun.raw"))))
    runs.write_bytes(write_line(Entry(msgspec.json.encode(run("b")), None, "flowrun.runs", b"f1")))
    bare.write_bytes(orjson.dumps(a_run(id="c", updatedAt=1_600_000_000_000)))
    found = list(files(raw, runs, bare).runs())
    assert run_ids(iter(found)) == ["a", "b", "c"]
    assert found[0].arrived_ms == 1_000_000_000_000
    assert found[2].arrived_ms >= 1_600_000_000_000


def test_a_delivery_of_several_is_opened(tmp_path: Path) -> None:
    """A recorded body may be a batch."""
    path = tmp_path / "batch.json"
    path.write_bytes(orjson.dumps([a_run(id="a"), a_run(id="b"), 5]))
    source = files(path)
    assert run_ids(source.runs()) == ["a", "b"]
    assert source.statistics() == {"duplicates": 0, "refused": 1}


def test_a_broken_recording_is_told(tmp_path: Path) -> None:
    """With its line."""
    path = tmp_path / "broken.ndjson"
    path.write_bytes(b"{}\n")
    with pytest.raises(RecordingInvalid, match=r"broken\.ndjson:1: has neither"):
        list(files(path).runs())
