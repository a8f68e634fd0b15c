"""Test that topics are created and compared from the command line."""

import secrets
import time
from collections.abc import Callable

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # exported, but not in the way mypy asks for
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
)

from broker.admin import Admin
from broker.connection import Connection
from schemas.topics import declare
from tests.flowrun.invoke import Flowrun

SHORT = [topic.name for topic in declare("", 2)]
PATIENCE_S = 20.0


@pytest.fixture
def prefix(real_connection: Connection, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let the settings name topics that nobody else uses."""
    fresh = f"t-{secrets.token_hex(4)}."
    monkeypatch.setenv("FLOWRUN_BOOTSTRAP_SERVERS", real_connection.bootstrap_servers)
    monkeypatch.setenv("FLOWRUN_TOPIC_PREFIX", fresh)
    monkeypatch.setenv("FLOWRUN_PARTITIONS", "2")
    return fresh


@pytest.fixture
def alter(real_connection: Connection) -> Callable[[str, str, str], None]:
    """Set one config of a topic, and wait until the broker tells it: the controller has it a moment earlier."""

    def set_config(topic: str, name: str, value: str) -> None:
        entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
        client = AdminClient(dict(real_connection.for_confluent()))
        client.incremental_alter_configs([resource])[resource].result(10)
        deadline = time.monotonic() + PATIENCE_S
        while Admin(real_connection).configs([topic])[topic][name].value != value and time.monotonic() < deadline:
            time.sleep(0.01)

    return set_config


def test_create_and_check(flowrun: Flowrun, prefix: str) -> None:
    """What was created is as the contract has it; a second creation finds everything there."""
    created, again, checked = flowrun("topics", "create"), flowrun("topics", "create"), flowrun("topics", "check")
    assert created.out.splitlines() == [f"{prefix}{name}: created" for name in SHORT]
    assert again.out.splitlines() == [f"{prefix}{name}: exists" for name in SHORT]
    assert checked.out == f"all topics of {prefix}* are as the contract has them\n"
    assert [(said.code, said.err) for said in (created, again, checked)] == [(0, "")] * 3


def test_missing_topics(flowrun: Flowrun, prefix: str) -> None:
    """Each has a line, and the error says how to create them."""
    said = flowrun("topics", "check")
    advice = "create what is missing with: flowrun topics create"
    assert said.out.splitlines() == [f"{prefix}{name}: is missing" for name in SHORT]
    assert (said.code, said.err) == (
        1,
        f"flowrun: the topics differ from the contract ({len(SHORT)} differences): {advice}\n",
    )


def test_other_partitions(flowrun: Flowrun, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both numbers are shown, and the error says which setting to change."""
    flowrun("topics", "create")
    monkeypatch.setenv("FLOWRUN_PARTITIONS", "3")
    said = flowrun("topics", "check")
    advice = "set FLOWRUN_PARTITIONS to what is there, or use new topics with another FLOWRUN_TOPIC_PREFIX"
    assert said.out.splitlines() == [f"{prefix}{name}: partitions is 2, the contract says 3" for name in SHORT]
    assert (said.code, said.err) == (
        1,
        f"flowrun: the topics differ from the contract ({len(SHORT)} differences): {advice}\n",
    )


def test_another_setting(flowrun: Flowrun, prefix: str, alter: Callable[[str, str, str], None]) -> None:
    """One difference is told as one, with the tool that mends it."""
    flowrun("topics", "create")
    alter(f"{prefix}runs", "retention.ms", "1000")
    said = flowrun("topics", "check")
    advice = "alter the settings with Kafka's kafka-configs.sh"
    assert said.out == f"{prefix}runs: retention.ms is 1000, the contract says 2592000000\n"
    assert (said.code, said.err) == (1, f"flowrun: the topics differ from the contract (1 difference): {advice}\n")


def test_another_replication_factor_is_a_note(flowrun: Flowrun, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It works all the same, so it is no failure."""
    flowrun("topics", "create")
    monkeypatch.setenv("FLOWRUN_REPLICATION_FACTOR", "2")
    said = flowrun("topics", "check")
    assert said.out.splitlines()[0] == f"note: {prefix}raw: replication factor is 1, the contract says 2"
    assert (said.code, said.err) == (0, "")


def test_what_kafka_refuses_is_told_once(
    flowrun: Flowrun, prefix: str, real_connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One reason for all topics is one line with all their names."""
    monkeypatch.setenv("FLOWRUN_REPLICATION_FACTOR", "99")
    said = flowrun("topics", "create")
    names = ", ".join(topic.name for topic in declare(prefix, 2))
    start = f"flowrun: topics could not be created: {names}: "
    assert (said.code, said.out, said.err[: len(start)], said.err.count("\n")) == (1, "", start, 1)


@pytest.mark.parametrize("action", ["create", "check"])
def test_no_broker(flowrun: Flowrun, monkeypatch: pytest.MonkeyPatch, action: str) -> None:
    """It is told in one line, with the address and what to do."""
    monkeypatch.setenv("FLOWRUN_BOOTSTRAP_SERVERS", "127.0.0.1:9")
    monkeypatch.setattr("broker.admin.Admin.left_s", 0.0)
    said = flowrun("topics", action)
    start, end = "flowrun: no Kafka broker answers at 127.0.0.1:9 (", "): start one, or set FLOWRUN_BOOTSTRAP_SERVERS\n"
    assert (said.code, said.out, said.err[: len(start)], said.err[-len(end) :]) == (1, "", start, end)


@pytest.mark.parametrize("action", ["create", "check"])
def test_wrong_settings(flowrun: Flowrun, monkeypatch: pytest.MonkeyPatch, action: str) -> None:
    """All are told before Kafka is asked for anything."""
    monkeypatch.setenv("FLOWRUN_BOOTSTRAP_SERVERS", "here")
    monkeypatch.setenv("FLOWRUN_PARTITIONS", "0")
    said = flowrun("topics", action)
    assert (said.code, said.out, said.err.splitlines()) == (
        2,
        "",
        [
            "flowrun: FLOWRUN_BOOTSTRAP_SERVERS must be HOST:PORT[,HOST:PORT...], not 'here'",
            "flowrun: FLOWRUN_PARTITIONS must be a whole number of at least 1, not '0'",
        ],
    )
