"""Make a run record of an object that was found to be a run (CONTRACT.md 3.1, DOMAIN.md 4.3 to 4.5)."""

from typing import Final

from processors.normalize import identity, wire
from processors.normalize.activities import MAX_ACTIVITIES, elapsed_ms, read_activity
from processors.normalize.delivery import AHEAD_MS, Delivery
from processors.normalize.envelope import FoundRun, Hints
from processors.normalize.errors import collect
from processors.normalize.fields import Faults, believable_ms
from processors.normalize.references import batch_ids, file_info
from processors.normalize.status import distinct, status
from schemas import times
from schemas.ids import EventId, FlowId, RunId
from schemas.positional import positional
from schemas.run import Bytes, Files, Records, Run

_run: Final = positional(Run)


def read_run(found: FoundRun, delivery: Delivery, event_id: str | None, faults: Faults) -> Run:
    """Return the record; without ``event_id`` (the sender's) the record's is derived."""
    sent = wire.read(found.node, wire.WireRun, faults)
    # A run that names its organisation by something of a wrong type names none, and is not of the one around it.
    names_org = found.node.get("imsOrgId") is not None
    return make_run(
        sent, RunId(found.run_id), FlowId(found.flow_id), found.hints, delivery, event_id, names_org=names_org
    )


def make_run(
    sent: wire.WireRun,
    run_id: RunId,
    flow_id: FlowId,
    hints: Hints,
    delivery: Delivery,
    event_id: str | None,
    *,
    names_org: bool,
) -> Run:
    """Return the record of a run that was read. ``names_org``: no wrapper has to say of which organisation it is."""
    metrics, adobe = sent.metrics, sent.header.adobe
    durations, sent_status = metrics.duration_summary, metrics.status_summary.status
    activities = (sent.activities or sent.activites)[:MAX_ACTIVITIES]
    started_ms = believable_ms(durations.started)
    completed_ms = believable_ms(durations.completed)
    updated_ms = believable_ms(sent.updated_at)
    etag = (sent.etag or sent.e_tag or "").replace('"', "") or None
    outcome = status(sent_status)
    if event_id is None:
        version = etag or ("" if updated_ms is None else str(updated_ms))
        event_id = identity.derived(identity.of_run(run_id, distinct(outcome, sent_status), version))
    return _run(
        1,
        EventId(event_id),
        flow_id,
        sent.flow_name,
        sent.flow_type,
        run_id,
        outcome,
        adobe.event_code or hints.message_type or hints.cloud_event_type or delivery.event_code,
        sent.ims_org_id or (None if names_org else adobe.ims_org_id or hints.org_id),
        sent.sandbox_id,
        sent.sandbox_name,
        _occurred_at(updated_ms or completed_ms or started_ms, delivery),
        None if started_ms is None else times.to_text(started_ms),
        None if completed_ms is None else times.to_text(completed_ms),
        elapsed_ms(started_ms, completed_ms),
        _records(metrics.record_summary),
        _bytes(metrics.size_summary),
        _files(metrics.file_summary),
        file_info(metrics.file_summary, activities),
        batch_ids(activities, metrics.status_summary),
        collect(activities, metrics),
        [read_activity(activity) for activity in activities],
        sent.url,
        sent.provider_ref_id,
        etag,
        delivery.source,
        delivery.received_at,
        delivery.position,
    )


def _occurred_at(sent_ms: int | None, delivery: Delivery) -> str:
    if sent_ms is None or sent_ms > delivery.received_ms + AHEAD_MS:
        return delivery.received_at
    return times.to_text(sent_ms)


def _known(sent: int | None) -> int | None:
    # -1 is how Adobe writes "unknown".
    return None if sent is None or sent < 0 else sent


def _records(sent: wire.Counts) -> Records:
    read, written = _known(sent.input_record_count), _known(sent.output_record_count)
    created, updated = _known(sent.created_record_count), _known(sent.updated_record_count)
    failed, skipped = _known(sent.failed_record_count), _known(sent.skipped_record_count)
    return Records(read, written, created, updated, failed, skipped, lost(read, written, created, updated))


def lost(read: int | None, written: int | None, created: int | None, updated: int | None) -> int | None:
    """Return how much of the input arrived nowhere. What the sender calls failed says nothing of it (DOMAIN.md 4.5)."""
    if read is None or (written is None and created is None and updated is None):
        return None
    return max(0, read - max(written or 0, (created or 0) + (updated or 0)))


def _bytes(sent: wire.Sizes) -> Bytes:
    return Bytes(_known(sent.input_bytes), _known(sent.output_bytes), _known(sent.failed_bytes))


def _files(sent: wire.FileCounts) -> Files:
    return Files(_known(sent.input_file_count), _known(sent.output_file_count))
