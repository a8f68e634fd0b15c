"""Declare what is kept of a run, in memory and in the state topic."""

from typing import Final

import msgspec

from schemas.run import Stage, Status

Labels = tuple[str | None, str | None, str | None]
"""What a run says of its flow: name, organisation, sandbox."""

NO_LABELS: Final[Labels] = (None, None, None)


class Fact(msgspec.Struct, array_like=True, gc=False):
    """What is known of one counted run; its figures never change.

    ``arrival`` is its offset in the runs topic, the order of notifications. ``labels`` are left out (``None``) where
    they are those of the chunk that holds the fact; ``chunk`` is that chunk's number in the pane.
    """

    run_id: str
    occurred_at: int
    arrival: int
    status: Status
    duration_ms: int | None
    input: int | None
    output: int | None
    failed: int | None
    lost: int | None
    bytes_in: int | None
    bytes_out: int | None
    codes: tuple[str, ...]
    labels: Labels | None = None
    chunk: int = 0

    @property
    def order(self) -> tuple[int, int]:
        """Sort by event time; of the same time the later arrival is newer."""
        return (self.occurred_at, self.arrival)


class LastFailure(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What the newest failed run of a flow said, for the wording of alerts."""

    run_id: str
    occurred_at: int
    arrival: int
    code: str | None
    message: str | None
    stage: Stage
    url: str | None
