"""What README shows works as it stands there."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka import Producer

from broker.connection import Connection
from flowrun.cli import cli
from processors.watch.rules_file import parse
from schemas.topics import Topics, declare
from tests.flowrun.invoke import Flowrun

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
GOLDEN = ROOT / "schemas" / "golden"
MAKE_TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def blocks(language: str) -> list[str]:
    """Return the code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


COMMANDS = [line for block in blocks("sh") for line in block.splitlines()]
TAILS = [line for line in COMMANDS if line.startswith("flowrun tail")]


@pytest.fixture
def written(connection: Connection, topics: Topics, monkeypatch: pytest.MonkeyPatch) -> Topics:
    """Golden records on topics that the settings name."""
    monkeypatch.setenv("FLOWRUN_BOOTSTRAP_SERVERS", connection.bootstrap_servers)
    monkeypatch.setenv("FLOWRUN_TOPIC_PREFIX", topics.raw.name.removesuffix("raw"))
    monkeypatch.setenv("FLOWRUN_PARTITIONS", str(topics.raw.partitions))
    producer = Producer(dict(connection.for_confluent()))
    for topic, file in ((topics.runs, "run-failed"), (topics.metrics, "window-final"), (topics.alerts, "alert-firing")):
        producer.produce(topic.name, (GOLDEN / f"{file}.json").read_bytes(), file)
    assert producer.flush(10) == 0
    return topics


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_exists(line: str) -> None:
    """Each line of a shell block is a target of make, a command with such options, or a program of others."""
    words = [word for word in shlex.split(line, comments=True) if not re.fullmatch(r"[A-Z_]+=\S*", word)]
    if words[0] == "make":
        assert words[1] in MAKE_TARGETS
    elif words[0] == "flowrun":
        parsed = cli.make_context("flowrun", words[1:])
        assert parsed.invoked_subcommand is None
        command = cli.get_command(parsed, words[1])
        assert command is not None
        command.make_context(words[1], words[2:], parsed, resilient_parsing=False)
    else:
        assert words[0] in ("kcat", "docker", "export")


def test_kcat_reads_committed_records_of_our_topics() -> None:
    """Each line names a topic of the contract, and leaves out what was aborted."""
    lines = [shlex.split(line) for line in COMMANDS if line.startswith("kcat")]
    public = {topic.name for topic in declare() if not topic.internal} - {"flowrun.raw"}
    assert {line[line.index("-t") + 1] for line in lines} == public
    assert [line[line.index("-X") + 1] for line in lines] == ["isolation.level=read_committed"] * len(lines)


@pytest.mark.parametrize("line", TAILS)
def test_tail(flowrun: Flowrun, written: Topics, line: str) -> None:
    """Each line runs."""
    said = flowrun(*shlex.split(line)[1:])
    assert (said.code, said.err) == (0, "")


def test_the_python_example_prints_rows(written: Topics, connection: Connection) -> None:
    """It runs as it stands there, but for the broker and the topic."""
    (code,) = blocks("python")
    here = code.replace("127.0.0.1:9092", connection.bootstrap_servers).replace("flowrun.metrics", written.metrics.name)
    done = subprocess.run([sys.executable, "-c", here], capture_output=True, text=True, timeout=60, check=True)
    assert "runs failed" in done.stdout


def test_the_rules_example_is_right() -> None:
    """It can be used as it is."""
    (text,) = blocks("toml")
    assert [rule.kind for rule in parse(text, "rules.toml").rules] == ["failure_count"]


def test_every_link_leads_somewhere() -> None:
    """Each relative link names a file or folder of the project."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []
