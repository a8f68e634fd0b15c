"""Define the alert record of ``flowrun.alerts``: one transition of one incident."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from schemas.ids import RunId
from schemas.run import Timestamp

AlertState = Literal["firing", "resolved"]
AlertReason = Literal["threshold", "escalated", "recovered", "expired", "corrected", "reported"]
Severity = Literal["critical", "warning", "info"]


class Annotations(msgspec.Struct, frozen=True, gc=False):
    """Say in words what happened, for the person who is woken by it."""

    summary: str
    description: str


class Alert(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Record that an incident started, escalated or ended. The newest of a key is its present state."""

    schema_version: Literal[1] = 1
    event_id: Annotated[str, Meta(description="Deterministic: the same transition has the same id at every replay.")]
    incident_id: Annotated[str, Meta(description="The same from firing to resolved.")]
    revision: Annotated[
        int,
        Meta(description="1 at firing, one more at each further transition.", extra_json_schema={"minimum": 1}),
    ]
    state: AlertState
    reason: AlertReason
    rule: str
    kind: str
    severity: Severity
    labels: Annotated[
        dict[str, str | None],
        Meta(
            description="alertname, flow_id, flow_name, org_id, sandbox_name, severity, those of the rules file, and "
            "error_code where the incident is about one."
        ),
    ]
    annotations: Annotations
    starts_at: Timestamp
    ends_at: Timestamp | None = None
    fingerprint: Annotated[
        str, Meta(description="Names the incident's key: 16 hex digits of rule, flow and, if any, code.")
    ]
    generator_url: str | None = None
    value: float | None = None
    threshold: float | None = None
    window_start: Timestamp | None = None
    window_end: Timestamp | None = None
    first_failure_at: Timestamp | None = None
    last_failure_at: Timestamp | None = None
    run_ids: Annotated[list[RunId], Meta(description="At most 5, newest first.")] = []
    error_codes: list[str] = []
    emitted_at: Timestamp
