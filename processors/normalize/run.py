"""Read a run record from an object that was found to be a run (CONTRACT.md 3.1, DOMAIN.md 4.3 to 4.5)."""

from typing import Final

from processors.normalize import identity
from processors.normalize.activities import elapsed_ms, period, stages
from processors.normalize.delivery import Delivery
from processors.normalize.envelope import FoundRun, event_code
from processors.normalize.errors import collect
from processors.normalize.fields import Faults, Node, count, identifier, link, section, text, time_ms
from processors.normalize.references import batch_ids, file_info
from processors.normalize.status import distinct, status
from schemas import times
from schemas.ids import EventId, FlowId, RunId
from schemas.run import Bytes, Files, Records, Run

AHEAD_MS: Final = 300_000
"""How far a sender's clock may run ahead of the time of receipt and still be believed."""


def read_run(found: FoundRun, delivery: Delivery, event_id: str | None, faults: Faults) -> Run:
    """Return the record; without ``event_id`` (the sender's) the record's is derived."""
    node = found.node
    metrics = section(node, "metrics", faults)
    summary = section(metrics, "statusSummary", faults)
    recorded = section(metrics, "recordSummary", faults)
    files = section(metrics, "fileSummary", faults)
    started_ms, completed_ms = period(section(metrics, "durationSummary", faults), faults)
    updated_ms = time_ms(node.get("updatedAt"), faults)
    outcome = status(summary, faults)
    etag = _etag(node, faults)
    if event_id is None:
        version = etag or ("" if updated_ms is None else str(updated_ms))
        event_id = identity.derived(identity.of_run(found.run_id, distinct(outcome, summary), version))
    opened = stages(node, faults)
    return Run(
        event_id=EventId(event_id),
        flow_id=FlowId(found.flow_id),
        flow_name=text(node.get("flowName"), faults),
        flow_type=text(node.get("flowType"), faults),
        run_id=RunId(found.run_id),
        status=outcome,
        event_code=event_code(node, found.hints, delivery.event_code, faults),
        org_id=org_id(node, found.hints.org_id, faults),
        sandbox_id=identifier(node.get("sandboxId"), faults),
        sandbox_name=text(node.get("sandboxName"), faults),
        occurred_at=_occurred_at(updated_ms or completed_ms or started_ms, delivery),
        started_at=None if started_ms is None else times.to_text(started_ms),
        completed_at=None if completed_ms is None else times.to_text(completed_ms),
        duration_ms=elapsed_ms(started_ms, completed_ms),
        records=_records(recorded, faults),
        bytes=_bytes(section(metrics, "sizeSummary", faults), faults),
        files=_files(files, faults),
        file_info=file_info(files, opened, faults),
        batch_ids=batch_ids(opened, summary, faults),
        errors=collect(opened, recorded, summary, faults),
        activities=[stage.activity for stage in opened],
        url=link(node.get("url"), faults),
        provider_ref_id=identifier(node.get("providerRefId"), faults),
        etag=etag,
        source=delivery.source,
        received_at=delivery.received_at,
        raw=delivery.position,
    )


def _occurred_at(sent_ms: int | None, delivery: Delivery) -> str:
    if sent_ms is None or sent_ms > delivery.received_ms + AHEAD_MS:
        return delivery.received_at
    return times.to_text(sent_ms)


def _etag(node: Node, faults: Faults) -> str | None:
    sent = identifier(node.get("eTag") if node.get("etag") is None else node["etag"], faults)
    return sent.strip('"') or None if sent is not None else None


def org_id(node: Node, around: str | None, faults: Faults) -> str | None:
    """Return the organisation of a run or state: its own, else of its header, else of the message around it."""
    own = node.get("imsOrgId")
    if own is not None:
        return identifier(own, faults)
    header = node.get("header")
    adobe = header.get("_adobeio") if type(header) is dict else None
    named = identifier(adobe.get("imsOrgId"), faults) if type(adobe) is dict else None
    return named or around


def _records(sent: Node, faults: Faults) -> Records:
    if not sent:
        return _NO_RECORDS
    get = sent.get
    read, written = count(get("inputRecordCount"), faults), count(get("outputRecordCount"), faults)
    created, updated = count(get("createdRecordCount"), faults), count(get("updatedRecordCount"), faults)
    failed, skipped = count(get("failedRecordCount"), faults), count(get("skippedRecordCount"), faults)
    return Records(read, written, created, updated, failed, skipped, lost(read, written, created, updated))


def lost(read: int | None, written: int | None, created: int | None, updated: int | None) -> int | None:
    """Return how much of the input arrived nowhere. What the sender calls failed says nothing of it (DOMAIN.md 4.5)."""
    if read is None or (written is None and created is None and updated is None):
        return None
    return max(0, read - max(written or 0, (created or 0) + (updated or 0)))


def _bytes(sent: Node, faults: Faults) -> Bytes:
    if not sent:
        return _NO_BYTES
    get = sent.get
    return Bytes(count(get("inputBytes"), faults), count(get("outputBytes"), faults), count(get("failedBytes"), faults))


def _files(sent: Node, faults: Faults) -> Files:
    if not sent:
        return _NO_FILES
    return Files(count(sent.get("inputFileCount"), faults), count(sent.get("outputFileCount"), faults))


_NO_RECORDS: Final = Records()
_NO_BYTES: Final = Bytes()
_NO_FILES: Final = Files()
