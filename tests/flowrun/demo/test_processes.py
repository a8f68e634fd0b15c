"""Test that services are started, watched and ended, and never outlive whoever started them."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flowrun.demo.processes import Child, ChildDied, stop_all
from tests.service import free_port

PATIENCE_S = 20.0


def has_ended(pid: int) -> bool:
    """Wait until a process, also one that is no child of ours, has ended."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watched], [], [], PATIENCE_S)[0])
    finally:
        os.close(watched)


def environment() -> dict[str, str]:
    """Return settings with which ingest starts, whatever the machine's are."""
    return {
        **os.environ,
        "FLOWRUN_AUTH": "none",
        "FLOWRUN_LISTEN": f"127.0.0.1:{free_port()}",
        "FLOWRUN_MANAGEMENT_LISTEN": f"127.0.0.1:{free_port()}",
    }


def listens(log: Path) -> bool:
    """Wait until a service says in its log that it listens."""
    deadline = time.monotonic() + PATIENCE_S
    while "listening" not in log.read_text() and time.monotonic() < deadline:
        time.sleep(0.01)
    return "listening" in log.read_text()


def test_a_service_that_ended_is_told_with_its_last_words(tmp_path: Path) -> None:
    """The message has its name, exit code and the last line of its log."""
    child = Child("ingest", ["ingest"], {**os.environ, "FLOWRUN_AUTH": "nix"}, tmp_path / "log")
    assert has_ended(child.pid)
    with pytest.raises(ChildDied, match=r"^ingest ended with exit code 2: flowrun: FLOWRUN_AUTH must be one of"):
        child.require_alive()


def test_services_end_in_order(tmp_path: Path) -> None:
    """SIGTERM ends them, and their exit code says that they did."""
    child = Child("ingest", ["ingest"], environment(), tmp_path / "log")
    assert listens(child.log)
    stop_all([child])
    with pytest.raises(ChildDied, match=r"exit code 0: .* stopped$"):
        child.require_alive()


def test_a_service_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    """At the deadline, so that nothing is left behind."""
    child = Child("ingest", ["ingest"], environment(), tmp_path / "log")
    assert listens(child.log)  # before it takes signals itself, the first one would end it
    os.kill(child.pid, signal.SIGSTOP)
    child.ask_to_stop()
    child.wait(time.monotonic())
    with pytest.raises(ChildDied, match="exit code -9"):
        child.require_alive()


def test_a_service_dies_with_its_parent(tmp_path: Path) -> None:
    """Also with one that was killed and could do nothing about it."""
    code = (
        "import sys; from pathlib import Path; from flowrun.demo.processes import Child; import os;"
        f"print(Child('ingest', ['ingest'], os.environ, Path({str(tmp_path / 'log')!r})).pid, flush=True);"
        "sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert listens(tmp_path / "log")
        parent.kill()
    assert has_ended(pid)
