"""Test that processors which cannot start say why in one line."""

import socket
from pathlib import Path

import pytest

from broker.connection import Connection
from schemas.topics import Topics
from tests.flowrun.invoke import Flowrun

RULES = """
[window]
size = "x"

[[rule]]
name = "a"
kind = "b"
"""


@pytest.fixture
def created(connection: Connection, topics: Topics, monkeypatch: pytest.MonkeyPatch) -> Topics:
    """Topics that the settings name."""
    monkeypatch.setenv("FLOWRUN_BOOTSTRAP_SERVERS", connection.bootstrap_servers)
    monkeypatch.setenv("FLOWRUN_TOPIC_PREFIX", topics.raw.name.removesuffix("raw"))
    monkeypatch.setenv("FLOWRUN_PARTITIONS", str(topics.raw.partitions))
    return topics


def test_a_taken_port(flowrun: Flowrun, created: Topics, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line names the address and the setting that mends it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setenv("FLOWRUN_MANAGEMENT_LISTEN", address)
        said = flowrun("process")
    line = f"flowrun: {address}: address already in use; set FLOWRUN_MANAGEMENT_LISTEN to a free HOST:PORT"
    assert (said.code, said.out, said.err.splitlines()[-1]) == (2, "", line)


@pytest.mark.parametrize("agent", ["normalize", "watch", "all"])
def test_no_broker(flowrun: Flowrun, monkeypatch: pytest.MonkeyPatch, agent: str) -> None:
    """It is the work that failed, and one line says what to do."""
    monkeypatch.setenv("FLOWRUN_BOOTSTRAP_SERVERS", "127.0.0.1:9")
    monkeypatch.setattr("broker.admin.Admin.left_s", 0.0)
    said = flowrun("process", agent)
    start, end = "flowrun: no Kafka broker answers at 127.0.0.1:9 (", "): start one, or set FLOWRUN_BOOTSTRAP_SERVERS\n"
    assert (said.code, said.out, said.err[: len(start)], said.err[-len(end) :]) == (1, "", start, end)
    assert said.err.count("\n") == 1


def test_wrong_partitions(flowrun: Flowrun, created: Topics, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both numbers are told, before anything is read."""
    monkeypatch.setenv("FLOWRUN_PARTITIONS", "3")
    said = flowrun("process")
    line = (
        f"flowrun: topic {created.raw.name} has 4 partitions, not 3: set FLOWRUN_PARTITIONS=4, "
        "or use new topics with another FLOWRUN_TOPIC_PREFIX\n"
    )
    assert (said.code, said.out, said.err) == (2, "", line)


def test_missing_topics(flowrun: Flowrun, created: Topics, monkeypatch: pytest.MonkeyPatch) -> None:
    """All are named, with the command that creates them."""
    monkeypatch.setenv("FLOWRUN_TOPIC_PREFIX", "t-nobody.")
    said = flowrun("process")
    start, end = (
        "flowrun: topics are missing: t-nobody.raw, t-nobody.runs, ",
        "; create them with: flowrun topics create\n",
    )
    assert (said.code, said.err[: len(start)], said.err[-len(end) :]) == (1, start, end)


def test_bad_rules(flowrun: Flowrun, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every mistake has a line with its place, before Kafka is asked for anything."""
    (tmp_path / "rules.toml").write_text(RULES)
    monkeypatch.setenv("FLOWRUN_RULES", str(tmp_path / "rules.toml"))
    said = flowrun("process")
    places = [":".join(line.split(":")[1:4]).strip() for line in said.err.splitlines()]
    assert places == [f"{tmp_path}/rules.toml:3: window.size", f"{tmp_path}/rules.toml:7: rule[1].kind"]
    assert (said.code, said.out) == (2, "")


def test_a_rules_file_that_is_not_there(flowrun: Flowrun, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the setting that is wrong."""
    monkeypatch.setenv("FLOWRUN_RULES", "/nix/rules.toml")
    said = flowrun("process")
    line = "flowrun: FLOWRUN_RULES must be a file that can be read (no such file or directory), not '/nix/rules.toml'\n"
    assert (said.code, said.err) == (2, line)
