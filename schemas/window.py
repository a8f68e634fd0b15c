"""Define the window record of ``flowrun.metrics``: the runs of one flow in one tumbling window of event time."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from schemas.ids import FlowId
from schemas.run import Count, Timestamp


class WindowRecords(msgspec.Struct, frozen=True, gc=False):
    """Sum the known record counts of a window's runs; an unknown count adds nothing."""

    input: Annotated[Count, Meta(description="Records read.")] = 0
    output: Annotated[Count, Meta(description="Records written.")] = 0
    failed: Annotated[Count, Meta(description="Records that the sender calls failed.")] = 0
    lost: Annotated[Count, Meta(description="Records that were read and not written.")] = 0


class WindowBytes(msgspec.Struct, frozen=True, gc=False):
    """Sum the known sizes of a window's runs in bytes."""

    input: Annotated[Count, Meta(description="Bytes read.")] = 0
    output: Annotated[Count, Meta(description="Bytes written.")] = 0


class WindowDurations(msgspec.Struct, frozen=True, gc=False):
    """Describe the known durations of a window's runs in milliseconds; ``None`` where none is known."""

    min: Annotated[Count | None, Meta(description="The shortest.")] = None
    max: Annotated[Count | None, Meta(description="The longest.")] = None
    mean: Annotated[float | None, Meta(description="The mean.", extra_json_schema={"minimum": 0})] = None


class Window(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Record the present state of one window of one flow. An upsert: the newest row of a key is the truth."""

    schema_version: Annotated[Literal[1], Meta(description="Which version of this record it is.")] = 1
    flow_id: Annotated[FlowId, Meta(description="The dataflow.")]
    flow_name: Annotated[
        str | None, Meta(description="The newest name that its runs say, else that of the rules file.")
    ] = None
    org_id: Annotated[str | None, Meta(description="The newest that its runs say.")] = None
    sandbox_name: Annotated[str | None, Meta(description="The newest that its runs say.")] = None
    window_start: Annotated[
        Timestamp,
        Meta(description="The first moment of the window; with the flow id it is the key of the Kafka record."),
    ]
    window_end: Annotated[Timestamp, Meta(description="The first moment after the window.")]
    window: Annotated[str, Meta(description="The window's size, as in `1h`.")]
    runs: Annotated[
        Count,
        Meta(
            description="Runs with an outcome, those of unknown outcome too. Each counts once, in the window of "
            "its newest notification."
        ),
    ]
    succeeded: Annotated[Count, Meta(description="Runs with status success.")]
    failed: Annotated[Count, Meta(description="Runs with status failed.")]
    partial: Annotated[Count, Meta(description="Runs with status partial.")]
    failure_ratio: Annotated[
        float | None,
        Meta(
            description="failed / (succeeded + failed + partial), null where that is 0.",
            extra_json_schema={"minimum": 0, "maximum": 1},
        ),
    ] = None
    records: Annotated[WindowRecords, Meta(description="Sums of record counts.")] = WindowRecords()
    bytes: Annotated[WindowBytes, Meta(description="Sums of sizes.")] = WindowBytes()
    duration_ms: Annotated[WindowDurations, Meta(description="Durations.")] = WindowDurations()
    errors: Annotated[dict[str, Count], Meta(description="In how many of the window's runs each code occurred.")] = {}
    first_run_at: Annotated[
        Timestamp | None, Meta(description="The earliest `occurred_at` of its runs; null where there is none any more.")
    ] = None
    last_run_at: Annotated[Timestamp | None, Meta(description="The latest `occurred_at` of its runs.")] = None
    revision: Annotated[
        int,
        Meta(
            description="How many notifications have changed the row; has gaps.",
            extra_json_schema={"minimum": 1},
        ),
    ]
    final: Annotated[bool, Meta(description="True once the watermark has passed the window's end + `final_after`.")]
    updated_at: Annotated[Timestamp, Meta(description="When the row was written.")]
