"""Test that a demo which cannot start says why; how it runs is tested in ``tests/flowrun/demo``."""

import socket

import pytest

from tests.flowrun.invoke import Flowrun


def test_a_taken_port(flowrun: Flowrun) -> None:
    """The line names the address and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        said = flowrun("demo", "--listen", address)
    line = f"flowrun: --listen {address}: address already in use; choose another, or leave it out for a free port\n"
    assert (said.code, said.out, said.err) == (2, "", line)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--listen", "nix"], "Invalid value for '--listen': 'nix': must be HOST:PORT with a port from 0 to 65535"),
        (
            ["--listen", "0.0.0.0:1"],
            "--listen 0.0.0.0:1: the demo knows no senders, so it listens on a loopback address only",
        ),
        (
            ["--bootstrap-servers", "x"],
            "Invalid value for '--bootstrap-servers': 'x': must be HOST:PORT[,HOST:PORT...]",
        ),
    ],
)
def test_wrong_usage(flowrun: Flowrun, arguments: list[str], line: str) -> None:
    """One line, before anything is started."""
    said = flowrun("demo", *arguments)
    start = f"flowrun: {line}"
    assert (said.code, said.out, said.err[: len(start)], said.err.count("\n")) == (2, "", start, 1)


def test_no_broker(flowrun: Flowrun, monkeypatch: pytest.MonkeyPatch) -> None:
    """A given broker that does not answer is told with its address."""
    monkeypatch.setattr("broker.admin.Admin.left_s", 0.0)
    said = flowrun("demo", "--bootstrap-servers", "127.0.0.1:9")
    start = "flowrun: no Kafka broker answers at 127.0.0.1:9 ("
    assert (said.code, said.out, said.err[: len(start)], said.err.count("\n")) == (1, "", start, 1)
