"""Let no setting of the machine's reach the commands, and keep their state files in the test's own directory."""

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Remove every setting; a test sets what it needs."""
    for name in os.environ:
        if name.startswith("FLOWRUN_") and not name.startswith("FLOWRUN_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
