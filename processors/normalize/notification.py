"""Normalise one raw record: open it, read what lies inside, say by what each record is known again."""

from collections.abc import Sequence
from typing import Final

import msgspec
import orjson

from processors.normalize import delivery as deliveries
from processors.normalize import identity
from processors.normalize.delivery import Delivery, Header
from processors.normalize.envelope import FoundRun, FoundState, Search
from processors.normalize.fields import Faults, identifier
from processors.normalize.refusal import MAX_DETAIL, Rejected
from processors.normalize.reported import read_state
from processors.normalize.run import read_run
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


_NO_VALUE: Final = Normalized((), Rejected("not_json", "the record has no value"), 0, 0)


def normalize(
    value: bytes | None, headers: Sequence[Header], timestamp_ms: int, partition: int, offset: int
) -> Normalized:
    """Turn a record of the raw topic into run records, alert records and a reason to set it aside.

    Never raises, whatever the bytes. The same record gives the same result at every replay. What an object in it
    counts as is decided in :mod:`processors.normalize.envelope`.
    """
    if value is None:
        return _NO_VALUE
    try:
        document = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        return Normalized((), Rejected("not_json", str(error)[:MAX_DETAIL]), 0, 0)
    delivery = deliveries.read(headers, timestamp_ms, partition, offset)
    if type(document) is list:
        # A batch that nobody split: the header's id cannot belong to each element.
        delivery = msgspec.structs.replace(delivery, event_id=None)
    faults = Faults()
    search = Search(delivery.event_code, faults)
    search.open(document)
    records = [_identified(found, delivery, faults) for found in search.found]
    return Normalized(records, search.refusals.rejected(), faults.ill_typed, delivery.received_ms)


def _identified(found: FoundRun | FoundState, delivery: Delivery, faults: Faults) -> Identified:
    event_id = identity.event_id(found.hints, delivery.event_id)
    if isinstance(found, FoundState):
        reported = read_state(found, delivery, faults)
        known_by: tuple[identity.Digest, ...] = (reported.transition,)
        if event_id is not None:
            known_by += (identity.of_event(event_id, identifier(found.node.get("id"), Faults()) or found.name),)
        return Identified(reported.alert, reported.key, known_by, reported.settles)
    run = read_run(found, delivery, event_id, faults)
    if event_id is None:
        return Identified(run, found.flow_id, (identity.of_derived(run.event_id),))
    return Identified(run, found.flow_id, (identity.of_event(event_id, found.run_id),))
