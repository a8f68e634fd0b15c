"""Read what a raw record says about its delivery: when, from where, under which id."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, get_args

from processors.normalize.fields import MAX_IDENTIFIER, MAX_NAME
from schemas import raw, times
from schemas.run import RawPosition, Source

Header = tuple[str, bytes]

AHEAD_MS: Final = 300_000
"""How far a sender's clock may run ahead of the time of receipt and still be believed."""

MAX_RECEIVED_AT: Final = 40
"""Bytes of a time that is looked at, and remembered."""

_DOT, _ZULU = b".Z"
_SOURCES: Final[dict[bytes | None, Source]] = {name.encode(): name for name in get_args(Source)}
_EVENT_ID, _EVENT_CODE, *_ = raw.SENDER_HEADERS


class Delivery:
    """Tell what is known of a notification before it is opened.

    ``event_id`` is the sender's header; ``None`` for an element of a batch: a header cannot belong to each element.
    """

    __slots__ = ("event_code", "event_id", "position", "received_at", "received_ms", "source")

    def __init__(
        self,
        received_ms: int,
        received_at: str,
        source: Source | None,
        event_id: str | None,
        event_code: str | None,
        position: RawPosition,
    ) -> None:
        self.received_ms: Final = received_ms
        self.received_at: Final = received_at
        self.source: Final = source
        self.event_id: Final = event_id
        self.event_code: Final = event_code
        self.position: Final = position

    def of_batch(self) -> "Delivery":
        """Return the same without the event id."""
        return Delivery(self.received_ms, self.received_at, self.source, None, self.event_code, self.position)


def read(headers: Sequence[Header], timestamp_ms: int, partition: int, offset: int) -> Delivery:
    """Read the headers. Of a repeated one the last counts, as everywhere in Kafka.

    The time of receipt is the header's, else the Kafka timestamp, moved into the years 1970 to 9999.
    """
    own = dict(headers)
    named = own.get
    event_id, code, received = named(_EVENT_ID), named(_EVENT_CODE), named(raw.RECEIVED_AT) or b""
    believed = _received(received) if len(received) <= MAX_RECEIVED_AT else None
    received_ms, received_at = believed or _clamped(timestamp_ms)
    return Delivery(
        received_ms,
        received_at,
        _SOURCES.get(named(raw.SOURCE)),
        _own_id(event_id) if event_id and raw.BATCH not in own else None,
        code.decode("utf-8", "replace")[:MAX_NAME] if code else None,
        RawPosition(partition, offset),
    )


def _own_id(value: bytes) -> str | None:
    return value.decode("utf-8", "replace") if len(value) <= MAX_IDENTIFIER else None


def _clamped(moment: int) -> tuple[int, str]:
    moment = min(max(moment, 0), times.LATEST_MS)
    return moment, times.to_text(moment)


def _received(value: bytes) -> tuple[int, str] | None:
    if len(value) == 24 and value[19] == _DOT and value[23] == _ZULU:
        # As ingest writes it. The minutes repeat, so each is read once.
        seconds, millis = value[17:19], value[20:23]
        if seconds.isdigit() and millis.isdigit() and seconds < b"60":
            minute = _instant(value[:17] + b"00")
            return minute and (
                minute[0] + 1000 * int(seconds) + int(millis),
                minute[1][:17] + value[17:].decode(),
            )
    return _instant(value)


@lru_cache(maxsize=1_024)
def _instant(value: bytes) -> tuple[int, str] | None:
    try:
        moment = times.from_text(value.decode())
    except (ValueError, OverflowError):
        return None
    return (moment, times.to_text(moment)) if 0 <= moment <= times.LATEST_MS else None
