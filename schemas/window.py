"""Define the window record of ``flowrun.metrics``: the runs of one flow in one tumbling window of event time."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from schemas.ids import FlowId
from schemas.run import Count, Timestamp


class WindowRecords(msgspec.Struct, frozen=True, gc=False):
    """Sum the known record counts of a window's runs; an unknown count adds nothing."""

    input: Count = 0
    output: Count = 0
    failed: Count = 0
    lost: Count = 0


class WindowBytes(msgspec.Struct, frozen=True, gc=False):
    """Sum the known sizes of a window's runs in bytes."""

    input: Count = 0
    output: Count = 0


class WindowDurations(msgspec.Struct, frozen=True, gc=False):
    """Describe the known durations of a window's runs in milliseconds; ``None`` where none is known."""

    min: Count | None = None
    max: Count | None = None
    mean: Annotated[float | None, Meta(extra_json_schema={"minimum": 0})] = None


class Window(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Record the present state of one window of one flow. An upsert: the newest row of a key is the truth."""

    schema_version: Literal[1] = 1
    flow_id: FlowId
    flow_name: str | None = None
    org_id: str | None = None
    sandbox_name: str | None = None
    window_start: Timestamp
    window_end: Timestamp
    window: Annotated[str, Meta(description="The window's size, as in `1h`.")]
    runs: Count
    succeeded: Count
    failed: Count
    partial: Count
    failure_ratio: Annotated[
        float | None,
        Meta(
            description="failed / (succeeded + failed + partial), null where that is 0.",
            extra_json_schema={"minimum": 0, "maximum": 1},
        ),
    ] = None
    records: WindowRecords = WindowRecords()
    bytes: WindowBytes = WindowBytes()
    duration_ms: WindowDurations = WindowDurations()
    errors: Annotated[dict[str, Count], Meta(description="In how many of the window's runs each code occurred.")] = {}
    first_run_at: Timestamp | None = None
    last_run_at: Timestamp | None = None
    revision: Annotated[
        int,
        Meta(
            description="How many notifications have changed the row; has gaps.",
            extra_json_schema={"minimum": 1},
        ),
    ]
    final: Annotated[bool, Meta(description="True once the watermark has passed the window's end + `final_after`.")]
    updated_at: Timestamp
