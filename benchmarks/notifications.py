"""Make notifications of 2 KB for measurements: success and failure runs of many flows, with all that Adobe documents.

The fields are those of the documented success and failure, and no padding: that would be read for next to nothing.
"""

import uuid
from collections.abc import Iterator
from typing import Final, NamedTuple

import orjson

from schemas import raw, times

RUN_EVERY_MS: Final = 900_000
FAILED_EVERY: Final = 10
_NAMESPACE: Final = uuid.UUID("6f2d1c0e-5a55-4d5e-9a0b-0d2a4a1b7c11")


class Notification(NamedTuple):
    """Hold one record of the raw topic."""

    key: bytes
    value: bytes
    headers: list[tuple[str, str | bytes | None]]


def notifications(count: int, flows: int, now_ms: int) -> Iterator[Notification]:
    """Yield ``count`` notifications of ``flows`` flows in turn, a run of each flow every 15 minutes, ending now."""
    rounds = (count + flows - 1) // flows
    names = [str(uuid.uuid5(_NAMESPACE, f"flow {number}")) for number in range(flows)]
    for number in range(count):
        round_, flow = divmod(number, flows)
        updated_ms = now_ms - (rounds - round_) * RUN_EVERY_MS + flow * RUN_EVERY_MS // flows
        yield notification(names[flow], number, updated_ms, failed=(flow + round_) % FAILED_EVERY == 0)


def notification(flow_id: str, number: int, updated_ms: int, *, failed: bool) -> Notification:
    """Make one notification of 2.1 KB, 2.3 if it failed: an ``adobe_io`` wrapper around a run."""
    event_id = str(uuid.uuid5(_NAMESPACE, f"event {number}"))
    body = {"event_id": event_id, "event": _run(flow_id, number, updated_ms, failed)}
    return Notification(flow_id.encode(), orjson.dumps(body), _headers(event_id, updated_ms))


def _headers(event_id: str, received_ms: int) -> list[tuple[str, str | bytes | None]]:
    received = times.to_text(received_ms).encode()
    return [
        (raw.CE_SPECVERSION, b"1.0"),
        (raw.CE_ID, event_id.encode()),
        (raw.CE_SOURCE, b"urn:adobe:io:platform_notifications"),
        (raw.CE_TYPE, b"sources_flow_run_success"),
        (raw.CE_TIME, received),
        (raw.CONTENT_TYPE, b"application/json"),
        (raw.SOURCE, b"webhook"),
        (raw.RECEIVED_AT, received),
        ("x-adobe-event-id", event_id.encode()),
    ]


def _run(flow_id: str, number: int, updated_ms: int, failed: bool) -> dict[str, object]:
    durations = {"startedAtUTC": updated_ms - 61_000, "completedAtUTC": updated_ms - 1_000}
    error = {"code": "CONNECTOR-1001-500", "message": "Error in copying the data from the source."}
    return {
        "id": str(uuid.uuid5(_NAMESPACE, f"run {number}")),
        "flowId": flow_id,
        "flowName": f"Flow {flow_id[:8]}",
        "createdAt": updated_ms - 62_000,
        "updatedAt": updated_ms,
        "createdBy": "acme@AdobeID",
        "updatedBy": "acme@AdobeID",
        "createdClient": "acme_client",
        "updatedClient": "acme_client",
        "imsOrgId": "5C1328435BF324E90A49402A@AdobeOrg",
        "sandboxId": "7127a4f0-def8-11e9-83ce-e79494b1c2a5",
        "sandboxName": "prod",
        "providerRefId": f"M-{number:08x}",
        "etag": f'"{number:08x}-0000-0200-0000-5f338b5b0000"',
        "metrics": {
            "durationSummary": durations,
            "sizeSummary": {"inputBytes": 2048, "outputBytes": 1024},
            "recordSummary": {"inputRecordCount": 100, "outputRecordCount": 0 if failed else 100},
            "fileSummary": {"inputFileCount": 10, "outputFileCount": 10},
            "statusSummary": {"status": "failed", "errors": [error]} if failed else {"status": "success"},
        },
        "activities": [_copy(durations, failed), _promotion(durations, number, failed)],
        "slaCreatedAt": updated_ms + 600,
        "processStartTime": updated_ms + 700,
        "header": {
            "_adobeio": {
                "imsOrgId": "5C1328435BF324E90A49402A@AdobeOrg",
                "providerMetadata": "platform_notifications",
                "eventCode": "sources_flow_run_failed" if failed else "sources_flow_run_success",
            }
        },
        "transformedTime": updated_ms + 701,
    }


def _copy(durations: dict[str, int], failed: bool) -> dict[str, object]:
    extensions: dict[str, object] = {"adf/pipeline/id": "7f2c41a8", "adf/run/id": "5b80-11ea-a7f2"}
    if failed:
        extensions["errors"] = [{"code": "2200", "message": "The copy activity could not reach its source."}]
    return {
        "id": "copyActivity",
        "updatedAtUTC": durations["completedAtUTC"],
        "durationSummary": durations,
        "sizeSummary": {"inputBytes": 2048, "outputBytes": 1098},
        "recordSummary": {"inputRecordCount": 100, "outputRecordCount": 100},
        "fileSummary": {"inputFileCount": 10, "outputFileCount": 10},
        "statusSummary": {"status": "failed" if failed else "success", "extensions": extensions},
        "sourceInfo": [{"id": "source-1", "type": "SourceConnection", "reference": {"type": "AdfRunId"}}],
    }


def _promotion(durations: dict[str, int], number: int, failed: bool) -> dict[str, object]:
    batch = f"{number:08x}-40d0-4f0e-9bb9-b614436c3465"
    return {
        "id": "promotionActivity",
        "updatedAtUTC": durations["completedAtUTC"],
        "durationSummary": durations,
        "sizeSummary": {"inputBytes": 1098, "outputBytes": 1024},
        "recordSummary": {},
        "fileSummary": {"inputFileCount": 10, "outputFileCount": 10},
        "statusSummary": {"status": "failed" if failed else "success", "extensions": {"acp_request_id": "1234"}},
        "targetInfo": [{"id": "target-1", "type": "TargetConnection", "reference": {"type": "Batch", "ids": [batch]}}],
    }
