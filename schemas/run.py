"""Define the run record of ``flowrun.runs``: one notification about one run of one flow."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from schemas.ids import EventId, FlowId, RunId

Timestamp = Annotated[
    str,
    Meta(
        description="RFC 3339 in UTC with milliseconds.",
        extra_json_schema={
            "format": "date-time",
            "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$",
        },
    ),
]
Count = Annotated[int, Meta(extra_json_schema={"minimum": 0})]
"""How many there are, 0 or more. The minimum is for readers of the schema, not checked at each decoding."""

Status = Literal["success", "failed", "partial", "in_progress", "scheduled", "unknown"]
FINISHED: frozenset[str] = frozenset({"success", "failed", "partial"})
"""The statuses of a run that has come to an end with a known outcome."""

Stage = Literal["copy", "processing", "other"]
ActivityKind = Literal["copy", "promotion", "identity", "profile", "other"]
Source = Literal["webhook", "journal", "replay"]


class Records(msgspec.Struct, frozen=True, gc=False):
    """Count the records of a run; ``None`` where the sender did not say."""

    input: Count | None = None
    output: Count | None = None
    created: Count | None = None
    updated: Count | None = None
    failed: Count | None = None
    skipped: Count | None = None
    lost: Annotated[
        Count | None, Meta(description="max(0, input - max(output, created + updated)); not part of `failed`.")
    ] = None


class Bytes(msgspec.Struct, frozen=True, gc=False):
    """Sum the sizes of a run in bytes."""

    input: Count | None = None
    output: Count | None = None
    failed: Count | None = None


class Files(msgspec.Struct, frozen=True, gc=False):
    """Count the files of a run."""

    input: Count | None = None
    output: Count | None = None


class RunError(msgspec.Struct, frozen=True, gc=False):
    """Tell one error of a run; each code appears once, the deepest cause first."""

    code: str
    message: str | None = None
    stage: Stage = "other"
    count: Annotated[Count | None, Meta(description="How many records it concerned.")] = None


class Activity(msgspec.Struct, frozen=True, gc=False):
    """Tell one activity (stage) of a run."""

    id: str | None = None
    name: str | None = None
    kind: ActivityKind = "other"
    status: Status = "unknown"
    duration_ms: Count | None = None


class RawPosition(msgspec.Struct, frozen=True, gc=False):
    """Point at the notification in ``flowrun.raw`` that a record was made from."""

    partition: int
    offset: int


class Run(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Record what one notification says of one run."""

    schema_version: Literal[1] = 1
    event_id: EventId
    flow_id: FlowId
    flow_name: str | None = None
    flow_type: str | None = None
    run_id: RunId
    status: Status
    event_code: Annotated[str | None, Meta(description="As sent; a hint only, never the outcome.")] = None
    org_id: str | None = None
    sandbox_id: str | None = None
    sandbox_name: str | None = None
    occurred_at: Annotated[Timestamp, Meta(description="Event time; never later than received_at + 5 min.")]
    started_at: Timestamp | None = None
    completed_at: Timestamp | None = None
    duration_ms: Count | None = None
    records: Records = Records()
    bytes: Bytes = Bytes()
    files: Files = Files()
    file_info: list[str] = []
    batch_ids: list[str] = []
    errors: list[RunError] = []
    activities: list[Activity] = []
    url: str | None = None
    provider_ref_id: str | None = None
    etag: str | None = None
    source: Source | None = None
    received_at: Timestamp
    raw: RawPosition
