"""Write the records of the state topic, which :mod:`processors.watch.state_records` declares."""

from typing import Final

import msgspec

from processors.watch.flows import Flow
from processors.watch.kept import Kept
from processors.watch.panes import Chunk, Pane
from processors.watch.state_records import ChunkRecord, FlowRecord, PositionRecord
from processors.watch.watermark import Watermark

encode: Final = msgspec.msgpack.Encoder().encode
POSITION_KEY: Final = encode(["position"])
KEPT_KEY: Final = encode(["kept"])


def flow_key(flow_id: str) -> bytes:
    """Return the key of a flow's record."""
    return encode(["flow", flow_id])


def chunk_key(flow_id: str, start: int, number: int) -> bytes:
    """Return the key of a chunk's record."""
    return encode(["pane", flow_id, start, number])


def started_key(flow_id: str) -> bytes:
    """Return the key of the record of a flow's started runs."""
    return encode(["started", flow_id])


def codes_key(flow_id: str) -> bytes:
    """Return the key of the record of a flow's error codes."""
    return encode(["codes", flow_id])


def times_record(moments: dict[str, int]) -> bytes:
    """Write a flow's started runs or error codes, each with its time."""
    return encode(moments)


def position_record(position: int, watermark: Watermark) -> bytes:
    """Write how far the partition has come."""
    return encode(PositionRecord(position, watermark.value, watermark.newest, watermark.newest_seen_at))


def kept_record(kept: Kept) -> bytes:
    """Write for how long the state is kept."""
    return encode(kept)


def flow_record(flow: Flow) -> bytes:
    """Write what is known of a flow."""
    incidents, outlived = list(flow.incidents.values()), list(flow.outlived.values())
    record = FlowRecord(flow.names, flow.own_time, flow.last_failure, incidents, outlived, flow.opened, flow.reported)
    return encode(record)


def chunk_record(pane: Pane, chunk: Chunk, own_time: int) -> bytes:
    """Write one chunk of a pane."""
    return encode(ChunkRecord(pane.revision, own_time, chunk.labels, chunk.facts))
