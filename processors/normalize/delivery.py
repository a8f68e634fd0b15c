"""Read what a raw record says about its delivery: when, from where, under which id."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, get_args

import msgspec

from processors.normalize.fields import MAX_IDENTIFIER, MAX_NAME
from schemas import raw, times
from schemas.run import RawPosition, Source

Header = tuple[str, bytes]

AHEAD_MS: Final = 300_000
"""How far a sender's clock may run ahead of the time of receipt and still be believed."""

_SOURCES: Final[dict[bytes | None, Source]] = {name.encode(): name for name in get_args(Source)}
_EVENT_ID, _EVENT_CODE, *_ = raw.SENDER_HEADERS


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """Tell what is known of a notification before it is opened."""

    received_ms: int
    received_at: str
    source: Source | None
    event_id: str | None
    """The sender's header; ``None`` for an element of a batch, whose headers cannot belong to each element."""
    event_code: str | None
    position: RawPosition


def read(headers: Sequence[Header], timestamp_ms: int, partition: int, offset: int) -> Delivery:
    """Read the headers. Of a repeated one the last counts, as everywhere in Kafka.

    The time of receipt is the header's, else the Kafka timestamp, moved into the years 1970 to 9999.
    """
    named = dict(headers).get
    received_ms = _received_ms(named(raw.RECEIVED_AT))
    if received_ms is None:
        received_ms = min(max(timestamp_ms, 0), times.LATEST_MS)
    event_id, code = named(_EVENT_ID), named(_EVENT_CODE)
    return Delivery(
        received_ms,
        times.to_text(received_ms),
        _SOURCES.get(named(raw.SOURCE)),
        None if not event_id or len(event_id) > MAX_IDENTIFIER or named(raw.BATCH) is not None else _text(event_id),
        _text(code)[:MAX_NAME] if code else None,
        RawPosition(partition, offset),
    )


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _received_ms(value: bytes | None) -> int | None:
    if not value or len(value) > 40:
        return None
    try:
        # As ingest writes it, 24 characters with milliseconds: the seconds repeat, so they are read once.
        if len(value) == 24 and value[19:20] == b".":
            moment = _second_ms(value[:19] + value[23:]) + int(value[20:23])
        else:
            moment = times.from_text(value.decode())
    except (ValueError, OverflowError):
        return None
    return moment if 0 <= moment <= times.LATEST_MS else None


@lru_cache(maxsize=4_096)
def _second_ms(value: bytes) -> int:
    return times.from_text(value.decode())
