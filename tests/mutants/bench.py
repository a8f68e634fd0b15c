"""Hold a copy of the checkout in which one module at a time is broken and tested."""

import difflib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

from tests.mutants.mutant import Mutant, broken

LONGEST_S: Final = 180
"""Tests that take longer run in circles: the mutant is noticed."""
_LEFT_OUT: Final = shutil.ignore_patterns(".venv", ".git", ".*_cache", ".hypothesis", "__pycache__", "*.egg-info")
_WATCH: Final = ("tests/processors/watch", "tests/processors/org", "tests/processors/test_normalize_to_watch.py")
_NORMALIZE: Final = ("tests/processors/normalize", "tests/processors/test_normalize_to_watch.py")
_SLOW: Final = ("tests/processors/watch/test_history.py", "tests/processors/normalize/test_corpus.py")
"""Left out unless asked for: they take longer than all others together, and what they find first becomes an example
elsewhere."""


class Verdict(NamedTuple):
    """Tell what became of a mutant; ``change`` shows it."""

    mutant: Mutant
    is_killed: bool
    change: str


class Bench:
    """One copy. Not shared: each process has its own."""

    def __init__(self, root: Path, place: Path, *, thorough: bool) -> None:
        self._copy = place / f"checkout-{os.getpid()}"
        self._thorough = thorough
        if not self._copy.exists():
            shutil.copytree(root, self._copy, ignore=_LEFT_OUT)

    def judge(self, mutant: Mutant) -> Verdict:
        """Break the module, test it, and mend it."""
        path = self._copy / mutant.module
        code = path.read_text()
        changed = broken(code, mutant)
        path.write_text(changed)
        try:
            return Verdict(mutant, self.fails(mutant.module), _difference(code, changed))
        finally:
            path.write_text(code)

    def fails(self, module: str) -> bool:
        """Tell whether a test of the module's package fails now."""
        tests = _WATCH if "watch" in module else _NORMALIZE
        left_out = () if self._thorough else tuple(f"--ignore={path}" for path in _SLOW)
        options = ("-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0", "-m", "not broker and not slow")
        command = [sys.executable, "-m", "pytest", *options, *left_out, *tests]
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(command, cwd=self._copy, env=environment, capture_output=True, timeout=LONGEST_S)
        except subprocess.TimeoutExpired:
            return True
        return done.returncode != 0


def _difference(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))
