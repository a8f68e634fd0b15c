"""Test what ``flowrun rules`` says, and how it ends."""

import json
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest
from confluent_kafka import Producer

from broker.connection import Connection
from schemas.topics import Topics
from tests.flowrun.invoke import Flowrun
from tests.processors.normalize.samples import a_run
from tests.processors.watch.records import HOUR, T0, run

WRONG = """\
[window]
size = 1

[[rule]]
kind = "often"
severity = "bad"
"""
KINDS = (
    "failure_count, failure_ratio, consecutive_failures, record_loss, partial_errors, zero_records, stalled, "
    "overdue, slow, new_error_code, org_failures"
)
DURATION = "must be a duration above 0 such as 30s, 150m, 6h, 7d or 1h30m, not 1"
MISTAKES = [
    (2, "window.size", DURATION),
    (4, "rule[1].name", "is missing; every rule needs a name of its own"),
    (5, "rule[1].kind", f'must be one of {KINDS}, not "often"'),
    (6, "rule[1].severity", 'must be one of critical, warning, info, not "bad"'),
]


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """A file with four mistakes."""
    path = tmp_path / "rules.toml"
    path.write_text(WRONG)
    return path


def test_every_mistake_is_listed(flowrun: Flowrun, wrong: Path) -> None:
    """One line each: file, line, key, what is allowed."""
    said = flowrun("rules", "check", wrong)
    expected = "".join(f"flowrun: {wrong}:{line}: {key}: {problem}\n" for line, key, problem in MISTAKES)
    assert (said.code, said.out, said.err) == (2, "", expected)


def test_every_mistake_as_json(flowrun: Flowrun, wrong: Path) -> None:
    """The same for programs, on stdout, with the same exit code."""
    said = flowrun("rules", "check", wrong, "--json")
    mistakes = [{"file": str(wrong), "line": line, "key": key, "problem": problem} for line, key, problem in MISTAKES]
    assert (said.code, said.json, said.err) == (2, {"file": str(wrong), "is_valid": False, "mistakes": mistakes}, "")


def test_a_right_file_is_summed_up(flowrun: Flowrun, tmp_path: Path) -> None:
    """An empty one leaves the built-in rules."""
    path = tmp_path / "rules.toml"
    path.write_text("")
    said = flowrun("rules", "check", path)
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[0] == f"{path}: right: 9 rules, 0 flows described"


def test_a_right_file_as_json(flowrun: Flowrun, tmp_path: Path) -> None:
    """Programs get the rules by name."""
    path = tmp_path / "rules.toml"
    path.write_text('[[rule]]\nname = "a"\nkind = "stalled"\n')
    said = flowrun("rules", "check", path, "--json")
    assert (said.code, said.err, said.json["is_valid"]) == (0, "", True)
    assert [rule["name"] for rule in said.json["rules"]] == ["a"]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, ":1: file: cannot be read: no such file or directory"),
        (b"\xff", ":1: file: is not UTF-8 text"),
        (b"[window\n", ":1: syntax: is not TOML: Expected ']' at the end of a table declaration (at line 1, column 8)"),
    ],
)
def test_what_is_no_rules_file(flowrun: Flowrun, tmp_path: Path, content: bytes | None, line: str) -> None:
    """One line, whatever it is."""
    path = tmp_path / "rules.toml"
    if content is not None:
        path.write_bytes(content)
    said = flowrun("rules", "check", path)
    assert (said.code, said.out, said.err) == (2, "", f"flowrun: {path}{line}\n")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["rules"], "Missing command; see flowrun rules --help"),
        (["rules", "check"], "Missing argument 'FILE'; see flowrun rules check --help"),
    ],
)
def test_wrong_usage(flowrun: Flowrun, arguments: list[str], line: str) -> None:
    """One line says what is missing."""
    said = flowrun(*arguments)
    assert (said.code, said.out, said.err) == (2, "", f"flowrun: {line}\n")


DAY = Path(__file__).parents[3] / "flowrun" / "data"
STRICT = '[[rule]]\nname = "consecutive-failures"\nkind = "consecutive_failures"\nthreshold = 2\n'


@pytest.fixture
def strict(tmp_path: Path) -> Path:
    """A rules file with one rule, stricter than the built-in one of its name."""
    path = tmp_path / "strict.toml"
    path.write_text(STRICT)
    return path


@pytest.fixture
def built_in_rules(tmp_path: Path) -> Path:
    """A rules file that leaves the built-in rules."""
    path = tmp_path / "built-in.toml"
    path.write_text("")
    return path


def test_the_working_day_as_the_running_system_tells_it(flowrun: Flowrun, built_in_rules: Path) -> None:
    """The very transitions that the demo waits for, and nothing differs from the present rules."""
    said = flowrun("rules", "backtest", built_in_rules, "--from", DAY / "working-day.ndjson.gz", "--json")
    expected = json.loads((DAY / "working-day.expected.json").read_text())
    incidents = said.json["incidents"]
    of_rules = [one for one in expected["alerts"] if not one["rule"].startswith("platform:")]
    wanted = {(one["rule"], one["flow_id"]): one["states"] for one in of_rules}
    found = {key: _states(incidents, *key)[: len(states)] for key, states in wanted.items()}
    assert (said.code, said.err, found) == (0, "", wanted)
    assert said.json["runs"]["read"] == expected["runs"]
    assert said.json["counts"]["same"] == len(incidents)


def _states(incidents: list[dict[str, Any]], rule: str, flow_id: str) -> list[str]:
    states = []
    for one in incidents:
        if (one["rule"], one["flow_id"]) == (rule, flow_id):
            states += ["firing"] if one["ends_at"] is None else ["firing", "resolved"]
    return states


def test_against_the_present_rules(
    flowrun: Flowrun, strict: Path, built_in_rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FLOWRUN_RULES names them; the other way round, what was added is gone."""
    recording = DAY / "working-day.ndjson.gz"
    there = flowrun("rules", "backtest", strict, "--from", recording, "--json").json
    monkeypatch.setenv("FLOWRUN_RULES", str(strict))
    back = flowrun("rules", "backtest", built_in_rules, "--from", recording, "--json").json
    assert (there["present"], back["present"]) == ("built in", str(strict))
    counts = {name: count for name, count in there["counts"].items() if name not in ("fired", "added", "gone")}
    assert {name: back["counts"][name] for name in counts} == counts
    assert (there["counts"]["added"], there["counts"]["gone"]) == (back["counts"]["gone"], back["counts"]["added"])
    assert there["counts"]["added"] > 0


def test_for_people(flowrun: Flowrun, strict: Path) -> None:
    """What was read, then how much fires, then each incident."""
    said = flowrun("rules", "backtest", strict, "--from", DAY / "working-day.ndjson.gz")
    first, second, empty, third, *_ = said.out.splitlines()
    assert (said.code, said.err, empty) == (0, "", "")
    assert first.startswith("1,771 runs of 40 flows from 2026-11-04 00:00 to 2026-11-04 23:49 UTC")
    assert second.startswith(f"{strict} fires ")
    assert third.startswith("consecutive-failures fires ")


@pytest.fixture
def written(connection: Connection, topics: Topics, monkeypatch: pytest.MonkeyPatch) -> Topics:
    """Two failed runs in the runs topic, and three in raw, on topics that the settings name."""
    monkeypatch.setenv("FLOWRUN_BOOTSTRAP_SERVERS", connection.bootstrap_servers)
    monkeypatch.setenv("FLOWRUN_TOPIC_PREFIX", topics.raw.name.removesuffix("raw"))
    monkeypatch.setenv("FLOWRUN_PARTITIONS", str(topics.raw.partitions))
    producer = Producer({**connection.for_confluent(), "partitioner": "murmur2_random"})
    for number in range(2):
        value = msgspec.json.encode(run(f"r{number}", "failed", T0 + number * HOUR))
        producer.produce(topics.runs.name, value, b"f1", timestamp=T0 + number * HOUR)
    for number in range(3):
        status = {"statusSummary": {"status": "failed"}}
        value = orjson.dumps(a_run(id=f"r{number}", updatedAt=T0 + number * HOUR, metrics=status))
        producer.produce(topics.raw.name, value, b"f1", timestamp=T0 + number * HOUR)
    assert producer.flush(10) == 0
    return topics


@pytest.mark.parametrize(("topic", "runs"), [("runs", 2), ("raw", 3)])
def test_topics(flowrun: Flowrun, written: Topics, strict: Path, topic: str, runs: int) -> None:
    """Short or in full; raw is normalised on the way."""
    full = getattr(written, topic).name
    for name in (topic, full):
        told = flowrun("rules", "backtest", strict, "--from", name, "--json").json
        fired = [one["starts_at"] for one in told["incidents"] if one["rule"] == "consecutive-failures"]
        assert (told["from"], told["runs"]["read"], fired) == (name, runs, ["2026-03-02T11:00:00.000Z"])


def test_time_passes_up_to_now_for_a_topic(flowrun: Flowrun, written: Topics, tmp_path: Path) -> None:
    """A flow that is silent since has stalled."""
    path = tmp_path / "stalled.toml"
    path.write_text('[[rule]]\nname = "stalled"\nkind = "stalled"\nafter = "3h"\n')
    told = flowrun("rules", "backtest", path, "--from", "runs", "--json").json
    fired = [one["starts_at"] for one in told["incidents"] if one["difference"] == "added"]
    assert fired == ["2026-03-02T14:00:00.000Z"]


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["backtest"], 2, "Missing argument 'FILE'; see flowrun rules backtest --help"),
        (["backtest", "{right}"], 2, "Missing option '--from'; see flowrun rules backtest --help"),
        (
            ["backtest", "{right}", "--from", "nix"],
            2,
            "nix: does not exist; --from takes runs, raw, or a recording",
        ),
        (["backtest", "{none}", "--from", "{empty}"], 2, "{none}:1: file: cannot be read: no such file or directory"),
        (["backtest", "{right}", "--from", "{broken}"], 2, "{broken}:1: is not JSON (unexpected character: line 1"),
        (["backtest", "{right}", "--from", "{empty}"], 1, "{empty} holds no run that the rules could be tried on"),
    ],
)
def test_what_cannot_be_tried(flowrun: Flowrun, tmp_path: Path, arguments: list[str], code: int, line: str) -> None:
    """One line says what, where and what to do."""
    files = {name: tmp_path / f"{name}.ndjson" for name in ("right", "none", "empty", "broken")}
    files["right"].write_bytes(b"")
    files["empty"].write_bytes(b"")
    files["broken"].write_bytes(b"{\n")
    said = flowrun("rules", *(argument.format(**files) for argument in arguments))
    assert (said.code, said.out, said.err.count("\n")) == (code, "", 1)
    assert said.err.startswith(f"flowrun: {line.format(**files)}".partition(" (")[0])


def test_wrong_present_rules_are_told(
    flowrun: Flowrun, strict: Path, wrong: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a start of the services would tell them."""
    monkeypatch.setenv("FLOWRUN_RULES", str(wrong))
    said = flowrun("rules", "backtest", strict, "--from", DAY / "working-day.ndjson.gz")
    assert (said.code, said.out, said.err.count("\n")) == (2, "", len(MISTAKES))


def test_no_broker(flowrun: Flowrun, strict: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In bounded time, with what to do."""
    monkeypatch.setattr("flowrun.tail.reader.TIMEOUT_S", 0.2)
    monkeypatch.setenv("FLOWRUN_BOOTSTRAP_SERVERS", "127.0.0.1:9")
    said = flowrun("rules", "backtest", strict, "--from", "runs")
    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
    assert "start one, or set FLOWRUN_BOOTSTRAP_SERVERS" in said.err
