"""Declare what one raw record comes to. Interpreted always: see :mod:`processors.normalize`."""

from collections.abc import Sequence

import msgspec

from processors.normalize import identity
from processors.normalize.refusal import Rejected
from schemas.alert import Alert
from schemas.run import Run


class Identified(msgspec.Struct, frozen=True, gc=False):
    """Hold a record, its Kafka key, and what it is known by."""

    record: Run | Alert
    key: str
    known_by: tuple[identity.Digest, ...]
    """It is a duplicate if any of these was seen before."""
    settles: tuple[identity.Digest, ...] = ()
    """What else counts as seen from now on."""


class Normalized(msgspec.Struct, frozen=True, gc=False):
    """Hold what one raw record came to. Both ``records`` and ``rejected`` are there if only a part was refused."""

    records: Sequence[Identified]
    rejected: Rejected | None
    ill_typed: int
    """Fields of a wrong type, which are null in the records."""
    received_ms: int
    """When the notification was received; 0 for one that is not JSON."""

    @property
    def runs(self) -> list[Run]:
        """Return the run records, in document order."""
        return [one.record for one in self.records if isinstance(one.record, Run)]

    @property
    def alerts(self) -> list[Alert]:
        """Return the records of the platform's alert states, in document order."""
        return [one.record for one in self.records if isinstance(one.record, Alert)]
