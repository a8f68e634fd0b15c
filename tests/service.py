"""Run a ``flowrun`` command as a real process: for fault tests and measurements."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Final

PATIENCE_S: Final = 60.0
_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")


class NotReady(Exception):
    """The process ended, or was not ready in time; the message says where its log is."""


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def cpu_s(pid: int) -> float:
    """Return the CPU seconds (user and system, all threads) that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


class Service:
    """Run one ``flowrun`` command as a process with its own log; ready when its /readyz says so."""

    def __init__(
        self, arguments: list[str], bootstrap: str, prefix: str, log: Path, partitions: int = 4, **environment: str
    ) -> None:
        self.port = free_port()
        self.log = log
        self._log = log.open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "flowrun", *arguments],
            env={
                **os.environ,
                "FLOWRUN_BOOTSTRAP_SERVERS": bootstrap,
                "FLOWRUN_TOPIC_PREFIX": prefix,
                "FLOWRUN_PARTITIONS": str(partitions),
                "FLOWRUN_APP_ID": prefix.rstrip("."),
                "FLOWRUN_MANAGEMENT_LISTEN": f"127.0.0.1:{self.port}",
                **environment,
            },
            stdout=self._log,
            stderr=self._log,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def cpu_s(self) -> float:
        """CPU seconds used so far."""
        return cpu_s(self.pid)

    def fetch(self, path: str) -> str:
        """Return a page of the management port.

        Raises:
            OSError: it does not answer, or not with 200.
        """
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            text: str = answer.read().decode()
            return text

    def wait_ready(self) -> None:
        """Wait until /readyz answers 200.

        Raises:
            NotReady: the process ended, or took too long.
        """
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                self.fetch("/readyz")
                return
            except OSError:
                time.sleep(0.02)
        raise NotReady(f"not ready, see {self.log}")

    def figure(self, name: str, *labels: str) -> float:
        """Return the sum of a metric's samples whose line holds all ``labels``."""
        lines = (line for line in self.fetch("/metrics").splitlines() if line.startswith(name))
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if all(label in line for label in labels))

    def stop(self) -> None:
        """End the process in good order."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for a signal; ``None`` while the process runs."""
        return self._process.poll()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to this process alone."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """End the process with SIGKILL, stopped or not, and reap it."""
        self._process.kill()
        self._process.wait()
        self._log.close()
