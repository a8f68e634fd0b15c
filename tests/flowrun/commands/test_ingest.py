"""Test that a service which cannot start says why in one line."""

import socket

import pytest

from tests.flowrun.invoke import Flowrun
from tests.service import free_port


@pytest.mark.parametrize("taken", ["FLOWRUN_LISTEN", "FLOWRUN_MANAGEMENT_LISTEN"])
def test_a_taken_port(flowrun: Flowrun, monkeypatch: pytest.MonkeyPatch, taken: str) -> None:
    """The line names the address and the setting that mends it, and is the only one, Kafka or not; exit code 2."""
    monkeypatch.setenv("FLOWRUN_AUTH", "none")
    monkeypatch.setenv("FLOWRUN_BOOTSTRAP_SERVERS", "127.0.0.1:9")
    for name in ("FLOWRUN_LISTEN", "FLOWRUN_MANAGEMENT_LISTEN"):
        monkeypatch.setenv(name, f"127.0.0.1:{free_port()}")
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setenv(taken, address)
        said = flowrun("ingest")
    line = f"flowrun: {address}: address already in use; set {taken} to a free HOST:PORT\n"
    assert (said.code, said.out, said.err) == (2, "", line)


def test_no_authentication_chosen(flowrun: Flowrun) -> None:
    """There is no default: the line says what there is to choose."""
    said = flowrun("ingest")
    start = "flowrun: FLOWRUN_AUTH must be set: "
    assert (said.code, said.err[: len(start)], said.err.count("\n")) == (2, start, 1)
    assert [word for word in ("adobe", "token", "none") if word not in said.err] == []


def test_wrong_settings(flowrun: Flowrun, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every mistake has a line, and secrets are in none."""
    monkeypatch.setenv("FLOWRUN_AUTH", "token")
    monkeypatch.setenv("FLOWRUN_TOKEN", "open sesame")
    monkeypatch.setenv("FLOWRUN_LISTEN", "8080")
    monkeypatch.setenv("FLOWRUN_LOG", "loud")
    said = flowrun("ingest")
    assert [line.split()[1] for line in said.err.splitlines()] == ["FLOWRUN_LISTEN", "FLOWRUN_TOKEN", "FLOWRUN_LOG"]
    assert (said.code, "sesame" in said.err) == (2, False)
