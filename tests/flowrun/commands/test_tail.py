"""Test what ``flowrun tail`` prints."""

import gzip
import json
from pathlib import Path

import orjson
import pytest
from confluent_kafka import Producer

from broker.connection import Connection
from schemas.topics import Topics
from tests.flowrun.invoke import Flowrun

GOLDEN = Path(__file__).parents[3] / "schemas" / "golden"


@pytest.fixture
def written(connection: Connection, topics: Topics, monkeypatch: pytest.MonkeyPatch) -> Topics:
    """Two runs, an alert and two raw records, on topics that the settings name."""
    monkeypatch.setenv("FLOWRUN_BOOTSTRAP_SERVERS", connection.bootstrap_servers)
    monkeypatch.setenv("FLOWRUN_TOPIC_PREFIX", topics.raw.name.removesuffix("raw"))
    monkeypatch.setenv("FLOWRUN_PARTITIONS", str(topics.raw.partitions))
    producer = Producer(dict(connection.for_confluent()))
    for time_ms, name in ((1_000, "run-success"), (2_000, "run-failed")):
        producer.produce(topics.runs.name, (GOLDEN / f"{name}.json").read_bytes(), "f", timestamp=time_ms)
    producer.produce(topics.alerts.name, (GOLDEN / "alert-firing.json").read_bytes(), "a", timestamp=1_000)
    producer.produce(topics.raw.name, b"\xff", "k", timestamp=1_000, headers=[("h", b"1")])
    producer.produce(topics.raw.name, b'{"flowId": "f"}', "f", timestamp=2_000)
    assert producer.flush(10) == 0
    return topics


def golden(name: str) -> object:
    """Read a golden record."""
    value: object = orjson.loads((GOLDEN / f"{name}.json").read_bytes())
    return value


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ([], ["run-success", "run-failed"]),
        (["--where", "status=failed"], ["run-failed"]),
        (["--from", "1970-01-01T00:00:01.500Z"], ["run-failed"]),
        (["--from", "end"], []),
        (["--follow", "--from", "beginning", "--limit", "2"], ["run-success", "run-failed"]),
    ],
)
def test_json_values_are_printed_as_they_are(
    flowrun: Flowrun, written: Topics, arguments: list[str], names: list[str]
) -> None:
    """One object a line: those that are asked for, in the order of their times."""
    said = flowrun("tail", "runs", "--json", *arguments)
    assert (said.code, said.err) == (0, "")
    assert [orjson.loads(line) for line in said.out.splitlines()] == [golden(name) for name in names]


def test_for_people(flowrun: Flowrun, written: Topics) -> None:
    """A line each, with what matters."""
    said = flowrun("tail", "runs")
    assert [line.split()[2] for line in said.out.splitlines()] == ["success", "failed"]


def test_a_full_name_does_as_well(flowrun: Flowrun, written: Topics) -> None:
    """Topics are named short or in full."""
    said = flowrun("tail", written.alerts.name)
    assert (said.code, said.out.split()[2], said.out.count("\n")) == (0, "FIRING", 1)


def test_exact_bytes_can_be_replayed(flowrun: Flowrun, written: Topics, tmp_path: Path) -> None:
    """What is printed of raw as JSON is a recording."""
    said = flowrun("tail", "raw", "--json")
    (tmp_path / "raw.ndjson.gz").write_bytes(gzip.compress(said.out.encode()))
    plan = flowrun("replay", tmp_path / "raw.ndjson.gz", "--dry-run").json
    assert [json.loads(line).get("body_base64") for line in said.out.splitlines()] == ["/w==", None]
    assert (plan["records"], plan["flows"], plan["first"]) == (2, 1, "1970-01-01T00:00:01.000Z")


def test_a_reader_that_has_enough_may_leave_a_followed_topic(flowrun: Flowrun, written: Topics) -> None:
    """The limit ends it, although more could come."""
    said = flowrun("tail", "raw", "--follow", "--from", "beginning", "--limit", "1")
    assert (said.code, said.out.count("\n")) == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["nix"],
            "no topic 'nix': there are raw, runs, metrics, alerts, dead-letters (short, or with flowrun. before)",
        ),
        (["runs", "--limit", "0"], "Invalid value for '--limit': '0': must be a whole number of at least 1"),
        (["runs", "--limit", "x"], "Invalid value for '--limit': 'x': must be a whole number of at least 1"),
        (["runs", "--where", "x"], "Invalid value for '--where': 'x': must be FIELD=VALUE, such as status=failed"),
        (
            ["runs", "--from", "1960-01-01"],
            "Invalid value for '--from': '1960-01-01': must be beginning, end or a time",
        ),
    ],
)
def test_wrong_usage(flowrun: Flowrun, arguments: list[str], line: str) -> None:
    """One line says what is allowed."""
    said = flowrun("tail", *arguments)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert said.err[: len(line) + 9] == f"flowrun: {line}"


def test_missing_topics(flowrun: Flowrun, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line says how to create them."""
    monkeypatch.setenv("FLOWRUN_BOOTSTRAP_SERVERS", connection.bootstrap_servers)
    monkeypatch.setenv("FLOWRUN_TOPIC_PREFIX", "t-nobody.")
    said = flowrun("tail", "runs")
    line = "flowrun: topics are missing: t-nobody.runs; create them with: flowrun topics create\n"
    assert (said.code, said.out, said.err) == (1, "", line)
