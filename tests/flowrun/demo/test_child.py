"""Test that a service whose parent is gone does not even begin."""

import subprocess
import sys


def test_the_parent_must_be_there() -> None:
    """A process whose parent is not the one it was told ends at once."""
    done = subprocess.run([sys.executable, "-m", "flowrun.demo.child", "1", "config"], capture_output=True, timeout=30)
    assert (done.returncode, done.stdout) == (1, b"")
