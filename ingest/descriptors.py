"""Find out how many connections the system lets us have."""

import resource
from typing import Final

_RESERVED: Final = 200
"""Files that are not connections of senders: Kafka, management, the key server, logs."""


def raise_limit() -> int:
    """Raise this process's limit of open files as far as it may, and return how many connections fit below it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return max(1, hard - _RESERVED) if hard != resource.RLIM_INFINITY else 1_000_000
