"""Define the records of the state topic of ``org``, and put a partition together from them again.

One record for each failing flow, one for each place with its open incidents, and the position; each under a key of its
own, so that compaction keeps the newest of each.
"""

from typing import Final

import msgspec

from processors.org.place import FailingFlow, Place
from processors.watch.incident import Incident

encode: Final = msgspec.msgpack.Encoder().encode
POSITION_KEY: Final = encode(["position"])

Places = dict[tuple[str, str], Place]


class PlaceRecord(msgspec.Struct, array_like=True, frozen=True):
    """What is known of a place beyond its failing flows."""

    incidents: list[Incident]
    opened: int


class StateUnknown(Exception):
    """The state topic holds a record that this version does not know."""


_decode_place: Final = msgspec.msgpack.Decoder(PlaceRecord).decode
_decode_flow: Final = msgspec.msgpack.Decoder(FailingFlow).decode


def flow_key(place: Place, flow_id: str) -> bytes:
    """Return the key of a failing flow's record."""
    return encode(["flow", place.org, place.sandbox, flow_id])


def place_key(place: Place) -> bytes:
    """Return the key of a place's record."""
    return encode(["place", place.org, place.sandbox])


def place_record(place: Place) -> bytes:
    """Write what is known of a place beyond its failing flows."""
    return encode(PlaceRecord(list(place.incidents.values()), place.opened))


def take(places: Places, key: bytes, value: bytes | None) -> int | None:
    """Take one record of the state topic into ``places``; return the position if it tells that.

    Raises:
        StateUnknown: another version wrote it.
    """
    match msgspec.msgpack.decode(key):
        case ["position"]:
            return msgspec.msgpack.decode(value or b"", type=int)
        case ["place", str(org), str(sandbox)]:
            record = _decode_place(value or b"")
            place = places.setdefault((org, sandbox), Place(org, sandbox))
            place.incidents = {incident.rule: incident for incident in record.incidents}
            place.opened = record.opened
        case ["flow", str(org), str(sandbox), str(flow_id)]:
            place = places.setdefault((org, sandbox), Place(org, sandbox))
            if value is None:
                place.flows.pop(flow_id, None)
            else:
                place.flows[flow_id] = _decode_flow(value)
        case other:
            raise StateUnknown(f"a record of kind {other!r} in the state of org")
    return None
