"""Test the demo as a user runs it: a real process that starts all the others."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flowrun.data import EXPECTED
from tests.flowrun.demo.test_processes import has_ended

PATIENCE_S = 20.0


def demo(*options: str) -> subprocess.Popen[str]:
    """Start it without a terminal."""
    return subprocess.Popen(
        [sys.executable, "-m", "flowrun", "demo", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def children(pid: int, count: int) -> list[int]:
    """Wait until a process has that many children, and return them."""
    file = Path(f"/proc/{pid}/task/{pid}/children")
    deadline = time.monotonic() + PATIENCE_S
    while len(file.read_text().split()) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    return [int(child) for child in file.read_text().split()]


def wait_until_it_listens_to_signals(pid: int) -> None:
    """Wait until a process has a handler for SIGTERM, which the demo sets with the one for SIGINT."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        status = Path(f"/proc/{pid}/status").read_text()
        caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
        if int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.01)


def test_once() -> None:
    """It exits 0 after the expected alerts, tells where to look and what came, and leaves no process behind."""
    process = demo("--once")
    started = children(process.pid, 2)
    out, err = process.communicate(timeout=90)
    lines = out.splitlines()
    expected = json.loads(EXPECTED.read_text())
    summary = json.loads(lines[-1])
    assert (process.returncode, err) == (0, "")
    assert (lines[0][:7], "post notifications to  http://127.0.0.1:" in out) == ("broker ", True)
    assert [summary[name] for name in ("sent", "acknowledged", "notifications", "runs")] == [
        expected["records"],
        expected["records"],
        expected["notifications"],
        expected["runs"],
    ]
    assert summary["alerts"] >= sum(len(alert["states"]) for alert in expected["alerts"])
    assert summary["dead_letters"] == sum(expected["dead_letters"].values())
    assert [has_ended(pid) for pid in started] == [True, True]


@pytest.mark.parametrize(
    ("option", "number", "code"),
    [
        ("--stay", signal.SIGINT, 0),
        ("--once", signal.SIGINT, 130),
        ("--once", signal.SIGTERM, 130),
        ("--stay", signal.SIGKILL, -9),
    ],
)
def test_no_orphans(option: str, number: signal.Signals, code: int) -> None:
    """However it ends, its services end as well."""
    process = demo(option)
    started = children(process.pid, 2)
    wait_until_it_listens_to_signals(process.pid)
    os.kill(process.pid, number)
    process.communicate(timeout=30)
    assert (process.returncode, [has_ended(pid) for pid in started]) == (code, [True, True])
