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

    input: Annotated[Count | None, Meta(description="Records read.")] = None
    output: Annotated[Count | None, Meta(description="Records written.")] = None
    created: Annotated[Count | None, Meta(description="Records that the target did not have before.")] = None
    updated: Annotated[Count | None, Meta(description="Records that the target had.")] = None
    failed: Annotated[Count | None, Meta(description="Records that the sender calls failed.")] = None
    skipped: Annotated[Count | None, Meta(description="Records passed over.")] = None
    lost: Annotated[
        Count | None, Meta(description="max(0, input - max(output, created + updated)); not part of `failed`.")
    ] = None


class Bytes(msgspec.Struct, frozen=True, gc=False):
    """Sum the sizes of a run in bytes."""

    input: Annotated[Count | None, Meta(description="Bytes read.")] = None
    output: Annotated[Count | None, Meta(description="Bytes written.")] = None
    failed: Annotated[Count | None, Meta(description="Bytes of failed records.")] = None


class Files(msgspec.Struct, frozen=True, gc=False):
    """Count the files of a run."""

    input: Annotated[Count | None, Meta(description="Files read.")] = None
    output: Annotated[Count | None, Meta(description="Files written.")] = None


class RunError(msgspec.Struct, frozen=True, gc=False):
    """Tell one error of a run; each code appears once, the deepest cause first."""

    code: Annotated[
        str,
        Meta(description="As sent, such as `CONNECTOR-1001-500`; `unknown` for an error that has a text and no code."),
    ]
    message: Annotated[str | None, Meta(description="As sent, at most 1,000 characters. May hold host names.")] = None
    stage: Annotated[
        Stage, Meta(description="Where the run failed, from the activity, else from a code that is known.")
    ] = "other"
    count: Annotated[Count | None, Meta(description="How many records it concerned.")] = None


class Activity(msgspec.Struct, frozen=True, gc=False):
    """Tell one activity (stage) of a run."""

    id: Annotated[str | None, Meta(description="As sent: a word or a constant id.")] = None
    name: Annotated[str | None, Meta(description="As sent, free text.")] = None
    kind: Annotated[ActivityKind, Meta(description="What it does, by its id, else by a word in its name.")] = "other"
    status: Annotated[Status, Meta(description="How it ended.")] = "unknown"
    duration_ms: Annotated[
        Count | None, Meta(description="completed - started in milliseconds, where both are known and in this order.")
    ] = None


class RawPosition(msgspec.Struct, frozen=True, gc=False):
    """Point at the notification in ``flowrun.raw`` that a record was made from."""

    partition: Annotated[int, Meta(description="Of `flowrun.raw`.")]
    offset: Annotated[int, Meta(description="Of `flowrun.raw`.")]


class Run(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Record what one notification says of one run."""

    schema_version: Annotated[Literal[1], Meta(description="Which version of this record it is.")] = 1
    event_id: Annotated[
        EventId,
        Meta(
            description="The sender's event id, else `derived:` and 32 hex digits of run id, status and etag. "
            "Never null."
        ),
    ]
    flow_id: Annotated[
        FlowId, Meta(description="The dataflow, stable over all its runs. Also the key of the Kafka record.")
    ]
    flow_name: Annotated[str | None, Meta(description="As sent; many notifications have none.")] = None
    flow_type: Annotated[str | None, Meta(description="As sent, such as `streaming`.")] = None
    run_id: Annotated[RunId, Meta(description="The run. A retried run gets a new one.")]
    status: Annotated[Status, Meta(description="The outcome, from `metrics.statusSummary.status` alone.")]
    event_code: Annotated[str | None, Meta(description="As sent; a hint only, never the outcome.")] = None
    org_id: Annotated[str | None, Meta(description="The organisation, `imsOrgId`.")] = None
    sandbox_id: Annotated[str | None, Meta(description="As sent.")] = None
    sandbox_name: Annotated[str | None, Meta(description="As sent.")] = None
    occurred_at: Annotated[Timestamp, Meta(description="Event time; never later than received_at + 5 min.")]
    started_at: Annotated[Timestamp | None, Meta(description="When the run began.")] = None
    completed_at: Annotated[Timestamp | None, Meta(description="When the run ended.")] = None
    duration_ms: Annotated[
        Count | None,
        Meta(description="completed_at - started_at in milliseconds, where both are known and in this order."),
    ] = None
    records: Annotated[Records, Meta(description="Record counts.")] = Records()
    bytes: Annotated[Bytes, Meta(description="Sizes.")] = Bytes()
    files: Annotated[Files, Meta(description="File counts.")] = Files()
    file_info: Annotated[list[str], Meta(description="URLs of the overviews of its files, at most 100.")] = []
    batch_ids: Annotated[list[str], Meta(description="Ids of the batches it wrote, at most 200.")] = []
    errors: Annotated[
        list[RunError], Meta(description="Its errors, deepest cause first, each code once, at most 100.")
    ] = []
    activities: Annotated[list[Activity], Meta(description="Its stages, as sent, at most 100.")] = []
    url: Annotated[str | None, Meta(description="The run's page, only if it was sent.")] = None
    provider_ref_id: Annotated[str | None, Meta(description="As sent: what the run is called at its source.")] = None
    etag: Annotated[str | None, Meta(description="Without its inner quotes. A version of the run.")] = None
    source: Annotated[Source | None, Meta(description="How the notification came; null where nothing says it.")] = None
    received_at: Annotated[Timestamp, Meta(description="When ingest took the notification.")]
    raw: Annotated[RawPosition, Meta(description="Where the notification stands.")]
