"""Give one record of every kind that consumers can meet, as examples and as a fixed point for tests."""

from typing import Final

import msgspec

from schemas.alert import Alert, Annotations
from schemas.dead_letter import DeadLetterHeaders
from schemas.ids import EventId, FlowId, RunId
from schemas.run import Activity, Bytes, Files, RawPosition, Records, Run, RunError
from schemas.window import Window, WindowBytes, WindowDurations, WindowRecords

_ORG: Final = "{ORG_ID}"
_OK_FLOW: Final = FlowId("1c6f1047-dcaf-48fe-af10-47dcaf08feaf")
_BAD_FLOW: Final = FlowId("cf4fce79-8822-456d-8fce-798822556dc6")
_EXPORT: Final = "data/foundation/export/batches"

RUN_SUCCESS: Final = Run(
    event_id=EventId("aec55616-1715-487f-8044-ba648cc8ffee"),
    flow_id=_OK_FLOW,
    run_id=RunId("933cf9f4-cf01-4d75-bcf9-f4cf010d750a"),
    status="success",
    event_code="sources_flow_run_success",
    org_id=_ORG,
    sandbox_id="7127a4f0-def8-11e9-83ce-e79494b1c2a5",
    sandbox_name="prod",
    occurred_at="2020-08-12T06:25:30.760Z",
    started_at="2020-05-26T16:54:13.000Z",
    completed_at="2020-05-26T16:54:13.000Z",
    duration_ms=0,
    records=Records(input=100, output=70, lost=30),
    bytes=Bytes(input=2048, output=1024),
    files=Files(input=10, output=10),
    file_info=[f"https://platform.adobe.io/{_EXPORT}/01E4TSJNM2H5M74J0XB8MFWDHK/meta?path=input_files"],
    batch_ids=["b1"],
    activities=[
        Activity(id="copyActivity", kind="copy", status="success", duration_ms=0),
        Activity(id="promotionActivity", kind="promotion", status="success"),
    ],
    provider_ref_id="test1234",
    etag="5100ec97-0000-0200-0000-5f338b5b0000",
    source="webhook",
    received_at="2020-08-12T06:25:31.214Z",
    raw=RawPosition(partition=3, offset=17),
)
RUN_FAILED: Final = Run(
    event_id=EventId("derived:5f0c3f6f4d9f4f0c8a5f4b1e2d3c4b5a"),
    flow_id=_BAD_FLOW,
    run_id=RunId("d9024c32-2174-4271-824c-322174627101"),
    status="failed",
    event_code="sources_flow_run_failed",
    org_id=_ORG,
    sandbox_id="e49ebb00-d0fa-11e9-b164-ed6a398c8b35",
    sandbox_name="prod",
    occurred_at="2020-08-14T19:42:37.567Z",
    started_at="2020-08-14T19:42:27.190Z",
    file_info=[f"https://platform-stage.adobe.io/{_EXPORT}/6f6a900f-e40d-4f0e-9bb9-b614436c3465/meta?path=input_files"],
    batch_ids=["6f6a900f-e40d-4f0e-9bb9-b614436c3465"],
    errors=[
        RunError(
            code="133",
            message="We are unable to locate any files uploaded for this batch. Please upload files to ingest.",
            stage="processing",
        ),
        RunError(
            code="CONNECTOR-2001-500",
            message="Error in processing (parsing, validation or transformation) the copied data.",
            stage="processing",
        ),
    ],
    activities=[Activity(id="promotionActivity", kind="promotion", status="failed", duration_ms=10_022)],
    etag="0c003dbf-0000-0200-0000-5f36e92d0000",
    source="webhook",
    received_at="2020-08-14T19:42:37.900Z",
    raw=RawPosition(partition=0, offset=42),
)
RUN_IN_PROGRESS: Final = Run(
    event_id=EventId("derived:0a1b2c3d4e5f60718293a4b5c6d7e8f9"),
    flow_id=FlowId("05222685-e2b7-4367-a5a2-db4d7acda43d"),
    flow_name="Sales plan- weekly_plan.csv",
    run_id=RunId("66643b20-dc76-4b04-bacf-93bee162683c"),
    status="in_progress",
    occurred_at="2023-08-29T19:57:59.768Z",
    received_at="2023-08-29T19:58:00.012Z",
    raw=RawPosition(partition=1, offset=0),
)
WINDOW_EARLY: Final = Window(
    flow_id=_OK_FLOW,
    org_id=_ORG,
    sandbox_name="prod",
    window_start="2020-08-12T06:00:00.000Z",
    window_end="2020-08-12T07:00:00.000Z",
    window="1h",
    runs=1,
    succeeded=1,
    failed=0,
    partial=0,
    failure_ratio=0.0,
    records=WindowRecords(input=100, output=70, lost=30),
    bytes=WindowBytes(input=2048, output=1024),
    duration_ms=WindowDurations(min=0, max=0, mean=0.0),
    first_run_at="2020-08-12T06:25:30.760Z",
    last_run_at="2020-08-12T06:25:30.760Z",
    revision=1,
    final=False,
    updated_at="2020-08-12T06:25:31.300Z",
)
WINDOW_FINAL: Final = Window(
    flow_id=_BAD_FLOW,
    flow_name="CRM nightly",
    org_id=_ORG,
    sandbox_name="prod",
    window_start="2020-08-14T19:00:00.000Z",
    window_end="2020-08-14T20:00:00.000Z",
    window="1h",
    runs=4,
    succeeded=1,
    failed=3,
    partial=0,
    failure_ratio=0.75,
    records=WindowRecords(input=1000, output=990, failed=10, lost=10),
    bytes=WindowBytes(input=65_536, output=61_440),
    duration_ms=WindowDurations(min=8_400, max=12_600, mean=10_250.5),
    errors={"133": 3, "CONNECTOR-2001-500": 3},
    first_run_at="2020-08-14T19:12:03.000Z",
    last_run_at="2020-08-14T19:42:37.567Z",
    revision=6,
    final=True,
    updated_at="2020-08-14T21:00:00.000Z",
)
_LABELS: Final = {
    "alertname": "repeated-failures",
    "flow_id": _BAD_FLOW,
    "flow_name": "CRM nightly",
    "org_id": _ORG,
    "sandbox_name": "prod",
    "severity": "critical",
}
ALERT_FIRING: Final = Alert(
    event_id="b1946ac92492d2347c6235b4d2611184",
    incident_id="591785b794601e212b260e25925636fd",
    revision=1,
    state="firing",
    reason="threshold",
    rule="repeated-failures",
    kind="failure_count",
    severity="critical",
    labels=dict(_LABELS),
    annotations=Annotations(
        summary="CRM nightly failed 3 times within 6h: look at error 133 of its newest run.",
        description="3 failed runs since 2020-08-14T19:12:03.000Z, threshold 3. Errors: 133, CONNECTOR-2001-500.",
    ),
    starts_at="2020-08-14T19:42:37.567Z",
    fingerprint="c8fcaec1c1a4ef52",
    value=3.0,
    threshold=3.0,
    window_start="2020-08-14T13:42:37.567Z",
    window_end="2020-08-14T19:42:37.567Z",
    first_failure_at="2020-08-14T19:12:03.000Z",
    last_failure_at="2020-08-14T19:42:37.567Z",
    run_ids=[
        RunId("d9024c32-2174-4271-824c-322174627101"),
        RunId("0f9a27a8-6bd0-4d19-9a27-a86bd0ad19c2"),
        RunId("6f5b8cfe-8a3c-4f2e-9b8c-fe8a3c6f2e11"),
    ],
    error_codes=["133", "CONNECTOR-2001-500"],
    emitted_at="2020-08-14T19:42:38.004Z",
)
ALERT_RESOLVED: Final = msgspec.structs.replace(
    ALERT_FIRING,
    event_id="7d793037a0760186574b0282f2f435e7",
    revision=2,
    state="resolved",
    reason="expired",
    annotations=Annotations(
        summary="CRM nightly: no failed run is left within 6h.",
        description="0 failed runs in the span that ends at 2020-08-15T01:42:37.567Z; fewer than 1 resolves.",
    ),
    ends_at="2020-08-15T01:42:37.567Z",
    value=0.0,
    window_start="2020-08-14T19:42:37.567Z",
    window_end="2020-08-15T01:42:37.567Z",
    emitted_at="2020-08-15T01:42:38.000Z",
)
DEAD_LETTER_HEADERS: Final = DeadLetterHeaders(
    flowrun_reason="missing_flow_id",
    flowrun_detail="messages[0].value: no flowId",
    flowrun_topic="flowrun.raw",
    flowrun_partition=2,
    flowrun_offset=1087,
)

GOLDEN: Final[dict[str, msgspec.Struct]] = {
    "run-success": RUN_SUCCESS,
    "run-failed": RUN_FAILED,
    "run-in-progress": RUN_IN_PROGRESS,
    "window-early": WINDOW_EARLY,
    "window-final": WINDOW_FINAL,
    "alert-firing": ALERT_FIRING,
    "alert-resolved": ALERT_RESOLVED,
    "dead-letter-headers": DEAD_LETTER_HEADERS,
}
"""Every golden record by the name of its file."""
