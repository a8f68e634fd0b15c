"""Define the records of the state topic, and put a partition together from them again.

Six kinds, each under a key of its own, so that compaction keeps the newest of each:

- ``kept``: for how long this is kept, which another rules file may want otherwise.
- ``position``: how far the input is applied, and the watermark.
- ``flow``: what is not in the windows' facts: names, open incidents, the newest failure, runs that outlived their
  window.
- ``pane``: up to :data:`~processors.watch.panes.CHUNK_FACTS` facts of a window. The pane's revision and the flow's own
  time are in each chunk that is written; the highest counts.

- ``started``: a flow's runs without an outcome, and since when.
- ``codes``: a flow's error codes, and when each was last seen.

That a window is final, and that it can no longer be corrected, follows from the watermark. Keys are msgpack, so that
nothing a flow id can contain makes two of them equal.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from processors.watch.fact import Fact, Labels, LastFailure
from processors.watch.flows import Flow, Place
from processors.watch.incident import Incident
from processors.watch.kept import Kept
from processors.watch.panes import Chunk, Pane
from processors.watch.watermark import Watermark

encode: Final = msgspec.msgpack.Encoder().encode
POSITION_KEY: Final = encode(["position"])
KEPT_KEY: Final = encode(["kept"])


class PositionRecord(msgspec.Struct, array_like=True, frozen=True):
    """How far a partition has come."""

    position: int
    watermark: int
    newest: int
    newest_seen_at: int


class FlowRecord(msgspec.Struct, array_like=True, frozen=True):
    """What is known of a flow beyond the facts in its windows."""

    names: Labels
    own_time: int
    last_failure: LastFailure | None
    incidents: list[Incident]
    outlived: list[Fact]
    opened: int = 0
    reported: Place | None = None


class ChunkRecord(msgspec.Struct, array_like=True, frozen=True):
    """Some facts of a pane."""

    revision: int
    own_time: int
    labels: Labels
    facts: list[Fact]


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


class StateUnknown(Exception):
    """The state topic holds a record that this version does not know."""


_decode_position: Final = msgspec.msgpack.Decoder(PositionRecord).decode
_decode_kept: Final = msgspec.msgpack.Decoder(Kept).decode
_decode_flow: Final = msgspec.msgpack.Decoder(FlowRecord).decode
_decode_chunk: Final = msgspec.msgpack.Decoder(ChunkRecord).decode
_decode_times: Final = msgspec.msgpack.Decoder(dict[str, int]).decode


class Snapshot:
    """Gather the newest record of each key while the state topic is read; decode them when all are there."""

    def __init__(self) -> None:
        self._newest: dict[bytes, bytes] = {}

    def take(self, key: bytes, value: bytes | None) -> None:
        """Take one record; a later one of the same key replaces it, a tombstone (``None``) removes it."""
        if value is None:
            self._newest.pop(key, None)
        else:
            self._newest[key] = value

    def position(self) -> PositionRecord | None:
        """Return how far the partition has come, ``None`` for an empty state."""
        value = self._newest.get(POSITION_KEY)
        return None if value is None else _decode_position(value)

    def kept(self) -> Kept | None:
        """Return for how long it was kept, ``None`` for an empty state."""
        value = self._newest.get(KEPT_KEY)
        return None if value is None else _decode_kept(value)

    def build(self) -> tuple[dict[str, Flow], list[Pane]]:
        """Return all flows and all panes as they were.

        Raises:
            StateUnknown: another version wrote it.
        """
        flows: dict[str, Flow] = {}
        panes: dict[tuple[str, int], Pane] = {}
        for flow_id, start, number, value in sorted(self._chunks(flows)):
            flow = flows.setdefault(flow_id, Flow(flow_id))
            pane = panes.setdefault((flow_id, start), Pane(flow_id, start))
            _add_chunk(flow, pane, number, _decode_chunk(value))
        for pane in panes.values():
            pane.recount()
        for flow in flows.values():
            _put_in_order(flow)
        return flows, list(panes.values())

    def _chunks(self, flows: dict[str, Flow]) -> Iterator[tuple[str, int, int, bytes]]:
        """Build the flows' own records, and yield those of panes."""
        for key, value in self._newest.items():
            match msgspec.msgpack.decode(key):
                case ["position"] | ["kept"]:
                    continue
                case ["flow", str(flow_id)]:
                    _take_up(flows.setdefault(flow_id, Flow(flow_id)), _decode_flow(value))
                case ["started", str(flow_id)]:
                    flows.setdefault(flow_id, Flow(flow_id)).started = _decode_times(value)
                case ["codes", str(flow_id)]:
                    flows.setdefault(flow_id, Flow(flow_id)).codes = _decode_times(value)
                case ["pane", str(flow_id), int(start), int(number)]:
                    yield flow_id, start, number, value
                case other:
                    raise StateUnknown(f"a record of kind {other!r} in the state of watch")


def _take_up(flow: Flow, record: FlowRecord) -> None:
    flow.names = record.names
    flow.own_time = record.own_time
    flow.last_failure = record.last_failure
    flow.incidents = {incident.name: incident for incident in record.incidents}
    flow.outlived = {fact.run_id: fact for fact in record.outlived}
    flow.facts = dict(flow.outlived)
    flow.opened = record.opened
    flow.reported = record.reported


def _add_chunk(flow: Flow, pane: Pane, number: int, record: ChunkRecord) -> None:
    pane.revision = max(pane.revision, record.revision)
    chunk = Chunk(record.labels)
    pane.chunks.append(chunk)
    flow.own_time = max(flow.own_time, record.own_time)
    for fact in record.facts:
        chunk.add(fact)
        known = flow.facts.get(fact.run_id)
        # A run that was re-sent after its window had closed stands in that window too, where it no longer counts.
        if known is None or fact.order > known.order:
            flow.facts[fact.run_id] = fact


def _put_in_order(flow: Flow) -> None:
    for fact in sorted(flow.facts.values(), key=lambda fact: fact.order):
        flow.keep(fact)
