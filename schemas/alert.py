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

    summary: Annotated[
        str,
        Meta(
            description="One sentence to act on: which flow, what happened, how often, since when, the likely "
            "stage, the top error."
        ),
    ]
    description: Annotated[str, Meta(description="More of it: where, which rule and limit, what to do, where to look.")]


class Alert(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Record that an incident started, escalated or ended. The newest of a key is its present state."""

    schema_version: Annotated[Literal[1], Meta(description="Which version of this record it is.")] = 1
    event_id: Annotated[str, Meta(description="Deterministic: the same transition has the same id at every replay.")]
    incident_id: Annotated[str, Meta(description="The same from firing to resolved.")]
    revision: Annotated[
        int,
        Meta(description="1 at firing, one more at each further transition.", extra_json_schema={"minimum": 1}),
    ]
    state: Annotated[AlertState, Meta(description="What is the case from now on.")]
    reason: Annotated[
        AlertReason,
        Meta(
            description="`threshold`: it fired; `escalated`: it crossed a second limit; `recovered`: a better run "
            "ended it; `expired`: time did, or a change of the rules; `corrected`: a late or re-sent run did; "
            "`reported`: the platform says so."
        ),
    ]
    rule: Annotated[str, Meta(description="The rule's name; `platform:` and a name for alerts of the platform itself.")]
    kind: Annotated[str, Meta(description="The rule's kind; `platform` for alerts of the platform.")]
    severity: Annotated[Severity, Meta(description="How bad it is.")]
    labels: Annotated[
        dict[str, str | None],
        Meta(
            description="alertname, flow_id, flow_name, org_id, sandbox_name, severity, those of the rules file, and "
            "error_code where the incident is about one."
        ),
    ]
    annotations: Annotated[Annotations, Meta(description="What happened, in words.")]
    starts_at: Annotated[Timestamp, Meta(description="When the condition became true: event time.")]
    ends_at: Annotated[Timestamp | None, Meta(description="When it was over; null while it is firing.")] = None
    fingerprint: Annotated[
        str, Meta(description="Names the incident's key: 16 hex digits of rule, flow and, if any, code.")
    ]
    generator_url: Annotated[str | None, Meta(description="Where to look: the page of the run, else of the flow.")] = (
        None
    )
    value: Annotated[float | None, Meta(description="What was measured, in the unit of the rule.")] = None
    threshold: Annotated[float | None, Meta(description="The limit, in the unit of the value.")] = None
    window_start: Annotated[Timestamp | None, Meta(description="Where the span that was looked at begins.")] = None
    window_end: Annotated[Timestamp | None, Meta(description="Where it ends.")] = None
    first_failure_at: Annotated[Timestamp | None, Meta(description="The first failed run behind it.")] = None
    last_failure_at: Annotated[Timestamp | None, Meta(description="The newest failed run behind it.")] = None
    run_ids: Annotated[list[RunId], Meta(description="At most 5, newest first.")] = []
    error_codes: Annotated[list[str], Meta(description="Codes of those runs, at most 10, newest first.")] = []
    emitted_at: Annotated[Timestamp, Meta(description="When the record was written.")]
