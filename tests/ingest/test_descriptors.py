"""Test that the limit of open files is used as far as it may be."""

import resource
import subprocess
import sys

CODE = """
import resource
from ingest.descriptors import raise_limit
fit = raise_limit()
print(fit, *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def test_the_soft_limit_is_raised_to_the_hard_one() -> None:
    """Many systems give a process 1,024 files unless it asks for more; some are kept for what is no connection."""

    def lower() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 1_000))

    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, timeout=30, check=True, preexec_fn=lower
    )
    assert done.stdout.split() == ["800", "1000", "1000"]
