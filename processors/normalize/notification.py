"""Normalise one raw record: open it, read what lies inside, say by what each record is known again."""

from collections.abc import Sequence
from typing import Final

import orjson

from processors.normalize import delivery as deliveries
from processors.normalize import identity
from processors.normalize.delivery import Delivery, Header
from processors.normalize.envelope import FoundRun, FoundState, Search
from processors.normalize.fields import Faults, identifier
from processors.normalize.refusal import MAX_DETAIL, Rejected
from processors.normalize.reported import read_state
from processors.normalize.result import Identified, Normalized
from processors.normalize.run import read_run

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
        delivery = delivery.of_batch()
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
