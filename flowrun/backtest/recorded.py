"""Define a recorded run as the judge takes it."""

from typing import NamedTuple


class RecordedRun(NamedTuple):
    """Hold a run record with its place: all runs of a flow are in one partition, in order of ``offset``."""

    partition: int
    offset: int
    arrived_ms: int
    """When it was written to the runs topic, or its notification was received. Wall clock of then."""
    value: bytes
