"""Declare what is read of a run record."""

from datetime import datetime
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from schemas.dead_letter import Reason
from schemas.run import Stage, Status

# Far above what normalize lets through, and low enough for keys and records to fit into Kafka's.
_Identifier = Annotated[str, Meta(min_length=1, max_length=1_000)]
_Name = Annotated[str, Meta(max_length=2_000)]
_Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
_Moment = Annotated[datetime, Meta(tz=True)]


class RecordCounts(msgspec.Struct, frozen=True, gc=False):
    """The record counts that windows add up."""

    input: _Count | None = None
    output: _Count | None = None
    failed: _Count | None = None
    lost: _Count | None = None


class ByteCounts(msgspec.Struct, frozen=True, gc=False):
    """The sizes that windows add up."""

    input: _Count | None = None
    output: _Count | None = None


class ErrorSeen(msgspec.Struct, gc=False):
    """One error of a run."""

    code: _Identifier
    message: str | None = None
    stage: Stage = "other"


class RunSeen(msgspec.Struct, gc=False, kw_only=True):
    """The part of a run record that is read here, in the order of the record: so its fields are found soonest."""

    event_id: str = ""
    flow_id: _Identifier
    flow_name: _Name | None = None
    run_id: _Identifier
    status: Status
    org_id: _Name | None = None
    sandbox_name: _Name | None = None
    occurred_at: _Moment
    started_at: _Moment | None = None
    duration_ms: _Count | None = None
    records: RecordCounts = RecordCounts()
    bytes: ByteCounts = ByteCounts()
    errors: list[ErrorSeen] = []
    url: str | None = None


class Unreadable(NamedTuple):
    """Say why a value of the runs topic is no run record. Only a foreign writer can cause it."""

    reason: Reason
    detail: str
