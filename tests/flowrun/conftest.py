"""Let no setting of the machine's reach the commands, and keep their state files in the test's own directory."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowrun.__main__ import run
from tests.flowrun.invoke import Flowrun, Said


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Remove every setting; a test sets what it needs."""
    for name in os.environ:
        if name.startswith("FLOWRUN_") and not name.startswith("FLOWRUN_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """Undo what a service makes of this process's logging."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def flowrun(capsys: pytest.CaptureFixture[str]) -> Flowrun:
    """Run a command in this process: ``flowrun("tail", "runs")``."""

    def invoke(*arguments: object) -> Said:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        return Said(code, *capsys.readouterr())

    return invoke
