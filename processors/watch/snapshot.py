"""Put a partition together from the records of the state topic."""

from collections.abc import Iterator
from typing import Final

import msgspec

from processors.watch.flows import Flow
from processors.watch.kept import Kept
from processors.watch.panes import Chunk, Pane
from processors.watch.state import KEPT_KEY, POSITION_KEY
from processors.watch.state_records import ChunkRecord, FlowRecord, PositionRecord

_decode_position: Final = msgspec.msgpack.Decoder(PositionRecord).decode
_decode_kept: Final = msgspec.msgpack.Decoder(Kept).decode
_decode_flow: Final = msgspec.msgpack.Decoder(FlowRecord).decode
_decode_chunk: Final = msgspec.msgpack.Decoder(ChunkRecord).decode
_decode_times: Final = msgspec.msgpack.Decoder(dict[str, int]).decode


class StateUnknown(Exception):
    """The state topic holds a record that this version does not know."""


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
