"""Write notifications about runs in the documented shapes (DOMAIN.md 4.1)."""

from typing import Any, Final

from flowrun.data.runs import HOUR_MS, FlowRun
from schemas.times import to_text

ORG: Final = "5C1328435BF324E90A49402A@AdobeOrg"
"""The placeholder of the documentation."""
CLIENT_ID: Final = "c5a34355b7f5491f8277b8dd63f0bfa3"
SANDBOX_IDS: Final = {
    "prod": "7127a4f0-def8-11e9-83ce-e79494b1c2a5",
    "emea-prod": "e2c261a4-ae36-430c-8261-a4ae36130c21",
    "dev": "efc198a4-af2e-4f5b-8198-a4af2e4f5b3a",
}
COPY: Final = "4f008a00-3a04-11eb-adc1-0242ac120002"
PROMOTION: Final = "37b34f84-1ada-11eb-adc1-0242ac120002"
BYTES_PER_RECORD: Final = 214

MESSAGES: Final = {
    "CONNECTOR-1001-500": "The source could not be read.",
    "CONNECTOR-2001-500": "The copied data could not be processed.",
    "2200": "Login to the source was refused: the credential has expired.",
    "106": "A file of the dataset is empty.",
    "118": "The header row of a CSV file is empty.",
    "133": "The batch has no files.",
    "INGEST-1212-400": "Some rows were bad and left out.",
    "INGEST-1401-400": "A row is corrupted.",
    "MAPPER-3700-400": "A row could not be mapped.",
}
CAUSES: Final = {"CONNECTOR-1001-500": "2200", "CONNECTOR-2001-500": "MAPPER-3700-400"}
"""The deeper error that comes with a connector's."""


def run_object(run: FlowRun, etag: str, *, is_start: bool = False) -> dict[str, Any]:
    """Write the run as all envelopes carry it: at its start, or at its end."""
    updated_ms = run.started_ms + 900 if is_start or run.ended_ms is None else run.updated_ms
    flow = run.flow
    body: dict[str, Any] = {
        "id": run.run_id,
        "createdAt": run.started_ms + 400,
        "updatedAt": updated_ms,
        "createdBy": "acme@AdobeID",
        "updatedBy": "acme@AdobeID",
        "sandboxId": SANDBOX_IDS[flow.sandbox],
        "sandboxName": flow.sandbox,
        "imsOrgId": ORG,
        "flowId": run.flow_id,
        "etag": f'"{etag}"',
    }
    if flow.streams:
        hour_ms = run.started_ms // HOUR_MS * HOUR_MS
        body["providerRefId"] = f"{hour_ms - HOUR_MS}-{hour_ms}"
    if is_start or run.ended_ms is None:
        return {**body, "metrics": {"statusSummary": {"status": "inProgress"}}, "activities": []}
    return {**body, "metrics": _metrics(run), "activities": _activities(run)}


def _duration(run: FlowRun, *, has_end: bool = True) -> dict[str, int]:
    unit = 1000 if run.flow.in_seconds else 1
    summary = {"startedAtUTC": run.started_ms // unit}
    return summary | ({"completedAtUTC": run.ended_ms // unit} if has_end and run.ended_ms is not None else {})


def _metrics(run: FlowRun) -> dict[str, Any]:
    if run.status == "failed" and run.flow.shape == "pipeline":
        return {  # as documented: a failure without its end, sizes unknown
            "durationSummary": _duration(run, has_end=False),
            "sizeSummary": {"inputBytes": -1},
            "fileSummary": {"inputFileCount": -1},
            "statusSummary": {"status": "failed", "errors": [_error(run.flow.code)]},
        }
    return {
        "durationSummary": _duration(run),
        "sizeSummary": {
            "inputBytes": run.read * BYTES_PER_RECORD,
            "outputBytes": run.written * BYTES_PER_RECORD,
        },
        "recordSummary": _records(run),
        "fileSummary": {"inputFileCount": 0 if run.flow.streams else 1 + run.read // 5_000},
        "statusSummary": _status(run),
    }


def _records(run: FlowRun) -> dict[str, Any]:
    written = "createdRecordCount" if run.flow.streams else "outputRecordCount"
    summary: dict[str, Any] = {"inputRecordCount": run.read, written: run.written}
    if run.rejected:
        summary |= {
            "failedRecordCount": run.rejected,
            "failedInfo": [{**_error("MAPPER-3700-400"), "count": run.rejected}],
        }
    return summary


def _status(run: FlowRun) -> dict[str, Any]:
    if run.status == "failed":
        return {"status": "failed", "errors": [_error(run.flow.code)]}
    return {"status": run.status, **({"errors": [_error("INGEST-1212-400")]} if run.rejected else {})}


def _activities(run: FlowRun) -> list[dict[str, Any]]:
    if run.flow.streams:
        return []
    is_copy_failed = run.status == "failed" and run.flow.code == "CONNECTOR-1001-500"
    copy = _activity(run, COPY, "Copy activity", "failed" if is_copy_failed else "success")
    if is_copy_failed:
        return [copy]
    return [copy, _activity(run, PROMOTION, "Promotion activity", run.status)]


def _activity(run: FlowRun, id_: str, name: str, status: str) -> dict[str, Any]:
    summary: dict[str, Any] = {"status": status}
    if status == "failed":
        cause = CAUSES.get(run.flow.code, run.flow.code)
        summary |= {"errors": [_error(run.flow.code)], "extensions": {"errors": [_error(cause)]}}
    return {
        "id": id_,
        "name": name,
        "updatedAtUTC": 0,
        "durationSummary": _duration(run),
        "recordSummary": {"inputRecordCount": run.read} if id_ == COPY else {},
        "fileSummary": {},
        "statusSummary": summary,
    }


def _error(code: str) -> dict[str, str]:
    return {"code": code, "message": MESSAGES[code]}


def event_code(run: FlowRun, *, is_start: bool) -> str:
    """Name the event as the shape's samples do; only a hint of the outcome."""
    if run.flow.shape == "bare":
        return "source_flow_run_info" if is_start or run.status != "failed" else "source_flow_run_error"
    return "sources_flow_run_failed" if run.status == "failed" else "sources_flow_run_success"


def provider(run: FlowRun) -> str:
    """Name the provider as the shape's samples do."""
    return "aep_observability_catalog_events" if run.flow.shape == "bare" else "platform_notifications"


def wrap(run: FlowRun, body: dict[str, Any], event_id: str, code: str) -> Any:
    """Put a run into the envelope of its flow."""
    name = {"flowName": run.flow.name}
    header = {"header": {"_adobeio": {"imsOrgId": ORG, "providerMetadata": provider(run), "eventCode": code}}}
    match run.flow.shape:
        case "wrapper":
            return {"event_id": event_id, "event": {**body, **name, **header}, "recipient_client_id": CLIENT_ID}
        case "cloudevents":
            return _cloud_event({**body, **name}, event_id, code)
        case "pipeline":
            return _pipeline({**body, **name}, code)
        case "bare":
            return {**body, **name, **header}


def _cloud_event(body: dict[str, Any], event_id: str, code: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "type": code,
        "source": "urn:platform_notifications",
        "id": f"{body['id']}-{body['updatedAt']}",
        "time": to_text(body["updatedAt"]),
        "datacontenttype": "application/json",
        "eventid": event_id,
        "recipientclientid": CLIENT_ID,
        "data": body,
    }


def _pipeline(body: dict[str, Any], code: str) -> list[Any]:
    message = {
        "msgType": "eventNotification",
        "version": "1.0",
        "timestamp": body["updatedAt"] + 60,
        "imsOrgId": ORG,
        "schema": {"name": "run-notification", "version": "1.0"},
        "provider": "FlowService",
        "_eventNotificationMeta": {"category": "Platform Notifications", "type": code},
        "value": body,
    }
    return [{"messages": [message]}]


def alert_state(run: FlowRun, id_: str, *, is_firing: bool, created_ms: int, resolved_ms: int | None) -> dict[str, Any]:
    """Write the platform's own alert about a run that does not end."""
    return {
        "id": id_,
        "status": "FIRING" if is_firing else "INACTIVE",
        "name": "sources_flow_run_delay",
        "message": f"{run.flow.name} runs for longer than 150 minutes.",
        "createdAt": to_text(created_ms),
        **({"resolvedAt": to_text(resolved_ms)} if resolved_ms is not None else {}),
        "severity": "high",
        "imsOrgId": ORG,
        "sandboxName": run.flow.sandbox,
        "sandboxId": SANDBOX_IDS[run.flow.sandbox],
        "value": "150",
        "flowId": run.flow_id,
        "flowRunId": run.run_id,
        "header": {
            "_adobeio": {
                "imsOrgId": ORG,
                "providerMetadata": "aep_observability_catalog_events",
                "eventCode": "source_flow_run_error",
            }
        },
    }
