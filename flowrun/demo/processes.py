"""Start the services as real processes, see how they do, end them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

STOP_S: Final = 10.0
"""How long a service may take to end in order."""


class ChildDied(Exception):
    """A service ended by itself. The message has the last line of its log."""

    def __init__(self, name: str, code: int, last_line: str) -> None:
        self.name = name
        self.code = code
        super().__init__(f"{name} ended with exit code {code}: {last_line or '(its log is empty)'}")


class Child:
    """Hold one service: its process, and the file that its output goes to."""

    def __init__(self, name: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        """Start ``flowrun`` with the arguments. In a process group of its own: Ctrl-C is for us to pass on, in order.

        Start it from the main thread: on Linux the child ends with the thread that started it.
        """
        self.name = name
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
                [sys.executable, "-m", "flowrun.demo.child", str(os.getpid()), *arguments],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )

    @property
    def pid(self) -> int:
        """The id of its process."""
        return self._process.pid

    def require_alive(self) -> None:
        """Check that it runs.

        Raises:
            ChildDied: it does not.
        """
        code = self._process.poll()
        if code is not None:
            raise ChildDied(self.name, code, self.last_line())

    def last_line(self) -> str:
        """Return the last line of its log."""
        lines = self.log.read_text(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def ask_to_stop(self) -> None:
        """Send SIGTERM."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def wait(self, deadline: float) -> None:
        """Wait until it has ended, and kill it at the deadline (``time.monotonic``)."""
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def stop_all(children: Sequence[Child]) -> None:
    """End all services, at the same time."""
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + STOP_S
    for child in children:
        child.wait(deadline)
