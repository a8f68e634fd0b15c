"""Test that the committed pages are what the tables generate, and that the check notices when not."""

import subprocess
import sys
from pathlib import Path
from typing import get_args

from ingest.generate.files import ROOT, files, stale
from ingest.metrics import Outcome
from ingest.operations import ANYWHERE, OPERATIONS
from ingest.problems import PROBLEMS


def test_no_committed_page_has_drifted() -> None:
    """Whoever changes a table generates and commits: `make generate`."""
    assert stale(ROOT) == []


def test_a_changed_page_is_stale(tmp_path: Path) -> None:
    """A page that was edited by hand, or never generated, is named."""
    (tmp_path / "docs").mkdir()
    missing = stale(tmp_path)
    (tmp_path / "docs/problems.md").write_text("edited")
    assert (missing, stale(tmp_path)) == (["docs/problems.md"], ["docs/problems.md"])


def test_the_check_exits_0_on_this_checkout() -> None:
    """`python -m ingest.generate --check` is what `make check` runs."""
    command = [sys.executable, "-m", "ingest.generate", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_problem_is_documented_once_and_belongs_somewhere() -> None:
    """Each has its section, and an operation (or none at all) that may come to it."""
    page = files()["docs/problems.md"]
    assert [page.count(f"\n## {problem.name}\n") for problem in PROBLEMS.values()] == [1] * len(PROBLEMS)
    used = {refusal for operation in OPERATIONS.values() for refusal in operation.refusals}
    assert used | set(ANYWHERE) == set(PROBLEMS)


def test_every_outcome_but_four_is_a_problem() -> None:
    """What is counted and what is answered have the same names."""
    names = {problem.name for problem in PROBLEMS.values()}
    assert set(get_args(Outcome)) - names == {"accepted", "challenge", "validation", "sender-left"}
