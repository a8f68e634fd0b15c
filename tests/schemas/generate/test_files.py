"""Test that the committed files are what the types generate, and that the check notices when not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.generate.files import ROOT, files, stale


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A directory with all generated files as committed."""
    for name in files():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_no_committed_file_has_drifted() -> None:
    """Whoever changes a record type or a setting generates and commits: `make generate`."""
    assert stale(ROOT) == []


def test_a_changed_file_is_stale(copy: Path) -> None:
    """A file that was edited by hand is named."""
    (copy / "docs/settings.md").write_text("edited")
    assert stale(copy) == ["docs/settings.md"]


def test_a_missing_file_is_stale(copy: Path) -> None:
    """A file that was never generated is named."""
    (copy / "schemas/asyncapi.json").unlink()
    assert stale(copy) == ["schemas/asyncapi.json"]


def test_a_file_of_a_record_that_is_gone_is_stale(copy: Path) -> None:
    """A schema that nothing generates any more is named, so that nobody relies on it."""
    (copy / "schemas/generated/gone.schema.json").write_text("{}")
    assert stale(copy) == ["schemas/generated/gone.schema.json"]


def test_the_check_exits_0_on_this_checkout() -> None:
    """`python -m schemas.generate --check` is what `make check` runs."""
    command = [sys.executable, "-m", "schemas.generate", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")
