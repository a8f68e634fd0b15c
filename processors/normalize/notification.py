"""Normalise one raw record: open it, read what lies inside, say by what each record is known again."""

from collections.abc import Sequence
from typing import Final

import orjson
from msgspec import UNSET

from processors.normalize import delivery as deliveries
from processors.normalize import documented, identity
from processors.normalize.delivery import Delivery, Header
from processors.normalize.documented import Documented, DocumentedRun
from processors.normalize.envelope import FoundRun, FoundState, Hints, Search
from processors.normalize.fields import Faults, identifier
from processors.normalize.refusal import MAX_DETAIL, Rejected
from processors.normalize.reported import read_state
from processors.normalize.result import Identified, Normalized
from processors.normalize.run import make_run, read_run
from schemas.ids import FlowId, RunId
from schemas.run import Run

_NO_VALUE: Final = Normalized((), Rejected("not_json", "the record has no value"), 0, 0)


def normalize(
    value: bytes | None, headers: Sequence[Header], timestamp_ms: int, partition: int, offset: int
) -> Normalized:
    """Turn a record of the raw topic into run records, alert records and a reason to set it aside.

    Never raises, whatever the bytes. The same record gives the same result at every replay.
    """
    if value is None:
        return _NO_VALUE
    sent = documented.read(value)
    if sent is not None:
        run = sent.data if sent.event is None else sent.event
        if run is not None:
            delivery = deliveries.read(headers, timestamp_ms, partition, offset)
            return Normalized([_documented(sent, run, delivery)], None, 0, delivery.received_ms)
    return search(value, headers, timestamp_ms, partition, offset)


def search(value: bytes, headers: Sequence[Header], timestamp_ms: int, partition: int, offset: int) -> Normalized:
    """Do the same for any shape, with the same result for a documented one.

    What an object in it counts as is decided in :mod:`processors.normalize.envelope`.
    """
    try:
        document = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        return Normalized((), Rejected("not_json", str(error)[:MAX_DETAIL]), 0, 0)
    delivery = deliveries.read(headers, timestamp_ms, partition, offset)
    if type(document) is list:
        # A batch that nobody split: the header's id cannot belong to each element.
        delivery = delivery.of_batch()
    faults = Faults()
    walk = Search(delivery.event_code, faults)
    walk.open(document)
    records = [_identified(found, delivery, faults) for found in walk.found]
    return Normalized(records, walk.refusals.rejected(), faults.ill_typed, delivery.received_ms)


def _documented(sent: Documented, run: DocumentedRun, delivery: Delivery) -> Identified:
    is_cloud_event = sent.specversion is not UNSET
    hints = Hints(
        sent.event_id,
        sent.eventid,
        sent.id if is_cloud_event else None,
        cloud_event_type=sent.type if is_cloud_event else None,
    )
    event_id = identity.event_id(hints, delivery.event_id)
    run_id, flow_id = RunId(run.id), FlowId(run.flow_id)
    record = make_run(run, run_id, flow_id, hints, delivery, event_id, names_org=run.ims_org_id is not None)
    return Identified(record, flow_id, (_digest(record, event_id),))


def _digest(run: Run, sent_id: str | None) -> identity.Digest:
    return identity.of_derived(run.event_id) if sent_id is None else identity.of_event(sent_id, run.run_id)


def _identified(found: FoundRun | FoundState, delivery: Delivery, faults: Faults) -> Identified:
    event_id = identity.event_id(found.hints, delivery.event_id)
    if isinstance(found, FoundState):
        reported = read_state(found, delivery, faults)
        known_by: tuple[identity.Digest, ...] = (reported.transition,)
        if event_id is not None:
            known_by += (identity.of_event(event_id, identifier(found.node.get("id"), Faults()) or found.name),)
        return Identified(reported.alert, reported.key, known_by, reported.settles)
    run = read_run(found, delivery, event_id, faults)
    return Identified(run, found.flow_id, (_digest(run, event_id),))
